"""The inventory on any day: every holding of every party, and what lies there that nobody knows of."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.closing import discovery, stage
from kansho.closing.airflow_rows import count_rows
from kansho.closing.discovery import discover
from kansho.closing.holdings_report import as_text, report
from kansho.vault.classes import PERSONAL_KEYS
from tests.conftest import MINI
from tests.refusals import refused
from tests.unit.closing_year import ClosingYear, paper


@pytest.fixture
def year(begun_year: ClosingYear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    monkeypatch.setattr(discovery, "GX_HOME", tmp_path / "var" / "gx")
    return begun_year


def test_any_day_of_the_year_says_what_is_held_and_until_when(year: ClosingYear) -> None:
    said = report(year.ws)
    assert said["vault"]["roster"] == {"count": 1, "rows": 2, "erase_by": "2028-01-29", "holder": "contractor"}
    assert said["vault"]["raw_target_list"]["erase_by"] == "2027-07-19"
    assert said["keys"] == list(PERSONAL_KEYS)
    counts = {"vault": 13, "keys": 8, "media": 1, "packages": 0, "manual": 4, "traces": 2}
    assert said["counts"] == {"holdings": 28, **counts}
    assert {t["target"] for t in said["by_hand"]} >= {"medium/CD-0001", "hand/backup_disk"}
    assert said["certificates_missing"] == ["call_centre", "printer", "visitors"]
    assert said["differences"] == {}
    text = as_text(year.ws, said)
    for word in ("勧奨対象の管理", "2027-07-19 までに消去", "見本印刷株式会社", "相違: なし"):
        assert word in text


def test_rows_of_airflow_are_counted_and_left_alone(year: ClosingYear) -> None:
    path = year.ws.layout.airflow / "airflow.db"
    path.parent.mkdir(parents=True)
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE xcom (dag_id TEXT, value TEXT)")
    mine = f"{year.ws.config.id}__call_wave"
    named = [mine, f"{year.ws.config.id}x__call_wave", "other_2027__call_wave", mine.replace("_", "x"), mine]
    base.executemany("INSERT INTO xcom VALUES (?, '')", [(name,) for name in named])
    base.commit()
    base.close()
    before = path.read_bytes()
    assert report(year.ws)["airflow_rows"] == {"xcom": 2}
    assert path.read_bytes() == before
    elsewhere = path.rename(path.with_name("elsewhere.db"))
    assert count_rows(year.ws.config.id, path.parent, f"sqlite:///{elsewhere}") == {"xcom": 2}
    assert count_rows(year.ws.config.id, path.parent) == {}
    path.write_bytes(b"no database")
    with refused("TRACES-COUNT", place="DatabaseError"):
        report(year.ws)
    base = sqlite3.connect(elsewhere)
    base.execute("ALTER TABLE xcom RENAME COLUMN dag_id TO other")
    base.close()
    with refused("TRACES-COUNT") as caught:
        count_rows(year.ws.config.id, path.parent, f"sqlite:///{elsewhere}")
    assert "parameters hidden" in str(caught.value.__context__)


def test_a_database_elsewhere_is_named_in_a_file(
    year: ClosingYear, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = tmp_path / "database.url"
    url.write_text(f"sqlite:///{tmp_path / 'absent' / 'x.db'}\n")
    assert run(year, "inventory", "--date", "2027-06-01", "--database-file", str(url)) == 1
    assert "TRACES-COUNT" in capsys.readouterr().err
    assert run(year, "inventory", "--date", "2027-06-01", "--database-file", str(tmp_path / "none")) == 1
    assert "TRACES-DATABASE-FILE" in capsys.readouterr().err


PLANTED: dict[str, tuple[str, str]] = {
    "a copy among the outputs": ("kansho/outputs/documents/copy.csv", "unknown"),
    "a file beside ours": ("kansho/dump.sql", "unknown"),
    "a file in airflow's home": ("airflow/export.csv", "unknown"),
    "a backup of the database": ("airflow/airflow.db.bak", "unknown"),
    "an object in the vault": ("kansho/vault/{campaign}/roster/copy", "unregistered"),
    "an object among the needles": ("kansho/needles/{campaign}/residue_needles/copy", "unregistered"),
    "a copy of a key": ("kansho/keys/{campaign}/vault.bak", "unknown"),
    "a copy of a key in another ward's folder": ("kansho/keys/other_2027/vault.bak", "unknown"),
    "a copy of a key that looks like a write": ("kansho/keys/{campaign}/.tmp-vault.bak", "unknown"),
    "a file in the ledger": ("kansho/ledger/{campaign}/events/0000000001.csv", "unknown"),
    "a file beside the ledger": ("kansho/ledger/{campaign}/export/0000000001.json", "unknown"),
    "a file in airflow's run folder": ("airflow/run/roster.csv", "unknown"),
    "a file among airflow's secrets": ("airflow/secrets/vault", "unknown"),
    "a file in airflow's cache": ("airflow/cache/matplotlib/roster.csv", "unknown"),
    "a page of Great Expectations": ("gx/uncommitted/data_docs/local_site/index.html", "unknown"),
}


def test_what_nobody_knows_of_is_found_and_stops_the_closing(year: ClosingYear) -> None:
    year, _ = year.until_plan()
    for case, (place, kind) in PLANTED.items():
        path = year.ws.layout.var / place.format(campaign=year.ws.config.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        assert list(report(year.ws)["differences"]) == [kind], case
        with refused(f"CLOSING-{kind.upper()}", path.name):
            stage.take_inventory(year.ws, {})
        path.unlink()


def test_a_folder_that_is_a_link_elsewhere_is_found(year: ClosingYear, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (year.ws.layout.kansho / "backup").symlink_to(tmp_path / "elsewhere")
    found = discover(year.ws)
    assert (found.unknown, found.files["unknown"]) == (("kansho/backup",), 1)


def test_a_folder_that_cannot_be_listed_stops_it(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    (year.ws.layout.kansho / "shut").mkdir()
    real = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        with refused("DISK-READONLY", place="discovery"):
            discover(year.ws)


KNOWN: dict[str, tuple[str, str]] = {
    "a key": ("kansho/keys/{campaign}/hmac", "keys"),
    "the turn of a ledger's writers": ("kansho/ledger/{campaign}/.tmp-turn", "unfinished"),
    "a countersigned checkpoint": ("kansho/ledger/{campaign}/countersigned/0000000003.txt", "ledger"),
    "airflow's fonts": ("airflow/cache/matplotlib/fontlist-v390.json", "airflow"),
    "airflow's fonts of a later release": ("airflow/cache/matplotlib/fontlist-v3.11.0.json", "airflow"),
    "airflow's passwords": ("airflow/secrets/passwords.json", "airflow"),
    "settings of Great Expectations": ("gx/uncommitted/config_variables.yml", "great-expectations"),
    "airflow's metadata with its journals": ("airflow/airflow.db-wal", "airflow"),
    "a task's log": ("airflow/logs/dag_id=x/a.log", "airflow-logs"),
    "an upload that was killed": ("kansho/vault/{campaign}/roster/.tmp-1-0123abcd", "unfinished"),
    "another ward's vault": ("kansho/vault/other_2027/roster/d01", "other-campaigns"),
    "another ward's upload that was killed": ("kansho/vault/other_2027/roster/.tmp-1-0123abcd", "other-campaigns"),
    "the evidence": ("kansho/outputs/evidence-{campaign}.zip", "evidence"),
    "what the scan looks for": ("kansho/needles/{campaign}/residue_needles/year", "needles"),
    "the note of a replay": ("kansho/replay.json", "run"),
}


def test_what_has_its_place_is_counted(year: ClosingYear) -> None:
    for case, (place, kind) in KNOWN.items():
        path = year.ws.layout.var / place.format(campaign=year.ws.config.id)
        path.unlink(missing_ok=True)
        before = discover(year.ws).files.get(kind, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        found = discover(year.ws)
        assert found.unknown == (), case
        assert found.files[kind] == before + 1, case


def test_versions_and_writes_that_were_killed_are_shown_and_their_removal_is_told(year: ClosingYear) -> None:
    half = year.ws.layout.kansho / "vault" / year.ws.config.id / "roster" / ".tmp-77-0123abcd"
    half.write_bytes(b"x")
    said = report(year.ws)
    assert said["versions"] == {"vault": said["counts"]["vault"], "needles": 0}
    assert said["unfinished"] == {"vault": 1, "needles": 0}
    assert "書きかけ: vault 1 needles 0" in as_text(year.ws, said)
    year, _ = year.until_plan()
    assert not half.exists()
    half.write_bytes(b"y")
    year.ws.vault.put_bytes("one_time_secret", "d09", b"Er4-pass-1123")  # killed before the ledger knew of it
    taken = stage.take_inventory(year.ws, {})
    assert taken is not None
    assert taken["counts"]["swept"] == 1
    assert year.ws.ledger.find("snapshot_stored", "one_time_secret/d09") is not None
    swept, _ = year.ws.ledger.events("unfinished_swept")
    assert (swept.key, swept.counts["writes"]) == ("vault/1", 1)


def test_documents_of_another_ward_are_known_by_its_own_ledger(
    year: ClosingYear, tmp_path: Path, sample: CampaignConfig
) -> None:
    other = replace(type(year.ws).open(sample, year.ws.layout.var, sample.opening_on))
    other.record("campaign_opened", sample.id, codes={"simulation": "true"})
    other.issue_document("documents/other.pdf", b"%PDF", title="t", kind="plan")
    assert discover(year.ws).unknown == ()


def run(year: ClosingYear, *words: str) -> int:
    return main(["close", *words, "--config", str(MINI), "--var", str(year.ws.layout.var)])


def test_the_command_prints_it_and_fails_on_a_difference(year: ClosingYear, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(year, "inventory", "--date", "2027-06-01", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["vault"] == report(year.ws)["counts"]["vault"]
    (year.ws.layout.kansho / "dump.sql").write_bytes(b"x")
    assert run(year, "inventory", "--date", "2027-06-01") == 1
    assert "相違: どの区分にも当たらないファイル（1件）: kansho/dump.sql" in capsys.readouterr().out


Words = Callable[[str], list[str]]


def deed(**changed: str) -> list[str]:
    said = {"target": "hand/backup_disk", "method": "physical_destruction", "on": "2027-06-01", "place": "vault_site"}
    said |= {"by": "h04", "witness": "h01", "user": "teshigawara", "date": "2027-06-01", **changed}
    return [word for name, value in said.items() for word in (f"--{name}", value)]


def test_a_deed_is_entered_by_command(year: ClosingYear, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed = tmp_path / "paper.pdf"
    signed.write_bytes(paper("signed"))
    assert run(year, "manual", *deed(), "--document", str(signed)) == 0
    assert "hand/backup_disk: physical_destruction" in capsys.readouterr().out
    (closed,) = year.ws.ledger.events("manual_target_closed")
    assert closed.actor["user"] == "teshigawara"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"user": "takanashi"}, "CLI-USER"),
        ({"user": "tsukumo"}, "CLI-USER"),
        ({"user": "system"}, "CLI-USER"),
        ({"document": "none.pdf"}, "PAPER-FORM"),
        ({"method": "deleted"}, "PAPER-FORM"),
        ({"target": "../x"}, "PAPER-FORM"),
        ({"witness": "h04"}, "CLOSING-MANUAL"),
    ],
)
def test_the_command_refuses_what_does_not_fit(
    changed: dict[str, str], code: str, year: ClosingYear, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = tmp_path / "paper.pdf"
    signed.write_bytes(paper("signed"))
    assert run(year, "manual", *deed(**{"document": str(signed), **changed})) == 1
    assert code in capsys.readouterr().err
    assert year.ws.ledger.events("manual_target_closed") == []


@pytest.mark.parametrize("words", [[], ["--document-sha256", "z" * 64, "--document-holder", "contractor"]])
def test_a_digest_of_what_nobody_saw_is_no_paper(words: list[str], year: ClosingYear) -> None:
    with pytest.raises(SystemExit):
        run(year, "manual", *deed(), *words)
    assert year.ws.ledger.events("manual_target_closed") == []


def test_people_are_named_all_three_or_not_at_all(year: ClosingYear, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(year, "finalise", "--operator", "tsukumo") == 1
    assert "CERTIFY-UNATTENDED" in capsys.readouterr().err
