"""資料23-3 and 23-4 as a yearly list: which columns a delivery may bring, as a table the ward can read (D1, D4)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.campaign.config import Mapping as WardMapping
from kansho.contracts.registry import ANALYSIS_ITEMS, REGISTRY, contract
from kansho.errors import KanshoError
from kansho.intake.derive import SOURCES, analysis_items
from kansho.intake.reading import read_delivered

NUMBER, EXAM, KIND, YEAR = "お問い合わせ番号", "健診実施年月日", "がん検診の種類", "受診年度"

#: kind, items approved for the year, headings delivered → columns of the file that nothing may hold, or None
TABLE: list[tuple[FileKind, tuple[str, ...], tuple[str, ...], str | None]] = [
    ("analysis_items", ("bmi",), (NUMBER, "BMI"), None),
    ("analysis_items", ("bmi",), (NUMBER, "BMI", "喫煙"), "3列目"),
    ("checkup_results", ("bmi",), (NUMBER, EXAM, "BMI"), None),
    ("checkup_results", ("bmi",), (NUMBER, EXAM, "BMI", "HbA1c"), "4列目"),
    ("checkup_results", ("bmi",), (NUMBER, EXAM, "尿糖", "BMI", "腹囲"), "3、5列目"),
    ("checkup_results", ("smoking",), (NUMBER, EXAM, "喫煙"), None),  # the answer from which the item is derived
    ("checkup_results", ("q08",), (NUMBER, EXAM, "喫煙"), None),
    ("checkup_results", ("smoking",), (NUMBER, EXAM, "喫煙", "飲酒"), "4列目"),
    ("checkup_results", ("attended_1y_ago",), (NUMBER, EXAM), ""),  # nothing of this kind: not even who was examined
    ("past_attendance", ("attended_3y_ago",), (NUMBER, YEAR, "受診有無"), None),
    ("past_attendance", ("attended_3y_ago",), (NUMBER, YEAR, "受診有無", "受診日"), "4列目"),
    ("past_attendance", ("attended_3y_ago",), (NUMBER, YEAR, "受診有無", "保健指導利用有無"), "4列目"),
    ("past_attendance", ("bmi",), (NUMBER, YEAR, "受診有無"), ""),
    ("screening_history", ("last_fy_03",), (NUMBER, KIND, YEAR), None),
    ("screening_history", ("last_fy_03",), (NUMBER, KIND, YEAR, "受診日"), "4列目"),
    ("screening_history", ("bmi",), (NUMBER, KIND, YEAR), ""),
    ("stop_list", (), (NUMBER, "停止区分", "期限"), None),  # not an item of analysis: the contract alone decides
]


@pytest.mark.parametrize(("kind", "approved", "headings", "refused"), TABLE)
def test_a_column_that_was_not_approved_this_year_refuses_the_delivery_whole(
    mini: CampaignConfig, kind: FileKind, approved: tuple[str, ...], headings: tuple[str, ...], refused: str | None
) -> None:
    config = mini.model_copy(update={"approved_analysis_items": approved})
    data = _file(headings)
    if refused is None:
        found = read_delivered(data, kind, config).frame
        given = {c.name for c in contract(kind).columns if set(c.headings) & set(headings)}
        assert {name for name in found if found[name].notna().all()} == given
        assert all(found[name].isna().all() for name in set(found) - given)
        return
    with pytest.raises(KanshoError) as told:
        read_delivered(data, kind, config)
    assert told.value.code == "INTAKE-COLUMN-FORBIDDEN"
    assert told.value.place == (f"{kind}:{refused}" if refused else kind)


def test_what_was_approved_must_come(mini: CampaignConfig) -> None:
    config = mini.model_copy(update={"approved_analysis_items": ("bmi", "waist")})
    with pytest.raises(KanshoError, match="INTAKE-COLUMN-MISSING"):
        read_delivered(_file((NUMBER, EXAM, "BMI")), "checkup_results", config)


def test_a_heading_of_a_fixed_layout_may_come_without_values_though_its_item_was_not_approved(
    mini: CampaignConfig,
) -> None:
    config = mini.model_copy(
        update={
            "approved_analysis_items": ("bmi",),
            "mappings": (WardMapping(kind="checkup_results", blank=("腹囲",)),),
        }
    )
    found = read_delivered(_file((NUMBER, EXAM, "BMI", "腹囲"), empty={3}), "checkup_results", config)
    assert found.counts["blank_columns"] == 1
    with pytest.raises(KanshoError, match="INTAKE-BLANK"):
        read_delivered(_file((NUMBER, EXAM, "BMI", "腹囲")), "checkup_results", config)


def test_every_analysis_item_comes_from_some_file_when_it_is_approved() -> None:
    for item in set(ANALYSIS_ITEMS.names) - {"inquiry_number"}:
        bring = [k for k in SOURCES if contract(k).is_permitted({item})]
        assert len(bring) == 1, item


def test_what_is_derived_is_what_was_approved(mini: CampaignConfig) -> None:
    """The columns that an item permits are enough to derive it, and it alone."""
    for item in set(ANALYSIS_ITEMS.names) - {"inquiry_number"}:
        config = mini.model_copy(update={"approved_analysis_items": (item,)})
        tables = {k: _rows(k, {item}, mini.fiscal_year) for k in SOURCES if contract(k).is_permitted({item})}
        found = analysis_items(tables, config).set_index("inquiry_number")
        assert [name for name in found if found[name].notna().any()] == [item]


@pytest.mark.parametrize("heading", ["人間ドック結果", "人間ドック結果ＢＭＩ", "ドック 判定", "dock_result"])
@pytest.mark.parametrize("mapped", [False, True])
def test_a_column_that_could_carry_results_of_a_dock_is_refused_even_if_the_ward_maps_it(
    mini: CampaignConfig, heading: str, mapped: bool
) -> None:
    headers = {"bmi": heading} if mapped else {}
    config = mini.model_copy(
        update={
            "approved_analysis_items": ("bmi",),
            "mappings": (WardMapping(kind="checkup_results", headers=headers),),
        }
    )
    with pytest.raises(KanshoError) as told:
        read_delivered(_file((NUMBER, EXAM, heading)), "checkup_results", config)
    assert (told.value.code, told.value.place) == ("INTAKE-COLUMN-FORBIDDEN", "checkup_results:3列目")
    assert "人間ドック" in told.value.message
    assert heading not in told.value.text


def _file(headings: Sequence[str], empty: set[int] = frozenset()) -> bytes:  # type: ignore[assignment]
    values = ["" if at in empty else "1" for at in range(len(headings))]
    return "".join(",".join(row) + "\r\n" for row in (headings, values)).encode("cp932")


def _rows(kind: str, approved: set[str], fiscal_year: int) -> pd.DataFrame:
    """One person with a value in every permitted column, and five years of history."""
    permitted = REGISTRY[kind].permitted(approved)
    years = range(fiscal_year - 5, fiscal_year)
    kinds = REGISTRY[kind].column("screening_kind").codes if kind == "screening_history" else ("",)
    made = [
        {"inquiry_number": "n", "fiscal_year": str(year), "screening_kind": code, "exam_date": f"{year}-06-01"}
        for year in years
        for code in kinds
    ]
    return pd.DataFrame([{name: row.get(name, "1") for name in permitted} for row in made], dtype=object).reindex(
        columns=list(REGISTRY[kind].names)
    )
