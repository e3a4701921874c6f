"""A whole fiscal year, unattended: start, play, stop, finalise, sum up; resumes where it was interrupted.

A year is done when its summary is written, not before: what is done is cleared by the next call.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from kansho.campaign.calendar import Occasion
from kansho.campaign.config import load_config
from kansho.closing.finalise import finalise
from kansho.closing.summary import build_summary, write_summary
from kansho.simulation.population import size_of
from kansho.simulation.world import World
from kansho_airflow.replay.driver import Year
from kansho_airflow.replay.memory import MemoryWatch, children_mb
from kansho_airflow.replay.parameters import Parameters, Progress, read, resumable, write
from kansho_airflow.replay.progress import Display
from kansho_airflow.replay.site import Site


class Interrupted(BaseException):
    """SIGINT or SIGTERM: stop what was started, keep what was done."""


def run(config_path: Path, var: Path, people: str, seed: int, display: Display) -> dict[str, Any]:
    """Play the year to its end and return the summary.

    Raises:
        KanshoError: whatever ended the year early.
        Interrupted: on SIGINT or SIGTERM, after the components were stopped.
    """
    _stop_on_signals()
    config = load_config(config_path)
    wanted = Parameters(str(config_path), config.digest, people, seed)
    state_file = var.resolve() / "kansho" / "replay.json"
    site = Site.at(config, config_path, var, people, seed)
    progress = resumable(read(state_file), wanted)
    if progress is None:
        site.clear()
        site = Site.at(config, config_path, var, people, seed)
        progress = Progress(wanted)
        write(state_file, progress)
    else:
        display.say(f"resuming ({progress.phase})")
    began, state = time.monotonic(), progress

    def save(**changes: Any) -> Progress:
        nonlocal state, began
        now = time.monotonic()
        state = replace(state, seconds=state.seconds + now - began, **changes)
        began = now
        write(state_file, state)
        return state

    if state.phase == "year":
        peak = _play(site, progress, display, save)
        save(phase="finalise", peak_rss_mb=max(state.peak_rss_mb, peak))
    if state.phase == "finalise":
        with MemoryWatch(children_mb) as watch:
            finalise(config, site.layout.var, also=_passwords(site), say=display.say)
        save(phase="summary", peak_rss_mb=max(state.peak_rss_mb, watch.peak_mb))
    summary = _sum_up(site, save())
    save(phase="done")
    return summary


def _sum_up(site: Site, progress: Progress) -> dict[str, Any]:
    """``summary.json``, from the evidence and what the replay itself measured."""
    summary = build_summary(
        site.ledger().events(),
        campaign=site.config.id,
        layout=site.layout,
        people=size_of(site.people),
        stages=_stages(site, progress),
        true_effects=json.loads((site.layout.outside / "truth.json").read_text()),
        seconds=progress.seconds,
        peak_rss_mb=progress.peak_rss_mb,
    )
    write_summary(site.layout.outputs / "summary.json", summary)
    return summary


def _play(site: Site, progress: Progress, display: Display, save: Callable[..., Progress]) -> int:
    """The year on a running Airflow; the peak memory in MB."""
    try:
        site.airflow.start(timeout=300, say=display.say)
        world = site.world()
        year = site.year(world, display)
        with MemoryWatch(site.airflow.sessions.rss_mb) as watch:

            def before(occasion: Occasion) -> bool:
                if occasion.on == site.config.closing.erase_on:
                    _keep_truth(site, world)
                save(stages=_clocks(year), peak_rss_mb=max(progress.peak_rss_mb, watch.peak_mb))
                return False

            year.play(before)
            save(stages=_clocks(year))
        return watch.peak_mb
    finally:
        display.close()
        site.airflow.stop(grace=5)


def _passwords(site: Site) -> list[str]:
    """The deliveries' passwords, from the ward's own premises: canaries of the scan (D3)."""
    folder = site.layout.outside / site.config.ward_party.id / "passwords"
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def _clocks(year: Year) -> dict[str, dict[str, Any]]:
    return {name: asdict(clock) for name, clock in year.clocks.items()}


def _keep_truth(site: Site, world: World) -> None:
    """Ask the world for the true effects while we still know whom we assigned; it keeps them itself."""
    path = site.layout.outside / "truth.json"
    ws = site.workspace(site.config.closing.erase_on).for_purpose("simulated_truth")
    if path.is_file() or not ws.snapshots("wave_assignment"):
        return
    cutoff = max(
        date.fromisoformat(e.codes["issued_on"])
        for e in ws.ledger.events("delivery_accepted")
        if "attendance_update" in e.codes["kinds"].split("|")
    )
    out: dict[str, str] = {}
    for ref in ws.snapshots("wave_assignment"):
        frame = ws.read_table(ref)
        assigned = frame[frame["arm"].eq("outreach")]
        total = sum(
            world.truth(ref.key, part["inquiry_number"], group=str(group), cutoff=cutoff) * len(part)
            for group, part in assigned.groupby("group")
        )
        out[ref.key] = f"{total / max(len(assigned), 1):.2f}"
    part_file = path.with_suffix(".part")
    part_file.write_text(json.dumps(out, sort_keys=True), encoding="utf-8")
    part_file.replace(path)


def _stages(site: Site, progress: Progress) -> list[dict[str, Any]]:
    """``stage, dag_id, runs, failed, state, seconds`` of every stage that ran, by the calendar or woken by an asset.

    ``state`` is how the last run ended; ``nothing to do`` where no run of the stage ever did anything.
    """
    finished = {event.codes["stage"] for event in site.ledger().events("stage_finished")}
    return [
        {
            "stage": name,
            "dag_id": f"{site.config.id}__{name}",
            "runs": clock["runs"],
            "failed": clock["failed"],
            "state": "nothing to do" if clock["state"] == "success" and name not in finished else clock["state"],
            "seconds": round(clock["seconds"], 1),
        }
        for name, clock in progress.stages.items()
    ]


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        # Once is enough: what was started is being stopped, and a second signal must not interrupt that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
