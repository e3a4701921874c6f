"""A later delivery of the target list against the core: who was added, changed, left, or may be another person.

Belongs here: pure comparison of two tables.  Does not belong here: who may be contacted (`kansho.standing`).
"""

from __future__ import annotations

import pandas as pd

#: What makes a person: a number that keeps two of these names the same person (a marriage, a corrected typing error).
IDENTITY = ("name_kanji", "sex", "birth_date")
_CONFUSED = 2
COLUMNS = ("inquiry_number", "change", "fields")


def confused(delivered: pd.DataFrame, core: pd.DataFrame) -> pd.Series:
    """Rows whose number is known and which differ in two or more of name, sex and birth date.

    Args:
        delivered: rows of a target list, in the contract's form.
        core: one row per person known so far; may be empty.

    Returns:
        Mask on the index of ``delivered``; spaces in names do not count.
    """
    differing = sum(
        (_renamed(delivered, core, column).astype(int) for column in IDENTITY),
        start=pd.Series(0, index=delivered.index),
    )
    return differing.ge(_CONFUSED)


def core_changes(core: pd.DataFrame, delivered: pd.DataFrame, accepted: pd.Series, *, whole: bool) -> pd.DataFrame:
    """What a delivery changes, one row per person concerned (columns `COLUMNS`).

    ``change``: added | changed | left | held | released; ``fields`` names what changed ("address|phone").

    Args:
        core: one row per person known so far and not left.
        delivered: every row that was delivered, quarantined ones included.
        accepted: mask of those that entered the core.
        whole: whether the list names everybody (else only additions and corrections): who is missing has left.
            A quarantined row does not make its person leave.
    """
    known = delivered["inquiry_number"].isin(set(core["inquiry_number"]))
    doubtful = confused(delivered, core)
    fields = pd.Series("", index=delivered.index, dtype=object)
    for column in (c for c in delivered.columns if c != "inquiry_number" and c in core.columns):
        hit = known & _differs(delivered, core, column)
        fields = fields.mask(hit, fields.where(fields.eq(""), fields + "|") + column)
    kinds = pd.Series("", index=delivered.index, dtype=object)
    kinds = kinds.mask(accepted & ~known, "added").mask(accepted & known & fields.ne(""), "changed")
    kinds = kinds.mask(~accepted & doubtful, "held")
    told = delivered.assign(change=kinds, fields=fields).loc[kinds.ne(""), list(COLUMNS)]
    parts = [told]
    if whole:
        gone = core.loc[~core["inquiry_number"].isin(set(delivered["inquiry_number"].dropna())), "inquiry_number"]
        parts.append(pd.DataFrame({"inquiry_number": gone, "change": "left", "fields": ""}))
    return pd.concat(parts, ignore_index=True).astype(object)


def released(held: pd.Series, delivered: pd.DataFrame, accepted: pd.Series) -> pd.DataFrame:
    """Rows ``released`` for persons held before whose row has now been accepted.

    Args:
        held: numbers held until now.
        delivered: the rows of the delivery.
        accepted: mask of those that entered the core.
    """
    numbers = delivered.loc[accepted & delivered["inquiry_number"].isin(set(held)), "inquiry_number"]
    return pd.DataFrame({"inquiry_number": numbers, "change": "released", "fields": ""}).astype(object)


def _renamed(delivered: pd.DataFrame, core: pd.DataFrame, column: str) -> pd.Series:
    """Whether a part of the identity is another one; spaces do not count, and a missing value did not change."""
    then, now = (
        _text(v).str.replace(r"\s", "", regex=True) for v in (_before(delivered, core, column), delivered[column])
    )
    return then.ne(now) & then.ne("") & now.ne("")


def _differs(delivered: pd.DataFrame, core: pd.DataFrame, column: str) -> pd.Series:
    """Whether each row's value is another one than the core's for its number (False for unknown numbers)."""
    known = delivered["inquiry_number"].isin(set(core["inquiry_number"]))
    return known & _text(_before(delivered, core, column)).ne(_text(delivered[column]))


def _before(delivered: pd.DataFrame, core: pd.DataFrame, column: str) -> pd.Series:
    """The core's value for each delivered row's number, missing where there is none."""
    values = core.drop_duplicates("inquiry_number", keep="last").set_index("inquiry_number")[column].astype(object)
    numbers = delivered["inquiry_number"].astype(object).to_numpy()
    return pd.Series(values.reindex(numbers).to_numpy(), index=delivered.index)


def _text(values: pd.Series) -> pd.Series:
    return values.where(values.notna(), "").astype(str)
