"""### 受領 (extract_intake)

Takes in every sealed delivery whose password a person has entered (desk, or `kansho intake unlock`), checks it whole
and puts raw snapshots into the vault. Runs on the announced days, and does nothing while no password is waiting:
whoever enters one at another hour, or for a redelivery, starts this DAG then. A refusal that is an incident (a column
of nobody's contract, a マイナンバー) is told to the ward at once, and wakes `incident`.

**On failure:** the run is red when a delivery was refused; the code and the remedy stand in the ledger and on the
desk. Nothing but the sealed original was kept. Send the code to the ward; after the redelivery enter its password and
trigger this DAG.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import CALENDAR, asset, campaigns, stage_dag, step, verdict

#: Who may enter passwords.
STARTERS = (Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF)
WATCH = "kansho.oversight.incident_watch:watch_incidents"

for campaign in campaigns():
    with stage_dag(campaign, "extract_intake", __doc__, schedule=CALENDAR, starters=STARTERS):
        work = step("kansho.intake.stage:find_deliveries")
        taken = step("kansho.intake.stage:take_in", work, outlet=asset(campaign, "raw"))
        settled = step("kansho.intake.stage:settle_intake", taken)
        watched = step(WATCH, after=settled, trigger_rule="all_done", outlet=asset(campaign, "incident"))
        verdict(settled, watched)
