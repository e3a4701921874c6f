"""Setting variable text with Typst in a process of its own, through pipes: nothing touches a disk.

Typst keeps what it has set for as long as its process lives (some 280 MB for 2,500 cards), so a print run in
one process would grow without bound.  A child per shard gives it all back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_SECONDS = 600


def typeset(source: str, cards: list[dict[str, Any]], fonts: Mapping[str, Path]) -> bytes:
    """PDF bytes of ``source``, which reads its rows from ``sys.inputs.cards`` (JSON).

    Args:
        source: Typst.
        cards: rows.
        fonts: family → file; no other font can be drawn with, neither the system's nor Typst's own.

    Raises:
        KanshoError: ``MAILING-TYPESET`` when the child failed; what it said could quote a name and is not passed on.
    """
    given = {family: str(file) for family, file in fonts.items()}
    order = json.dumps({"source": source, "cards": json.dumps(cards, ensure_ascii=False), "fonts": given})
    done = subprocess.run(
        [sys.executable, "-m", "kansho.mailing.typeset"],
        input=order.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise KanshoError(
            "MAILING-TYPESET", "宛名の組版に失敗しました", place="typst", remedy="書体とデザインを確かめてください"
        )
    return done.stdout


def _child() -> None:
    import typst

    order = json.loads(sys.stdin.buffer.read())
    folders = sorted({str(Path(file).parent) for file in order["fonts"].values()})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    # A font that Typst cannot use is passed over without a word, and another would be drawn in its place.
    if not set(order["fonts"]) <= set(fonts.families()):
        sys.exit("font")
    made: Any = typst.compile(  # type: ignore[misc]
        order["source"].encode(), font_paths=fonts, sys_inputs={"cards": order["cards"]}
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    _child()
