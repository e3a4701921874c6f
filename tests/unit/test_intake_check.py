"""``kansho intake check``: the same verdicts as the intake, in words without a value, and not a byte written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.intake.check import TOLD_ROWS, Check, check_file, sealed_form
from kansho.intake.check_report import as_json, as_text
from kansho.intake.check_source import check_path, password_in
from kansho.intake.stage import find_deliveries, take_in
from kansho.quality.catalogue import rules_of
from kansho.quality.suites import EXTRA_RULES
from kansho.workspace import Workspace
from tests.conftest import MINI, REPOSITORY, without_keys
from tests.containers import PASSWORD, sevenzip_of, workbook_of, zip_of
from tests.deliveries import Delivery, analysis, csv_of, numbers, people, person, stops, whole
from tests.unit.reading import workbook

DAY = date(2027, 4, 20)
GOOD = csv_of("target_list", people())


def check(data: bytes, config: CampaignConfig, kind: FileKind = "target_list", **how: Any) -> Check:
    return check_file(data, kind, config, today=DAY, password=lambda: PASSWORD, **how)


def _workbook() -> bytes:
    return workbook([("お問い合わせ番号", "停止区分", "期限"), (numbers(1)[0], "1", None)])


# -- what is told ------------------------------------------------------------------------------


def test_a_good_file_passes_and_its_form_is_told(mini: CampaignConfig) -> None:
    found = check(GOOD, mini)
    assert (found.outcome, found.exit_code, found.sealed) == ("pass", 0, "")
    told = json.loads(as_json(found))["tables"][0]
    assert told["found"] == {
        "form": "csv",
        "encoding": "cp932",
        "mark": "no",
        "delimiter": "comma",
        "layout": "plain",
    }
    assert (told["counts"]["rows"], told["columns"], told["accepted"]) == (3, 13, 3)
    text = as_text(found)
    assert "対象者一覧（target_list）" in text
    assert "文字コード cp932" in text
    assert "行 3　列 13" in text
    assert "平文" in text  # whoever sends it like this is refused


def test_broken_rules_are_told_with_rows_as_a_spreadsheet_counts_them(mini: CampaignConfig) -> None:
    n = numbers(30)
    rows = [person(x) for x in n]
    for at in (2, 5, *range(8, 30)):
        rows[at]["sex"] = "8"
    found = check(csv_of("target_list", rows), mini)
    assert (found.outcome, found.exit_code) == ("hold", 2)
    told = next(r for r in json.loads(as_json(found))["tables"][0]["rules"] if r["rule"] == "sex.code")
    assert told["rows"] == 24
    assert told["row_numbers"] == [4, 7, *range(10, 28)]
    assert len(told["row_numbers"]) == TOLD_ROWS
    definition = rules_of("target_list", mini)["sex.code"]
    assert (told["severity"], told["message"], told["remedy"]) == (
        definition.severity,
        definition.message,
        definition.remedy,
    )
    text = as_text(found)
    assert "【隔離】sex.code　24行" in text
    assert "先頭の20行" in text
    assert definition.remedy in text


def test_a_few_quarantined_rows_below_the_threshold_are_two_and_a_warning_is_zero(mini: CampaignConfig) -> None:
    rows = people(400)
    rows[7]["sex"] = "8"
    assert (check(csv_of("target_list", rows), mini).outcome) == "quarantine"
    assert check(csv_of("target_list", rows), mini).exit_code == 2
    rows[7] = person(numbers(8)[7], birth_date="1978-04-01", age_at_year_end="49")
    warned = check(csv_of("target_list", rows), mini)
    assert (warned.outcome, warned.exit_code) == ("pass", 0)
    assert "birth.first_of_april" in {f.rule.id for f in warned.tables[0].found}


def test_a_table_of_which_nothing_is_left_is_one(mini: CampaignConfig) -> None:
    found = check(csv_of("target_list", [person(n, sex="8") for n in numbers(3)]), mini)
    assert (found.outcome, found.exit_code) == ("stop", 1)


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (csv_of("target_list", people(), extra="世帯主氏名"), "INTAKE-COLUMN-FORBIDDEN", "target_list:14列目"),
        (csv_of("target_list", people(), encoding="euc_jp"), "INTAKE-ENCODING", "target_list"),
        (csv_of("target_list", []), "INTAKE-EMPTY", "target_list"),
        (zip_of({"a.csv": GOOD}, aes=False), "INTAKE-CIPHER", "封緘ファイル内の1番目"),
        (zip_of({"a.csv": GOOD}, "another"), "INTAKE-PASSWORD", "封緘ファイル"),
        (zip_of({"a.csv": GOOD})[:-9], "INTAKE-ARCHIVE", "封緘ファイル"),
        (zip_of({"a.csv": GOOD, "b.csv": GOOD}), "INTAKE-NAMES", "封緘ファイル"),
        (zip_of({"../a.csv": GOOD}), "INTAKE-NAMES", "封緘ファイル内の1番目"),
    ],
)
def test_what_the_intake_refuses_is_refused_with_its_code(
    mini: CampaignConfig, data: bytes, code: str, place: str
) -> None:
    found = check(data, mini)
    assert (found.outcome, found.exit_code) == ("refused", 1)
    told = json.loads(as_json(found))
    refusal = told["refusal"] or told["tables"][0]["refusal"]
    assert (refusal["code"], refusal["place"]) == (code, place)
    assert code in as_text(found)
    assert refusal["remedy"] in as_text(found)


@pytest.mark.parametrize(
    ("data", "sealed", "form"),
    [
        (csv_of("stop_list", stops((numbers(1)[0], "1", ""))), "", "csv"),
        (_workbook(), "", "xlsx"),
        (zip_of({"一覧.csv": csv_of("stop_list", stops((numbers(1)[0], "1", "")))}), "zip", "csv"),
        (zip_of({"一覧.xlsx": _workbook()}), "zip", "xlsx"),
        (sevenzip_of({"一覧.csv": csv_of("stop_list", stops((numbers(1)[0], "1", "")))}), "7z", "csv"),
        (workbook_of(_workbook()), "xlsx", "xlsx"),
    ],
)
def test_a_file_is_opened_by_its_bytes_whatever_seals_it(
    mini: CampaignConfig, data: bytes, sealed: str, form: str
) -> None:
    assert sealed_form(data) == sealed
    found = check(data, mini, "stop_list")
    assert (found.outcome, found.sealed) == ("pass", sealed)
    assert found.tables[0].codes["form"] == form


# -- rules that need more than the file --------------------------------------------------------


def test_rules_that_need_another_table_are_named_and_not_passed(mini: CampaignConfig) -> None:
    strangers = csv_of("analysis_items", analysis(4))
    alone = check(strangers, mini, "analysis_items")
    assert alone.outcome == "pass"
    assert "number.known" in alone.tables[0].unchecked
    assert "number.known" in as_text(alone)
    listed = check(strangers, mini, "analysis_items", target_list=csv_of("target_list", people(3)))
    assert [f.rule.id for f in listed.tables[0].found] == ["number.known"]
    assert listed.tables[0].found[0].numbers == (5,)
    assert "number.known" not in listed.tables[0].unchecked
    sealed = check(strangers, mini, "analysis_items", target_list=zip_of({"a.csv": csv_of("target_list", people(3))}))
    assert sealed.tables == listed.tables


@pytest.mark.parametrize("kind", sorted(k for k in EXTRA_RULES if k in ("target_list", "stop_list", "analysis_items")))
def test_every_rule_is_either_asked_or_named(mini: CampaignConfig, kind: FileKind) -> None:
    """A rule that nobody wired is told as not checked; none is silently passed over."""
    rows = {"target_list": people(), "stop_list": stops((numbers(1)[0], "1", "")), "analysis_items": analysis()}[kind]
    unchecked = set(check(csv_of(kind, rows), mini, kind).tables[0].unchecked)
    assert {r.id for r in rules_of(kind, mini).values() if r.kind == "drift"} <= unchecked
    with_list = check(csv_of(kind, rows), mini, kind, target_list=GOOD).tables[0].unchecked
    assert set(with_list) <= unchecked


def test_a_stop_for_an_unknown_number_is_doubted_when_the_list_is_given(mini: CampaignConfig) -> None:
    listed = csv_of("stop_list", stops((numbers(9)[8], "1", "")))
    assert "STOP-UNKNOWN" in check(listed, mini, "stop_list").tables[0].unchecked
    found = check(listed, mini, "stop_list", target_list=GOOD)
    assert (found.outcome, [f.rule.id for f in found.tables[0].found]) == ("hold", ["STOP-UNKNOWN"])


def test_an_empty_stop_list_alone_is_refused_since_no_note_says_so(mini: CampaignConfig) -> None:
    found = check(csv_of("stop_list", []), mini, "stop_list")
    assert found.tables[0].refusal is not None
    assert found.tables[0].refusal.code == "STOP-EMPTY"


def test_a_day_ahead_is_measured_from_the_day_given(mini: CampaignConfig) -> None:
    rows = [{"inquiry_number": numbers(1)[0], "screening_kind": "90", "attendance_date": "2027-06-01"}]
    data = csv_of("attendance_update", rows)
    assert check(data, mini, "attendance_update", target_list=GOOD).outcome == "stop"
    later = check_file(data, "attendance_update", mini, today=date(2027, 6, 1), password=lambda: "", target_list=GOOD)
    assert later.outcome == "pass"


# -- a folder ----------------------------------------------------------------------------------


def _folder(open_workspace: Callable[[date], Workspace], delivery: Delivery) -> Path:
    ws = open_workspace(DAY)
    delivery.put(ws)
    return ws.layout.outgoing("ward") / delivery.id


def _in(path: Path, config: CampaignConfig, kind: FileKind | None = None, **how: Any) -> Check:
    return check_path(path, kind, config, today=DAY, password=lambda: PASSWORD, **how)


def test_a_delivery_is_checked_whole_by_its_note(
    open_workspace: Callable[[date], Workspace], mini: CampaignConfig
) -> None:
    found = _in(_folder(open_workspace, whole()), mini)
    assert (found.outcome, found.delivery, found.sealed) == ("pass", "d01", "zip")
    assert [t.kind for t in found.tables] == ["target_list", "analysis_items", "stop_list"]
    assert not {"number.known", "STOP-UNKNOWN"} & {r for t in found.tables for r in t.unchecked}  # the list is there


def test_every_file_of_a_delivery_is_told_not_only_the_first_bad_one(
    open_workspace: Callable[[date], Workspace], mini: CampaignConfig
) -> None:
    delivery = whole()
    delivery.add("analysis_items", analysis(), extra="腹囲").add("target_list", people(), without="phone")
    found = _in(_folder(open_workspace, delivery), mini)
    told = [t["refusal"]["code"] if t["refusal"] else "" for t in json.loads(as_json(found))["tables"]]
    assert told == ["INTAKE-COLUMN-MISSING", "INTAKE-COLUMN-FORBIDDEN", ""]
    assert found.exit_code == 1


def test_one_kind_of_a_delivery_may_be_asked_for(
    open_workspace: Callable[[date], Workspace], mini: CampaignConfig
) -> None:
    path = _folder(open_workspace, whole())
    assert [t.kind for t in _in(path, mini, "stop_list").tables] == ["stop_list"]
    with pytest.raises(KanshoError, match="CHECK-CONTRACT"):
        _in(path, mini, "attendance_update")


def _without_note(path: Path) -> None:
    (path / "cover_note.json").unlink()


def _note_too_large(path: Path) -> None:
    (path / "cover_note.json").write_bytes(b" " * 70_000)


def _second_seal(path: Path) -> None:
    (path / "sealed.7z").write_bytes(b"7z")


def _other_seal(path: Path) -> None:
    (path / "sealed.zip").write_bytes(zip_of({"a.csv": b""}))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_without_note, "INTAKE-COVER-MISSING"),
        (_note_too_large, "INTAKE-COVER-FORM"),
        (_second_seal, "INTAKE-NAMES"),
        (_other_seal, "INTAKE-SEALED-DIGEST"),
    ],
)
def test_a_folder_that_is_no_delivery_is_refused(
    open_workspace: Callable[[date], Workspace], mini: CampaignConfig, spoil: Callable[[Path], None], code: str
) -> None:
    path = _folder(open_workspace, whole())
    spoil(path)
    found = _in(path, mini)
    assert found.refusal is not None
    assert (found.refusal.code, found.exit_code) == (code, 1)


def test_the_dry_run_and_the_intake_agree(open_workspace: Callable[[date], Workspace], mini: CampaignConfig) -> None:
    """What the intake refuses, the dry run refuses with the same code and place, and the other way round."""
    ws = open_workspace(DAY)
    bad = whole("d01").add("stop_list", stops((numbers(1)[0], "1", "")), extra="事由")
    bad.nil = frozenset()
    good = whole("d02")
    for delivery in (bad, good):
        delivery.put(ws).unlock(ws)
    found = {d: _in(ws.layout.outgoing("ward") / d, mini) for d in ("d01", "d02")}
    work = find_deliveries(ws, {})
    assert work is not None
    take_in(ws, work)
    refused = ws.ledger.find("delivery_refused", "d01")
    assert refused is not None
    refusal = next(t.refusal for t in found["d01"].tables if t.refusal)
    assert (refusal.code, refusal.place) == (refused.codes["code"], refused.names["place"])
    assert found["d02"].outcome == "pass"
    assert ws.ledger.find("delivery_accepted", "d02") is not None


# -- the command -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_password_file_is_read_without_its_line_end(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(("つきみ 7" + end).encode(encoding))
    assert password_in(path) == "つきみ 7"


def test_a_password_is_no_argument() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["intake", "check", "x", "--contract", "stop_list", "--ward-config", str(MINI), "--password", "x"])
    assert caught.value.code == 2


def test_the_password_is_asked_once_and_only_for_what_is_sealed(mini: CampaignConfig, tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return PASSWORD

    plain, sealed = tmp_path / "a.csv", tmp_path / "a.zip"
    plain.write_bytes(GOOD)
    sealed.write_bytes(zip_of({"a.csv": GOOD}))
    check_path(plain, "target_list", mini, today=DAY, password=ask)
    assert asked == []
    assert check_path(sealed, "target_list", mini, today=DAY, password=ask, target_list=sealed).outcome == "pass"
    assert asked == [1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.csv", "--contract", "stop_list"], "CHECK-PATH"),
        ([str(MINI)], "CHECK-CONTRACT"),
        ([str(MINI), "--contract", "nothing"], "CONTRACT-UNKNOWN"),
        ([str(MINI), "--contract", "print_list"], "RULE-UNKNOWN"),
        ([str(REPOSITORY / "tests")], "CHECK-PATH"),
    ],
)
def test_what_cannot_be_checked_is_told_and_is_no_pass(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    assert main(["intake", "check", *arguments, "--ward-config", str(MINI)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(code)


_WATCHED = """
import os, sys
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime",
    "shutil.copyfile", "shutil.move", "tempfile.mkstemp", "tempfile.mkdtemp", "socket.connect", "subprocess.Popen",
    "os.system", "os.posix_spawn", "os.exec",
}
seen = []
def hook(event, args):
    if event in CHANGES:
        seen.append(event)
    elif event == "open" and args[2] is not None and args[2] & WRITES and args[0] != os.devnull:
        seen.append(f"open {args[0]}")
sys.addaudithook(hook)
try:
    open("/proc/self/nowhere/x", "w")
except OSError:
    assert seen, "the hook sees nothing"
    seen.clear()
from kansho.cli import main
codes = [main(sys.argv[1:])]
print("AND")
codes.append(main([*sys.argv[1:], "--json"]))
print("SEEN", seen, codes, file=sys.stderr)
"""


def test_nothing_is_written_and_no_value_is_told(tmp_path: Path) -> None:
    """The whole command, in a process of its own whose every write, folder and connection would be seen."""
    rows = [*people(), person(numbers(4)[3], sex="8", phone="03-0000-12345", postal_code="160-0001")]
    (tmp_path / "list.zip").write_bytes(zip_of({"一覧.csv": csv_of("target_list", rows)}))
    (tmp_path / "password").write_text(PASSWORD + "\n")
    ward = tmp_path / "ward.yaml"  # one that writes its files as the contracts have them
    ward.write_text(without_keys(MINI.read_text(encoding="utf-8"), "mappings", "gaiji"), encoding="utf-8")
    before = sorted(p.name for p in tmp_path.iterdir())
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(["include", "plugins"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        [
            *(sys.executable, "-c", _WATCHED, "intake", "check", str(tmp_path / "list.zip")),
            *("--contract", "target_list", "--ward-config", str(ward)),
            *("--password-file", str(tmp_path / "password"), "--date", "2027-04-20"),
        ],
        env=env,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "SEEN [] [2, 2]", done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    for_people, for_programs = done.stdout.split("AND\n")
    told = [for_people, for_programs, done.stderr]
    assert "sex.code" in for_people
    assert [r["rule"] for r in json.loads(for_programs)["tables"][0]["rules"]][:1] == ["sex.code"]
    values = {v for row in rows for v in row.values() if len(v) > 3} | {PASSWORD, "月見里", "吾妻橋"}
    assert [v for v in values if any(v in text for text in told)] == []
