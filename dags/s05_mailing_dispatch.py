"""### 発送と返戻 (mailing_dispatch)

After the hand-over to the printer: the last-moment pulls (引抜き), the printer's report (printed, spoiled, posted), and
the returned mail. Each run does whatever of the three is open today.

**On failure:** `STOP-*`: the stop list is stale, so nothing may be posted: get a new one first. `PRINT-*`: the
report does
not reconcile; it was refused whole, ask the printer for a corrected one and trigger again.
"""

from kansho_airflow.wiring import CALENDAR, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "mailing_dispatch", __doc__, schedule=CALENDAR):
        work = step("kansho.mailing.dispatch:find_dispatch_work")
        pulled = step("kansho.mailing.dispatch:list_pulls", work, when="pull")
        reported = step("kansho.mailing.dispatch:take_print_report", work, after=pulled, when="reports")
        returned = step("kansho.mailing.returns:take_returns", work, after=reported, when="returns")
        verdict(pulled, reported, returned)
