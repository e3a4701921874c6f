"""### 通知の作成 (mailing_production)

Selects the wave's people, prepares a card per person, lets the ward check the proof (校了), prints in jobs side by
side (mapped tasks), checks the print run against the plan, and hands the sealed package to the printer.

**On failure:** a rejected proof leaves the run red: correct the design by its reason code (`kansho` revises it)
and trigger
again; a new proof with the next number is made. `gate print_release` red: nothing was handed over; the ledger
names the rule.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, mapped, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "mailing_production", __doc__, schedule=CALENDAR):
        work = step("kansho.mailing.production:find_mailing_work")
        selected = step("kansho.targeting.waves:select_wave", work)
        cards = step("kansho.mailing.production:prepare_cards", selected)
        proof = step("kansho.mailing.proofing:make_proof", cards)
        approved = approval("proof", Role.WARD_OFFICER, of=proof, title="校了（通知の校正）")
        jobs = step("kansho.mailing.printing:plan_print_jobs", approved)
        printed = mapped("kansho.mailing.printing:print_job", jobs)
        finished = step("kansho.mailing.printing:finish_print_run", printed)
        checked = step("kansho.mailing.production:check_print_run", finished, gate=True)
        handed = step("kansho.mailing.production:hand_over_print_package", checked)
        verdict(handed)
