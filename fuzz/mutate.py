"""Ways to change valid bytes: blind ones for any format, and ones that know what a table is."""

from __future__ import annotations

import random
from collections.abc import Callable

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def _number(data: bytearray, rng: random.Random) -> None:
    size = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(data))
    value = rng.choice(_NUMBERS) if rng.random() < 0.7 else len(data) + rng.randrange(-64, 64)
    written = (value % 256**size).to_bytes(size, rng.choice(("little", "big")))
    data[at : at + size] = written[: len(data) - at]


def _span(data: bytearray, rng: random.Random) -> tuple[int, int]:
    at = rng.randrange(len(data))
    return at, min(len(data), at + 1 + int(rng.expovariate(1 / 16)))


def _drop(data: bytearray, rng: random.Random) -> None:
    at, end = _span(data, rng)
    del data[at:end]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at, end = _span(data, rng)
    data[at:at] = data[at:end] * rng.choice((1, 1, 2, 50))


def _move(data: bytearray, rng: random.Random) -> None:
    at, end = _span(data, rng)
    piece = data[at:end]
    del data[at:end]
    to = rng.randrange(len(data) + 1)
    data[to:to] = piece


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.randrange(1, 20))


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


_BLIND: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _flip, _byte, _byte, _number, _number, _number),
    *(_drop, _repeat, _move, _insert, _cut),
)


def mutate(data: bytes, rng: random.Random, most: int = 4) -> bytes:
    """One to ``most`` blind changes."""
    out = bytearray(data)
    for _ in range(rng.randint(1, most)):
        if out:
            rng.choice(_BLIND)(out, rng)
    return bytes(out)


#: What breaks readers of tables: separators, quotes, ends of line, marks of an encoding, halves of characters.
_TABLE_PIECES = (
    *(b",", b",,,,", b"\t", b'"', b'""', b'","', b"\r", b"\n", b"\r\n", b"\n\n\r\r", b"\0", b"\x1a", b"\x0b", b"\x0c"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x81", b"\x82", b"\xf0\x40", b"\xed\xa0\x80", b"\xc0\x80", b"\x85"),
    *(b"\xe3\x81\x82", b"\x82\xa0", b"\x00\xd8", b"=1+1", b"1E+300", b"\xe2\x80\xae", b"x" * 70_000),
    *(b"123456789018", b"0" * 400, b"-", b"\xef\xbc\x91"),
)


def mutate_table(data: bytes, rng: random.Random, most: int = 4) -> bytes:
    """One to ``most`` changes of a text table: of its pieces, its lines and its bytes, or of its encoding."""
    out = data
    for _ in range(rng.randint(1, most)):
        out = rng.choice((_piece, _piece, _lines, _recode, mutate))(out, rng)
    return out


def _piece(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_TABLE_PIECES) + data[at + rng.randrange(3) :]


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        at = rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 2:
                cells = lines[at].split(b",")
                rng.shuffle(cells)
                lines[at] = b",".join(cells)
            case _:
                cells = lines[at].split(b",")
                cells.insert(rng.randrange(len(cells)), rng.choice(cells))
                lines[at] = b",".join(cells)
    return b"".join(lines)


def _recode(data: bytes, rng: random.Random) -> bytes:
    """All of it, or from one line on, in another encoding."""
    encodings = ("cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "euc_jp", "iso2022_jp")
    at = rng.choice((0, data.find(b"\n", rng.randrange(len(data) + 1)) + 1))
    text = data[at:].decode(rng.choice(encodings[:4]), "replace")
    return data[:at] + text.encode(rng.choice(encodings), "replace")
