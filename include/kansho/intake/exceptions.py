"""Opening, easing and settling exceptions: the effects behind `kansho.evidence.register`.

Belongs here: which ledger facts follow from a refused delivery, a gate and a redelivery.  Does not belong here:
the state of an exception (`kansho.evidence.register`) or what the ward is asked (`send_back`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from kansho.campaign.rights import Role
from kansho.casework import open_case, resolve_case
from kansho.errors import KanshoError
from kansho.evidence.register import ExceptionCase, exceptions, open_exceptions
from kansho.workspace import Workspace

#: Why a person may accept an exception as it is; closed codes, since the ledger holds no prose.
ACCEPT_REASONS = {
    "ward_confirmed": "区が正しいと確認した",
    "not_needed": "今年度は使わない",
    "duplicate": "別の提供で解消している",
    "keep_last_list": "前の勧奨停止一覧を継続して使う",
    "reviewed": "内容を確認し、規則どおりに処理した",
}

#: Why the list in force may go on although a newer one came.
KEEP_REASONS = {
    "ward_confirmed": "区が前の一覧で差し支えないと確認した",
    "newer_is_wrong": "新しい一覧の誤りを区が認め、再提供を待っている",
}


def open_for_refusal(ws: Workspace, delivery: str, code: str) -> None:
    """A delivery refused whole waits for another."""
    open_case(ws, f"{delivery}/-/{code}", "delivery", code, rows=0, owner=Role.CONTRACTOR_MANAGER.value)


def open_for_rows(ws: Workspace, delivery: str, table: str, reasons: pd.Series, owner: str) -> None:
    """Quarantined rows, one exception for each rule (``reasons`` per row, '' accepted)."""
    for rule, rows in reasons[reasons.ne("")].value_counts().sort_index().items():
        open_case(ws, f"{delivery}/{table}/{rule}", "rows", str(rule), rows=int(rows), owner=owner)


def open_for_table(
    ws: Workspace, delivery: str, table: str, doubts: Mapping[str, int], owner: str, *, decided: str
) -> None:
    """Doubts about a table as a whole that its gate's owner has decided (``decided``: key of the approval)."""
    for rule, rows in sorted(doubts.items()):
        key = f"{delivery}/{table}/{rule}"
        open_case(ws, key, "table", rule, rows=rows, owner=owner)
        resolve_case(ws, key, "accepted", reason="gate_decision", decision=decided)


def ease(ws: Workspace, delivery: str, table: str, core: set[str]) -> int:
    """Rows of earlier exceptions that have come right with this delivery; how many.

    ``core`` are the numbers of every row of that table ever accepted, this delivery included.  An exception whose rows
    are all right is resolved by this delivery.
    """
    fixed = 0
    for case in open_exceptions(ws.ledger.events()):
        if case.level != "rows" or case.table != table or case.delivery == delivery:
            continue
        right = int(_row_keys(ws, case).isin(core).sum()) - case.fixed
        if right <= 0:
            continue
        ws.record("exception_eased", f"{case.key}@{delivery}", counts={"fixed": right}, codes={"by": delivery})
        fixed += right
        _resolve_if_done(ws, case.key, delivery)
    return fixed


def resolve_refusals(ws: Workspace, accepted: str) -> None:
    """A refused delivery is resolved by its redelivery (``d01-r2`` for ``d01``)."""
    for case in open_exceptions(ws.ledger.events()):
        if case.level == "delivery" and _family(case.delivery) == _family(accepted):
            resolve_case(ws, case.key, "redelivery", by=accepted)


def accept_exception(ws: Workspace, key: str, reason: str) -> None:
    """A named person accepts an exception as it is.

    Raises:
        KanshoError: ``EXCEPTION-UNKNOWN``, ``EXCEPTION-REASON``, or ``EXCEPTION-OWNER`` when the person's role does
            not own it.
    """
    case = next((c for c in exceptions(ws.ledger.events()) if c.key == key), None)
    if case is None or case.state == "resolved":
        raise KanshoError(
            "EXCEPTION-UNKNOWN", "開いている例外ではありません", place=key, remedy="一覧を確認してください"
        )
    if reason not in ACCEPT_REASONS:
        raise KanshoError(
            "EXCEPTION-REASON",
            "理由の区分が違います",
            place=key,
            remedy=f"次から選択: {' '.join(sorted(ACCEPT_REASONS))}",
        )
    if ws.actor.role != case.owner:
        raise KanshoError(
            "EXCEPTION-OWNER", "この例外を決める担当ではありません", place=key, remedy=f"担当: {case.owner}"
        )
    resolve_case(ws, key, "accepted", reason=reason)


def keep_stop_list(ws: Workspace, delivery: str, reason: str) -> None:
    """A named person decides to go on with the stop list in force although a newer one did not become facts.

    Args:
        ws: acting as the person who decides.
        delivery: the newer delivery, refused or not accepted by its gate.
        reason: a code of `KEEP_REASONS`.

    Raises:
        KanshoError: ``EXCEPTION-OWNER`` for another role than the contractor's manager or the ward's,
            ``EXCEPTION-REASON``, ``EXCEPTION-UNKNOWN`` when no such delivery came.
    """
    if ws.actor.role not in (Role.CONTRACTOR_MANAGER.value, Role.WARD_OFFICER.value):
        raise KanshoError(
            "EXCEPTION-OWNER", "勧奨停止一覧を決める担当ではありません", place=delivery, remedy="統括責任者"
        )
    if reason not in KEEP_REASONS:
        raise KanshoError(
            "EXCEPTION-REASON",
            "理由の区分が違います",
            place=delivery,
            remedy=f"次から選択: {' '.join(sorted(KEEP_REASONS))}",
        )
    refused = {e.codes["delivery"] for e in ws.ledger.events("delivery_refused")}
    if delivery not in refused and ws.ledger.find("delivery_accepted", delivery) is None:
        raise KanshoError("EXCEPTION-UNKNOWN", "その番号の提供はありません", place=delivery, remedy="提供番号を確認")
    number = len(ws.ledger.events("stop_list_decided")) + 1
    codes = {"decision": "keep_last_list", "delivery": delivery, "reason": reason}
    ws.record("stop_list_decided", f"{delivery}/{number}", codes=codes)


def _resolve_if_done(ws: Workspace, key: str, delivery: str) -> None:
    case = next(c for c in exceptions(ws.ledger.events()) if c.key == key)
    if case.fixed >= case.rows:
        resolve_case(ws, key, "redelivery", by=delivery)


def _row_keys(ws: Workspace, case: ExceptionCase) -> pd.Series:
    """Inquiry number of each of the exception's rows; one without cannot be matched and stays open."""
    ref = ws.find("quarantine", f"{case.table}-{case.delivery}")
    if ref is None:
        return pd.Series([], dtype=object)
    rows = ws.read_table(ref)
    return rows.loc[rows["reason"].eq(case.rule), "inquiry_number"]


def _family(delivery: str) -> str:
    """The id without the mark of a redelivery (``-r2``); an id may hold ``-r`` elsewhere."""
    return re.sub(r"-r[0-9]+\Z", "", delivery)
