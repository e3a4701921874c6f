"""The scan before the first delivery: which values of the invented population already stand on our disks.

Those are drawn again, so that the search at the end needs no list of exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ahocorasick_rs


def occurring(values: Iterable[str], roots: Iterable[Path]) -> set[str]:
    """The values that occur, in UTF-8, in any file under the roots."""
    listed = sorted({v for v in values if v})
    if not listed:
        return set()
    searcher = ahocorasick_rs.BytesAhoCorasick([v.encode() for v in listed])
    found: set[str] = set()
    for root in roots:
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                for index, _, _ in searcher.find_matches_as_indexes(path.read_bytes(), overlapping=True):
                    found.add(listed[index])
    return found


def keep(path: Path, found: Iterable[str]) -> None:
    """Remember what was drawn again, so that a resumed year and a later search have the same population."""
    known = set(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else set()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text("".join(f"{v}\n" for v in sorted(known | set(found))), encoding="utf-8")
    part.replace(path)
