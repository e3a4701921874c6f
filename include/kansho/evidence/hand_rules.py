"""Rules about what people erase, destroy or give back by hand: how, when, by whom, before whom, shown by which paper.

Belongs here: pure rules over each closing by hand, each violation with a code of its own.  Does not belong here: which
things must be closed by hand (`kansho.evidence.closing_rules.wanted_by_hand`), how many pieces they are
(`kansho.evidence.account`), or taking a slip in (`kansho.closing.manual`).

People stand in the log by the id under which they were registered, 丙's no less than ours: who does the work of a 丙 is
registered before it, and looks on or erases at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kansho.evidence.access_rules import ENDED
from kansho.evidence.carried import PAPER
from kansho.evidence.events import Event
from kansho.evidence.facts import WARD, ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.methods import BY_HAND_OF, PRESENT, RETURN, WITNESSED
from kansho.evidence.registrations import id_of
from kansho.evidence.short import is_digest

#: What a record of something erased or returned by hand must say.
MANUAL_FIELDS = ("kind", "method", "on", "place", "by", "witness")
#: Instead of a document of ours: who keeps the paper, which is 乙.
_HELD = "held:"
#: Class of target → kind of thing; of what was declared, as it was declared.
_KINDS = {"medium": "medium", "paper": "paper", "party": "pc"}
#: What 甲 provided, or sent through 乙, and gets back.
RETURNED_CARDS = "paper/returned-cards"
VISIT_SHEETS = "paper/visit-sheets"
#: Paper comes and goes through the year: what came after a deed is closed by another, ``<target>/n2``, ``<target>/n3``.
_NEXT = re.compile(r"/n[1-9][0-9]?\Z")


def of_deed(key: str) -> str:
    """The target of which a deed is the first or a later one."""
    return _NEXT.sub("", key) if key.startswith("paper/") else key


def hand_findings(events: Sequence[Event], facts: ConfigFacts) -> Iterator[Finding]:
    """What a closing by hand leaves out, or says that the rest of the log does not bear out."""
    last: dict[str, str] = {}  # target → `arrived_last` so far: a forged log may close as many as it likes
    people: dict[str, Event] = {}  # registered handler → the newest registration
    issued: dict[str, str] = {}  # document → digest
    for event in events:
        match event.type:
            case "handler_registered":
                people[id_of(event)] = event
            case "document_issued":
                issued[event.key] = str(event.refs.get("sha256", ""))
            case "manual_target_closed":
                yield from _closed(event, facts, last.get(of_deed(event.key), ""), people, issued)
            case _:
                target = arrived(event)
                last[target] = max(last.get(target, ""), event.campaign_date)


def arrived(event: Event) -> str:
    """The target that something came to by this event; '' for none."""
    match event.type:
        case "medium_registered":
            return f"medium/{event.key}"
        case "returns_recorded":
            return RETURNED_CARDS
        case "sheets_in":
            return VISIT_SHEETS
        case "package_handed_over":
            return f"party/{event.codes.get('party', '')}"
    return ""


def _closed(
    event: Event, facts: ConfigFacts, came: str, people: Mapping[str, Event], issued: Mapping[str, str]
) -> Iterator[Finding]:
    place, codes = f"event {event.sequence} {event.key}", event.codes
    if not came <= codes.get("on", "") <= event.campaign_date:
        yield Finding("STATE-MANUAL-DATE", place, "done before the last of it had come, or after it was told")
    missing = [name for name in MANUAL_FIELDS if not codes.get(name)]
    if missing or not event.refs.get("sha256"):
        said = " ".join(missing) or "document"
        yield Finding("STATE-MANUAL-FORM", place, f"closed without: {said}")
        return
    if codes["by"] == codes["witness"]:
        yield Finding("STATE-MANUAL-FORM", place, "done and witnessed by one person")
    yield from _ended(event, facts, place)
    yield from _people(event, facts, people, place)
    if not _shown(event, facts, issued):
        yield Finding("STATE-MANUAL-PAPER", place, "the paper has no digest, was not issued, or is kept by no party")


def _ended(event: Event, facts: ConfigFacts, place: str) -> Iterator[Finding]:
    """The thing was there, is what it was declared as, and ended in a way that ends such a thing, which was seen."""
    codes = event.codes
    if (codes["kind"], codes.get("holder", "")) != _thing(event.key, facts):
        yield Finding("STATE-MANUAL-FORM", place, "closed as another kind of thing, or as held by another, than it is")
    elif codes["method"] not in BY_HAND_OF.get(codes["kind"], ()):
        yield Finding("STATE-MANUAL-METHOD", place, "closed by no method of the list that ends such a thing (P11)")
    if (codes.get("found"), codes.get("verified")) != (PRESENT, WITNESSED):
        yield Finding("STATE-MANUAL-FORM", place, "not said to have been there, or nobody saw it end")
    if event.counts.get("items", 0) < 1 and not event.key.startswith("party/"):
        yield Finding("STATE-MANUAL-FORM", place, "nothing was closed: no item")


def _thing(target: str, facts: ConfigFacts) -> tuple[str, str]:
    """Kind and holder of a target; '' for none that there is."""
    of, _, name = target.partition("/")
    if of == "hand":
        return facts.held_kinds.get(name, ""), facts.holders.get(name, "")
    return _KINDS.get(of, ""), name if of == "party" else facts.contractor


def _people(event: Event, facts: ConfigFacts, people: Mapping[str, Event], place: str) -> Iterator[Finding]:
    """Both are registered; 丙's machines are erased by one of its own, what goes back to 甲 is received by 甲.

    Whoever stood registered before stays known, though they left: the day of the deed may lie before.  Of 乙 it must.
    """
    known = {name: people[event.codes[name]] for name in ("by", "witness") if event.codes[name] in people}
    by, witness = (known[name].codes.get("party", "") if name in known else None for name in ("by", "witness"))
    if any(event.names.get(name) != person.names.get("name") for name, person in known.items()):
        yield Finding("STATE-MANUAL-NAMES", place, "names somebody else than the people it means (P4)")
    if by is None or witness is None:
        yield Finding("STATE-MANUAL-PEOPLE", place, "done or witnessed by somebody who was never registered (P4)")
    elif event.key.startswith("party/") and by != event.key.removeprefix("party/"):
        yield Finding("STATE-MANUAL-PEOPLE", place, "a 丙's machines erased by nobody of that 丙 (P12)")
    ours = [e for e in known.values() if e.codes.get("party") == facts.contractor]
    if any("" < e.codes.get(ENDED, "") < event.codes["on"] for e in ours):
        yield Finding("STATE-MANUAL-PEOPLE", place, "done or witnessed by somebody of 乙 who had left by then (P5)")
    if not _goes_back(event.key, facts):
        if event.codes["method"] == RETURN and not event.key.startswith("party/"):
            yield Finding("STATE-MANUAL-RETURN", place, "given back, and it is not what anybody gave (P11)")
        return
    if event.codes["method"] != RETURN or facts.parties.get(witness or "") != WARD:
        yield Finding("STATE-MANUAL-RETURN", place, "not given back to 甲, or nobody of 甲 received it (P11)")


def _goes_back(target: str, facts: ConfigFacts) -> bool:
    """Media, mail that came back, and what 甲 itself was declared to hold."""
    of, _, name = target.partition("/")
    held = facts.holders.get(name, "") if of == "hand" else ""
    return of == "medium" or of_deed(target) == RETURNED_CARDS or facts.parties.get(held) == WARD


def _shown(event: Event, facts: ConfigFacts, issued: Mapping[str, str]) -> bool:
    """A paper that was issued with these bytes; of a 丙's machines its certificate."""
    digest, document = event.refs.get("sha256"), event.codes.get("document", "")
    if not is_digest(digest):
        return False
    if document.startswith(_HELD):  # a 丙's certificate, which 乙 keeps as it came
        party = event.key.removeprefix("party/")
        ours = document.removeprefix(_HELD) == facts.contractor and party != event.key
        return ours and digest == issued.get(PAPER.format(party))
    return issued.get(document) == digest
