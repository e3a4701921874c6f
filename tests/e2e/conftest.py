"""What several files look at: the whole year in one process, played once, and one toy campaign on a real scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.residue import ScanResult, scan
from tests.e2e.toys import CAMPAIGN, Toy, start_toy, toy_airflow
from tests.immediate import ImmediateYear
from tests.played import Played, canaries, play
from tests.unit.closing_year import blank_documents

#: How many occasions lie between two canary scans of the running year.
EVERY = 12


@pytest.fixture(scope="session")
def played(mini_as_filed: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Its papers are blank pages: the year on Airflow sets them, and so do the tests of each (``test_year.py``)."""

    def look(year: ImmediateYear, number: int, day: date) -> ScanResult | None:
        return None if number % EVERY else scan([year.var / "kansho"], canaries(year))

    with pytest.MonkeyPatch.context() as patch:
        blank_documents(patch)
        return play(mini_as_filed, tmp_path_factory.mktemp("year") / "var", look)


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """A start of Airflow is dear: its approvals are tried first, then its components end (``test_services.py``)."""
    airflow = toy_airflow(tmp_path_factory.mktemp("toy"))
    try:
        started = start_toy(airflow)
        started.admin.wait_for_dags({f"{CAMPAIGN}__plan", f"{CAMPAIGN}__spilling"})
        assert started.ended(started.start("campaign_opening", date(2026, 4, 1))) == "success"
        started.hasty = started.start("hasty")  # the scheduler looks every 15 s for what has timed out
        yield started
    finally:
        airflow.stop(grace=5)
