"""The gate: run the suite and our row rules over one table, compare them, and give one verdict.

States: checked → pass | hold (a person decides) | stop.  The result holds rule names and counts, never a
value; offending rows go to quarantine in the vault, with the name of the first rule each breaks.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from kansho.contracts.model import Contract
from kansho.errors import KanshoError
from kansho.quality.rules import DATE_SUFFIX, NUMBER_SUFFIX, first_broken, is_date, numeric, row_rules
from kansho.quality.suites import EXTRA_RULES, read_suite
from kansho.workspace import Workspace

Verdict = Literal["pass", "hold", "stop"]


@dataclass(frozen=True)
class GateResult:
    """What a gate found: ``reasons`` per row ('' accepted), ``broken`` rule → number of rows."""

    gate: str
    subject: str
    result: Verdict
    reasons: pd.Series
    broken: Mapping[str, int]

    @property
    def accepted(self) -> pd.Series:
        """Mask of accepted rows."""
        return self.reasons.eq("")

    @property
    def counts(self) -> dict[str, int]:
        """Rows, accepted and quarantined: the first is the sum of the others."""
        accepted = int(self.accepted.sum())
        return {"rows": len(self.reasons), "accepted": accepted, "quarantined": len(self.reasons) - accepted}


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
    """Check a table and record ``gate_evaluated`` (key ``<gate>/<subject>``).

    Args:
        ws: the campaign at work.
        gate: name of the gate in the config (threshold and owner).
        subject: what is checked (delivery, package).
        frame: text columns by contract; missing is None.
        contract: its contract.
        extra: masks of the rules between columns, exactly those of `EXTRA_RULES` for this kind.
        doubts: what is doubtful about the table as a whole (code → rows concerned); any holds the gate.

    Raises:
        KanshoError: ``GATE-RULES`` when ``extra`` is not what the suite expects, ``GATE-DISAGREE`` when
            Great Expectations and our rules differ, ``GATE-UNCHECKED`` when it could not run.
    """
    found = evaluate(gate, subject, frame, contract, extra or {}, threshold=_threshold(ws, gate), doubts=doubts or {})
    ws.record(
        "gate_evaluated",
        f"{gate}/{subject}",
        counts=found.counts,
        codes={
            "gate": gate,
            "result": found.result,
            "rules": "|".join(f"{r}:{n}" for r, n in found.broken.items())[:300],
        },
    )
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
) -> GateResult:
    """The gate without the ledger; ``threshold`` is the share of rows that may be quarantined without a hold.

    A table of which nothing is left is a stop: nobody can decide it into facts.
    """
    if set(extra) != set(EXTRA_RULES.get(contract.kind, ())):
        raise KanshoError(
            "GATE-RULES", "検証規則が揃っていません", place=contract.kind, remedy="quality/suites.py を確認"
        )
    rules = row_rules(frame, contract, extra)
    broken = {name: int((~kept).sum()) for name, kept in rules.items() if not kept.all()}
    _compare(contract.kind, _suite_results(contract, frame, extra), broken)
    reasons = first_broken(rules, frame.index)
    share = float(reasons.ne("").mean()) if len(reasons) else 0.0
    result: Verdict = "hold" if share > threshold or doubts else "pass"
    if len(reasons) and share == 1.0:
        result = "stop"
    return GateResult(gate, subject, result, reasons, {**broken, **(doubts or {})})


def confirm(frame: pd.DataFrame, contract: Contract) -> None:
    """Second look at rows that a room accepted by its own rules: the reviewed suite must find nothing.

    For tables whose rooms know more than the contract (contact results, records, returns): what depends on that
    knowledge was decided there; every rule of the contract is checked here once more.

    Raises:
        KanshoError: ``GATE-DISAGREE`` naming the rules that fail, ``GATE-UNCHECKED`` when it could not run.
    """
    kept = {rule: pd.Series(True, index=frame.index, dtype=bool) for rule in EXTRA_RULES.get(contract.kind, ())}
    _compare(contract.kind, _suite_results(contract, frame, kept), {})


def _threshold(ws: Workspace, gate: str) -> float:
    configured = ws.config.gate(gate)
    return configured.max_quarantine_share if configured else 0.0


def _suite_results(contract: Contract, frame: pd.DataFrame, extra: Mapping[str, pd.Series]) -> dict[str, bool]:
    """Success per rule name, as Great Expectations sees it."""
    table = frame[list(contract.names)].copy()
    for column in contract.columns:
        if column.type == "date":
            text = table[column.name].where(table[column.name].notna(), "").astype(str)
            table[column.name + DATE_SUFFIX] = (table[column.name].isna() | is_date(text)).map({True: "1", False: "0"})
        if column.type in ("int", "float") and column.low is not None:
            table[column.name + NUMBER_SUFFIX] = numeric(table[column.name])
    for name, kept in extra.items():
        table[name] = kept.astype(bool).map({True: "1", False: "0"})
    try:
        return _validate(read_suite(contract.kind), table)
    except KanshoError:
        raise
    except Exception as error:
        raise KanshoError(
            "GATE-UNCHECKED",
            f"検証できませんでした ({type(error).__name__})",
            place=contract.kind,
            remedy="原因を除いて再実行",
        ) from None


def _validate(suite: Mapping[str, Any], table: pd.DataFrame) -> dict[str, bool]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        import great_expectations as gx

        # No store on a disk ever sees a result, and no temporary folder is made.
        nowhere = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False), analytics_enabled=False
        )
        context = gx.get_context(mode="ephemeral", project_config=nowhere)
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        source = context.data_sources.add_pandas("memory")
        batch = (
            source.add_dataframe_asset("table")
            .add_batch_definition_whole_dataframe("whole")
            .get_batch({"dataframe": table})
        )
        made = gx.ExpectationSuite(name=suite["name"], expectations=list(suite["expectations"]), meta=suite["meta"])
        outcome = batch.validate(made, result_format="BOOLEAN_ONLY")
    results: dict[str, bool] = {}
    for result in outcome.results:
        if _raised(result.exception_info):
            raise KanshoError("GATE-UNCHECKED", "検証できない規則があります", place=suite["name"])
        config = result.expectation_config
        if config is None or not config.meta:
            raise KanshoError("GATE-UNCHECKED", "検証できない規則があります", place=suite["name"])
        rule = config.meta["rule"]
        results[rule] = results.get(rule, True) and bool(result.success)
    return results


def _raised(info: Any) -> bool:
    """Whether an expectation could not be evaluated: told flat, or once more per metric."""
    if not isinstance(info, Mapping):
        return False
    return bool(info.get("raised_exception")) or any(_raised(part) for part in info.values())


def _compare(kind: str, suite: Mapping[str, bool], broken: Mapping[str, int]) -> None:
    differing = sorted(rule for rule, success in suite.items() if success == (rule in broken))
    missing = sorted(set(broken) - set(suite))
    if differing or missing:
        raise KanshoError(
            "GATE-DISAGREE",
            f"二つの検証が食い違います {' '.join(differing + missing)}",
            place=kind,
            remedy="規則の定義を確認してください",
        )
