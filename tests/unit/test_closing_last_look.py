"""Right before anything is certified the disk is looked at once more; and outputs are what their names say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import certificate, discovery, finalise, stage
from kansho.closing.discovery import discover
from kansho.closing.neighbours import neighbours
from kansho.closing.outputs import is_bundle
from kansho.errors import KanshoError
from kansho.evidence import erasure_log, scan_log
from kansho.evidence.bundle import sha256
from kansho.evidence.strict import read_zip, write_zip
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.refusals import refused
from tests.unit.closing_year import ClosingYear, closing_year, paper, plain_papers


@pytest.fixture
def gx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "GX_HOME", tmp_path / "gx")


@pytest.fixture
def closing(mini: CampaignConfig, tmp_path: Path, gx: None, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    """Planned, with its keys still there."""
    plain_papers(monkeypatch)
    return closing_year(mini, tmp_path / "var").until_plan()[0]


def erased(year: ClosingYear) -> ClosingYear:
    """Approved and executed, from the plan that is made."""
    plan = stage.plan_erasure(year.ws, stage.take_inventory(year.ws, {}) or {})
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
    year.put_slips()
    stage.execute_erasure(year.ws, stage.return_media(year.ws, plan))
    return year


def neighbour(year: ClosingYear, sample: CampaignConfig) -> Workspace:
    other = Workspace.open(sample, year.ws.layout.var, sample.opening_on)
    other.record("campaign_opened", sample.id, codes={"simulation": "true"})
    holding = SnapshotRef("roster", "d01", "0" * 64, 1).to_json()
    other.record("snapshot_stored", "roster/d01", refs={"holding": holding})
    return other


#: Where a copy of the real key is put after the inventory.
LATER = (
    "kansho/keys/{campaign}/hmac.bak",
    "kansho/secret.bin",
    "kansho/vault/{other}/roster/d01",
    "kansho/outputs/documents/media-return.pdf",
    "airflow/logs/dag_id={other}__call_wave/run_id=a/task_id=find/attempt=1.log",
    "airflow/airflow.cfg",
)


def test_what_is_put_down_after_the_inventory_stops_the_certificate(
    closing: ClosingYear, sample: CampaignConfig
) -> None:
    other, key = neighbour(closing, sample), closing.ws.keyring.get("hmac")
    year = erased(closing)
    root, names = year.ws.layout.var, {"campaign": year.ws.config.id, "other": other.config.id}
    for place in (*LATER, "kansho/dump.sql", "kansho/vault/{campaign}/roster/d09"):
        path = root / place.format(**names)
        was = path.read_bytes() if path.is_file() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key if place in LATER else b"x")
        with pytest.raises(KanshoError, match="CLOSING-(KEY-COPY|UNKNOWN|UNREGISTERED)|CERTIFY-PAPER"):
            finalise.finalise(year.ws.config, root, no_database=True)
        assert year.ws.ledger.events("campaign_certified") == [], place
        assert year.ws.ledger.find("document_issued", certificate.PDF) is None, place
        _ = path.unlink() if was is None else path.write_bytes(was)
    assert finalise.finalise(year.ws.config, root, no_database=True)["state"] == "final"


# In its own place it is destroyed once more by the next run, and never passed over.
@pytest.mark.parametrize("place", [*LATER, "kansho/keys/{campaign}/hmac"])
def test_a_copy_of_a_destroyed_key_is_still_known_as_one(
    place: str, closing: ClosingYear, sample: CampaignConfig
) -> None:
    other, key = neighbour(closing, sample), closing.ws.keyring.get("hmac")
    year = erased(closing)
    assert not year.ws.keyring.has("hmac")
    named = place.format(campaign=year.ws.config.id, other=other.config.id)
    path = year.ws.layout.var / named
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key)
    assert discover(year.ws).key_copies == (named,)


def test_what_came_into_the_stores_after_they_were_found_empty_stops_it_too(erased_year: ClosingYear, gx: None) -> None:
    year = erased_year
    result = finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    shutil.rmtree(year.ws.layout.outputs / "late-mail", ignore_errors=True)
    assert (
        finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True) == result
    )  # again, with all that it wrote
    half = year.ws.layout.kansho / "keys" / year.ws.config.id / ".tmp-hmac"
    half.write_bytes(b"x")  # of a key that is no more
    assert discover(year.ws).unknown == (f"kansho/keys/{year.ws.config.id}/.tmp-hmac",)
    half.unlink()
    year.ws.needles.store.create("residue_needles/year", b"x")
    with refused("CLOSING-UNREGISTERED", place="residue_needles/year"):
        finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)


def test_what_a_killed_certification_left_is_no_stranger(erased_year: ClosingYear, gx: None) -> None:
    """It was written and not yet recorded; the next run writes the same."""
    year = erased_year
    kept = [certificate.PDF, erasure_log.NAME, scan_log.NAME]
    finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    campaign = neighbours(year.ws)[year.ws.config.id]
    assert discover(year.ws).unknown == ()
    unrecorded = [e for e in campaign.events if e.key not in kept]
    (year.ws.layout.kansho / "ledger").rename(year.ws.layout.kansho.parent / "log")
    store = year.ws.layout.kansho / "ledger" / year.ws.config.id / "events"
    store.mkdir(parents=True)
    for number, event in enumerate(unrecorded):
        moved = type(event)(**{**event.__dict__, "sequence": number})
        (store / f"{number:010d}.json").write_bytes(moved.canonical())
    again = Workspace.open(year.ws.config, year.ws.layout.var, year.ws.today)
    unknown = discover(again).unknown
    assert not {f"kansho/outputs/{name}" for name in kept} & set(unknown)


def test_what_a_killed_write_of_it_left_is_none_either_but_no_key(closing: ClosingYear) -> None:
    part = closing.ws.layout.outputs / "documents" / ".erasure-certificate.pdf.part"
    part.write_bytes(b"%PDF")
    assert discover(closing.ws).unknown == ()
    part.write_bytes(closing.ws.keyring.get("hmac"))
    assert discover(closing.ws).key_copies == (f"kansho/outputs/documents/{part.name}",)


CHANGED: dict[str, Callable[[bytes], bytes]] = {
    "certificate.json": lambda data: data.replace(b"final", b"Final"),
    "certificate.sig": lambda data: b"A" * (len(data) - 3) + b"==\n",
    "checkpoint.txt": lambda data: data + b"\xe2\x80\x94 " + data.split(b"\n")[0] + b" " + b"A" * 44 + b"\n",
    "evidence-{campaign}.zip": lambda data: data + b"x",
    certificate.PDF: lambda data: data + b"\n% x",
    erasure_log.NAME: lambda data: data + b"x",
    scan_log.NAME: lambda data: data[:-3],
}


@pytest.mark.parametrize("name", CHANGED)
def test_evidence_that_was_changed_is_unknown(name: str, erased_year: ClosingYear, gx: None) -> None:
    year = erased_year
    finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    before = discover(year.ws)
    assert (before.unknown, before.files["evidence"]) == ((), 4)
    path = year.ws.layout.outputs / name.format(campaign=year.ws.config.id)
    path.write_bytes(CHANGED[name](path.read_bytes()))
    found = f"kansho/outputs/{name.format(campaign=year.ws.config.id)}"
    # A signature stands and falls with what it is over.
    beside = {"kansho/outputs/certificate.sig"} if name == "certificate.json" else set()
    assert set(discover(year.ws).unknown) - beside == {found}


BUNDLES: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "something beside": lambda files: {**files, "roster.csv": b"x"},
    "a paper beside": lambda files: {**files, "papers/roster.csv": b"x"},
    "another paper": lambda files: {**files, "papers/media-return.pdf": b"%PDF"},
    "another certificate": lambda files: {**files, "certificate.json": b"{}"},
    "another signature": lambda files: {**files, "certificate.sig": b"x"},
    "another key": lambda files: {**files, "public-key.txt": files["public-key.txt"].replace(b"+", b"-", 1)},
    "another configuration": lambda files: {**files, "config.json": b"{}"},
    "an earlier configuration that was none": lambda files: {**files, f"configs/{'0' * 64}.json": b"{}"},
    "a note that nobody signed": lambda files: {**files, "checkpoints/0000000001.txt": b"x"},
    "an event of another log": lambda files: {
        **files,
        "events.jsonl": files["events.jsonl"].replace(b"d01", b"d02", 1),
    },
    "no log": lambda files: {name: data for name, data in files.items() if name != "events.jsonl"},
}


def test_a_bundle_is_one_of_its_log(erased_year: ClosingYear, gx: None) -> None:
    year = erased_year
    result = finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    of, files = neighbours(year.ws)[year.ws.config.id], read_zip(Path(result["bundle"]).read_bytes())
    assert is_bundle(write_zip(files), of)
    for case, change in BUNDLES.items():
        path = Path(result["bundle"])
        path.write_bytes(write_zip(change(files)))
        assert discover(year.ws).unknown == (f"kansho/outputs/{path.name}",), case


def test_the_evidence_of_a_ward_that_is_over_stands_beside_the_closing_of_the_next(
    erased_year: ClosingYear, sample: CampaignConfig, gx: None
) -> None:
    """The next one's files take the place of those of the same name; a kill in between leaves one of each."""
    year = erased_year
    finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    other = neighbour(year, sample)
    other.keyring.create()
    assert discover(other).unknown == ()
    out = year.ws.layout.outputs
    theirs = other.issue_document(certificate.PDF, paper("theirs"), title="t", kind="erasure_certificate")
    made = b'{"campaign":"other"}'
    other.record("campaign_certified", "certificate", refs={"certificate": sha256(made)})
    (out / "certificate.json").write_bytes(made)  # and killed before its signature was written
    assert theirs.is_file()
    assert discover(other).unknown == ()


def test_copies_of_the_log_are_held_against_it_before_anything_is_done(
    closing: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = erased(closing)

    def differ(log: object) -> None:
        raise KanshoError("LEDGER-COPY", "台帳の写しが違います")

    before = year.ws.ledger.size
    monkeypatch.setattr(type(year.ws.ledger), "confirm", differ)
    with refused("LEDGER-COPY"):
        finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    assert year.ws.ledger.size == before


def test_a_campaign_that_has_ended_writes_no_key_any_more(closing: ClosingYear) -> None:
    year = erased(closing)
    finalise.finalise(year.ws.config, year.ws.layout.var, no_database=True)
    name = f"kansho/keys/{year.ws.config.id}/.tmp-77-abcdef01"
    (year.ws.layout.var / name).write_bytes(b"half")
    assert name in discover(year.ws).unknown
