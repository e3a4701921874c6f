"""Stage functions of attendance_refresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kansho.contracts.codes import KENSHIN_KIND
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


@dataclass(frozen=True)
class Change:
    """What one delivery of attendance changed: persons, counted once each.

    ``kenshin`` newly known to have attended 特定健診 (they leave C2 today), of whom ``moved`` enter C3;
    ``cancer`` newly known for a cancer screening; ``unknown`` rows of numbers not on the roster.
    """

    rows: int
    kenshin: int
    moved: int
    cancer: int
    unknown: int


def change(new: pd.DataFrame, before: pd.DataFrame, roster: pd.Series, due_kinds: pd.Series) -> Change:
    """Compare a delivery's facts with those known before it.

    Args:
        new, before: ``inquiry_number``, ``screening_kind``.
        roster: inquiry numbers of the roster.
        due_kinds: ``"03|07"`` by inquiry number, from the plan (empty before there is one).
    """
    keys = ["inquiry_number", "screening_kind"]
    known = set(before[keys].itertuples(index=False, name=None))
    unseen = [row not in known for row in new[keys].itertuples(index=False, name=None)]
    fresh = new[pd.Series(unseen, index=new.index, dtype=bool)]  # a bare empty list would choose no columns
    on_roster = fresh[fresh["inquiry_number"].isin(roster)]
    kenshin = set(on_roster.loc[on_roster["screening_kind"].eq(KENSHIN_KIND), "inquiry_number"])
    cancer = set(on_roster.loc[on_roster["screening_kind"].ne(KENSHIN_KIND), "inquiry_number"])
    still_due = set(due_kinds[due_kinds.fillna("").ne("")].index)
    unknown = int((~new["inquiry_number"].isin(roster)).sum())
    return Change(len(new), len(kenshin), len(kenshin & still_due), len(cancer), unknown)


def find_attendance(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Accepted attendance facts that were not counted yet, oldest first; None when there are none."""
    waiting = [s for s in ws.snapshots("attendance_facts") if ws.ledger.find("attendance_refreshed", s.key) is None]
    return {"facts": [s.to_json() for s in waiting]} if waiting else None


def refresh_attendance(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Record per delivery who left and who moved (event ``attendance_refreshed``)."""
    snapshots = ws.snapshots("attendance_facts")
    roster = ws.read_all("roster")
    numbers = roster["inquiry_number"] if roster is not None else pd.Series(dtype=object)
    plan = ws.latest_or_none("plan")
    due = ws.read_table(plan).set_index("inquiry_number")["due_kinds"] if plan is not None else pd.Series(dtype=object)
    totals = {"deliveries": 0, "kenshin": 0, "moved": 0, "cancer": 0}
    for value in work["facts"]:
        ref = SnapshotRef.from_json(value)
        earlier = [ws.read_table(s) for s in snapshots[: [s.key for s in snapshots].index(ref.key)]]
        before = pd.concat(earlier) if earlier else pd.DataFrame(columns=["inquiry_number", "screening_kind"])
        found = change(ws.read_table(ref), before, numbers, due)
        counts = {
            "rows": found.rows,
            "kenshin": found.kenshin,
            "moved": found.moved,
            "cancer": found.cancer,
            "unknown": found.unknown,
        }
        ws.record("attendance_refreshed", ref.key, counts=counts, refs={"facts": ref})
        totals["deliveries"] += 1
        for name in ("kenshin", "moved", "cancer"):
            totals[name] += counts[name]
    return {"counts": totals}
