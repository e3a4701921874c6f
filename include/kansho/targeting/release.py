"""The gate ``plan_release``: what the ward is asked to approve is looked at once more, from the facts of today.

Belongs here: the rules of a plan that was made.  Does not belong here: making one (`table`), or judging (`quality`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Channel
from kansho.errors import KanshoError
from kansho.quality.releases import judge
from kansho.standing import gather, require_fresh_stop_list, status
from kansho.standing.exclusions import reasons
from kansho.targeting.plan import GATE, consented, plan_counts
from kansho.targeting.table import current_segment
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Who may not be planned.  A deferral ends and a letter box changes before a wave is selected: it asks again.
NEVER_PLANNED = ("unknown", "left", "identity_held", "stopped", "refused", "aged_out", "attended")


def check_plan(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Gate before the approval: the whole roster is in it, nobody who may not be is planned, a home is in one arm.

    Raises:
        KanshoError: ``GATE-PLAN-RELEASE`` naming the rules, after they were recorded; ``STOP-MISSING`` or
            ``STOP-STALE`` without a fresh stop list.
    """
    require_fresh_stop_list(ws)
    ref = SnapshotRef.from_json(work["plan"])
    plan, facts = ws.read_table(ref), gather(ws)
    broken = broken_rules(
        plan,
        facts.roster,
        status(facts, ws.today),
        ws.config,
        on=ws.today,
        told=work["counts"],
        consented=consented(ws),
    )
    failed = judge(ws, GATE, ref.key, len(plan), broken, of=ref)
    if failed:
        raise KanshoError(
            "GATE-PLAN-RELEASE",
            f"計画の承認を求められません（{failed}）",
            place=ref.key,
            remedy="もう一度実行し、計画を作り直してください",
        )
    return dict(work)


def broken_rules(
    plan: pd.DataFrame,
    roster: pd.DataFrame,
    standing: pd.DataFrame,
    config: CampaignConfig,
    *,
    on: date,
    told: Mapping[str, int],
    consented: bool,
) -> dict[str, int]:
    """Rule → how many rows (households, counts) break it.  Pure.

    Args:
        plan: kind ``plan``.
        roster: the people there are.
        standing: output of `kansho.standing.status`.
        config: the year.
        on: the day.
        told: the counts that the approval shows.
        consented: whether 甲 consented to hold-outs (E1).
    """
    planned = plan[plan["group"].notna()]
    why = reasons(planned, standing, config, Channel.MAIL, on=on, spacing=False)
    arms = [c for c in plan.columns if c.startswith("holdout_")]
    split = plan.groupby("household_id")[arms].nunique().gt(1).any(axis=1)
    counted = plan_counts(plan)
    outcomes = {name: n for name, n in counted.items() if name not in ("roster", "held_out")}
    return {
        **{code: int(why.eq(code).sum()) for code in NEVER_PLANNED},
        "person_twice": int(plan["inquiry_number"].duplicated().sum()),
        "not_in_plan": int((~roster["inquiry_number"].isin(plan["inquiry_number"])).sum()),
        "no_segment": int(current_segment(planned, planned["group"]).isna().sum()),
        "no_order": len(planned) - len(set(planned["order"].dropna()) & set(range(1, len(planned) + 1))),
        "home_split": int(split.sum()),
        "held_unconsented": 0 if consented else int(plan[arms].eq(True).any(axis=1).sum()),
        "counts": sum(counted[name] != told.get(name) for name in counted) + (sum(outcomes.values()) != len(plan)),
    }
