"""Selecting one wave's people from the approved plan, as things stand today.

Belongs here: the walk in the plan's order within the capacity, and its control arm.  Does not belong here:
who may not be contacted (`kansho.standing`), or making cards and lists (mailing, outreach).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig, Wave
from kansho.campaign.rights import Channel
from kansho.campaign.screenings import settled
from kansho.contracts import codes
from kansho.errors import KanshoError
from kansho.standing import exclusions, gather, status
from kansho.targeting.holdout import held_before
from kansho.targeting.plan import require_approved_plan, require_same_basis
from kansho.targeting.propensity import in_walk_order
from kansho.targeting.table import CANCER, KENSHIN, current_segment, priorities
from kansho.workspace import Workspace

OUTREACH, HOLDOUT = "outreach", "holdout"
#: Columns of kind ``wave_assignment``; ``rank`` counts both arms in the order of the walk.
COLUMNS = ("inquiry_number", "household_id", "group", "segment", "design", "due_kinds", "arm", "rank")


def select_wave(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Assign the people of ``work["wave"]``: kind ``wave_assignment``, event ``wave_selected`` (C4, E1).

    None when the work names no wave (a run that only takes in results).  A wave already selected is
    returned as it is: nobody is selected twice, and no control arm changes afterwards.

    Raises:
        KanshoError: ``PLAN-UNAPPROVED``, ``PLAN-BASIS``, ``PLAN-DESIGN``, ``STOP-MISSING``, ``STOP-STALE``,
            ``WAVE-EARLY``, ``WAVE-UNKNOWN``.
    """
    if not work.get("wave"):
        return None
    wave = _wave(ws.config, str(work["wave"]))
    known = ws.ledger.find("wave_selected", wave.id)
    if known is not None:
        return {**work, "wave": wave.id, "assignment": known.refs["assignment"], "counts": dict(known.counts)}
    if ws.today < wave.select_on:
        raise KanshoError("WAVE-EARLY", "選定日より前です", place=wave.id, remedy="選定日に実行してください")
    plan_ref = require_approved_plan(ws)
    require_same_basis(ws, plan_ref)
    listed, reason = asked(ws, ws.read_table(plan_ref), wave)
    limit = min(wave.capacity, _left_this_year(ws, wave))
    assigned = walk(listed[reason.eq("")], limit)
    ref = ws.store_table("wave_assignment", wave.id, assigned[list(COLUMNS)], parents=[plan_ref])
    counts = _counts(len(listed), int(reason.eq("").sum()), ws.read_table(ref))
    reasons = {str(code): int(n) for code, n in reason[reason.ne("")].value_counts().sort_index().items()}
    ws.record(
        "wave_selected",
        wave.id,
        counts=counts,
        codes={"channel": wave.channel.value, "plan": plan_ref.key},
        refs={"assignment": ref, "reasons": reasons},
    )
    return {**work, "wave": wave.id, "assignment": ref.to_json(), "counts": counts}


def asked(ws: Workspace, plan: pd.DataFrame, wave: Wave) -> tuple[pd.DataFrame, pd.Series]:
    """The candidates among the people of a plan, and why each is in neither arm today; '' for who is in one."""
    listed = candidates(ws, plan, wave)
    reason = exclusions(ws, listed, wave.channel, wave=None, spacing=True)
    return listed, reason.mask(reason.eq("") & listed["held_before"], "held_out")


def candidates(ws: Workspace, plan: pd.DataFrame, wave: Wave) -> pd.DataFrame:
    """People of the plan whose group today is one of the wave's, in the order of the walk.

    Columns: `COLUMNS` without ``rank``, and ``held_before``: held out of an earlier wave and so, in a nested design,
    in neither arm of this one.  A person moves to the cancer group on attendance (C3); who has nothing
    due any more leaves.  Order: for visits first those whom no call has reached, then segment priority, for
    calls and visits the band of the estimated propensity, then the plan's order.
    """
    facts = gather(ws)
    standing = status(facts, ws.today).reindex(plan["inquiry_number"].to_numpy())
    standing.index = plan.index
    due = _still_due(plan["due_kinds"].fillna(""), standing["attended_kinds"].fillna(""), ws.config)
    attended = standing["kenshin_attended"].eq(True)
    group = pd.Series(KENSHIN, index=plan.index, dtype=object).mask(attended, CANCER)
    segment = current_segment(plan, group)
    gone = plan["group"].isna() | segment.isna() | (attended & due.eq(""))
    chosen = ~gone & group.isin([g.value for g in wave.groups])
    out = plan[chosen].assign(group=group[chosen])
    out["segment"] = segment[chosen]
    out["design"] = _designs(out, ws.config, wave)
    out["due_kinds"] = due[chosen]
    out["arm"] = plan.loc[chosen, f"holdout_{wave.id}"].eq(True).map({True: HOLDOUT, False: OUTREACH})
    out["held_before"] = held_before(plan, ws.config, wave.id)[chosen]
    out["priority"] = out["segment"].map(priorities(ws.config))
    out["spoken"] = out["inquiry_number"].isin(_spoken(facts.call_results)) & (wave.channel is Channel.VISIT)
    ordered = in_walk_order(out, wave.channel).sort_values("spoken", kind="stable").reset_index(drop=True)
    return ordered[[*(c for c in COLUMNS if c != "rank"), "held_before"]]


def walk(people: pd.DataFrame, capacity: int) -> pd.DataFrame:
    """The prefix of ``people`` that fills ``capacity`` with the outreach arm; ``rank`` from 1.

    Held-out people met on the way are the control arm: they would have been reached, had they not been held out.
    """
    reached = people["arm"].eq(OUTREACH)
    before = reached.cumsum() - reached.astype(int)
    out = people[before < capacity].reset_index(drop=True)
    out["rank"] = range(1, len(out) + 1)
    return out


def _counts(candidates: int, contactable: int, assigned: pd.DataFrame) -> dict[str, int]:
    arms = assigned["arm"].value_counts()
    return {
        "candidates": candidates,
        "assigned": int(arms.get(OUTREACH, 0)),
        "held_out": int(arms.get(HOLDOUT, 0)),
        "not_contactable": candidates - contactable,
        "over_capacity": contactable - len(assigned),
    }


def _wave(config: CampaignConfig, wave_id: str) -> Wave:
    found = next((w for w in config.waves.all() if w.id == wave_id), None)
    if found is None:
        raise KanshoError("WAVE-UNKNOWN", "設定にない回です", place="wave", remedy="設定の waves を確認してください")
    return found


def _left_this_year(ws: Workspace, wave: Wave) -> int:
    """What the year's capacity of the channel still allows (C4)."""
    capacity = ws.config.capacity
    year = {Channel.MAIL: capacity.cards, Channel.CALL: capacity.calls, Channel.VISIT: capacity.visits}[wave.channel]
    used = sum(
        e.counts.get("assigned", 0)
        for e in ws.ledger.events("wave_selected")
        if e.codes.get("channel") == wave.channel.value
    )
    return max(0, year - used)


def _still_due(due: pd.Series, attended: pd.Series, config: CampaignConfig) -> pd.Series:
    over = {text: settled(text.split("|"), config.targeting.screenings) for text in attended.unique()}
    pairs = zip(due.str.split("|"), attended.map(over), strict=True)
    return pd.Series(["|".join(k for k in d if k and k not in a) for d, a in pairs], index=due.index, dtype=object)


def _designs(people: pd.DataFrame, config: CampaignConfig, wave: Wave) -> pd.Series:
    by_segment = {s.id: s.design for s in config.targeting.segments}
    by_group = {g.value: d for g, d in getattr(wave, "designs", {}).items()}
    chosen = [by_group.get(g, by_segment[s]) for g, s in zip(people["group"], people["segment"], strict=True)]
    return pd.Series(chosen, index=people.index, dtype=object)


def _spoken(call_results: pd.DataFrame) -> set[str]:
    hit = call_results["outcome"].isin(codes.CALL_PERSON_OUTCOMES)
    return set(call_results.loc[hit, "inquiry_number"])
