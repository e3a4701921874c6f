"""### 効果分析 (effect_analysis)

Intention-to-treat difference per wave and segment against its hold-out, with a 95 % interval, cost per additional
attendee and the data's cut-off date; small cells are suppressed before anything leaves, and a gate reads the table back
that would leave.

**On failure:** clear the failed task. `gate effect_release` red: the ledger names the rule, nothing was issued. A
rejected report is not issued.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "effect_analysis", __doc__, schedule=CALENDAR):
        work = step("kansho.analysis.stage:find_effect_work")
        analysed = step("kansho.analysis.stage:analyse", work)
        report = step("kansho.analysis.stage:make_effect_report", analysed)
        checked = step("kansho.analysis.release:check_effect_report", report, gate=True)
        approved = approval("effect_report", Role.CONTRACTOR_MANAGER, of=checked, title="効果分析報告書の承認")
        verdict(step("kansho.analysis.stage:release_effect_report", approved))
