"""The verifier's answer: clause by clause, as text and as JSON, and from the file that an auditor takes away."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.clauses import ELSEWHERE, TITLES, clause_of
from kansho.evidence.command import main, verify_command
from kansho.evidence.events import EVENT_TYPES
from kansho.evidence.findings import Finding
from kansho.evidence.takeaway import MODULES, single_file
from kansho.evidence.verdict import verdict
from tests.unit.evidence_year import Year, lawful_year


@pytest.fixture
def year(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


@pytest.fixture
def bundle(year: Year, tmp_path: Path) -> Path:
    path = tmp_path / "evidence-test.zip"
    path.write_bytes(year.files(year.finish()))
    return path


def test_every_clause_of_an_event_has_a_title() -> None:
    assert {clause for clauses in EVENT_TYPES.values() for clause in clauses} <= set(TITLES)
    assert set(ELSEWHERE) <= set(TITLES)


#: Finding → the clause that its row stands under ("" is the evidence itself).
SPOKEN_OF = [
    (Finding("STATE-CERTIFICATE-MISSING", "printer", ""), "P12"),
    (Finding("APPROVAL-UNASSIGNED", "event 7", ""), "P4"),
    (Finding("APPROVAL-UNREAD", "event 7", ""), "P8"),
    (Finding("CUSTODY-SHEETS", "event 7", ""), "P3"),
    (Finding("COUNT-UNBALANCED", "sheets out = sheets in [visit_1]", ""), "P3"),
    (Finding("COUNT-UNBALANCED", "printed = posted + pulled + spoiled [m]", ""), "C6"),
    (Finding("COUNT-UNBALANCED", "packages handed over = certified [printer]", ""), "P12"),
    (Finding("CHECKPOINT-ROOT", "checkpoints/3", ""), ""),
    (Finding("COUNT-NEGATIVE", "event 7", ""), ""),
    (Finding("LOG-FORKED", "kept.txt", ""), ""),
]


@pytest.mark.parametrize(("finding", "clause"), SPOKEN_OF, ids=[f"{f.code} {f.place}" for f, _ in SPOKEN_OF])
def test_a_finding_fails_the_row_of_its_clause_and_no_other(year: Year, finding: Finding, clause: str) -> None:
    assert clause_of(finding) == clause
    failed = [row for row in verdict(year.events, [finding]).rows if row.state == "fail"]
    assert [(row.clause, row.codes) for row in failed] == [(clause or "evidence", (finding.code,))]


def test_what_no_event_speaks_of_is_never_a_pass(year: Year) -> None:
    without = [e for e in year.events if "E1" not in EVENT_TYPES[e.type] and "P3" not in EVENT_TYPES[e.type]]
    rows = {row.clause: row for row in verdict(without, []).rows}
    assert rows["P3"].state == rows["E1"].state == rows["D5"].state == "not covered"
    assert all(row.why for row in rows.values() if row.state == "not covered")
    assert rows["P11"].state == "pass"
    assert rows["P11"].events > 0


def test_the_answer_as_json_keeps_its_form(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["schema", "ok", "campaign", "events", "simulation", "checkpoints", "clauses", "findings"]
    assert said["ok"] is True
    assert said["schema"] == 1
    assert [row["clause"] for row in said["clauses"]] == ["evidence", *TITLES]
    assert list(said["clauses"][0]) == ["clause", "title", "state", "events", "codes", "why"]


def test_every_kept_checkpoint_is_compared_and_a_fork_is_found_by_any(
    year: Year, tmp_path: Path, mini: CampaignConfig
) -> None:
    other = lawful_year(mini)
    other.signer = year.signer
    other.edit("wave_selected", lambda e: replace(e, counts={**e.counts, "candidates": 81, "over_capacity": 11}))
    paths = [tmp_path / f"kept-{n}.txt" for n in range(3)]
    texts = (year.checkpoint(4), year.checkpoint(len(year.events)), other.checkpoint(len(other.events)))
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    bundle = tmp_path / "evidence.zip"
    bundle.write_bytes(year.files(year.finish()))
    said: list[str] = []
    assert verify_command(bundle, paths[:2], say=said.append) == 0
    assert verify_command(bundle, paths, say=said.append) == 1
    assert any(line.startswith("LOG-FORKED [kept-2.txt]") for line in said)


def test_without_a_kept_checkpoint_it_says_what_it_cannot_tell(bundle: Path) -> None:
    said: list[str] = []
    verify_command(bundle, say=said.append)
    assert any("--checkpoint" in line for line in said)
    assert any(line.startswith("SIMULATION") for line in said)
    assert said[-1].startswith("OK")


def test_the_file_to_take_away_is_the_same_each_time() -> None:
    assert single_file() == single_file()
    assert len(set(MODULES)) == len(MODULES)


#: Lets nothing in but the standard library and cryptography with what it stands on, and no socket.
_ALONE = """
import runpy, socket, sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        head = name.partition(".")[0]
        if head in sys.stdlib_module_names or head in ("kansho", "__main__", "cryptography", "cffi", "_cffi_backend"):
            return None
        raise ImportError(f"the auditor has no {name}")
def no(*_, **__):
    raise OSError("no network")
socket.socket.connect = no
sys.meta_path.insert(0, Nothing())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("good", [True, False], ids=["a lawful bundle", "a flipped byte"])
def test_the_file_runs_alone_with_cryptography_only(bundle: Path, tmp_path: Path, good: bool) -> None:
    taken = tmp_path / "kansho-verify.pyz"
    taken.write_bytes(single_file())
    if not good:
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.write_bytes(bytes(data))
    done = subprocess.run(
        [sys.executable, "-I", "-c", _ALONE, str(taken), str(bundle)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == (0 if good else 1), done.stderr
    assert ("OK 適合" if good else "NG 不適合") in done.stdout
