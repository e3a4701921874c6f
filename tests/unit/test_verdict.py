"""The verifier's answer: clause by clause, as text and as JSON, and from the file that an auditor takes away."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.checkpoint import read_checkpoint
from kansho.evidence.clauses import ELSEWHERE, TITLES, clause_of
from kansho.evidence.command import main, verify_command
from kansho.evidence.covered import clauses_of
from kansho.evidence.deadline_rules import KINDS
from kansho.evidence.events import EVENT_TYPES, Event
from kansho.evidence.findings import Finding
from kansho.evidence.takeaway import MODULES, single_file
from kansho.evidence.verdict import Row, Verdict, as_json, as_lines, verdict
from tests.conftest import REPOSITORY
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
    (Finding("COUNT-SHEETS", "sheets out = sheets in [visit_1]", ""), "P3"),
    (Finding("COUNT-POSTED", "printed = posted + pulled + spoiled [m]", ""), "C6"),
    (Finding("COUNT-CERTIFIED", "packages handed over = certified [printer]", ""), "P12"),
    (Finding("STATE-READ-PURPOSE", "event 7", ""), "P8"),
    (Finding("STATE-READ-ENDED", "event 7", ""), "P4"),
    (Finding("STATE-READ-UNKNOWN", "event 7", ""), "D6"),
    (Finding("STATE-READ-ERASED", "event 7", ""), "P11"),
    (Finding("CONFIG-DIGEST", "config.json", ""), "C1"),
    (Finding("CONFIG-ABSENT", "event 7", ""), "C1"),
    (Finding("STATE-RELEASE-UNAPPROVED", "event 7 package_handed_over v/visit_halves/x", ""), "P1"),
    (Finding("STATE-RELEASE-GATE", "event 7 package_handed_over v/visit_halves/x", ""), "P2"),
    (Finding("STATE-RELEASE-GATE", "event 7 package_handed_over v/call_list/x", ""), "C6"),
    (Finding("DEADLINE-ERASE-BY", "event 7", ""), "P11"),
    (Finding("DEADLINE-ATTESTATION", "attestation/x/2027-05", ""), "P15"),
    (Finding("PLACE-UNDESIGNATED", "event 7", ""), "P14"),
    (Finding("CHECKPOINT-ROOT", "checkpoints/3", ""), ""),
    (Finding("COUNT-NEGATIVE", "event 7", ""), ""),
    (Finding("COUNT-MEDIA", "media = returned", ""), "P11"),
    (Finding("COUNTERSIGNED-SIGNATURE", "countersigned/3", ""), ""),
    (Finding("COUNTERSIGNED-MISSING", "countersigned/3", ""), ""),
    (Finding("LOG-FORKED", "kept.txt", ""), ""),
]


@pytest.mark.parametrize(("finding", "clause"), SPOKEN_OF, ids=[f"{f.code} {f.place}" for f, _ in SPOKEN_OF])
def test_a_finding_fails_the_row_of_its_clause_and_no_other(year: Year, finding: Finding, clause: str) -> None:
    assert clause_of(finding) == clause
    failed = [row for row in verdict(year.events, [finding]).rows if row.state == "fail"]
    assert [(row.clause, row.codes) for row in failed] == [(clause or "evidence", (finding.code,))]


def test_a_finding_is_of_the_clause_that_the_reference_names() -> None:
    page = (REPOSITORY / "docs/reference/evidence.md").read_text(encoding="utf-8")
    told = {
        code: re.findall(r"\b([CDEP]\d+)\b", text)
        for code, text in re.findall(r"^\| `([A-Z-]+)` \| (.*)", page, re.MULTILINE)
    }
    named = {code: clauses for code, clauses in told.items() if clauses}
    assert len(named) > 60
    assert {code for code, clauses in named.items() if clause_of(Finding(code, "", "")) not in clauses} == set()
    assert {kind for kind, (code, clause) in KINDS.items() if clause not in named[code]} == set()


def rows_of(events: Iterable[Event]) -> dict[str, Row]:
    return {row.clause: row for row in verdict(list(events), []).rows}


def test_what_no_rule_could_look_at_is_never_a_pass(year: Year) -> None:
    rows = rows_of(e for e in year.events if not {"E1", "P3"} & set(clauses_of(e)))
    assert rows["P3"].state == rows["E1"].state == rows["D5"].state == "not covered"
    assert all(row.why for row in rows.values() if row.state == "not covered")
    assert rows["P3"].why == "no rule had any event to look at"
    assert rows["P11"].state == "pass"
    assert rows["P11"].events > 0


def test_every_clause_that_a_log_can_show_passes_in_a_lawful_year_and_none_in_an_empty_one(year: Year) -> None:
    assert {c for c, row in rows_of(year.events).items() if row.state == "pass"} == {"evidence", *TITLES} - set(
        ELSEWHERE
    )
    assert {row.state for clause, row in rows_of([]).items() if clause != "evidence"} == {"not covered"}


#: What the log itself tells                                                       → the clause that then failed
TOLD: list[tuple[str, str, dict[str, str], dict[str, int], str]] = [
    ("deadline_missed", "ward_inspection/contractor", {"clause": "P6"}, {}, "P6"),
    ("deadline_missed", "audit/printer", {"clause": "P6"}, {}, "P6"),
    ("deadline_missed", "attestation/printer/2027-05", {"clause": "P15"}, {}, "P15"),
    ("deadline_missed", "certificate/printer", {"clause": "P12"}, {}, "P12"),
    ("deadline_missed", "erase_by/roster/d01", {"clause": "P11"}, {}, "P11"),
    ("deadline_missed", "certificate/printer", {"clause": "C2"}, {}, "P12"),
    ("deadline_missed", "something_new/x", {"clause": "D3"}, {}, "D3"),
    ("deadline_missed", "delivery/d05", {"clause": "D1"}, {}, ""),
    ("checklist_recorded", "visit_1/2027-10-14/1", {"strap": "yes", "chain": "no"}, {}, "P10"),
    ("attestation_recorded", "contractor/2027-05", {"findings": "updates"}, {"findings": 1}, "P15"),
]


@pytest.mark.parametrize(("type", "key", "codes", "counts", "clause"), TOLD)
def test_what_the_log_itself_tells_was_missed_fails_its_clause_and_finds_nothing(
    year: Year, type: str, key: str, codes: dict[str, str], counts: dict[str, int], clause: str
) -> None:
    events = list(year.events)
    told = Year(year.config, events=events).add(type, key, codes=codes, counts=counts)
    said = verdict(events, [])
    assert {row.clause for row in said.rows if row.state == "fail"} == ({clause} if clause else set())
    assert [row.missed for row in said.rows if row.missed] == ([(told.key,)] if clause else [])
    assert said.holds
    assert said.kept is not bool(clause)
    last = list(as_lines(said, "x"))[-1]
    assert last.startswith("OK 証跡は有効・不履行の記録 1" if clause else "OK 適合")


def test_a_measure_that_a_subcontractor_does_not_keep_fails_its_own_clause_too(year: Year) -> None:
    events = list(year.events)
    told = Year(year.config, events=events).add(
        "attestation_recorded", "printer/2027-05", codes={"findings": "updates"}, counts={"findings": 1}
    )
    said = verdict(events, [])
    assert {row.clause: row.missed for row in said.rows if row.state == "fail"} == dict.fromkeys(
        ("P10", "P15"), (told.key,)
    )
    assert said.holds


def test_a_year_that_only_missed_its_inspections_does_not_pass_them(year: Year) -> None:
    events = [e for e in year.events if e.type not in ("inspection_recorded", "audit_recorded")]
    assert rows_of(events)["P6"].state == "not covered"
    Year(year.config, events=events).add("deadline_missed", "ward_inspection/contractor", codes={"clause": "P6"})
    assert rows_of(events)["P6"].state == "fail"


def test_the_answer_as_json_keeps_its_form(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(bundle), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    keys = ["schema", "ok", "kept", "campaign", "events", "simulation", "checkpoints", "clauses", "findings"]
    assert list(said) == keys
    assert said["ok"] is said["kept"] is True
    assert said["schema"] == 2
    assert [row["clause"] for row in said["clauses"]] == ["evidence", *TITLES]
    assert list(said["clauses"][0]) == ["clause", "title", "state", "events", "codes", "why", "missed"]


#: One row of each state, one finding, one miss that the log itself tells.
SAID = Verdict(
    campaign="sumida_2027",
    events=12,
    simulation=True,
    rows=(
        Row("evidence", "一式・署名・台帳の連鎖", "pass", 12),
        Row("P6", "実地検査", "fail", 2, ("DEADLINE-AUDIT",), missed=("audit/printer",)),
        Row("P3", "ｶﾅ x", "not covered", 0, why="no rule had any event to look at"),
    ),
    findings=(Finding("DEADLINE-AUDIT", "audit/visitors", "not done"),),
    checkpoints=0,
)
TABLE = [
    "",
    "evidence 一式・署名・台帳の連鎖              pass 適合           12 events",
    "P6       実地検査                            fail 不適合         DEADLINE-AUDIT audit/printer",
    "P3       ｶﾅ x                                not covered 対象外  no rule had any event to look at",
    "",
]
ALONE = [
    "SIMULATION シミュレーションの記録です。実在の年度の証明ではありません。",
    "区が保管するチェックポイントと照合していません（--checkpoint FILE、紙なら --paper '件数 根'）。",
    "切落しや書換えは分かりません。",
]


def test_the_answer_as_text_is_findings_table_and_one_line(year: Year) -> None:
    finding = SAID.findings[0].line
    assert list(as_lines(SAID, "x.zip")) == [finding, *TABLE, *ALONE, "NG 不適合 x.zip: 1 finding(s)"]
    told = replace(SAID, findings=(), simulation=False, checkpoints=1)
    missed = "OK 証跡は有効・不履行の記録 1 x.zip: 12 events, nothing found; see the rows that fail"
    assert list(as_lines(told, "x.zip")) == [*TABLE, missed]
    kept = replace(told, rows=SAID.rows[::2])
    assert list(as_lines(kept, "x.zip"))[-1] == "OK 適合 x.zip: 12 events, nothing found"
    unread = replace(SAID, events=0, rows=(), checkpoints=2, simulation=False)
    assert list(as_lines(unread, "x.zip")) == [finding, "NG 不適合 x.zip: 1 finding(s)"]
    assert list(as_lines(verdict([], SAID.findings), "x.zip"))[1:3] == ALONE[1:]
    assert not verdict(year.events[1:], []).simulation
    assert verdict(year.events[:1], []).campaign == year.config.id
    assert verdict(year.events, []).simulation


def test_the_answer_as_json_says_all_of_it() -> None:
    said = as_json(SAID)
    assert said["clauses"][1] == {
        "clause": "P6",
        "title": "実地検査",
        "state": "fail",
        "events": 2,
        "codes": ["DEADLINE-AUDIT"],
        "why": "",
        "missed": ["audit/printer"],
    }
    assert said["findings"] == [{"code": "DEADLINE-AUDIT", "place": "audit/visitors", "text": "not done"}]
    assert [said[name] for name in ("schema", "ok", "kept", "events", "checkpoints")] == [2, False, False, 12, 0]
    assert (said["campaign"], said["simulation"]) == ("sumida_2027", True)


def test_a_code_is_told_once_in_its_row_however_often_it_is_found(year: Year) -> None:
    twice = [Finding(code, place, "") for place in "ab" for code in ("DEADLINE-AUDIT", "DEADLINE-INSPECTION")]
    said = verdict(year.events, twice)
    assert next(row.codes for row in said.rows if row.clause == "P6") == ("DEADLINE-AUDIT", "DEADLINE-INSPECTION")
    assert (said.findings, said.events, said.campaign) == (tuple(twice), len(year.events), year.config.id)


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


def test_a_paper_counts_as_a_kept_checkpoint(year: Year, bundle: Path) -> None:
    read = read_checkpoint(year.checkpoint(9), year.public)
    said: list[str] = []
    assert verify_command(bundle, papers=[f"9 {read.short_root}"], say=said.append) == 0
    assert not any("--checkpoint" in line for line in said)
    assert main([str(bundle), "--paper", f"8 {read.short_root}"]) == 1


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


@pytest.mark.parametrize("good", [True, False], ids=["a lawful bundle and a paper", "a flipped byte"])
def test_the_file_runs_alone_with_cryptography_only(year: Year, bundle: Path, tmp_path: Path, good: bool) -> None:
    taken = tmp_path / "kansho-verify.pyz"
    taken.write_bytes(single_file())
    if not good:
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.write_bytes(bytes(data))
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            _ALONE,
            str(taken),
            str(bundle),
            "--paper",
            year.checkpoint(7).partition("\n\n")[0],
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.returncode == (0 if good else 1), done.stderr
    assert ("OK 適合" if good else "NG 不適合") in done.stdout
