"""The log as a file: one event a line, each in canonical form, of the known shape, numbered without a gap.

Belongs here: from bytes to events, strictly; what cannot be read so cannot be judged at all.  Does not belong here:
what an event may say (`kansho.evidence.events`) and what the log may do (`kansho.evidence.rules`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.bundle import EVENTS
from kansho.evidence.events import EVENT_TYPES, SCHEMA, Event, plain_json
from kansho.evidence.merkle import leaf_hash
from kansho.evidence.strict import canonical_values, read_canonical_json

MAX_EVENTS = 100_000
#: No count is larger: every reader of JSON takes such integers as they are (RFC 8259, 6).
_LARGEST = 2**53 - 1
#: Lines that are read at a time: many enough that what each costs beside its reading counts no more.
_LINES = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
#: Field → type as JSON has it, compared exactly (a bool is no int); in the order of the canonical form.
_SHAPE: dict[str, type] = dict(
    sorted(
        {
            **dict.fromkeys(("campaign", "type", "key", "recorded_at", "campaign_date"), str),
            **dict.fromkeys(("actor", "counts", "codes", "refs", "names"), dict),
            **dict.fromkeys(("schema", "sequence"), int),
            "clauses": list,
        }.items()
    )
)
_FIELDS = [*_SHAPE]
_ACTOR = frozenset({"party", "user", "role"})
_OBJECT, _TEXT, _WHOLE = frozenset({dict}), frozenset({str}), frozenset({int})
_CLAUSES = {name: list(clauses) for name, clauses in EVENT_TYPES.items()}


def read_log(data: bytes, campaign: str) -> tuple[list[Event], list[bytes]]:
    """The events of a log and their leaves.

    Raises:
        KanshoError: ``EVENT-…`` or ``JSON-…`` at the first line that is no event of this campaign.
    """
    if not data.endswith(b"\n"):
        raise KanshoError("EVENT-CUT", "最後の行が途中で終わっています", place=EVENTS)
    lines = data[:-1].split(b"\n")
    if len(lines) > MAX_EVENTS:
        raise KanshoError("EVENT-COUNT", "出来事が多すぎます", place=EVENTS)
    events: list[Event] = []
    for first in range(0, len(lines), _LINES):
        events += _events(lines[first : first + _LINES], first + 1, campaign)
    _require_order([e.sequence for e in events])
    return events, [leaf_hash(line) for line in lines]


def _events(lines: Sequence[bytes], first: int, campaign: str) -> list[Event]:
    """Some lines at once; where anything is wrong, one by one, to tell what and where."""
    values = canonical_values(lines)
    if values is not None and _wrong(values, campaign, EVENTS) is None:
        return [*map(Event.from_json, values)]
    return [_event(line, f"{EVENTS}:{number}", campaign) for number, line in enumerate(lines, start=first)]


def _event(line: bytes, place: str, campaign: str) -> Event:
    value, canonical = read_canonical_json(line, place, plain_json)
    wrong = _wrong([dict(sorted(value.items())) if isinstance(value, dict) else value], campaign, place)
    if wrong is not None:
        raise wrong
    if not canonical:
        raise KanshoError("EVENT-CANONICAL", "正準形ではありません", place=place)
    return Event.from_json(value)


def _wrong(values: Sequence[Any], campaign: str, place: str) -> KanshoError | None:
    """Why not all of these, their fields in order, are events of the campaign; field by field, not event by event."""
    form = KanshoError("EVENT-FORM", "出来事の形が違います", place=place)
    if not _OBJECT.issuperset(map(type, values)) or any([*value] != _FIELDS for value in values):
        return form
    columns = dict(zip(_FIELDS, zip(*map(dict.values, values), strict=True), strict=True))
    if any(not {wanted}.issuperset(map(type, columns[name])) for name, wanted in _SHAPE.items()):
        return form
    texts = chain.from_iterable(map(dict.values, chain(columns["actor"], columns["codes"], columns["names"])))
    counts = [*chain.from_iterable(map(dict.values, columns["counts"]))]
    if not (
        {*columns["schema"]} == {SCHEMA}
        and {*map(frozenset, columns["actor"])} == {_ACTOR}
        and _TEXT.issuperset(map(type, texts))
        and _WHOLE.issuperset(map(type, counts))
        and all(map(_TIME.match, columns["recorded_at"]))
        and all(map(_is_day, {said[:10] for said in columns["recorded_at"]}))
        and all(map(_is_day, {*columns["campaign_date"]}))
    ):
        return form
    if counts and not -_LARGEST <= min(counts) <= max(counts) <= _LARGEST:
        return KanshoError("EVENT-HUGE", "読み手により値が変わる大きな数があります", place=place)
    if {*columns["campaign"]} != {campaign}:
        return KanshoError("EVENT-CAMPAIGN", "別の年度の出来事です", place=place)
    if [*map(_CLAUSES.get, columns["type"])] != [*columns["clauses"]]:
        return KanshoError("EVENT-TYPE", "知らない種類の出来事です", place=place)
    return None


@lru_cache(maxsize=2048)
def _is_day(text: str) -> bool:
    try:
        return _DATE.match(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _require_order(numbers: Sequence[int]) -> None:
    """Every number once and in its place; else what was done to the log."""
    wrong = next((at for at, number in enumerate(numbers) if number != at), None)
    if wrong is None:
        return
    place = f"{EVENTS}:{wrong + 1}"
    if len(set(numbers)) < len(numbers):
        raise KanshoError("EVENT-NUMBER", "同じ番号の出来事が二つあります", place=place)
    if set(numbers) == set(range(len(numbers))):
        raise KanshoError("EVENT-ORDER", "出来事の順が入れ替わっています", place=place)
    raise KanshoError("EVENT-DROPPED", "番号の抜けた出来事があります", place=place)
