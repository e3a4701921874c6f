"""### 訪問名簿 (visit_wave)

Selects whom to visit, splits the list in two halves of which neither identifies anybody, counts for each row how many
people it could be, and lets the ward check the list (P1, P2).

**On failure:** a rejected list leaves the run red and no sheet can be issued; correct and trigger again.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "visit_wave", __doc__, schedule=CALENDAR):
        work = step("kansho.outreach.visits:find_visit_work")
        selected = step("kansho.targeting.waves:select_wave", work)
        listed = step("kansho.outreach.visits:build_visit_list", selected)
        checked = step("kansho.outreach.visits:check_visit_release", listed, gate=True)
        approved = approval("visit_list", Role.WARD_OFFICER, of=checked, title="訪問リストの確認")
        verdict(step("kansho.outreach.visits:release_visit_list", approved))
