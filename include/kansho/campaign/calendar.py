"""The year's calendar: one pure function gives every dated occasion of a campaign.

Belongs here: which stage is due when.  The replay plays the `occasions`; the scheduler's timetables are the same
(`scheduled`), but that a real campaign's oversight looks at the clocks on the days between, too (architecture
decision 9).  Does not belong here: what a stage does then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kansho.campaign.config import CampaignConfig

#: Civil time of the ward; campaign dates are days of this zone.
ZONE = ZoneInfo("Asia/Tokyo")

MORNING = time(9, 0)
EVENING = time(18, 0)

OVERSIGHT = "oversight"

#: Order of stages within one day and hour: what informs others comes first.
_ORDER = (
    "campaign_opening",
    "extract_intake",
    "inbound_enquiries",
    "mailing_dispatch",
    "call_wave",
    "mailing_production",
    "visit_wave",
    "visit_day",
    "effect_analysis",
    OVERSIGHT,
    "media_return_and_erasure",
)

#: Days after a mailing's report on which enquiries are taken in.
_ENQUIRY_LAG_DAYS = (7, 21)


@dataclass(frozen=True, order=True)
class Occasion:
    """One dated start of one stage: ``subject`` names the wave, delivery or reason."""

    on: date
    at: time
    rank: int
    stage: str
    subject: str

    @property
    def moment(self) -> datetime:
        """The aware moment of the schedule."""
        return datetime.combine(self.on, self.at, ZONE)


def occasions(config: CampaignConfig) -> tuple[Occasion, ...]:
    """Every dated occasion of the year, in order; equal (day, hour, stage) appear once.

    Source: C1 (schedules live inside the contract period); dates themselves come from the config.
    """
    raw: list[tuple[date, time, str, str]] = [(config.opening_on, MORNING, "campaign_opening", "opening")]
    raw += [(d.on, MORNING, "extract_intake", d.id) for d in config.deliveries]
    for mailing in config.waves.mailings:
        raw.append((mailing.select_on, MORNING, "mailing_production", mailing.id))
        raw += [
            (day, MORNING, "mailing_dispatch", mailing.id)
            for day in (mailing.pull_on, mailing.report_on, *mailing.returns_on)
        ]
        raw += [
            (mailing.report_on + timedelta(days=lag), MORNING, "inbound_enquiries", mailing.id)
            for lag in _ENQUIRY_LAG_DAYS
        ]
    for call in config.waves.calls:
        raw += [(day, MORNING, "call_wave", call.id) for day in (*call.rounds_on, call.close_on)]
    for visit in config.waves.visits:
        raw.append((visit.select_on, MORNING, "visit_wave", visit.id))
        for day in visit.days:
            raw.append((day, MORNING, "visit_day", visit.id))
            raw.append((day, EVENING, "visit_day", visit.id))
    raw += [(day, MORNING, "effect_analysis", "report") for day in config.effect_reports.on]
    closing = config.closing
    raw += [
        (day, MORNING, "media_return_and_erasure", step)
        for day, step in (
            (closing.handover_on, "handover"),
            (closing.certificates_due, "certificates"),
            (closing.erase_on, "erasure"),
        )
    ]
    raw += [(day, MORNING, OVERSIGHT, reason) for day, reason in oversight_days(config)]
    seen: dict[tuple[date, time, str], Occasion] = {}
    for day, at, stage, subject in raw:
        seen.setdefault((day, at, stage), Occasion(day, at, _ORDER.index(stage), stage, subject))
    return tuple(sorted(seen.values()))


def oversight_days(config: CampaignConfig) -> tuple[tuple[date, str], ...]:
    """Days on which something of oversight is due, with the reason; never past the erasure."""
    start, last = config.contract.start, config.closing.handover_on
    out: list[tuple[date, str]] = []
    month = date(start.year, start.month, 1)
    while month <= last:
        month = (month + timedelta(days=32)).replace(day=1)
        due = month.replace(day=config.oversight.monthly_report_day)
        if due <= last:
            out.append((due, "monthly"))
    for party in config.subcontractors:
        out += [(d, f"audit_{party.id}") for d in (party.audit_on,) if d]
        out += [(d, f"ward_check_{party.id}") for d in (party.ward_check_on,) if d]
    out.append((config.oversight.ward_inspection_on, "ward_inspection"))
    return tuple(sorted(out))


def watch_days(config: CampaignConfig) -> tuple[date, ...]:
    """Every day from the one after the opening to the hand-over.

    An incident's clocks run in days, and no plan knows when one begins (P9): a real campaign's oversight looks each
    morning, and mostly finds nothing to do.
    """
    days = (config.closing.handover_on - config.opening_on).days
    return tuple(config.opening_on + timedelta(days=n) for n in range(1, days + 1))


def scheduled(config: CampaignConfig, stage: str) -> tuple[datetime, ...]:
    """The moments at which the scheduler starts a stage of a real campaign, in order."""
    moments = {o.moment for o in stage_days(config, stage)}
    if stage == OVERSIGHT:
        moments |= {datetime.combine(day, MORNING, ZONE) for day in watch_days(config)}
    return tuple(sorted(moments))


def stage_days(config: CampaignConfig, stage: str) -> tuple[Occasion, ...]:
    """The occasions of one stage, in order."""
    return tuple(o for o in occasions(config) if o.stage == stage)
