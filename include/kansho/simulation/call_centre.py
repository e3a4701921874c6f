"""The call centre: up to three attempts, results some days later, enquiries that come in; some rows are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kansho.campaign.config import CallWave, CampaignConfig, MailingWave
from kansho.contracts.registry import CALL_LIST, CALL_RESULTS, INBOUND_RECORDS
from kansho.exchange.tables import check_digit
from kansho.simulation.contacts import Contacts
from kansho.simulation.draws import choice, uniform, uniforms
from kansho.simulation.notes import note
from kansho.simulation.premises import Premises, read, table

#: Days from a list to its results.
_RESULT_DAYS = 5
_WRONG_ROWS = 0.004
_ENQUIRY_SHARE = 0.012

_OUTCOMES = ("10", "11", "12", "13", "14", "20", "21", "30", "31", "32", "40", "41", "50", "51", "60", "61", "62", "63")
_WEIGHTS = (9, 2, 3, 8, 6, 9, 3, 32, 14, 4, 2, 1, 2, 0.3, 0.6, 0.2, 0.5, 0.4)
_PERSON = frozenset({"10", "11", "12", "13", "14", "50", "51"})
_FAMILY = frozenset({"20", "21", "60", "61", "62"})
_INTENTION = {"10": "1", "11": "1", "12": "1", "13": "2", "14": "3"}


@dataclass(frozen=True)
class CallCentre:
    """Calls out and calls in."""

    config: CampaignConfig
    people: pd.DataFrame
    seed: int
    premises: Premises
    contacts: Contacts

    def act(self, day: date) -> None:
        """Send the results whose days have come, and what callers asked."""
        for package, path in self.premises.incoming("call_list"):
            if self.premises.answered("call_results", package):
                continue
            opened = self.premises.open(path)
            handed = date.fromisoformat(opened.manifest["handed_over_on"])
            if handed + timedelta(days=_RESULT_DAYS) <= day:
                self._call(package, read(opened.files["call_list.csv"], CALL_LIST), handed)
        for mailing in self.config.waves.mailings:
            for number, lag in enumerate((7, 21), start=1):
                if mailing.report_on + timedelta(days=lag) <= day:
                    self._enquiries(mailing, number, mailing.report_on + timedelta(days=lag))

    def reached(self, wave: str, attempt: str, number: str) -> str:
        """The outcome of an attempt; the person's own, whoever asks."""
        return choice(self.seed, f"call-{wave}-{attempt}", number, _OUTCOMES, _WEIGHTS)

    def _call(self, package: str, listed: pd.DataFrame, handed: date) -> None:
        rows = []
        for wave, attempt, number in listed[["wave", "attempt", "inquiry_number"]].itertuples(index=False, name=None):
            outcome = self.reached(wave, attempt, number)
            rows.append(self._row(wave, attempt, number, outcome, handed))
        frame = pd.DataFrame(rows, columns=list(CALL_RESULTS.names), dtype=object)
        for wave in sorted(set(frame["wave"])):
            spoken = frame[frame["wave"].eq(wave) & frame["outcome"].isin(_PERSON - {"50", "51"})]
            self.contacts.add(f"calls-{package}-{wave}", wave, spoken["inquiry_number"], handed)
        self.premises.send("call_results", package, {"call_results.csv": table(frame, CALL_RESULTS)})

    def _row(self, wave: str, attempt: str, number: str, outcome: str, handed: date) -> dict[str, object]:
        who = "self" if outcome in _PERSON else "family" if outcome in _FAMILY else "none"
        spoken = who == "self" and outcome not in ("50", "51")
        on = handed + timedelta(days=int(4 * uniform(self.seed, f"call-day-{wave}-{attempt}", number)))
        row: dict[str, object] = {
            "wave": wave,
            "attempt": attempt,
            "inquiry_number": number,
            "called_on": on.isoformat(),
            "outcome": outcome,
            "answered_by": who,
            "purpose_stated": "0" if who == "none" else "1",
            "intention": _INTENTION.get(outcome) if spoken else None,
            "reason": choice(self.seed, "reason", number, ("01", "03", "05", "06", "07", "08", "11", "13"))
            if outcome in ("13", "14")
            else None,
            "wish": choice(self.seed, "wish", number, ("1", "2", "3", "9")) if spoken else None,
            "dock_informed": "1" if spoken else "0",
            "program_informed": "1" if spoken else "0",
            "note": note(self.seed, f"call-note-{wave}-{attempt}", number),
        }
        if uniform(self.seed, f"wrong-{wave}-{attempt}", number) < _WRONG_ROWS:
            # An operator who notes what a relative said as if the person had said it.
            row |= {"answered_by": "family", "purpose_stated": "1", "outcome": "20", "intention": "1"}
        return row

    def _enquiries(self, mailing: MailingWave, turn: int, on: date) -> None:
        package = f"{mailing.id}-{turn}"
        ours = self.premises.received / "contractor_recipient.txt"
        if self.premises.answered("inbound_records", package) or not ours.is_file():
            return
        posted = sorted(self.contacts.by_wave().get(mailing.id, {}))
        if not posted:
            return
        u = uniforms(self.seed, f"enquiry-{mailing.id}-{turn}", posted)
        callers = [n for n, x in zip(posted, u, strict=True) if x < _ENQUIRY_SHARE]
        rows = [
            {
                "record": f"{mailing.id.upper().replace('_', '-')}-{turn}-{i:05d}",
                "inquiry_number": number,
                "received_on": on.isoformat(),
                "purpose": choice(self.seed, f"asks-{mailing.id}", number, "123459", (50, 18, 14, 6, 2, 10)),
                "answered_by": "self",
                "purpose_stated": "1",
            }
            for i, number in enumerate([*callers, _unknown_number(self.seed, package)], start=1)
        ]
        frame = pd.DataFrame(rows, columns=list(INBOUND_RECORDS.names), dtype=object)
        self.premises.send("inbound_records", package, {"inbound_records.csv": table(frame, INBOUND_RECORDS)})


def _unknown_number(seed: int, package: str) -> str:
    """A number read out wrongly: well formed, but nobody's (nobody has 0000 in front)."""
    for tail in range(100):
        nine = f"0000{int(uniform(seed, 'unknown', f'{package}-{tail}') * 1e5):05d}"
        check = check_digit(nine)
        if check is not None:
            return f"{nine[:4]}-{nine[4:8]}-{nine[8]}{check}"
    return "0000-0000-00"


def rounds_of(wave: CallWave) -> int:
    """How many attempts a wave makes."""
    return len(wave.rounds_on)
