"""A toy campaign: every shape of wiring in small."""

from datetime import timedelta

from kansho_airflow.wiring import Role, approval, asset, campaigns, decision, mapped, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "campaign_opening", __doc__):
        verdict(step("toy_stage:open_campaign"))
    with stage_dag(campaign, "plan", __doc__):
        plan = step("toy_stage:make", step("toy_stage:find"))
        approved = approval("plan", Role.WARD_OFFICER, of=plan, title="計画の承認")
        verdict(step("toy_stage:finish", approved))
    with stage_dag(campaign, "hasty", __doc__):
        plan = step("toy_stage:make", step("toy_stage:find"))
        soon = timedelta(seconds=1)
        approved = approval("plan", Role.WARD_OFFICER, of=plan, title="すぐに期限の来る承認", answer_within=soon)
        verdict(step("toy_stage:finish", approved))
    with stage_dag(campaign, "four_eyes", __doc__):
        plan = step("toy_stage:make", step("toy_stage:find"))
        first = approval("first", Role.WARD_OFFICER, of=plan, title="一人目")
        second = approval("second", Role.WARD_OFFICER, of=first, title="二人目", distinct_from="first")
        verdict(step("toy_stage:finish", second))
    with stage_dag(campaign, "two_roles", __doc__):
        plan = step("toy_stage:make", step("toy_stage:find"))
        first = approval("first", Role.WARD_MANAGER, of=plan, title="一人目")
        second = approval("second", Role.CONTRACTOR_MANAGER, of=first, title="二人目", distinct_from="first")
        verdict(step("toy_stage:finish", second))
    with stage_dag(campaign, "gate", __doc__):
        plan = step("toy_stage:make", step("toy_stage:find"))
        decided = decision("gate", Role.CONTRACTOR_MANAGER, of=plan, title="検証結果の判断")
        verdict(step("toy_stage:finish", decided, outlet=asset(campaign, "gated")))
    with stage_dag(campaign, "called", __doc__, starters=[Role.CONTRACTOR_STAFF]):
        verdict(step("toy_stage:make", step("toy_stage:find")))
    with stage_dag(campaign, "woken", __doc__, triggers=[asset(campaign, "gated")]):
        verdict(step("toy_stage:woken"))
    with stage_dag(campaign, "shards", __doc__):
        cut = step("toy_stage:shards", step("toy_stage:find"))
        verdict(step("toy_stage:join", mapped("toy_stage:one_shard", cut)))
    with stage_dag(campaign, "some", __doc__):
        found = step("toy_stage:find")
        made = step("toy_stage:make", found, when="wanted")
        verdict(made, step("toy_stage:finish", found, after=made))
    with stage_dag(campaign, "mortal", __doc__):
        verdict(step("toy_stage:die_once", step("toy_stage:find")))
    with stage_dag(campaign, "leaky", __doc__):
        found = step("toy_stage:find")
        verdict(step("toy_stage:leak", found), step("toy_stage:leak_result", found))
    with stage_dag(campaign, "spilling", __doc__):
        found = step("toy_stage:find")
        spills = [step(f"toy_stage:spill_{way}", found) for way in ("descriptor", "encoded", "file")]
        verdict(*spills)
