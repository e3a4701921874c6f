"""特定健診 results as a contract: the items of domain 1.1 to 1.3, typed here once more from the notes.

A row that fails is a question to the notes, not to the code.
"""

from __future__ import annotations

import pytest

from kansho.contracts.headings import fold, meanings
from kansho.contracts.registry import CHECKUP_RESULTS
from kansho.contracts.shared import FIRST_YEAR
from kansho.health.levels import GUIDANCE_LEVELS, METABOLIC_LEVELS
from kansho.health.terms import JUDGED_ITEMS, TERMS

OPEN = None
#: identifier, unit, L, H (domain 1.3), item codes in the order in which the first present wins (domain 1.1)
ITEMS = [
    # fmt: off
    ("height", "cm", 100.0, 250.0, "9N001000000000001"),
    ("weight", "kg", 20.0, 250.0, "9N006000000000001"),
    ("bmi", "kg/m2", 10.0, 100.0, "9N011000000000001"),
    ("waist", "cm", 40.0, 250.0, "9N016160100000001 9N016160200000001 9N016160300000001"),
    ("visceral_fat", "cm2", OPEN, OPEN, "9N021000000000001"),
    ("systolic", "mmHg", 60, 300, "9A755000000000001 9A752000000000001 9A751000000000001"),
    ("diastolic", "mmHg", 30, 150, "9A765000000000001 9A762000000000001 9A761000000000001"),
    ("tg_fasting", "mg/dL", 10, 2000, "3F015000002327101 3F015000002327201 3F015000002399901"),
    ("tg_casual", "mg/dL", 10, 2000, "3F015129902327101 3F015129902327201 3F015129902399901"),
    ("hdl", "mg/dL", 10, 500, "3F070000002327101 3F070000002327201 3F070000002399901"),
    ("ldl", "mg/dL", 20, 1000, "3F077000002327101 3F077000002327201 3F077000002399901 3F077000002391901"),
    ("non_hdl", "mg/dL", OPEN, OPEN, "3F069000002391901"),
    ("ast", "U/L", 0, 1000, "3B035000002327201 3B035000002399901"),
    ("alt", "U/L", 0, 1000, "3B045000002327201 3B045000002399901"),
    ("ggt", "U/L", 0, 1000, "3B090000002327101 3B090000002399901"),
    ("glucose_fasting", "mg/dL", 20, 600, "3D010000001926101 3D010000002227101 3D010000001927201 3D010000001999901"),
    ("glucose_casual", "mg/dL", OPEN, OPEN, "3D010129901926101 3D010129902227101 3D010129901927201 3D010129901999901"),
    ("hba1c", "%", 3.0, 20.0, "3D046000001906202 3D046000001920402 3D046000001927102 3D046000001999902"),
    ("creatinine", "mg/dL", OPEN, OPEN, "3C015000002327101 3C015000002399901"),
    ("egfr", "mL/min/1.73m2", OPEN, OPEN, "8A065000002391901"),
    ("hematocrit", "%", 0.0, 99.9, "2A040000001930102"),
    ("hemoglobin", "g/dL", 0.0, 30.0, "2A030000001930101"),
    ("rbc", "万/mm3", 0, 1000, "2A020000001930101"),
    # fmt: on
]
#: identifier, item codes, codes
JUDGED = [
    # fmt: off
    ("post_meal", "9N141000000000011", "1 2 3 4"),
    ("urine_glucose", "1A020000000191111 1A020000000190111", "1 2 3 4 5"),
    ("urine_protein", "1A010000000191111 1A010000000190111", "1 2 3 4 5"),
    ("metabolic", "9N501000000000011", "1 2 3 4"),
    ("guidance_level", "9N506000000000011", "1 2 3 4"),
    ("report_kind", "", "10 40"),
    # fmt: on
]
#: question, item (first five) up to FY2023, its codes, item from FY2024, its codes (domain 1.2)
QUESTIONNAIRE = [
    # fmt: off
    (1, "9N701", "1 2", "9N701", "1 2"),
    (2, "9N706", "1 2", "9N706", "1 2"),
    (3, "9N711", "1 2", "9N711", "1 2"),
    (4, "9N716", "1 2", "9N716", "1 2"),
    (5, "9N721", "1 2", "9N721", "1 2"),
    (6, "9N726", "1 2", "9N726", "1 2"),
    (7, "9N731", "1 2", "9N731", "1 2"),
    (8, "9N736", "1 2", "9N736", "1 2 3"),
    (9, "9N741", "1 2", "9N741", "1 2"),
    (10, "9N746", "1 2", "9N746", "1 2"),
    (11, "9N751", "1 2", "9N751", "1 2"),
    (12, "9N756", "1 2", "9N756", "1 2"),
    (13, "9N872", "1 2 3", "9N872", "1 2 3"),
    (14, "9N766", "1 2 3", "9N766", "1 2 3"),
    (15, "9N771", "1 2", "9N771", "1 2"),
    (16, "9N782", "1 2 3", "9N782", "1 2 3"),
    (17, "9N781", "1 2", "9N781", "1 2"),
    (18, "9N786", "1 2 3", "9N786", "1 2 3 4 5 6 7 8"),
    (19, "9N791", "1 2 3 4", "9N791", "1 2 3 4 5"),
    (20, "9N796", "1 2", "9N796", "1 2"),
    (21, "9N801", "1 2 3 4 5", "9N801", "1 2 3 4 5"),
    (22, "9N806", "1 2", "9N808", "1 2"),
    # fmt: on
]
#: identifier, first fiscal year
SINCE = [("hba1c", 2013), ("non_hdl", 2018), ("egfr", 2018), ("q13", 2018), ("q16", 2018), ("tg_casual", 2024)]
#: heading as 国保連 and the ministry's table write it, identifier
WRITTEN = [
    ("ＢＭＩ", "bmi"),
    ("腹囲", "waist"),
    ("中性脂肪（トリグリセリド）", "tg_fasting"),
    ("空腹時中性脂肪", "tg_fasting"),
    ("随時中性脂肪", "tg_casual"),
    ("ＨＤＬコレステロール", "hdl"),
    ("ＬＤＬコレステロール", "ldl"),
    ("GOT（ＡＳＴ）", "ast"),
    ("GPT(ALT)", "alt"),
    ("γ-GT(γ-GTP)", "ggt"),
    ("空腹時血糖（電位差法）", "glucose_fasting"),
    ("随時血糖（電位差法）", "glucose_casual"),
    ("ＨｂＡ１ｃ（NGSP値）", "hba1c"),
    ("血色素量(ヘモグロビン値)", "hemoglobin"),
    ("メタボリックシンドローム判定", "metabolic"),
    ("服薬１（血圧）", "q01"),
    ("服薬1(血圧)", "q01"),
    ("既往歴3(腎不全･人工透析)", "q06"),
    ("20歳からの体重変化", "q09"),
    ("食べ方1(早食い等)", "q14"),
    ("食べ方３（夜食/間食）", "q16"),
    ("保健指導の希望", "q22"),
]


@pytest.mark.parametrize(("name", "unit", "low", "high", "items"), ITEMS, ids=[row[0] for row in ITEMS])
def test_a_measured_item(name: str, unit: str, low: float | None, high: float | None, items: str) -> None:
    column = CHECKUP_RESULTS.column(name)
    assert (column.type, column.unit, column.low, column.high) == ("float", unit, low, high)
    assert column.jlac10 == tuple(items.split())
    assert column.nullable  # what was not done is empty


@pytest.mark.parametrize(("name", "items", "codes"), JUDGED, ids=[row[0] for row in JUDGED])
def test_an_item_of_codes(name: str, items: str, codes: str) -> None:
    column = CHECKUP_RESULTS.column(name)
    assert (column.jlac10, column.codes) == (tuple(items.split()), tuple(codes.split()))


@pytest.mark.parametrize(("number", "item", "codes", "item_now", "codes_now"), QUESTIONNAIRE)
def test_a_question(number: int, item: str, codes: str, item_now: str, codes_now: str) -> None:
    column = CHECKUP_RESULTS.column(f"q{number:02d}")
    assert column.jlac10 == tuple(dict.fromkeys(i + "000000000011" for i in (item_now, item)))
    assert tuple(column.labels_in(2023)) == tuple(codes.split())
    assert tuple(column.labels_in(2024)) == tuple(codes_now.split())


def test_the_contract_is_the_examination_the_items_and_22_questions_and_nothing_else() -> None:
    listed = {"inquiry_number", "exam_date", "institution_code"}
    listed |= {row[0] for row in ITEMS} | {row[0] for row in JUDGED} | {f"q{row[0]:02d}" for row in QUESTIONNAIRE}
    assert set(CHECKUP_RESULTS.names) == listed
    assert len(QUESTIONNAIRE) == 22


def test_items_that_came_later_are_not_known_before() -> None:
    assert [(c.name, c.since) for c in CHECKUP_RESULTS.columns if c.since] == sorted(
        SINCE, key=lambda row: CHECKUP_RESULTS.names.index(row[0])
    )
    assert [name for name, year in SINCE if CHECKUP_RESULTS.column(name).in_year(year - 1)] == []


@pytest.mark.parametrize(("heading", "name"), WRITTEN)
def test_a_heading_as_it_is_written_outside(heading: str, name: str) -> None:
    assert meanings(CHECKUP_RESULTS)[fold(heading)] == {name}


# -- the contract and what decodes it ------------------------------------------------------------------


def test_terms_begin_in_the_years_in_which_they_are_judged() -> None:
    assert {t.number: t.first_year for t in TERMS if t.number in FIRST_YEAR} == FIRST_YEAR


def test_levels_and_judged_items_are_those_of_the_contract() -> None:
    assert set(METABOLIC_LEVELS) == set(CHECKUP_RESULTS.column("metabolic").codes)
    assert set(GUIDANCE_LEVELS) == set(CHECKUP_RESULTS.column("guidance_level").codes)
    assert set(JUDGED_ITEMS) <= set(CHECKUP_RESULTS.names)


def test_every_threshold_lies_inside_the_input_range_of_its_item() -> None:
    ranges = CHECKUP_RESULTS.ranges
    limits = [(t.item, limit) for term in TERMS for t in term.thresholds for limit in (t.guidance, t.referral)]
    outside = [
        (item, limit)
        for item, limit in limits
        if limit is not None and item in ranges and not ranges[item][0] < limit < ranges[item][1]
    ]
    assert limits
    assert outside == []
