"""``python -m benchmarks.why [PEOPLE]``: why a plan says of one person what it says, against reading its records once.

A campaign of invented people up to its approved plan, and once more with the first mailing selected from it, asked
about somebody whom that mailing left out: then the engine says again why.  Processor time, imports made before; the
command as an officer gives it stands beside it, with everything it loads.
"""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from kansho.campaign.config import CampaignConfig, load_config
from kansho.campaign.rights import Role
from kansho.contracts.registry import TARGET_LIST
from kansho.evidence.events import Actor
from kansho.opening.register import register_handler
from kansho.simulation.population import build
from kansho.standing import gather
from kansho.targeting.asking import PURPOSE, ask_why
from kansho.targeting.plan import find_plan_work, make_plan
from kansho.targeting.waves import select_wave
from kansho.workspace import Workspace
from tests.unit.outreach_people import approve, stops

SAMPLE = Path(__file__).resolve().parent.parent / "include" / "campaigns" / "shinjuku" / "2026.yaml"
PEOPLE = 50_000
TURNS = 3
_SEED = b"w" * 32


def main() -> None:
    """Measure one size."""
    report(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)


def report(people: int) -> None:
    """Print a line for the plan alone and one for a plan that a wave was selected from."""
    config = load_config(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        ws = prepared(config, Path(folder), people)
        _line("why of a plan", ws, people)
        wave = config.waves.mailings[0]
        then = replace(ws, today=wave.select_on)
        _stop_list(then, "d02", [])
        select_wave(then, {"wave": wave.id})
        _line("why, a mailing selected", then, people)
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def prepared(config: CampaignConfig, var: Path, people: int) -> Workspace:
    """A campaign with a roster, analysis items, a stop list, and the plan made of them and approved."""
    ws = Workspace.open(config, var, config.deliveries[0].on, purpose="segmentation")
    ws.keyring.create()
    opened = {"simulation": "true", "config_digest": config.digest}
    replace(ws, today=config.opening_on).record("campaign_opened", config.id, codes=opened)
    for handler in config.handlers:
        register_handler(ws, handler)
    seed = ws.store_bytes("randomisation_seed", "seed", _SEED)
    ws.record("seed_committed", "seed", codes={"sha256": hashlib.sha256(_SEED).hexdigest()}, refs={"seed": seed})
    ws.record("holdout_consented", "ward")
    found = build(config, people, 1).people
    ws.store_table("roster", "d01", found[list(TARGET_LIST.names)])
    items = ["inquiry_number", *(i for i in config.approved_analysis_items if i in found)]
    ws.store_table("analysis", "d01", found[items])
    _stop_list(ws, "d01", list(found["inquiry_number"][:500]))
    made = make_plan(ws, find_plan_work(ws, {}) or {}) or {}
    approve(ws, ws.store_bytes("plan_document", made["key"], b"%PDF"), "plan", role="ward_officer")
    return ws


def _stop_list(ws: Workspace, delivery: str, numbers: list[str]) -> None:
    ws.store_table("stop_facts", delivery, stops(numbers))
    ws.record("stop_list_accepted", delivery, codes={"issued_on": ws.today.isoformat()})


def _line(name: str, ws: Workspace, people: int) -> None:
    officer = ws.config.users(Role.WARD_OFFICER)[0]
    asking = replace(ws, actor=Actor(officer.party, str(officer.user), Role.WARD_OFFICER.value), purpose=PURPOSE)
    number = _left_out(ws)
    ours = min(_timed(lambda: ask_why(asking, number)) for _ in range(TURNS))
    bare = min(_timed(lambda: _read(asking)) for _ in range(TURNS))
    children = _children()
    _command(ws, str(officer.user), number)
    command = _children() - children
    print(
        f"{f'{name}, {people:,} people':<44} {ours:>12,.2f} {bare:>12,.2f}  {ours / bare:>8.1f}x  "
        f"of reading its records once (s); the command {command:.1f} s"
    )


def _left_out(ws: Workspace) -> str:
    """Somebody of the plan whom no selection holds: about them the engine is asked again."""
    plan = ws.read_table(ws.latest("plan"), ["inquiry_number", "group"])
    assigned = ws.read_all("wave_assignment", ["inquiry_number"])
    rest = plan if assigned is None else plan[~plan["inquiry_number"].isin(assigned["inquiry_number"])]
    planned = rest[rest["group"].notna()]
    return str((planned if len(planned) else rest)["inquiry_number"].iloc[0])


def _read(ws: Workspace) -> None:
    """What the answer stands on, from the vault: the plan, the facts of everybody, the analysis items."""
    ws.read_table(ws.latest("plan"))
    gather(ws)
    pd.concat([ws.read_table(ref) for ref in ws.snapshots("analysis")])


def _command(ws: Workspace, user: str, number: str) -> None:
    told = ["--config", str(SAMPLE), "--var", str(ws.layout.var), "--date", ws.today.isoformat(), "--user", user]
    command = [sys.executable, "-m", "kansho.cli", "plan", "why", *told]
    subprocess.run(command, input=number, text=True, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
