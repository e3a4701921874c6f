"""One function gives every date of the year, inside the contract, in a fixed order."""

from __future__ import annotations

from datetime import date, time

from kansho.campaign.calendar import EVENING, MORNING, occasions, oversight_days, scheduled, stage_days, watch_days
from kansho.campaign.config import CampaignConfig


def test_every_occasion_lies_inside_the_contract(sample: CampaignConfig, mini: CampaignConfig) -> None:
    for config in (sample, mini):
        days = [o.on for o in occasions(config)]
        assert days == sorted(days)
        assert config.contract.start <= days[0]
        assert days[-1] == config.closing.erase_on <= config.contract.end


def test_the_year_opens_first_and_erases_last(mini: CampaignConfig) -> None:
    year = occasions(mini)
    assert (year[0].stage, year[-1].stage) == ("campaign_opening", "media_return_and_erasure")


def test_a_visiting_day_has_a_morning_and_an_evening(mini: CampaignConfig) -> None:
    days = {(o.on, o.at) for o in stage_days(mini, "visit_day")}
    expected = {(d, at) for w in mini.waves.visits for d in w.days for at in (MORNING, EVENING)}
    assert days == expected


def test_sheets_go_out_before_they_come_in(mini: CampaignConfig) -> None:
    times = [o.at for o in stage_days(mini, "visit_day")]
    assert times == [time(9), time(18)] * len(mini.waves.visits[0].days)


def test_a_real_campaigns_oversight_looks_every_morning_and_every_other_stage_on_its_own_days(
    mini: CampaignConfig,
) -> None:
    watched = [moment.date() for moment in scheduled(mini, "oversight")]
    assert set(watched) == {*watch_days(mini), *(day for day, _ in oversight_days(mini))}
    assert len(watched) == (mini.closing.handover_on - mini.opening_on).days
    for stage in {o.stage for o in occasions(mini)} - {"oversight"}:
        assert scheduled(mini, stage) == tuple(o.moment for o in stage_days(mini, stage))


def test_oversight_reports_every_month_until_the_hand_over(mini: CampaignConfig) -> None:
    days = [o.on for o in stage_days(mini, "oversight")]
    assert date(2027, 5, 10) in days
    assert date(2028, 1, 10) in days
    assert max(days) <= mini.closing.handover_on
