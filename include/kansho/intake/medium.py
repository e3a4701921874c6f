"""The sealed file of a delivery's folder: exactly one, under one of three names.

Belongs here: names on the medium.  What is inside is `kansho.intake.containers`' business, which goes by the bytes.
"""

from __future__ import annotations

from pathlib import Path

#: What the ward may put beside the 送付書; one of them.
SEALED_NAMES = ("sealed.zip", "sealed.7z", "sealed.xlsx")


def sealed_files(folder: Path) -> list[Path]:
    """The sealed files that are there; a delivery is waiting with one or more, and acceptable with exactly one."""
    return [folder / name for name in SEALED_NAMES if (folder / name).is_file()]
