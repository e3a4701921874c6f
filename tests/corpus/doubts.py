"""Deliveries that the door takes in and a gate stops, holds or of which it sets rows aside.

Every rule acts on a table of two hundred and fifty people, so that one bad row is a small share and two are not
(`gates.target_list.max_quarantine_share` of the small campaign is half a percent).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kansho.campaign.config import Mapping
from kansho.contracts.registry import REGISTRY
from tests.conftest import MINI, load_config
from tests.corpus.model import Spoil
from tests.deliveries import Delivery, analysis, numbers, people, person, stops

PEOPLE = 250
N = numbers(PEOPLE + 1)
_APPROVED = load_config(MINI).approved_analysis_items

Effect = Literal["stop", "hold", "quarantine", "warn"]
Row = dict[str, str]


@dataclass(frozen=True)
class Doubted:
    """A delivery in which a gate finds something.

    ``spoil`` makes the delivery; ``table`` is whose gate finds ``rows`` rows under ``rule``, which does ``effect`` to
    the table; ``result`` is what the gate says of it, ``aside`` how many of its rows leave.  ``before`` makes a
    delivery that was accepted a week earlier, where the rule compares with one.
    """

    name: str
    spoil: Spoil
    table: str
    rule: str
    rows: int
    effect: Effect
    result: Literal["pass", "hold", "stop"]
    aside: int = 0
    before: Spoil | None = None
    mapping: Mapping | None = None


def everybody(**change: str) -> Spoil:
    """All the people have these values."""
    return lambda d: d.add("target_list", [person(n, **change) for n in N[:PEOPLE]])


def some(count: int, **change: str) -> Spoil:
    """The last people have these values."""
    changed = (person(n, **change) for n in N[PEOPLE - count : PEOPLE])
    return lambda d: d.add("target_list", [*people(PEOPLE - count), *changed])


def rows_of(change: Callable[[list[Row]], list[Row]]) -> Spoil:
    """The rows of a good target list, changed."""
    return lambda d: d.add("target_list", change(people(PEOPLE)))


def beside(kind: str, *rows: Row, count: int = PEOPLE) -> Spoil:
    """A good target list, and a table of these rows of the contract's columns that are approved."""

    def spoil(d: Delivery) -> None:
        d.add("target_list", people(count))
        columns = [REGISTRY[kind].column(name) for name in REGISTRY[kind].permitted(_APPROVED)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([column.header for column in columns])
        writer.writerows([row.get(column.name, "") for column in columns] for row in rows)
        d.files[kind], d.rows[kind] = text.getvalue().encode("cp932"), len(rows)

    return spoil


def stop_list(*rows: tuple[str, str, str]) -> Spoil:
    """A good target list and this stop list."""
    return lambda d: d.add("target_list", people(PEOPLE)).add("stop_list", stops(*rows))


def alone(*rows: tuple[str, str, str]) -> Spoil:
    """This stop list alone."""
    return lambda d: d.add("stop_list", stops(*rows))


def _swapped(first: str, second: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row | {first: row[second], second: row[first]} for row in rows]


def _shifted(rows: list[Row]) -> list[Row]:
    """One row without its first cell and with an empty one behind its last: as wide as the others."""
    names, cells = list(rows[-1]), list(rows[-1].values())
    return [*rows[:-1], dict(zip(names, [*cells[1:], ""], strict=True))]


def _one_dead_line(rows: list[Row]) -> list[Row]:
    return [*(row | {"phone": "03-5608-1111"} for row in rows[:-1]), rows[-1] | {"phone": "03-0000-0000"}]


def _twice(rows: list[Row]) -> list[Row]:
    return [*rows[:-1], rows[-1] | {"inquiry_number": rows[0]["inquiry_number"]}]


def _mistyped(rows: list[Row]) -> list[Row]:
    number = rows[-1]["inquiry_number"]
    return [*rows[:-1], rows[-1] | {"inquiry_number": number[:-1] + str((int(number[-1]) + 1) % 10)}]


def _two(rows: list[Row]) -> list[Row]:
    """The first two are different people."""
    other = {"name_kanji": "別役　渉", "name_kana": "ベツヤク　ワタル", "sex": "1", "birth_date": "1977-07-02"}
    return [rows[0], rows[1] | other | {"screening_kinds": "03|04"}, *rows[2:]]


def _two_under_each_others_number(rows: list[Row]) -> list[Row]:
    first, second, *rest = _two(rows)
    return [
        first | {"inquiry_number": second["inquiry_number"]},
        second | {"inquiry_number": first["inquiry_number"]},
        *rest,
    ]


def _exam(count: int = 100, **last: str) -> list[Row]:
    """Examinations, the last with these values."""
    good = {"exam_date": "2026-06-01", "report_kind": "10", "systolic": "120", "diastolic": "80"}
    rows = [good | {"inquiry_number": n} for n in N[:count]]
    return [*rows[:-1], rows[-1] | last]


def _past(count: int = 100, **last: str) -> list[Row]:
    rows = [
        {"inquiry_number": n, "fiscal_year": "2026", "attended": "1", "attendance_date": "2026-06-01"}
        for n in N[:count]
    ]
    return [*rows[:-1], rows[-1] | last]


def _screened(count: int = 100, **last: str) -> list[Row]:
    rows = [
        {"inquiry_number": n, "screening_kind": "03", "fiscal_year": "2026", "attendance_date": "2026-06-01"}
        for n in N[:count]
    ]
    return [*rows[:-1], rows[-1] | last]


def _attended(count: int = 100, **last: str) -> list[Row]:
    rows = [{"inquiry_number": n, "screening_kind": "90", "attendance_date": "2027-04-10"} for n in N[:count]]
    return [*rows[:-1], rows[-1] | last]


_SEXES = Mapping(kind="target_list", codes={"sex": {"男": "1", "女": "2"}})
_STOPPED = tuple((n, "1", "") for n in N[:20])
T = "target_list"

# fmt: off
TARGET_LISTS = [
    # what is wrong, and how; then table, rule, rows, effect, result, rows set aside, delivery before
    Doubted("the list of another year", everybody(age_at_year_end="49"),
            T, "age.rule", 250, "quarantine", "stop", 250),
    Doubted("every birth date unreadable", everybody(birth_date="昭和52年13月1日"),
            T, "birth_date.shape", 250, "quarantine", "stop", 250),
    Doubted("a birth date that the calendar lacks", some(1, birth_date="1977-02-29"),
            T, "birth_date.date", 1, "quarantine", "pass", 1),
    Doubted("names and their kana swapped", rows_of(_swapped("name_kanji", "name_kana")),
            T, "kana.letters", 250, "quarantine", "stop", 250),
    Doubted("sex and age swapped", rows_of(_swapped("sex", "age_at_year_end")),
            T, "sex.code", 250, "quarantine", "stop", 250),
    Doubted("telephone and birth date swapped", rows_of(_swapped("phone", "birth_date")),
            T, "birth_date.shape", 250, "quarantine", "stop", 250),
    Doubted("a row shifted by one cell", rows_of(_shifted),
            T, "postal_code.pattern", 1, "quarantine", "pass", 1),
    Doubted("codes that the contract does not have", everybody(sex="女"),
            T, "sex.code", 250, "quarantine", "stop", 250),
    Doubted("a code that the ward did not tell",
            lambda d: d.add(T, [*(person(n, sex="女") for n in N[1:250]), person(N[0], sex="3")]),
            T, "sex.code", 1, "quarantine", "pass", 1, None, _SEXES),
    Doubted("a number twice", rows_of(_twice),
            T, "key.unique", 2, "quarantine", "hold", 2),
    Doubted("a number mistyped", rows_of(_mistyped),
            T, "number.check_digit", 1, "quarantine", "pass", 1),
    Doubted("no number", some(1, inquiry_number=""),
            T, "inquiry_number.required", 1, "quarantine", "pass", 1),
    Doubted("people of another ward", everybody(postal_code="160-0001"),
            T, "postal.ward", 250, "quarantine", "stop", 250),
    Doubted("a man with a woman's screening", some(1, sex="1"),
            T, "kinds.sex", 1, "quarantine", "pass", 1),
    Doubted("two men with a woman's screening", some(2, sex="1"),
            T, "kinds.sex", 2, "quarantine", "hold", 2),
    Doubted("an age of two hundred", some(1, age_at_year_end="200"),
            T, "age_at_year_end.range", 1, "quarantine", "pass", 1),
    Doubted("a telephone of another country", some(1, phone="+1-212-555-0100"),
            T, "phone.pattern", 1, "quarantine", "pass", 1),
    Doubted("a telephone that nobody can have", rows_of(_one_dead_line),
            T, "phone.valid", 1, "warn", "pass"),
    Doubted("names that nobody can print", some(20, name_kanji="月見里\ue123　凛"),
            T, "characters.unmapped", 20, "hold", "hold"),
    Doubted("postal codes of other towns", some(20, postal_code="131-0033"),
            T, "postal.town", 20, "hold", "hold"),
    Doubted("the same file again", everybody(),
            T, "identity.same_file", 250, "hold", "hold", 0, everybody()),
    Doubted("the same people in another order", rows_of(lambda rows: rows[::-1]),
            T, "identity.same_file", 250, "hold", "hold", 0, everybody()),
    Doubted("two people under each other's number", rows_of(_two_under_each_others_number),
            T, "identity.confusion", 2, "quarantine", "hold", 2, rows_of(_two)),
    Doubted("half of the people", rows_of(lambda rows: rows[:125]),
            T, "drift.rows", 125, "hold", "hold", 0, everybody()),
    Doubted("a column that lost its values", everybody(phone=""),
            T, "drift.share.phone", 250, "hold", "hold", 0, everybody()),
    Doubted("a code turned over", everybody(sex="1", screening_kinds="03|04|08"),
            T, "drift.share.sex", 250, "hold", "hold", 0, everybody()),
]
OTHER_TABLES = [
    Doubted("items of people who are not listed",
            lambda d: d.add(T, people(PEOPLE)).add("analysis_items", analysis(PEOPLE + 1)),
            "analysis_items", "number.known", 1, "quarantine", "hold", 1),
    Doubted("a stop for somebody who is not listed", stop_list((N[250], "1", "")),
            "stop_list", "STOP-UNKNOWN", 1, "hold", "hold"),
    Doubted("a stop list that shrank", alone(*_STOPPED[:10]),
            "stop_list", "STOP-SHRUNK", 10, "hold", "hold", 0, stop_list(*_STOPPED)),
    Doubted("a deferral without its end", stop_list((N[0], "2", ""), (N[1], "1", "")),
            "stop_list", "until.given", 1, "quarantine", "hold", 1),
    Doubted("a stop of an unknown kind", stop_list((N[0], "9", ""), (N[1], "1", "")),
            "stop_list", "stop_kind.code", 1, "quarantine", "hold", 1),
    Doubted("a stop under a mistyped number", stop_list(("3000-0000-00", "1", ""), (N[1], "1", "")),
            "stop_list", "number.check_digit", 1, "quarantine", "hold", 1),
    Doubted("an attendance in the future", beside("attendance_update", *_attended(attendance_date="2027-05-01")),
            "attendance_update", "date.plausible", 1, "quarantine", "pass", 1),
    Doubted("an attendance of last year", beside("attendance_update", *_attended(attendance_date="2027-03-31")),
            "attendance_update", "date.plausible", 1, "quarantine", "pass", 1),
    Doubted("a result that may be of a human dock", beside("checkup_results", *_exam(report_kind="40")),
            "checkup_results", "report.kind", 1, "quarantine", "pass", 1),
    Doubted("a report of no known kind", beside("checkup_results", *_exam(report_kind="20")),
            "checkup_results", "report_kind.code", 1, "quarantine", "pass", 1),
    Doubted("an examination in the future", beside("checkup_results", *_exam(exam_date="2027-06-01")),
            "checkup_results", "exam_date.plausible", 1, "quarantine", "pass", 1),
    Doubted("pressures swapped", beside("checkup_results", *_exam(systolic="80", diastolic="120")),
            "checkup_results", "pressure.order", 1, "quarantine", "pass", 1),
    Doubted("a height in metres", beside("checkup_results", *_exam(height="1.6")),
            "checkup_results", "height.range", 1, "quarantine", "pass", 1),
    Doubted("an examination twice", beside("checkup_results", *_exam(inquiry_number=N[0])),
            "checkup_results", "key.unique", 2, "quarantine", "pass", 2),
    Doubted("a history of this year", beside("past_attendance", *_past(fiscal_year="2027", attendance_date="")),
            "past_attendance", "history.year", 1, "quarantine", "pass", 1),
    Doubted("a history before the person's time",
            beside("past_attendance", *_past(fiscal_year="1999", attendance_date="")),
            "past_attendance", "fiscal_year.range", 1, "quarantine", "pass", 1),
    Doubted("a screening before the person's age", beside("screening_history", *_screened(screening_kind="08")),
            "screening_history", "attendance.before_enrolment", 1, "quarantine", "pass", 1),
    Doubted("a screening that nobody offers", beside("screening_history", *_screened(screening_kind="77")),
            "screening_history", "screening_kind.code", 1, "quarantine", "pass", 1),
]
# fmt: on
DOUBTED = [*TARGET_LISTS, *OTHER_TABLES]
