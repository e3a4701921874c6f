"""### 通知の作成 (mailing_production)

Selects the wave's people, prepares and renders a card per person, lets the ward check the proof (校了), checks the
print run against the plan, and hands the sealed package to the printer.

**On failure:** a rejected proof leaves the run red: correct the design by its reason code (`kansho` revises it)
and trigger
again; a new proof with the next number is made. `gate print_release` red: nothing was handed over; the ledger
names the rule.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "mailing_production", __doc__, schedule=CALENDAR):
        work = step("kansho.mailing.production:find_mailing_work")
        selected = step("kansho.targeting.waves:select_wave", work)
        cards = step("kansho.mailing.production:prepare_cards", selected)
        proof = step("kansho.mailing.proofing:make_proof", cards)
        approved = approval("proof", Role.WARD_OFFICER, of=proof, title="校了（通知の校正）")
        rendered = step("kansho.mailing.production:render_cards", approved)
        checked = step("kansho.mailing.production:check_print_run", rendered, gate=True)
        handed = step("kansho.mailing.production:hand_over_print_package", checked)
        verdict(handed)
