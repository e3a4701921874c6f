"""Commands for designers: whether designs can be printed, a proof with the invented trial prints, and pictures.

Belongs here: arguments and printing.  Does not belong here: designs and their checks (`kansho.mailing.designs`).
Nothing is read or written but the campaign file, the designs, the proof and the pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError


def add_design_commands(commands: Any, default_config: Path) -> None:
    """Add ``design check|proof|pictures`` to ``commands``."""
    design = commands.add_parser("design", help="designs of the cards").add_subparsers(required=True)
    check = design.add_parser("check", help="render designs and try them; 0 when all can be printed")
    check.add_argument("design", nargs="*", help="all that the campaign names by default")
    _common(check, default_config, _check)
    proof = design.add_parser("proof", help="both faces with the invented trial prints, as PDF")
    proof.add_argument("design")
    proof.add_argument("--out", type=Path, required=True)
    _common(proof, default_config, _proof)
    pictures = design.add_parser("pictures", help="the pictures of the documentation: all designs, and a proof")
    pictures.add_argument("--design", default="loss_frame", help="the one whose proof is shown")
    pictures.add_argument("--out", type=Path, default=Path("docs/pictures"))
    _common(pictures, default_config, _pictures)


def _common(parser: argparse.ArgumentParser, default: Path, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("--config", type=Path, default=default, help="the campaign file")
    parser.add_argument("--revision", type=int, default=1, help="round of the proof whose texts are shown")
    parser.set_defaults(run=run)


def _check(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.mailing.designs import background, load, named_designs, require_no_remarks

    config = load_config(arguments.config)
    failed = 0
    for name in arguments.design or named_designs(config):
        try:
            design = load(name, arguments.revision)
            background(design, config)
            require_no_remarks(design, config)
        except KanshoError as error:
            failed += 1
            print(f"{name}: {error}")
        else:
            print(f"{name}: 印刷できます")
    return 1 if failed else 0


def _proof(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.contracts.ward_font import ward_font
    from kansho.mailing.designs import background, load
    from kansho.mailing.shard import render_shard
    from kansho.mailing.trial_prints import trial_cards

    config = load_config(arguments.config)
    own = ward_font(config.gaiji)
    trials = trial_cards(config.ward.prefecture, config.ward.name, own.glyphs if own else frozenset())
    drawn = background(load(arguments.design, arguments.revision), config)
    arguments.out.write_bytes(render_shard([card for _, card in trials], drawn, own))
    print(f"→ {arguments.out}")
    return 0


def _pictures(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.mailing.specimens import overview, proof_sheet

    config = load_config(arguments.config)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, picture in (("cards.png", overview(config)), ("proof.png", proof_sheet(config, arguments.design))):
        (arguments.out / name).write_bytes(picture)
        print(f"→ {arguments.out / name}")
    return 0
