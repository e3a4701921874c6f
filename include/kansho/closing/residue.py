"""The residue scan: whether any value of a resident is left in any file, in any usual encoding.

Belongs here: encodings, the search, how a hit must stand alone, and the result, which names files and
counts and never a value.  Tests use the same `scan` during the year with canaries.
"""

from __future__ import annotations

import io
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kansho.closing.beside import side_by_side
from kansho.closing.index import TAIL, Index
from kansho.closing.needles import Needle, stands_alone
from kansho.closing.views import (
    OVERLAP,
    PIECE,
    TooLarge,
    is_packed,
    packed,
    readings,
    rows_of_sqlite,
)
from kansho.errors import KanshoError
from kansho.vault.store import ObjectStore

#: Encodings of a needle; base64, ``\\u``, ``%`` and packing are undone in what is searched instead.
ENCODINGS = ("utf-8", "cp932", "utf-16-le", "utf-16-be")
#: Shorter byte strings occur by chance in compressed or encrypted bytes.
MIN_BYTES = TAIL
#: One index holds this many byte strings at most (about 0.7 GB with them); more are searched in turns.
BATCH = 4_000_000
_SQLITE = b"SQLite format 3\0"
#: A file with this many hits is not searched further in this turn.
STOP_AT = 1_000


@dataclass(frozen=True)
class ScanResult:
    """What a scan found.

    ``by_file`` counts hits per file; ``unread`` are files that could not be checked, which is never a
    pass; ``matched`` are indexes of needles for whoever may know them, and is not shown.
    """

    files: int
    bytes: int
    needles: int
    hits: int
    by_file: dict[str, int]
    unread: tuple[str, ...] = ()
    matched: frozenset[int] = field(default=frozenset(), repr=False)

    @property
    def clean(self) -> bool:
        """Nothing found and everything read."""
        return self.hits == 0 and not self.unread


@dataclass
class _Tally:
    hits: int = 0
    matched: set[int] = field(default_factory=set)


@dataclass
class _Found:
    by_file: dict[str, int] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    matched: set[int] = field(default_factory=set)

    def add(self, other: _Found) -> None:
        for name, hits in other.by_file.items():
            self.by_file[name] = self.by_file.get(name, 0) + hits
        self.unread |= other.unread
        self.matched |= other.matched


def scan(
    paths: Iterable[Path],
    needles: Sequence[Needle],
    *,
    exclude: Iterable[Path] = (),
    stores: Mapping[str, ObjectStore] | None = None,
    workers: int = 1,
) -> ScanResult:
    """Search files and whole folders for needles.

    Args:
        paths: files and folders; links are not followed; the names of files are searched too.
        needles: what to look for (`kansho.closing.needles`).
        exclude: folders or files to leave out.
        stores: stores elsewhere, by the name that a hit in one of their objects is reported under.
        workers: processes that search at the same time; they share one index.

    About 60,000 people's values stay under 2 GB of memory: patterns are searched in turns.
    """
    roots = [Path(p) for p in paths]
    found = _Found()
    files = list(_files(roots, {Path(p).resolve() for p in exclude}, found.unread))
    shares = _shares(files, workers)
    far: dict[str, tuple[int, int]] = {}
    for searcher in _searchers(needles):
        found.add(_search_names(searcher, files))
        for share, answer in zip(shares, side_by_side(searcher.files, shares), strict=True):
            # A process that died has checked nothing that could be relied on.
            found.add(answer if answer is not None else _Found(unread=set(map(str, share))))
        for place, store in sorted((stores or {}).items()):
            objects, size = _search_store(place, store, searcher, found)
            far[place] = (objects, size)
    return ScanResult(
        files=len(files) + sum(objects for objects, _ in far.values()),
        bytes=sum(_size(p) for p in files) + sum(size for _, size in far.values()),
        needles=len(needles),
        hits=sum(found.by_file.values()),
        by_file=dict(sorted(found.by_file.items())),
        unread=tuple(sorted(found.unread)),
        matched=frozenset(found.matched),
    )


def _shares(files: Sequence[Path], workers: int) -> list[list[Path]]:
    """The files in shares of about the same size: the largest first, each to the share that has least."""
    shares: list[tuple[int, list[Path]]] = [(0, []) for _ in range(max(1, workers))]
    for size, path in sorted(((_size(path), path) for path in files), reverse=True):
        least = min(range(len(shares)), key=lambda n: shares[n][0])
        # Opening a file costs what some kilobytes cost.
        shares[least] = (shares[least][0] + size + 8192, shares[least][1])
        shares[least][1].append(path)
    return [share for _, share in shares]


def _search_names(searcher: _Searcher, files: Iterable[Path]) -> _Found:
    tally = _Tally()
    searcher.search("\n".join(str(path) for path in files).encode("utf-8", "surrogateescape"), tally)
    return _Found({"(names of files)": tally.hits} if tally.hits else {}, matched=tally.matched)


class _Searcher:
    """One index over the encoded forms of some needles."""

    def __init__(self, patterns: list[bytes], sources: array[int], needles: Sequence[Needle], begin: int = 0) -> None:
        self._index = Index(patterns)
        self._sources = sources
        self._needles = needles
        self._begin = begin

    def search(self, data: bytes, tally: _Tally, skip: int = 0) -> None:
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

    def files(self, paths: Iterable[Path]) -> _Found:
        """What is in these files."""
        found = _Found()
        for path in paths:
            tally = _Tally()
            try:
                _search_file(path, self, tally)
            except FileNotFoundError:
                continue  # gone since the listing, as temporary files of a running system are
            except (OSError, TooLarge):
                found.unread.add(str(path))
            if tally.hits:
                found.by_file[str(path)] = tally.hits
                found.matched |= tally.matched
        return found


def encoded(texts: Sequence[str], encoding: str) -> Iterator[tuple[int, bytes]]:
    """(number of the text, its byte form) for the forms that are long enough to mean something."""
    for number, text in enumerate(texts):
        if encoding == "cp932" and text.isascii():
            continue  # the same bytes as in UTF-8
        try:
            form = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(form) >= MIN_BYTES:
            yield number, form


def _searchers(needles: Sequence[Needle]) -> Iterator[_Searcher]:
    share = max(1, BATCH // len(ENCODINGS))
    for begin in range(0, len(needles), share):
        part = needles[begin : begin + share]
        texts = [needle.text for needle in part]
        patterns: list[bytes] = []
        sources = array("q")  # number of the needle times the encodings, plus the encoding's
        for which, encoding in enumerate(ENCODINGS):
            for number, form in encoded(texts, encoding):
                patterns.append(form)
                sources.append(number * len(ENCODINGS) + which)
        if patterns:
            yield _Searcher(patterns, sources, part, begin)


def _search_file(path: Path, searcher: _Searcher, tally: _Tally) -> None:
    with path.open("rb") as handle:
        head = handle.read(16)
        handle.seek(0)
        _search_stream(handle, searcher, tally)
    if is_packed(head):
        _search_inner(packed(path.read_bytes()), searcher, tally)
    if head.startswith(_SQLITE):
        _search_inner(_rows(path), searcher, tally)


def _search_store(place: str, store: ObjectStore, searcher: _Searcher, found: _Found) -> tuple[int, int]:
    """(objects, bytes) of a store that is no folder of this machine; what cannot be read is unread."""
    objects = size = 0
    try:
        for name in store.names():
            data, tally = store.read(name), _Tally()
            objects, size = objects + 1, size + len(data)
            searcher.search(name.encode(), tally)
            _search_stream(io.BytesIO(data), searcher, tally)
            try:
                _search_inner(packed(data) if is_packed(data[:16]) else (), searcher, tally)
            except TooLarge:
                found.unread.add(f"{place}/{name}")
            if tally.hits:
                found.add(_Found({f"{place}/{name}": tally.hits}, matched=tally.matched))
    except KanshoError:
        found.unread.add(place)
    return objects, size


def _search_stream(handle: BinaryIO, searcher: _Searcher, tally: _Tally) -> None:
    held = b""
    while tally.hits < STOP_AT:
        piece = handle.read(PIECE)
        if not piece:
            return
        _search_views(held + piece, searcher, tally, skip=len(held))
        held = (held + piece)[-OVERLAP:]


def _search_inner(further: Iterable[bytes], searcher: _Searcher, tally: _Tally) -> None:
    for inner in further:
        if tally.hits >= STOP_AT:
            return
        for at in range(0, len(inner), PIECE):
            begin = max(0, at - OVERLAP)
            _search_views(inner[begin : at + PIECE], searcher, tally, skip=at - begin)


def _rows(path: Path) -> Iterator[bytes]:
    import sqlite3

    try:
        yield from rows_of_sqlite(path)
    except sqlite3.Error:
        raise TooLarge from None


def _search_views(piece: bytes, searcher: _Searcher, tally: _Tally, skip: int) -> None:
    searcher.search(piece, tally, skip)
    for view in readings(piece):
        searcher.search(view, tally)


def _files(roots: Iterable[Path], excluded: set[Path], unread: set[str]) -> Iterator[Path]:
    """Every file below the roots; a folder that cannot be listed goes to ``unread``, for it may hold anything."""

    def unlisted(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unread.add(str(error.filename))

    for root in roots:
        if root.is_file():
            yield root
            continue
        for base, folders, names in os.walk(root, onerror=unlisted):
            folders[:] = sorted(f for f in folders if (Path(base) / f).resolve() not in excluded)
            for name in sorted(names):
                path = Path(base) / name
                if path.is_file() and not path.is_symlink() and path.resolve() not in excluded:
                    yield path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
