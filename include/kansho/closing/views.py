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

import numpy as np
import numpy.typing as npt

from kansho.closing.embedded import FIRST, inside

#: A file is read in pieces that overlap by more than the longest needle.
PIECE = 4 * 1024**2
OVERLAP = 4096
#: How many escapes and encodings are undone one inside the other: base64 of JSON, base64 within a URL, a form in what
#: is packed in base64.
MAX_ENCODINGS = 3

#: Bytes on either side of an escape within which a value could stand: more than the longest value.
AROUND = 512
#: The longest escape.
_LONGEST = 10
#: Letters of a run of base64 at least.
_SHORTEST = 12
#: Bytes of a line break within base64 at most: a break as JSON writes it, or one with some columns of indent.
_BREAK = 10

_UNICODE = re.compile(rb"(?:\\+u[0-9a-fA-F]{4})+")
_HEX = re.compile(rb"(?:\\+x[0-9a-fA-F]{2})+")
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})")
_ENTITY = re.compile(rb"&#x?[0-9a-fA-F]{2,6};")

#: What a byte is: a letter of base64, a capital, the beginning of an escape, a hexadecimal digit, or of something
#: packed.
_LETTER, _CAPITAL, _ESCAPE, _DIGIT, _BEGIN = (np.uint8(1 << n) for n in range(5))
_BASE64 = string.ascii_letters + string.digits + "+/_-"
_KINDS = {_LETTER: _BASE64, _CAPITAL: string.ascii_uppercase, _ESCAPE: "\\%&", _DIGIT: string.hexdigits, _BEGIN: FIRST}
_CLASSES = bytes(sum(int(kind) for kind, letters in _KINDS.items() if chr(n) in letters) for n in range(256))
_FOUR_LETTERS, _ANY_CAPITAL = np.uint32(0x01010101), np.uint32(0x02020202)
#: Every second byte of four: none, or the letter, of Latin text in UTF-16.
_ODD, _EVEN = np.uint32(0xFF00FF00), np.uint32(0x00FF00FF)
#: From base64's second alphabet to its first, and all that is in neither.
_STANDARD, _NO_LETTERS = bytes.maketrans(b"-_", b"+/"), bytes(n for n in range(256) if chr(n) not in _BASE64)
#: Between two runs: whatever alignment one ends at, its last letters are decoded; and between two views: no value
#: goes across.
_FILL, _APART = b"AAA", b"\n" * 16

_Bytes = npt.NDArray[np.uint8]
_Numbers = npt.NDArray[np.int64]


def readings(piece: bytes, *, packed: bool = False) -> Iterator[bytes | None]:
    """The piece with escapes and base64 undone, all behind each other, and what that brings to light read once more.

    What is packed within it is unpacked too; of one that is ``packed`` as a whole, only what its encodings hide.  None
    stands for something that cannot be followed.
    """
    for turn in range(MAX_ENCODINGS):
        # Behind the piece some bytes that are nothing, for whoever looks at what follows.
        classes = np.frombuffer((piece + bytes(8 - len(piece) % 4)).translate(_CLASSES), dtype=np.uint8)
        found = [*escapes(piece, classes), *base64_runs(piece, classes), *narrowed(piece, classes)]
        if not (packed and turn == 0):
            for out in inside(piece, np.flatnonzero((classes[: len(piece)] & _BEGIN) != 0)):
                if out is None:
                    yield None
                else:
                    found.append(out)
        piece = _APART.join(found)
        if not piece:
            return
        yield piece


def escapes(piece: bytes, classes: _Bytes) -> Iterator[bytes]:
    """What stands around escapes, with these undone, for each kind of escape that occurs.

    Only the surroundings, for a value may be escaped in part: `AROUND` bytes on either side of each escape.
    """
    at = np.flatnonzero((classes & _ESCAPE) != 0)
    at = at[at + 3 <= len(piece)]
    if not len(at):
        return
    data = np.frombuffer(piece, dtype=np.uint8)
    first, second = data[at], data[at + 1]

    def digits(some: _Numbers, begin: int, end: int) -> _Numbers:
        for n in range(begin, end):
            some = some[(classes[some + n] & _DIGIT) != 0]
        return some

    slash = first == ord("\\")
    if len(some := digits(at[slash & (second == ord("u"))], 2, 6)):
        yield _UNICODE.sub(_from_unicode, _around(some, piece))
    if len(some := digits(at[slash & (second == ord("x"))], 2, 4)):
        yield _HEX.sub(lambda m: bytes.fromhex(re.sub(rb"[\\x]", b"", m[0]).decode()), _around(some, piece))
    if len(some := digits(at[first == ord("%")], 1, 3)):
        yield _PERCENT.sub(lambda m: bytes([int(m[1], 16)]), _around(some, piece).replace(b"+", b" "))
    some = at[(first == ord("&")) & (second == ord("#"))]
    if len(some := some[(data[some + 2] == ord("x")) | ((classes[some + 2] & _DIGIT) != 0)]):
        yield _ENTITY.sub(lambda m: html.unescape(m[0].decode()).encode("utf-8", "replace"), _around(some, piece))


def narrowed(piece: bytes, classes: _Bytes) -> Iterator[bytes]:
    """Latin text that stands in UTF-16, a line for each run, in one byte a letter: base64 and escapes are Latin."""
    if piece.count(b"\0") < _SHORTEST:
        return
    words = np.frombuffer(piece + bytes(8 - len(piece) % 4), dtype="<u4")
    for none, some in ((_ODD, _EVEN), (_EVEN, _ODD)):
        told = ((words & none) == 0) & ((words & some) != 0)
        at = np.flatnonzero(told[1:] & told[:-1])
        if not len(at):
            continue
        apart = np.flatnonzero(np.diff(at) > 1)
        begins, ends = at[np.concatenate(([0], apart + 1))], at[np.append(apart, -1)] + 2
        long = ends - begins >= _SHORTEST // 4
        spans = zip(begins[long].tolist(), ends[long].tolist(), strict=True)
        yield b"\n".join(piece[max(0, 4 * b - 3) : 4 * e + 3].replace(b"\0", b"") for b, e in spans)


def _around(at: _Numbers, piece: bytes) -> bytes:
    """The piece's parts around escapes that begin at these places, a line each."""
    apart = np.flatnonzero(np.diff(at) > 2 * AROUND)
    begins = np.maximum(0, at[np.concatenate(([0], apart + 1))] - AROUND).tolist()
    ends = (at[np.append(apart, -1)] + _LONGEST + AROUND).tolist()
    return b"\n".join([piece[begin:end] for begin, end in zip(begins, ends, strict=True)])


def base64_runs(piece: bytes, classes: _Bytes) -> Iterator[bytes]:
    """Everything that reads as base64 (also URL-safe, also wrapped), at each of the four alignments.

    All runs are laid behind each other and decoded at once: a run begins at any alignment there, so each of the four
    ways to decode the whole decodes every run in one of its four.
    """
    letters = memoryview(_runs(piece, classes))
    for shift in range(4):
        whole = len(letters[shift:]) // 4 * 4
        if whole:
            yield binascii.a2b_base64(letters[shift : shift + whole])


def _runs(piece: bytes, classes: _Bytes) -> bytes:
    """Letters of the runs of base64 with a capital among them, unwrapped, `_FILL` around each."""
    fours = classes.view(np.uint32)
    begins, ends = _spans(classes, (fours & _FOUR_LETTERS) == _FOUR_LETTERS)
    if not len(begins):
        return b""
    # The letter of a line break of JSON's is none of the run's.
    data = np.frombuffer(piece, dtype=np.uint8)
    begins += (data[begins] == ord("n")) & (data[begins - 1] == ord("\\")) & (begins > 0)
    long = ends - begins >= _SHORTEST
    begins, ends = begins[long], ends[long]
    if not len(begins):
        return b""
    breaks = np.flatnonzero(begins[1:] - ends[:-1] > _BREAK)
    begins, ends = begins[np.concatenate(([0], breaks + 1))], ends[np.append(breaks, -1)]
    touched = np.stack((begins // 4, (ends + 3) // 4), axis=1).ravel()
    told = (np.bitwise_or.reduceat(fours, touched)[::2] & _ANY_CAPITAL) != 0
    runs = [piece[begin:end] for begin, end in zip(begins[told].tolist(), ends[told].tolist(), strict=True)]
    return (
        _FILL.join((b"", *runs, b"")).replace(b"\\r", b"").replace(b"\\n", b"").translate(_STANDARD, _NO_LETTERS)
        if runs
        else b""
    )


def _spans(classes: _Bytes, fours: npt.NDArray[np.bool_]) -> tuple[_Numbers, _Numbers]:
    """Begins and ends of the runs of letters that fill two fours of bytes in a row; a run of 11 always does.

    Fours first, for that is a quarter of the work; then up to three letters on either side.
    """
    pairs = np.flatnonzero(fours[1:] & fours[:-1])
    apart = np.flatnonzero(np.diff(pairs) > 1)
    if not len(pairs):
        return pairs, pairs
    begins = 4 * pairs[np.concatenate(([0], apart + 1))]
    ends = 4 * pairs[np.append(apart, -1)] + 8
    for _ in range(3):
        begins -= (begins > 0) & (classes[begins - 1] & _LETTER)
        ends += classes[ends] & _LETTER
    return begins, ends


def _from_unicode(match: re.Match[bytes]) -> bytes:
    units = bytes.fromhex("".join(h.decode() for h in re.findall(rb"u([0-9a-fA-F]{4})", match[0])))
    return units.decode("utf-16-be", "replace").encode("utf-8", "replace")
