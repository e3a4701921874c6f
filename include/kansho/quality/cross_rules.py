"""Rules between columns and between tables: pure masks of rows that keep them.

Belongs here: rules over text columns in contract form, and over columns of another table brought to the same rows.
Does not belong here: reading the other table, and whether a rule is a hold or a warning (the catalogue).
A missing value keeps every rule here: that it is missing is another rule's matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

import numpy as np
import pandas as pd

from kansho.contracts.model import Column
from kansho.quality.distinct import Distinct, distinct, repeated, together

_INQUIRY = r"[0-9]{4}-[0-9]{4}-[0-9]{2}"
_DIGITS = [0, 1, 2, 3, 5, 6, 7, 8, 10]
_CHECK = 11
_WEIGHTS = np.arange(10, 1, -1)
_SPACES = r"[\s\u3000]+"
_FISCAL_MONTH = 4
#: Height is told to 0.1 cm and weight to 0.1 kg; BMI is rounded to one digit, or cut off.
BMI_TOLERANCE = 0.15
#: A large odd number: multiplying by it keeps the order of the columns in a row's hash.
_ODD = np.uint64(0x9E3779B97F4A7C15)


def check_digits(numbers: pd.Series) -> pd.Series:
    """Rows whose お問い合わせ番号 carries its check digit: weights 10 to 2, modulus 11 (D7); a missing one does not."""
    found = distinct(numbers)
    text = found.values
    shaped = text.str.fullmatch(_INQUIRY).to_numpy(dtype=bool)
    kept = np.zeros(len(text), dtype=bool)
    if shaped.any():
        letters = text[shaped].to_numpy(dtype=object).astype("S12")
        digits = np.frombuffer(letters.tobytes(), dtype=np.uint8).reshape(-1, 12).astype(np.int32) - ord("0")
        kept[shaped] = -(digits[:, _DIGITS] @ _WEIGHTS) % 11 == digits[:, _CHECK]
    return _spread(found, kept, numbers.index, missing=False)


def listed_numbers(numbers: pd.Series, known: set[str]) -> pd.Series:
    """Rows whose number is one of the known; a missing one is not."""
    found = distinct(numbers)
    return _spread(found, found.values.astype(object).isin(known), numbers.index, missing=False)


def not_twice(frame: pd.DataFrame, columns: Iterable[str]) -> pd.Series:
    """Rows whose values in ``columns`` no other row has; spaces do not distinguish names.

    A row that lacks one of the values is not compared.
    """
    found = [distinct(_unspaced(frame[c])) for c in columns]
    whole = np.logical_and.reduce([f.codes >= 0 for f in found])
    return pd.Series(~(repeated(together(found)) & whole), index=frame.index)


def existing_phones(phones: pd.Series, exists: Callable[[str], bool]) -> pd.Series:
    """Rows whose telephone number can exist.

    A numbering plan decides by the first digits and the length, so one number is asked for all that share them.

    Args:
        phones: as 03-0000-0000, hyphens anywhere.
        exists: asked once per first six digits and length.
    """
    found = distinct(phones)
    digits = found.values.astype(object).str.replace("-", "", regex=False)
    kinds = distinct(digits.str.slice(0, 6) + "/" + digits.str.len().astype(str))
    first = pd.Series(digits.to_numpy()).groupby(kinds.codes).first()
    told = np.array([exists(str(number)) for number in first], dtype=bool)
    return _spread(found, told[kinds.codes] if len(told) else np.zeros(0, dtype=bool), phones.index)


def bmi_consistent(height: pd.Series, weight: pd.Series, bmi: pd.Series) -> pd.Series:
    """Rows whose BMI is weight (kg) over height (m) squared, as it is rounded."""
    tall, heavy, told = (_numbers(v) for v in (height, weight, bmi))
    reckoned = heavy / (tall.where(tall > 0) / 100) ** 2
    return (reckoned - told).abs().le(BMI_TOLERANCE) | reckoned.isna() | told.isna()


def pressure_ordered(systolic: pd.Series, diastolic: pd.Series) -> pd.Series:
    """Rows whose systolic pressure is above the diastolic."""
    upper, lower = (_numbers(v) for v in (systolic, diastolic))
    return upper.gt(lower) | upper.isna() | lower.isna()


def day_between(day: pd.Series, begin: date, end: date) -> pd.Series:
    """Rows whose day (ISO) lies in the span, both ends included."""
    found = distinct(day)
    return _spread(found, found.values.between(begin.isoformat(), end.isoformat()), day.index)


def year_of_day(fiscal_year: pd.Series, day: pd.Series, first: int, last: int) -> pd.Series:
    """Rows whose fiscal year is one of ``first`` to ``last`` and the one in which the day lies."""
    year = _numbers(fiscal_year)
    attended = _days(day)
    of_day = attended.dt.year - (attended.dt.month < _FISCAL_MONTH)
    kept: pd.Series = (year.between(first, last) | year.isna()) & (of_day.eq(year) | of_day.isna() | year.isna())
    return kept


def old_enough_then(fiscal_year: pd.Series, birth: pd.Series, min_age: pd.Series | int) -> pd.Series:
    """Rows of a year at whose end (31 March) the person had reached the age from which the screening is offered.

    Args:
        fiscal_year: of the row.
        birth: birth date of the row's person, brought here from the target list; missing when unknown.
        min_age: years, one for all rows or one per row.
    """
    year = _numbers(fiscal_year)
    born = _days(birth)
    # Whoever is born on 1 April reaches the age on the day before, by law: the year end counts for them (domain 2.1).
    early = (born.dt.month * 100 + born.dt.day) <= 401
    age = year + 1 - born.dt.year - (~early).astype(int)
    kept: pd.Series = age.ge(min_age) | age.isna()
    return kept


def codes_of_their_year(frame: pd.DataFrame, columns: Iterable[Column], years: pd.Series) -> pd.Series:
    """Rows whose codes all had a meaning in the row's fiscal year; a row of an unknown year is kept.

    Args:
        frame: text columns of the contract.
        columns: of these; those whose codes never changed keep every row.
        years: fiscal year per row, missing when unknown.
    """
    kept = pd.Series(True, index=frame.index)
    at = {int(year): years.eq(year).fillna(False).astype(bool) for year in years.dropna().unique()}
    for column in columns:
        if not column.codes or not (column.editions or column.since or column.until):
            continue
        given = frame[column.name].notna()
        for year, rows in at.items():
            kept &= ~(rows & given) | frame[column.name].isin(list(column.labels_in(year)))
    return kept


def same_code(delivered: pd.Series, reckoned: pd.Series) -> pd.Series:
    """Rows in which what was delivered is what we reckon; a row without one of them keeps the rule."""
    return delivered.eq(reckoned).astype(bool) | delivered.isna() | reckoned.isna()


def screening_fits_sex(kind: pd.Series, sex: pd.Series, only: dict[str, str]) -> pd.Series:
    """Rows whose screening kind (or kinds, joined by ``|``) is offered to the row's sex.

    Args:
        kind: codes.
        sex: brought to the row; anything but ``1`` and ``2`` is kept.
        only: screening code → the only sex it is for.
    """
    found = distinct(kind)
    kept = pd.Series(True, index=kind.index)
    for one in ("1", "2"):
        barred = {code for code, whose in only.items() if whose != one}
        fits = np.array([barred.isdisjoint(str(v).split("|")) for v in found.values], dtype=bool)
        kept &= _spread(found, fits, kind.index) | ~sex.eq(one).astype(bool)
    return kept


def same_table(frame: pd.DataFrame, earlier: pd.DataFrame | None) -> bool:
    """Whether two tables hold the same rows, in whatever order; a table of nobody is never a repetition."""
    if earlier is None or not len(frame) or len(frame) != len(earlier) or set(frame.columns) != set(earlier.columns):
        return False
    ours, theirs = (np.sort(_hashed(f[sorted(frame.columns)])) for f in (frame, earlier))
    return bool((ours == theirs).all())


def _hashed(frame: pd.DataFrame) -> np.ndarray:
    """One number (uint64) per row, from its cells in the order of the columns; each distinct text is hashed once."""
    rows = np.zeros(len(frame), dtype=np.uint64)
    for name in frame.columns:
        found = distinct(frame[name])
        texts = np.append(found.values.to_numpy(dtype=object), "\0")
        rows = rows * _ODD + pd.util.hash_array(texts)[found.codes]
    return rows


def _spread(found: Distinct, kept: pd.Series | np.ndarray, index: pd.Index, *, missing: bool = True) -> pd.Series:
    return pd.Series(np.append(np.asarray(kept, dtype=bool), missing)[found.codes], index=index)


def _numbers(values: pd.Series) -> pd.Series:
    """Text as numbers (float), each distinct one read once; missing where it is none."""
    found = distinct(values)
    read = pd.to_numeric(found.values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(np.append(read, np.nan)[found.codes], index=values.index)


def _days(values: pd.Series) -> pd.Series:
    """ISO text as days, each distinct one read once; NaT where it is none."""
    found = distinct(values)
    read = pd.to_datetime(found.values, format="%Y-%m-%d", errors="coerce").to_numpy(dtype="datetime64[s]")
    return pd.Series(np.append(read, np.datetime64("NaT", "s"))[found.codes], index=values.index)


def _unspaced(values: pd.Series) -> pd.Series:
    found = distinct(values)
    plain = [*found.values.astype(object).str.replace(_SPACES, "", regex=True), None]
    return pd.Series(np.array(plain, dtype=object)[found.codes], index=values.index).astype(object)
