"""The arguments that say of which campaign a command speaks, and where its run-time files lie.

Belongs here: ``--config``, ``--campaign``, ``--var``, for every command that shares them.  Does not belong here: any
command, or finding a campaign's file (`kansho.campaign.filed`).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

DEFAULT_CONFIG = Path(__file__).resolve().parents[1] / "campaigns" / "shinjuku" / "2026.yaml"
DEFAULT_VAR = Path(__file__).resolve().parents[2] / "var"


class _Campaign(argparse.Action):
    """``--campaign ID`` is ``--config`` with the file of that campaign."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        from kansho.campaign.filed import campaign_files, file_of

        namespace.config = file_of(str(values), campaign_files(os.environ.get("KANSHO_CAMPAIGNS", "")))


def add_site(parser: argparse.ArgumentParser) -> None:
    """Add the arguments; ``arguments.config`` is the file either way.

    Raises (while arguments are read):
        KanshoError: ``CONFIG-UNKNOWN``, ``CONFIG-INVALID``, as `kansho.campaign.filed.file_of`.
    """
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the campaign file")
    which.add_argument(
        "--campaign", action=_Campaign, metavar="ID", help="instead: a campaign of this installation (<ward>_<year>)"
    )
    parser.add_argument("--var", type=Path, default=DEFAULT_VAR, metavar="DIR")
