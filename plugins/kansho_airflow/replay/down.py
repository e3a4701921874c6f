"""``python -m kansho_airflow.replay.down``: stop what `make up` (or an interrupted year) left running."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kansho_airflow.services import Airflow


def main() -> int:
    """Always 0: nothing running is what was wanted."""
    parser = argparse.ArgumentParser(prog="python -m kansho_airflow.replay.down")
    parser.add_argument("--var", type=Path, default=Path("var"))
    arguments = parser.parse_args()
    if (arguments.var / "airflow").is_dir():
        Airflow.at(arguments.var).stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
