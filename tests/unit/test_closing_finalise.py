"""``kansho close finalise``: purged, scanned, certified, bundled; resumable; refuses what is not in order."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pypdfium2
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.closing import certificate, discovery, finalise, purging, traces
from kansho.closing.attended import Attended, record_attended, simulated, tool_version
from kansho.closing.metadata import metadata_of
from kansho.closing.needles import needles_of
from kansho.closing.pdf_signature import pdf_signature_holds
from kansho.closing.residue import ScanResult, scan
from kansho.closing.summary import build_summary, write_summary
from kansho.evidence import erasure_log, scan_log
from kansho.evidence.bundle import sha256
from kansho.evidence.carried import FOLDER
from kansho.evidence.findings import Finding
from kansho.evidence.strict import read_zip
from kansho.evidence.verify import verify_bundle
from kansho.opening.register import register_handler
from kansho.vault.classes import PERSONAL_KEYS
from kansho.workspace import Workspace
from tests.conftest import MINI, without_keys
from tests.refusals import refused
from tests.unit.closing_year import PEOPLE, ClosingYear, closing_year, paper
from tests.unit.stamps import read_stamp

LEFT = "御厨子　実千代".encode("cp932")


@pytest.fixture
def year(erased_year: ClosingYear) -> ClosingYear:
    """Erased, with Airflow's traces still there."""
    return with_traces(erased_year)


def with_traces(made: ClosingYear) -> ClosingYear:
    mini = made.ws.config
    folder = made.ws.layout.airflow / "logs" / f"dag_id={mini.id}__call_wave" / "run_id=r" / "task_id=t"
    log = folder / "attempt=1.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(LEFT)
    base = sqlite3.connect(made.ws.layout.airflow / "airflow.db")
    base.execute("CREATE TABLE alembic_version (version_num TEXT)")
    base.execute("CREATE TABLE dag_run (id INTEGER, dag_id TEXT)")
    base.executemany("INSERT INTO dag_run VALUES (?, ?)", [(1, f"{mini.id}__call_wave"), (2, "other_2027__call_wave")])
    base.execute("CREATE TABLE import_error (id INTEGER, stacktrace TEXT)")
    base.execute("INSERT INTO import_error VALUES (1, ?)", (LEFT.decode("cp932"),))
    base.commit()
    base.close()
    return made


def run(year: ClosingYear, **more: Any) -> dict[str, Any]:
    return finalise.finalise(year.ws.config, year.ws.layout.var, **more)


def test_a_year_ends_with_evidence_that_verifies(year: ClosingYear) -> None:
    said: list[str] = []
    result = run(year, say=said.append)
    outputs = year.ws.layout.outputs
    assert verify_bundle(outputs / f"evidence-{year.ws.config.id}.zip", outputs / "checkpoint.txt") == []
    assert result["erasure"] == {"holdings": 32, "returned": 1, "erased": 16, "residue_hits": 0}
    kept = year.ws.layout.received("ward") / "checkpoint.txt"
    assert kept.read_bytes() == (outputs / "checkpoint.txt").read_bytes()
    assert len(said) == 3
    assert result["events"] == len(year.ws.ledger.events())
    value = json.loads((outputs / "certificate.json").read_bytes())
    assert value["erasure"]["keys"] == list(PERSONAL_KEYS)
    assert value["erasure"]["erased_earlier"] == 1
    assert [a["user"] for a in value["erasure"]["approvals"]] == ["yamanashi", "watanuki"]
    assert value["simulation"] == "true"


def test_papers_say_what_was_done_and_the_commands_end_the_year_and_verify_it(
    mini: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    year = with_traces(closing_year(mini, tmp_path / "var").until_erased())
    ward = tmp_path / "ward.yaml"
    ward.write_text(without_keys(MINI.read_text(encoding="utf-8"), "mappings", "gaiji"), encoding="utf-8")
    assert main(["close", "finalise", "--config", str(ward), "--var", str(year.ws.layout.var)]) == 0
    assert json.loads(capsys.readouterr().out)["erasure"]["residue_hits"] == 0
    bundle, kept = year.ws.layout.outputs / f"evidence-{mini.id}.zip", year.ws.layout.outputs / "checkpoint.txt"
    assert main(["verify", str(bundle), "--checkpoint", str(kept)]) == 0
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.zip").write_bytes(data)
    assert main(["verify", str(tmp_path / "flipped.zip")]) == 1
    assert main(["verify", str(tmp_path / "absent.zip")]) == 1
    with pytest.raises(SystemExit) as wrong:
        main(["verify"])
    assert wrong.value.code == 2
    outputs = year.ws.layout.outputs
    for printed in (outputs / "documents" / "media-return.pdf", outputs / certificate.PDF):
        stamp = read_stamp(printed.read_bytes())
        assert verify_bundle(bundle, papers=[stamp.line, stamp.code]) == []
        other = f"{stamp.size - 1} {stamp.short_root}"
        assert [f.code for f in verify_bundle(bundle, papers=[other])] == ["LOG-FORKED"]
    assert stamp.size == json.loads((outputs / "certificate.json").read_bytes())["log_size"]
    document = pypdfium2.PdfDocument(year.ws.layout.outputs / certificate.PDF)
    text = "".join("".join(page.get_textpage().get_text_range() for page in document).split())  # cells wrap
    for word in (
        *("消去証明書", "暗号化消去", "見本印刷株式会社", "検出0件", "模擬"),  # what, how, who, result
        *("NISTSP800-88r2", "Purge", "AES-256-GCM", "MD2000-000123", "2TB", "再利用", "スワップ"),
        *("九十九環", "四月一日響", "小鳥遊栞", "保管庫設置室", "実施者", "立会者"),
    ):
        assert word in text, word
    assert pdf_signature_holds((year.ws.layout.outputs / certificate.PDF).read_bytes(), year.ws.keyring.public_key())
    assert json.loads((year.ws.layout.outputs / "certificate.json").read_bytes())["log_root"][:32] in text


def test_the_log_beside_the_certificate_has_a_row_per_target(year: ClosingYear) -> None:
    run(year)
    data = (year.ws.layout.outputs / erasure_log.NAME).read_bytes()
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    ledger = year.ws.ledger
    gone = [e.key for t in ("snapshot_erased", "manual_target_closed", "keys_destroyed") for e in ledger.events(t)]
    traces_of = [f"{name}/attempt-1" for name in ("airflow-metadata", "airflow-logs", "data-docs")]
    assert sorted(r["対象"] for r in rows) == sorted([*gone, *traces_of])
    told = {r["対象"]: (r["発見"], r["行数・点数"], r["確認"]) for r in rows}
    assert [told[name] for name in traces_of] == [
        ("2", "2", "counted again: 0"), ("1", "1", "counted again: 0"), ("0", "0", "counted again: 0")
    ]  # fmt: skip
    assert all(r["発見"] and r["方法"] and r["消去・登録の日時 (UTC)"] and r["確認"] for r in rows)
    titles = {name: ledger.find("document_issued", name) for name in (erasure_log.NAME, scan_log.NAME)}
    assert [e.names["title"] for e in titles.values() if e] == ["消去の記録", "残存検査の記録"]
    value = json.loads((year.ws.layout.outputs / "certificate.json").read_bytes())
    beside = (year.ws.layout.outputs / scan_log.NAME).read_bytes()
    assert value["attachments"] == {erasure_log.NAME: sha256(data), scan_log.NAME: sha256(beside)}


def test_every_scan_says_place_by_place_what_was_searched_found_and_not_reached(year: ClosingYear) -> None:
    left = year.ws.layout.outputs / "leaky.zip"
    left.write_bytes(b"PK\x03\x04" + LEFT)
    with refused("CLOSING-RESIDUE"):
        run(year)
    left.unlink()
    run(year)
    value = json.loads((year.ws.layout.outputs / "certificate.json").read_bytes())
    places = value["scan"]["places"]
    assert {"kansho/outputs", "kansho/ledger", "kansho/keys", "kansho/needles", "airflow"} <= set(places)
    assert value["scan"]["files"] == sum(p["files"] for p in places.values())
    assert value["scan"]["bytes"] == sum(p["bytes"] for p in places.values())
    data = (year.ws.layout.outputs / scan_log.NAME).read_bytes()
    rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if row[2] == "kansho/outputs"]
    assert [(row[0], *row[5:7]) for row in rows] == [("scan-1", "1", "1"), ("scan-2", "0", "0")]
    assert "leaky" not in data.decode()


def test_nothing_of_a_resident_is_left_anywhere(year: ClosingYear) -> None:
    run(year)
    ws = year.ws
    result = scan([ws.layout.kansho, ws.layout.airflow], sorted(needles_of(PEOPLE)))
    assert result.clean
    assert result.files > 5
    assert sorted(p.name for p in (ws.layout.kansho / "keys" / ws.config.id).iterdir()) == ["signing"]
    assert not (ws.layout.kansho / "vault" / ws.config.id).exists()
    assert not (ws.layout.kansho / "needles" / ws.config.id).exists()


def test_residue_stops_the_certificate_and_names_the_file_only(year: ClosingYear) -> None:
    left = year.ws.layout.outputs / "leaky.csv"
    left.write_bytes(b"a,b\n" + LEFT)
    with refused("CLOSING-RESIDUE", r"kansho/outputs/leaky.csv\(1\)") as caught:
        run(year)
    assert "御厨子" not in caught.value.text
    assert year.ws.ledger.events("residue_scanned")[0].counts["hits"] == 1
    assert year.ws.ledger.events("campaign_certified") == []
    left.unlink()
    run(year)
    assert [e.counts["hits"] for e in year.ws.ledger.events("residue_scanned")] == [1, 0]


def test_secrets_we_no_longer_hold_can_be_searched_too(year: ClosingYear) -> None:
    (year.ws.layout.outputs / "note.txt").write_text("Zx9-pass-7731")
    with refused("CLOSING-RESIDUE", r"note.txt\(1\)"):
        run(year, also=["Zx9-pass-7731"])


def test_an_unreadable_file_is_no_pass(year: ClosingYear) -> None:
    (year.ws.layout.outputs / "broken.db").write_bytes(b"SQLite format 3\0 nothing")
    with refused("CLOSING-UNREADABLE"):
        run(year)


def test_finalising_again_gives_the_same_evidence(year: ClosingYear) -> None:
    first = run(year)
    data = Path(first["bundle"]).read_bytes()
    assert run(year) == first
    assert Path(first["bundle"]).read_bytes() == data


STEPS: list[tuple[object, str]] = [
    (traces, "purge"),
    (finalise, "scan"),
    (finalise, "destroy_key"),
    (certificate, "certificate_of"),
    (certificate, "make_bundle"),
    (finalise, "verify_bundle"),
    (Workspace, "issue_document"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("place", "name"), STEPS, ids=[name for _, name in STEPS])
def test_killed_anywhere_it_goes_on_to_the_same_end(
    year: ClosingYear, place: object, name: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original: Callable[..., Any] = getattr(place, name)

    def dying(*args: Any, **parts: Any) -> None:
        if when == "after":
            original(*args, **parts)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(place, name, dying)
        with pytest.raises(KeyboardInterrupt):
            run(year)
    assert verify_bundle(Path(run(year)["bundle"])) == []


def test_it_carries_on_an_erasure_killed_before_its_keys_and_sweeps_what_was_half_written(year: ClosingYear) -> None:
    year.ws.keyring.create()  # keys of an erasure that was killed before it destroyed them
    half = year.ws.layout.kansho / "vault" / year.ws.config.id / "roster" / ".tmp-77-0123abcd"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"x")
    finalise.require_erased(year.ws)
    assert year.ws.keyring.names() == ["needles", "signing"]
    (swept,) = year.ws.ledger.events("unfinished_swept")
    assert (swept.key, swept.counts, swept.codes) == ("vault/1", {"writes": 1}, {"place": "vault"})
    assert not (year.ws.layout.kansho / "vault" / year.ws.config.id).exists()


def test_it_refuses_a_campaign_that_is_not_erased(mini: CampaignConfig, tmp_path: Path) -> None:
    made, _ = closing_year(mini, tmp_path / "var").until_plan()
    with refused("CLOSING-NOT-ERASED"):
        run(made, no_database=True)


def test_values_that_only_an_erased_delivery_held_are_looked_for(mini: CampaignConfig, tmp_path: Path) -> None:
    """Retention has erased the raw table long before the needles are gathered."""
    made = closing_year(mini, tmp_path / "var")
    ws = made.ws
    row = {**PEOPLE.iloc[0].to_dict(), "address": "墨田区東向島七丁目６番５号", "phone": "03-1112-2233"}
    sealed = ws.store_bytes("sealed_delivery", "d00", b"PK")
    former = ws.store_table("raw_target_list", "d00", pd.DataFrame([row]), parents=[sealed])
    replace(ws, today=ws.today + timedelta(days=70)).erase(former, reason="retention")  # of ninety
    (kept,) = ws.snapshots("residue_needles")
    assert kept.key == "raw_target_list/d00"
    assert "東向島".encode() not in ws.needles.store.read(kept.name)
    year = with_traces(made.until_erased())
    assert [r.key for r in year.ws.snapshots("residue_needles")] == ["year"]
    for number, said in enumerate((row["address"].encode("cp932"), b" 0311122233 ")):
        (year.ws.layout.outputs / f"left-{number}.txt").write_bytes(said)
    with refused("CLOSING-RESIDUE", r"left-0.txt\(1\).*left-1.txt\(1\)"):
        run(year)
    for path in year.ws.layout.outputs.glob("left-*.txt"):
        path.unlink()
    run(year)


def test_a_database_elsewhere_is_searched_with_its_journals(year: ClosingYear, tmp_path: Path) -> None:
    elsewhere = tmp_path / "meta"
    elsewhere.mkdir()
    base = sqlite3.connect(elsewhere / "airflow.db")
    for table in ("dag_run", "alembic_version"):
        base.execute(f"CREATE TABLE {table} (dag_id TEXT)")
    base.execute("CREATE TABLE variable (val TEXT)")
    base.execute("INSERT INTO variable VALUES (?)", (LEFT.decode("cp932"),))
    base.commit()
    base.close()
    with refused("CLOSING-RESIDUE", r"meta/airflow.db\("):
        run(year, database=f"sqlite:///{elsewhere / 'airflow.db'}")


def test_a_database_elsewhere_is_told_as_a_place_of_its_own(year: ClosingYear, tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "meta.db")
    for name in ("alembic_version", "dag_run", "import_error"):
        base.execute(f"CREATE TABLE {name} (id INTEGER, dag_id TEXT)")
    base.execute("INSERT INTO import_error VALUES (1, NULL)")
    base.commit()
    base.close()
    (year.ws.layout.airflow / "airflow.db").unlink()
    run(year, database=f"sqlite:///{tmp_path / 'meta.db'}")
    purged, scanned = (year.ws.ledger.events(t)[-1] for t in ("traces_purged", "residue_scanned"))
    assert (purged.counts["rows.removed"], purged.codes) == (1, {"database": "sqlite", "place": "database"})
    assert scanned.refs["places"]["database"]["files"] == 1
    assert "meta.db" not in scanned.refs["places"]


def test_a_folder_in_which_nothing_lies_was_searched_too(erased_year: ClosingYear) -> None:
    run(erased_year, no_database=True)
    (scanned,) = erased_year.ws.ledger.events("residue_scanned")
    assert scanned.refs["places"]["airflow"] == {"files": 0, "bytes": 0, "hits": 0, "unread": 0}


def test_a_scan_that_left_something_out_stops_the_year_while_it_can_be_made_again(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(finalise, "scan", lambda *paths, **parts: ScanResult(0, 0, 0, 0, {}))
        with refused("CLOSING-SCAN", "STATE-SCAN-NEEDLES STATE-SCAN-PLACES"):
            run(year)
    assert year.ws.snapshots("residue_needles") != []
    assert year.ws.ledger.find("keys_destroyed", "needles") is None
    assert verify_bundle(Path(run(year)["bundle"])) == []
    assert len(year.ws.ledger.events("residue_scanned")) == 2


def test_it_refuses_while_airflow_runs(year: ClosingYear) -> None:
    run_folder = year.ws.layout.airflow / "run"
    run_folder.mkdir(parents=True)
    (run_folder / "scheduler.pid").write_text(f"{os.getpid()} - ")
    with refused("CLOSING-RUNNING"):
        run(year)


def test_evidence_that_would_not_verify_is_refused_before_anything_of_it_is_recorded_or_written(
    year: ClosingYear,
) -> None:
    year.ws.record("sheets_out", "visit_1/2027-10-13/1", counts={"sheets": 4, "rows": 4})
    documents = len(year.ws.ledger.events("document_issued"))
    checkpoints = year.ws.ledger.checkpoints()
    with refused("CLOSING-EVIDENCE", "COUNT-SHEETS"):
        run(year)
    outputs = year.ws.layout.outputs
    assert year.ws.ledger.events("campaign_certified") == []
    assert (len(year.ws.ledger.events("document_issued")), year.ws.ledger.checkpoints()) == (documents, checkpoints)
    assert not any((outputs / name).exists() for name in ("certificate.json", "checkpoint.txt", certificate.PDF))
    assert not list(outputs.glob("evidence-*"))
    assert not (year.ws.layout.received("ward") / "checkpoint.txt").exists()


def test_a_bundle_that_the_disk_spoiled_is_not_given_to_the_ward(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finalise, "verify_bundle", lambda *_: [Finding("ZIP-BROKEN", "evidence", "spoiled")])
    with refused("CLOSING-EVIDENCE", "ZIP-BROKEN"):
        run(year)
    assert not (year.ws.layout.received("ward") / "checkpoint.txt").exists()


def test_no_purge_is_certified_of_a_database_that_nobody_named(erased_year: ClosingYear, tmp_path: Path) -> None:
    """As every deployment on PostgreSQL whose operator forgets to name it."""
    strange = tmp_path / "strange.db"
    base = sqlite3.connect(strange)
    base.execute("CREATE TABLE notes (id INTEGER)")
    base.close()
    before = erased_year.ws.ledger.size
    for parts, code in (
        ({}, "TRACES-NO-DATABASE"),
        ({"database": f"sqlite:///{tmp_path / 'absent.db'}"}, "TRACES-NO-DATABASE"),
        ({"database": f"sqlite:///{strange}"}, "TRACES-NOT-AIRFLOW"),
    ):
        with refused(code):
            run(erased_year, **parts)
    assert erased_year.ws.ledger.size == before


def test_that_there_is_no_database_is_said_and_stands_in_log_and_certificate(erased_year: ClosingYear) -> None:
    result = run(erased_year, no_database=True)
    assert verify_bundle(Path(result["bundle"])) == []
    value = json.loads(Path(result["certificate"]).read_bytes())
    assert value["erasure"]["traces"]["database"] == "none"
    assert value["not_covered"][-1] == "airflow_metadata_said_not_to_exist"
    assert [e.codes["database"] for e in erased_year.ws.ledger.events("traces_purged")] == ["none"]
    rows = (erased_year.ws.layout.outputs / erasure_log.NAME).read_text(encoding="utf-8-sig").splitlines()
    (said,) = [line for line in rows if line.startswith("airflow-metadata/")]
    assert said.startswith("airflow-metadata/attempt-1,traces,,,not looked for,said to have no database,")
    assert said.endswith(",not covered")


def test_the_command_asks_for_a_database_or_for_the_word_that_there_is_none(
    erased_year: ClosingYear, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ward, named = tmp_path / "ward.yaml", tmp_path / "url"
    ward.write_text(without_keys(MINI.read_text(encoding="utf-8"), "mappings", "gaiji"), encoding="utf-8")
    named.write_text("")
    command = ["close", "finalise", "--config", str(ward), "--var", str(erased_year.ws.layout.var)]
    assert main(command) == 1
    assert "TRACES-NO-DATABASE" in capsys.readouterr().err
    assert main([*command, "--database-file", str(named)]) == 1  # an empty file names nothing, not the embedded one
    assert "TRACES-DATABASE " in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--database-file", str(named), "--no-database"])
    capsys.readouterr()
    assert main([*command, "--no-database"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "final"


def test_a_database_that_was_seen_cannot_be_said_not_to_be_there(year: ClosingYear) -> None:
    with refused("TRACES-DATABASE-THERE"):
        run(year, no_database=True)
    (year.ws.layout.outputs / "leaky.txt").write_bytes(LEFT)
    with refused("CLOSING-RESIDUE"):
        run(year)
    (year.ws.layout.airflow / "airflow.db").unlink()
    with refused("TRACES-DATABASE-THERE"):
        run(year, no_database=True)


def purges(year: ClosingYear) -> list[tuple[str, dict[str, int], dict[str, int]]]:
    """Each attempt: what was found, and what its end tells."""
    found = {e.key: dict(e.counts) for e in year.ws.ledger.events("traces_found")}
    return [(e.key, found[e.key], dict(e.counts)) for e in year.ws.ledger.events("traces_purged")]


def ended(rows: tuple[int, int], logs: tuple[int, int], pages: tuple[int, int] = (0, 0)) -> dict[str, int]:
    of = {"rows": rows, "logs": logs, "pages": pages}
    return {f"{name}.{what}": said[n] for name, said in of.items() for n, what in enumerate(("removed", "left"))}


def test_a_second_purge_after_a_scan_that_found_something_is_recorded_too(year: ClosingYear) -> None:
    (year.ws.layout.outputs / "leaky.csv").write_bytes(LEFT)
    with refused("CLOSING-RESIDUE"):
        run(year)
    base = sqlite3.connect(year.ws.layout.airflow / "airflow.db")  # somebody started Airflow to look, and stopped it
    base.execute("INSERT INTO import_error VALUES (2, 'x')")
    base.commit()
    base.close()
    (year.ws.layout.outputs / "leaky.csv").unlink()
    result = run(year)
    assert purges(year) == [
        ("attempt-1", {"rows": 2, "logs": 1, "pages": 0}, ended((2, 0), (1, 0))),
        ("attempt-2", {"rows": 1, "logs": 0, "pages": 0}, ended((1, 0), (0, 0))),
    ]
    said = json.loads(Path(result["certificate"]).read_bytes())["erasure"]["traces"]
    assert said["removed"] == {"rows": 3, "logs": 1, "pages": 0}
    assert verify_bundle(Path(result["bundle"])) == []


def test_a_run_that_was_killed_between_the_purge_and_its_record_has_not_lost_what_was_there(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Workspace.record

    def dying(ws: Workspace, type: str, key: str, **parts: Any) -> Any:
        if type == "traces_purged":
            raise KeyboardInterrupt
        return real(ws, type, key, **parts)

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "record", dying)
        with pytest.raises(KeyboardInterrupt):
            run(year)
    result = run(year)
    assert purges(year) == [
        ("attempt-1", {"rows": 2, "logs": 1, "pages": 0}, ended((2, 0), (1, 0))),
        ("attempt-2", {"rows": 0, "logs": 0, "pages": 0}, ended((0, 0), (0, 0))),
    ]
    told = json.loads(Path(result["certificate"]).read_bytes())["erasure"]["traces"]
    assert (told["found"], told["removed"]) == ({"rows": 2, "logs": 1, "pages": 0},) * 2
    assert verify_bundle(Path(result["bundle"])) == []


def test_a_killed_attempt_on_another_database_tells_nothing_of_its_rows(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, key = {"rows": 40, "logs": 1, "pages": 0}, "attempt-1"
    year.ws.record("traces_found", key, counts=found, codes={"database": "postgresql"})
    run(year)
    assert purges(year)[0] == (key, found, ended((0, 40), (0, 1)))


def test_what_is_left_is_recorded_and_refused(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    gx = year.ws.layout.var / "gx"
    monkeypatch.setattr(discovery, "GX_HOME", gx)
    page = gx / "uncommitted" / "data_docs" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("a page of checks")
    with monkeypatch.context() as patched:
        patched.setattr(traces, "purge_logs", lambda *_: 0)
        with refused("TRACES-LEFT", r"airflow-logs\(1\) data-docs\(1\)"):
            purging.purge_traces(year.ws, year.ws.layout.airflow, metadata_of(year.ws.layout.airflow))
    page.unlink()
    run(year)
    assert purges(year) == [
        ("attempt-1", {"rows": 2, "logs": 1, "pages": 1}, ended((2, 0), (0, 1), (0, 1))),
        ("attempt-2", {"rows": 0, "logs": 1, "pages": 0}, ended((0, 0), (1, 0))),
    ]


def test_a_real_year_takes_the_day_of_the_clock(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "is_simulation", False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)  # a machine that does not tell
    people = Attended("tsukumo", "watanuki", "takanashi")
    run(year, attended=people, clock=lambda: datetime(2028, 1, 30, 16, 0, tzinfo=UTC))
    certified = year.ws.ledger.find("campaign_certified", "certificate")
    assert certified is not None
    assert certified.campaign_date == "2028-01-31"


def test_a_real_year_names_who_erased_checked_and_attended(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "is_simulation", False)
    for people, code in ((None, "CERTIFY-UNATTENDED"), (Attended("nobody", "watanuki", "none"), "CERTIFY-PEOPLE")):
        with refused(code):
            run(year, attended=people, clock=lambda: datetime(2028, 1, 30, 16, 0, tzinfo=UTC))
    assert year.ws.ledger.events("traces_purged") == []


def test_two_of_ours_and_one_of_the_ward_are_written_down_by_name_and_once(
    open_workspace: Callable[[date], Workspace],
) -> None:
    ws = open_workspace(date(2028, 1, 29))
    for user in ("watanuki", "tsukumo", "takanashi"):
        handler = ws.config.handler_of_user(user)
        assert handler is not None
        register_handler(ws, handler)
    for people, wrong in (
        (Attended("watanuki", "watanuki", "none"), "watanuki"),
        (Attended("tsukumo", "watanuki", "teshigawara"), "teshigawara"),  # the witness is of the ward
        (Attended("tsukumo", "takanashi", "none"), "takanashi"),  # and nobody else is
        (Attended("nobody", "watanuki", "none"), "nobody"),
        (Attended("tsukumo", "teshigawara", "none"), "teshigawara"),  # whom the ledger does not have
    ):
        with refused("CERTIFY-PEOPLE", place=wrong):
            record_attended(ws, people)
    people = Attended("tsukumo", "watanuki", "takanashi")
    assert simulated(ws.config) == people
    event = record_attended(ws, people)
    tool = {"place": "head_office", "tool": "kansho", "version": tool_version()}
    assert event.codes == {"operator": "tsukumo", "verifier": "watanuki", "witness": "takanashi", **tool}
    titled = {"operator": "九十九 環（データ担当）", "verifier": "四月一日 響（業務責任者）"}
    assert event.names == {**titled, "witness": "小鳥遊 栞（健診係 主任）"}
    assert record_attended(ws, Attended("watanuki", "tsukumo", "none")) == event


def test_the_bundle_carries_the_papers_that_return_and_erasure_rest_on(year: ClosingYear) -> None:
    result = run(year)
    files, outputs = read_zip(Path(result["bundle"]).read_bytes()), year.ws.layout.outputs
    papers = {name for name in files if name.startswith(FOLDER)}
    parties = {f"papers/certificate-{p.id}.{kind}" for p in year.ws.config.subcontractors for kind in ("pdf", "json")}
    ours = {"papers/erasure-certificate.pdf", "papers/erasure-log.csv", "papers/residue-scan.csv"}
    by_hand = {e.codes["document"] for e in year.ws.ledger.events("manual_target_closed")} - {"held:contractor"}
    slips = {document.replace("documents/", "papers/") for document in by_hand}
    assert papers == {"papers/media-return.pdf", *parties, *ours, *slips}
    assert all(files[name] == (outputs / name.replace("papers/", "documents/")).read_bytes() for name in papers)


@pytest.mark.parametrize("change", [None, paper("another")])
def test_a_paper_that_is_lost_or_changed_stops_the_certification_before_it_is_recorded(
    year: ClosingYear, change: bytes | None
) -> None:
    path = year.ws.layout.outputs / "documents" / "certificate-printer.pdf"
    was = path.read_bytes()
    path.unlink() if change is None else path.write_bytes(change)
    with refused("BUNDLE-PAPER" if change is None else "CERTIFY-PAPER", place="documents/certificate-printer.pdf"):
        run(year)
    assert year.ws.ledger.events("campaign_certified") == []
    path.write_bytes(was)
    assert run(year)["state"] == "final"


def test_a_lost_certificate_is_made_again_to_the_byte(year: ClosingYear) -> None:
    document = Path(run(year)["document"])
    signed = document.read_bytes()
    document.unlink()
    run(year)
    assert document.read_bytes() == signed


def test_the_summary_has_every_part(year: ClosingYear) -> None:
    run(year)
    ws = year.ws
    estimate = {"estimate_pp": "1.50", "low_pp": "-0.2", "high_pp": "3"}
    ws.record("effect_analysed", "2028-01-21/mailing_1/all", refs=estimate)
    summary = build_summary(
        ws.ledger.events(),
        campaign=ws.config.id,
        layout=ws.layout,
        people=3,
        stages=[{"stage": "call_wave", "dag_id": "x", "runs": 1, "state": "success", "seconds": 1.0}],
        true_effects={"mailing_1": "1.40"},
        seconds=1.234,
        peak_rss_mb=700,
    )
    path = ws.layout.outputs / "summary.json"
    write_summary(path, summary)
    assert list(json.loads(path.read_text(encoding="utf-8"))) == [
        "campaign", "people", "stages", "counts", "reconciliations", "effect", "incidents", "approvals", "documents",
        "evidence", "erasure", "seconds", "peak_rss_mb",
    ]  # fmt: skip
    assert summary["effect"] == [
        {
            "wave": "mailing_1", "comparison": "outreach-holdout",
            "estimate_pp": 1.5, "low_pp": -0.2, "high_pp": 3.0, "true_pp": 1.4,
        }
    ]  # fmt: skip
    assert summary["erasure"] == {"holdings": 32, "returned": 1, "erased": 16, "residue_hits": 0}
    assert all(r["ok"] for r in summary["reconciliations"])
    assert {a["decision"] for a in summary["approvals"]} == {"approve"}
    assert all(Path(d).is_file() for d in summary["documents"])
