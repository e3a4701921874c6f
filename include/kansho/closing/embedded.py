"""What is packed somewhere within other bytes: a zlib stream in a pickle, gzip in base64, a zip behind a stub.

Belongs here: finding the beginnings of deflated data in a piece of memory, and inflating what begins there.  Does not
belong here: files that are a packed format as a whole, however large (`kansho.closing.packing`).

Most beginnings are none: two bytes of them are in every kilobytes of ciphertext.  What is no deflated data betrays
itself within some hundred bytes, so a little is tried first.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

#: First bytes of every beginning that there is.
FIRST = "x\x1fP"
#: What all that begins in one piece may come to.
MOST = 64 * 1024**2
#: Bytes that are tried first, and after which nobody inflates by chance.
_TRIED, _SURE = 256, 4096
#: The byte behind the first of zlib's head, for each of its levels.
_ZLIB = (0x01, 0x5E, 0x9C, 0xDA)
_GZIP, _MEMBER = b"\x1f\x8b\x08", b"PK\x03\x04"
_DEFLATED = 8
#: Window bits, as zlib takes them: with zlib's head, gzip's, or none.
_OF_ZLIB, _OF_GZIP, _BARE = 15, 31, -15


def inside(piece: bytes, at: npt.NDArray[np.int64]) -> Iterator[bytes | None]:
    """What is inflated from each place at which deflated data begins; None for what does not end in the piece.

    Args:
        piece: the bytes.
        at: places of the bytes in `FIRST`, in order.
    """
    left, end = MOST, 0
    for begin, bits in _begins(piece, at):
        if begin < end:
            continue  # within what was inflated already
        machine, given = zlib.decompressobj(bits), min(len(piece), begin + _TRIED)
        try:
            out = machine.decompress(piece[begin:given])
            if not machine.eof:
                given = len(piece)
                out += machine.decompress(piece[begin + _TRIED :], left)
        except zlib.error:
            continue
        left -= len(out)
        if out:
            yield out
        if machine.eof:
            end = given - len(machine.unused_data)
        elif machine.unconsumed_tail or len(piece) - begin > _SURE:
            yield None  # it goes on where we cannot follow
        if left <= 0:
            yield None  # nor is what begins behind it looked at
            return


def _begins(piece: bytes, at: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where deflated data may begin, and how it is headed."""
    data = np.frombuffer(piece, dtype=np.uint8)
    at = at[at + 2 < len(piece)]
    # By their first two bytes all at once: one byte in eighty of ciphertext is one of `FIRST`.
    first, second = data[at], data[at + 1]
    told = (first == ord("x")) & np.isin(second, _ZLIB)
    told |= (first == _GZIP[0]) & (second == _GZIP[1])
    told |= (first == _MEMBER[0]) & (second == _MEMBER[1])
    for begin in at[told].tolist():
        if piece[begin] == ord("x"):
            yield begin, _OF_ZLIB
        elif piece.startswith(_GZIP, begin):
            yield begin, _OF_GZIP
        elif piece.startswith(_MEMBER, begin) and int.from_bytes(piece[begin + 8 : begin + 10], "little") == _DEFLATED:
            names = (int.from_bytes(piece[begin + n : begin + n + 2], "little") for n in (26, 28))
            yield begin + 30 + sum(names), _BARE
