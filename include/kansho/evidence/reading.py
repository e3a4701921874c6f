"""The ledger as a person reads it: choosing events, one line for each, one event whole.

Belongs here: filters and texts, pure over events.  Does not belong here: arguments of a command (`kansho.cli_ledger`),
state derived from events (`kansho.evidence.account`, `kansho.handling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kansho.evidence.events import EVENT_TYPES, Event
from kansho.evidence.registrations import id_of
from kansho.evidence.titles import TITLES

#: Fields of ``codes`` that name a person by user name or handler id.
_PEOPLE = ("user", "attested_by", "inspector", "reported_by", "handler", "witness")
#: Fields of ``codes`` that name a thing.
_THINGS = ("medium", "package", "delivery", "subject", "document", "of", "party")
#: Registrations whose key is a handler's id.
_ABOUT_HANDLERS = ("handler_registered", "training_recorded", "briefing_recorded")


@dataclass(frozen=True)
class Wanted:
    """What is asked for; an empty field asks for nothing.

    ``person`` is a user name, a handler's id or a handler's name; ``object`` a key, a holding (``kind/key`` or
    kind), a medium, a package, a delivery, or a folder of keys.
    """

    clause: str = ""
    person: str = ""
    object: str = ""
    types: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


def choose(events: Sequence[Event], wanted: Wanted) -> list[Event]:
    """The events that fit every field, in order."""
    who = _aliases(events, wanted.person) if wanted.person else frozenset()
    return [
        e
        for e in events
        if (not wanted.clause or wanted.clause in EVENT_TYPES.get(e.type, ()))
        and (not wanted.types or e.type in wanted.types)
        and (wanted.since is None or e.campaign_date >= wanted.since.isoformat())
        and (wanted.until is None or e.campaign_date <= wanted.until.isoformat())
        and (not wanted.person or _by(e, who))
        and (not wanted.object or _touches(e, wanted.object))
    ]


def people(events: Iterable[Event]) -> dict[str, str]:
    """Names of registered handlers by user name and by id."""
    found = {}
    for event in events:
        if event.type == "handler_registered":
            name = event.names.get("name", "")
            found[id_of(event)] = name
            if event.codes.get("user"):
                found[event.codes["user"]] = name
    return found


def line(event: Event, names: Mapping[str, str]) -> str:
    """One event in one line: number, campaign date, title, key, what it counts, clauses, who.

    Args:
        event: the event.
        names: as `people`.
    """
    counted = " ".join(f"{name}={number:,}" for name, number in sorted(event.counts.items()))
    clauses = "・".join(EVENT_TYPES.get(event.type, ()))
    parts = (TITLES.get(event.type, event.type), event.key, counted, f"[{clauses}]", _who(event, names))
    return f"{event.sequence:>5}  {event.campaign_date}  " + "  ".join(p for p in parts if p)


def whole(event: Event, names: Mapping[str, str]) -> list[str]:
    """One event with everything it says, a line for each thing."""
    out = [
        f"番号      {event.sequence}",
        f"種類      {TITLES.get(event.type, event.type)}（{event.type}）",
        f"名称      {event.key}",
        f"業務日    {event.campaign_date}（記録 {event.recorded_at}）",
        f"担当      {_who(event, names)}",
        f"条項      {'・'.join(EVENT_TYPES.get(event.type, ()))}",
    ]
    for heading, part in (("件数", event.counts), ("符号", event.codes), ("参照", event.refs), ("名前", event.names)):
        out += [f"{heading}      {name} = {text}" for name, text in _flat(part)]
    return out


def _who(event: Event, names: Mapping[str, str]) -> str:
    user, role = event.actor["user"], event.actor["role"]
    told = names.get(user, user)
    return f"{event.actor['party']}:{told}" if user == role else f"{event.actor['party']}:{told}（{role}）"


def _flat(part: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    for name, value in sorted(part.items()):
        if isinstance(value, Mapping):
            yield from _flat(value, f"{at}{name}.")
        else:
            yield f"{at}{name}", f"{value:,}" if type(value) is int else str(value)


def _aliases(events: Iterable[Event], person: str) -> frozenset[str]:
    found = {person}
    for event in events:
        if event.type == "handler_registered":
            own = {id_of(event), event.codes.get("user", ""), event.names.get("name", "")} - {""}
            if person in own:
                found |= own
    return frozenset(found)


def _by(event: Event, who: frozenset[str]) -> bool:
    if event.actor["user"] in who or any(event.codes.get(field) in who for field in _PEOPLE):
        return True
    return event.type in _ABOUT_HANDLERS and id_of(event) in who


def _touches(event: Event, thing: str) -> bool:
    said = [event.key, *(event.codes[f] for f in _THINGS if f in event.codes), *_named(event.refs)]
    return any(name == thing or name.startswith(f"{thing}/") or name.endswith(f"/{thing}") for name in said)


def _named(value: Any) -> Iterator[str]:
    """Holdings named anywhere in the references."""
    if isinstance(value, Mapping):
        if isinstance(value.get("kind"), str) and isinstance(value.get("key"), str):
            yield f"{value['kind']}/{value['key']}"
        for name, part in value.items():
            if "/" in name:
                yield name
            yield from _named(part)
