"""What each stage came to, read off Airflow's own runs: so nothing is counted twice however often a year is resumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FINAL = frozenset({"success", "failed"})


@dataclass(frozen=True)
class StageClock:
    """Runs of one stage that have ended, how many of them red, the seconds they took, and how the last one ended."""

    runs: int = 0
    failed: int = 0
    seconds: float = 0.0
    state: str = ""


def stage_of(run: Mapping[str, Any], campaign: str) -> str:
    """The stage of a run's DAG."""
    return str(run["dag_id"]).removeprefix(f"{campaign}__")


def seconds_of(run: Mapping[str, Any]) -> float:
    """From a run's start to its end, waiting for people included; 0 while it has not begun or ended."""
    if not run.get("start_date") or not run.get("end_date"):
        return 0.0
    began, ended = (datetime.fromisoformat(str(run[name])) for name in ("start_date", "end_date"))
    return max(0.0, (ended - began).total_seconds())


def clocks_of(runs: Iterable[Mapping[str, Any]], campaign: str) -> dict[str, StageClock]:
    """A clock per stage that ran, in the order in which the stages first ran.

    Args:
        runs: every run of the campaign, oldest first, whether the calendar started it or an asset woke it.
        campaign: id of the campaign.
    """
    clocks: dict[str, StageClock] = {}
    for run in runs:
        if run["state"] in FINAL:
            stage = stage_of(run, campaign)
            before = clocks.get(stage, StageClock())
            failed = before.failed + (run["state"] == "failed")
            clocks[stage] = StageClock(before.runs + 1, failed, before.seconds + seconds_of(run), str(run["state"]))
    return clocks
