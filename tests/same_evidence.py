"""Whether two years left the same evidence: what differs, leaf by leaf, and what may.  Not a test.

Belongs here: the one list of lawful differences between a year on the local store and the same year on S3.  Everything
else (numbers and order of events, types, keys, days, actors, counts, codes, names) must be equal.

Digests of sealed bytes differ because keys are drawn anew.  They are not left out: each digest of one year must stand
for one digest of the other wherever it occurs, so that "the approved thing is the thing that was printed" is compared
too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kansho.campaign.clauses import clauses_in_force
from kansho.campaign.config import CampaignConfig
from kansho.evidence.account import counts, reconciliations
from kansho.evidence.events import Event
from kansho.evidence.verdict import as_json, verdict
from kansho.oversight.clauses import states

#: Hexadecimal words: digests, whole or cut short, as values or within names.
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{8,64}(?![0-9a-f])")

#: Where two years may differ, and why: ``<type of event>.<field>…``, with ``*`` for anything.
LAWFUL: dict[str, str] = {
    "*.recorded_at": "the real clock",
    "certificate.began_at": "the real clock",
    "certificate.ended_at": "the real clock",
    "certificate.scan.at": "the real clock",
    "recipient_registered.codes.recipient": "keys that parties draw for themselves, as age writes them",
    "package_handed_over.refs.files.*": "sizes of workbooks, which tell the clock",
    "keys_created.codes.lock": "a bucket's objects stand under a lock, a folder's under none",
    "certificate.protection.lock": "the same",
    "certificate.storage.*": "the store that the config declares",
    "certificate.cryptographic_erase.volumes": "the store that the config declares",
    "residue_scanned.refs.places": "the places searched: folders here, a bucket's parts there",
    "certificate.scan.places": "the same",
    "residue_scanned.counts.files": "a log on S3 is searched there, and a machine's copies of it beside it",
    "certificate.scan.files": "the same",
    "*.bytes": "how much there was to search: papers, and what a folder or a bucket holds",
}
#: What differs in some pairs of years and not in all: a clock's digits pressed together are sometimes as long, and not
#: every year has somebody to be taken off a list that is out.
BY_CHANCE = frozenset({"package_handed_over.refs.files.*", "package_handed_over.codes.package"})
#: Where a digest may stand for another one, and why.
DIGESTS: dict[str, str] = {
    "campaign_opened.codes.config_digest": "the config declares the place's endpoint and the bucket",
    "keys_created.codes.signing_public": "keys are drawn",
    "inventory_taken.refs.keys.*": "keys are drawn",
    "cosigner_registered.codes.public": "keys are drawn",
    "*.refs.*digest": "bytes sealed under keys that are drawn, plans and inventories that name such digests",
    "proof_made.refs.artwork.*": "bytes sealed under keys that are drawn",
    "*.refs.certificate": "it names the store, the root and the times",
    "*.refs.sha256*": "papers, sealed packages and notes, which have roots, digests or signatures in them",
    "checkpoint_countersigned.codes.root": "the root of events that carry times and digests",
    "certificate.*": "root, plan, inventory and papers, as above",
    "*.key": "names that end in a digest, as above",
    "*.codes.plan": "the plan's digest, as above",
    "package_handed_over.codes.package": "who is taken off a call list, marked under a key that is drawn",
    "erasure_planned.refs.targets*": "the digest of each target, and names that end in one",
}
#: Digests that no key and no clock goes into: the seed of the draws, the rules of the gates, the designs.
NEVER = ("seed_committed.refs.sha256", "gate_evaluated.refs.suite.sha256", "proof_made.refs.designs.*")


@dataclass
class Compared:
    """What differs between two years."""

    #: Place → the two values, for each place that differs in any other way than by a digest that stands for another.
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    #: Places at which a digest of one year stands for another digest of the other.
    digests: set[str] = field(default_factory=set)
    #: Digests that stand for two.
    torn: set[str] = field(default_factory=set)
    _stands: dict[str, str] = field(default_factory=dict)
    _back: dict[str, str] = field(default_factory=dict)

    def unlawful(self) -> dict[str, tuple[Any, Any]]:
        """What differs and may not."""
        found = {place: values for place, values in self.values.items() if not _among(place, LAWFUL)}
        return found | {
            place: ("digest", "another") for place in self.digests if _among(place, NEVER) or not _among(place, DIGESTS)
        }

    def compare(self, place: str, one: Any, other: Any) -> None:
        """Walk both values side by side."""
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            mine, theirs = _sorted(list(one)), _sorted(list(other))
            if [_HEX.sub("#", name) for name in mine] != [_HEX.sub("#", name) for name in theirs]:
                self.values[place] = (mine, theirs)
                return
            for name, their in zip(mine, theirs, strict=True):
                self._text(place, name, their)
                self.compare(f"{place}.{_HEX.sub('#', name)}", one[name], other[their])
        elif isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
            if len(one) != len(other):
                self.values[place] = (one, other)
                return
            for mine_, theirs_ in zip(_sorted(one), _sorted(other), strict=True):
                self.compare(place, mine_, theirs_)
        elif isinstance(one, str) and isinstance(other, str):
            self._text(place, one, other)
        elif one != other:
            self.values[place] = (one, other)

    def _text(self, place: str, one: str, other: str) -> None:
        if one == other:
            return
        mine, theirs = _HEX.findall(one), _HEX.findall(other)
        if _HEX.sub("#", one) != _HEX.sub("#", other) or list(map(len, mine)) != list(map(len, theirs)):
            self.values[place] = (one, other)
            return
        self.digests.add(place)
        for a, b in zip(mine, theirs, strict=True):
            if self._stands.setdefault(a, b) != b or self._back.setdefault(b, a) != a:
                self.torn.add(place)


def _among(place: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns)


def _sorted(values: Sequence[Any]) -> Sequence[Any]:
    """Names that end in a digest were sorted by it."""
    if not all(isinstance(value, str) for value in values):
        return values
    return sorted(values, key=lambda value: (_HEX.sub("#", value), value))


def compared(place: str, one: Any, other: Any) -> Compared:
    """Two values, leaf by leaf."""
    made = Compared()
    made.compare(place, one, other)
    return made


def compare_events(one: Sequence[Event], other: Sequence[Event]) -> Compared:
    """Two logs, event by event."""
    made = Compared()
    kinds = [[(e.type, _HEX.sub("#", e.key)) for e in log] for log in (one, other)]
    if kinds[0] != kinds[1]:
        at = next((n for n, (a, b) in enumerate(zip(*kinds, strict=False)) if a != b), min(map(len, kinds)))
        made.values["log"] = tuple(log[at : at + 3] for log in kinds)  # type: ignore[assignment]
        return made
    for mine, theirs in zip(one, other, strict=True):
        made.compare(mine.type, _plain(mine), _plain(theirs))
    return made


def _plain(event: Event) -> dict[str, Any]:
    value = json.loads(event.canonical())
    return {name: value[name] for name in value if name not in ("type",)}


def account_of(events: Sequence[Event], config: CampaignConfig) -> dict[str, Any]:
    """What is derived from a log: every count, every equation, every clause's row and every obligation's state."""
    obligations = states(events, config, clauses_in_force(config.contract.start), config.contract.end)
    return {
        "counts": counts(events),
        "reconciliations": [r.to_json() for r in reconciliations(events)],
        "clauses": as_json(verdict(events, [])),
        "obligations": [
            [i.key, i.party, i.state, str(i.due), str(i.done_on), i.late, list(i.events), i.why] for i in obligations
        ],
    }


def certificate_of(folder: Path) -> Any:
    """The erasure certificate that a year left."""
    return json.loads((folder / "certificate.json").read_bytes())


def outputs_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file that a year left to be shown: its name without digests, and its kind by its first bytes."""
    for path in folder.rglob("*"):
        if path.is_file():
            head = path.read_bytes()[:4]
            kind = {b"%PDF": "pdf", b"PK\x03\x04": "zip"}.get(head, path.suffix)
            yield _HEX.sub("#", path.relative_to(folder).as_posix()), kind
