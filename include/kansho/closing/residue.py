"""The residue scan: whether any value of a resident is left in any file, in any usual encoding.

Belongs here: which files there are, the scan over all of them, and its result, which names files and counts and never
a value.  Does not belong here: how one thing is searched (`kansho.closing.searching`).  Tests use the same `scan`
during the year with canaries.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kansho.closing.beside import side_by_side
from kansho.closing.needles import Needle
from kansho.closing.searching import Found, Searcher, Tally, search_database, search_store, search_views, searchers
from kansho.vault.store import ObjectStore

#: Folders of ours that a result tells apart; a name beside them could be anything, so it is not told.
PLACES = frozenset(
    {"vault", "needles", "keys", "ledger", "log-copies", "outputs", "logs", "run", "secrets", "cache", "uncommitted"}
)
#: Where hits in the names of files are counted.
NAMES_OF_FILES = "(names of files)"


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


def scan(
    paths: Iterable[Path],
    needles: Sequence[Needle],
    *,
    exclude: Iterable[Path] = (),
    named: Mapping[str, Iterable[Path]] | None = None,
    stores: Mapping[str, ObjectStore] | None = None,
    databases: Mapping[str, str] | None = None,
    workers: int = 1,
) -> ScanResult:
    """Search files and whole folders for needles.

    Args:
        paths: files and folders; links are not followed; the names of files are searched too.
        needles: what to look for (`kansho.closing.needles`).
        exclude: folders or files to leave out.
        named: further files and folders, by the name of the place that they are counted under.
        stores: stores elsewhere, by the name that a hit in one of their objects is reported under.
        databases: SQLAlchemy URLs of databases on a server, by the name that a hit in a table is reported under.
        workers: processes that search at the same time; they share one index.

    About 60,000 people's values stay under 2 GB of memory: patterns are searched in turns, files in pieces.
    """
    found = Found()
    excluded = {Path(p).resolve() for p in exclude}
    place_of = {path: _place(r, path) for r in map(Path, paths) for path in _files(r, excluded, found.unread)}
    for place, roots in (named or {}).items():
        place_of |= {path: place for r in map(Path, roots) for path in _files(r, excluded, found.unread)}
    files = list(place_of)
    roots = [*map(Path, paths), *(Path(r) for some in (named or {}).values() for r in some)]
    names = "\n".join(name for root in roots for name in _names(root, excluded))
    shares = _shares(files, workers)
    far: dict[str, tuple[int, int]] = {}
    for searcher in searchers(needles):
        found.add(_search_names(searcher, names))
        for share, answer in zip(shares, side_by_side(searcher.files, shares), strict=True):
            # A process that died has checked nothing that could be relied on.
            found.add(answer if answer is not None else Found(unread=set(map(str, share))))
        for place, store in sorted((stores or {}).items()):
            far[place] = search_store(place, store, searcher, found)
        for place, url in sorted((databases or {}).items()):
            far[place] = search_database(place, url, searcher, found)
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


def _places(place_of: Mapping[str, str], far: Mapping[str, tuple[int, int]], found: Found) -> dict[str, Place]:
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
        place = name.partition("/")[0]
        return place_of.get(name) or (place if place in far else "not listed")

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


def _search_names(searcher: Searcher, names: str) -> Found:
    tally = Tally()
    search_views(names.encode("utf-8", "surrogateescape"), searcher, tally)
    return Found({NAMES_OF_FILES: tally.hits} if tally.hits else {}, matched=tally.matched)


def _names(root: Path, excluded: set[Path]) -> Iterator[str]:
    """The name of everything below a root, of empty folders and of links too, and what links point to."""
    yield str(root)
    for base, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if (Path(base) / f).resolve() not in excluded)
        for path in (Path(base) / name for name in (*folders, *sorted(files))):
            if path.is_symlink():
                yield f"{path.name}\n{os.readlink(path)}"
            elif path.resolve() not in excluded:
                yield path.name


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
