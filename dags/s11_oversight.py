"""### 進行管理 (oversight)

Every morning (in a replay on the days with something due): monthly attestations and report, inspections and audits,
what parties tell (who left, what was handed over, which copies are gone), retention of what is no longer needed,
overdue obligations, an incident's clocks. Incidents that only the ledger shows, or of which the ward was not told, are
opened and told first, and wake `incident`. It evaluates the campaign's own
deadlines, so a run that never started is found too; on most days it finds nothing to do.

**On failure:** clear the failed task; what is overdue is also in the monthly report.
"""

from kansho_airflow.wiring import CALENDAR, asset, campaigns, stage_dag, step, verdict

WATCH = "kansho.oversight.incident_watch:watch_incidents"

for campaign in campaigns():
    with stage_dag(campaign, "oversight", __doc__, schedule=CALENDAR):
        work = step("kansho.oversight.stage:find_oversight_work")
        watched = step(WATCH, work, when="incidents", outlet=asset(campaign, "incident"))
        attested = step("kansho.oversight.stage:record_attestations", work, when="attestations")
        told = step("kansho.oversight.notices:take_notices", work, after=attested, when="notices")
        inspected = step("kansho.oversight.stage:record_inspections", work, after=told)
        retained = step("kansho.oversight.stage:apply_retention", work, after=inspected, when="expired")
        reported = step("kansho.oversight.stage:make_monthly_report", work, after=retained, when="months")
        verdict(watched, attested, told, inspected, retained, reported)
