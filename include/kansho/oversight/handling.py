"""How personal data was handled on a given day: who, what, where, until when, and what became of it (P13).

Belongs here: the state of one day as a pure function of the ledger's events up to that day; the ward may ask for any
day, also of a year that is over, so nothing is read but the log.  Does not belong here: how the report looks
(`kansho.oversight.handling_paper`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.access_rules import ENDED
from kansho.evidence.events import Event, day_in_japan
from kansho.evidence.registrations import id_of
from kansho.leaving import LEAVER
from kansho.oversight.incidents import state as incident_state


@dataclass(frozen=True)
class Handling:
    """One day's state; every row is a mapping of texts and numbers, in the order of the log.

    ``handlers``: who is registered; ``holdings``: what lies with whom, where, why and until when; ``packages``: what
    was handed over or received; ``media``; ``sheets``: visiting sheets that are out; ``incidents``; ``ended``: how many
    holdings were erased, by reason; ``party``: empty for the whole campaign.
    """

    campaign: str
    title: str
    number: str
    on: str
    party: str
    simulation: bool
    events: int
    parties: dict[str, dict[str, str]]
    handlers: tuple[dict[str, str], ...]
    holdings: tuple[dict[str, Any], ...]
    packages: tuple[dict[str, Any], ...]
    media: tuple[dict[str, str], ...]
    sheets: tuple[dict[str, Any], ...]
    incidents: tuple[dict[str, str], ...]
    ended: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Plain form."""
        return asdict(self)


def require_not_ahead(log: Iterable[Event], on: date, now: datetime) -> None:
    """Nobody says how data will be handled: of a simulated year there is no day after its last event.

    Raises:
        KanshoError: ``HANDLING-AHEAD``.
    """
    events = list(log)
    last = max((e.campaign_date for e in events), default="")
    simulated = bool(events) and events[0].codes.get("simulation") == "true"
    limit = last if simulated else max(last, day_in_japan(now).isoformat())
    if events and on.isoformat() > limit:
        raise KanshoError(
            "HANDLING-AHEAD", "まだ来ていない日です", place=on.isoformat(), remedy=f"{limit} までの日を指定してください"
        )


def handling_on(log: Iterable[Event], on: date, party: str = "") -> Handling:
    """The state at the end of a day, of the whole campaign or of one party.

    Args:
        log: all events of the campaign.
        on: the campaign date; later events do not count.
        party: only what this party handles (乙 reports to 甲, 丙 to 乙).

    Raises:
        KanshoError: ``HANDLING-BEFORE`` before the opening, ``HANDLING-PARTY`` for a party that is not registered then.
    """
    past = [e for e in log if e.campaign_date <= on.isoformat()]
    if not past:
        raise KanshoError(
            "HANDLING-BEFORE", "この日にはまだ記録がありません", place=on.isoformat(), remedy="業務開始後の日を指定"
        )
    parties = {id_of(e): {"name": e.names.get("name", ""), "kind": e.codes["kind"]} for e in _of(past, _PARTY)}
    if party and party not in parties:
        raise KanshoError("HANDLING-PARTY", "登録された関係者ではありません", place=party, remedy=" ".join(parties))
    first = past[0]
    return Handling(
        campaign=first.campaign,
        title=first.names.get("title", ""),
        number=first.names.get("number", ""),
        on=on.isoformat(),
        party=party,
        simulation=first.codes.get("simulation") == "true",
        events=len(past),
        parties=parties,
        handlers=tuple(h for h in _handlers(past) if party in ("", h["party"])),
        holdings=tuple(h for h in _holdings(past) if party in ("", h["holder"])),
        packages=tuple(p for p in _packages(past) if party in ("", p["party"])),
        media=tuple(_media(past)) if party in ("", _contractor(parties)) else (),
        sheets=tuple(_sheets(past, party)),
        incidents=tuple(_incidents(past)),
        ended=_ended(past, party),
    )


_PARTY = "party_registered"


def _of(log: Sequence[Event], *types: str) -> list[Event]:
    return [e for e in log if e.type in types]


def _contractor(parties: dict[str, dict[str, str]]) -> str:
    return next((p for p, said in parties.items() if said["kind"] == "contractor"), "")


def _newest(log: Sequence[Event], type: str) -> dict[str, Event]:
    return {id_of(e): e for e in _of(log, type)}


def _handlers(log: Sequence[Event]) -> list[dict[str, str]]:
    trained = _newest(log, "training_recorded")
    told = [e for e in _of(log, "briefing_recorded") if e.codes.get("of") == LEAVER]
    briefed = {id_of(e): e for e in _of(log, "briefing_recorded") if e not in told}
    leavers = {id_of(e): e.codes.get("on", "") for e in told}
    places = {key: e.names.get("name", "") for key, e in _newest(log, "place_designated").items()}
    return [
        {
            "id": key,
            "party": e.codes.get("party", ""),
            "name": e.names.get("name", ""),
            "post": e.names.get("post", ""),
            "responsible": e.codes.get("responsible", "no"),
            "place": places.get(e.codes.get("place", ""), e.codes.get("place", "")),
            "trained_on": trained[key].codes.get("on", "") if key in trained else "",
            "briefed_on": briefed[key].codes.get("on", "") if key in briefed else "",
            "left_on": e.codes.get(ENDED, ""),
            "leaver_told_on": leavers.get(key, ""),
        }
        for key, e in _newest(log, "handler_registered").items()
    ]


def _holdings(log: Sequence[Event]) -> list[dict[str, Any]]:
    gone = {e.key for e in _of(log, "snapshot_erased")}
    purposes = {key: e.names.get("purpose", "") for key, e in _newest(log, "flow_approved").items()}
    places = {key: e.names.get("name", "") for key, e in _newest(log, "place_designated").items()}
    return [
        {
            "name": e.key,
            "purpose": e.names.get("purpose") or purposes.get(e.key.partition("/")[0], ""),
            "rows": e.counts.get("rows", 0),
            "holder": e.codes.get("holder", ""),
            "place": places.get(e.codes.get("place", ""), e.codes.get("place", "")),
            "since": e.campaign_date,
            "erase_by": e.codes.get("erase_by", ""),
        }
        for e in _of(log, "snapshot_stored")
        if e.key not in gone
    ]


def _packages(log: Sequence[Event]) -> list[dict[str, Any]]:
    """What went to and came from each party; whether a 丙 has certified the end of what it got."""
    certified = {e.key: e.campaign_date for e in _of(log, "certificate_received")}
    erased = {e.key: e.codes.get("on", "") for e in _of(log, "package_erased")}
    rows: list[dict[str, Any]] = []
    for e in _of(log, "package_handed_over", "package_received"):
        party = e.codes.get("party", "")
        out = e.type == "package_handed_over"
        rows.append(
            {
                "way": "out" if out else "in",
                "party": party,
                "kind": e.codes.get("kind", ""),
                "package": e.codes.get("package") or e.key.rpartition("/")[2],
                "on": e.campaign_date,
                "rows": e.counts.get("rows", e.counts.get("records", 0)),
                "erase_by": e.codes.get("erase_by", ""),
                "erased_on": erased.get(e.key, "") if out else "",
                "certified_on": certified.get(party, "") if out else "",
            }
        )
    return rows


def _media(log: Sequence[Event]) -> list[dict[str, str]]:
    returned = {e.key: e.campaign_date for e in _of(log, "medium_returned")}
    return [
        {
            "medium": e.key,
            "kind": e.codes.get("kind", ""),
            "delivery": e.codes.get("delivery", ""),
            "received_on": e.campaign_date,
            "returned_on": returned.get(e.key, ""),
        }
        for e in _of(log, "medium_registered")
    ]


def _sheets(log: Sequence[Event], party: str) -> list[dict[str, Any]]:
    """Sheets that are out; they are with whoever was given the halves."""
    back = {e.key for e in _of(log, "sheets_in")}
    handed = _of(log, "package_handed_over")
    visitors = {e.codes.get("party", "") for e in handed if e.codes.get("kind") == "visit_halves"}
    if party and party not in visitors:
        return []
    return [
        {"team": e.key, "sheets": e.counts.get("sheets", 0), "out_on": e.campaign_date}
        for e in _of(log, "sheets_out")
        if e.key not in back
    ]


def _incidents(log: Sequence[Event]) -> list[dict[str, str]]:
    return [
        {
            "incident": e.key,
            "kind": e.codes.get("kind", ""),
            "found_on": e.campaign_date,
            "state": incident_state(log, e.key),
        }
        for e in _of(log, "incident_opened")
    ]


def _ended(log: Sequence[Event], party: str) -> dict[str, int]:
    holder = {e.key: e.codes.get("holder", "") for e in _of(log, "snapshot_stored")}
    counted: dict[str, int] = {}
    for e in _of(log, "snapshot_erased"):
        if party in ("", holder.get(e.key, "")):
            reason = e.codes.get("reason", "other")
            counted[reason] = counted.get(reason, 0) + 1
    return dict(sorted(counted.items()))
