"""A checkpoint on paper: what a 授受簿, a monthly report or the certificate prints of the log, without a signature.

Belongs here: reading it as a person types it or a camera gives it, and holding a log to it.  Does not belong here: how
it is printed (`kansho.documents.stamp`), signed notes (`kansho.evidence.checkpoint`).

    kansho/shinjuku_2026 1200 qLkA…=        the text of the QR code: log, size, the whole root (base64)
    1200 a8b9 00ff 1234 5678                size and short root, as printed; with the words 台帳・件数・根 or without
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import origin_of
from kansho.evidence.findings import Finding
from kansho.evidence.merkle import prefix_roots

#: Digits of the short root: 64 bits, which another log meets after 2^64 trials; the QR code has the whole root.
SHORT = 16
_WORDS = frozenset({"台帳", "件数", "根"})
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,9})\Z")
_HEX = re.compile(rf"[0-9a-f]{{{SHORT},64}}\Z")


@dataclass(frozen=True)
class Paper:
    """What a paper says; ``origin`` is empty where it was left out, ``root`` is hex, whole or its beginning."""

    origin: str
    size: int
    root: str


def read_paper(text: str) -> Paper:
    """Read what a person typed, or a camera read.

    Raises:
        KanshoError: ``KEPT-FORM``.
    """
    parts = [part for part in text.split() if part not in _WORDS]
    origin = parts.pop(0) if parts and "/" in parts[0] else ""
    if not parts or not _SIZE.match(parts[0]):
        raise _refused()
    size, rest = int(parts[0]), parts[1:]
    short = "".join(rest).lower()
    if _HEX.match(short):
        return Paper(origin, size, short)
    try:
        root = base64.b64decode(rest[0], validate=True) if len(rest) == 1 else b""
    except (ValueError, binascii.Error):
        raise _refused() from None
    if len(root) != 32 or not origin:
        raise _refused()
    return Paper(origin, size, root.hex())


def paper_findings(papers: Iterable[str], campaign: str, leaves: Sequence[bytes]) -> Iterator[Finding]:
    """Whether each paper is about the beginning of this log; which key signed it, a paper does not tell."""
    read: list[tuple[str, Paper]] = []
    for number, text in enumerate(papers, 1):
        try:
            read.append((f"paper {number}", read_paper(text)))
        except KanshoError as error:
            yield Finding(error.code, f"paper {number}", error.message)
    roots = prefix_roots(leaves, (paper.size for _, paper in read)) if read else {}
    for name, paper in read:
        if paper.origin not in ("", origin_of(campaign)):
            yield Finding("KEPT-ORIGIN", name, "a paper about another log")
        elif paper.size > len(leaves):
            yield Finding("LOG-CUT", name, f"the log has {len(leaves)} events, the paper {paper.size}")
        elif not roots[paper.size].hex().startswith(paper.root):
            yield Finding("LOG-FORKED", name, f"the first {paper.size} events are not those of the paper")


def _refused() -> KanshoError:
    return KanshoError(
        "KEPT-FORM",
        "紙の記載として読めません（件数と根、又は QR コードの文字）",
        place="--paper",
        remedy="授受簿に印刷された「件数」と「根」を、そのまま入力してください",
    )
