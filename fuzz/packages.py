"""What 丙 send: sealed packages, packages changed before they were sealed, and the tables and reports in them."""

from __future__ import annotations

import io
import json
import random
import zipfile
from functools import cache
from typing import Any

import pandas as pd

from fuzz.bundles import spoil
from fuzz.mutate import mutate, mutate_table
from kansho.contracts import codes
from kansho.contracts.registry import CALL_RESULTS, MAIL_RETURNS, VISIT_RESULTS
from kansho.exchange.package import MANIFEST, pack, unpack
from kansho.exchange.tables import from_csv, to_csv, valid
from kansho.outreach.contacts import settle
from kansho.outreach.field import read_report
from kansho.outreach.notes import screened
from kansho.vault.envelope import seal, unseal
from kansho.vault.keys import new_identity, open_package, recipient_of, seal_package

_CANARY = "Kanaria-7-uta"
_FILES = {"visit_results.csv": b"a,b\r\n" * 40, "report.json": _CANARY.encode()}
_REPORT: dict[str, Any] = {
    "wave": "visit_1",
    "day": "2027-10-13",
    "teams": [
        {"team": "1", "sheets_returned": 4, "checklist": dict.fromkeys(("strap", "chain", "net", "cabinet"), True)},
        {"team": "2", "sheets_returned": 3, "checklist": None},
    ],
}


class Packages:
    """Sealed packages and sealed objects; the first byte of a case says which: 0 age, 1 the zip in it, 2 envelope."""

    def __init__(self, rng: random.Random) -> None:
        self._plain = pack(_FILES, {"campaign": "sumida_2027", "package": "p1", "kind": "visit_results"})
        self._key = rng.randbytes(32)
        self._identity, self._sealed, self._object = _sealed(self._plain, self._key)
        self.trial(b"\1" + self._plain)

    def case(self, rng: random.Random) -> bytes:
        """Changed outside, inside, or packed by another program."""
        match rng.randrange(6):
            case 0:
                return b"\0" + mutate(self._sealed, rng)
            case 1:
                return b"\2" + mutate(self._object, rng)
            case 2:
                return b"\1" + _packed(rng)
            case 3:
                manifest = json.loads(zipfile.ZipFile(io.BytesIO(self._plain)).read(MANIFEST))
                spoil(manifest, rng)
                return b"\1" + _zipped({MANIFEST: json.dumps(manifest).encode(), **_FILES}, zipfile.ZIP_STORED)
            case _:
                return b"\1" + mutate(self._plain, rng)

    def trial(self, data: bytes) -> None:
        """Open it; what opens is what its manifest lists, word for word."""
        if data[0] == 2:
            if unseal(data[1:], key=self._key, campaign="sumida_2027", name="roster/d01") != self._plain:
                raise AssertionError("a changed object was opened")
            return
        opened = unpack(data[1:] if data[0] else open_package(data[1:], self._identity))
        if set(opened.files) != {f["name"] for f in opened.manifest["files"]}:
            raise AssertionError("other files than listed")
        opened.manifest.get("campaign")


@cache
def _sealed(plain: bytes, key: bytes) -> tuple[str, bytes, bytes]:
    """An identity, and the bytes sealed to it and under the key: what is random in sealing is no part of a seed."""
    identity = new_identity()
    sealed = seal_package(plain, recipient_of(identity))
    return identity, sealed, seal(plain, key=key, campaign="sumida_2027", name="roster/d01")


def _packed(rng: random.Random) -> bytes:
    """By another program: compressed, a bomb, nested deep, an entry twice."""
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED))
    manifest = rng.choice((b"[" * 100_000, b"{}", b"[]", b"1", b"null", b"\xff", b'{"files":[' + b"9" * 5000 + b"]}"))
    files = {MANIFEST: manifest, "zeros.csv": bytes(rng.choice((10, 10**6, 10**8)))}
    data = _zipped(files, method)
    return mutate(data, rng) if rng.random() < 0.5 else data


def _zipped(files: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


_TABLES = (
    (CALL_RESULTS, codes.CALL_PERSON_OUTCOMES),
    (VISIT_RESULTS, codes.VISIT_PERSON_OUTCOMES),
    (MAIL_RETURNS, None),
)


class Results:
    """Tables of results and reports of visiting days; the first byte says which, 3 is a report."""

    def __init__(self, rng: random.Random) -> None:
        self._corpus: list[bytes] = []
        for wanted, _ in _TABLES:
            rows = [{c.name: _sample(c, n) for c in wanted.columns} for n in range(6)]
            self._corpus.append(to_csv(pd.DataFrame(rows), wanted))
        for at, data in enumerate(self._corpus):
            self.trial(bytes([at]) + data)

    def case(self, rng: random.Random) -> bytes:
        """A changed table or report."""
        at = rng.randrange(4)
        if at < 3:
            return bytes([at]) + mutate_table(self._corpus[at], rng)
        report = json.loads(json.dumps(_REPORT))
        for _ in range(rng.randint(1, 3)):
            spoil(report, rng)
        data = json.dumps(report).encode()
        return b"\3" + (rng.choice((mutate(data, rng), b"[" * 100_000)) if rng.random() < 0.3 else data)

    def trial(self, data: bytes) -> None:
        """Read it and settle its rows: each is accepted or in quarantine, none is lost."""
        if data[0] == 3:
            report = read_report(data[1:])
            if any(not 0 <= team["sheets_returned"] < 10_000 for team in report["teams"]):
                raise AssertionError("a count that cannot be")
            return
        wanted, persons = _TABLES[data[0]]
        frame = from_csv(data[1:], wanted)
        if persons is None:
            for column in wanted.columns:
                valid(frame[column.name], column)
            return
        rows = screened(frame, wanted).rows
        settled = settle(rows, wanted, persons, pd.Series(True, index=rows.index))
        if len(settled.accepted) + len(settled.quarantined) != len(frame):
            raise AssertionError("rows were lost or made")
        if not all(valid(settled.accepted[c.name], c).all() for c in wanted.columns):
            raise AssertionError("a value was accepted that the contract does not allow")


def _sample(column: Any, number: int) -> str:
    if column.codes:
        return str(sorted(column.codes)[number % len(column.codes)])
    if column.type == "date":
        return f"2027-10-{13 + number}"
    return f"{number}"
