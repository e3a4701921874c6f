"""What the ward's countersignatures in a bundle must be: its own, over checkpoints of this log, as the log tells.

Belongs here: the verifier's rule.  Stands on the standard library, cryptography and this room alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kansho.errors import KanshoError
from kansho.evidence.bundle import CHECKPOINTS, sha256
from kansho.evidence.checkpoint import cosigner_of, read_checkpoint, read_cosigned
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding

NAME = re.compile(r"countersigned/(\d{10})\.txt\Z")


def countersignature_findings(files: Mapping[str, bytes], events: Sequence[Event], key: bytes) -> Iterator[Finding]:
    """Every countersigned checkpoint is one of the bundle's, signed with the key the log registered, and told by it.

    Args:
        files: the bundle's.
        events: the whole log.
        key: our public key; the ward's is the one that `cosigner_registered` bound before the signature came.
    """
    told = {f"countersigned/{e.counts.get('size', 0):010d}.txt": e for e in events if _is(e)}
    for name in sorted(told.keys() - files.keys()):
        yield Finding("COUNTERSIGNED-MISSING", name, "the log tells of it, the bundle lacks it")
    for name in sorted(n for n in files if NAME.match(n)):
        event = told.get(name)
        checkpoint = files.get(CHECKPOINTS + name.rpartition("/")[2])
        if event is None or event.refs.get("sha256") != sha256(files[name]):
            yield Finding("COUNTERSIGNED-STRAY", name, "not what the log tells the ward to have signed")
        elif checkpoint is None or not files[name].startswith(checkpoint):
            yield Finding("COUNTERSIGNED-OTHER", name, "not a checkpoint of this bundle")
        elif not _signed(files[name], key, _ward_key(events, event)):
            yield Finding("COUNTERSIGNED-SIGNATURE", name, "not signed by us and by the ward's registered key")


def ward_key_findings(
    files: Mapping[str, bytes], events: Sequence[Event], kept: Iterable[tuple[str, str]], wards: bytes
) -> Iterator[Finding]:
    """With the key that the auditor has from the ward itself: whether what bears the ward's signature is the ward's.

    The log names a key of the ward's too, but whoever writes the log could name another.

    Args:
        kept: (name, text) of checkpoints given beside the bundle; those without a second signature are passed over.
        wards: 32 raw bytes.
    """
    for event in events:
        if event.type == "cosigner_registered" and event.codes.get("public") != wards.hex():
            yield Finding("WARD-KEY-OTHER", f"event {event.sequence}", "the log registered another key as the ward's")
    texts = [(name, data.decode("utf-8", "replace")) for name, data in sorted(files.items()) if NAME.match(name)]
    texts += [(name, text) for name, text in kept if f"— {cosigner_of(_origin(text))} " in text]
    for name, text in texts:
        try:
            read_cosigned(text, wards)
        except KanshoError:
            yield Finding("WARD-KEY-SIGNATURE", name, "not signed by the ward's key that was given")
    if not texts:
        yield Finding("WARD-KEY-UNUSED", "--ward-key", "nothing here bears a signature of the ward")


def _origin(text: str) -> str:
    return text.partition("\n")[0]


def _is(event: Event) -> bool:
    return event.type == "checkpoint_countersigned"


def _ward_key(events: Sequence[Event], before: Event) -> bytes:
    registered = [e for e in events[: before.sequence] if e.type == "cosigner_registered"]
    try:
        return bytes.fromhex(registered[-1].codes["public"]) if registered else b""
    except (KeyError, ValueError):
        return b""


def _signed(data: bytes, ours: bytes, wards: bytes) -> bool:
    if len(wards) != 32:
        return False
    try:
        read_checkpoint(data.decode(), ours)
        read_cosigned(data.decode(), wards)
    except (KanshoError, UnicodeDecodeError):
        return False
    return True
