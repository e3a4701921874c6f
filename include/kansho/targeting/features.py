"""What an estimated propensity to attend is made of: attendance of the years before, age, sex.  Pure.

Belongs here: the features as seen from any year, so that last year's attendance is explained by exactly what this
year's will be predicted from.  Does not belong here: the fit (`propensity`), or anything that happened this year.
"""

from __future__ import annotations

import pandas as pd

#: Feature → what the plan calls it, in the order of the plan's table.
FEATURES = {
    "came_last": "直近の分かる年度に受診",
    "share": "直前3年度のうち受診した割合（0から1）",
    "never": "直前4年度に受診なし",
    "unknown": "直前3年度の受診歴が不明",
    "female": "女性",
    "age_50": "年度末年齢 50〜59歳（50歳未満と比較）",
    "age_60": "年度末年齢 60〜64歳（50歳未満と比較）",
    "age_65": "年度末年齢 65〜69歳（50歳未満と比較）",
    "age_70": "年度末年齢 70歳以上（50歳未満と比較）",
}
#: Years of which the ward tells; the last of them may be a label, the others are what explains it.
YEARS = range(1, 6)
#: Years of a history, and those in which "never" looks for an attendance; both reach as far back as a label leaves.
_RECENT, _FAR = 3, 4
#: First age of a band; whoever is younger than the first band is what the others are compared with.
_BANDS = (50, 60, 65, 70)


def past(years_ago: int) -> str:
    """The analysis item that says whether a person attended so many fiscal years before the campaign's."""
    return f"attended_{years_ago}y_ago"


def features(people: pd.DataFrame, *, ago: int) -> pd.DataFrame:
    """`FEATURES` as they were known ``ago`` fiscal years before the campaign's, as numbers.

    Only years before that one count, and the age is the age of that year, so nothing of the year itself or of a later
    one can come in.

    Args:
        people: ``age_at_year_end`` (text, of the campaign's year), ``sex``, and ``attended_<n>y_ago`` ('1', '0' or
            missing; a column that is absent is unknown for everybody).
        ago: 0 for the campaign's own year, 1 for the year before.

    Returns:
        One row per person; NaN throughout where age or sex is not known.
    """
    recent = _years(people, ago, _RECENT)
    far = _years(people, ago, _FAR)
    out = pd.DataFrame(index=people.index)
    out["came_last"] = recent.bfill(axis=1).iloc[:, 0].fillna(0.0)
    out["share"] = recent.mean(axis=1).fillna(0.0)
    out["never"] = (far.notna().any(axis=1) & far.sum(axis=1).eq(0)).astype(float)
    out["unknown"] = recent.isna().all(axis=1).astype(float)
    out["female"] = people["sex"].eq("2").astype(float)
    age = pd.to_numeric(people["age_at_year_end"], errors="coerce") - ago
    for first, after in zip(_BANDS, (*_BANDS[1:], 1000), strict=True):
        out[f"age_{first}"] = (age.ge(first) & age.lt(after)).astype(float)
    return out.where(age.notna() & people["sex"].isin(["1", "2"]))


def attended(people: pd.DataFrame, years_ago: int) -> pd.Series:
    """1.0, 0.0, or NaN where it is not known."""
    nowhere = pd.Series(None, index=people.index, dtype=object)
    return people.get(past(years_ago), nowhere).map({"1": 1.0, "0": 0.0}).astype(float)


def _years(people: pd.DataFrame, ago: int, count: int) -> pd.DataFrame:
    """The ``count`` years before the year ``ago``, the last one first."""
    return pd.DataFrame({n: attended(people, n) for n in range(ago + 1, ago + count + 1)}, index=people.index)
