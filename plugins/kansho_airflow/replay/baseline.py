"""The scan before the first delivery: which values of the invented population already stand on our disks.

Those are drawn again, so that the search at the end needs no list of exceptions.  It is that very search: the same
forms of a value, the same encodings, containers and rows of databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from kansho.closing.needles import FORMS, Needle
from kansho.closing.residue import scan
from kansho.errors import KanshoError

_ATTEMPTS = 8


def to_draw_again(draw: Callable[[frozenset[str]], pd.DataFrame], roots: Sequence[Path]) -> frozenset[str]:
    """The values without which a population has none that occurs under the roots.

    Args:
        draw: the people when nobody may have any of these values.

    Raises:
        KanshoError: ``SIM-BASELINE`` when every population that was tried has a value that occurs.
    """
    known: frozenset[str] = frozenset()
    for _ in range(_ATTEMPTS):
        found = occurring(draw(known), roots)
        if not found:
            return known
        known |= found
    raise KanshoError(
        "SIM-BASELINE",
        f"架空の住民を{_ATTEMPTS}回引き直しても、その値が既に var/ のファイルにあります",
        remedy="SEED を変えるか、var/ を空にしてください（make clean）",
    )


def occurring(people: pd.DataFrame, roots: Iterable[Path]) -> set[str]:
    """Values of the people of which the residue scan finds any form in any file under the roots."""
    values_of: dict[Needle, set[str]] = {}
    for column, forms in FORMS.items():
        for value in people[column].dropna().unique():
            for needle in forms(value):
                values_of.setdefault(needle, set()).add(value)
    needles = sorted(values_of)
    return {value for number in scan(roots, needles).matched for value in values_of[needles[number]]}


def keep(path: Path, found: Iterable[str]) -> None:
    """Remember what was drawn again, so that a resumed year and a later search have the same population."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text("".join(f"{v}\n" for v in sorted(found)), encoding="utf-8")
    part.replace(path)
