"""The contract's calendar as an Airflow timetable.

Belongs here: turning the dated occasions of a stage into scheduled runs.  Does not belong here: the
dates themselves (`kansho.campaign.calendar`), which a replay reads too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pendulum
from airflow.sdk import timezone
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from kansho.campaign.calendar import scheduled
from kansho.campaign.config import CampaignConfig


class ContractCalendar(Timetable):
    """One run per occasion, at its moment.

    Occasions that passed while the scheduler was down become one run, for the newest of them: the first
    task of every DAG does all that is open, so one wake-up is enough, and none is lost (decision 10).

    Args:
        moments: aware moments of the occasions, any order.
    """

    periodic = False

    def __init__(self, moments: Iterable[datetime]) -> None:
        self.moments = sorted(pendulum.instance(moment) for moment in set(moments))
        self.description = f"契約の暦: {len(self.moments)} 回"

    @property
    def summary(self) -> str:
        """Shown in the list of DAGs."""
        return f"契約の暦 {len(self.moments)} 回"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """See `Timetable.next_dagrun_info`."""
        last = last_automated_data_interval.end if last_automated_data_interval else None
        ahead = [
            moment
            for moment in self.moments
            if (last is None or moment > last)
            and (restriction.earliest is None or moment >= restriction.earliest)
            and (restriction.latest is None or moment <= restriction.latest)
        ]
        missed = [moment for moment in ahead if moment <= timezone.utcnow()]
        if missed and not restriction.catchup:
            return DagRunInfo.exact(missed[-1])
        return DagRunInfo.exact(ahead[0]) if ahead else None

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A run by hand stands at its own moment."""
        return DataInterval.exact(run_after)

    def serialize(self) -> dict[str, Any]:
        """Plain form for the metadata database."""
        return {"moments": [moment.isoformat() for moment in self.moments]}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        """Inverse of `serialize`."""
        return cls(datetime.fromisoformat(moment) for moment in data["moments"])


def calendar_of(config: CampaignConfig, stage: str) -> ContractCalendar:
    """The timetable of one stage of one campaign."""
    return ContractCalendar(scheduled(config, stage))
