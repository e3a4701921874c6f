"""### 発送と返戻 (mailing_dispatch)

After the hand-over to the printer: the last-moment pulls (引抜き), the printer's report (printed, spoiled, posted), and
the returned mail. Each run does whatever of the three is open today. A report by which cards may be lost, or posted to
whom they must not, is an incident: the ward is told at once, and `incident` woken.

**On failure:** `STOP-*`: the stop list is stale, so nothing may be posted: get a new one first. `PRINT-*`: the
report does
not reconcile; it was refused whole, ask the printer for a corrected one and trigger again.
"""

from kansho_airflow.wiring import CALENDAR, asset, campaigns, stage_dag, step, verdict

WATCH = "kansho.oversight.incident_watch:watch_incidents"

for campaign in campaigns():
    with stage_dag(campaign, "mailing_dispatch", __doc__, schedule=CALENDAR):
        work = step("kansho.mailing.dispatch:find_dispatch_work")
        pulled = step("kansho.mailing.dispatch:list_pulls", work, when="pull")
        reported = step("kansho.mailing.dispatch:take_print_report", work, after=pulled, when="reports")
        returned = step("kansho.mailing.returns:take_returns", work, after=reported, when="returns")
        watched = step(WATCH, after=returned, trigger_rule="all_done", outlet=asset(campaign, "incident"))
        verdict(pulled, reported, returned, watched)
