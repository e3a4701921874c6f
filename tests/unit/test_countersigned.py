"""The ward signs what it was given, and only that counts; a paper holds the log to its day."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.config import CampaignConfig
from kansho.documents import Document, Stamp, render
from kansho.errors import KanshoError
from kansho.evidence.checkpoint import cosign, read_checkpoint, read_cosigned, sign_checkpoint, write_verifier_key
from kansho.evidence.countersignatures import countersignature_findings, ward_key_findings
from kansho.evidence.events import Event
from kansho.evidence.proofs import check_proof
from kansho.exchange.countersigned import give, register_cosigner, take_countersigned, ward_key
from kansho.oversight.stage import make_monthly_report, record_inspections
from kansho.simulation.countersigning import countersign, make_key
from kansho.simulation.premises import Premises
from kansho.workspace import Workspace
from tests.unit.stamps import read_stamp

Open = Callable[[date], Workspace]
WARD = Ed25519PrivateKey.generate()
MAY_10 = date(2027, 5, 10)


def put_key(ws: Workspace, name: str | None = None) -> None:
    path = ws.layout.outgoing("ward") / "checkpoint-key.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    public = WARD.public_key().public_bytes_raw()
    path.write_text(write_verifier_key(name or f"kansho/{ws.config.id}/ward", public), encoding="ascii")


@pytest.fixture
def ws(open_workspace: Open) -> Workspace:
    """Opened, the ward's key registered, one checkpoint given."""
    ws = open_workspace(MAY_10)
    ws.record("campaign_opened", ws.config.id, codes={"simulation": "true"})
    put_key(ws)
    register_cosigner(ws)
    give(ws, ws.ledger.checkpoint(ws.keyring.signer()))
    return ws


def given(ws: Workspace) -> list[Path]:
    return sorted((ws.layout.received("ward") / "checkpoints").glob("*.txt"))


def answer(ws: Workspace, text: str, name: str = "0000000002.txt") -> None:
    path = ws.layout.outgoing("ward") / "checkpoints" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_what_the_ward_signed_is_kept_and_recorded_once(ws: Workspace) -> None:
    answer(ws, cosign(given(ws)[0].read_text(encoding="utf-8"), WARD))
    assert take_countersigned(ws) == 1
    (event,) = ws.ledger.events("checkpoint_countersigned")
    assert (event.key, event.counts, event.codes["by"]) == ("2", {"size": 2}, "ward")
    (kept,) = ws.ledger.countersigned()
    assert read_cosigned(kept, WARD.public_key().public_bytes_raw()).size == 2
    assert read_checkpoint(kept, ws.keyring.public_key()).root.hex() == event.codes["root"]
    assert take_countersigned(ws) == 0


def test_the_next_checkpoint_comes_with_the_proof_that_it_continues_the_signed_one(ws: Workspace) -> None:
    first = given(ws)[0].read_text(encoding="utf-8")
    answer(ws, cosign(first, WARD))
    take_countersigned(ws)
    give(ws, ws.ledger.checkpoint(ws.keyring.signer()))
    proof = json.loads(given(ws)[-1].with_suffix(".json").read_text(encoding="utf-8"))
    assert check_proof(proof, public=ws.keyring.public_key(), kept=first)


def another_log(ws: Workspace) -> str:
    return sign_checkpoint(ws.config.id, 2, bytes(32), ws.keyring.signer()).text


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda ws, text: text, "CHECKPOINT-COSIGNATURE"),
        (lambda ws, text: cosign(text, Ed25519PrivateKey.generate()), "CHECKPOINT-COSIGNATURE"),
        (lambda ws, text: cosign(another_log(ws), WARD), "LEDGER-COUNTERSIGNED-OTHER"),
        (lambda ws, text: cosign(text.replace("\n2\n", "\n3\n"), WARD), "CHECKPOINT-SIGNATURE"),
        (lambda ws, text: "x" * 5000, "CHECKPOINT-FORM"),
        (lambda ws, text: "署名しました", "CHECKPOINT-FORM"),
    ],
    ids=["unsigned", "another key", "another log", "another size", "too long", "prose"],
)
def test_what_is_wrong_is_recorded_with_its_code_and_stops_nothing(
    ws: Workspace, make: Callable[[Workspace, str], str], code: str
) -> None:
    answer(ws, make(ws, given(ws)[0].read_text(encoding="utf-8")))
    assert [take_countersigned(ws), take_countersigned(ws)] == [0, 0]
    assert [e.codes["code"] for e in ws.ledger.events("countersignature_refused")] == [code]
    assert ws.ledger.countersigned() == []


def test_a_checkpoint_under_another_name_is_refused(ws: Workspace) -> None:
    answer(ws, cosign(given(ws)[0].read_text(encoding="utf-8"), WARD), "0000000001.txt")
    answer(ws, "not looked at", "notes.txt")
    assert take_countersigned(ws) == 0
    assert [e.codes["code"] for e in ws.ledger.events("countersignature_refused")] == ["LEDGER-COUNTERSIGNED-OTHER"]


def test_a_ward_without_a_key_is_asked_for_nothing(open_workspace: Open) -> None:
    ws = open_workspace(MAY_10)
    ws.record("campaign_opened", ws.config.id)
    register_cosigner(ws)
    assert (ward_key(ws), take_countersigned(ws)) == (None, 0)
    put_key(ws, "kansho/another_2027/ward")
    with pytest.raises(KanshoError, match="KEY-FORM"):
        register_cosigner(ws)


def test_the_invented_ward_signs_monthly_and_oversight_takes_it_in(open_workspace: Open) -> None:
    ws = open_workspace(MAY_10)
    ws.record("campaign_opened", ws.config.id, codes={"simulation": "true"})
    ward = Premises(ws.layout.outside, "ward", ws.config.id)
    make_key(ward)
    register_cosigner(ws)
    assert make_monthly_report(ws, {}) is not None
    countersign(ward)
    told = record_inspections(replace(ws, today=date(2027, 6, 10)), {})
    assert told is not None
    assert told["counts"]["countersigned"] == 1


# -- in the bundle --------------------------------------------------------------------------------


@pytest.fixture
def bundled(ws: Workspace) -> tuple[dict[str, bytes], list[Event], bytes]:
    answer(ws, cosign(given(ws)[0].read_text(encoding="utf-8"), WARD))
    take_countersigned(ws)
    files = {f"checkpoints/{2:010d}.txt": given(ws)[0].read_bytes()}
    files |= {f"countersigned/{2:010d}.txt": t.encode() for t in ws.ledger.countersigned()}
    return files, ws.ledger.events(), ws.keyring.public_key()


def codes(files: dict[str, bytes], events: list[Event], key: bytes) -> list[str]:
    return [f.code for f in countersignature_findings(files, events, key)]


def test_the_verifier_believes_what_is_signed_and_told(bundled: tuple[dict[str, bytes], list[Event], bytes]) -> None:
    assert codes(*bundled) == []


def test_every_other_countersignature_has_its_code(bundled: tuple[dict[str, bytes], list[Event], bytes]) -> None:
    files, events, key = bundled
    name, plain = f"countersigned/{2:010d}.txt", f"checkpoints/{2:010d}.txt"
    told = [e for e in events if e.type != "checkpoint_countersigned"]
    rebound = [replace(e, codes={"public": "00" * 32}) if e.type == "cosigner_registered" else e for e in events]
    assert codes({plain: files[plain]}, events, key) == ["COUNTERSIGNED-MISSING"]
    assert codes(files, told, key) == ["COUNTERSIGNED-STRAY"]
    assert codes(files | {name: files[name] + b"\n"}, events, key) == ["COUNTERSIGNED-STRAY"]
    assert codes({name: files[name]}, events, key) == ["COUNTERSIGNED-OTHER"]
    assert codes(files, rebound, key) == ["COUNTERSIGNED-SIGNATURE"]
    assert codes(files, [e for e in events if e.type != "cosigner_registered"], key) == ["COUNTERSIGNED-SIGNATURE"]
    assert codes(files, events, bytes(32)) == ["COUNTERSIGNED-SIGNATURE"]


# -- on paper --------------------------------------------------------------------------------------


def test_the_key_that_the_ward_gave_the_auditor_decides(bundled: tuple[dict[str, bytes], list[Event], bytes]) -> None:
    files, events, _ = bundled
    public, other = WARD.public_key().public_bytes_raw(), bytes(32)
    (name,) = [n for n in files if n.startswith("countersigned/")]
    kept = [("kept.txt", files[name].decode())]

    def found(events: list[Event], files: dict[str, bytes], kept: list[tuple[str, str]], key: bytes) -> list[str]:
        return [f.code for f in ward_key_findings(files, events, kept, key)]

    assert found(events, files, kept, public) == []
    assert found(events, files, [], other) == ["WARD-KEY-OTHER", "WARD-KEY-SIGNATURE"]
    ours_only = [("kept.txt", files["checkpoints/" + name.partition("/")[2]].decode())]
    assert found(events, {}, kept, public) == []
    assert found(events, {}, ours_only, public) == ["WARD-KEY-UNUSED"]
    assert found(events, {}, [("kept.txt", kept[0][1].replace("\n2\n", "\n3\n"))], public) == ["WARD-KEY-SIGNATURE"]


@pytest.mark.parametrize("size", [1, 42, 9999])
def test_a_paper_tells_size_and_root_to_people_and_the_whole_root_to_a_camera(mini: CampaignConfig, size: int) -> None:
    signed = sign_checkpoint(mini.id, size, bytes(range(size % 7, size % 7 + 32)), WARD)
    stamp = Stamp(signed.origin, signed.size, signed.root)
    said = read_stamp(render(Document("題", "委託", "第1号", MAY_10, "乙", simulation=True, stamp=stamp)))
    assert (said.origin, said.size, said.short_root) == (f"kansho/{mini.id}", size, signed.short_root)
    assert said.code == signed.text.partition("\n\n")[0] + "\n"


def test_the_monthly_report_bears_the_checkpoint_that_the_ward_is_given(ws: Workspace) -> None:
    assert make_monthly_report(ws, {}) is not None
    said = read_stamp((ws.layout.outputs / "documents" / "monthly-report-2027-04.pdf").read_bytes())
    note = given(ws)[-1].read_text(encoding="utf-8")
    assert said.code == note.partition("\n\n")[0] + "\n"
    assert str(said.size) == note.split("\n")[1]
