"""Registrations in the ledger: each change of a registered thing is one more event, and the newest counts.

Belongs here: the keys (``<id>``, then ``<id>/2``, ``<id>/3``) and finding the newest.  Does not belong here: what is
registered (`kansho.opening.register`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kansho.evidence.events import Event


def id_of(event: Event) -> str:
    """Whom or what a registration registers."""
    return event.key.partition("/")[0]


def newest(events: Iterable[Event], registered: str) -> Event | None:
    """The newest registration of an id among events of one type; None while there is none."""
    found = [e for e in events if id_of(e) == registered]
    return found[-1] if found else None


def next_key(
    events: Iterable[Event], registered: str, codes: Mapping[str, str], names: Mapping[str, str]
) -> str | None:
    """Key of the registration to be made; None when the newest says the same already.

    Args:
        events: those of one type.
        registered: the id.
        codes: of the new registration.
        names: likewise.
    """
    found = [e for e in events if id_of(e) == registered]
    if not found:
        return registered
    if found[-1].codes == codes and found[-1].names == names:
        return None
    return f"{registered}/{len(found) + 1}"
