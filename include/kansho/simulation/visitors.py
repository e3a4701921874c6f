"""The visitors: teams of two with a half each, results by token, sheets back in the evening; one is left behind
once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kansho.campaign.config import CampaignConfig, VisitWave
from kansho.campaign.rights import Work
from kansho.contracts.registry import VISIT_HALF_A, VISIT_HALF_B, VISIT_RESULTS
from kansho.outreach.rosters import table_of
from kansho.simulation.contacts import Contacts
from kansho.simulation.draws import choice
from kansho.simulation.notes import note
from kansho.simulation.premises import Premises, as_json, read, table

_OUTCOMES = ("10", "11", "12", "13", "14", "20", "30", "31", "33", "50", "51", "60", "61", "62", "64", "70")
_WEIGHTS = (10, 2, 3, 9, 5, 9, 34, 6, 13, 2.5, 0.3, 2, 0.1, 0.6, 1.5, 0.6)
_PERSON = frozenset({"10", "11", "12", "13", "14", "50", "51"})
#: What counts as a contact: the person was met, or the leaflet was left.
_CONTACT = frozenset({"10", "11", "12", "13", "14", "20", "30"})
_INTENTION = {"10": "1", "11": "1", "12": "1", "13": "2", "14": "3"}
_CHECKLIST = {"strap": True, "chain": True, "net": True, "cabinet": True}


@dataclass(frozen=True)
class Visitors:
    """All teams."""

    config: CampaignConfig
    people: pd.DataFrame
    seed: int
    premises: Premises
    contacts: Contacts
    mishaps: bool

    def act(self, day: date) -> None:
        """Report each day's visits that evening; bring the lost sheet back the next day."""
        parts: pd.DataFrame | None = None
        for package, path in self.premises.incoming("visit_halves"):
            short = self._short_day(package)
            done = self.premises.answered("visit_results", package)
            if done and not (short and not self.premises.answered("visit_results", f"{package}-correction")):
                continue
            opened = self.premises.open(path)
            on = date.fromisoformat(opened.manifest["handed_over_on"])
            half_a = read(opened.files["half_a.csv"], VISIT_HALF_A)
            half_b = read(opened.files["half_b.csv"], VISIT_HALF_B)
            wave = self._wave(package)
            teams = _sheets(half_a, half_b)
            if not done:
                if parts is None:
                    parts = self._parts()
                self._visit(package, wave, on, half_a, half_b, teams, parts, short=short)
            elif short and on + timedelta(days=1) <= day:
                self._correct(package, wave, on, teams)

    def _wave(self, package: str) -> VisitWave:
        return next(w for w in self.config.waves.visits if package.startswith(f"{w.id}-"))

    def _short_day(self, package: str) -> bool:
        """Once in the year a team comes back a sheet short: on the first day of the first wave."""
        first = self.config.waves.visits[0]
        return self.mishaps and package.startswith(f"{first.id}-") and package.endswith(first.days[0].isoformat())

    def _parts(self) -> pd.DataFrame:
        prefixes = (self.config.ward.prefecture, self.config.ward.name)
        parts = table_of(self.people, prefixes=prefixes)
        return parts.assign(inquiry_number=self.people["inquiry_number"].to_numpy())

    def _visit(
        self,
        package: str,
        wave: VisitWave,
        on: date,
        half_a: pd.DataFrame,
        half_b: pd.DataFrame,
        teams: dict[str, int],
        parts: pd.DataFrame,
        *,
        short: bool,
    ) -> None:
        both = half_a.merge(half_b, on="token")
        finder = _Finder(parts)
        rows, met = [], []
        for token, block, name, house in both[["token", "block", "name_part", "house_part"]].itertuples(
            index=False, name=None
        ):
            found = finder.find(block, name, house)
            # The token is keyed by a random key: draws go by the door, so that a seed gives the same year again.
            door = f"{block}|{name}|{house}"
            number = choice(self.seed, "door", door, found) if found else None
            outcome = choice(self.seed, f"visit-{wave.id}", number or door, _OUTCOMES, _WEIGHTS) if found else "64"
            if number and outcome in _CONTACT:
                met.append(number)
            rows.append(self._row(token, door, wave.id, on, outcome))
        frame = pd.DataFrame(rows, columns=list(VISIT_RESULTS.names), dtype=object)
        self.contacts.add(f"visits-{package}", wave.id, met, on)
        self._send(package, wave, on, frame, teams, short=short, checklist=True)

    def _correct(self, package: str, wave: VisitWave, on: date, teams: dict[str, int]) -> None:
        empty = pd.DataFrame({c: pd.Series(dtype=object) for c in VISIT_RESULTS.names})
        first = dict([sorted(teams.items())[0]])
        self._send(f"{package}-correction", wave, on, empty, first, short=False, checklist=False)

    def _send(
        self,
        package: str,
        wave: VisitWave,
        on: date,
        frame: pd.DataFrame,
        teams: dict[str, int],
        *,
        short: bool,
        checklist: bool,
    ) -> None:
        ours, theirs = (self._handler(p) for p in (self.config.contractor.id, self.config.party_for(Work.VISITS).id))
        hands = {"out": {"by": ours, "to": theirs}, "in": {"by": theirs, "to": ours}}
        lines = [
            {"team": team, "sheets_returned": sheets - int(short and i == 0), **hands}
            | ({"checklist": _CHECKLIST} if checklist else {})
            for i, (team, sheets) in enumerate(sorted(teams.items()))
        ]
        report = {"wave": wave.id, "day": on.isoformat(), "teams": lines}
        files = {"visit_results.csv": table(frame, VISIT_RESULTS), "report.json": as_json(report)}
        self.premises.send("visit_results", package, files)

    def _handler(self, party: str) -> str:
        """Whoever signs the 授受簿 for a party."""
        return next(h.id for h in self.config.handlers if h.party == party)

    def _row(self, token: str, door: str, wave: str, on: date, outcome: str) -> dict[str, object]:
        who = "self" if outcome in _PERSON else "family" if outcome == "20" else "none"
        spoken = who == "self" and outcome not in ("50", "51")
        return {
            "token": token,
            "wave": wave,
            "visited_on": on.isoformat(),
            "outcome": outcome,
            "answered_by": who,
            "purpose_stated": "0" if who == "none" else "1",
            "intention": _INTENTION.get(outcome) if spoken else None,
            "reason": choice(self.seed, "visit-reason", door, ("01", "05", "06", "07", "08", "13"))
            if outcome in ("13", "14")
            else None,
            "wish": choice(self.seed, "visit-wish", door, ("1", "2", "3", "9")) if spoken else None,
            "dock_informed": "1" if spoken else "0",
            "program_informed": "1" if spoken else "0",
            "note": note(self.seed, f"visit-note-{wave}", door),
        }


class _Finder:
    """Finds the door that both halves together name, as two people in front of a street map do."""

    def __init__(self, parts: pd.DataFrame) -> None:
        self._parts = parts
        self._blocks: dict[str, list[tuple[str, ...]]] = {}

    def find(self, block: str, name: str, house: str | None) -> list[str]:
        """Inquiry numbers that fit."""
        written, said = (1, name[:-1]) if name.endswith("…") else (0, name)
        asked = [(written, said)]
        for column, pattern in ((2, r"(\d+)号"), (3, r"(\d+)室")):
            place = re.search(pattern, house or "")
            if place:
                asked.append((column, place.group(1)))
        return sorted(at[-1] for at in self._at(block) if all(at[column] == value for column, value in asked))

    def _at(self, block: str) -> list[tuple[str, ...]]:
        if block not in self._blocks:
            parts = self._parts
            chome = re.search(r"(\d+)丁目", block)
            ban = re.search(r"(\d+)番$", block)
            town = re.sub(r"\d+丁目.*$|\d+番$", "", block)
            fits = parts["town"].eq(town)
            if chome:
                fits &= parts["chome"].eq(chome.group(1))
            if ban:
                fits &= parts["ban"].eq(ban.group(1))
            columns = ["surname", "initial", "go", "room", "inquiry_number"]
            self._blocks[block] = list(parts.loc[fits, columns].itertuples(index=False, name=None))
        return self._blocks[block]


def _sheets(half_a: pd.DataFrame, half_b: pd.DataFrame) -> dict[str, int]:
    """Sheets of paper by team, read from the sheets' numbers (``…-T01-02-A`` is team t01)."""
    sheets = set(half_a["sheet"]) | set(half_b["sheet"])
    out: dict[str, int] = {}
    for sheet in sheets:
        found = re.search(r"-(T\d+)-", sheet)
        if found:
            team = found.group(1).lower()
            out[team] = out.get(team, 0) + 1
    return out
