"""Reading the log many lines at once finds what reading them one by one finds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence import log_lines
from kansho.evidence.events import Event, canonical_json, plain_json
from kansho.evidence.log_lines import read_log
from kansho.evidence.merkle import leaf_hash
from kansho.evidence.strict import MAX_DEPTH, canonical_values, read_canonical_json
from tests.unit.evidence_year import lawful_year


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    from kansho.campaign.config import load_config
    from tests.conftest import MINI

    return [e.canonical() for e in lawful_year(load_config(MINI)).events]


@pytest.mark.parametrize(
    "parts",
    [
        [b'{"a":1', b'"b":2},{"c":3}'],  # two objects in two lines, and neither line is one
        [b'{"a":[{}', b"{}]}", b"{},{}"],
        [b'{"a":1},{"b":2}', b'{"c":3'],
        [b"{}", b" {}"],
        [b"{}", b"{} "],
        [b"{}", b""],
        [b"1", b"2"],
        [b"{}", b"[]"],
        [b'{"b":1,"a":2}'],
        [b'{"a":1,"a":1}'],
        [b'{"a":1.0}'],
        [b'{"a":NaN}'],
        [b'{"a":"\\u0041"}'],
        [b'{"a":"\\ud800"}'],
        [b'{"a":"\xff"}'],
        [b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"],
        [b'{"a":' + b"9" * 5000 + b"}"],
    ],
)
def test_lines_that_only_together_are_canonical_are_not(parts: list[bytes]) -> None:
    assert canonical_values([*parts]) is None
    assert canonical_values([b'{"z":{}}', *parts, b'{"z":{}}']) is None


def test_canonical_lines_say_what_each_of_them_says(lines: list[bytes]) -> None:
    values = canonical_values(lines)
    assert values == [read_canonical_json(line, "here", plain_json)[0] for line in lines]
    assert canonical_values([b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"]) is not None


_CHANGES: tuple[Callable[[dict[str, object]], object], ...] = (
    lambda e: e.update(sequence=True),
    lambda e: e.update(schema=True),
    lambda e: e.update(schema=2),
    lambda e: e.update(extra=1),
    lambda e: e.pop("names"),
    lambda e: e.update(actor={"party": "a", "user": "b"}),
    lambda e: e.update(actor={"party": "a", "user": "b", "role": 1}),
    lambda e: e.update(actor={"party": "a", "user": "b", "role": "c", "more": "d"}),
    lambda e: e.update(codes={"a": None}),
    lambda e: e.update(names={"a": 1}),
    lambda e: e.update(counts={"a": True}),
    lambda e: e.update(counts={"a": "1"}),
    lambda e: e.update(recorded_at="2028-02-30T00:00:00.000000Z"),
    lambda e: e.update(recorded_at="2028-02-01T00:00:00Z"),
    lambda e: e.update(recorded_at="２０28-02-01T00:00:00.000000Z"),
    lambda e: e.update(campaign_date="2028-13-01"),
    lambda e: e.update(campaign_date="20280101"),
    lambda e: e.update(refs=[]),
)


@pytest.mark.parametrize("change", _CHANGES)
def test_one_odd_event_among_many_is_told_with_its_line(
    change: Callable[[dict[str, object]], object], lines: list[bytes], mini: CampaignConfig
) -> None:
    event = json.loads(lines[7])
    change(event)
    changed = [*lines[:7], canonical_json(event), *lines[8:]]
    with pytest.raises(KanshoError) as refused:
        read_log(b"\n".join(changed) + b"\n", mini.id)
    assert (refused.value.code, refused.value.place) == ("EVENT-FORM", "events.jsonl:8")


@pytest.mark.parametrize("most", [1, 3, 500])
def test_however_many_lines_are_read_at_once_the_same_is_found(
    most: int, lines: list[bytes], mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_lines, "_LINES", most)
    events, leaves = read_log(b"\n".join(lines) + b"\n", mini.id)
    assert events == [Event.from_json(json.loads(line)) for line in lines]
    assert leaves == [leaf_hash(line) for line in lines]
    rng = random.Random(3)
    told: dict[str, int] = {}
    for at in rng.sample(range(len(lines)), 20):
        bad = lines[at].replace(b'"schema":1', rng.choice((b'"schema": 1', b'"schema":1.0', b'"schema":1,"schema":1')))
        with pytest.raises(KanshoError) as refused:
            read_log(b"\n".join([*lines[:at], bad, *lines[at + 1 :]]) + b"\n", mini.id)
        told[refused.value.code] = told.get(refused.value.code, 0) + 1
        assert refused.value.place == f"events.jsonl:{at + 1}"
    assert set(told) == {"EVENT-CANONICAL", "JSON-NUMBER", "JSON-DUPLICATE-KEY"}


@pytest.mark.parametrize("count", [2**53, -(2**53)])
def test_a_count_beyond_every_readers_integers_is_refused(count: int, lines: list[bytes], mini: CampaignConfig) -> None:
    event = json.loads(lines[3])
    event["counts"] = {"a": 5, "b": count}
    with pytest.raises(KanshoError, match="EVENT-HUGE"):
        read_log(b"\n".join([*lines[:3], canonical_json(event)]) + b"\n", mini.id)
    event["counts"] = {"a": 5, "b": count - (1 if count > 0 else -1)}
    assert len(read_log(b"\n".join([*lines[:3], canonical_json(event)]) + b"\n", mini.id)[0]) == 4
