"""What came back from a visiting day: results by token, sheets per team, the precautions checklist.

Belongs here: taking the visitors' report.  Does not belong here: issuing sheets (`custody`).

A package of kind ``visit_results`` holds ``visit_results.csv`` (contract `VISIT_RESULTS`) and ``report.json``:

    {"wave": "visit_1", "day": "2026-10-13",
     "teams": [{"team": "t01", "sheets_returned": 4,
                "checklist": {"strap": true, "chain": true, "net": true, "cabinet": true},
                "out": {"by": "h04", "to": "h08"}, "in": {"by": "h08", "to": "h04"}}]}

``out`` and ``in`` say which handlers gave the team's sheets to whom, in the morning and in the evening; a report may
leave them out, and then the 授受簿 names nobody there.
``sheets_returned`` counts all sheets of paper of that team's day that are back by now.  A correction is the
same report again under another package id, with the team's new total, without results or checklist.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.campaign.rights import Channel, Work
from kansho.contracts import codes
from kansho.contracts.registry import VISIT_RESULTS
from kansho.errors import KanshoError
from kansho.exchange.tables import from_csv
from kansho.outreach.contacts import Settled, file_of, settle, store, take_waiting, total
from kansho.outreach.notes import hold, screened
from kansho.outreach.visits import approved_list
from kansho.workspace import Workspace

#: Precautions of a visiting day (P10): strap, chain, net in the basket, locked cabinet.
CHECKLIST = ("strap", "chain", "net", "cabinet")


def take_field_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in every waiting report: kind ``visit_results``, event ``results_recorded``.

    Per team ``checklist_recorded`` and ``sheets_in``; where sheets do not balance ``incident_opened`` instead of
    ``sheets_in`` (P3, P9).

    Raises:
        KanshoError: ``RESULTS-REFUSED`` when one was refused (the others are in).
    """
    party = ws.config.party_for(Work.VISITS).id
    taken = take_waiting(ws, party, "visit_results", lambda package, files: _take(ws, package, files))
    return {"taken": len(taken), "counts": total(taken)} if taken else None


def read_report(data: bytes) -> dict[str, Any]:
    """``report.json`` checked: wave, day, and per team the sheets returned and the checklist, if given.

    Raises:
        KanshoError: ``FIELD-REPORT`` when the form is another.
    """
    try:
        said = json.loads(data)
        teams = [
            {
                "team": str(team["team"]),
                "sheets_returned": _count(team["sheets_returned"]),
                "checklist": _answers(team.get("checklist")),
                "hands": _hands(team),
            }
            for team in said["teams"]
        ]
        return {"wave": str(said["wave"]), "day": str(said["day"]), "teams": teams}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KanshoError("FIELD-REPORT", "訪問日報の形式が正しくありません", remedy="再送を依頼してください") from None


def _take(ws: Workspace, package: str, files: Mapping[str, bytes]) -> dict[str, int]:
    report = read_report(file_of(files, "report.json"))
    found = screened(from_csv(file_of(files, "visit_results.csv"), VISIT_RESULTS), VISIT_RESULTS)
    wave, day = report["wave"], report["day"]
    for team in report["teams"]:
        if ws.ledger.find("sheets_out", f"{wave}/{day}/{team['team']}") is None:
            raise KanshoError("FIELD-TEAM", "訪問票を渡していない班の報告です", remedy="再送を依頼してください")
        _require_hands(ws, team["hands"])
    settled = _settle(ws, found.rows, package, wave, day)
    lists = ws.snapshots("visit_list")
    held = hold(ws, "visit_results", package, found, lists)
    store(ws, "visit_results", package, settled, lists)
    counts = settled.counts(codes.VISIT_PERSON_OUTCOMES) | held
    said = {"channel": Channel.VISIT.value, "wave": wave, "day": day}
    ws.record("results_recorded", package, counts=counts, codes=said)
    back = [_close_team(ws, wave, day, team) for team in report["teams"]]
    return {**counts, "teams": len(back), "open": back.count(False)}


def _settle(ws: Workspace, frame: pd.DataFrame, package: str, wave: str, day: str) -> Settled:
    """Rows by token of that day's list; the accepted get their inquiry number."""
    ref = approved_list(ws, wave)
    if ref is None:
        raise KanshoError("FIELD-WAVE", "訪問リストのない回の報告です", remedy="再送を依頼してください")
    listed = ws.read_table(ref)
    lines = listed[listed["status"].eq("listed") & listed["day"].eq(day)].set_index("token")["inquiry_number"]
    done: set[str] = set()
    for known in ws.snapshots("visit_results"):
        if known.key != package:
            done |= set(ws.read_table(known)["token"])
    fits = frame["token"].isin(lines.index) & ~frame["token"].isin(done)
    fits &= frame["wave"].eq(wave) & frame["visited_on"].eq(day)
    settled = settle(frame, VISIT_RESULTS, codes.VISIT_PERSON_OUTCOMES, fits)
    numbers = settled.accepted["token"].map(lines).astype(object)
    return Settled(settled.accepted.assign(inquiry_number=numbers), settled.quarantined)


def _close_team(ws: Workspace, wave: str, day: str, team: Mapping[str, Any]) -> bool:
    """Record the checklist and the balance of one team's day; whether it balances."""
    key = f"{wave}/{day}/{team['team']}"
    if team["checklist"] is not None:
        ws.record("checklist_recorded", key, codes={n: "yes" if ok else "no" for n, ok in team["checklist"].items()})
    out = ws.ledger.find("sheets_out", key)
    issued = out.counts["sheets"] if out else 0
    if team["sheets_returned"] == issued:
        place = {"place": out.codes["place"]} if out is not None and out.codes.get("place") else {}
        ws.record("sheets_in", key, counts={"sheets": issued}, codes={**place, **team["hands"]})
        return True
    if ws.ledger.find("sheets_in", key) is None:
        ws.record(
            "incident_opened",
            f"sheet-{wave}-{day}-{team['team']}",
            counts={"sheets_out": issued, "sheets_returned": team["sheets_returned"]},
            codes={"kind": "sheet_missing", "subject": key, "party": ws.config.party_for(Work.VISITS).id},
        )
    return False


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 10_000:
        raise ValueError
    return value


def _hands(team: Mapping[str, Any]) -> dict[str, str]:
    """``out_by``, ``out_to``, ``in_by``, ``in_to`` as far as the report says them."""
    found: dict[str, str] = {}
    for way in ("out", "in"):
        said = team.get(way)
        if said is not None:
            if set(said) != {"by", "to"} or not all(isinstance(who, str) for who in said.values()):
                raise ValueError
            found |= {f"{way}_{name}": who for name, who in said.items()}
    return found


def _require_hands(ws: Workspace, hands: Mapping[str, str]) -> None:
    """Sheets go from a handler of ours to one of the visitors, and back."""
    ours, theirs = ws.config.contractor.id, ws.config.party_for(Work.VISITS).id
    of = {"out_by": ours, "out_to": theirs, "in_by": theirs, "in_to": ours}
    employer = {h.id: h.party for h in ws.config.handlers}
    if any(employer.get(who) != of[name] for name, who in hands.items()):
        raise KanshoError(
            "FIELD-HANDS",
            "訪問票を渡した人か受けた人が、登録された取扱者ではありません",
            remedy="再送を依頼してください",
        )


def _answers(value: Any) -> dict[str, bool] | None:
    if value is None:
        return None
    if set(value) != set(CHECKLIST) or not all(type(answer) is bool for answer in value.values()):
        raise ValueError
    return {name: value[name] for name in CHECKLIST}
