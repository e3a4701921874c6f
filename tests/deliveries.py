"""Small sealed deliveries of invented rows, made and spoiled by the tests that send them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kansho.campaign.rights import Role
from kansho.contracts.registry import REGISTRY
from kansho.evidence.events import Actor
from kansho.exchange.tables import check_digit
from kansho.intake.passwords import enter_password
from kansho.workspace import Workspace
from tests.containers import PASSWORD
from tests.containers import zip_of as seal


def numbers(count: int) -> list[str]:
    """The first so many numbers with a check digit."""
    out: list[str] = []
    at = 300_000_000
    while len(out) < count:
        digit = check_digit(f"{at:09d}")
        if digit is not None:
            out.append(f"{str(at)[:4]}-{str(at)[4:8]}-{str(at)[8]}{digit}")
        at += 1
    return out


def person(number: str, **change: str) -> dict[str, str]:
    """One row of a target list of the mini campaign (year end 2028-03-31) that keeps every rule."""
    return {
        "postal_code": "130-0001",
        "address": "墨田区吾妻橋一丁目２３番２０号",
        "address_extra": "見本荘２０３号室",
        "name_kanji": "月見里　凛",
        "name_kana": "ヤマナシ　リン",
        "age_at_year_end": "50",
        "sex": "2",
        "birth_date": "1977-06-01",
        "phone": "03-0000-1234",
        "inquiry_number": number,
        "screening_kinds": "03|04|07",
        "outreach_result": "",
        "attendance_date": "",
        **change,
    }


def people(count: int = 3) -> list[dict[str, str]]:
    """So many good rows."""
    return [person(n) for n in numbers(count)]


def analysis(count: int = 3) -> list[dict[str, str]]:
    """Rows of analysis items for the same people."""
    names = REGISTRY["analysis_items"].names
    return [{**dict.fromkeys(names, ""), "inquiry_number": n, "attended_1y_ago": "1"} for n in numbers(count)]


def stops(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    """Rows of a stop list: number, kind, until."""
    return [{"inquiry_number": n, "stop_kind": kind, "until": until} for n, kind, until in rows]


def csv_of(
    kind: str, rows: Sequence[Mapping[str, str]], *, encoding: str = "cp932", extra: str = "", without: str = ""
) -> bytes:
    """As a municipal system writes it; ``extra`` adds a column of that heading, ``without`` leaves one out."""
    columns = [c for c in REGISTRY[kind].columns if c.name != without]
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*(c.header for c in columns), *([extra] if extra else [])])
    for row in rows:
        writer.writerow([*(row[c.name] for c in columns), *(["x"] if extra else [])])
    return buffer.getvalue().encode(encoding)


@dataclass
class Delivery:
    """A delivery to be put out; change its fields to spoil it.  ``note`` overrides fields of the 送付書."""

    id: str = "d01"
    issued_on: date = date(2027, 4, 20)
    files: dict[str, bytes] = field(default_factory=dict)  # kind → CSV
    rows: dict[str, int] = field(default_factory=dict)
    nil: frozenset[str] = frozenset()
    note: dict[str, Any] = field(default_factory=dict)
    sealed: bytes | None = None
    password: str = PASSWORD
    scope: str = "whole"
    medium: tuple[str, ...] = ("sealed.zip",)  # the names of the sealed file on the medium
    names: dict[str, str] = field(default_factory=dict)  # kind → file name, where it is not <kind>.csv
    note_file: bytes | None = None  # the 送付書 as it lies on the medium, when it is none of ours; b"" for none

    def add(self, kind: str, rows: Sequence[Mapping[str, str]], **how: Any) -> Delivery:
        """Add a file of that kind."""
        self.files[kind] = csv_of(kind, rows, **how)
        self.rows[kind] = len(rows)
        return self

    @property
    def contents(self) -> dict[str, bytes]:
        """The files as they lie in the container."""
        return {self.name(kind): data for kind, data in self.files.items()}

    def name(self, kind: str) -> str:
        """The name of a kind's file."""
        return self.names.get(kind, f"{kind}.csv")

    @property
    def announced(self) -> list[dict[str, Any]]:
        """What the 送付書 says of each file, as long as ``note`` says nothing else."""
        return [
            {
                "name": self.name(kind),
                "kind": kind,
                "rows": self.rows[kind],
                "sha256": hashlib.sha256(data).hexdigest(),
                "nil_return": kind in self.nil,
                "scope": self.scope,
            }
            for kind, data in self.files.items()
        ]

    def put(self, ws: Workspace) -> Delivery:
        """Put it into the ward's outgoing folder."""
        sealed = self.sealed if self.sealed is not None else seal(self.contents)
        folder = ws.layout.outgoing("ward") / self.id
        folder.mkdir(parents=True)
        for name in self.medium:
            (folder / name).write_bytes(sealed)
        note = {
            "delivery": self.id,
            "campaign": ws.config.id,
            "issued_on": self.issued_on.isoformat(),
            "medium": {"kind": "CD-R", "serial": f"CDR-{self.id}"},
            "sealed_sha256": hashlib.sha256(sealed).hexdigest(),
            "files": self.announced,
            **self.note,
        }
        written = json.dumps(note, ensure_ascii=False).encode() if self.note_file is None else self.note_file
        if written:
            (folder / "cover_note.json").write_bytes(written)
        return self

    def unlock(self, ws: Workspace) -> None:
        """A registered handler of the contractor enters the password."""
        enter_password(staff(ws), self.id, self.password)


def whole(delivery: str = "d01", count: int = 3) -> Delivery:
    """Target list, analysis items and a nil stop list."""
    made = Delivery(delivery, nil=frozenset({"stop_list"}))
    return made.add("target_list", people(count)).add("analysis_items", analysis(count)).add("stop_list", [])


def staff(ws: Workspace, role: Role = Role.CONTRACTOR_STAFF) -> Workspace:
    """The workspace as a user of that role opens it."""
    handler = ws.config.users(role)[0]
    return ws.acting_as(Actor(handler.party, handler.user or "", role.value))
