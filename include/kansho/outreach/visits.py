"""Stage functions of visit_wave, and finding the work of a visiting day.

Belongs here: the visit list, its gate, and its release after the ward has checked it (P1).  Does not
belong here: splitting (`rosters`), sheets and 授受簿 (`custody`), what came back (`field`).

States of a list: made → gate passed → approved by the ward → halves stored → issued day by day.  A rejected
list, or one that another day found undecided, is made anew under the next revision's key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.config import VisitWave
from kansho.campaign.rights import Channel, Work
from kansho.contracts.characters import legible
from kansho.contracts.registry import VISIT_HALF_A, VISIT_HALF_B
from kansho.errors import KanshoError
from kansho.outreach import rosters
from kansho.outreach.assigned import assignment_ref, next_revision, outreach_arm, plan_ref, with_roster
from kansho.outreach.specimens import issue_specimens
from kansho.quality.pages import issue_gate_page
from kansho.standing import exclusions, gather
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Rows on one sheet of paper.
ROWS_PER_SHEET = 10


def find_visit_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The wave whose list is to be made and checked; None when there is none."""
    for wave in ws.config.waves.visits:
        begun = wave.select_on <= ws.today <= wave.days[-1]
        if begun and approved_list(ws, wave.id) is None and not _empty(ws, wave.id):
            return {"wave": wave.id}
    return None


def find_visit_day_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Waiting reports, and the day whose sheets are not yet out; None when there is neither.

    Raises:
        KanshoError: ``VISIT-UNAPPROVED`` on a visiting day without a list that the ward has checked.
    """
    found: dict[str, Any] = {"packages": exchange.waiting(ws, ws.config.party_for(Work.VISITS).id, "visit_results")}
    for wave in ws.config.waves.visits:
        if ws.today not in wave.days or _empty(ws, wave.id):
            continue
        ref = approved_list(ws, wave.id)
        if ref is None:
            raise KanshoError(
                "VISIT-UNAPPROVED",
                "区が確認した訪問リストがありません",
                place=wave.id,
                remedy="先に区の確認を得てください",
            )
        day = ws.today.isoformat()
        if ws.ledger.find("package_handed_over", halves_key(ws, ref, day)) is None:
            found |= {"wave": wave.id, "day": day, "list": ref.to_json()}
    return found if found["packages"] or "day" in found else None


def build_visit_list(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The wave's list for the ward's check: kind ``visit_list``, event ``visit_list_made`` (P1, P2).

    None when nobody is left to be visited.
    """
    wave = _wave(ws, str(work["wave"]))
    key = _list_key(ws, wave.id)
    made = ws.ledger.find("visit_list_made", key)
    if made is None:
        frame = visit_list(ws, wave)
        ref = ws.store_table("visit_list", key, frame, parents=[assignment_ref(ws, wave.id), *ws.snapshots("roster")])
        frame = ws.read_table(ref)
        listed = frame[frame["status"].eq("listed")]
        counts = {
            "selected": len(frame),
            "listed": len(listed),
            "coarsened": int((listed["level_a"].gt(0) | listed["level_b"].gt(0)).sum()),
            "not_visited": len(frame) - len(listed),
        }
        reasons = frame.loc[frame["status"].ne("listed"), "reason"].value_counts().sort_index()
        refs: dict[str, SnapshotRef | str | Mapping[str, Any]] = {
            "list": ref,
            "reasons": {str(code): int(n) for code, n in reasons.items()},
            "spread": _spread(listed),
        }
        made = ws.record("visit_list_made", key, counts=counts, codes={"wave": wave.id}, refs=refs)
    if not made.counts["listed"]:
        return None
    spread = {f"{half}_{band}": n for half, bands in made.refs["spread"].items() for band, n in bands.items()}
    return {"wave": wave.id, "key": key, "list": made.refs["list"], "counts": {**made.counts, **spread}}


def check_visit_release(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Gate before the ward's check: nobody held out, all contactable, both halves of k households or more.

    Raises:
        KanshoError: ``GATE-VISIT-RELEASE`` after the failed gate was recorded.
    """
    ref, wave = SnapshotRef.from_json(work["list"]), _wave(ws, str(work["wave"]))
    frame = ws.read_table(ref)
    listed = frame[frame["status"].eq("listed")]
    reason = exclusions(ws, listed, Channel.VISIT, wave=wave.id, spacing=False)
    half_a, half_b = halves(listed)
    rules = {
        "k_a": bool(listed["k_a"].lt(wave.k_anonymity).any()),
        "k_b": bool(listed["k_b"].lt(wave.k_anonymity).any()),
        "token_twice": bool(listed["token"].duplicated().any()),
        "columns": tuple(half_a.columns) != VISIT_HALF_A.names or tuple(half_b.columns) != VISIT_HALF_B.names,
        "house_in_a": bool(half_a["block"].str.contains("号|室", regex=True).any()),
        "field": len(listed) > wave.teams * wave.visits_per_team_day * len(wave.days),
        **{str(code): True for code in sorted(set(reason) - {""})},
    }
    failed = "|".join(name for name, hit in rules.items() if hit)
    event = ws.record(
        "gate_evaluated",
        f"visit_release/{ref.key}",
        counts={"rows": len(listed), "accepted": 0 if failed else len(listed), "quarantined": 0},
        codes={"gate": "visit_release", "result": "stop" if failed else "pass", "rules": failed},
        refs={"list": ref},
    )
    issue_gate_page(ws, event)
    if failed or event.codes["result"] != "pass":
        raise KanshoError(
            "GATE-VISIT-RELEASE", f"訪問リストを使えません（{failed}）", place=ref.key, remedy="作り直してください"
        )
    return {**work, "artefact": ref.to_json()}


def release_visit_list(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """After the ward's approval: store both halves apart, and a specimen pair of invented people.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` without the approval.
    """
    ref = SnapshotRef.from_json(work["artefact"])
    exchange.authority_of(ws, ref)
    frame = ws.read_table(ref)
    half_a, half_b = halves(frame[frame["status"].eq("listed")])
    ref_a = ws.store_table("visit_half_a", ref.key, half_a, parents=[ref])
    ref_b = ws.store_table("visit_half_b", ref.key, half_b, parents=[ref])
    issue_specimens(ws)
    return {"wave": work["wave"], "half_a": ref_a.to_json(), "half_b": ref_b.to_json(), "counts": dict(work["counts"])}


def visit_list(ws: Workspace, wave: VisitWave) -> pd.DataFrame:
    """Every assigned person with status ``listed`` or ``not_visited`` and the reason.

    Columns: the person and the address for the ward's check, the texts of both halves, levels and counts of
    households (`rosters.split`), and for the listed ``token``, ``day``, ``team``, ``sheet`` and ``line``.
    """
    arm = outreach_arm(ws, wave.id)
    reason = exclusions(ws, arm, Channel.VISIT, wave=wave.id, spacing=False)
    roster = gather(ws).roster
    plan = ws.read_table(plan_ref(ws, wave.id))
    households = roster["inquiry_number"].map(plan.set_index("inquiry_number")["household_id"])
    ward = ws.config.ward
    parts = rosters.table_of(roster, prefixes=(ward.prefecture, ward.name))
    chosen = roster["inquiry_number"].isin(arm.loc[reason.eq(""), "inquiry_number"])
    halved = rosters.split(parts, households, chosen, k=wave.k_anonymity)
    halved["inquiry_number"] = roster.loc[chosen, "inquiry_number"]
    people = with_roster(ws, arm.assign(excluded=reason))
    out = people.merge(halved, on="inquiry_number", how="left")
    out["reason"] = out["excluded"].where(out["excluded"].ne(""), out["reason"].fillna("")).astype(object)
    out["status"] = out["reason"].eq("").map({True: "listed", False: "not_visited"}).astype(object)
    for column in ("level_a", "level_b", "k_a", "k_b"):
        out[column] = pd.to_numeric(out[column]).astype("Int64")
    out["token"] = [token_of(ws, wave.id, number) for number in out["inquiry_number"]]
    return _placed(out, wave)[list(LIST_COLUMNS)]


#: Columns of kind ``visit_list``.
LIST_COLUMNS = (
    "token", "inquiry_number", "group", "due_kinds", "status", "reason", "day", "team", "sheet", "line",
    "name_kanji", "name_kana", "postal_code", "address", "address_extra",
    "block", "name_part", "house_part", "level_a", "level_b", "k_a", "k_b",
)  # fmt: skip


def halves(listed: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both halves as the contracts have them: A says where, B says who; the sheets of a pair differ by a letter."""
    listed = legible(listed, ("block", "house_part", "name_part"))
    half_a = listed.assign(sheet=listed["sheet"] + "-A")[list(VISIT_HALF_A.names)]
    half_b = listed.assign(sheet=listed["sheet"] + "-B")[list(VISIT_HALF_B.names)]
    return half_a.reset_index(drop=True), half_b.reset_index(drop=True)


def approved_list(ws: Workspace, wave: str) -> SnapshotRef | None:
    """The wave's newest list that the ward approved; None while there is none."""
    found = None
    for event in ws.ledger.events("visit_list_made"):
        ref = SnapshotRef.from_json(event.refs["list"])
        decided = exchange.decision_on(ws, ref) if event.codes.get("wave") == wave else None
        if decided is not None and decided.codes.get("decision") == "approve":
            found = ref
    return found


def halves_key(ws: Workspace, listed: SnapshotRef, day: str) -> str:
    """Ledger key of one day's hand-over to the visitors."""
    return f"{ws.config.party_for(Work.VISITS).id}/visit_halves/{listed.key}-{day}"


def token_of(ws: Workspace, wave: str, number: str) -> str:
    """The token that joins the halves: eight letters and digits, keyed, different in every wave."""
    text = f"token\x1f{wave}\x1f{number}".encode()
    digest = hmac.new(ws.keyring.get("hmac"), text, hashlib.sha256).digest()
    letters = base64.b32encode(digest[:5]).decode()
    return f"{letters[:4]}-{letters[4:]}"


def _placed(frame: pd.DataFrame, wave: VisitWave) -> pd.DataFrame:
    """Give the listed their day, team, sheet and line: neighbours to one team, in the order of blocks."""
    out = frame.copy()
    order = out[out["status"].eq("listed")].sort_values(["postal_code", "block", "address", "inquiry_number"]).index
    per = wave.visits_per_team_day
    slots = [(day, team) for day in wave.days for team in range(1, wave.teams + 1)]
    prefix = wave.id.upper().replace("_", "-")
    places: dict[str, dict[Any, str]] = {"day": {}, "team": {}, "sheet": {}, "line": {}}
    for n, index in enumerate(order):
        day, team = slots[min(n // per, len(slots) - 1)]
        line = n % per
        places["day"][index] = day.isoformat()
        places["team"][index] = f"t{team:02d}"
        places["sheet"][index] = f"{prefix}-{day:%m%d}-T{team:02d}-{line // ROWS_PER_SHEET + 1:02d}"
        places["line"][index] = str(line % ROWS_PER_SHEET + 1)
    for column, values in places.items():
        out[column] = pd.Series(values, dtype=object).reindex(out.index)
    return out


def _spread(listed: pd.DataFrame) -> dict[str, dict[str, int]]:
    return {"k_a": rosters.spread(listed["k_a"]), "k_b": rosters.spread(listed["k_b"])}


def _wave(ws: Workspace, wave_id: str) -> VisitWave:
    found = next((w for w in ws.config.waves.visits if w.id == wave_id), None)
    if found is None:
        raise KanshoError("WAVE-UNKNOWN", "設定にない回です", place="wave", remedy="設定の waves を確認してください")
    return found


def _empty(ws: Workspace, wave: str) -> bool:
    """Whether the wave's newest list was made and holds nobody."""
    made = [e for e in ws.ledger.events("visit_list_made") if e.codes.get("wave") == wave]
    return bool(made) and not made[-1].counts["listed"]


def _list_key(ws: Workspace, wave: str) -> str:
    revision = 1
    while True:
        key = next_revision(wave, revision)
        made = ws.ledger.find("visit_list_made", key)
        if made is None:
            return key
        decided = exchange.decision_on(ws, SnapshotRef.from_json(made.refs["list"]))
        gate = ws.ledger.find("gate_evaluated", f"visit_release/{key}")
        stopped = gate is not None and gate.codes["result"] != "pass"
        stale = decided is None and date.fromisoformat(made.campaign_date) != ws.today
        if not stopped and not stale and (decided is None or decided.codes.get("decision") == "approve"):
            return key
        revision += 1
