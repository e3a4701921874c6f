"""The whole year in one process, played once and looked at by several files."""

from __future__ import annotations

from datetime import date

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.residue import ScanResult, scan
from tests.immediate import ImmediateYear
from tests.played import Played, canaries, play

#: How many occasions lie between two canary scans of the running year.
EVERY = 12


@pytest.fixture(scope="session")
def played(mini_as_filed: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Played:
    def look(year: ImmediateYear, number: int, day: date) -> ScanResult | None:
        return None if number % EVERY else scan([year.var / "kansho"], canaries(year))

    return play(mini_as_filed, tmp_path_factory.mktemp("year") / "var", look)
