"""Invented people for the tests of targeting and outreach, and a workspace that holds them.

Not a population of the simulation: addresses and names are schematic, so that a test can read them.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from functools import cache

import pandas as pd

from kansho.evidence.events import Actor
from kansho.exchange.tables import check_digit
from kansho.vault.keys import new_identity, recipient_of
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

SEED = b"s" * 32
SURNAMES = (("見本山", "ミホンヤマ"), ("架空川", "カクウガワ"), ("試験野", "シケンノ"), ("例田", "レイダ"))


@cache
def identity(party: str) -> str:
    """A party's private key; the same for the whole test run."""
    return new_identity()


def _numbers(count: int) -> list[str]:
    out: list[str] = []
    at = 100_000_000
    while len(out) < count:
        digit = check_digit(f"{at:09d}")
        if digit is not None:
            out.append(f"{str(at)[:4]}-{str(at)[4:8]}-{str(at)[8]}{digit}")
        at += 1
    return out


def roster(count: int) -> pd.DataFrame:
    """People of all kinds: couples, flats, without telephone, attended, of both sexes."""
    rows = []
    for n, number in enumerate(_numbers(count)):
        home = n // 2
        age = 40 + n % 35
        surname, kana = SURNAMES[home % len(SURNAMES)]
        rows.append(
            {
                "postal_code": "130-0001",
                "address": f"墨田区吾妻橋{home % 3 + 1}丁目{home // 3 % 7 + 1}番{home % 5 + 1}号",
                "address_extra": f"見本荘{101 + home % 9}号室" if home % 2 else None,
                "name_kanji": f"{surname}　試{n}",
                "name_kana": f"{kana}　シ{n}",
                "age_at_year_end": str(age),
                "sex": "12"[n % 2],
                "birth_date": f"{2028 - age - 1}-07-{n % 28 + 1:02d}",
                "phone": None if n % 4 == 3 else f"03-0000-{n % 10000:04d}",
                "inquiry_number": number,
                "screening_kinds": "01|03|04|06|07" if n % 2 else "01|03|04|08",
                "outreach_result": None,
                "attendance_date": "2027-04-10" if n % 17 == 0 else None,
            }
        )
    return pd.DataFrame(rows)


def analysis(people: pd.DataFrame) -> pd.DataFrame:
    """Five years of attendance and some results, by position."""
    out = pd.DataFrame({"inquiry_number": people["inquiry_number"]})
    for year in range(1, 6):
        out[f"attended_{year}y_ago"] = [None if n % 5 == 0 else "01"[(n >> year) & 1] for n in range(len(people))]
    out["systolic"] = ["150" if n % 6 == 0 else "120" for n in range(len(people))]
    for code in ("01", "03", "04", "06", "07", "08"):
        out[f"last_fy_{code}"] = [str(2026 - n % 3) if n % 7 == 0 else None for n in range(len(people))]
    return out


def stops(numbers: list[str]) -> pd.DataFrame:
    """A stop list of those numbers."""
    return pd.DataFrame({"inquiry_number": numbers, "stop_kind": ["1"] * len(numbers), "until": [None] * len(numbers)})


def fill(
    ws: Workspace,
    count: int = 120,
    *,
    stopped: tuple[int, ...] = (1, 2),
    people: pd.DataFrame | None = None,
    drawn: bytes = SEED,
) -> pd.DataFrame:
    """Put a validated delivery, the seed ``drawn``, consents and recipients into a workspace."""
    people = roster(count) if people is None else people
    seed = ws.store_bytes("randomisation_seed", "seed", drawn)
    ws.record("seed_committed", "seed", codes={"sha256": hashlib.sha256(drawn).hexdigest()}, refs={"seed": seed})
    ws.record("holdout_consented", "ward")
    for party in ws.config.parties:
        recipient = recipient_of(identity(party.id))
        ws.record("recipient_registered", party.id, codes={"recipient": recipient})
        ws.record(
            "party_registered",
            party.id,
            codes={"kind": party.kind.value, "works": "|".join(w.value for w in party.works)},
        )
    ws.store_table("roster", "d01", people)
    ws.store_table("analysis", "d01", analysis(people))
    stop(ws, "d01", [people["inquiry_number"][n] for n in stopped])
    return people


def stop(ws: Workspace, delivery: str, numbers: list[str]) -> None:
    """Accept a new stop list, issued today."""
    ws.store_table("stop_facts", delivery, stops(numbers))
    ws.record("stop_list_accepted", delivery, counts={"rows": len(numbers)}, codes={"issued_on": ws.today.isoformat()})


def approve(ws: Workspace, artefact: SnapshotRef, name: str, *, role: str, decision: str = "approve") -> str:
    """Record a request and its decision as the wiring does; returns the key."""
    handler = next(h for h in ws.config.handlers if h.role and h.role.value == role)
    key = f"{ws.config.id}__test/run-{ws.ledger.size}/{name}"
    ws.record("approval_requested", key, codes={"role": role, "kind": artefact.kind}, refs={"artefact": artefact})
    actor = Actor(handler.party, handler.user or "", role)
    ws.acting_as(actor).record(
        "approval_decided", key, codes={"decision": decision, "reason": "none"}, refs={"digest": artefact.digest}
    )
    return key


def on(ws: Workspace, day: date) -> Workspace:
    """The same workspace on another day."""
    return replace(ws, today=day)
