"""A whole year of the small campaign in one process, tasks killed, and what nobody may find afterwards.  Not a test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from kansho.admission import admit
from kansho.campaign.config import CampaignConfig
from kansho.closing.finalise import finalise
from kansho.closing.needles import Needle, needles_of, secret_forms
from kansho.closing.residue import ScanResult
from kansho.evidence.events import Event
from kansho.workspace import Workspace
from tests.fuse import every_task_killed_once
from tests.immediate import ImmediateYear

PEOPLE, SEED = 300, 11
#: May scan after an occasion before the erasure: given the year, the occasion's number and its day.
Look = Callable[[ImmediateYear, int, date], ScanResult | None]


@dataclass
class Played:
    """A year that has ended, and the scans made while it ran."""

    year: ImmediateYear
    scans: list[ScanResult]
    #: Inquiry numbers on the first pull list, by reason: the list itself goes with its retention.
    pulled: dict[str, set[str]]
    #: SHA-256 of every file of cards, by its name: they go with their retention too.
    printed: dict[str, str]
    #: How many tasks were killed.
    kills: int

    @property
    def events(self) -> list[Event]:
        return self.year.workspace(self.year.config.closing.erase_on).ledger.events()

    @property
    def outputs(self) -> Path:
        return self.year.var / "kansho" / "outputs"


def canaries(year: ImmediateYear) -> list[Needle]:
    """Every value of the population, and every password."""
    secrets = (form for password in year.passwords.values() for form in secret_forms(password))
    return sorted({*needles_of(year.world.people), *secrets})


def play(config: CampaignConfig, var: Path, look: Look, people: int = PEOPLE) -> Played:
    """Play the year to its certificate, every task killed once on its way (`tests.fuse`); no read without a purpose."""
    year, scans = ImmediateYear(config, var, people, SEED), []
    pulled: dict[str, set[str]] = {}
    printed: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as door, every_task_killed_once() as fuse:
        door.setattr("kansho.workspace.admit", admit)  # as it stands: `tests.doors` is for stages alone
        for number, day in enumerate(year.play()):
            pulled = pulled or _pulled(year, day)
            printed = printed or printed_files(year.workspace(day))
            seen = look(year, number, day) if day < config.closing.erase_on else None
            scans += [seen] if seen else []
        finalise(config, var, also=year.passwords.values(), no_database=True)  # no Airflow played it
    return Played(year, scans, pulled, printed, fuse.kills)


def printed_files(ws: Workspace) -> dict[str, str]:
    """SHA-256 of every file of cards in the vault, by its name; looked at behind the door: no reading is told."""
    return {ref.key: hashlib.sha256(ws.vault.read_bytes(ref)).hexdigest() for ref in ws.snapshots("print_pdf")}


def _pulled(year: ImmediateYear, day: date) -> dict[str, set[str]]:
    ws = year.workspace(day, "mailing_dispatch")
    ref = ws.latest_or_none("pull_list")
    if ref is None:
        return {}
    return {str(reason): set(part) for reason, part in ws.read_table(ref).groupby("reason")["inquiry_number"]}
