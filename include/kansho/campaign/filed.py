"""The campaign files of an installation, and the one of a campaign by its id.

Belongs here: finding files.  Does not belong here: reading the environment (the command line and
`kansho_airflow.settings` do, and hand it in), or which campaign is over (`kansho.ended`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from kansho.campaign.config import load_config
from kansho.errors import KanshoError

FOLDER = Path(__file__).resolve().parents[2] / "campaigns"


def campaign_files(named: str = "", folder: Path = FOLDER) -> tuple[Path, ...]:
    """The files that are ``named`` (``KANSHO_CAMPAIGNS``, separated like PATH), else every one of the checkout."""
    if named:
        return tuple(Path(part) for part in named.split(os.pathsep) if part)
    return tuple(sorted(folder.glob("*/*.yaml")))


def file_of(campaign: str, files: Iterable[Path]) -> Path:
    """The file of the campaign with this id (``<ward>_<year>``); the file that is called so is looked at first.

    Raises:
        KanshoError: ``CONFIG-UNKNOWN`` naming the campaigns that there are; ``CONFIG-INVALID`` when the file that is
            called so cannot be read (another that cannot be read is not asked for).
    """
    known = []
    for path in sorted(files, key=lambda p: (_called(p) != campaign, p)):
        try:
            found = load_config(path).id
        except KanshoError:
            if _called(path) == campaign:
                raise
            continue
        if found == campaign:
            return path
        known.append(found)
    raise KanshoError("CONFIG-UNKNOWN", "この名前の事業の設定はありません", place=campaign, remedy=" ".join(known))


def _called(path: Path) -> str:
    return f"{path.parent.name}_{path.stem}"
