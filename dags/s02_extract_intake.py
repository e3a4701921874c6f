"""### 受領 (extract_intake)

Takes in every sealed delivery whose password a person has entered (desk, or `kansho intake unlock`), checks it whole
and puts raw snapshots into the vault. Runs on the announced days, and by hand when the ward redelivers.

**On failure:** the run is red when a delivery was refused; the code and the remedy stand in the ledger and on the
desk. Nothing but the sealed original was kept. Send the code to the ward; after the redelivery enter its password and
trigger this DAG.
"""

from kansho_airflow.wiring import asset, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "extract_intake", __doc__):
        work = step("kansho.intake.stage:find_deliveries")
        taken = step("kansho.intake.stage:take_in", work, outlet=asset(campaign, "raw"))
        settled = step("kansho.intake.stage:settle_intake", taken)
        verdict(settled)
