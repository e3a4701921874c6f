"""送付書: bytes that are nearly one.  What is accepted must say so word for word, each field once and of its type."""

from __future__ import annotations

import copy
import json
import random
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from datetime import date
from typing import Any

from fuzz.mutate import mutate
from kansho.errors import KanshoError
from kansho.intake.cover_note import CoverNote, parse_cover_note

_CANARY = "Kanaria-7-uta"
_CAMPAIGN = "sumida_2027"
_TODAY = date(2027, 4, 20)
_PLACE = re.compile(r"[\w.? -]{1,200}")

_FILE = {"name": "対象者一覧.csv", "kind": "target_list", "rows": 3, "sha256": "0a" * 32}
_NIL = {"name": "stop.xlsx", "kind": "stop_list", "rows": 0, "sha256": "0" * 64, "nil_return": True, "scope": "whole"}
_GOOD: dict[str, Any] = {
    "delivery": "d01",
    "campaign": _CAMPAIGN,
    "issued_on": "2027-04-20",
    "medium": {"kind": "CD-R", "serial": "CDR-1"},
    "sealed_sha256": "f" * 64,
    "files": [_FILE],
}
#: Becomes a number of more digits than Python reads or writes.
_DIGITS = "@digits@"
_NOTES = (_GOOD, {**_GOOD, "files": [_FILE, _NIL], "answers": "sb-1"}, {**_GOOD, "files": [_NIL]})
#: What stands where something else should.
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3.0, 1e400, float("nan"), 10**9, 10**30, [], {}, [[]]),
    *(_DIGITS, "", "0", "3", "yes"),
    *("2027-04-21", "2027-02-30", "20270420", "2027-4-20", "２０２７-04-20", "2027-04-20T00:00:00Z", 1810000000),
    *("../x.csv", "C:x.csv", "a/b.csv", "a\\b.csv", "x.csv.exe", "\u202ecsv.xslx", "a\x00.csv", "é.csv", ".csv"),
    *(_CANARY, "\ud800", "x" * 5000, "0" * 64, "f" * 63, "F" * 64, "d01\n", "stop_list", "households", "changes"),
)


def good_note() -> bytes:
    """A note that is accepted."""
    return json.dumps(_GOOD).encode()


class CoverNotes:
    """`parse_cover_note` under fuzz, as a `fuzz.targets.Target`."""

    def __init__(self, rng: random.Random) -> None:
        for note in _NOTES:
            self.trial(json.dumps(note).encode())

    def case(self, rng: random.Random) -> bytes:
        """A changed note: in its bytes, in its structure, or in both."""
        note = json.loads(json.dumps(rng.choice(_NOTES)))
        for _ in range(rng.randrange(3)):
            rng.choice(_CHANGES)(note, rng)
        text = json.dumps(note, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 1)))
        text = text.replace(json.dumps(_DIGITS), "9" * 4400)
        if rng.random() < 0.2:
            text = _field_twice(text, rng)
        data = text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp932")), "replace")
        return mutate(data, rng) if rng.random() < 0.4 else data

    def trial(self, data: bytes) -> None:
        """Parse it; what is accepted is held against a plain reading of the same bytes."""
        try:
            note = parse_cover_note(data, campaign=_CAMPAIGN, today=_TODAY)
        except KanshoError as error:
            if _CANARY in error.text or not error.code.startswith("INTAKE-COVER-") or not error.remedy:
                raise AssertionError("a refusal quotes the note, or has no words of its own") from None
            if not _PLACE.fullmatch(error.place):
                raise AssertionError(f"a refusal at an odd place: {error.place!r}") from None
            raise
        _right(data, note)


def _right(data: bytes, note: CoverNote) -> None:
    fields: list[list[str]] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        fields.append([name for name, _ in items])
        return dict(items)

    read = json.loads(data.removeprefix(BOM_UTF8).decode(), object_pairs_hook=pairs)
    if any(len(names) != len(set(names)) for names in fields):
        raise AssertionError("a field twice was accepted")
    told = note.model_dump(mode="json", exclude_unset=True)
    if json.dumps(told, sort_keys=True) != json.dumps(read, sort_keys=True):
        raise AssertionError("the note says something else than its bytes")
    if note.campaign != _CAMPAIGN or note.issued_on > _TODAY:
        raise AssertionError("a note of another campaign or day")
    names, kinds = [f.name for f in note.files], [f.kind for f in note.files]
    if not names or len(set(names)) != len(names) or len(set(kinds)) != len(kinds):
        raise AssertionError("no file, or one twice")
    if any(re.search(r"[/\\:\x00-\x1f\u202a-\u202e]", name) for name in names):
        raise AssertionError("a path")
    if any(f.rows < 0 or (f.nil_return and f.rows) for f in note.files):
        raise AssertionError("a count that cannot be")


def _objects(note: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object in the note that is still there."""
    files = note.get("files")
    inside = [note.get("medium"), *(files if isinstance(files, list) else ())]
    return [note, *(one for one in inside if isinstance(one, dict))]


def _other_value(note: dict[str, Any], rng: random.Random) -> None:
    one = rng.choice(_objects(note))
    if one:
        one[rng.choice(sorted(one))] = copy.deepcopy(rng.choice(_VALUES))


def _field_left_out(note: dict[str, Any], rng: random.Random) -> None:
    one = rng.choice(_objects(note))
    if one:
        del one[rng.choice(sorted(one))]


def _field_more(note: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice((_CANARY, "rows", "kind", "answers", "Files", "", "\ud800", "remarks"))
    rng.choice(_objects(note))[name] = copy.deepcopy(rng.choice(_VALUES))


def _file_again(note: dict[str, Any], rng: random.Random) -> None:
    if isinstance(note.get("files"), list) and note["files"]:
        note["files"].append(json.loads(json.dumps(rng.choice(note["files"]))))


_CHANGES: tuple[Callable[[dict[str, Any], random.Random], None], ...] = (
    *(_other_value, _other_value, _other_value),
    *(_field_left_out, _field_more, _file_again),
)


def _field_twice(text: str, rng: random.Random) -> str:
    """One field written again before the one that counts."""
    found = list(re.finditer(r'"\w+": ("[^"]*"|[\w.-]+)', text))
    if not found:
        return text
    one = rng.choice(found)
    return f"{text[: one.start()]}{one.group()}, {text[one.start() :]}"
