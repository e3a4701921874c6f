"""The installation: which campaigns, where run-time files lie, replay or not; all from the environment.

Belongs here: reading ``KANSHO_CAMPAIGNS``, ``KANSHO_VAR``, ``KANSHO_REPLAY``.  Does not belong here:
Airflow's own settings (`kansho_airflow.environment`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from kansho.bound import bound_of
from kansho.campaign import filed
from kansho.campaign.config import CampaignConfig, load_config
from kansho.ended import has_ended
from kansho.errors import KanshoError

#: Root of the checkout.
REPOSITORY = Path(__file__).resolve().parents[2]


def var_dir() -> Path:
    """Root of run-time files: ``KANSHO_VAR``, else ``var`` in the checkout."""
    return Path(os.environ.get("KANSHO_VAR") or REPOSITORY / "var")


def is_replay() -> bool:
    """Whether this Airflow replays a simulated year: then no DAG starts by the clock."""
    return os.environ.get("KANSHO_REPLAY") == "1"


def campaign_files() -> tuple[Path, ...]:
    """The config files: ``KANSHO_CAMPAIGNS`` (separated like PATH), else every one in the checkout."""
    return filed.campaign_files(os.environ.get("KANSHO_CAMPAIGNS", ""))


def all_campaigns() -> tuple[CampaignConfig, ...]:
    """Every campaign of this installation that is not over: a certified one has no DAG, no desk and no user (P11).

    Raises:
        KanshoError: ``CONFIG-INVALID``, ``CONFIG-MISSING``, ``CONFIG-TWICE`` (two files, one campaign).
    """
    return tuple(config for config in _filed() if not has_ended(config.id, var_dir()))


def _filed() -> tuple[CampaignConfig, ...]:
    """Every campaign that has a file, over or not."""
    found = tuple(_load(path, _stamp(path)) for path in campaign_files())
    ids = [config.id for config in found]
    if len(ids) != len(set(ids)):
        raise KanshoError("CONFIG-TWICE", "two files describe the same campaign", place="KANSHO_CAMPAIGNS")
    return found


def campaign(campaign_id: str) -> CampaignConfig:
    """One campaign by id.

    Raises:
        KanshoError: ``CONFIG-UNKNOWN``, ``CAMPAIGN-ENDED`` when it is certified.
    """
    for config in _filed():
        if config.id != campaign_id:
            continue
        if has_ended(config.id, var_dir()):
            raise KanshoError(
                "CAMPAIGN-ENDED",
                "この業務は終了し、消去が証明されています",
                place=campaign_id,
                remedy="記録は証跡一式（evidence）で確かめてください",
            )
        return config
    raise KanshoError("CONFIG-UNKNOWN", "no such campaign here", place=campaign_id, remedy="check KANSHO_CAMPAIGNS")


def people(campaign_id: str) -> CampaignConfig:
    """The configuration that says who is who: the bound one, also while its file is being changed (C1)."""
    return bound_of(campaign(campaign_id), var_dir())


def campaign_id_of(dag_id: str) -> str:
    """``shinjuku_2026__closing`` → ``shinjuku_2026``."""
    return dag_id.rpartition("__")[0]


def stage_of(dag_id: str) -> str:
    """``shinjuku_2026__closing`` → ``closing``."""
    return dag_id.rpartition("__")[2]


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=64)
def _load(path: Path, stamp: int) -> CampaignConfig:
    return load_config(path)
