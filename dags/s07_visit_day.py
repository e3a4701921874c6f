"""### 訪問日 (visit_day)

In the morning: sheets out, serial by serial, per team, in the 授受簿, after asking once more who may be visited today.
In the evening: results, the precautions checklist and sheets in. Sheets that do not balance open an incident, of
which the ward is told at once and which wakes `incident`; the next morning's issue is refused until they do (P3).

**On failure:** `CUSTODY-OPEN` names the day and team whose sheets are missing: find them, let the visitors send the
correction, and trigger again.
"""

from kansho_airflow.wiring import CALENDAR, asset, campaigns, stage_dag, step, verdict

WATCH = "kansho.oversight.incident_watch:watch_incidents"

for campaign in campaigns():
    with stage_dag(campaign, "visit_day", __doc__, schedule=CALENDAR):
        work = step("kansho.outreach.visits:find_visit_day_work")
        returned = step("kansho.outreach.custody:take_field_report", work, when="packages")
        issued = step("kansho.outreach.custody:issue_sheets", work, after=returned, when="day")
        watched = step(WATCH, after=issued, trigger_rule="all_done", outlet=asset(campaign, "incident"))
        verdict(returned, issued, watched)
