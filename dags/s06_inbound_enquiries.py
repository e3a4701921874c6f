"""### 問合せ受電 (inbound_enquiries)

Takes in the records of people who called: found by number, recorded; a wish to stop cancels everything that waits,
because every later list asks who may still be contacted.

**On failure:** a record package that breaks its contract is refused whole; correct it at the desk and trigger again.
"""

from kansho_airflow.wiring import CALENDAR, campaigns, stage_dag, step, verdict

for campaign in campaigns():
    with stage_dag(campaign, "inbound_enquiries", __doc__, schedule=CALENDAR):
        work = step("kansho.outreach.inbound:find_inbound")
        verdict(step("kansho.outreach.inbound:take_inbound", work))
