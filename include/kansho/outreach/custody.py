"""授受簿: sheets out in the morning and in at the end of the day, per team (P3).

Belongs here: issuing a day's sheets, the balance, and what happens when it does not hold.  Does not belong
here: what the visitors found (`field`) or who is on the list (`visits`).

States of one team's day (``<wave>/<day>/<team>``): sheets_out → sheets_in, once everything is back.  A count
that differs leaves the day open: an incident opens and the next issue is refused, until a correction
report of the visitors brings the balance.  Sheets are numbered ``<wave>-<MMDD>-<team>-NN``, each as a pair A and
B that two people carry; the counts of the ledger are sheets of paper, that is, two for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho import exchange
from kansho.campaign.rights import Channel, Work
from kansho.contracts.registry import VISIT_HALF_A, VISIT_HALF_B
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.tables import to_csv
from kansho.exchange.timestamping import sign_checkpoint
from kansho.outreach.field import take_field_report
from kansho.outreach.visits import halves
from kansho.standing import exclusions
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

__all__ = ["issue_sheets", "open_days", "require_balance", "take_field_report"]


def issue_sheets(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Put today's sheets out and hand both halves to the visitors, in two files for two people (P2, P3).

    Who may not be visited any more today is struck first.  Events ``sheets_out`` per team; kind
    ``visit_sheets``: the printable custody sheet with the ledger's checkpoint.

    Raises:
        KanshoError: ``CUSTODY-OPEN`` while an earlier day does not balance; ``EXCHANGE-AUTHORITY``.
    """
    if not work.get("day"):
        return None
    wave, day, ref = str(work["wave"]), str(work["day"]), SnapshotRef.from_json(work["list"])
    require_balance(ws, day)
    authority = exchange.authority_of(ws, ref)
    frame = ws.read_table(ref)
    today = frame[frame["status"].eq("listed") & frame["day"].eq(day)].reset_index(drop=True)
    reason = exclusions(ws, today, Channel.VISIT, wave=wave, spacing=False, under_way=ref)
    issued = today[reason.eq("")].reset_index(drop=True)
    if issued.empty:
        return None
    teams = _teams(issued)
    flow = ws.config.copy_flow("visit_halves", ws.config.party_for(Work.VISITS).id)
    for team in teams:
        counts = {"sheets": team["sheets"], "rows": team["rows"]}
        codes = {"first": team["first"], "last": team["last"], "place": flow.place if flow else ""}
        ws.record("sheets_out", f"{wave}/{day}/{team['team']}", counts=counts, codes=codes)
    paper = _custody_sheet(ws, wave, day, f"{ref.key}-{day}", teams, ref)
    half_a, half_b = halves(issued)
    sheets = sum(team["sheets"] for team in teams)
    event = exchange.hand_over(
        ws,
        party=ws.config.party_for(Work.VISITS).id,
        work=Work.VISITS,
        package=f"{ref.key}-{day}",
        kind="visit_halves",
        files={
            "half_a.csv": to_csv(half_a, VISIT_HALF_A),
            "half_b.csv": to_csv(half_b, VISIT_HALF_B),
            "custody.pdf": ws.read_bytes(paper),
        },
        counts={"rows": len(issued), "withdrawn": len(today) - len(issued), "sheets": sheets},
        authority=authority,
        parents=[ref, paper],
    )
    return {"wave": wave, "day": day, "custody": paper.to_json(), "counts": dict(event.counts)}


def open_days(ws: Workspace, before: str) -> list[Event]:
    """``sheets_out`` of days before ``before`` (ISO) that have no ``sheets_in``."""
    back = {e.key for e in ws.ledger.events("sheets_in")}
    return [e for e in ws.ledger.events("sheets_out") if e.key not in back and e.key.split("/")[1] < before]


def require_balance(ws: Workspace, day: str) -> None:
    """Refuse to issue while sheets of an earlier day are out; an incident is opened where none is yet (P3, P9).

    Raises:
        KanshoError: ``CUSTODY-OPEN`` naming day and team.
    """
    missing = open_days(ws, day)
    for event in missing:
        wave, out_day, team = event.key.split("/")
        ws.record(
            "incident_opened",
            f"sheet-{wave}-{out_day}-{team}",
            counts={"sheets_out": event.counts["sheets"], "sheets_returned": 0},
            codes={"kind": "sheet_missing", "subject": event.key, "party": ws.config.party_for(Work.VISITS).id},
        )
    if missing:
        raise KanshoError(
            "CUSTODY-OPEN",
            f"訪問票の授受が合わない班が {len(missing)} あります",
            place=" ".join(e.key for e in missing[:5]),
            remedy="訪問票を探し、訂正報告を受け取ってから発行してください",
        )


def _teams(issued: pd.DataFrame) -> list[dict[str, Any]]:
    """Per team: sheets of paper (both halves), rows, first and last number."""
    return [
        {
            "team": str(team),
            "sheets": 2 * rows["sheet"].nunique(),
            "rows": len(rows),
            "first": min(rows["sheet"]),
            "last": max(rows["sheet"]),
        }
        for team, rows in issued.groupby("team", sort=True)
    ]


def _custody_sheet(
    ws: Workspace, wave: str, day: str, key: str, teams: list[dict[str, Any]], listed: SnapshotRef
) -> SnapshotRef:
    from kansho.documents import Stamp
    from kansho.outreach.paper import custody_sheet

    known = ws.find("visit_sheets", key)
    if known is not None:
        return known
    signed = sign_checkpoint(ws)
    stamp = Stamp(signed.origin, signed.size, signed.root)
    name = ws.config.wave(wave).name
    pdf = custody_sheet(ws.config, name, teams, day=ws.today, stamp=stamp, simulation=ws.is_simulation)
    return ws.store_bytes("visit_sheets", key, pdf, parents=[listed])
