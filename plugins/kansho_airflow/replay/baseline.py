"""The scan before the first delivery: which values of the invented population already stand on our disks.

Those are drawn again, so that the search at the end needs no list of exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kansho.closing.index import TAIL, Index


def occurring(values: Iterable[str], roots: Iterable[Path]) -> set[str]:
    """The values that occur, in UTF-8, in any file under the roots."""
    listed = sorted({v for v in values if v}, key=lambda v: len(v.encode()) >= TAIL)
    short = [v for v in listed if len(v.encode()) < TAIL]
    index = Index([v.encode() for v in listed[len(short) :]])
    found: set[str] = set()
    for root in roots:
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                found |= {v for v in short if v.encode() in data}
                found |= {listed[len(short) + number] for number, _, _ in index.occurrences(data)}
    return found


def keep(path: Path, found: Iterable[str]) -> None:
    """Remember what was drawn again, so that a resumed year and a later search have the same population."""
    known = set(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else set()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text("".join(f"{v}\n" for v in sorted(known | set(found))), encoding="utf-8")
    part.replace(path)
