"""Deliveries whose 送付書 or medium is wrong: nothing is opened."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

from tests.containers import zip_of
from tests.corpus.model import Refused, Spoil, files, note
from tests.deliveries import Delivery, csv_of, people

FORM, OTHER = "INTAKE-COVER-FORM", "INTAKE-COVER-OTHER"


def _bytes(make: Callable[[bytes], bytes]) -> Spoil:
    """The bytes of the 送付書, changed."""

    def spoil(d: Delivery) -> None:
        good = {
            "delivery": d.id,
            "campaign": "sumida_2027",
            "issued_on": d.issued_on.isoformat(),
            "medium": {"kind": "CD-R", "serial": "CDR-1"},
            "sealed_sha256": "0" * 64,
            "files": d.announced,
        }
        d.note_file = make(json.dumps(good, ensure_ascii=False).encode())

    return spoil


def _again(old: bytes, new: bytes) -> Spoil:
    def change(good: bytes) -> bytes:
        assert old in good
        return good.replace(old, new, 1)

    return _bytes(change)


def _left_out(d: Delivery) -> None:
    d.note_file = json.dumps({"delivery": d.id, "files": d.announced}).encode()


def _a_kind_twice(d: Delivery) -> None:
    d.note["files"] = [*d.announced, d.announced[0] | {"name": "again.csv"}]


def _a_name_twice(d: Delivery) -> None:
    d.note["files"] = [f | {"name": "table.csv"} for f in d.announced]


def _a_name_twice_as_macos_writes_it(d: Delivery) -> None:
    d.names = {"target_list": "ガイド.csv", "stop_list": unicodedata.normalize("NFD", "ガイド.csv")}


def _another_seal(d: Delivery) -> None:
    d.note["sealed_sha256"] = "0" * 64


def _two_media(d: Delivery) -> None:
    d.medium = ("sealed.zip", "sealed.7z")


def _other_content(d: Delivery) -> None:
    d.sealed = zip_of({**d.contents, "target_list.csv": csv_of("target_list", people(2))})


# fmt: off
ENVELOPES = [
    Refused("no cover note", lambda d: setattr(d, "note_file", b""), "INTAKE-COVER-MISSING", "d01"),
    Refused("a cover note of a megabyte", _bytes(lambda b: b + b" " * 2**20), FORM, "d01", heavy=True),
    Refused("a cover note that is no JSON", _bytes(lambda b: "送付書　令和９年".encode("cp932")), FORM, "?"),
    Refused("a cover note cut off", _bytes(lambda b: b[:-20]), FORM, "?"),
    Refused("a cover note in UTF-16", _bytes(lambda b: b.decode().encode("utf-16")), FORM, "?"),
    Refused("a cover note with two byte order marks", _bytes(lambda b: b"\xef\xbb\xbf" * 2 + b), FORM, "?"),
    Refused("two cover notes in one file", _bytes(lambda b: b + b), FORM, "?"),
    Refused("a cover note nested without end", _bytes(lambda b: b"[" * 60_000), FORM, "?", heavy=True),
    Refused("half a surrogate pair in the cover note", _again(b'"CDR-1"', b'"\\ud800"'), FORM, "?"),
    Refused("a NUL in the cover note", _again(b'"CDR-1"', b'"CDR\\u0000"'), FORM, "medium.serial"),
    Refused("a field of the cover note twice", _again(b'"rows": 3', b'"rows": 2, "rows": 3'), FORM, "rows"),
    Refused("a cover note without its fields", _left_out, FORM, "campaign issued_on medium sealed_sha256"),
    Refused("an unknown field in the cover note", note(至急="世帯主に連絡"), FORM, "?"),
    Refused("a cover note of another campaign", note(campaign="sumida_2026"), OTHER, "d01"),
    Refused("the cover note of another delivery", note(delivery="d07"), OTHER, "d01"),
    Refused("a cover note of tomorrow", note(issued_on="2027-04-21"), "INTAKE-COVER-DATE", "d01"),
    Refused("a date that the calendar does not have", note(issued_on="2027-02-30"), FORM, "issued_on"),
    Refused("a date in the Japanese calendar", note(issued_on="令和9年4月20日"), FORM, "issued_on"),
    Refused("a date that is a number", note(issued_on=20270420), FORM, "issued_on"),
    Refused("a date that is a number in quotes", note(issued_on="0"), FORM, "issued_on"),
    Refused("a medium that was not agreed", note(medium={"kind": "USB", "serial": "1"}), FORM, "medium.kind"),
    Refused("a serial with a name in it", note(medium={"kind": "CD-R", "serial": "月見里 凛"}), FORM, "medium.serial"),
    Refused("an answer to no request", note(answers="../sb-1"), FORM, "answers"),
    Refused("a digest cut off", note(sealed_sha256="0" * 63), FORM, "sealed_sha256"),
    Refused("no file announced", note(files=[]), FORM, "files"),
    Refused("a kind of file that nobody agreed on", files(0, kind="households"), FORM, "files.0.kind"),
    Refused("a parent path in a name", files(1, name="../x.csv"), FORM, "files.1.name"),
    Refused("an absolute path in a name", files(1, name="/etc/x.csv"), FORM, "files.1.name"),
    Refused("a drive in a name", files(0, name="C:x.csv"), FORM, "files.0.name"),
    Refused("a program for a table", files(0, name="target_list.csv.exe"), FORM, "files.0.name"),
    Refused("a name that reads backwards", files(0, name="vsc.\u202ecsv"), FORM, "files.0.name"),
    Refused("fewer rows than none", files(0, rows=-1), FORM, "files.0.rows"),
    Refused("a count in quotes", files(0, rows="3"), FORM, "files.0.rows"),
    Refused("a count of four thousand digits", files(0, rows=10**4000), FORM, "files.0.rows", heavy=True),
    Refused("a nil return that is a word", files(2, nil_return="yes"), FORM, "files.2.nil_return"),
    Refused("a nil return with rows", files(2, rows=1), FORM, "stop_list"),
    Refused("a scope that nobody agreed on", files(0, scope="partial"), FORM, "files.0.scope"),
    Refused("a kind of file twice", _a_kind_twice, FORM, "d01"),
    Refused("a file name twice", _a_name_twice, FORM, "d01"),
    Refused("a file name twice, the second time decomposed", _a_name_twice_as_macos_writes_it, "INTAKE-NAMES",
            "封緘ファイル"),
    Refused("two sealed files", _two_media, "INTAKE-NAMES", "d01"),
    Refused("another sealed file than announced", _another_seal, "INTAKE-SEALED-DIGEST", "d01"),
    Refused("another table than announced", _other_content, "INTAKE-DIGEST", "target_list"),
    Refused("fewer rows announced", lambda d: d.rows.update(target_list=2), "INTAKE-COUNT", "target_list"),
    Refused("more rows announced", lambda d: d.rows.update(target_list=4), "INTAKE-COUNT", "target_list"),
]
# fmt: on
