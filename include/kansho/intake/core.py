"""The core roster as deliveries leave it, and the facts a later delivery adds to it.

Belongs here: reading the core, recording what a delivery changed and whom it concerns.  Does not belong here: the
comparison itself (`changes`) or what follows for a contact (`kansho.standing`).
"""

from __future__ import annotations

import pandas as pd

from kansho.intake.changes import IDENTITY, confused, core_changes, released
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Lists of people already on their way to somebody: whoever left, is held or moved must be looked up in these.
_UNDER_WAY = ("card_list", "call_list", "visit_list")
_HELD = "identity.confusion"


def core_before(ws: Workspace, delivery: str) -> pd.DataFrame | None:
    """One row per person that deliveries before this one brought and none took away; None before the first."""
    earlier = _before(ws, "roster", delivery)
    if not earlier:
        return None
    core = pd.concat([ws.read_table(ref) for ref in earlier]).drop_duplicates("inquiry_number", keep="last")
    told = _changes_before(ws, delivery)
    last = told[told["change"].isin(("left", "added", "changed"))].drop_duplicates("inquiry_number", keep="last")
    gone = set(last.loc[last["change"].eq("left"), "inquiry_number"])
    return core[~core["inquiry_number"].isin(gone)].reset_index(drop=True)


def same_person(ws: Workspace, delivery: str, frame: pd.DataFrame, answers: str) -> pd.Series:
    """Mask of rows that name the person known under their number, or one that the ward has confirmed.

    The ward confirms by answering the 差戻し依頼 (``answers``) with the same name, sex and birth date as before.
    """
    core = core_before(ws, delivery)
    if core is None:
        return pd.Series(True, index=frame.index)
    doubtful = confused(frame, core)
    asked = ws.find("quarantine", f"target_list-{answers.removeprefix('sb-')}") if answers else None
    if asked is not None and doubtful.any():
        rows = ws.read_table(asked)
        rows = rows[rows["reason"].eq(_HELD)]
        told = set(rows[["inquiry_number", *IDENTITY]].itertuples(index=False, name=None))
        again = [row in told for row in frame[["inquiry_number", *IDENTITY]].itertuples(index=False, name=None)]
        doubtful &= ~pd.Series(again, index=frame.index)
    return ~doubtful


def record_changes(
    ws: Workspace, delivery: str, frame: pd.DataFrame, accepted: pd.Series, raw: SnapshotRef, *, whole: bool
) -> dict[str, int]:
    """Store what this delivery changed (kind ``roster_changes``) and record ``roster_changed``; counts per change.

    Nothing is recorded for the first delivery, which changes nothing, or when nothing changed.
    """
    core = core_before(ws, delivery)
    if core is None:
        return {}
    before = _changes_before(ws, delivery)
    waiting = before[before["change"].isin(("held", "released"))].drop_duplicates("inquiry_number", keep="last")
    held = waiting.loc[waiting["change"].eq("held"), "inquiry_number"]
    told = pd.concat(
        [core_changes(core, frame, accepted, whole=whole), released(held, frame, accepted)], ignore_index=True
    )
    if told.empty:
        return {}
    told["listed_in"] = _listed_in(ws, told["inquiry_number"])
    told["told_on"] = ws.today.isoformat()
    ref = ws.store_table("roster_changes", delivery, told, parents=[raw])
    counts = {str(change): int(rows) for change, rows in told["change"].value_counts().sort_index().items()}
    concerned = told["change"].isin(("left", "held")) | told["fields"].str.contains("address|name_kanji|phone")
    # Who had left and is on the list again is no further person.
    once = pd.concat([ws.read_table(known, ["inquiry_number"]) for known in _before(ws, "roster", delivery)])
    back = int((told["change"].eq("added") & told["inquiry_number"].isin(once["inquiry_number"])).sum())
    counts |= {"back": back} if back else {}
    counts["under_way"] = int((concerned & told["listed_in"].ne("")).sum())
    ws.record("roster_changed", delivery, counts=counts, refs={"changes": ref})
    return counts


def _listed_in(ws: Workspace, numbers: pd.Series) -> pd.Series:
    """Per person the newest list of each kind that names them ("card_list/mailing_1|call_list/call_1-a1")."""
    out = pd.Series("", index=numbers.index, dtype=object)
    for kind in _UNDER_WAY:
        for ref in ws.snapshots(kind):
            names = ws.read_table(ref)
            if "inquiry_number" not in names.columns:
                continue
            hit = numbers.isin(set(names["inquiry_number"].dropna()))
            out = out.mask(hit, out.where(out.eq(""), out + "|") + f"{kind}/{ref.key}")
    return out


def _before(ws: Workspace, kind: str, delivery: str) -> list[SnapshotRef]:
    refs = ws.snapshots(kind)
    keys = [ref.key for ref in refs]
    return refs[: keys.index(delivery)] if delivery in keys else refs


def _changes_before(ws: Workspace, delivery: str) -> pd.DataFrame:
    frames = [ws.read_table(ref) for ref in _before(ws, "roster_changes", delivery)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"inquiry_number": [], "change": []})
