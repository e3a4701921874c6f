"""Which date a run stands on, and when the contract's calendar starts one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from kansho.campaign.calendar import stage_days
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho_airflow import timetable as module
from kansho_airflow.dates import choose_date
from kansho_airflow.timetable import calendar_of

NIGHT = datetime(2026, 6, 7, 16, 0, tzinfo=UTC)  # 01:00 of the 8th in Japan


def chosen(config: CampaignConfig, **parts: Any) -> date:
    given: dict[str, Any] = {"conf": None, "extras": [], "moment": NIGHT, "conf_allowed": False, "stands_at": None}
    return choose_date(config, **(given | parts))


def test_a_scheduled_run_takes_the_day_in_japan(sample: CampaignConfig) -> None:
    assert chosen(sample) == date(2026, 6, 8)


def test_an_asset_brings_its_date_and_the_newest_counts(sample: CampaignConfig) -> None:
    assert chosen(sample, extras=["2026-05-01", "2026-05-03", "2026-05-02", None]) == date(2026, 5, 3)


def test_a_simulation_takes_conf_before_everything(sample: CampaignConfig) -> None:
    parts = {"conf_allowed": True, "stands_at": date(2026, 7, 1), "extras": ["2026-05-01"]}
    assert chosen(sample, conf="2026-09-09", **parts) == date(2026, 9, 9)


def test_a_run_by_hand_in_a_simulation_stands_where_the_year_stands(sample: CampaignConfig) -> None:
    assert chosen(sample, conf_allowed=True, stands_at=date(2026, 7, 1)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"conf": "2026-09-09"}, "DATE-NOT-SIMULATION"),
        ({"conf": "tomorrow", "conf_allowed": True}, "DATE-INVALID"),
        ({"conf": 20260909, "conf_allowed": True}, "DATE-INVALID"),
        ({"conf": "2026-W23-1", "conf_allowed": True}, "DATE-INVALID"),
        ({"conf": "2026-03-31", "conf_allowed": True}, "DATE-OUTSIDE"),
        ({"extras": ["2026-13-01"]}, "DATE-INVALID"),
        ({"moment": datetime(2025, 11, 1, tzinfo=UTC)}, "DATE-OUTSIDE"),
    ],
)
def test_every_other_date_is_refused(sample: CampaignConfig, parts: dict[str, Any], code: str) -> None:
    with pytest.raises(KanshoError) as refused:
        chosen(sample, **parts)
    assert refused.value.code == code


def test_what_passed_while_the_scheduler_was_down_becomes_one_run(
    sample: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [o.moment for o in stage_days(sample, "extract_intake")]
    now = moments[3] + timedelta(hours=5)
    monkeypatch.setattr(module.timezone, "utcnow", lambda: pendulum.instance(now))
    calendar = calendar_of(sample, "extract_intake")
    free = TimeRestriction(None, None, False)
    first = calendar.next_dagrun_info(
        last_automated_data_interval=DataInterval.exact(pendulum.instance(moments[0])), restriction=free
    )
    assert first is not None
    assert first.logical_date == moments[3]
    then = calendar.next_dagrun_info(last_automated_data_interval=first.data_interval, restriction=free)
    assert then is not None
    assert then.logical_date == moments[4]
