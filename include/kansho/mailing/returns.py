"""Returned mail (返戻): by serial, with the reason; 甲 is told at once whose card came back.

The cards themselves are media: they are counted, locked away, and given to 甲 at the end (`kansho.closing.manual`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.contracts.registry import MAIL_RETURNS
from kansho.errors import KanshoError
from kansho.exchange.tables import from_csv, valid
from kansho.mailing.dispatch import printer
from kansho.mailing.ward_lists import tell_returned
from kansho.workspace import Workspace

KIND = "mail_returns"
#: What is read of a posting.
_KNOWN = ["serial", "inquiry_number", "wave", "posted_on"]


def take_returns(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Take in waiting lists of returned mail: kind ``mail_returns``, event ``returns_recorded``.

    Raises:
        KanshoError: ``RETURNS-SERIAL``, ``RETURNS-VALUE`` or ``RETURNS-UNPOSTED`` after the package was refused
            whole.
    """
    party = printer(ws)
    returned = packages = 0
    for package in exchange.waiting(ws, party, KIND):
        try:
            count = _take(ws, package, exchange.take(ws, party, KIND, package).files)
        except KanshoError as error:
            exchange.refuse(ws, party, KIND, package, code=error.code)
            raise
        exchange.accept(ws, party, KIND, package, counts={"returned": count})
        returned, packages = returned + count, packages + 1
    return {"counts": {"packages": packages, "returned": returned}} if packages else None


def _take(ws: Workspace, package: str, files: Mapping[str, bytes]) -> int:
    frame = from_csv(files.get("mail_returns.csv", b""), MAIL_RETURNS)
    postings = ws.read_all("postings")
    known = postings if postings is not None else pd.DataFrame(columns=_KNOWN, dtype=object)
    earlier = ws.read_all(KIND)
    done = set(earlier["serial"]) if earlier is not None and ws.find(KIND, package) is None else set()
    if frame["serial"].duplicated().any() or not frame["serial"].isin(set(known["serial"]) - done).all():
        raise KanshoError(
            "RETURNS-SERIAL", "発送していない連番があります", place=package, remedy="返戻一覧の訂正を依頼してください"
        )
    for column in MAIL_RETURNS.columns:
        if not valid(frame[column.name], column).all():
            raise KanshoError(
                "RETURNS-VALUE", "返戻一覧に使えない値があります", place=column.name, remedy="訂正を依頼してください"
            )
    merged = frame.merge(known[_KNOWN], on="serial", how="left")
    sent = merged.pop("posted_on").fillna("")
    if (merged["returned_on"].lt(sent) | merged["returned_on"].gt(ws.today.isoformat())).any():
        # A day that cannot be decides whether an address that the ward corrected since counts as mended.
        raise KanshoError(
            "RETURNS-VALUE",
            "返戻日が、差出しより前か先の日付です",
            place="returned_on",
            remedy="返戻一覧の訂正を依頼してください",
        )
    waves = sorted(set(merged["wave"]))
    # A list on which nothing came back answers everything posted so far.
    posted = [ref for ref in ws.snapshots("postings") if ref.key in waves or not waves]
    if not posted:
        raise KanshoError(
            "RETURNS-UNPOSTED",
            "まだ発送していないのに返戻一覧が届きました",
            place=package,
            remedy="発送の報告を受けた後に、再送を依頼してください",
        )
    ref = ws.store_table(KIND, package, merged, parents=posted)
    tell_returned(ws, package, merged)
    codes = {"wave": "|".join(waves)}
    ws.record("returns_recorded", package, counts={"returned": len(merged)}, codes=codes, refs={"returns": ref})
    return len(merged)
