"""Every malformed delivery of the corpus is refused whole: its code, its place, and nothing of it kept (D1, D3, D7).

The corpus is data: `tests/corpus`.  Whatever is refused leaves its sealed original and the record of the refusal; no
person's value is told, and another delivery beside it is not held up.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import py7zr.compressor
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.intake.check_source import check_path
from kansho.intake.stage import find_deliveries, settle_intake, take_in
from kansho.opening.register import register_handler
from kansho.reference.raised import raised
from kansho.workspace import Workspace
from tests.conftest import REPOSITORY
from tests.corpus.containers import CONTAINERS
from tests.corpus.contents import CONTENTS
from tests.corpus.envelopes import ENVELOPES
from tests.corpus.model import CANARIES, Refused
from tests.corpus.sheets import SHEETS
from tests.corpus.texts import TEXTS
from tests.deliveries import whole

Open = Callable[[date], Workspace]
DAY = date(2027, 4, 20)
CORPUS = [*ENVELOPES, *CONTAINERS, *TEXTS, *SHEETS, *CONTENTS]
#: Refusals that are incidents in themselves.
INCIDENTS = {"INTAKE-COLUMN-FORBIDDEN": "over_provision", "INTAKE-MYNUMBER": "my_number_received"}


@pytest.fixture(autouse=True, scope="module")
def derived_once() -> Iterator[None]:
    """Deriving a 7z key takes a fifth of a second; the corpus uses two passwords without a salt."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(py7zr.compressor, "calculate_key", functools.lru_cache(py7zr.compressor.calculate_key))
        yield


def test_the_corpus_is_large_and_every_entry_its_own() -> None:
    assert len(CORPUS) >= 80
    assert [name for name, times in Counter(entry.name for entry in CORPUS).items() if times > 1] == []


def test_every_code_of_the_door_has_an_entry() -> None:
    at_the_door = {code for code in raised() if code.startswith("INTAKE-") or code == "STOP-EMPTY"}
    assert at_the_door - {entry.code for entry in CORPUS} == {"INTAKE-REFUSED"}  # that one tells of all of them


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name) for e in CORPUS])
def test_is_refused_whole(open_workspace: Open, entry: Refused) -> None:
    ws = open_workspace(DAY)
    if entry.mapping:
        ws = replace(ws, config=ws.config.model_copy(update={"mappings": (entry.mapping,)}))
    bad = whole()
    entry.spoil(bad)
    where = entry.place(bad)
    assert where
    bad.put(ws).unlock(ws)
    sent = _files(ws.layout.outgoing("ward") / "d01")
    good = whole("d02")
    if entry.mapping:  # the ward's own form is the spoiled one's
        good.files.pop(entry.mapping.kind, None)
    good.put(ws).unlock(ws)

    work = find_deliveries(ws, {})
    assert work is not None
    taken = take_in(ws, work)

    assert taken["refused"] == [{"delivery": "d01", "code": entry.code}]
    assert taken["accepted"] == ["d02"]
    told = [e for e in ws.ledger.events("delivery_refused") if e.codes["delivery"] == "d01"]
    assert [(e.codes["code"], e.names["place"]) for e in told] == [(entry.code, where)]
    assert told[0].names["message"]
    assert told[0].names["remedy"]
    assert _recorded_of(ws, "d01") == _due(entry)
    _only_the_original_is_kept(ws, sent)
    with pytest.raises(KanshoError, match="INTAKE-REFUSED") as caught:
        settle_intake(ws, taken)
    _nobody_is_told(ws, (*CANARIES, bad.password), caught.value.text)


#: A folder may have any name before it is handed over, so that a dry run cannot tell whose note lies in it.
NOT_DRY = "the cover note of another delivery"


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name) for e in CORPUS if e.name != NOT_DRY])
def test_a_dry_run_would_have_told(mini: CampaignConfig, open_workspace: Open, entry: Refused) -> None:
    config = mini.model_copy(update={"mappings": (entry.mapping,)}) if entry.mapping else mini
    ws = open_workspace(DAY)
    bad = whole()
    entry.spoil(bad)
    where = entry.place(bad)
    folder = ws.layout.outgoing("ward") / "d01"
    bad.put(ws)
    kind = next((kind for kind in bad.files if kind == where.partition(":")[0]), None)  # the good tables aside
    found = check_path(folder, kind, config, today=DAY, password=lambda: bad.password)
    told = [error for error in (found.refusal, *(table.refusal for table in found.tables)) if error]
    places = {where, "DELIVERY"} if where == "d01" else {where}
    assert [(error.code, error.place in places) for error in told] == [(entry.code, True)]
    assert found.exit_code == 1


#: KiB above what a good delivery of three people costs.  The heaviest files are thirty megabytes, and are held a few
#: times over; the bombs and the endless columns cost a gigabyte each when they are read on.
MEMORY = 400 * 1024


def test_the_heavy_ones_cost_a_process_little_memory(open_workspace: Open, tmp_path: Path) -> None:
    ws = open_workspace(DAY)
    for handler in ws.config.handlers:  # the other process knows no fixture that reads without them
        register_handler(ws, handler)
    whole("good").put(ws).unlock(ws)
    heavy = {f"h{number:02}": entry for number, entry in enumerate(e for e in CORPUS if e.heavy)}
    for name, entry in heavy.items():
        bad = whole(name)
        entry.spoil(bad)
        bad.put(ws).unlock(ws)
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.peak", str(ws.layout.var), "good", *heavy],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": f"include{os.pathsep}plugins{os.pathsep}."},
        capture_output=True,
        check=True,
        timeout=200,
    )
    found = json.loads(done.stdout)
    assert found["codes"] == {name: entry.code for name, entry in heavy.items()}
    assert found["after"] - found["before"] < MEMORY


def _due(entry: Refused) -> Counter[str]:
    """Every ledger event that a refused delivery leaves, no more."""
    due = ["snapshot_stored", "snapshot_stored", "password_entered", "password_used", "snapshot_erased"]
    due += ["delivery_refused"]
    due += [] if entry.code.startswith("INTAKE-COVER") else ["medium_registered"]
    due += ["incident_opened"] if entry.code in INCIDENTS else []
    due += [] if entry.code == "INTAKE-PASSWORD" else ["exception_opened", "report_submitted"]
    return Counter(due)


def _recorded_of(ws: Workspace, delivery: str) -> Counter[str]:
    """Events about one delivery; the others are of the good one beside it, or of the opening."""
    others = ("d02", ws.config.id)
    found = [e for e in ws.ledger.events() if not any(name in json.dumps(e.to_json()["key"]) for name in others)]
    for event in (e for e in found if e.type == "incident_opened"):
        assert event.codes["subject"] == delivery
    return Counter(e.type for e in found)


def _only_the_original_is_kept(ws: Workspace, sent: dict[str, bytes]) -> None:
    stored = {e.key for e in ws.ledger.events("snapshot_stored") if "d01" in e.key}
    assert stored == {"sealed_delivery/d01", "one_time_secret/d01-1"}
    assert ws.snapshots("one_time_secret") == []  # used once, gone
    assert [name for name in ws.vault.names() if "d02" not in name] == ["sealed_delivery/d01"]
    original = ws.find("sealed_delivery", "d01")
    assert original is not None
    assert ws.read_bytes(original) == next(data for name, data in sent.items() if name.startswith("sealed"))
    assert _files(ws.layout.outgoing("ward") / "d01") == sent


def _nobody_is_told(ws: Workspace, values: tuple[str, ...], said: str) -> None:
    said += json.dumps([e.to_json() for e in ws.ledger.events()], ensure_ascii=False)
    said += "".join(data.decode() for data in _files(ws.layout.received("ward")).values())
    said += "".join(data.decode() for data in _files(ws.layout.outputs).values())
    assert [value for value in values if value in said] == []


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
    return {p.name: p.read_bytes() for p in found}
