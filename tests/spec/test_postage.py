"""Specification: what a posting costs, which paper it needs, and how it is tied (domain 6.1–6.3)."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kansho.campaign.config import CampaignConfig
from kansho.campaign.costs import mailing_cost, postage_of, tariff_of
from kansho.campaign.postage import TARIFFS, estimate, tariff_on
from kansho.errors import KanshoError
from kansho.mailing.paper import CARD, Folded, paper_for
from kansho.mailing.sorting import BUNDLE, plan_csv, sorting_plan

BEFORE, NOW = date(2024, 9, 30), date(2026, 6, 26)

# fmt: off
# pieces, with barcode, day, slack days                 sorted, slack, barcode %      yen
POSTAGES = [
    (50_000, 50_000, BEFORE, 3,                         5, 2, 3,                2_835_000),
    (50_000, 50_000, NOW,    3,                         5, 2, 3,                3_825_000),
    (50_000, 50_000, NOW,    0,                         5, 0, 3,                3_910_000),
    (50_000, 50_000, NOW,    7,                         5, 4, 3,                3_740_000),
    (100_000, 0,     NOW,    0,                         6, 0, 0,                7_990_000),
    (10_000, 9_000,  NOW,    3,                         4, 2, 3,                  776_050),
    (9_999,  999,    NOW,    3,                         3, 2, 0,                  807_419),
    (2_000,  1_000,  NOW,    3,                         3, 2, 3,                  158_950),
    (1_999,  1_999,  NOW,    3,                         0, 0, 3,                  164_817),  # slack only when sorted
    (1_000,  1_000,  NOW,    0,                         0, 0, 3,                   82_450),
    (999,    999,    NOW,    0,                         0, 0, 0,                   84_915),
    (0,      0,      NOW,    3,                         0, 0, 0,                        0),
]
# fmt: on


@pytest.mark.parametrize(("pieces", "barcoded", "day", "slack", "sorted_", "slack_percent", "barcode", "yen"), POSTAGES)
def test_what_a_posting_costs(
    pieces: int, barcoded: int, day: date, slack: int, sorted_: int, slack_percent: int, barcode: int, yen: int
) -> None:
    found = estimate(pieces, barcoded, tariff_on(day), slack_days=slack)
    percents = {name: discount.percent for name, discount in found.discounts.items()}
    assert percents == {"sorted": sorted_, "slack": slack_percent, "regional": 0, "barcode": barcode}
    assert (found.pieces, found.rate, found.yen) == (pieces, tariff_on(day).postcard, yen)


# fmt: off
# pieces, slack days    regional %      yen
REGIONAL = [
    (50_000,  3,        1,        3_782_500),   # 5 + 2 + 1 + 3 per cent off 4,250,000
    (49_999,  3,        0,        3_867_422),   # too few of them
    (100_000, 7,        1,        7_310_000),
    (1_999,   0,        0,          164_817),   # not sorted
]
# fmt: on


@pytest.mark.parametrize(("pieces", "slack", "percent", "yen"), REGIONAL)
def test_a_posting_at_a_regional_sorting_office_costs_less(pieces: int, slack: int, percent: int, yen: int) -> None:
    found = estimate(pieces, pieces, tariff_on(NOW), slack_days=slack, regional=True)
    assert (found.regional.percent, found.yen) == (percent, yen)
    elsewhere = estimate(pieces, pieces, tariff_on(NOW), slack_days=slack)
    assert elsewhere.yen - found.yen == found.regional.yen


@given(
    pieces=st.integers(0, 120_000),
    share=st.floats(0, 1),
    slack=st.sampled_from([0, 3, 7]),
    regional=st.booleans(),
    tariff=st.sampled_from(TARIFFS),
)
def test_what_the_classes_take_off_is_the_whole_discount_to_the_yen(
    pieces: int, share: float, slack: int, regional: bool, tariff: object
) -> None:
    found = estimate(pieces, int(pieces * share), tariff, slack_days=slack, regional=regional)  # type: ignore[arg-type]
    assert found.full_yen - sum(d.yen for d in found.discounts.values()) == found.yen
    assert all(d.yen >= 0 for d in found.discounts.values())
    assert all((d.percent == 0) <= (d.yen == d.pieces == 0) for d in found.discounts.values())


def test_a_campaign_has_the_tariff_of_the_day_of_posting_or_the_one_it_names(mini: CampaignConfig) -> None:
    (wave,) = mini.waves.mailings
    assert tariff_of(mini, wave).id == "2024-10"
    named = mini.model_copy(update={"costs": mini.costs.model_copy(update={"postage_tariff": "2019-10"})})
    assert postage_of(named, wave, 1_000, 0).yen == 63_000
    assert mailing_cost(named, wave, printed=1_010, posted=1_000, barcoded=0).yen == 1_010 * 38 + 63_000
    with pytest.raises(ValidationError, match=r"costs\.postage_tariff"):
        type(mini.costs).model_validate(mini.costs.model_dump() | {"postage_tariff": "1990-01"})


def test_a_day_before_every_known_rate_is_refused() -> None:
    assert [tariff_on(d).postcard for d in (date(2019, 10, 1), BEFORE, date(2024, 10, 1))] == [63, 63, 85]
    with pytest.raises(KanshoError, match="POSTAGE-RATE"):
        tariff_on(date(2019, 9, 30))


def test_the_card_is_one_for_the_post_on_the_paper_that_is_ordered() -> None:
    kg = paper_for(CARD)
    assert kg == 135
    assert CARD.leaf_grams(kg) >= 2.0
    assert CARD.leaf_grams(kg) * 2 <= 6.0
    assert paper_for(Folded(107, 154)) == 110


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (Folded(89, 148), "CARD-SIZE"),
        (Folded(100, 155), "CARD-SIZE"),
        (Folded(100, 139.9), "CARD-SIZE"),
        (Folded(100, 148, leaves=3), "CARD-WEIGHT"),
    ],
)
def test_what_is_no_postcard_is_refused(card: Folded, code: str) -> None:
    with pytest.raises(KanshoError) as refused:
        paper_for(card)
    assert refused.value.code == code


_POSTAL = st.sampled_from(["160-0001", "160-9999", "1690051", "130-0001"])
_CARD = st.tuples(st.sampled_from("ab"), _POSTAL, st.booleans())


@given(st.lists(_CARD, max_size=250))
def test_every_card_is_in_one_bundle_of_its_area_and_design(rows: list[tuple[str, str, bool]]) -> None:
    cards = pd.DataFrame(
        [
            {"serial": f"M1-{n:06d}", "design": d, "postal_code": p, "bars": "F" if barred else None}
            for n, (d, p, barred) in enumerate(sorted(rows, key=lambda r: (r[0], r[1].replace("-", ""))), start=1)
        ],
        columns=["serial", "design", "postal_code", "bars"],
        dtype=object,
    )
    plan = sorting_plan(cards, "mailing_1")
    assert plan["cards"].sum() == len(rows)
    assert plan["barcoded"].sum() == sum(barred for _, _, barred in rows)
    assert not plan.duplicated(["design", "postal_area"]).any()
    for row in plan.itertuples():
        inside = cards[cards["serial"].between(row.first_serial, row.last_serial)]
        assert len(inside) == row.cards  # an area is one run of serials, so that nobody sorts by hand
        assert (row.bundles - 1) * BUNDLE < row.cards <= row.bundles * BUNDLE


def test_the_plan_is_told_in_the_printers_words_and_names_nobody() -> None:
    row = {"serial": "M1-000001", "design": "a", "postal_code": "160-0001", "bars": "F", "name_kanji": "見本"}
    head, line, *rest = plan_csv(sorting_plan(pd.DataFrame([row]), "mailing_1")).decode("utf-8-sig").split("\r\n")
    assert head == "回,デザイン,郵便区番号,通数,バーコードあり,把数,最初の連番,最後の連番"
    assert line == "mailing_1,a,160,1,1,1,M1-000001,M1-000001"
    assert rest == [""]
