"""### 対象者選定 (segmentation)

Starts when validated data arrives, and when an amendment was bound: eligibility for both target groups, stop list,
hold-outs per wave by household, segments, order and capacity, all reproducible from the seed committed at opening. A
gate looks at the plan once more from the facts of the day; then the ward approves its document.

**On failure:** `STOP-*`: no fresh stop list; `PLAN-*`: the plan does not fit the contract. `gate plan_release` red: the
ledger names the rule; trigger again for a new plan. A rejected plan leaves the run red; correct the configuration by an
approved amendment, then trigger this DAG for a new plan.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import approval, asset, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(
        campaign, "segmentation", __doc__, triggers=[asset(campaign, "validated"), asset(campaign, "amended")]
    ):
        work = step("kansho.targeting.plan:find_plan_work")
        plan = step("kansho.targeting.plan:make_plan", work)
        document = step("kansho.targeting.plan:make_plan_document", plan)
        checked = step("kansho.targeting.release:check_plan", document, gate=True)
        approved = approval("plan", Role.WARD_OFFICER, of=checked, title="勧奨計画の承認")
        released = step("kansho.targeting.plan:release_plan", approved)
        verdict(released)
