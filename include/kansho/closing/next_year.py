"""What of the hand-over next year's intake reads as it stands: refusals as a stop list, attendance as past attendance.

Belongs here: those files, in the form of the ward's own deliveries (`kansho.contracts.ward_files`); pure.  Does not
belong here: the hand-over itself (`kansho.closing.handover`).  The ward adds what it alone knows and delivers them.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from kansho.contracts.codes import KENSHIN_KIND
from kansho.contracts.model import Contract
from kansho.contracts.registry import contract
from kansho.exchange.tables import to_csv

#: 停止: until the person says otherwise; a postponement (延期) would name a day.
_STOP = "1"


def next_year_files(stops: pd.DataFrame, attended: pd.DataFrame, fiscal_year: int) -> dict[str, tuple[bytes, int]]:
    """``next_year_<kind>`` → (bytes, rows), of every kind that there is something of.

    Args:
        stops: rows of `HANDOVER_STOPS`.
        attended: rows of attendance as the ward told it (number, kind, day), of all deliveries.
        fiscal_year: of the campaign that ends.
    """
    made = {
        "stop_list": stop_list(stops),
        "past_attendance": past_attendance(attended, fiscal_year),
        "screening_history": screening_history(attended, fiscal_year),
    }
    return {
        f"next_year_{kind}": (to_csv(frame, _only(contract(kind), frame)), len(frame))
        for kind, frame in made.items()
        if len(frame)
    }


def _only(form: Contract, frame: pd.DataFrame) -> Contract:
    """The contract without the columns that a ward may leave out and that we do not fill."""
    return replace(form, columns=tuple(c for c in form.columns if c.name in frame.columns))


def stop_list(stops: pd.DataFrame) -> pd.DataFrame:
    """One row per person who asked for no further contact, without an end."""
    numbers = sorted(set(stops["inquiry_number"]))
    return pd.DataFrame({"inquiry_number": numbers, "stop_kind": _STOP, "until": None}, dtype=object)


def past_attendance(attended: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    """One row per person who is known to have attended 特定健診; who is not in it may still have (E2: data lags)."""
    found = _first(attended[attended["screening_kind"].eq(KENSHIN_KIND)], ["inquiry_number"])
    return found[["inquiry_number"]].assign(fiscal_year=str(fiscal_year), attended="1")


def screening_history(attended: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    """One row per person and kind of cancer screening that is known to have taken place."""
    found = _first(attended[attended["screening_kind"].ne(KENSHIN_KIND)], ["inquiry_number", "screening_kind"])
    return found[["inquiry_number", "screening_kind"]].assign(fiscal_year=str(fiscal_year))


def _first(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The earliest day of each, in order."""
    return rows.sort_values([*by, "attendance_date"]).drop_duplicates(by).reset_index(drop=True)
