"""The printer and the post office: prints, spoils a few, takes out what was withdrawn, posts, and returns come back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.contracts.registry import MAIL_RETURNS, PRINT_LIST
from kansho.exchange.notices import HandOver, hand_over_path
from kansho.exchange.papers import write_paper
from kansho.simulation.contacts import Contacts
from kansho.simulation.draws import choice, uniforms
from kansho.simulation.premises import Premises, as_json, put, read, table

_SPOILED = 0.002
_RETURNED = 0.025
#: Days after which the cards of a list are brought, and after which a card that was overlooked is found.
_CARDS_AFTER, _CARD_FOUND = timedelta(days=5), timedelta(days=20)
#: Of those withdrawn, the share whose card was not yet printed.
_NOT_PRINTED = 0.5


@dataclass(frozen=True)
class Printer:
    """Printer and post office as one door."""

    config: CampaignConfig
    seed: int
    premises: Premises
    contacts: Contacts
    mishaps: bool = False

    def act(self, day: date) -> None:
        """Report what was posted, and send back what the post returned, when their days have come."""
        for package, path in self.premises.incoming("print_package"):
            wave = self._wave(package)
            if wave is None or wave.report_on > day:
                continue
            due = [n for n, on in enumerate(wave.returns_on, start=1) if on <= day]
            done = self.premises.answered("print_report", package) and all(
                self.premises.answered("mail_returns", f"{package}-{n}") for n in due
            )
            if done:
                continue
            listed = read(self.premises.open(path).files["print_list.csv"], PRINT_LIST)
            posted = self._print(package, wave, listed)
            for number in due:
                self._return(package, wave, posted, number)
        self._hand_cards_over(day)

    def _wave(self, package: str) -> MailingWave | None:
        return next((w for w in self.config.waves.mailings if package == w.id or package.startswith(f"{w.id}-")), None)

    def _print(self, package: str, wave: MailingWave, listed: pd.DataFrame) -> pd.DataFrame:
        serials = listed["serial"]
        pulls = self._pulls(wave)
        withdrawn = serials.isin(pulls) & (uniforms(self.seed, "not-printed", serials) < _NOT_PRINTED)
        pulled = serials.isin(pulls) & ~withdrawn
        spoiled = int(((uniforms(self.seed, "spoiled", serials) < _SPOILED) & ~withdrawn).sum())
        posted = listed[~withdrawn & ~pulled].reset_index(drop=True)
        on = wave.report_on.isoformat()
        report = {
            "wave": wave.id,
            "printable": len(listed),
            "withdrawn": int(withdrawn.sum()),
            "reprinted": spoiled,
            "printed": len(listed) - int(withdrawn.sum()) + spoiled,
            "pulled": int(pulled.sum()),
            "spoiled": spoiled,
            "posted": len(posted),
            "posted_on": on,
        }
        self.contacts.add(f"print-{package}", wave.id, posted["inquiry_number"], wave.report_on)
        self.premises.send(
            "print_report",
            package,
            {
                "report.json": as_json(report),
                "withdrawn.csv": _serials(serials[withdrawn]),
                "pulled.csv": _serials(serials[pulled]),
                "posted.csv": posted.assign(posted_on=on)[["serial", "posted_on"]].to_csv(index=False).encode(),
            },
        )
        return posted

    def _pulls(self, wave: MailingWave) -> set[str]:
        found: set[str] = set()
        for package, path in self.premises.incoming("pull_list"):
            if package == wave.id or package.startswith(f"{wave.id}-"):
                text = self.premises.open(path).files["pull_list.csv"].decode("utf-8-sig")
                found |= {row["serial"] for row in csv.DictReader(io.StringIO(text))}
        return found

    def _return(self, package: str, wave: MailingWave, posted: pd.DataFrame, number: int) -> None:
        u = uniforms(self.seed, "returned", posted["serial"])
        turn = (uniforms(self.seed, "returned-when", posted["serial"]) * len(wave.returns_on)).astype(int) + 1
        back = posted[(u < _RETURNED) & (turn == number)]
        reasons = [choice(self.seed, "returned-why", s, "12345", (45, 8, 27, 5, 15)) for s in back["serial"]]
        frame_on = wave.returns_on[number - 1].isoformat()
        frame = pd.DataFrame(
            {
                "serial": list(back["serial"]),
                "returned_on": frame_on,
                "return_reason": reasons,
            },
            dtype=object,
        )
        self.contacts.remove(f"returns-{package}-{number}", wave.id, back["inquiry_number"])
        put(self._cards / f"{package}-{number}.json", as_json({"cards": len(back), "on": frame_on}))
        self.premises.send("mail_returns", f"{package}-{number}", {"mail_returns.csv": table(frame, MAIL_RETURNS)})

    @property
    def _cards(self) -> Path:
        """What the printer knows of the cards that came back and lie with it."""
        return self.premises.desk / "cards"

    def _hand_cards_over(self, day: date) -> None:
        """Bring the cards of each list to the contractor, signed by both; mishap: one card turns up later."""
        first = True
        for path in sorted(self._cards.glob("*.json")):
            said = json.loads(path.read_text(encoding="utf-8"))
            cards, on = int(said["cards"]), date.fromisoformat(said["on"]) + _CARDS_AFTER
            found_late = 1 if self.mishaps and first and cards else 0
            first = first and not cards
            for part, (pieces, then) in enumerate(((cards - found_late, on), (found_late, on + _CARD_FOUND)), start=1):
                if pieces and then <= day:
                    self._slip(f"cards-{path.stem}-{part}", path.stem, pieces, then)

    def _slip(self, number: str, listed: str, pieces: int, on: date) -> None:
        path = hand_over_path(self.premises.outgoing, number)
        if path.is_file():
            return
        giver, receiver = self.premises.party, self.config.contractor.id
        hands = {p: next(h.id for h in self.config.handlers if h.party == p) for p in (giver, receiver)}
        place = next(p.id for p in self.config.places if p.party == receiver)
        paper = HandOver(
            number=number,
            kind="returned_cards",
            listed=listed,
            pieces=pieces,
            giver=giver,
            receiver=receiver,
            on=on,
            given_by=hands[giver],
            received_by=hands[receiver],
            place=place,
        )
        write_paper(path, paper)


def _serials(serials: pd.Series) -> bytes:
    return serials.to_frame("serial").to_csv(index=False).encode()
