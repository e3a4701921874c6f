"""### 対象者選定 (segmentation)

Starts when validated data arrives, and when an amendment was bound: eligibility for both target groups, stop list,
hold-outs per wave by household, segments, order and capacity, all reproducible from the seed committed at opening. The
ward approves the plan document.

**On failure:** `STOP-*`: no fresh stop list; `PLAN-*`: the plan does not fit the contract. A rejected plan leaves the
run red; correct the configuration by an approved amendment, then trigger this DAG for a new plan.
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
        approved = approval("plan", Role.WARD_OFFICER, of=document, title="勧奨計画の承認")
        released = step("kansho.targeting.plan:release_plan", approved)
        verdict(released)
