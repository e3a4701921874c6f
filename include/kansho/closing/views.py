"""The faces of a piece of memory in which a value could hide: escaped, encoded.

Belongs here: turning bytes into further byte strings worth searching (pure).  Does not belong here: opening what is
packed (`kansho.closing.packing`), what is searched for.
"""

from __future__ import annotations

import binascii
import html
import re
import string
from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

#: A file is read in pieces that overlap by more than the longest needle.
PIECE = 4 * 1024**2
OVERLAP = 4096
#: How many escapes and encodings are undone one inside the other: base64 of JSON, base64 within a URL.
MAX_ENCODINGS = 2

#: Bytes on either side of an escape within which a value could stand: more than the longest value.
AROUND = 512
#: Letters of a run of base64 at least.
_SHORTEST = 12

_UNICODE = re.compile(rb"(?:\\+u[0-9a-fA-F]{4})+")
_HEX = re.compile(rb"(?:\\+x[0-9a-fA-F]{2})+")
_ONE_UNICODE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_ONE_HEX = re.compile(rb"\\x[0-9a-fA-F]{2}")
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_ENTITY = re.compile(rb"&#x?[0-9a-fA-F]{2,6};")


def _is_in(letters: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, dtype=np.bool_)
    table[list(letters)] = True
    return table


_IS_BASE64 = _is_in((string.ascii_letters + string.digits + "+/_-").encode())
#: 1 for a letter of base64, for a capital, else 0, as `bytes.translate` takes it.
_CLASSES = bytes(_IS_BASE64.astype(np.uint8))
_CAPITALS = bytes(_is_in(string.ascii_uppercase.encode()).astype(np.uint8))
#: Letters of base64 in its first alphabet; 0 for what is none.
_STANDARD = np.where(_IS_BASE64, np.arange(256), 0).astype(np.uint8)
_STANDARD[list(b"-_")] = list(b"+/")


def readings(piece: bytes, depth: int = MAX_ENCODINGS) -> Iterator[bytes]:
    """The piece with escapes and base64 undone, and what that brings to light read once more."""
    for view in chain(escapes(piece), base64_runs(piece)):
        yield view
        if depth > 1:
            yield from readings(view, depth - 1)


def escapes(piece: bytes) -> Iterator[bytes]:
    """What stands around escapes, with these undone, for each kind of escape that occurs.

    Only the surroundings, for a value may be escaped in part: `AROUND` bytes on either side of each escape.
    """
    if b"\\" in piece:
        if b"\\u" in piece and (near := _around(_ONE_UNICODE, piece)):
            yield _UNICODE.sub(_from_unicode, near)
        if b"\\x" in piece and (near := _around(_ONE_HEX, piece)):
            yield _HEX.sub(lambda m: bytes.fromhex(re.sub(rb"[\\x]", b"", m[0]).decode()), near)
    if b"%" in piece and (near := _around(_PERCENT, piece)):
        yield _PERCENT.sub(lambda m: bytes([int(m[1], 16)]), near.replace(b"+", b" "))
    if b"&#" in piece and (near := _around(_ENTITY, piece)):
        yield _ENTITY.sub(lambda m: html.unescape(m[0].decode()).encode("utf-8", "replace"), near)


def _around(escape: re.Pattern[bytes], piece: bytes) -> bytes:
    """The piece's parts near escapes, a line each; nothing where there are none.

    ``escape`` begins with the letters themselves, so that looking for it is looking for these.
    """
    parts: list[list[int]] = []
    for match in escape.finditer(piece):
        begin, end = match.start() - AROUND, match.end() + AROUND
        if parts and begin <= parts[-1][1]:
            parts[-1][1] = end
        else:
            parts.append([max(0, begin), end])
    return b"\n".join(piece[begin:end] for begin, end in parts)


def base64_runs(piece: bytes) -> Iterator[bytes]:
    """Everything that reads as base64 (also URL-safe, also wrapped), at each of the four alignments.

    All runs are laid behind each other and decoded at once: a run begins at any alignment there, so each of the four
    ways to decode the whole decodes every run in one of its four.
    """
    letters = _runs(piece.replace(b"\\n", b"\n\n") if b"\\" in piece else piece)
    for shift in range(4):
        whole = len(letters[shift:]) // 4 * 4
        if whole:
            yield binascii.a2b_base64(letters[shift : shift + whole])


def _runs(piece: bytes) -> bytes:
    """Letters of the runs of base64 with a capital among them, unwrapped, three ``A`` behind each."""
    begins, ends = _spans(np.frombuffer(piece.translate(_CLASSES), dtype=np.uint8))
    long = ends - begins >= _SHORTEST
    begins, ends = begins[long], ends[long]
    if not len(begins):
        return b""
    # A line break between two runs takes at most two bytes.
    fresh = np.flatnonzero(np.concatenate(([True], begins[1:] - ends[:-1] > 2)))
    begins, ends = begins[fresh], ends[np.append(fresh[1:], len(ends)) - 1]
    capitals = np.flatnonzero(np.frombuffer(piece.translate(_CAPITALS), dtype=np.uint8))
    told = np.searchsorted(capitals, ends) > np.searchsorted(capitals, begins)
    begins, ends = begins[told], ends[told]
    lengths = ends - begins + 3
    at = np.arange(lengths.sum()) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
    data = np.frombuffer(piece, dtype=np.uint8)
    found = _STANDARD[data[np.minimum(at, len(data) - 1)]]
    found[at >= np.repeat(ends, lengths)] = ord("A")
    return bytes(found[found > 0].tobytes())


def _spans(letters: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Begins and ends of the runs of ones that fill two fours of bytes in a row; a run of 11 always does.

    Fours first, for that is a quarter of the work; then up to three letters on either side.
    """
    fours = letters[: len(letters) // 4 * 4].view(np.uint32) == 0x01010101
    edges = np.flatnonzero(fours[1:] != fours[:-1]) + 1
    edges = np.concatenate(([0] * bool(fours[:1].any()), edges, [len(fours)] * bool(fours[-1:].any()))).astype(np.int64)
    begins, ends = 4 * edges[::2], 4 * edges[1::2]
    long = ends - begins >= 8
    begins, ends = begins[long], ends[long]
    for _ in range(3):
        begins = begins - ((begins > 0) & (letters[begins - 1] == 1))
        ends = ends + ((ends < len(letters)) & (letters[np.minimum(ends, len(letters) - 1)] == 1))
    return begins, ends


def _from_unicode(match: re.Match[bytes]) -> bytes:
    units = bytes.fromhex("".join(h.decode() for h in re.findall(rb"u([0-9a-fA-F]{4})", match[0])))
    return units.decode("utf-16-be", "replace").encode("utf-8", "replace")
