"""Setting variable text with Typst in a process of its own, through pipes: nothing touches a disk.

Typst keeps what it has set for as long as its process lives (some 280 MB for 2,500 cards), so a print run in
one process would grow without bound.  A child per shard gives it all back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_SECONDS = 600


def typeset(source: str, cards: list[dict[str, Any]], fonts: Path) -> bytes:
    """PDF bytes of ``source``, which reads its rows from ``sys.inputs.cards`` (JSON).

    Raises:
        KanshoError: ``MAILING-TYPESET`` when the child failed; what it said could quote a name and is not passed on.
    """
    order = json.dumps({"source": source, "cards": json.dumps(cards, ensure_ascii=False), "fonts": str(fonts)})
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
    made: Any = typst.compile(  # type: ignore[misc]
        order["source"].encode(),
        font_paths=[order["fonts"]],
        ignore_system_fonts=True,
        sys_inputs={"cards": order["cards"]},
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    _child()
