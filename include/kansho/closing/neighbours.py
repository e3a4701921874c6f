"""The campaigns of this deployment, as their ledgers have them: a folder's name alone makes no campaign.

Belongs here: what of a ledger tells which files may lie here in its campaign's name.  Does not belong here: looking at
files (`kansho.closing.discovery`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.ledger import OPENING, Ledger
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.storage import ledgers_of
from kansho.vault.store import ObjectStore
from kansho.workspace import NEEDLE_KINDS, Workspace

#: Key of the one object that holds everything the residue scan looks for.
NEEDLES_KEY = "year"


@dataclass(frozen=True)
class Neighbour:
    """One campaign, ours too.

    Args:
        id: of the campaign.
        events: its whole log.
        stored: names that are registered and not erased.
        needles: names that the making of the needles gives, registered or (after a kill) not yet.
        destroyed: names of the keys that are no more.
        public: the public signing key; None before it is made.
        wards: public keys that the ward registered.
    """

    id: str
    events: Sequence[Event]
    stored: frozenset[str]
    needles: frozenset[str]
    destroyed: frozenset[str]
    public: bytes | None
    wards: tuple[bytes, ...]

    @property
    def has_ended(self) -> bool:
        """Whether no key of it that opens personal data is left."""
        return self.destroyed.issuperset(PERSONAL_KEYS)

    def digests(self, type: str, key: str, ref: str) -> set[str]:
        """What the events of one type and key say as one of their refs."""
        return {str(e.refs.get(ref)) for e in self.events if e.type == type and e.key == key}


def neighbours(ws: Workspace) -> dict[str, Neighbour]:
    """Ours, and every other campaign whose ledger opens."""
    ours = _neighbour(ws.config.id, ws.ledger.events())
    if ours.public is None and ws.keyring.has("signing"):
        ours = replace(ours, public=ws.keyring.public_key())
    found = {ours.id: ours}
    for campaign, store in ledgers_of(ws.layout.kansho):
        if campaign not in found and (other := _opened(campaign, store)) is not None:
            found[campaign] = other
    return found


def issued(campaigns: Iterable[Neighbour]) -> dict[str, set[str]]:
    """Name → digests of every document that a campaign here has issued: outputs are shared by the wards."""
    found: dict[str, set[str]] = {}
    for campaign in campaigns:
        for event in campaign.events:
            if event.type == "document_issued":
                found.setdefault(event.key, set()).add(str(event.refs.get("sha256")))
    return found


def needles_of(events: Sequence[Event]) -> frozenset[str]:
    """Names under which needles may lie."""
    sources = [e.key for e in events if e.type == "snapshot_stored"]
    return frozenset(f"{kind}/{source}" for kind in NEEDLE_KINDS for source in (NEEDLES_KEY, *sources))


def _opened(campaign: str, store: ObjectStore) -> Neighbour | None:
    """The campaign; None for a folder that holds something else than a log which begins with its opening."""
    try:
        events = Ledger(campaign, store).events()
        if not events or events[0].type != OPENING or events[0].key != campaign:
            return None
        return _neighbour(campaign, events)
    except KanshoError as error:
        if error.code != "LEDGER-BROKEN":
            raise
    except (ValueError, TypeError, AttributeError, KeyError):  # whatever lies there, it is no event
        pass
    return None


def _neighbour(campaign: str, events: Sequence[Event]) -> Neighbour:
    erased = {e.key for e in events if e.type == "snapshot_erased"}
    stored = [e for e in events if e.type == "snapshot_stored" and e.key not in erased]
    made = [_of_hex(e.codes) for e in events if e.type == "keys_created"]
    cosigners = [_of_hex(e.codes, "public") for e in events if e.type == "cosigner_registered"]
    return Neighbour(
        id=campaign,
        events=events,
        stored=frozenset(e.key for e in stored if e.refs["holding"]["kind"] not in NEEDLE_KINDS),
        needles=needles_of(events),
        destroyed=frozenset(e.key for e in events if e.type == "keys_destroyed"),
        public=next((key for key in made if key), None),
        wards=tuple(cosigners),
    )


def _of_hex(codes: Mapping[str, str], name: str = "signing_public") -> bytes:
    return bytes.fromhex(codes.get(name, ""))
