"""A lawful bundle passes; each way of tampering fails, with a code of its own."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.evidence.command import verify_command
from kansho.evidence.custody_rules import custody_findings
from kansho.evidence.events import canonical_json
from kansho.evidence.rules import violations
from kansho.evidence.strict import read_zip
from kansho.evidence.verify import verify_bundle, verify_files
from kansho.vault.classes import CLASSES, ORIGINALS
from tests.unit.attacks import Case, lines, raised_codes, with_file
from tests.unit.evidence_year import CONTRACTOR, ENGINEER, OFFICER, Year, lawful_year


@pytest.fixture
def case(mini: CampaignConfig) -> Case:
    year = lawful_year(mini)
    certificate = year.finish()
    return Case(year, certificate, year.files(certificate), year.checkpoint(len(year.events)))


def check(tmp_path: Path, data: bytes, kept: str | None = None) -> list[str]:
    """Codes found in a bundle."""
    path = tmp_path / "evidence-test.zip"
    path.write_bytes(data)
    checkpoints = []
    if kept is not None:
        checkpoints = [tmp_path / "kept.txt"]
        checkpoints[0].write_text(kept, encoding="utf-8")
    return [f.code for f in verify_bundle(path, *checkpoints)]


def test_a_lawful_bundle_passes(case: Case, tmp_path: Path) -> None:
    assert check(tmp_path, case.data) == []
    assert check(tmp_path, case.data, case.kept) == []
    assert check(tmp_path, case.data, case.year.checkpoint(7)) == []


def test_the_command_says_what_failed(case: Case, tmp_path: Path) -> None:
    said: list[str] = []
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(case.data)
    bad.write_bytes(with_file(case, "note.txt", b"x"))
    assert verify_command(good, say=said.append) == 0
    assert verify_command(bad, say=said.append) == 1
    assert any(line.startswith("BUNDLE-EXTRA [note.txt]") for line in said)


def test_any_flipped_byte_fails(case: Case, tmp_path: Path) -> None:
    for at in range(0, len(case.data), max(1, len(case.data) // 97)):
        flipped = bytearray(case.data)
        flipped[at] ^= 1
        assert check(tmp_path, bytes(flipped)), at


def test_the_verifier_needs_neither_network_nor_airflow_nor_pandas() -> None:
    program = (
        "import sys, kansho.evidence.verify; "
        "bad = {'airflow', 'pandas', 'requests', 'urllib3', 'boto3', 'pydantic', 'yaml'} & set(sys.modules); "
        "sys.exit(1 if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


YES = {"reason_required": "yes"}
# fmt: off
# who decided a held gate, upon what                                        why            lawful
HELD: list[tuple[tuple[str, str, str], str, dict[str, str], str, bool]] = [
    (CONTRACTOR, "gate_summary/d01",     YES, "known_cause",   True),
    (CONTRACTOR, "gate_summary/d00.d01", YES, "accepted_risk", True),
    (CONTRACTOR, "gate_summary/d02",     YES, "known_cause",   False),
    (CONTRACTOR, "gate_summary/d011",    YES, "known_cause",   False),
    (CONTRACTOR, "plan_document/d01",    YES, "known_cause",   False),
    (CONTRACTOR, "gate_summary/d01",     {},  "known_cause",   False),
    (CONTRACTOR, "gate_summary/d01",     YES, "none",          False),
    (CONTRACTOR, "gate_summary/d01",     YES, "because",       False),
    (OFFICER,    "gate_summary/d01",     YES, "known_cause",   False),
    (ENGINEER,   "gate_summary/d01",     YES, "known_cause",   False),
]
# fmt: on


@pytest.mark.parametrize(("by", "artefact", "asked", "reason", "lawful"), HELD)
def test_a_held_gate_is_passed_by_its_owners_decision_on_its_own_summary(
    mini: CampaignConfig, by: tuple[str, str, str], artefact: str, asked: dict[str, str], reason: str, lawful: bool
) -> None:
    year = Year(mini)
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", by, "0" * 64, artefact, **asked)
    year.edit("approval_decided", lambda e: replace(e, codes={**e.codes, "reason": reason}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    found = {f.code for f in violations(year.events, year.facts)}
    assert ("STATE-GATE-BYPASSED" not in found) is lawful


@pytest.mark.parametrize(("by", "lawful"), [(OFFICER, True), (CONTRACTOR, False)])
def test_the_owner_of_the_gates_is_whom_the_configuration_names(
    mini: CampaignConfig, by: tuple[str, str, str], lawful: bool
) -> None:
    gates = tuple(g.model_copy(update={"owner": Role.WARD_OFFICER}) for g in mini.gates)
    year = Year(mini.model_copy(update={"gates": gates}))
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", by, "0" * 64, "gate_summary/d01", **YES)
    year.edit("approval_decided", lambda e: replace(e, codes={**e.codes, "reason": "known_cause"}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    found = {f.code for f in violations(year.events, year.facts)}
    assert ("STATE-GATE-BYPASSED" not in found) is lawful


@pytest.mark.parametrize("decision", ["reject", "invalid", ""])
def test_no_outcome_but_an_approval_passes_a_held_gate(mini: CampaignConfig, decision: str) -> None:
    year = Year(mini)
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", CONTRACTOR, "0" * 64, "gate_summary/d01", **YES)
    year.edit("approval_decided", lambda e: replace(e, codes={"decision": decision, "reason": "known_cause"}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    assert "STATE-GATE-BYPASSED" in {f.code for f in violations(year.events, year.facts)}


@pytest.fixture
def before(mini: CampaignConfig) -> CampaignConfig:
    """The year's configuration while another officer held the ward's approval."""
    handlers = tuple(h.model_copy(update={"user": "kagurazaka"}) if h.user == OFFICER[1] else h for h in mini.handlers)
    return mini.model_copy(update={"handlers": handlers})


def test_the_long_year_of_the_benchmark_is_a_lawful_one() -> None:
    from benchmarks.verify import long_year

    year, certificate = long_year(300)
    assert len(year.events) >= 300
    assert verify_files(read_zip(year.files(certificate))) == []


def _checked(year: Year, tmp_path: Path) -> set[str]:
    path = tmp_path / "evidence.zip"
    path.write_bytes(year.files(year.finish()))
    return {f.code for f in verify_bundle(path)}


def test_a_decision_is_judged_by_who_held_the_role_then(
    mini: CampaignConfig, before: CampaignConfig, tmp_path: Path
) -> None:
    assert _checked(lawful_year(mini, replaces=before, officer="kagurazaka"), tmp_path) == set()
    assert "APPROVAL-UNASSIGNED" in _checked(lawful_year(mini, replaces=before), tmp_path)


def test_every_code_is_explained_in_the_reference() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/reference/evidence.md").read_text(encoding="utf-8")
    assert raised_codes() == set(re.findall(r"^\| `([A-Z-]+)`", page, re.MULTILINE))
    originals = page.partition("| Kind | Made of |")[2].partition("\n\n")[0]
    assert list(ORIGINALS) == re.findall(r"^\| `([a-z_]+)`", originals, re.MULTILINE)


def test_no_event_however_odd_makes_the_verifier_stumble(case: Case) -> None:
    """Values of any shape in any place, properly canonical and packed: findings, never an exception."""
    rng = random.Random(10)
    odd: list[object] = [None, [], {}, "", "x" * 300, -1, 10**30, True, ["a"], {"digest": 3}, {"a": {"b": []}}]
    files = dict(read_zip(case.data))
    events = [json.loads(line) for line in lines(case)]
    for _ in range(150):
        at = rng.randrange(len(events))
        event = json.loads(json.dumps(events[at]))
        field = rng.choice([*event, "counts", "codes", "refs"])
        inner = event[field]
        if isinstance(inner, dict) and inner and rng.random() < 0.8:
            inner[rng.choice(list(inner))] = rng.choice(odd)
        else:
            event[field] = rng.choice(odd)
        changed = [*events[:at], event, *events[at + 1 :]]
        files["events.jsonl"] = b"".join(canonical_json(e) + b"\n" for e in changed)
        if event != events[at]:
            assert verify_files(files), (field, event)


def test_a_holding_stored_after_its_own_class_lost_its_key_is_found(mini: CampaignConfig) -> None:
    for name, kinds in CLASSES.items():
        year = Year(mini)
        year.add("keys_destroyed", "health")
        holding = {"kind": min(kinds), "key": "d02", "digest": "", "rows": 1}
        year.add("snapshot_stored", f"{min(kinds)}/d02", refs={"holding": holding})
        found = [f for f in custody_findings(year.events) if f.code == "CUSTODY-KEY-USED"]
        assert bool(found) is (name == "health")
        assert all("key health" in f.text for f in found)


SEALED = {"kind": "sealed_delivery", "key": "d01", "digest": "a" * 64, "rows": 0}
# fmt: off
# name            kind called       made of                                         what is found of it
ORIGINS: list[tuple[str, str, object, list[str]]] = [
    ("artwork/d02",  "artwork",         {},                                             []),
    ("artwork/d02",  "roster",          {},                                             ["CUSTODY-ORPHAN"]),
    ("roster/d02",   "artwork",         {},                                             ["CUSTODY-ORPHAN"]),
    ("roster/d02",   "roster",          None,                                           ["CUSTODY-ORPHAN"]),
    ("roster/d02",   "roster",          [SEALED],                                       ["CUSTODY-ORPHAN"]),
    ("roster/d02",   "roster",          {"0": SEALED},                                  []),
    ("artwork/d02",  "artwork",         {"0": {**SEALED, "digest": "b" * 64}},          ["CUSTODY-PARENT"]),
    ("roster/d02",   "roster",          {"0": SEALED, "1": {**SEALED, "key": "d02"}},   ["CUSTODY-PARENT"]),
    ("roster/d02",   "roster",          {"0": {}, "1": "sealed_delivery/d01"},          ["CUSTODY-PARENT"] * 2),
]
# fmt: on


@pytest.mark.parametrize(("name", "kind", "parents", "found"), ORIGINS)
def test_a_derived_copy_names_what_was_registered_before_it(
    mini: CampaignConfig, name: str, kind: str, parents: object, found: list[str]
) -> None:
    year = Year(mini)
    year.add("snapshot_stored", "sealed_delivery/d01", refs={"holding": SEALED, "parents": {}})
    holding = {"kind": kind, "key": "d02", "digest": "c" * 64, "rows": 1}
    year.add("snapshot_stored", name, refs={"holding": holding, "parents": parents})
    assert [f.code for f in custody_findings(year.events)] == found
