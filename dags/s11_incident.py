"""### 事故対応 (incident)

Woken by whatever opens an incident (a delivery, a print report, sheets that are not back) and by oversight, which looks
every morning; started by hand as soon as anybody knows of one, or of the danger of one (P9), by any of the contractor's
people. Opens it with its clocks (甲 at once, written report, 速報 and 確報 by law), drafts the 事故報告書, takes the
ward's instruction on it, and closes it when what was wrong is mended. To open one, trigger with
`{"kind": "media_lost", "ref": "CDR-0012"}` (kinds: `kansho.oversight.incidents`), with `"party": "printer"` too where
it happened with a 丙, and `"known_on": "2026-10-12"` where it was known before today: the clocks run from that day.
The nine items are filled at the desk (事故) or by `kansho incident fill`, never here; once all are, the next report is
the 確報, which `{"final": "media_lost-CDR-0012"}` asks for by name.

**On failure:** the clock runs on. Telephone the ward first, then start a new run: it finds what is still to do.
`INCIDENT-ITEMS-EMPTY` names the items that a 確報 still lacks.
"""

from kansho.campaign.rights import Role
from kansho_airflow.wiring import approval, asset, campaigns, stage_dag, step, verdict

#: Whoever learns of it, without looking for the engineer first.
STARTERS = (Role.CONTRACTOR_MANAGER, Role.CONTRACTOR_STAFF)

for campaign in campaigns():
    with stage_dag(campaign, "incident", __doc__, triggers=[asset(campaign, "incident")], starters=STARTERS):
        work = step("kansho.oversight.incident:find_incidents")
        report = step("kansho.oversight.incident:make_incident_report", work)
        approved = approval("incident_report", Role.CONTRACTOR_MANAGER, of=report, title="事故報告書の承認")
        reported = step("kansho.oversight.incident:report_incident", approved)
        instructed = approval(
            "incident_instruction", Role.WARD_OFFICER, of=reported, title="事故報告書の受理と区の指示"
        )
        verdict(step("kansho.oversight.incident:close_incidents", work, after=instructed))
