"""The outside world as one thing that can be moved to a day: every party acts on what lies in its letter box.

Idempotent and safe to kill: each party looks at what is already out.  Truths are asked for at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.nesting import waves_answered
from kansho.campaign.rights import TargetGroup, Work
from kansho.simulation.call_centre import CallCentre
from kansho.simulation.contacts import Contacts
from kansho.simulation.copies import Copies
from kansho.simulation.countersigning import countersign, make_key
from kansho.simulation.effects import Attendances, attendances, delay_days, in_slot
from kansho.simulation.inspections import Inspections
from kansho.simulation.leavers import Leavers
from kansho.simulation.objections import Objections
from kansho.simulation.papers import Papers
from kansho.simulation.population import build
from kansho.simulation.premises import Premises
from kansho.simulation.printer import Printer
from kansho.simulation.slips import Slips
from kansho.simulation.visitors import Visitors
from kansho.simulation.ward import LAG_DAYS, Ward


@dataclass(frozen=True)
class World:
    """All parties outside, their population and their memory."""

    config: CampaignConfig
    people: pd.DataFrame
    seed: int
    outside: Path
    mishaps: bool

    @classmethod
    def open(
        cls,
        config: CampaignConfig,
        outside: Path,
        people: int | str,
        seed: int,
        *,
        mishaps: bool = True,
        taken: Iterable[str] = (),
    ) -> World:
        """The world under ``outside`` (``var/outside-world``); the same arguments give the same world.

        ``taken`` are values that nobody may have (`kansho.simulation.population.build`).
        """
        world = cls(config, build(config, people, seed, taken=taken).people, seed, outside, mishaps)
        for party in config.parties:
            if party.id != config.contractor.id:
                world._premises(party.id).settle_in()
        make_key(world._premises(config.ward_party.id))
        return world

    def advance(self, day: date) -> None:
        """Let everybody act up to a day."""
        work = self.config.party_for
        Printer(self.config, self.seed, self._premises(work(Work.ADDRESSING).id), self._contacts, self.mishaps).act(day)
        CallCentre(self.config, self.people, self.seed, self._premises(work(Work.CALLS).id), self._contacts).act(day)
        Visitors(
            self.config, self.people, self.seed, self._premises(work(Work.VISITS).id), self._contacts, self.mishaps
        ).act(day)
        last = self.config.subcontractors[-1].id
        for party in (self.config.contractor, *self.config.subcontractors):
            Papers(self.config, self._premises(party.id), late=self.mishaps and party.id == last).act(day)
        for party in self.config.parties:
            Slips(self.config, self._premises(party.id)).act(day)
        Inspections(self.config, self.outside, self.mishaps).act(day)
        printer = work(Work.ADDRESSING).id
        for party in self.config.subcontractors:
            Copies(self.config, self._premises(party.id), late=self.mishaps and party.id == printer).act(day)
        Leavers(self.config, self.outside, self.mishaps).act(day)
        self._ward.act(day, self._attended)
        countersign(self._premises(self.config.ward_party.id))

    def remind(self, day: date) -> None:
        """The contractor's staff ask the ward for what it forgot."""
        self._ward.remind(day)

    def truth(self, wave: str, assigned: Iterable[str], *, group: str, cutoff: date) -> float:
        """True effect of a wave in percentage points among those assigned to it, as known on ``cutoff``.

        The share of the assigned for whom a contact was delivered, makes the difference, and led to an
        attendance that the ward knew two months later, on the cut-off day.  By randomisation it is what the
        difference to the hold-out estimates: the wave's own contacts, and where hold-outs are nested those of
        every later wave.
        """
        numbers = list(assigned)
        if not numbers:
            return 0.0
        hits = sum(self._hits(w.id, numbers, group, cutoff) for w in waves_answered(self.config, wave))
        return 100 * hits / len(numbers)

    def _hits(self, wave: str, numbers: list[str], group: str, cutoff: date) -> int:
        reached = self._contacts.by_wave().get(wave, {})
        causal = in_slot(self.config, self.people, self.seed, wave, TargetGroup(group))
        delays = dict(zip(numbers, delay_days(self.seed, wave, numbers), strict=True))
        bound = cutoff - timedelta(days=LAG_DAYS)
        return sum(
            bool(causal.get(n, False)) and n in reached and reached[n] + timedelta(days=int(delays[n])) <= bound
            for n in numbers
        )

    def _attended(self) -> Attendances:
        return attendances(self.config, self.people, self.seed, self._contacts.by_wave())

    @property
    def _ward(self) -> Ward:
        printer = self._premises(self.config.party_for(Work.ADDRESSING).id)
        objections = Objections(self.config, self.seed, printer, self.outside / "world" / "objections")
        own = self._premises(self.config.ward_party.id)
        return Ward(self.config, self.people, self.seed, own, self.mishaps, objections.until)

    @property
    def _contacts(self) -> Contacts:
        return Contacts(self.outside / "world" / "contacts")

    def _premises(self, party: str) -> Premises:
        return Premises(self.outside, party, self.config.id)
