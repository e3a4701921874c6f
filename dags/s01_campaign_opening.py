"""### 業務開始 (campaign_opening)

Opens the year: binds the configuration's digest, registers parties, places, handlers, the data flow, consents and
keys as ledger facts, makes the 取扱者届, and waits for the ward's approval.

**On failure:** `CONFIG-*`: correct the campaign file and trigger again. `OPENING-*`: a handler is untrained, a consent
or a 丙's public key is missing; register it and clear the failed task. A rejected approval leaves this run red: correct
what the reason code names and trigger a new run.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "campaign_opening", __doc__):
        work = step("kansho.opening.stage:find_opening_work")
        opened = step("kansho.opening.stage:open_campaign", work)
        registered = step("kansho.opening.stage:register_parties", opened)
        report = step("kansho.opening.stage:make_handler_report", registered)
        approved = approval("opening", Role.WARD_OFFICER, of=report, title="業務開始の承認")
        issued = step("kansho.opening.stage:finish_opening", approved)
        verdict(issued)
