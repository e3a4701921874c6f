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

from kansho.closing import packing
from kansho.closing.beside import side_by_side
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
#: Folders of ours that a result tells apart; a name beside them could be anything, so it is not told.
PLACES = frozenset({"vault", "needles", "keys", "ledger", "outputs", "logs", "run", "secrets", "cache", "uncommitted"})
#: Where hits in the names of files are counted.
NAMES_OF_FILES = "(names of files)"
#: A file with this many hits is not searched further in this turn.
STOP_AT = 1_000


@dataclass(frozen=True)
class Place:
    """What was searched in one place: files (objects, tables), bytes, hits, and how many could not be read."""

    files: int = 0
    bytes: int = 0
    hits: int = 0
    unread: int = 0

    def to_json(self) -> dict[str, int]:
        """Plain form."""
        return {"files": self.files, "bytes": self.bytes, "hits": self.hits, "unread": self.unread}


@dataclass(frozen=True)
class ScanResult:
    """What a scan found.

    ``by_file`` counts hits per file; ``unread`` are files that could not be checked, which is never a
    pass; ``places`` sums up both by place; ``matched`` are indexes of needles for whoever may know them, and is not
    shown.
    """

    files: int
    bytes: int
    needles: int
    hits: int
    by_file: dict[str, int]
    unread: tuple[str, ...] = ()
    places: dict[str, Place] = field(default_factory=dict)
    matched: frozenset[int] = field(default=frozenset(), repr=False)

    @property
    def clean(self) -> bool:
        """Nothing found and everything read."""
        return self.hits == 0 and not self.unread


@dataclass
class _Tally:
    hits: int = 0
    unread: bool = False
    matched: set[int] = field(default_factory=set)


@dataclass
class _Found:
    by_file: dict[str, int] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    matched: set[int] = field(default_factory=set)

    def take(self, name: str, tally: _Tally) -> None:
        """Note what one file came to."""
        if tally.hits:
            self.by_file[name] = self.by_file.get(name, 0) + tally.hits
            self.matched |= tally.matched
        if tally.unread:
            self.unread.add(name)

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
    databases: Mapping[str, str] | None = None,
    workers: int = 1,
) -> ScanResult:
    """Search files and whole folders for needles.

    Args:
        paths: files and folders; links are not followed; the names of files are searched too.
        needles: what to look for (`kansho.closing.needles`).
        exclude: folders or files to leave out.
        stores: stores elsewhere, by the name that a hit in one of their objects is reported under.
        databases: SQLAlchemy URLs of databases on a server, by the name that a hit in a table is reported under.
        workers: processes that search at the same time; they share one index.

    About 60,000 people's values stay under 2 GB of memory: patterns are searched in turns, files in pieces.
    """
    found = _Found()
    excluded = {Path(p).resolve() for p in exclude}
    place_of = {path: _place(r, path) for r in map(Path, paths) for path in _files(r, excluded, found.unread)}
    files = list(place_of)
    shares = _shares(files, workers)
    far: dict[str, tuple[int, int]] = {}
    for searcher in _searchers(needles):
        found.add(_search_names(searcher, files))
        for share, answer in zip(shares, side_by_side(searcher.files, shares), strict=True):
            # A process that died has checked nothing that could be relied on.
            found.add(answer if answer is not None else _Found(unread=set(map(str, share))))
        for place, store in sorted((stores or {}).items()):
            far[place] = _search_store(place, store, searcher, found)
        for place, url in sorted((databases or {}).items()):
            far[place] = _search_database(place, url, searcher, found)
    places = _places({str(path): place for path, place in place_of.items()}, far, found)
    return ScanResult(
        files=sum(p.files for p in places.values()),
        bytes=sum(p.bytes for p in places.values()),
        needles=len(needles),
        hits=sum(found.by_file.values()),
        by_file=dict(sorted(found.by_file.items())),
        unread=tuple(sorted(found.unread)),
        places=places,
        matched=frozenset(found.matched),
    )


def _place(root: Path, path: Path) -> str:
    """The folder of ours that a file lies in, such as ``kansho/outputs``; the root alone for any other."""
    first = path.relative_to(root).parts[0] if path != root else ""
    return f"{root.name}/{first}" if first in PLACES else root.name


def _places(place_of: Mapping[str, str], far: Mapping[str, tuple[int, int]], found: _Found) -> dict[str, Place]:
    """Files and bytes, hits, and what could not be read, by place."""
    files: dict[str, list[int]] = {place: [objects, size, 0, 0] for place, (objects, size) in far.items()}
    for path, place in place_of.items():
        entry = files.setdefault(place, [0, 0, 0, 0])
        entry[0] += 1
        entry[1] += _size(Path(path))

    def told(name: str) -> str:
        if name == NAMES_OF_FILES:
            return name
        # Of a store or a database, the place is what stands before its first stroke; a folder that was shut is no file.
        return place_of.get(name) or next((place for place in far if name.startswith(place)), "not listed")

    for name, hits in found.by_file.items():
        files.setdefault(told(name), [0, 0, 0, 0])[2] += hits
    for name in found.unread:
        files.setdefault(told(name), [0, 0, 0, 0])[3] += 1
    return {place: Place(*numbers) for place, numbers in sorted(files.items())}


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
    return _Found({NAMES_OF_FILES: tally.hits} if tally.hits else {}, matched=tally.matched)


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
            except OSError:
                tally.unread = True
            found.take(str(path), tally)
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
        _search_stream(handle, searcher, tally)
        _search_packed(handle, searcher, tally, [packing.MAX_INFLATED])


def _search_store(place: str, store: ObjectStore, searcher: _Searcher, found: _Found) -> tuple[int, int]:
    """(objects, bytes) of a store that is no folder of this machine; what cannot be read is unread."""
    objects = size = 0
    try:
        for name in store.names():
            data, tally = store.read(name), _Tally()
            objects, size = objects + 1, size + len(data)
            searcher.search(name.encode(), tally)
            handle = io.BytesIO(data)
            _search_stream(handle, searcher, tally)
            _search_packed(handle, searcher, tally, [packing.MAX_INFLATED])
            found.take(f"{place}/{name}", tally)
    except KanshoError:
        found.unread.add(place)
    return objects, size


def _search_database(place: str, url: str, searcher: _Searcher, found: _Found) -> tuple[int, int]:
    """(tables, bytes) of a database on a server; a table that cannot be read, or a server, is unread."""
    tables = size = 0
    try:
        for name, cells in tables_of(url):
            tally, left = _Tally(), [packing.MAX_INFLATED]
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


def _search_stream(handle: BinaryIO, searcher: _Searcher, tally: _Tally, left: list[int] | None = None) -> int:
    """Search a stream from its beginning, piece by piece; returns how many bytes were read.

    ``left`` is how many bytes all that is packed in one file may still come to.
    """
    held, size = b"", 0
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
        _search_views(held + piece, searcher, tally, skip=len(held))
        held = (held + piece)[-OVERLAP:]
    return size


def _search_packed(handle: BinaryIO, searcher: _Searcher, tally: _Tally, left: list[int], depth: int = 0) -> None:
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


def _search_inner(inner: Inner, searcher: _Searcher, tally: _Tally, left: list[int], depth: int) -> int:
    """One thing in a packed file; returns its bytes."""
    if inner.stream is None:
        tally.unread = True
        return 0
    size = 0
    try:
        size = _search_stream(inner.stream, searcher, tally, left)
    except TooLarge:
        raise
    except Exception:  # this one is damaged, the next may be whole
        tally.unread = True
    if inner.deeper:
        _search_packed(inner.stream, searcher, tally, left, depth + 1)
    return size


def _search_views(piece: bytes, searcher: _Searcher, tally: _Tally, skip: int) -> None:
    searcher.search(piece, tally, skip)
    for view in readings(piece):
        searcher.search(view, tally)


def _files(root: Path, excluded: set[Path], unread: set[str]) -> Iterator[Path]:
    """Every file below a root; a folder that cannot be listed goes to ``unread``, for it may hold anything."""

    def unlisted(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unread.add(str(error.filename))

    if root.is_file():
        yield root
        return
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
