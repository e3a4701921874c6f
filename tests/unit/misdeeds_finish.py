"""Misdeeds about the end as one course, and about deeds by hand: signed as ever, and each told exactly.  Not a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kansho.evidence.bundle import sha256
from kansho.evidence.events import Event
from tests.unit.attacks import Misdeed, all_of, changed, coded, counted, dropped, event_of, moved_before
from tests.unit.evidence_year import CONTRACTOR, ENGINEER, MANAGER, OFFICER, TARGETS, Year

DISK, SHEETS, CARDS = "hand/backup_disk", "paper/visit-sheets", "paper/returned-cards"
PRINTED = "printer/print_package/mailing_1"
PULLS = "printer/pull_list/mailing_1"
HALVES = "visitors/visit_halves/visit_1-2027-10-13"
DOCUMENT = "plan_document/erasure-1"


def moved_after(year: Year, wanted: Callable[[Event], bool], type: str, key: str | None = None) -> None:
    """Events happen right after another one."""
    moved = [e for e in year.events if wanted(e)]
    others = [e for e in year.events if not wanted(e)]
    at = max(i for i, e in enumerate(others) if e.type == type and key in (None, e.key)) + 1
    order = [*others[:at], *(replace(e, campaign_date=others[at - 1].campaign_date) for e in moved), *others[at:]]
    year.events = [replace(e, sequence=i) for i, e in enumerate(order)]


def after_the_scan(*types: str, key: str) -> Misdeed:
    return lambda year: moved_after(year, lambda e: e.type in types and e.key == key, "residue_scanned")


def attended_again(year: Year) -> None:
    """Another word on who erased, by which one person checked what they had done alone."""
    codes = {"operator": ENGINEER[1], "verifier": ENGINEER[1], "witness": "none"}
    added = year.add("erasure_attended", "closing-2", codes=codes)
    moved_after(year, lambda e: e.sequence == added.sequence, "erasure_attended", "closing")


def planned_again(year: Year) -> None:
    """A plan that nobody approved, told when everything is erased: the certificate would name it."""
    first = event_of(year, "erasure_planned")
    added = year.add("erasure_planned", "plan-2", counts=first.counts, refs={**first.refs, "digest": sha256(b"other")})
    moved_after(year, lambda e: e.sequence == added.sequence, "holding_erased")


def people(**named: str) -> Misdeed:
    """Users who erased, checked and attended, each under the own name."""

    def misdeed(year: Year) -> None:
        users = {h.user: f"{h.name}（{h.post}）" for h in year.config.handlers if h.user}
        codes = {**event_of(year, "erasure_attended").codes, **named}
        names = {role: users[codes[role]] for role in ("operator", "verifier", "witness") if codes[role] in users}
        changed("erasure_attended", codes=codes, names=names)(year)

    return misdeed


def ended_before(year: Year) -> None:
    """The person who erased had left a month before."""
    engineer = next(e for e in year.events if e.type == "handler_registered" and e.codes.get("user") == ENGINEER[1])
    codes = {**engineer.codes, "ended_on": "2027-12-31"}
    added = year.add("handler_registered", f"{engineer.key}/9", codes=codes, names=engineer.names)
    moved_after(year, lambda e: e.sequence == added.sequence, "package_handed_over")


def left_before(handler: str, also: Misdeed) -> Misdeed:
    """A handler's registration had ended when the closing came."""

    def misdeed(year: Year) -> None:
        here = event_of(year, "handler_registered", handler)
        codes = {**here.codes, "ended_on": "2027-12-31"}
        added = year.add("handler_registered", f"{handler}/9", codes=codes, names=here.names)
        moved_after(year, lambda e: e.sequence == added.sequence, "package_handed_over")
        also(year)

    return misdeed


def named(target: str) -> Misdeed:
    """The names of a deed are those of its people."""

    def misdeed(year: Year) -> None:
        called = {h.id: h.name for h in year.config.handlers}
        codes = event_of(year, "manual_target_closed", target).codes
        changed("manual_target_closed", target, names={n: called[codes[n]] for n in ("by", "witness")})(year)

    return misdeed


def deed(target: str, **codes: str) -> Misdeed:
    return coded("manual_target_closed", target, **codes)


def searched(place: str, **told: int) -> Misdeed:
    """The last scan tells other numbers of a place, and its sums are right."""

    def misdeed(year: Year) -> None:
        event = [e for e in year.events if e.type == "residue_scanned"][-1]
        places = {**event.refs["places"], place: {**event.refs["places"][place], **told}}
        counts = {**event.counts, **{name: sum(p[name] for p in places.values()) for name in told}}
        changed("residue_scanned", event.key, counts=counts, refs={"places": places})(year)

    return misdeed


def by_hand(target: str, code: str) -> set[str]:
    return {f"{code} [{target}]"}


def hidden(year: Year) -> None:
    """The visitors' halves never left, the log says; their sheets did, and came back."""
    for type_ in ("package_handed_over", "package_erased"):
        year.drop(type_, HALVES)


def without(name: str) -> Misdeed:
    """A holding, its end, and its place in the plan and the inventory are told by nobody."""

    def misdeed(year: Year) -> None:
        for type_ in ("snapshot_stored", "snapshot_erased", "holding_erased"):
            year.drop(type_, name)
        counts = event_of(year, "inventory_taken").counts
        counted("inventory_taken", vault=counts["vault"] - 1, holdings=counts["holdings"] - 1)(year)
        plan = event_of(year, "erasure_planned")
        targets = {target: digest for target, digest in plan.refs["targets"].items() if target != name}
        counts, refs = {**plan.counts, "targets": len(targets)}, {**plan.refs, "targets": targets}
        changed("erasure_planned", plan.key, counts=counts, refs=refs)(year)

    return misdeed


def unsaid(type: str, key: str, *names: str) -> Misdeed:
    return lambda year: year.edit(
        type, lambda e: replace(e, codes={n: v for n, v in e.codes.items() if n not in names}), key
    )


def as_nothing(year: Year) -> None:
    """Paper of the lawful year that is called a PDF and shows nothing."""
    paper = next(e for e in year.events if e.type == "document_issued" and e.codes.get("kind") == "media_return")
    year.papers[sha256(b"")] = b""
    changed("document_issued", paper.key, refs={"sha256": sha256(b"")})(year)


def _attended(*said: str) -> set[str]:
    return {f"STATE-ATTENDED [{name}]" for name in said or ("erasure_attended",)}


KEYS: tuple[Any, ...] = ("keys_destroyed", "residents")

MISDEEDS: Mapping[str, tuple[Misdeed, set[str]]] = {
    "who erased, told again": (attended_again, _attended()),
    "a plan made after the erasure": (
        planned_again,
        {"STATE-PLAN-AGAIN [erasure_planned plan-2]"},
    ),
    "a plan whose document was never stored": (
        all_of(dropped("snapshot_stored", DOCUMENT), dropped("snapshot_erased", DOCUMENT)),
        {
            "STATE-PLAN-DOCUMENT [erasure_planned plan-1]",
            "STATE-PLAN-TARGETS [erasure_planned plan-1]",
            f"CUSTODY-UNKNOWN [holding_erased {DOCUMENT}]",
        },
    ),
    "a checker of the ward": (people(verifier=OFFICER[1], witness=MANAGER[1]), _attended()),
    "somebody who had left erased": (ended_before, _attended()),
    "a witness of ours": (people(witness=CONTRACTOR[1]), _attended()),
    "attended under other names": (
        changed("erasure_attended", names={"operator": "架空", "verifier": "架空", "witness": "区長"}),
        _attended(),
    ),
    "a witness named where nobody attended": (coded("erasure_attended", "closing", witness="none"), _attended()),
    "a holding erased after the scan": (
        after_the_scan("snapshot_erased", "holding_erased", key=TARGETS[1]),
        {
            f"STATE-SCAN-EARLY [snapshot_erased {TARGETS[1]}]",
            f"STATE-SCAN-EARLY [holding_erased {TARGETS[1]}]",
            f"STATE-ERASED-ORDER [holding_erased {TARGETS[1]}]",
        },
    ),
    "a key ended after the scan": (
        after_the_scan("keys_destroyed", key="residents"),
        {"STATE-SCAN-EARLY [keys_destroyed residents]"},
    ),
    "a key ended before the holdings": (
        moved_before(*KEYS, "snapshot_erased", TARGETS[0]),
        {f"STATE-ERASED-ORDER [holding_erased {TARGETS[0]}]"},
    ),
    "a scan of fewer files than the log had events": (
        searched("kansho/ledger", files=3),
        {"STATE-SCAN-FEW [residue_scanned scan-1]"},
    ),
    "a scan of files without a byte": (
        searched("kansho/keys", bytes=0),
        {"STATE-SCAN-FEW [residue_scanned scan-1]"},
    ),
    "an inventory that does not tell its database": (
        unsaid("inventory_taken", "inventory", "database"),
        {"STATE-TRACES-DATABASE [inventory_taken inventory]"},
    ),
    "a copy of which nobody told the end": (
        dropped("package_erased", PRINTED),
        {f"STATE-COPY-KEPT [package_handed_over {PRINTED}]", f"DEADLINE-COPY [copy_erase/{PRINTED}]"},
    ),
    "a copy ended by another party": (
        coded("package_erased", PRINTED, party="visitors"),
        {f"STATE-COPY-KEPT [package_erased {PRINTED}]"},
    ),
    "media that went back without a 返却書": (
        lambda y: y.drop("document_issued", "documents/media-return.pdf"),
        {"STATE-RETURN-PAPER [medium_returned d01]"},
    ),
    "a 返却書 of no byte": (as_nothing, {"PAPERS-FORM [papers/media-return.pdf]"}),
    "pulls that never left": (
        all_of(dropped("package_handed_over", PULLS), dropped("package_erased", PULLS)),
        {
            "WORK-UNSENT [pulls_listed mailing_1]",
            "WORK-UNSENT [print_reported mailing_1]",
            "COUNT-CERTIFIED [packages handed over = certified [printer]]",
            "COUNT-PACKAGES [packages at others = inventoried]",
            "PAPERS-WORDS [printer: packages]",
        },
    ),
    "a file of a delivery that was never stored": (
        without("stop_facts/d01"),
        {"COUNT-PERSONS [accepted = stored [stop_facts/d01]]"},
    ),
    "a medium given back when the erasure had begun": (
        lambda year: moved_after(year, lambda e: e.type == "medium_returned", "residue_scanned"),
        {"STATE-NOT-RETURNED [medium_registered d01]", "STATE-RETURN-PAPER [medium_returned d01]"},
    ),
    "halves that never left": (
        hidden,
        {
            "COUNT-GIVEN [days of sheets = days of halves [visit_1]]",
            "COUNT-CERTIFIED [packages handed over = certified [visitors]]",
            "COUNT-PACKAGES [packages at others = inventoried]",
            "PAPERS-WORDS [visitors: packages]",
        },
    ),
    "a deed that nobody saw": (deed(DISK, verified="not_looked"), by_hand(DISK, "STATE-MANUAL-FORM")),
    "a deed on nothing": (counted("manual_target_closed", DISK, items=0), by_hand(DISK, "STATE-MANUAL-FORM")),
    "a disk closed as paper": (deed(DISK, kind="paper"), by_hand(DISK, "STATE-MANUAL-FORM")),
    "a disk of another holder": (deed(DISK, holder="printer"), by_hand(DISK, "STATE-MANUAL-FORM")),
    "a deed witnessed by one of ours who had left": (
        left_before("h04", all_of(deed(DISK, witness="h04"), named(DISK))),
        by_hand(DISK, "STATE-MANUAL-PEOPLE"),
    ),
    "our own paper kept in a drawer": (deed(DISK, document="held:contractor"), by_hand(DISK, "STATE-MANUAL-PAPER")),
    "paper that was overwritten": (deed(SHEETS, method="overwrite"), by_hand(SHEETS, "STATE-MANUAL-METHOD")),
    "a disk of ours given back": (deed(DISK, method="return"), by_hand(DISK, "STATE-MANUAL-RETURN")),
    "a deed under other names": (
        changed("manual_target_closed", DISK, names={"by": "別人", "witness": "架空"}),
        by_hand(DISK, "STATE-MANUAL-NAMES"),
    ),
    "a paper that another party keeps": (deed(DISK, document="held:printer"), by_hand(DISK, "STATE-MANUAL-PAPER")),
    "a roster erased by the data flow": (
        coded("snapshot_erased", "roster/d01", reason="retention"),
        {"STATE-ERASED-REASON [snapshot_erased roster/d01]"},
    ),
    "rows put aside that were never stored": (
        dropped("snapshot_stored", TARGETS[0]),
        {
            "COUNT-STORED [put aside by the gate = stored [target_list/d01]]",
            f"CUSTODY-UNKNOWN [snapshot_erased {TARGETS[0]}]",
            f"CUSTODY-UNKNOWN [holding_erased {TARGETS[0]}]",
            "STATE-PLAN-TARGETS [erasure_planned plan-1]",
        },
    ),
}
