"""Whether checkpoints, the bundle's own and those that somebody kept, sign this very log.

Belongs here: checks of `kansho.evidence.verify` over signed notes.  Does not belong here: their form
(`kansho.evidence.checkpoint`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kansho.errors import KanshoError
from kansho.evidence import bundle as names
from kansho.evidence.checkpoint import Checkpoint, origin_of, read_checkpoint
from kansho.evidence.findings import Finding
from kansho.evidence.merkle import prefix_roots

CHECKPOINT_NAME = re.compile(r"checkpoints/\d{10}\.txt\Z")
#: What is found of the bundle's own checkpoints, and of those that somebody kept.
OWN = {"origin": "CHECKPOINT-ORIGIN", "cut": "CHECKPOINT-CUT", "forked": "CHECKPOINT-ROOT"}
KEPT = {"origin": "KEPT-ORIGIN", "cut": "LOG-CUT", "forked": "LOG-FORKED"}
STAMP_NAME = re.compile(r"timestamps/(\d{10})\.tsr\Z")


def own_checkpoints(files: Mapping[str, bytes], key: bytes, campaign: str, leaves: Sequence[bytes]) -> list[Finding]:
    """Whether every checkpoint of the bundle signs this log, and one of them all of it."""
    found: list[Finding] = []
    read: list[tuple[str, Checkpoint]] = []
    for name in sorted(n for n in files if CHECKPOINT_NAME.match(n)):
        try:
            read.append((name, read_checkpoint(files[name].decode(), key)))
        except UnicodeDecodeError:
            found.append(Finding("CHECKPOINT-FORM", name, "not UTF-8"))
        except KanshoError as error:
            found.append(Finding(error.code, name, error.message))
    for name, checkpoint in read:
        if name != f"checkpoints/{checkpoint.size:010d}.txt":
            found.append(Finding("CHECKPOINT-NAME", name, "the name is not the checkpoint's size"))
    found += _against(read, campaign, leaves, OWN)
    if all(checkpoint.size != len(leaves) for _, checkpoint in read):
        found.append(Finding("CHECKPOINT-LAST", names.EVENTS, "no checkpoint signs the whole log"))
    return found


def timestamps(files: Mapping[str, bytes]) -> list[Finding]:
    """Whether each answer is about the checkpoint of its name; its signature is the authority's, checked apart."""
    found = []
    for name in sorted(files):
        stamp = STAMP_NAME.match(name)
        if stamp is None:
            continue
        stamped = files.get(f"{names.CHECKPOINTS}{stamp[1]}.txt")
        # RFC 3161, 2.4.2: the answer holds the digest of what was stamped as it is.
        if stamped is None or bytes.fromhex(names.sha256(stamped)) not in files[name]:
            found.append(Finding("TIMESTAMP-STRAY", name, "not about a checkpoint of this bundle"))
    return found


def kept_checkpoints(
    kept: Iterable[tuple[str, str]], key: bytes, campaign: str, leaves: Sequence[bytes]
) -> list[Finding]:
    """Whether each kept checkpoint (name, text) signs the beginning of this log.

    Two that contradict each other cannot both agree with one log: a fork shows whichever side is in the bundle.
    """
    found: list[Finding] = []
    read: list[tuple[str, Checkpoint]] = []
    for name, text in kept:
        try:
            read.append((name, read_checkpoint(text, key)))
        except KanshoError as error:
            found.append(Finding(error.code.replace("CHECKPOINT", "KEPT"), name, error.message))
    return [*found, *_against(read, campaign, leaves, KEPT)]


def _against(
    read: Sequence[tuple[str, Checkpoint]], campaign: str, leaves: Sequence[bytes], codes: Mapping[str, str]
) -> Iterator[Finding]:
    """Each (name, checkpoint) against the log; the roots of all of them in one pass."""
    roots = prefix_roots(leaves, (checkpoint.size for _, checkpoint in read)) if read else {}
    for name, checkpoint in read:
        if checkpoint.origin != origin_of(campaign):
            yield Finding(codes["origin"], name, "a checkpoint of another log")
        elif checkpoint.size > len(leaves):
            yield Finding(codes["cut"], name, f"the log has {len(leaves)} events, the checkpoint {checkpoint.size}")
        elif roots[checkpoint.size] != checkpoint.root:
            yield Finding(codes["forked"], name, f"the first {checkpoint.size} events are not those that were signed")
