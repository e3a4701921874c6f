"""``python -m mutation [--sample N] [--seed N] [--log FILE] [SUBJECT ...]``: exit 0 when each is seen or explained."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from mutation.judge import ALIKE
from mutation.run import Wish, run
from mutation.subjects import SUBJECTS


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("subject", nargs="*", choices=[[], *SUBJECTS], help="all of them by default")
    parser.add_argument("--sample", type=int, default=200, help="how many are planted of each subject; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--seconds", type=float, default=0, help="stop with each subject after so long; 0: never")
    parser.add_argument("--in-functions", action="store_true", help="leave out what is planted before the import")
    parser.add_argument("--alike", type=int, default=ALIKE, help="so many are asked of tests that go the same way")
    parser.add_argument("--only", default="", help="only errors whose name (path, function: `…` → `…`) holds this text")
    parser.add_argument("--log", type=Path, help="what became of each, as JSON lines; a run goes on from it")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its temporary files go with it
    names = given.subject or [*SUBJECTS]
    wish = Wish(given.sample, given.seed, given.seconds, given.only, given.log, not given.in_functions, given.alike)
    return run({name: SUBJECTS[name] for name in names}, wish)


if __name__ == "__main__":
    sys.exit(main())
