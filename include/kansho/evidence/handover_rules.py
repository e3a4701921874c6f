"""What goes back to 甲, and its receipt: all of it, receipted as it was sealed, before anything of it is erased (P11).

And what comes of 丙 at the end: its certificate, in a sealed package too (P12).

Belongs here: pure rules over events, called by `kansho.evidence.rules`, and which results 甲 has in hand, which the
stages ask too.  Does not belong here: whether the rows add up (`kansho.evidence.handover_account`), that there was a
receipt at all before the erasure (`kansho.evidence.rules`), cards that come back after the closing, which the log no
longer tells (`kansho.closing.late_mail`).

    result recorded → handed over (``handover-1``, sealed, counted) → its receipt comes sealed from 甲, and a task
    records it under the package's name with the same digest and counts → erased

A receipt is recorded by the task that opened it, never by a person: there is no form on which anybody could enter one,
and what shows that it is 甲's is the sealed package that came from 甲, of the digest that the receipt names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from kansho.campaign.handed_back import HAND_OVER, RECEIPT, is_result
from kansho.evidence.access_rules import TASK
from kansho.evidence.events import Event
from kansho.evidence.facts import WARD
from kansho.evidence.findings import Finding
from kansho.evidence.past import Past, at
from kansho.evidence.short import is_digest

#: What tells of results, beside their snapshots.
_TELL = frozenset({"wave_selected", "print_reported", "returns_recorded", "results_recorded", "inbound_recorded"})
_UNDER = "handover_receipted"
#: Kind of package that the certificate of a 丙 comes in.
CERTIFICATE = "erasure_certificate"


class GivenBack:
    """Which hand-overs 甲 has receipted, and so which results it has in hand."""

    def __init__(self, events: Iterable[Event], ward: str) -> None:
        told = list(events)
        self.handed = [e for e in told if is_handover(e, ward)]
        self.receipts = [e for e in told if e.type == _UNDER]
        self._by_package: dict[str, list[Event]] = defaultdict(list)
        for event in self.handed:
            self._by_package[event.codes.get("package", "")].append(event)
        self._sent: dict[str, Event] = {}
        for event in told:
            if event.type == "package_received" and _of(event) == (ward, RECEIPT):
                self._sent.setdefault(_digest(event, "sha256_sealed"), event)
        #: Hand-over and its receipt, in the order of the receipts.
        self.pairs = [(h, r) for r in self.receipts for h in self.answered(r) if self.came_from_ward(r)]
        self._receipted = [r.sequence for _, r in self.pairs]
        self._newest = list(accumulate((h.sequence for h, _ in self.pairs), max))

    def named(self, receipt: Event) -> list[Event]:
        """Hand-overs of the package that a receipt names, made before it."""
        return [e for e in self._by_package.get(receipt.key, ()) if e.sequence < receipt.sequence]

    def answered(self, receipt: Event) -> list[Event]:
        """Those of them that it stands for: as they were sealed, and counted as they were counted."""
        sealed = _digest(receipt, "sha256_sealed")
        return [
            e
            for e in self.named(receipt)
            if sealed and sealed == _digest(e, "sha256_sealed") and dict(e.counts) == dict(receipt.counts)
        ]

    def came_from_ward(self, receipt: Event) -> bool:
        """Whether a task recorded it, of a sealed package that came from 甲."""
        return receipt.actor.get("role") == TASK and self.sent(receipt) is not None

    def sent(self, receipt: Event) -> Event | None:
        """The package from 甲 that the receipt came in."""
        return self._sent.get(_digest(receipt, "sha256_receipt") or "-")

    def has(self, stored: Event, before: Event | None = None) -> bool:
        """Whether 甲 had receipted, before an event, a hand-over made after this was stored."""
        last = len(self.pairs) if before is None else bisect_left(self._receipted, before.sequence)
        return last > 0 and self._newest[last - 1] > stored.sequence


def handover_findings(log: Past) -> Iterator[Finding]:
    """Receipts that are not those of a hand-over, hand-overs without one, results that no hand-over gave back."""
    ward = ward_of(log.facts.parties)
    given = GivenBack(log.events, ward)
    yield from _receipts(given)
    yield from _certificates(log)
    yield from _erased_early(log, given)
    first = log.first("holding_erased")
    if first is not None:
        yield from _open(given, first)
        yield from _stale(log.events, given, first)


def ward_of(parties: Mapping[str, str]) -> str:
    """Id of 甲; empty where the config names none."""
    return next((party for party, kind in sorted(parties.items()) if kind == WARD), "")


def is_handover(event: Event, ward: str) -> bool:
    """Whether results went back to 甲 by this event."""
    return event.type == "package_handed_over" and _of(event) == (ward, HAND_OVER)


def tells_of_results(event: Event) -> bool:
    """Whether results came in, or were made, by this event: what was handed over before it lacks them."""
    return event.type in _TELL or (event.type == "snapshot_stored" and any(map(is_result, _names(event))))


def _receipts(given: GivenBack) -> Iterator[Finding]:
    for receipt in given.receipts:
        if not given.named(receipt):
            yield Finding("HANDOVER-RECEIPT-UNKNOWN", at(receipt), "a receipt of a hand-over that was not made")
        elif not given.answered(receipt):
            yield Finding("HANDOVER-RECEIPT-OTHER", at(receipt), "another digest or other counts than were handed over")
        if not given.came_from_ward(receipt):
            yield Finding(
                "HANDOVER-RECEIPT-SENDER", at(receipt), "recorded by a person, or of no sealed package from the ward"
            )


def _certificates(log: Past) -> Iterator[Finding]:
    """A 丙's certificate lay in a sealed package of its own, which was taken in with as many packages as it names."""
    if log.first("campaign_certified") is None:
        return  # what a certificate came in is recorded last of all (`kansho.closing.certificates`)
    for told in log.of("certificate_received"):
        of = (told.key, CERTIFICATE)
        sent = log.find("package_received", "/".join((*of, told.codes.get("package", ""))))
        if sent is None or _of(sent) != of or not is_digest(sent.refs.get("sha256_sealed")):
            yield Finding("STATE-CERTIFICATE-SENDER", at(told), "came in no sealed package of this party (P12)")
        elif sent.counts.get("packages") != told.counts.get("packages"):
            yield Finding("STATE-CERTIFICATE-SENDER", at(told), "of another number of packages than the one it came in")


def _open(given: GivenBack, first: Event) -> Iterator[Finding]:
    """Every hand-over was receipted before the first erasure of the closing."""
    done = {h.sequence for h, r in given.pairs if r.sequence < first.sequence}
    for handed in given.handed:
        if handed.sequence < first.sequence and handed.sequence not in done:
            yield Finding("HANDOVER-UNRECEIPTED", at(handed), "erasure began before the ward receipted this (P11)")


def _stale(events: Sequence[Event], given: GivenBack, first: Event) -> Iterator[Finding]:
    """Nothing came in after the last hand-over that was receipted before the erasure."""
    last = max((h.sequence for h, r in given.pairs if r.sequence < first.sequence), default=len(events))
    for event in events:
        if event.sequence > last and tells_of_results(event):
            yield Finding("HANDOVER-STALE", at(event), "results that no receipted hand-over gave back (P11)")


def _erased_early(log: Past, given: GivenBack) -> Iterator[Finding]:
    """No result is erased, for whatever reason, before 甲 has it in hand."""
    for erased in log.of("snapshot_erased"):
        stored = log.find("snapshot_stored", erased.key, erased)
        if stored is not None and any(map(is_result, _names(stored))) and not given.has(stored, erased):
            yield Finding("HANDOVER-ERASED-EARLY", at(erased), "results erased before the ward receipted them (P11)")


def _of(package: Event) -> tuple[str, str]:
    return package.codes.get("party", ""), package.codes.get("kind", "")


def _digest(event: Event, name: str) -> str:
    value = event.refs.get(name)
    return value if isinstance(value, str) else ""


def _names(stored: Event) -> Iterator[str]:
    """By its name and by its description: results do not become something else by the other."""
    yield stored.key
    holding = stored.refs.get("holding")
    if isinstance(holding, Mapping):
        yield f"{holding.get('kind')}/{holding.get('key')}"
