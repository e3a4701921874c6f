"""What nobody may do with what was given out of hand, or is gone: sheets, media, holdings, keys, 丙's certificates.

Belongs here: pure rules over events, called by `kansho.evidence.rules`.  Does not belong here: whether counts balance
(`kansho.evidence.account`), or who decided (`kansho.evidence.rules`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.past import at
from kansho.evidence.registrations import id_of
from kansho.vault.classes import ORIGINALS, class_of

#: Kind of package that the certificate of a 丙 itself comes in.
_CERTIFICATE = "erasure_certificate"
#: How the log says that keys lie with a key service (`kansho.vault.deployed.Settings`).
KMS = "kms"
#: What comes back → what must have gone out or been there before, under the same key.
_COMES_AFTER: Mapping[str, tuple[str, str, str]] = {
    "medium_returned": ("medium_registered", "CUSTODY-MEDIUM", "returned, and never registered before"),
    "package_erased": ("package_handed_over", "CUSTODY-COPY", "erased, and never handed over before (P12)"),
    "sheets_in": ("sheets_out", "CUSTODY-SHEETS", "sheets came in that never went out (P3)"),
    "snapshot_erased": ("snapshot_stored", "CUSTODY-UNKNOWN", "erased, and never stored before"),
    "holding_erased": ("snapshot_stored", "CUSTODY-UNKNOWN", "erased, and never stored before"),
}


def custody_findings(events: Sequence[Event]) -> Iterator[Finding]:
    """Everything that came back, went away or was used out of its order (P3, P11, P12)."""
    seen: set[tuple[str, str]] = set()
    stored: dict[str, Any] = {}
    erased: set[str] = set()
    destroyed: set[str] = set()
    pending: dict[str, str] = {}  # what a service was told to delete, or said that it will → until when
    service = False  # whether the keys lie with a key service
    certified: set[str] = set()
    consented: set[str] = set()
    handed: dict[str, str] = {}
    for event in events:
        before, code, text = _COMES_AFTER.get(event.type, ("", "", ""))
        if before and (before, event.key) not in seen:
            yield Finding(code, at(event), text)
        for name in sorted(_used(event) & erased) if erased and event.refs else ():
            yield Finding("CUSTODY-USED-ERASED", at(event), f"uses a holding after its erasure: {name[:120]}")
        if event.type == "custody_moved" and ("returns_recorded", event.codes.get("list", "")) not in seen:
            yield Finding("CUSTODY-CARDS", at(event), "cards handed over of a list that never came (P11)")
        if event.type == "snapshot_stored":
            yield from _origin(event, stored)
            stored[event.key] = _holding(event).get("digest")
            key = class_of(_kind(event))  # the key that seals it (`kansho.vault.classes`)
            if key in destroyed:
                yield Finding("CUSTODY-KEY-USED", at(event), f"stored after key {key} was destroyed")
        elif event.type == "snapshot_erased":
            erased.add(event.key)
        elif event.type == "keys_created":
            service = event.codes.get("keeper") == KMS
        elif event.type == "key_deletion_ordered":
            pending.setdefault(event.key, event.codes.get("until", ""))
            if event.key in destroyed:
                yield Finding("CUSTODY-KEY-ALIVE", at(event), "ordered to be deleted after it was called destroyed")
        elif event.type == "key_deletion_scheduled":
            pending[event.key] = event.codes.get("until", "")
            if event.key in destroyed:
                yield Finding("CUSTODY-KEY-ALIVE", at(event), "scheduled for deletion after it was called destroyed")
        elif event.type == "keys_destroyed":
            if event.key not in pending and (service or event.codes.get("method") == "key-service"):
                yield Finding(
                    "CUSTODY-KEY-UNSCHEDULED", at(event), "gone from a key service that was never told to delete it"
                )
            if event.campaign_date < pending.get(event.key, ""):
                yield Finding(
                    "CUSTODY-KEY-PENDING", at(event), "called destroyed while its deletion was only scheduled"
                )
            destroyed.add(event.key)
        elif event.type == "certificate_received":
            certified.add(event.key)
        elif event.type == "package_erased" and event.key in handed:
            if not handed[event.key] <= event.codes.get("on", "") <= event.campaign_date:
                yield Finding("CUSTODY-COPY-DATE", at(event), "erased before it was handed over, or after it was told")
        elif event.type == "party_registered":
            consented.add(id_of(event))
        elif event.type in ("package_handed_over", "package_received"):
            party = event.codes.get("party", "")
            if party in certified and event.codes.get("kind") != _CERTIFICATE:
                yield Finding("CUSTODY-CERTIFICATE-EARLY", at(event), "exchanged after this party's certificate (P12)")
            if event.type == "package_handed_over":
                handed[event.key] = event.campaign_date
            elif party and party not in consented:
                yield Finding("CUSTODY-PARTY", at(event), "from a party that was never registered (C7)")
        seen.add((event.type, event.key))


def _origin(event: Event, stored: Mapping[str, Any]) -> Iterator[Finding]:
    """A derived copy names what it was made of, and that was registered before it, as the same bytes (D6).

    What had been erased by then is found as used after its erasure.
    """
    told = event.refs.get("parents")
    parents = list(told.values()) if isinstance(told, Mapping) else []
    kinds = {_kind(event), event.key.partition("/")[0]}  # a copy does not become an original by its other name
    if not parents and not kinds <= ORIGINALS.keys():
        yield Finding("CUSTODY-ORPHAN", at(event), "a derived copy that names nothing it was made of (D6)")
    for parent in parents:
        names = list(_names(parent)) if isinstance(parent, Mapping) else []
        if not names or names[0] not in stored or stored[names[0]] != parent.get("digest"):
            said = names[0][:120] if names else "no holding"
            yield Finding("CUSTODY-PARENT", at(event), f"made of what was not registered before it: {said}")


def _holding(event: Event) -> Mapping[str, Any]:
    holding = event.refs.get("holding")
    return holding if isinstance(holding, Mapping) else {}


def _kind(event: Event) -> str:
    return str(_holding(event).get("kind", ""))


def _used(event: Event) -> set[str]:
    """Names of the holdings that an event says it stands on: parents of a snapshot, an artefact, a table."""
    if event.type in ("snapshot_erased", "holding_erased", "erasure_planned"):
        return set()
    found: set[str] = set()
    for name, value in event.refs.items():
        if name == "holding" or not isinstance(value, Mapping):
            continue
        found.update(_names(value))
        for inner in value.values():
            if isinstance(inner, Mapping):
                found.update(_names(inner))
    return found


def _names(ref: Mapping[str, Any]) -> Iterator[str]:
    kind, key = ref.get("kind"), ref.get("key")
    if isinstance(kind, str) and isinstance(key, str):
        yield f"{kind}/{key}"
