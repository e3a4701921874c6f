"""Taking in contact results, common to calls and visits: accepted, quarantined, counted.

Belongs here: settling one package of results against the contract, the contact rules and our own list.
Does not belong here: the contact rules themselves (`kansho.quality.contact_rules`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kansho import exchange
from kansho.contracts import codes
from kansho.contracts.model import Contract
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.exchange.tables import valid
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

_SAID = ("intention", "reason", "wish")


@dataclass(frozen=True)
class Settled:
    """Rows of one package after the gate; ``quarantined`` carries the column ``reasons``."""

    accepted: pd.DataFrame
    quarantined: pd.DataFrame

    def counts(self, persons: frozenset[str]) -> dict[str, int]:
        """Counts of ``results_recorded``: rows = accepted + quarantined; reached, refused.

        The stage adds ``notes_held`` (`kansho.outreach.notes`).
        """
        outcome = self.accepted["outcome"]
        return {
            "rows": len(self.accepted) + len(self.quarantined),
            "accepted": len(self.accepted),
            "quarantined": len(self.quarantined),
            "reached": int(outcome.isin(persons).sum()),
            "refused": int(outcome.isin(codes.REFUSALS).sum()),
        }


def settle(frame: pd.DataFrame, contract: Contract, persons: frozenset[str], listed: pd.Series) -> Settled:
    """Split rows into accepted and quarantined; a wish to stop is always honoured.

    A row that fails a rule about what was said, but holds a stop outcome for a line we handed out, is accepted
    without intention, reason and wish: the refusal counts, the rest is not kept (D4).

    Args:
        frame: rows as reported, columns of the contract.
        contract: of the results.
        persons: outcomes in which the person was spoken to; only these may carry intention, wish, reason (D4).
        listed: bool on the frame's index: the row answers to a line that we handed out.
    """
    from kansho.quality.contact_rules import check_contacts

    reasons = check_contacts(frame, contract, persons).fillna("").astype(str)
    twice = frame.duplicated(list(contract.key), keep="first")
    checks = [("not_listed", ~listed.astype(bool)), ("duplicate", twice)]
    checks += [(f"value_{c.name}", ~valid(frame[c.name], c)) for c in contract.columns]
    for code, hit in checks:
        reasons = reasons.mask(hit, reasons.where(reasons.eq(""), reasons + "|") + code)
    good = reasons.eq("")
    stop = ~good & listed.astype(bool) & ~twice & frame["outcome"].isin(codes.STOP_OUTCOMES)
    kept = frame.copy()
    kept.loc[stop, [c for c in _SAID if c in kept]] = None
    good |= stop
    return Settled(
        kept[good].reset_index(drop=True),
        frame[~good].assign(reasons=reasons[~good]).reset_index(drop=True),
    )


def require_asked(parents: Sequence[SnapshotRef], kind: str) -> Sequence[SnapshotRef]:
    """What rows answer, which every table made of them names (D6).

    Raises:
        KanshoError: ``RESULTS-UNASKED`` when nothing is held that they could answer.
    """
    if not parents:
        raise KanshoError(
            "RESULTS-UNASKED",
            "照らし合わせる名簿やリストがないうちに届いた荷です",
            place=kind,
            remedy="名簿の受領やリストの引渡しの後に、再送を依頼してください",
        )
    return parents


def store(ws: Workspace, kind: str, package: str, settled: Settled, parents: Sequence[SnapshotRef]) -> None:
    """Store the accepted rows as ``kind`` and the rest as quarantine, and record the gate.

    ``parents`` are the lists that the rows answer.

    Raises:
        KanshoError: ``GATE-DISAGREE`` when the kind's suite finds fault with a row accepted here.
    """
    from kansho.quality.gate import confirm
    from kansho.quality.pages import issue_gate_page

    confirm(settled.accepted, contract(kind))
    ws.store_table(kind, package, settled.accepted, parents=parents)
    if len(settled.quarantined):
        ws.store_table("quarantine", f"{kind}-{package}", settled.quarantined, parents=parents)
    counts = {
        "rows": len(settled.accepted) + len(settled.quarantined),
        "accepted": len(settled.accepted),
        "quarantined": len(settled.quarantined),
    }
    told = settled.quarantined["reasons"].str.split("|").explode().dropna().value_counts()
    counts |= {f"rule.{code}": int(n) for code, n in sorted(told.items())}
    said = {"gate": kind, "result": "pass", **{f"rule.{code}": "quarantine" for code in sorted(told.index)}}
    issue_gate_page(ws, ws.record("gate_evaluated", f"{kind}/{package}", counts=counts, codes=said))


def take_waiting(
    ws: Workspace,
    party: str,
    kind: str,
    take_one: Callable[[str, Mapping[str, bytes]], Mapping[str, int]],
) -> list[dict[str, int]]:
    """Take in every waiting package of a kind: each is accepted, or refused whole with its code.

    Args:
        ws: the workspace.
        party: who sent them.
        kind: of package.
        take_one: called with package id and files; stores, records, and returns counts; may be called again
            for the same package after a kill.

    Raises:
        KanshoError: ``RESULTS-REFUSED`` after all were tried, when any was refused: no list is made on
            results that are not whole.
    """
    taken: list[dict[str, int]] = []
    refused: list[str] = []
    for package in exchange.waiting(ws, party, kind):
        try:
            counts = dict(take_one(package, exchange.take(ws, party, kind, package).files))
        except KanshoError as error:
            exchange.refuse(ws, party, kind, package, code=error.code)
            refused.append(error.code)
            continue
        exchange.accept(ws, party, kind, package, counts=counts)
        taken.append(counts)
    if refused:
        raise KanshoError(
            "RESULTS-REFUSED",
            f"受け取れない荷が {len(refused)} 件ありました（{' '.join(sorted(set(refused)))}）",
            place=f"{party}/{kind}",
            remedy="送付元に訂正した荷の再送を依頼し、届いてから実行してください",
        )
    return taken


def file_of(files: Mapping[str, bytes], name: str) -> bytes:
    """A file of a package.

    Raises:
        KanshoError: ``PACKAGE-FILE`` when it is not there.
    """
    if name not in files:
        raise KanshoError("PACKAGE-FILE", "荷にファイルが足りません", place=name, remedy="再送を依頼してください")
    return files[name]


def total(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sum of counts by name."""
    out: dict[str, int] = {}
    for part in parts:
        for name, n in part.items():
            out[name] = out.get(name, 0) + n
    return out
