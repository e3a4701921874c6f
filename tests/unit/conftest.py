"""Years ready to be closed, made once: a test that changes one works on a copy of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from tests.unit.closing_year import ClosingYear, closing_year, copied, plain_papers


@pytest.fixture(scope="session")
def _begun(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> ClosingYear:
    return closing_year(mini, tmp_path_factory.mktemp("begun") / "var")


@pytest.fixture(scope="session")
def _erased(_begun: ClosingYear, tmp_path_factory: pytest.TempPathFactory) -> ClosingYear:
    with pytest.MonkeyPatch.context() as patch:
        plain_papers(patch)
        return copied(_begun, tmp_path_factory.mktemp("erased") / "var").until_erased()


@pytest.fixture
def begun_year(_begun: ClosingYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    """`closing_year`, its papers blank."""
    plain_papers(monkeypatch)
    return copied(_begun, tmp_path / "var")


@pytest.fixture
def erased_year(_erased: ClosingYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    """The same, handed over, planned, approved and erased."""
    plain_papers(monkeypatch)
    return copied(_erased, tmp_path / "var")
