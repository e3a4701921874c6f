"""### 返還と消去 (media_return_and_erasure)

Hands everything collected or created over to the ward and waits for its receipt; asks every 丙 for its certificate,
checks it against each package and forwards it to the ward; takes the inventory of every holding; plans the erasure, has
two different people approve the plan's digest, takes in what people returned or destroyed by hand, and erases the vault
and its keys. Airflow cannot erase its own running trace: `kansho close finalise` ends the year.

**On failure:** nothing is erased without the ward's receipt, the certificates, a clean inventory, two approvals and the
ward's receipt for every medium (`kansho close manual`). The code says which is missing; after it has come, trigger
again. Erasure resumes where it stopped.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, approval, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "media_return_and_erasure", __doc__, schedule=CALENDAR):
        work = step("kansho.closing.stage:find_closing_work")
        handed = step("kansho.closing.stage:make_handover", work)
        received = step("kansho.closing.stage:take_handover_receipt", work, after=handed)
        certified = step("kansho.closing.stage:take_certificates", work, after=received)
        inventory = step("kansho.closing.stage:take_inventory", work, after=certified)
        plan = step("kansho.closing.stage:plan_erasure", inventory)
        first = approval("erasure_ward", Role.WARD_MANAGER, of=plan, title="消去計画の承認（区）")
        second = approval(
            "erasure_contractor",
            Role.CONTRACTOR_MANAGER,
            of=first,
            title="消去計画の承認（受託者）",
            distinct_from="erasure_ward",
        )
        returned = step("kansho.closing.stage:return_media", second)
        erased = step("kansho.closing.stage:execute_erasure", returned)
        verdict(handed, received, certified, erased)
