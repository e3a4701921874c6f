"""What really reached whom: the outside world's own memory, from which attendance follows.

One small file per entry, written once; the state is their union, so the order of writing does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kansho.simulation.premises import as_json, put


@dataclass(frozen=True)
class Contacts:
    """Delivered contacts by wave and person."""

    folder: Path

    def add(self, entry: str, wave: str, numbers: Iterable[str], on: date) -> None:
        """Contacts delivered on a day."""
        self._write(entry, {"wave": wave, "on": on.isoformat(), "add": list(numbers)})

    def remove(self, entry: str, wave: str, numbers: Iterable[str]) -> None:
        """Contacts that turned out not to have been delivered (returned mail)."""
        self._write(entry, {"wave": wave, "remove": list(numbers)})

    def by_wave(self) -> dict[str, dict[str, date]]:
        """Wave → person → first day."""
        entries = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(self.folder.glob("*.json"))]
        out: dict[str, dict[str, date]] = {}
        for entry in entries:
            for number in entry.get("add", ()):
                known = out.setdefault(entry["wave"], {})
                day = date.fromisoformat(entry["on"])
                known[number] = min(day, known.get(number, day))
        for entry in entries:
            for number in entry.get("remove", ()):
                out.get(entry["wave"], {}).pop(number, None)
        return out

    def _write(self, entry: str, value: object) -> None:
        path = self.folder / f"{entry}.json"
        if not path.is_file():
            put(path, as_json(value))
