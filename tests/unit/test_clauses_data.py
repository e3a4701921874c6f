"""The clauses as data: complete for the contract's text and for the requirements, strict, and naming what exists."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.clauses import CLAUSES, Clauses, Duty, Match, clauses_in_force, read_clauses
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.clauses import TITLES
from kansho.evidence.events import EVENT_TYPES
from kansho.oversight.clauses import config_day
from kansho.oversight.incidents import KINDS
from kansho.oversight.monthly import OBLIGATIONS

VERSIONS = sorted(CLAUSES.glob("*.toml"))
WORDS = {"party", "month", "handler", "sub", "held", "key", "rest", "finding", "version", "one"}
HEAD = 'version = "v"\ntitle = "特記事項"\neffective_from = {day}\nsubcontract_version = "s"\n'
DUTY = """
[[duty]]
id = "d"
clause = "乙1"
requirements = ["P1"]
party = "contractor"
text = "義務"
when = { at = "opening" }
evidence = [{ type = "campaign_opened" }]
"""


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda p: p.stem)
def version(request: pytest.FixtureRequest) -> Clauses:
    return read_clauses(request.param)


def matches(duty: Duty) -> list[Match]:
    before = duty.when.event if duty.when else None
    replaced = (duty.replaced.by, duty.replaced.unless) if duty.replaced else ()
    ways = (part for match in duty.evidence for way in match.ways for part in way)
    return [*duty.evidence, *ways, *(m for m in (duty.trigger, before, *replaced) if m)]


def test_every_data_and_protection_requirement_has_an_obligation_or_a_reason_why_not(version: Clauses) -> None:
    answered = {r for duty in version.duty for r in duty.requirements}
    wanted = {r for r in TITLES if r[0] in "DP"}
    assert wanted - answered == set(version.without)
    assert answered <= set(TITLES)
    assert all(version.without.values())


@pytest.mark.parametrize("party", ["乙", "丙"])
def test_every_clause_of_the_text_stands_in_the_data(version: Clauses, party: str) -> None:
    told: set[int] = set()
    for duty in version.duty:
        found = re.match(rf"{party}([0-9]+)(?:〜([0-9]+))?", duty.clause)
        if found:
            told |= set(range(int(found[1]), int(found[2] or found[1]) + 1))
    assert told == set(range(1, 25))


def test_what_the_data_names_exists(version: Clauses, mini: CampaignConfig) -> None:
    for duty in version.duty:
        for match in matches(duty):
            assert match.type in EVENT_TYPES, duty.id
            named = {
                w
                for text in (match.key, match.id, match.about, *match.codes.values(), *match.without.values())
                for w in re.findall(r"{(\w+)}", text or "")
            }
            assert {w for w in named if not w.startswith("codes_")} <= WORDS, duty.id
            assert match.by is None or match.by in set(Role), duty.id
            assert match.about is None or match.type == "approval_decided", duty.id
        if duty.deadline:
            assert duty.deadline in OBLIGATIONS
        if duty.when:
            assert set(duty.when.broken_by) <= set(KINDS)
        if duty.when and duty.when.of:
            assert isinstance(config_day(mini, mini.subcontractors[0], duty.when.of), date)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("text = ", "texts = "), "text"),
        (('"campaign_opened" }', '"campaign_opened", keys = "x" }'), "keys"),
        (('at = "opening"', 'at = "before"'), "event"),
        (('at = "opening"', 'at = "opening", days = 3'), "days"),
        (("when = { at", 'each = "month"\nwhen = { broken_by = ["other"], at'), "broken_by"),
        (
            ('text = "義務"', 'text = "義務"\nreplaced = { by = { type = "a" }, unless = { type = "b" }, why = "c" }'),
            "replaced",
        ),
        (("[[duty]]", 'digest = "0"\n[[duty]]'), "digest"),
        (('party = "contractor"', 'party = "ward"'), "party"),
        (('text = "義務"', 'text = "義務"\neach = "event"'), "trigger"),
        (('text = "義務"', 'text = "義務"\nno_duty = "理由"'), "no_duty"),
        (('requirements = ["P1"]', ""), "no_duty"),
        (('id = "d"', 'id = "d"\nid = "d"'), "TOML"),
    ],
)
def test_a_mistake_in_the_data_is_told(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = tmp_path / "v.toml"
    path.write_text(HEAD.format(day="2020-04-01") + DUTY, encoding="utf-8")
    assert read_clauses(path).duty[0].id == "d"
    path.write_text(HEAD.format(day="2020-04-01") + DUTY.replace(*change), encoding="utf-8")
    with pytest.raises(KanshoError, match="CLAUSES-FORM") as refused:
        read_clauses(path)
    assert told in refused.value.text


def test_the_same_obligation_twice_is_told(tmp_path: Path) -> None:
    path = tmp_path / "v.toml"
    path.write_text(HEAD.format(day="2020-04-01") + DUTY + DUTY, encoding="utf-8")
    with pytest.raises(KanshoError, match="unique"):
        read_clauses(path)


@pytest.mark.parametrize(("day", "expected"), [("2020-04-01", "a"), ("2021-03-31", "a"), ("2021-04-01", "b")])
def test_the_newest_version_whose_first_day_has_come_is_in_force(tmp_path: Path, day: str, expected: str) -> None:
    for name, first in (("a", "2020-04-01"), ("b", "2021-04-01")):
        text = HEAD.format(day=first).replace('version = "v"', f'version = "{name}"', 1) + DUTY
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    assert clauses_in_force(date.fromisoformat(day), tmp_path).version == expected
    with pytest.raises(KanshoError, match="CLAUSES-NONE"):
        clauses_in_force(date(2020, 3, 31), tmp_path)
