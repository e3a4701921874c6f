"""### 電話勧奨 (call_wave)

Takes in what the call centre has sent, then makes the next list of up to three attempts for those not yet resolved,
checks it, and hands it over after the person responsible has approved it.

**On failure:** `gate call_release` red or a rejected list: nothing was handed over. A results package that breaks its
contract is refused whole and named in the ledger; ask the call centre to send it again.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "call_wave", __doc__, schedule=CALENDAR):
        work = step("kansho.outreach.calls:find_call_work")
        results = step("kansho.outreach.calls:take_call_results", work, when="packages")
        selected = step("kansho.targeting.waves:select_wave", work, after=results, when="wave")
        listed = step("kansho.outreach.calls:build_call_list", work, after=selected, when="wave")
        checked = step("kansho.outreach.calls:check_call_release", listed, gate=True)
        approved = approval("call_list", Role.CONTRACTOR_MANAGER, of=checked, title="架電リスト引渡しの承認")
        handed = step("kansho.outreach.calls:hand_over_call_list", approved)
        verdict(results, handed)
