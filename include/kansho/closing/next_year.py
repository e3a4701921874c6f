"""What of the hand-over next year's intake reads as it stands, in the form of the ward's own deliveries.

    refusals                               → ``stop_list``
    attendance                             → ``past_attendance``, ``screening_history``
    intentions, reasons, wishes, returns   → ``past_outreach``
    how the last contact ended             → ``outreach_result``, a column of the target list (勧奨結果)

Belongs here: those files (`kansho.contracts.ward_files`); pure.  Does not belong here: the hand-over itself
(`kansho.closing.handover`).  The ward adds what it alone knows and delivers them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from kansho.contracts.codes import KENSHIN_KIND
from kansho.contracts.model import Contract
from kansho.contracts.registry import TARGET_LIST, contract
from kansho.exchange.tables import to_csv

#: 停止: until the person says otherwise; a postponement (延期) would name a day.
_STOP = "1"
#: The result of a card that came back, before its reason (`kansho.contracts.codes.OUTREACH_RESULTS`).
_RETURNED = "8"
_NUMBER, _RESULT = "inquiry_number", "outreach_result"
_SAID = ("intention", "reason", "wish")


@dataclass(frozen=True)
class Learnt:
    """What a year learnt, by お問い合わせ番号.

    ``stops`` are rows of `HANDOVER_STOPS`, ``calls`` of `CALL_RESULTS`, ``visits`` of `HANDOVER_VISITS`, ``mail`` of
    `HANDOVER_MAIL`; ``attended`` is attendance as the ward told it (number, kind, day), of all deliveries.
    """

    stops: pd.DataFrame
    calls: pd.DataFrame
    visits: pd.DataFrame
    mail: pd.DataFrame
    attended: pd.DataFrame


def next_year_files(learnt: Learnt, fiscal_year: int) -> dict[str, tuple[bytes, int]]:
    """``next_year_<kind>`` → (bytes, rows), of every kind that there is something of.

    Args:
        learnt: of the year.
        fiscal_year: of the campaign that ends.
    """
    made = {
        "stop_list": stop_list(learnt.stops),
        "past_attendance": past_attendance(learnt.attended, fiscal_year),
        "screening_history": screening_history(learnt.attended, fiscal_year),
        "past_outreach": past_outreach(learnt, fiscal_year),
        _RESULT: outreach_result(learnt),
    }
    return {
        f"next_year_{kind}": (to_csv(frame, _form(kind, frame)), len(frame))
        for kind, frame in made.items()
        if len(frame)
    }


def _form(kind: str, frame: pd.DataFrame) -> Contract:
    """The contract without the columns that a ward may leave out and that we do not fill."""
    form = TARGET_LIST if kind == _RESULT else contract(kind)
    return replace(form, columns=tuple(c for c in form.columns if c.name in frame.columns))


def stop_list(stops: pd.DataFrame) -> pd.DataFrame:
    """One row per person who asked for no further contact, without an end."""
    numbers = sorted(set(stops[_NUMBER]))
    return pd.DataFrame({_NUMBER: numbers, "stop_kind": _STOP, "until": None}, dtype=object)


def past_attendance(attended: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    """One row per person who is known to have attended 特定健診; who is not in it may still have (E2: data lags)."""
    found = _first(attended[attended["screening_kind"].eq(KENSHIN_KIND)], [_NUMBER])
    return found[[_NUMBER]].assign(fiscal_year=str(fiscal_year), attended="1")


def screening_history(attended: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    """One row per person and kind of cancer screening that is known to have taken place."""
    found = _first(attended[attended["screening_kind"].ne(KENSHIN_KIND)], [_NUMBER, "screening_kind"])
    return found[[_NUMBER, "screening_kind"]].assign(fiscal_year=str(fiscal_year))


def past_outreach(learnt: Learnt, fiscal_year: int) -> pd.DataFrame:
    """One row per person who said something or whose card came back: of each item what was learnt last."""
    parts = [
        _dated(learnt.calls, "called_on", _SAID),
        _dated(learnt.visits, "visited_on", _SAID),
        _dated(learnt.mail, "returned_on", ("return_reason",)),
    ]
    names = [*_SAID, "return_reason"]
    told = pd.concat(parts, ignore_index=True).reindex(columns=[_NUMBER, "day", *names])
    told = told.dropna(subset=names, how="all").sort_values([_NUMBER, "day"], kind="stable")
    last = told.groupby(_NUMBER, sort=True)[names].last().reset_index().astype(object)  # the last that is not empty
    last.insert(1, "fiscal_year", str(fiscal_year))
    return last.where(last.notna(), None)


def outreach_result(learnt: Learnt) -> pd.DataFrame:
    """One row per person whom anything came of: how the last call or visit ended, else why the card came back."""
    spoken = pd.concat(
        [
            _dated(learnt.calls, "called_on", ("outcome",)),
            _dated(learnt.visits, "visited_on", ("outcome",)),
        ],
        ignore_index=True,
    )
    returned = _dated(learnt.mail, "returned_on", ("return_reason",)).dropna(subset=["return_reason"])
    returned = returned.assign(outcome=_RETURNED + returned["return_reason"].astype(str))
    found = pd.concat([_last(returned), _last(spoken)], ignore_index=True).drop_duplicates(_NUMBER, keep="last")
    return found.sort_values(_NUMBER).reset_index(drop=True).rename(columns={"outcome": _RESULT})


def _dated(rows: pd.DataFrame, day: str, names: tuple[str, ...]) -> pd.DataFrame:
    return rows[[_NUMBER, day, *names]].rename(columns={day: "day"}).astype(object)


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """The latest day of each person; of one day the row that was told last."""
    ordered = rows.sort_values([_NUMBER, "day"], kind="stable")
    return ordered.drop_duplicates(_NUMBER, keep="last")[[_NUMBER, "outcome"]]


def _first(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The earliest day of each, in order."""
    return rows.sort_values([*by, "attendance_date"]).drop_duplicates(by).reset_index(drop=True)
