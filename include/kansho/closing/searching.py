"""Searching bytes for needles: in a file, in an object of a store, in a table, however encoded and packed.

Belongs here: encodings of a needle, the search of one thing, and what it came to.  Does not belong here: which files
there are, or the result of a whole scan (`kansho.closing.residue`); undoing encodings (`kansho.closing.views`) and
packing (`kansho.closing.packing`).
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import numpy as np

from kansho.closing import packing
from kansho.closing.database_rows import tables_of
from kansho.closing.index import TAIL, Index
from kansho.closing.needles import Needle, stands_alone
from kansho.closing.packing import HEAD, MAX_NESTING, Inner, TooLarge, is_packed, opened
from kansho.closing.views import OVERLAP, PIECE, readings
from kansho.errors import KanshoError
from kansho.vault.store import ObjectStore

#: Encodings of a needle; base64, ``\\u``, ``%`` and packing are undone in what is searched instead.
ENCODINGS = ("utf-8", "cp932", "utf-16-le", "utf-16-be")
#: Shorter byte strings occur by chance in compressed or encrypted bytes.
MIN_BYTES = TAIL
#: One index holds this many byte strings at most (about 0.7 GB with them); more are searched in turns.
BATCH = 4_000_000
#: A file with this many hits is not searched further in this turn.
STOP_AT = 1_000


@dataclass
class Tally:
    """What the search of one thing came to."""

    hits: int = 0
    unread: bool = False
    matched: set[int] = field(default_factory=set)


@dataclass
class Found:
    """What the search of many things came to, by their names."""

    by_file: dict[str, int] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    matched: set[int] = field(default_factory=set)

    def take(self, name: str, tally: Tally) -> None:
        """Note what one file came to."""
        if tally.hits:
            self.by_file[name] = self.by_file.get(name, 0) + tally.hits
            self.matched |= tally.matched
        if tally.unread:
            self.unread.add(name)

    def add(self, other: Found) -> None:
        """Note what another search came to."""
        for name, hits in other.by_file.items():
            self.by_file[name] = self.by_file.get(name, 0) + hits
        self.unread |= other.unread
        self.matched |= other.matched


class Searcher:
    """One index over the encoded forms of some needles."""

    def __init__(self, patterns: list[bytes], sources: array[int], needles: Sequence[Needle], begin: int = 0) -> None:
        self._index = Index(patterns)
        self._sources = sources
        self._needles = needles
        self._begin = begin

    def search(self, data: bytes, tally: Tally, skip: int = 0) -> None:
        """Count hits that stand alone; those ending within the first ``skip`` bytes were counted before."""
        for pattern, start, end in self._index.occurrences(data):
            if end <= skip:
                continue
            if tally.hits >= STOP_AT:
                return
            index, encoding = divmod(self._sources[pattern], len(ENCODINGS))
            if stands_alone(self._needles[index], data, start, end, ENCODINGS[encoding]):
                tally.hits += 1
                tally.matched.add(self._begin + index)

    def files(self, paths: Iterable[Path]) -> Found:
        """What is in these files."""
        found = Found()
        for path in paths:
            tally = Tally()
            try:
                _search_file(path, self, tally)
            except FileNotFoundError:
                continue  # gone since the listing, as temporary files of a running system are
            except OSError:
                tally.unread = True
            found.take(str(path), tally)
        return found


def encoded(texts: Sequence[str], encoding: str) -> tuple[list[int], list[bytes]]:
    """Numbers of the texts whose byte forms are long enough to mean something, and these forms."""
    forms = _fixed(texts, encoding) or [_form(text, encoding) for text in texts]
    numbers = [number for number, form in enumerate(forms) if len(form) >= MIN_BYTES]
    return numbers, [forms[number] for number in numbers]


def _fixed(texts: Sequence[str], encoding: str) -> list[bytes]:
    """The forms in UTF-16, cut from that of all together for that is quicker; none where it cannot be done."""
    whole = _form("".join(texts), encoding) if encoding.startswith("utf-16") else b""
    ends = [2 * end for end in accumulate(map(len, texts))]
    if len(whole) != (ends[-1] if ends else 0):  # a letter of four bytes, or one that cannot be written
        return []
    return [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _form(text: str, encoding: str) -> bytes:
    """The text's bytes; none where it cannot be written, or where they are the same as in UTF-8."""
    if encoding == "cp932" and text.isascii():
        return b""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b""


def searchers(needles: Sequence[Needle]) -> Iterator[Searcher]:
    """One searcher after the other over all needles, each of a size that memory holds."""
    share = max(1, BATCH // len(ENCODINGS))
    for begin in range(0, len(needles), share):
        part = needles[begin : begin + share]
        texts = [needle.text for needle in part]
        patterns: list[bytes] = []
        sources = array("q")  # number of the needle times the encodings, plus the encoding's
        for which, encoding in enumerate(ENCODINGS):
            numbers, forms = encoded(texts, encoding)
            patterns += forms
            sources.frombytes((np.array(numbers, dtype=np.int64) * len(ENCODINGS) + which).tobytes())
        if patterns:
            yield Searcher(patterns, sources, part, begin)


def _search_file(path: Path, searcher: Searcher, tally: Tally) -> None:
    with path.open("rb") as handle:
        _search_stream(handle, searcher, tally)
        _search_packed(handle, searcher, tally, [packing.MAX_INFLATED])


def search_store(place: str, store: ObjectStore, searcher: Searcher, found: Found) -> tuple[int, int]:
    """(objects, bytes) of a store that is no folder of this machine; what cannot be read is unread."""
    objects = size = 0
    try:
        for name in store.names():
            tally = Tally()
            searcher.search(name.encode(), tally)
            with store.open(name) as handle:
                objects, size = objects + 1, size + handle.seek(0, io.SEEK_END)
                _search_stream(handle, searcher, tally)
                _search_packed(handle, searcher, tally, [packing.MAX_INFLATED])
            found.take(f"{place}/{name}", tally)
    except (KanshoError, OSError):
        found.unread.add(place)
    return objects, size


def search_database(place: str, url: str, searcher: Searcher, found: Found) -> tuple[int, int]:
    """(tables, bytes) of a database on a server; a table that cannot be read, or a server, is unread."""
    tables = size = 0
    try:
        for name, cells in tables_of(url):
            tally, left = Tally(), [packing.MAX_INFLATED]
            tables += 1
            try:
                for inner in cells:
                    size += _search_inner(inner, searcher, tally, left, 0)
            except Exception:  # whatever a server says: the table was not read to its end
                tally.unread = True
            found.take(f"{place}/{name}", tally)
    except Exception:  # the error could quote the address
        found.unread.add(place)
    return tables, size


def _search_stream(
    handle: BinaryIO, searcher: Searcher, tally: Tally, left: list[int] | None = None, seen: int = 0
) -> int:
    """Search a stream from its beginning, piece by piece; returns how many bytes were read.

    ``left`` is how many bytes all that is packed in one file may still come to, ``seen`` how many of the first bytes
    were searched before.
    """
    held, size, skip, packed = b"", 0, seen, False
    handle.seek(0)
    while tally.hits < STOP_AT:
        piece = handle.read(PIECE)
        if not piece:
            break
        size += len(piece)
        if left is not None:
            left[0] -= len(piece)
            if left[0] < 0:
                raise TooLarge
        whole = held + piece
        packed = packed or (size == len(piece) and is_packed(piece[:HEAD]))
        search_views(whole, searcher, tally, skip, packed=packed)
        held = whole[-OVERLAP:]
        skip = len(held)
    return size


def _search_packed(handle: BinaryIO, searcher: Searcher, tally: Tally, left: list[int], depth: int = 0) -> None:
    """Search what is packed in a stream, also nested; whatever of it cannot be opened is unread."""
    try:
        handle.seek(0)
        if not is_packed(handle.read(HEAD)):
            return
        if depth >= MAX_NESTING:
            raise TooLarge
        for inner in opened(handle):
            if tally.hits >= STOP_AT:
                return
            _search_inner(inner, searcher, tally, left, depth)
    except Exception:  # whatever a damaged file makes a library say: it was not read to its end
        tally.unread = True


def _search_inner(inner: Inner, searcher: Searcher, tally: Tally, left: list[int], depth: int) -> int:
    """One thing in a packed file; returns its bytes."""
    if inner.stream is None:
        tally.unread = True
        return 0
    size = 0
    try:
        size = _search_stream(inner.stream, searcher, tally, left, inner.seen) - inner.seen
    except TooLarge:
        raise
    except Exception:  # this one is damaged, the next may be whole
        tally.unread = True
    if inner.deeper:
        _search_packed(inner.stream, searcher, tally, left, depth + 1)
    return size


def search_views(piece: bytes, searcher: Searcher, tally: Tally, skip: int = 0, *, packed: bool = False) -> None:
    """Search a piece as it is, and with its escapes and encodings undone."""
    searcher.search(piece, tally, skip)
    for view in readings(piece, packed=packed):
        if view is None:
            tally.unread = True
        else:
            searcher.search(view, tally)
