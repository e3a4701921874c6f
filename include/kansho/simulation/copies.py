"""What each 丙 does with the copies it was given: it erases them when their days are nearly over, and says so.

Mishap: the printer forgets its first package and erases it late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kansho.campaign.config import CampaignConfig
from kansho.exchange.notices import CopiesErased, copies_path
from kansho.exchange.papers import write_paper
from kansho.simulation.premises import Premises, put

_EARLY, _LATE, _BEFORE_END = timedelta(days=10), timedelta(days=6), timedelta(days=3)


@dataclass(frozen=True)
class Copies:
    """One 丙's copies."""

    config: CampaignConfig
    premises: Premises
    late: bool

    def act(self, day: date) -> None:
        """Note what is new, and erase what is due by a day, all of a day as one deed."""
        known = self.premises.desk / "copies"
        first = True
        due: dict[date, list[str]] = {}
        for path in sorted(self.premises.received.glob("*--*.age"), key=lambda p: p.stem):
            note = known / f"{path.stem}.seen"
            if not note.is_file():
                put(note, day.isoformat().encode())
            kind, _, package = path.stem.partition("--")
            on = self._erased_on(kind, date.fromisoformat(note.read_text()), late=self.late and first)
            first = False
            if on <= day:
                due.setdefault(on, []).append(f"{kind}/{package}")
        for on, packages in due.items():
            self._tell(on, tuple(packages))

    def _erased_on(self, kind: str, given: date, *, late: bool) -> date:
        flow = self.config.copy_flow(kind, self.premises.party)
        end = self.config.closing.handover_on - _BEFORE_END
        if flow is None or flow.erase_after_days is None:
            return max(end, given)
        until = given + timedelta(days=flow.erase_after_days)
        return max(given, min(end, until + _LATE if late else until - _EARLY))

    def _tell(self, on: date, packages: tuple[str, ...]) -> None:
        path = copies_path(self.premises.outgoing, on.isoformat())
        by = next(h for h in self.config.handlers if h.party == self.premises.party)
        witness = next(h for h in self.config.handlers if h.party == self.config.contractor.id)
        paper = CopiesErased(
            party=self.premises.party,
            packages=packages,
            method="physical_destruction",
            on=on,
            place=by.place,
            by=by.id,
            witness=witness.id,
        )
        if not path.is_file() or path.read_text(encoding="utf-8") != paper.model_dump_json(indent=1):
            write_paper(path, paper)
