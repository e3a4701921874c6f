"""The gate: our rules and the suite over one table, compared, and one verdict by the severities of the catalogue.

States: checked → pass | hold (a person decides) | stop.  The result holds rule names and counts, never a value;
rows that leave go to quarantine in the vault, with the name of the first rule each breaks.
"The data is bad" is a result; "the check could not run" is ``GATE-UNCHECKED``, and never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from kansho.campaign.rights import Role
from kansho.contracts.model import Contract
from kansho.errors import KanshoError
from kansho.quality.catalogue import rules_of
from kansho.quality.definitions import RuleDef, Severity
from kansho.quality.expectations import suite_results
from kansho.quality.pages import issue_gate_page
from kansho.quality.rules import first_broken, look
from kansho.quality.suites import EXTRA_RULES, read_suite, suite_digest
from kansho.workspace import Workspace

Verdict = Literal["pass", "hold", "stop"]


@dataclass(frozen=True)
class Finding:
    """One broken rule: how many rows, and what that does to the table (`RuleDef.effect`)."""

    rule: RuleDef
    rows: int
    effect: Severity


@dataclass(frozen=True)
class GateResult:
    """What a gate found: ``reasons`` per row ('' accepted), ``broken`` rule → number of rows, in the rules' order.

    ``findings`` tell the same with the rules; ``marks`` are the rows (bool array) of every broken row rule, also of
    those whose rows stay, so that they can be listed in the vault.
    """

    gate: str
    subject: str
    result: Verdict
    reasons: pd.Series
    broken: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    marks: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def accepted(self) -> pd.Series:
        """Mask of accepted rows."""
        return self.reasons.eq("")

    @property
    def counts(self) -> dict[str, int]:
        """Rows, accepted and quarantined: the first is the sum of the others."""
        accepted = int(self.accepted.sum())
        return {"rows": len(self.reasons), "accepted": accepted, "quarantined": len(self.reasons) - accepted}

    @property
    def owners(self) -> tuple[Role, ...]:
        """Who decides about what holds the table."""
        return tuple(sorted({f.rule.owner for f in self.findings if f.effect == "hold"}))


def run_gate(
    ws: Workspace,
    gate: str,
    subject: str,
    frame: pd.DataFrame,
    contract: Contract,
    *,
    extra: Mapping[str, pd.Series] | None = None,
    doubts: Mapping[str, int] | None = None,
) -> GateResult:
    """Check a table, record ``gate_evaluated`` (key ``<gate>/<subject>``), and issue its page.

    Every broken rule stands in the event under ``rule.<id>``: among the counts with its rows, among the codes with
    what it did.  A table rule that was asked and found nothing stands there with 0.

    Args:
        ws: the campaign at work.
        gate: name of the gate in the config (threshold and owner).
        subject: what is checked (delivery, package).
        frame: text columns by contract; missing is None.
        contract: its contract.
        extra: masks of the rules between columns, exactly those of `EXTRA_RULES` for this kind.
        doubts: table and drift rules that were asked about the table as a whole → rows concerned, 0 when it is well.

    Raises:
        KanshoError: ``GATE-RULES`` when ``extra`` or ``doubts`` are not what the catalogue lists, ``GATE-COLUMNS`` when
            a column is absent, ``GATE-DISAGREE`` when Great Expectations and our rules differ, ``GATE-UNCHECKED`` when
            it could not run.
    """
    found = evaluate(
        gate,
        subject,
        frame,
        contract,
        extra or {},
        threshold=_threshold(ws, gate),
        doubts=doubts,
        rules=rules_of(contract.kind, ws.config),
        fiscal_year=ws.config.fiscal_year,
    )
    told = {**dict.fromkeys(doubts or {}, 0), **found.broken}
    event = ws.record(
        "gate_evaluated",
        f"{gate}/{subject}",
        counts=found.counts | {f"rule.{rule}": n for rule, n in told.items()},
        codes={"gate": gate, "result": found.result, **{f"rule.{f.rule.id}": f.effect for f in found.findings}},
        refs={"suite": {"kind": contract.kind, "sha256": suite_digest(contract.kind)}},
    )
    issue_gate_page(ws, event)
    return found


def evaluate(
    gate: str,
    subject: str,
    frame: pd.DataFrame,
    contract: Contract,
    extra: Mapping[str, pd.Series],
    *,
    threshold: float,
    doubts: Mapping[str, int] | None = None,
    rules: Mapping[str, RuleDef] | None = None,
    fiscal_year: int | None = None,
) -> GateResult:
    """The gate without the ledger; ``threshold`` is the share of rows that may be quarantined without a hold.

    A table of which nothing is left is a stop: nobody can decide it into facts.

    Args:
        gate: its name.
        subject: what is checked.
        frame: text columns by contract.
        contract: its contract; a column that it does not know in ``fiscal_year`` may be absent.
        extra: masks of rows that keep the rules between columns.
        threshold: see above.
        doubts: table and drift rules that were asked → rows concerned, 0 when the table is well.
        rules: the contract's rules as the ward tuned them; the catalogue's own by default.
        fiscal_year: of the campaign.
    """
    defined = rules_of(contract.kind) if rules is None else rules
    doubted = dict(doubts or {})
    _require_rules(contract.kind, defined, extra, doubted)
    _require_columns(frame, contract, fiscal_year)
    looked = look(frame, contract, extra)
    _compare(contract.kind, suite_results(read_suite(contract.kind), contract, looked, extra), looked.broken)
    rows = len(frame)
    broken = {rule: int(marked.sum()) for rule, marked in looked.broken.items()}
    broken |= {rule: n for rule, n in doubted.items() if n}
    findings = tuple(Finding(defined[r], n, defined[r].effect(n / rows if rows else 0.0)) for r, n in broken.items())
    leaving = {f.rule.id for f in findings if f.rule.removes and f.effect != "warn"}
    reasons = first_broken({r: marked for r, marked in looked.broken.items() if r in leaving}, frame.index)
    share = float(reasons.ne("").mean()) if rows else 0.0
    effects = {f.effect for f in findings}
    result: Verdict = "hold" if share > threshold or "hold" in effects else "pass"
    if "stop" in effects or (rows and share == 1.0):
        result = "stop"
    return GateResult(gate, subject, result, reasons, broken, findings, looked.broken)


def confirm(frame: pd.DataFrame, contract: Contract) -> None:
    """Second look at rows that a room accepted by its own rules: the reviewed suite must find nothing.

    For tables whose rooms know more than the contract (contact results, records, returns): what depends on that
    knowledge was decided there; every rule of the contract is checked here once more.

    Raises:
        KanshoError: ``GATE-DISAGREE`` naming the rules that fail, ``GATE-UNCHECKED`` when it could not run.
    """
    looked = look(frame, contract)
    _compare(contract.kind, suite_results(read_suite(contract.kind), contract, looked, EXTRA_RULES[contract.kind]), {})


def _threshold(ws: Workspace, gate: str) -> float:
    configured = ws.config.gate(gate)
    return configured.max_quarantine_share if configured else 0.0


def _require_rules(
    kind: str, rules: Mapping[str, RuleDef], extra: Mapping[str, pd.Series], doubts: Mapping[str, int]
) -> None:
    """Exactly the masks that the catalogue lists, and no doubt that it does not: a rule left out is not a pass."""
    odd = set(extra) ^ set(EXTRA_RULES.get(kind, ()))
    odd |= {rule for rule in doubts if rule not in rules or rules[rule].of_rows}
    if odd:
        raise KanshoError(
            "GATE-RULES",
            f"検証規則が揃っていません {' '.join(sorted(odd))}",
            place=kind,
            remedy="quality/listed_rules.py を確認",
        )


def _require_columns(frame: pd.DataFrame, contract: Contract, fiscal_year: int | None) -> None:
    absent = [
        c.name
        for c in contract.columns
        if c.name not in frame.columns and (fiscal_year is None or c.in_year(fiscal_year))
    ]
    if absent:
        raise KanshoError("GATE-COLUMNS", f"列がありません {' '.join(absent)}", place=contract.kind)


def _compare(kind: str, suite: Mapping[str, bool], broken: Mapping[str, np.ndarray]) -> None:
    differing = sorted(rule for rule, success in suite.items() if success == (rule in broken))
    missing = sorted(set(broken) - set(suite))
    if differing or missing:
        raise KanshoError(
            "GATE-DISAGREE",
            f"二つの検証が食い違います {' '.join(differing + missing)}",
            place=kind,
            remedy="規則の定義を確認してください",
        )
