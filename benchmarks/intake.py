"""``python -m benchmarks.intake``: a sealed delivery to the core snapshot with every gate, against a bare read.

What is timed is the real path: open the container, read, raw snapshot, normalise, gates (suite, rules of rows, between
columns and tables, drift against the delivery before), quarantine, facts and the analysis items derived from them.
Against it stands one ``pandas.read_csv`` of the same plain file.  Every measurement is a process of its own, so
that its peak is its own, and the two take turns: the machine is shared.  A plain file lies on no disk.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import checkups
from kansho.campaign.config import CampaignConfig, load_config
from kansho.campaign.rights import Role
from kansho.evidence.events import Actor
from kansho.intake.containers import open_container
from kansho.intake.passwords import enter_password
from kansho.intake.stage import find_deliveries, take_in
from kansho.intake.validation import accept_validated, check_raw, find_raw
from kansho.opening.register import register_handler
from kansho.workspace import Workspace

SAMPLE = Path(__file__).resolve().parent.parent / "include" / "campaigns" / "shinjuku" / "2026.yaml"
SMALL, LARGE = 100_000, 1_000_000
#: Turns of each size: ours and bare.
TURNS = {SMALL: 5, LARGE: 3}
MOST_RATIO, MOST_GROWTH, MOST_MEMORY = 15.0, 12.0, 5 * 1024
_WARM = 2_000
_PASSWORD = "mihon-mihon-mihon"  # noqa: S105
_MEASURED = "d03"


def main() -> None:
    """Measure every size, or be one of the measurements (``prepare``, ``ours`` or ``bare``)."""
    if len(sys.argv) > 3:
        print(json.dumps(_PARTS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))))
    else:
        report([int(size) for size in sys.argv[1:]] or [SMALL, LARGE])


def report(sizes: list[int]) -> None:
    """Print one line for each size: seconds, ratio to the bare read of the turn, growth, peak."""
    with tempfile.TemporaryDirectory() as folder:
        homes = {size: Path(folder) / str(size) for size in sizes}
        for size, home in homes.items():
            _apart("prepare", size, home)
        ours: dict[int, list[float]] = {size: [] for size in sizes}
        bare: dict[int, list[float]] = {size: [] for size in sizes}
        peak: dict[int, float] = dict.fromkeys(sizes, 0.0)
        for turn in range(max(TURNS.get(size, 1) for size in sizes)):
            for size, home in homes.items():
                if turn < TURNS.get(size, 1):
                    found = _apart("ours", size, home)
                    ours[size].append(found["seconds"])
                    peak[size] = max(peak[size], found["peak_mb"])
                    bare[size].append(_apart("bare", size, home)["seconds"])
    for size in sizes:
        took, read = statistics.median(ours[size]), statistics.median(bare[size])
        growth = took / statistics.median(ours[sizes[0]])
        print(
            f"{f'rows sealed to core, {size:,} x {checkups.WIDTH}':<44} {size / took:>12,.1f} {size / read:>12,.1f}  "
            f"{took / read:>8.1f}x  slower than a bare read (at most {MOST_RATIO:.0f}); {took:.1f} s, "
            f"{growth:.1f} times the first size (at most {MOST_GROWTH:.0f}), peak {peak[size]:,.0f} MB "
            f"(at most {MOST_MEMORY:,})"
        )


def _apart(part: str, size: int, home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.intake", part, str(size), str(home)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# -- parts, each a process of its own ----------------------------------------------------------------


def prepare(rows: int, home: Path) -> dict[str, Any]:
    """A campaign with a target list and an earlier delivery of results accepted, and the measured one unlocked."""
    config = checkups.ward_of(load_config(SAMPLE))
    day = config.deliveries[0].on
    people = checkups.invent_people(-(-rows // checkups.YEARS), config)
    results = checkups.invent_results(rows, people, config)
    ws = Workspace.open(config, home, day)
    ws.keyring.create()
    opened = {"simulation": "true", "config_digest": config.digest}
    replace(ws, today=config.opening_on).record("campaign_opened", config.id, codes=opened)
    for handler in config.handlers:
        register_handler(ws, handler)
    _put(ws, "d01", {"target_list": checkups.target_list_file(people)}, len(people))
    _through(ws)
    # The same extraction some days earlier: fewer rows.
    before = results.iloc[rows // 50 :]
    _put(ws, "d02", {"checkup_results": checkups.results_file(before, config)}, len(before))
    _through(ws)
    del before
    _put(ws, _MEASURED, {"checkup_results": checkups.results_file(results, config)}, rows)
    return {"sealed_mb": (home / _sealed(config)).stat().st_size / 1e6}


def ours(rows: int, home: Path) -> dict[str, Any]:
    """The whole path on a copy of what was prepared, and the peak of this process; imports are made before."""
    config = checkups.ward_of(load_config(SAMPLE))
    with tempfile.TemporaryDirectory() as folder:
        prepare(_WARM, Path(folder) / "warm")
        _through(Workspace.open(config, Path(folder) / "warm", config.deliveries[0].on))
        shutil.copytree(home, Path(folder) / "var")
        ws = Workspace.open(config, Path(folder) / "var", config.deliveries[0].on)
        steps: dict[str, float] = {}
        accepted = _through(ws, steps)
        assert accepted["accepted"] > 0.9 * rows, accepted  # noqa: S101
    return {"seconds": sum(steps.values()), "peak_mb": _peak_mb(), "steps": steps, **accepted}


def bare(rows: int, home: Path) -> dict[str, Any]:
    """One ``pandas.read_csv`` of the plain file in memory, with the types that pandas finds."""
    config = checkups.ward_of(load_config(SAMPLE))
    data = open_container((home / _sealed(config)).read_bytes(), _PASSWORD, ["checkup_results.csv"])
    plain = data["checkup_results.csv"]
    pd.read_csv(io.BytesIO(plain[:50_000].rpartition(b"\n")[0]), encoding="cp932", skiprows=1)  # imports
    gc.collect()
    began = time.perf_counter()
    frame = pd.read_csv(io.BytesIO(plain), encoding="cp932", skiprows=1)
    seconds = time.perf_counter() - began
    assert frame.shape == (rows, checkups.WIDTH)  # noqa: S101
    return {"seconds": seconds, "plain_mb": len(plain) / 1e6}


_PARTS: dict[str, Callable[[int, Path], dict[str, Any]]] = {"prepare": prepare, "ours": ours, "bare": bare}


def _through(ws: Workspace, steps: dict[str, float] | None = None) -> dict[str, int]:
    """Whatever waits goes in, as the tasks of intake and validation do it; seconds by step."""
    work: Any = {}
    for step in (find_deliveries, take_in, find_raw, check_raw, accept_validated):
        purpose = "extract_intake" if step in (find_deliveries, take_in) else "validation"
        began = time.perf_counter()
        work = step(ws.for_purpose(purpose), work)
        if steps is not None:
            steps[step.__name__] = time.perf_counter() - began
        assert not work.get("refused"), work  # noqa: S101
        assert work.get("gate_result", "pass") == "pass", work  # noqa: S101
    counts: dict[str, int] = work["counts"]
    return counts


def _put(ws: Workspace, delivery: str, files: dict[str, bytes], rows: int) -> None:
    """The ward's sealed delivery with its note, and the password as a handler enters it."""
    import pyzipper

    folder = ws.layout.outgoing(ws.config.ward_party.id) / delivery
    folder.mkdir(parents=True)
    with pyzipper.AESZipFile(
        folder / "sealed.zip", "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(_PASSWORD.encode())
        for kind, data in files.items():
            archive.writestr(f"{kind}.csv", data)
    note = {
        "delivery": delivery,
        "campaign": ws.config.id,
        "issued_on": (ws.today - timedelta(days=1)).isoformat(),
        "medium": {"kind": "CD-R", "serial": f"CDR-{delivery}"},
        "sealed_sha256": hashlib.sha256((folder / "sealed.zip").read_bytes()).hexdigest(),
        "files": [
            {"name": f"{kind}.csv", "kind": kind, "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}
            for kind, data in files.items()
        ],
    }
    (folder / "cover_note.json").write_text(json.dumps(note), encoding="utf-8")
    handler = ws.config.users(Role.CONTRACTOR_STAFF)[0]
    staff = Actor(handler.party, handler.user or "", Role.CONTRACTOR_STAFF.value)
    enter_password(ws.acting_as(staff), delivery, _PASSWORD)


def _sealed(config: CampaignConfig) -> Path:
    return Path("outside-world") / config.ward_party.id / "outgoing" / _MEASURED / "sealed.zip"


def _peak_mb() -> float:
    """Greatest resident size of this very process: what a parent was before it started us does not count."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
