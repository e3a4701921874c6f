"""What outreach reads of a selected wave and of the roster.

Belongs here: reading.  Does not belong here: selecting (targeting).
"""

from __future__ import annotations

import pandas as pd

from kansho.errors import KanshoError
from kansho.standing import gather
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def assignment_ref(ws: Workspace, wave: str) -> SnapshotRef:
    """The wave's assignment.

    Raises:
        KanshoError: ``WAVE-UNSELECTED``.
    """
    known = ws.ledger.find("wave_selected", wave)
    if known is None:
        raise KanshoError("WAVE-UNSELECTED", "まだ選定されていません", place=wave, remedy="選定を先に行ってください")
    return SnapshotRef.from_json(known.refs["assignment"])


def plan_ref(ws: Workspace, wave: str) -> SnapshotRef:
    """The plan that the wave was selected from.

    Raises:
        KanshoError: ``WAVE-UNSELECTED``.
    """
    known = ws.ledger.find("wave_selected", wave)
    found = ws.find("plan", known.codes["plan"]) if known else None
    if found is None:
        raise KanshoError("WAVE-UNSELECTED", "選定のもとになった計画がありません", place=wave)
    return found


def outreach_arm(ws: Workspace, wave: str) -> pd.DataFrame:
    """The people to be reached, in rank order; never the control arm."""
    frame = ws.read_table(assignment_ref(ws, wave))
    return frame[frame["arm"].eq("outreach")].sort_values("rank").reset_index(drop=True)


def with_roster(ws: Workspace, people: pd.DataFrame) -> pd.DataFrame:
    """``people`` joined with the 13 items by inquiry number, in their order."""
    roster = gather(ws).roster
    return people.merge(roster, on="inquiry_number", how="left")


def next_revision(base: str, revision: int) -> str:
    """Key of a list's revision: the first is the base itself, then ``<base>r02`` and so on.

    Without a separator, so that a gate or an approval of one revision never covers another.
    """
    return base if revision == 1 else f"{base}r{revision:02d}"
