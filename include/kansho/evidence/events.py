"""The vocabulary of the ledger: every event type, the clause it answers, and what it must carry.

Belongs here: types and the typed record.  An event names parties, staff where the contract wants
names, counts, codes and digests; never a resident (architecture decision 4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from operator import itemgetter
from typing import Any

from kansho.errors import KanshoError

SCHEMA = 1
#: Where the contract's days begin and end; without summer time, so that the verifier needs no table of zones.
JAPAN = timezone(timedelta(hours=9), "JST")

#: type → clauses of requirements.md that the event is evidence for.
EVENT_TYPES: dict[str, tuple[str, ...]] = {
    # opening
    "campaign_opened": ("C1",),
    "config_amended": ("C1",),
    "party_registered": ("C7", "P7"),
    "place_designated": ("P14",),
    "handler_registered": ("P4",),
    "training_recorded": ("P5",),
    "briefing_recorded": ("P5",),
    "flow_approved": ("D6",),
    "rule_tuned": ("D1",),
    "holdout_consented": ("E1",),
    "seed_committed": ("E1",),
    "keys_created": ("D3",),
    "keys_rotated": ("D3",),
    "protection_changed": ("D3",),
    "protection_weakened": ("D3",),
    "recipient_registered": ("P8",),
    "cosigner_registered": ("P13",),
    # approvals
    "approval_requested": ("P8",),
    "artefact_opened": ("P8",),
    "approval_answered": ("P8",),
    "approval_decided": ("P8",),
    "approval_voided": ("P8",),
    "comment_left": ("P8",),
    "number_looked_up": ("P8", "D4"),
    # holdings
    "snapshot_stored": ("D6",),
    "snapshot_erased": ("P11",),
    "snapshot_read": ("P8",),
    "read_refused": ("P8",),
    "document_issued": ("P13",),
    # intake and media
    "medium_registered": ("D3",),
    "medium_returned": ("P11",),
    "password_entered": ("D3",),
    "password_used": ("D3",),
    "delivery_refused": ("D1",),
    "delivery_accepted": ("D1",),
    "gate_evaluated": ("D1",),
    "stop_list_accepted": ("D1",),
    "stop_list_decided": ("D1",),
    "roster_changed": ("D1", "C2"),
    "exception_opened": ("D1",),
    "exception_asked": ("D1",),
    "exception_eased": ("D1",),
    "exception_resolved": ("D1",),
    # exchange with other parties
    "package_handed_over": ("D2",),
    "package_received": ("D2",),
    "package_refused": ("D2",),
    "package_erased": ("P12", "D6"),
    "paper_refused": ("P13",),
    "custody_moved": ("P11",),
    # stages
    "plan_made": ("C5", "E1"),
    "wave_selected": ("C4",),
    "cards_prepared": ("C6",),
    "proof_made": ("C6",),
    "design_revised": ("C6",),
    "cards_rendered": ("C6",),
    "call_list_made": ("C6",),
    "visit_list_made": ("P1", "P2"),
    "print_reported": ("P13",),
    "pulls_listed": ("C2",),
    "returns_recorded": ("P11",),
    "results_recorded": ("C6",),
    "inbound_recorded": ("C6",),
    "attendance_refreshed": ("C2",),
    "sheets_out": ("P3",),
    "sheets_in": ("P3",),
    "checklist_recorded": ("P10",),
    "effect_analysed": ("E1", "E2"),
    # oversight and incidents
    "attestation_recorded": ("P15",),
    "inspection_recorded": ("P6",),
    "audit_recorded": ("P6",),
    "report_submitted": ("P13",),
    "checkpoint_countersigned": ("P13",),
    "countersignature_refused": ("P13",),
    "timestamp_missing": ("P13",),
    "deadline_missed": ("P6",),
    "incident_opened": ("P9",),
    "incident_item_filled": ("P9",),
    "incident_reported": ("P9",),
    "incident_instructed": ("P9",),
    "incident_closed": ("P9",),
    # closing
    "handover_receipted": ("P11",),
    "unfinished_swept": ("P11", "D6"),
    "inventory_taken": ("P11",),
    "manual_target_closed": ("P11",),
    "erasure_planned": ("P11",),
    "erasure_attended": ("P11",),
    "holding_erased": ("P11",),
    "certificate_requested": ("P12",),
    "certificate_received": ("P12",),
    "certificate_forwarded": ("P12",),
    "traces_found": ("P11",),
    "traces_purged": ("P11",),
    "key_deletion_ordered": ("P11",),
    "key_deletion_scheduled": ("P11",),
    "keys_destroyed": ("P11",),
    "residue_scanned": ("P11",),
    "interim_certified": ("P11",),
    "campaign_certified": ("P11",),
    "stage_finished": ("C6",),
    # the log itself
    "clock_ran_backwards": ("P8",),
}

#: Codes are identifiers, digests, dates and file-safe words: nothing a resident's data could pass as prose.
_CODE = re.compile(r"[A-Za-z0-9_.,:/@+=| -]{0,300}\Z")
_WHOLE = frozenset({int})
_KEY = re.compile(r"[A-Za-z0-9_.:/@+-]{1,200}\Z")


@dataclass(frozen=True)
class Actor:
    """Who did it: a registered handler's user name and role, or a task (``system``)."""

    party: str
    user: str
    role: str

    def to_json(self) -> dict[str, str]:
        """Plain form."""
        return {"party": self.party, "user": self.user, "role": self.role}


@dataclass(frozen=True)
class Draft:
    """An event before it has a place in the log.

    ``(type, key)`` is unique in a campaign: appending the same draft again returns the first event.
    ``names`` holds staff names and titles where the contract wants names (P4, P9); nothing else may.
    """

    type: str
    key: str
    campaign_date: date
    actor: Actor
    counts: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    refs: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what must not stand in the ledger.

        Raises:
            KanshoError: ``LEDGER-EVENT`` naming the field.
        """
        check_content(self.type, self.key, self.actor.to_json(), self.counts, self.codes)


def check_content(
    type_: str, key: str, actor: Mapping[str, str], counts: Mapping[str, int], codes: Mapping[str, str]
) -> None:
    """See `Draft.check`; the parts of a draft, or of an event that somebody says was one.

    Raises:
        KanshoError: ``LEDGER-EVENT`` naming the field.
    """
    if type_ not in EVENT_TYPES:
        raise KanshoError("LEDGER-EVENT", "unknown event type", place=type_)
    if not _KEY.match(key):
        raise KanshoError("LEDGER-EVENT", "key has forbidden characters", place=type_)
    if not all(map(_is_name, actor.values())):
        # A user whose name only looks like another's is nobody (homoglyphs).
        raise KanshoError("LEDGER-EVENT", "actor has forbidden characters", place=type_)
    if not _WHOLE.issuperset(map(type, counts.values())):
        name = next(name for name, count in counts.items() if type(count) is not int)
        raise KanshoError("LEDGER-EVENT", "counts must be int", place=f"{type_}.{name}")
    if not all(map(_CODE.match, codes.values())):
        name = next(name for name, code in codes.items() if not _CODE.match(code))
        raise KanshoError("LEDGER-EVENT", "codes must be plain identifiers", place=f"{type_}.{name}")


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    """Of parties, users and roles there are few."""
    return _KEY.match(text) is not None


@dataclass(frozen=True)
class Event:
    """One entry of the log."""

    sequence: int
    campaign: str
    type: str
    key: str
    recorded_at: str
    campaign_date: str
    actor: Mapping[str, str]
    counts: Mapping[str, int]
    codes: Mapping[str, str]
    refs: Mapping[str, Any]
    names: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Plain form, with the clauses spelled out for the reader."""
        return {
            "schema": SCHEMA,
            "campaign": self.campaign,
            "sequence": self.sequence,
            "type": self.type,
            "key": self.key,
            "clauses": list(EVENT_TYPES.get(self.type, ())),
            "recorded_at": self.recorded_at,
            "campaign_date": self.campaign_date,
            "actor": dict(self.actor),
            "counts": dict(self.counts),
            "codes": dict(self.codes),
            "refs": dict(self.refs),
            "names": dict(self.names),
        }

    def canonical(self) -> bytes:
        """The bytes that are hashed."""
        return canonical_json(self.to_json())

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Event:
        """Inverse of `to_json`."""
        return cls(*_PARTS(value))


def day_in_japan(moment: datetime) -> date:
    """The civil day of a moment."""
    return moment.astimezone(JAPAN).date()


_PARTS = itemgetter(*(f.name for f in fields(Event)))


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no spaces, UTF-8; numbers in events are integers (floats are refused)."""
    _refuse_floats(value)
    return plain_json(value)


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)


def plain_json(value: Any) -> bytes:
    """The same of a value that is known to hold no float, such as one that `kansho.evidence.strict` has read."""
    return _ENCODER.encode(value).encode()


#: What needs no look inside; a bundle of ten thousand events asks this some hundred thousand times.
_PLAIN = frozenset({str, int, bool, type(None)})


def _refuse_floats(value: Any) -> None:
    if type(value) in _PLAIN:
        return
    if isinstance(value, float):
        raise KanshoError("LEDGER-EVENT", "floats have no canonical form; use integers or text")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for item in inner:
        if type(item) not in _PLAIN:
            _refuse_floats(item)
