"""Gathering every appended fact about persons from the vault, once, as plain tables.

Belongs here: reading.  Does not belong here: deriving anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kansho.workspace import Workspace

#: 勧奨停止 without end, in the contract's codes.
STOP = "1"
_EMPTY: dict[str, tuple[str, ...]] = {
    "roster": ("inquiry_number", "birth_date", "phone", "attendance_date"),
    "roster_changes": ("inquiry_number", "change", "fields", "told_on"),
    "stop_facts": ("inquiry_number", "stop_kind", "until"),
    "attendance_facts": ("inquiry_number", "screening_kind", "attendance_date"),
    "call_results": ("inquiry_number", "outcome", "called_on", "answered_by"),
    "visit_results": ("inquiry_number", "outcome", "visited_on", "answered_by"),
    "inbound_records": ("inquiry_number", "purpose", "received_on"),
    "mail_returns": ("inquiry_number", "return_reason", "returned_on"),
    "postings": ("inquiry_number", "posted_on"),
}
#: Of these what a 丙 may not know: 生年月日, 受診日, and who attended (D2).
_NOT_OUTSIDE: dict[str, tuple[str, ...]] = {
    "roster": ("birth_date", "attendance_date"),
    "attendance_facts": _EMPTY["attendance_facts"],
}


@dataclass(frozen=True)
class Facts:
    """Tables of facts (identifiers as in the contracts; dates as ISO text); empty tables when none.

    ``roster`` has one row per person (a later delivery's row wins); ``roster_changes`` what later deliveries
    changed, oldest first; ``stop_facts`` is the newest whole list, its rows in quarantine read as stops without end (a
    stop too many harms nobody); all others are everything ever appended.
    """

    roster: pd.DataFrame
    roster_changes: pd.DataFrame
    stop_facts: pd.DataFrame
    attendance_facts: pd.DataFrame
    call_results: pd.DataFrame
    visit_results: pd.DataFrame
    inbound_records: pd.DataFrame
    mail_returns: pd.DataFrame
    postings: pd.DataFrame


def gather(ws: Workspace, *, outside: bool = False) -> Facts:
    """Read all facts of a campaign from its vault.

    ``outside`` for a person of a 丙: nothing is read but the columns that a status follows from, and of those none
    that it may not know, which stand empty (D2).
    """
    tables = {kind: _outside(ws, kind) if outside else _all(ws, kind) for kind in _EMPTY}
    newest = ws.latest_or_none("stop_facts")
    if newest is not None:
        columns = list(_EMPTY["stop_facts"]) if outside else None
        stops = ws.read_table(newest, columns)
        tables["stop_facts"] = pd.concat([stops, _doubtful_stops(ws, newest.key)], ignore_index=True)
    tables["roster"] = tables["roster"].drop_duplicates("inquiry_number", keep="last").reset_index(drop=True)
    return Facts(**tables)


def _doubtful_stops(ws: Workspace, delivery: str) -> pd.DataFrame:
    """Whom rows in quarantine name: whatever is wrong with kind or date, the ward asked for silence."""
    ref = ws.find("quarantine", f"stop_list-{delivery}")
    if ref is None:
        return _none("stop_facts")
    numbers = ws.read_table(ref, ["inquiry_number"])["inquiry_number"].dropna()
    return pd.DataFrame({"inquiry_number": numbers, "stop_kind": STOP, "until": None}).astype(object)


def _all(ws: Workspace, kind: str) -> pd.DataFrame:
    found = ws.read_all(kind)
    return found if found is not None else _none(kind)


def _none(kind: str) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype=object) for c in _EMPTY[kind]})


def _outside(ws: Workspace, kind: str) -> pd.DataFrame:
    hidden = _NOT_OUTSIDE.get(kind, ())
    known = [column for column in _EMPTY[kind] if column not in hidden]
    found = ws.read_all(kind, known) if known else None
    if found is None:
        return _none(kind)
    return found.assign(**dict.fromkeys(hidden, None))
