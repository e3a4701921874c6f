"""Rows of results that a gate put aside, as 甲 gets them back: by kind, with why each was put aside (P11).

Belongs here: what of such a row may go back.  Does not belong here: putting aside (`kansho.outreach.contacts`), or the
results that count (`kansho.closing.handover`).

What the contract does not allow as a value does not go on: it may be prose where a code belongs (D5).  What somebody
said that may not be collected from them (intention, reason, wish, note) does not go on either (D4); that there was a
contact, when and how it ended, does.  Held notes are no rows and are not handed back: they are erased when their days
are over (`kansho.outreach.notes`), and the hand-over tells how many there were.
"""

from __future__ import annotations

import pandas as pd

from kansho.campaign.handed_back import PUT_ASIDE, QUARANTINE, put_aside
from kansho.contracts.model import Contract
from kansho.contracts.registry import HANDOVER_ASIDE
from kansho.exchange.tables import to_csv, valid
from kansho.workspace import Workspace

#: Kind of snapshot of notes that are held for a person's review.
NOTES = "note_review"
#: Reasons that speak of what was said (`kansho.quality.contact_rules`), and the columns that hold it.
_MAY_NOT_BE_SAID = frozenset({"not_from_person", "purpose_unstated", "person_mismatch"})
_SAID = ("intention", "reason", "wish", "note")


def aside_files(ws: Workspace) -> dict[str, tuple[bytes, int]]:
    """``aside_<kind>`` → (bytes, rows), of every kind of results of which rows were put aside."""
    made = {kind: _rows(ws, kind) for kind in PUT_ASIDE}
    return {
        HANDOVER_ASIDE[kind].kind: (to_csv(frame, HANDOVER_ASIDE[kind]), len(frame))
        for kind, frame in made.items()
        if len(frame)
    }


def notes_held(ws: Workspace) -> int:
    """How many notes were held over the year, erased by now or not."""
    stored = ws.ledger.events("snapshot_stored")
    return sum(e.counts["rows"] for e in stored if e.refs["holding"]["kind"] == NOTES)


def may_go_back(rows: pd.DataFrame, form: Contract) -> pd.DataFrame:
    """The rows in the form of the file: empty where the contract allows no such value, or where it may not be told.

    Args:
        rows: as they were put aside, with ``package``, ``line`` and ``reasons``.
        form: of `HANDOVER_ASIDE`.
    """
    out = rows.reindex(columns=list(form.names)).astype(object)
    for column in form.columns:
        out[column.name] = out[column.name].where(valid(out[column.name], column), None)
    untold = out["reasons"].str.split("|").map(lambda codes: not _MAY_NOT_BE_SAID.isdisjoint(codes)).astype(bool)
    out.loc[untold, [name for name in _SAID if name in out]] = None
    return out


def _rows(ws: Workspace, kind: str) -> pd.DataFrame:
    """Of every package in order, the rows as they stood in it; visits get the number of their token, if it is ours."""
    form, parts = HANDOVER_ASIDE[kind], []
    for ref in ws.snapshots(QUARANTINE):
        if put_aside(ref.name) == kind:
            rows = ws.read_table(ref)
            lines = [str(n) for n in range(1, len(rows) + 1)]
            parts.append(rows.assign(package=ref.key.removeprefix(f"{kind}-"), line=lines))
    if not parts:
        return pd.DataFrame(columns=list(form.names), dtype=object)
    found = may_go_back(pd.concat(parts, ignore_index=True), form)
    if "token" in form.names:
        listed = ws.read_all("visit_list", ["token", "inquiry_number"])
        known = dict(zip(listed["token"], listed["inquiry_number"], strict=True)) if listed is not None else {}
        found["inquiry_number"] = found["token"].map(known).astype(object)
    return found
