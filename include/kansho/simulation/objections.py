"""Who asks the ward to be left alone while their card already lies at the printer: somebody, in every year.

The ward does not look into our house: who it is follows from the cards that the printer has received, and from the
seed.  Chosen once and remembered, like everything the outside world knows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.contracts.registry import PRINT_LIST
from kansho.simulation.draws import uniform
from kansho.simulation.premises import Premises, as_json, put, read


@dataclass(frozen=True)
class Objections:
    """The one person of the year who objects between selection and posting."""

    config: CampaignConfig
    seed: int
    printer: Premises
    folder: Path

    def until(self, day: date) -> frozenset[str]:
        """お問い合わせ番号 of who has objected by the day on which a stop list is made."""
        wave = objected_wave(self.config)
        if wave is None:
            return frozenset()
        path = self.folder / f"{wave.id}.json"
        if not path.is_file() and wave.select_on < day <= wave.pull_on:
            self._choose(path, wave, day)
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        return frozenset({said["number"]} if said and date.fromisoformat(said["on"]) <= day else ())

    def _choose(self, path: Path, wave: MailingWave, day: date) -> None:
        for _, package in self.printer.incoming("print_package"):
            opened = self.printer.open(package)
            listed = read(opened.files["print_list.csv"], PRINT_LIST)
            numbers = listed.loc[listed["wave"].eq(wave.id), "inquiry_number"]
            if len(numbers) and date.fromisoformat(opened.manifest["handed_over_on"]) < day:
                number = min(numbers, key=lambda n: uniform(self.seed, "objection", n))
                put(path, as_json({"number": number, "on": day.isoformat()}))
                return


def objected_wave(config: CampaignConfig) -> MailingWave | None:
    """The first mailing with a stop list between its selection and its pulls; None where no list comes in time."""
    listed = [d.on for d in config.deliveries if "stop_list" in d.files]
    return next((m for m in config.waves.mailings if any(m.select_on < on <= m.pull_on for on in listed)), None)
