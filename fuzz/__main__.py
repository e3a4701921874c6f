"""``python -m fuzz --seconds 60 [--seed N] [--target NAME ...] [--case N]``: exit 0, or 1 with what was found."""

from __future__ import annotations

import argparse
import random
import sys

from fuzz.run import fuzz
from fuzz.targets import TARGETS


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, help="repeats a run; without it a new one is drawn and printed")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="only these; all by default")
    parser.add_argument("--case", type=int, help="only the case of this number")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    chosen = {name: TARGETS[name] for name in (given.target or TARGETS)}
    return fuzz(chosen, seed, given.seconds, given.case)


if __name__ == "__main__":
    sys.exit(main())
