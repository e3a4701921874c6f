"""``python -m kansho_airflow.replay.up``: Airflow left running for a person, the sample campaign part-way.

The year is played up to the second mailing's proof, which then waits for the ward; users of each role can sign in.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from kansho.campaign.config import load_config
from kansho.errors import KanshoError
from kansho_airflow.replay.parameters import Parameters, Progress, read, write
from kansho_airflow.replay.progress import display
from kansho_airflow.replay.site import Site


def main() -> int:
    """0 when Airflow runs and waits for a person."""
    parser = argparse.ArgumentParser(prog="python -m kansho_airflow.replay.up")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--people", default="5000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--var", type=Path, default=Path("var"))
    arguments = parser.parse_args()
    shown = display()
    try:
        site = _start(arguments.config, arguments.var, arguments.people, arguments.seed)
        site.airflow.start(timeout=300, say=shown.say)
        year = site.year(site.world(), shown)
        last = [o for o in year.occasions if o.stage == "mailing_production"][-1]
        year.play(lambda occasion: occasion == last)
        year.leave_waiting(last)
    except KanshoError as error:
        print(error.text, file=sys.stderr)
        return 1
    finally:
        shown.close()
    _tell(site)
    return 0


def _start(config_path: Path, var: Path, people: str, seed: int) -> Site:
    """The site, cleared unless the same year is under way."""
    config = load_config(config_path)
    wanted = Parameters(str(config_path), config.digest, people, seed)
    state = var.resolve() / "kansho" / "replay.json"
    site = Site.at(config, config_path, var, people, seed)
    found = read(state)
    if found is None or found.parameters != wanted or found.phase != "year":
        site.clear()
        site = Site.at(config, config_path, var, people, seed)
        found = Progress(wanted)
    write(state, replace(found))
    return site


def _tell(site: Site) -> None:
    print(f"\nAirflow   {site.airflow.installation.url}")
    print(f"Desk      {site.airflow.installation.url}/desk/{site.config.id}/")
    print(f"Passwords {site.airflow.installation.secrets / 'passwords.json'}")
    for handler in site.config.handlers:
        if handler.user and handler.role:
            print(f"  {handler.user:<14} {handler.role.value}")
    print("Stop with: make down")


if __name__ == "__main__":
    sys.exit(main())
