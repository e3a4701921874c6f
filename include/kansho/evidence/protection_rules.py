"""How keys and log are protected, as the log tells it, and when that is weaker than it was (D3).

Belongs here: what was bound last, what is weaker than that, and the rules over events that ask it.  Does not belong
here: with what a real year may open (`kansho.evidence.opening_rules`), or looking at the settings (`kansho.protected`).

    keys_created (bound) … protection_changed (at least as strong, bound from now on)
                         … protection_weakened (found and refused) … protection_changed (put right)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import at

CHANGED, WEAKENED = "protection_changed", "protection_weakened"
#: Weakest first.  A lock that its owner can lift is for rehearsals; a log in a directory is shown by its checkpoints.
_RANKS: Mapping[str, tuple[str, ...]] = {
    "keeper": ("files", "passphrase", "kms"),
    "lock": ("GOVERNANCE", "none", "COMPLIANCE"),
}
#: Until when the log's objects are kept: a day, ISO.
UNTIL = "retained_until"
_SAID = (*_RANKS, UNTIL)


def bound(events: Sequence[Event]) -> dict[str, str]:
    """What the log bound last of keeper, lock and retention; what it never told is left out, all before the opening."""
    found: dict[str, str] = {}
    for event in events:
        if event.type in ("keys_created", "keys_rotated", CHANGED):
            found |= _said(event.codes)
    return found


def weaker(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Names of what is weaker than it was bound; a word that nobody knows is the weakest."""
    return tuple(name for name in _SAID if name in before and name in now and _less(name, now[name], before[name]))


def weakened(events: Sequence[Event]) -> Event | None:
    """The last weakening that was found, unless it has been put right since."""
    told = [e for e in events if e.type in (WEAKENED, CHANGED)]
    return told[-1] if told and told[-1].type == WEAKENED else None


def protection_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """No weaker protection is bound after the opening, and no year ends under one that was found."""
    known: dict[str, str] = {}
    for event in events:
        if event.type == CHANGED and set(known) - set(_said(event.codes)):
            yield Finding("STATE-WEAKENED", at(event), "put right without saying what is kept how (D3)")
        if event.type in ("keys_rotated", CHANGED):
            for name in weaker(known, event.codes):
                yield Finding("STATE-WEAKENED", at(event), f"weaker than the log had bound before: {name} (D3)")
        if event.type in ("keys_created", "keys_rotated", CHANGED):
            known |= _said(event.codes)
        if event.type == "campaign_certified" and weakened(events[: event.sequence]) is not None:
            yield Finding("STATE-WEAKENED", at(event), "certified while a weakened protection was not put right (D3)")


def _said(codes: Mapping[str, str]) -> dict[str, str]:
    return {name: codes[name] for name in _SAID if codes.get(name)}


def _less(name: str, now: str, before: str) -> bool:
    ranks = _RANKS.get(name)
    if ranks is None:
        return now < before
    return (ranks.index(now) if now in ranks else -1) < (ranks.index(before) if before in ranks else -1)
