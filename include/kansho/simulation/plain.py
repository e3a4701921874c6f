"""The same population in plain, for whoever wants to search our disks for any of its values."""

from __future__ import annotations

from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.simulation.population import build


def write_plain(config: CampaignConfig, people: int | str, seed: int, out: Path, *, taken: Path | None = None) -> int:
    """Write ``people.csv`` (UTF-8) to ``out``; the number of people.

    ``taken`` is a file of values to draw again, one per line, as a replay's baseline scan found them
    (``var/outside-world/taken.txt``); with it the very population of that replay is written.
    """
    found = (
        frozenset(taken.read_text(encoding="utf-8").splitlines())
        if taken is not None and taken.is_file()
        else frozenset()
    )
    frame = build(config, people, seed, taken=found).people
    out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(out / "people.csv", index=False, encoding="utf-8")
    return len(frame)
