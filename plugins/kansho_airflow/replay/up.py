"""``python -m kansho_airflow.replay.up``: Airflow left running for a person, the sample campaign part-way.

The year is played up to where the ward and the contractor are each asked something within few days; their requests
wait, and so does the password of the last delivery (`kansho_airflow.replay.waiting`).  Users of each role can sign in.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from kansho.campaign.config import load_config
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho_airflow.replay.driver import first_run
from kansho_airflow.replay.parameters import Parameters, Progress, arguments_of, read, write
from kansho_airflow.replay.progress import Display, display
from kansho_airflow.replay.site import Site
from kansho_airflow.replay.waiting import ASKS, Waiting, what_waits
from kansho_airflow.rolenames import ADMIN


def main(argv: Sequence[str] | None = None) -> int:
    """0 when Airflow runs and waits for people, 1 when it does not, 2 for an argument, 130 when interrupted."""
    arguments = arguments_of("kansho_airflow.replay.up").parse_args(argv)
    try:
        with closing(display()) as shown:
            site = _start(arguments.config, arguments.var, arguments.people, arguments.seed)
            waiting = what_waits(site.config)
            _play(site, waiting, shown)
    except KeyboardInterrupt:
        print("interrupted; what runs is stopped with: make down", file=sys.stderr)
        return 130
    except KanshoError as error:
        print(error.text, file=sys.stderr)
        return 1
    print(_told(site, waiting))
    return 0


def _play(site: Site, waiting: Waiting, shown: Display) -> None:
    site.airflow.start(timeout=300, say=shown.say)
    left = [first_run(site.config, occasion) for occasion in waiting.asked]
    year = site.year(site.world(), shown, left=left, locked=(waiting.locked,))
    year.play(lambda occasion: occasion == waiting.asked[0])
    for occasion in waiting.asked:
        year.leave_waiting(occasion)


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
    write(state, found)
    return site


def _told(site: Site, waiting: Waiting) -> str:
    """Where everything is, and who can do what."""
    airflow, config = site.airflow.installation, site.config
    desk = f"{airflow.url}/desk/{config.id}/"
    passwords = airflow.secrets / "passwords.json"
    lines = [
        "",
        f"Airflow    {airflow.url}",
        f"Desk       {desk}",
        f"Sign in    as one of these; passwords by user in {passwords}",
        f"  {ADMIN:<14} {'administrator':<22} everything of Airflow; answers nothing",
    ]
    for handler in config.handlers:
        if handler.user and handler.role:
            lines.append(f"  {handler.user:<14} {handler.role.value:<22} {handler.party}")
            lines += [f"    → {task}" for task in _tasks(site, waiting, handler.user, handler.role)]
    return "\n".join(
        [*lines, "Go on      with the rest of the year, unattended: make campaign", "Stop       with: make down"]
    )


def _tasks(site: Site, waiting: Waiting, user: str, role: Role) -> list[str]:
    """What waits for a user: approvals for the first of a role, the locked delivery for the contractor's staff."""
    config = site.config
    desk = f"{site.airflow.installation.url}/desk/{config.id}/approvals"
    if config.users(role)[0].user != user:
        return []
    found = []
    for occasion in waiting.asked:
        asked = "/".join(first_run(config, occasion)) + "/"
        keys = [e.key for e in site.ledger().events("approval_requested") if e.key.startswith(asked)]
        if ASKS[occasion.stage] is role:
            found += [f"open and answer {occasion.stage} of {occasion.on}: {desk}/{key}" for key in keys]
    if waiting.locked and role is Role.CONTRACTOR_STAFF:
        letter = site.layout.outside / config.ward_party.id / "passwords" / f"{waiting.locked}.txt"
        found.append(f"enter the password of delivery {waiting.locked} on the desk; it came apart, in {letter}")
    return found


if __name__ == "__main__":
    sys.exit(main())
