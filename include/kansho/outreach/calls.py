"""Stage functions of call_wave: results in, next list out, up to three attempts.

Belongs here: who is still to be called, the list for 丙, its gate and its results.  Does not belong
here: selecting the wave (targeting) or answering enquiries (`inbound`).

States of a person in a wave: assigned → listed (attempt n) → resolved | retry → … → left at the last attempt.
A retry needs an outcome of `codes.CALL_RETRY_OUTCOMES` or no result at all; every list asks again who may
be contacted (decision 8).  A list that was rejected, or that another day found unreleased, is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.config import CallWave
from kansho.campaign.rights import Channel, PartyKind, Work
from kansho.contracts import codes
from kansho.contracts.characters import legible
from kansho.contracts.model import project
from kansho.contracts.registry import CALL_LIST, CALL_RESULTS
from kansho.errors import KanshoError
from kansho.exchange.tables import from_csv, to_csv
from kansho.outreach.assigned import assignment_ref, next_revision, outreach_arm, with_roster
from kansho.outreach.contacts import file_of, require_asked, settle, store, take_waiting, total
from kansho.outreach.notes import hold, screened
from kansho.quality.pages import issue_gate_page
from kansho.standing import exclusions
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def find_call_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Waiting results, and the attempt whose list is due; None when there is neither."""
    found: dict[str, Any] = {"packages": exchange.waiting(ws, _party(ws), "call_results")}
    due = next((d for d in (_due(ws, w) for w in ws.config.waves.calls) if d), None)
    if due is not None:
        found |= {"wave": due[0], "attempt": due[1]}
    return found if due is not None or found["packages"] else None


def take_call_results(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in every waiting package: kind ``call_results``, event ``results_recorded`` per package (C6, D4).

    Raises:
        KanshoError: ``RESULTS-REFUSED`` when one was refused (the others are in).
    """
    taken = take_waiting(ws, _party(ws), "call_results", lambda package, files: _take(ws, package, files))
    return {"taken": len(taken), "counts": total(taken)} if taken else None


def build_call_list(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The list of one attempt: kind ``call_list``, 丙's columns only; event ``call_list_made`` (D2).

    None when the work names no wave, or when nobody is left to be called.
    """
    if not work.get("wave"):
        return None
    wave, attempt = str(work["wave"]), int(work["attempt"])
    key = _list_key(ws, wave, attempt)
    known = ws.ledger.find("call_list_made", key)
    if known is None:
        open_people = unresolved(outreach_arm(ws, wave), ws.read_all("call_results"), wave)
        reason = exclusions(ws, open_people, Channel.CALL, wave=wave, spacing=False)
        frame = call_list(with_roster(ws, open_people[reason.eq("")]), wave, attempt)
        ref = ws.store_table("call_list", key, frame, parents=[assignment_ref(ws, wave)])
        counts = {"listed": ref.rows, "withdrawn": int(reason.ne("").sum())}
        known = ws.record("call_list_made", key, counts=counts, codes={"wave": wave}, refs={"list": ref})
    if not known.counts["listed"]:
        return None
    return {"wave": wave, "attempt": attempt, "key": key, "list": known.refs["list"], "counts": dict(known.counts)}


def check_call_release(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Gate before the approval: nobody held out, everybody contactable, 丙's columns only, a number to call.

    Raises:
        KanshoError: ``GATE-CALL-RELEASE`` after the failed gate was recorded; never a pass by default.
    """
    ref = SnapshotRef.from_json(work["list"])
    frame = ws.read_table(ref)
    arm = outreach_arm(ws, str(work["wave"]))
    listed = frame[["inquiry_number"]].merge(arm[["inquiry_number", "group", "due_kinds"]], how="left")
    reason = exclusions(ws, listed, Channel.CALL, wave=str(work["wave"]), spacing=False)
    rules = {
        "columns": tuple(frame.columns) != CALL_LIST.allowed(PartyKind.SUBCONTRACTOR),
        "not_assigned": bool(listed["group"].isna().any()),
        "listed_twice": bool(frame["inquiry_number"].duplicated().any()),
        "no_phone": bool(frame["phone"].isna().any()),
        **{str(code): True for code in sorted(set(reason) - {""})},
    }
    failed = "|".join(name for name, hit in rules.items() if hit)
    event = ws.record(
        "gate_evaluated",
        f"call_release/{ref.key}",
        counts={"rows": len(frame), "accepted": 0 if failed else len(frame), "quarantined": 0},
        codes={"gate": "call_release", "result": "stop" if failed else "pass", "rules": failed},
        refs={"list": ref},
    )
    issue_gate_page(ws, event)
    if failed or event.codes["result"] != "pass":
        raise KanshoError(
            "GATE-CALL-RELEASE", f"架電リストを引き渡せません（{failed}）", place=ref.key, remedy="作り直してください"
        )
    return {**work, "artefact": ref.to_json()}


def hand_over_call_list(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Hand the approved list to the call centre, once; who became uncontactable meanwhile is left out.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` without the approval, ``EXCHANGE-CONSENT`` without 甲's consent.
    """
    ref = SnapshotRef.from_json(work["artefact"])
    authority = exchange.authority_of(ws, ref)
    frame = ws.read_table(ref)
    arm = outreach_arm(ws, str(work["wave"]))
    listed = frame[["inquiry_number"]].merge(arm[["inquiry_number", "group", "due_kinds"]], how="left")
    why = exclusions(ws, listed, Channel.CALL, wave=str(work["wave"]), spacing=False, under_way=ref)
    fine = why.eq("")
    leaving = frame[fine.to_numpy()]
    event = exchange.hand_over(
        ws,
        party=_party(ws),
        work=Work.CALLS,
        package=ref.key,
        kind="call_list",
        files={"call_list.csv": to_csv(legible(leaving, ("name_kanji", "name_kana", "address")), CALL_LIST)},
        counts={"rows": len(leaving), "withdrawn": len(frame) - len(leaving)},
        authority=authority,
        parents=[ref],
    )
    return {"wave": work["wave"], "attempt": work["attempt"], "package": ref.key, "counts": dict(event.counts)}


def call_list(people: pd.DataFrame, wave: str, attempt: int) -> pd.DataFrame:
    """The list as 丙 may hold it.  ``screening_kinds`` names what to invite to: 90, or the screenings due.

    By inquiry number: the order of the walk follows from attendance and results, which 丙 may not know (D2).
    """
    frame = people.assign(
        wave=wave,
        attempt=str(attempt),
        screening_kinds=people["due_kinds"].where(people["group"].eq("cancer"), codes.KENSHIN_KIND),
    )
    frame = frame[list(CALL_LIST.names)].sort_values("inquiry_number")
    return project(frame, CALL_LIST, PartyKind.SUBCONTRACTOR).reset_index(drop=True)


def unresolved(arm: pd.DataFrame, results: pd.DataFrame | None, wave: str) -> pd.DataFrame:
    """People of the arm whose latest result in this wave asks for another attempt, or who have none."""
    if results is None:
        return arm
    mine = results[results["wave"].eq(wave)].sort_values("attempt").drop_duplicates("inquiry_number", keep="last")
    settled = mine.loc[~mine["outcome"].isin(codes.CALL_RETRY_OUTCOMES), "inquiry_number"]
    return arm[~arm["inquiry_number"].isin(settled)].reset_index(drop=True)


def open_call_lists(ws: Workspace) -> list[tuple[str, SnapshotRef, pd.DataFrame]]:
    """(wave, holding, list) of every list handed over whose wave is not closed; the last attempt of each wave."""
    out: list[tuple[str, SnapshotRef, pd.DataFrame]] = []
    for wave in ws.config.waves.calls:
        lists = [s for s in ws.snapshots("call_list") if s.key.startswith(f"{wave.id}-a")]
        handed = [s for s in lists if _handed(ws, s.key)]
        if handed and ws.today <= wave.close_on:
            out.append((wave.id, handed[-1], ws.read_table(handed[-1])))
    return out


def _take(ws: Workspace, package: str, files: Mapping[str, bytes]) -> dict[str, int]:
    found = screened(from_csv(file_of(files, "call_results.csv"), CALL_RESULTS), CALL_RESULTS)
    asked = require_asked(_asked(ws, set(found.rows["wave"])), "call_results")
    settled = settle(found.rows, CALL_RESULTS, codes.CALL_PERSON_OUTCOMES, _on_our_list(ws, found.rows, package))
    held = hold(ws, "call_results", package, found, asked)
    store(ws, "call_results", package, settled, asked)
    counts = settled.counts(codes.CALL_PERSON_OUTCOMES) | held
    lines = settled.accepted[["wave", "attempt"]].drop_duplicates().sort_values(["wave", "attempt"])
    said = {"wave": "|".join(sorted(set(lines["wave"]))), "attempt": "|".join(sorted(set(lines["attempt"])))}
    ws.record("results_recorded", package, counts=counts, codes={"channel": Channel.CALL.value, **said})
    return counts


def _asked(ws: Workspace, waves: set[str]) -> list[SnapshotRef]:
    """What results of these waves answer: the lists handed over or, once these are erased, who was assigned.

    Of results that name no wave of ours, those of every wave.
    """
    lists = [ref for ref in ws.snapshots("call_list") if _handed(ws, ref.key)]
    found: list[SnapshotRef] = []
    for wave in [w.id for w in ws.config.waves.calls if w.id in waves] or [w.id for w in ws.config.waves.calls]:
        assigned = ws.find("wave_assignment", wave)
        found += [ref for ref in lists if ref.key.startswith(f"{wave}-a")] or ([assigned] if assigned else [])
    return found


def _on_our_list(ws: Workspace, frame: pd.DataFrame, package: str) -> pd.Series:
    """Rows whose line stands on a list handed over and was not answered by another package."""
    keys = ["wave", "attempt", "inquiry_number"]
    lines: set[tuple[str, ...]] = set()
    for ref in ws.snapshots("call_list"):
        if _handed(ws, ref.key):
            lines |= set(ws.read_table(ref)[keys].astype(str).itertuples(index=False, name=None))
    for ref in ws.snapshots("call_results"):
        if ref.key != package:
            lines -= set(ws.read_table(ref)[keys].astype(str).itertuples(index=False, name=None))
    rows = frame[keys].itertuples(index=False, name=None)
    return pd.Series([row in lines for row in rows], index=frame.index, dtype=bool)


def _due(ws: Workspace, wave: CallWave) -> tuple[str, int] | None:
    begun = [n for n, day in enumerate(wave.rounds_on, start=1) if day <= ws.today]
    if not begun or ws.today >= wave.close_on:
        return None
    made = [e for e in ws.ledger.events("call_list_made") if _base(e.key) == f"{wave.id}-a{begun[-1]}"]
    if any(_handed(ws, e.key) or not e.counts["listed"] for e in made):
        return None
    return wave.id, begun[-1]


def _list_key(ws: Workspace, wave: str, attempt: int) -> str:
    """Key of the attempt's list today: a new revision after a rejection, a failed gate, or on another day."""
    revision = 1
    while True:
        key = next_revision(f"{wave}-a{attempt}", revision)
        made = ws.ledger.find("call_list_made", key)
        if made is None:
            return key
        ref = SnapshotRef.from_json(made.refs["list"])
        gate = ws.ledger.find("gate_evaluated", f"call_release/{key}")
        decided = exchange.decision_on(ws, ref)
        rejected = decided is not None and decided.codes.get("decision") != "approve"
        stopped = gate is not None and gate.codes["result"] != "pass"
        stale = date.fromisoformat(made.campaign_date) != ws.today and decided is None and made.counts["listed"] > 0
        if not (rejected or stopped or stale):
            return key
        revision += 1


def _base(key: str) -> str:
    """The key without its revision."""
    head, _, tail = key.rpartition("r")
    return head if head and tail.isdigit() and len(tail) == 2 else key


def _handed(ws: Workspace, key: str) -> bool:
    return ws.ledger.find("package_handed_over", f"{_party(ws)}/call_list/{key}") is not None


def _party(ws: Workspace) -> str:
    return ws.config.party_for(Work.CALLS).id
