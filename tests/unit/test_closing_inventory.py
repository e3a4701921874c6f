"""The inventory on any day: every holding of every party, and what lies there that nobody knows of."""

from __future__ import annotations

import base64
import errno
import hashlib
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
from kansho.closing import discovery, stage, traces
from kansho.closing.airflow_rows import count_rows
from kansho.closing.discovery import discover
from kansho.closing.holdings_report import as_text, report
from kansho.closing.inventory import require_nothing_unknown
from kansho.closing.key_copies import fingerprints
from kansho.closing.veiled import mark, veiled
from kansho.errors import KanshoError
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.deployed import Settings, write_settings
from kansho.vault.store import LocalStore
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import MINI, opened
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
    counts = {"vault": 15, "keys": 8, "media": 1, "packages": 3, "manual": 5, "traces": 0}
    assert said["counts"] == {"holdings": 32, **counts, "traces.rows": 0, "traces.logs": 0, "traces.pages": 0}
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
    with refused("TRACES-NOT-AIRFLOW"):
        report(year.ws)
    for table in ("dag_run", "alembic_version"):
        base.execute(f"CREATE TABLE {table} (dag_id TEXT)")
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
    with refused("TRACES-DATABASE", place="DatabaseError"):
        report(year.ws)
    with refused("TRACES-COUNT", place="DatabaseError"):
        count_rows(year.ws.config.id, path.parent)
    base = sqlite3.connect(elsewhere)
    base.execute("ALTER TABLE xcom RENAME COLUMN dag_id TO other")
    base.close()
    with refused("TRACES-COUNT") as caught:
        count_rows(year.ws.config.id, path.parent, f"sqlite:///{elsewhere}")
    assert year.ws.config.id not in str(caught.value.__context__)
    (path.parent / "logs").mkdir()
    with refused("TRACES-DATABASE", place="KeyError"):
        traces.purge(year.ws.config.id, path.parent, f"sqlite:///{elsewhere}")


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
    "a copy of a key in the folder of a campaign that is not there": ("kansho/keys/copy_2027/hmac", "unknown"),
    "a vault of nobody's": ("kansho/vault/usb/x/roster.csv.enc", "unknown"),
    "needles of nobody's": ("kansho/needles/usb/residue_needles/year", "unknown"),
    "a log of nobody's": ("kansho/ledger/copy_2027/events/0000000000.json", "unknown"),
    "an event that no log has": ("kansho/ledger/{campaign}/events/0000009999.json", "unknown"),
    "a checkpoint of a log to come": ("kansho/ledger/{campaign}/checkpoints/0000009999.txt", "unknown"),
    "copies of a log that lies here itself": ("kansho/log-copies/{campaign}/events/0000000000.json", "unknown"),
    "a turn with something in it": ("kansho/ledger/{campaign}/.tmp-turn", "unknown"),
    "a turn beside keys": ("kansho/keys/{campaign}/.tmp-turn", "unknown"),
    "a certificate of no campaign": ("kansho/outputs/certificate.json", "unknown"),
    "a signature over nothing": ("kansho/outputs/certificate.sig", "unknown"),
    "an interim certificate of no campaign": ("kansho/outputs/certificate-copy_2027-interim-9.json", "unknown"),
    "a note that nobody signed": ("kansho/outputs/checkpoint.txt", "unknown"),
    "a bundle that is none": ("kansho/outputs/evidence-{campaign}.zip", "unknown"),
    "a summary that is none": ("kansho/outputs/summary.json", "unknown"),
    "a slip that nobody signed": ("kansho/outputs/late-mail/{campaign}/0001.json", "unknown"),
    "a certificate that nobody signed": ("kansho/outputs/documents/erasure-certificate.pdf", "unknown"),
    "a log of what was not erased": ("kansho/outputs/documents/erasure-log.csv", "unknown"),
    "the note of a replay that is none": ("kansho/replay.json", "unknown"),
    "a word that is no owner's": ("kansho/keys/copy_2027.owner", "unknown"),
    "settings that are none": ("kansho/keys/copy_2027.keeper.json", "unknown"),
    "a log of a DAG that is not there": ("airflow/logs/dag_id=nobody__x/run_id=a/task_id=b/attempt=1.log", "unknown"),
    "a log of a stage that is not there": (
        "airflow/logs/dag_id={campaign}__x/run_id=a/task_id=b/attempt=1.log",
        "unknown",
    ),
    "a file among a task's logs": ("airflow/logs/dag_id={campaign}__call_wave/roster.csv", "unknown"),
    "a file among the components' logs": ("airflow/logs/components/hmac", "unknown"),
    "a page of Great Expectations": ("gx/uncommitted/data_docs/local_site/index.html", "unknown"),
}


def test_what_nobody_knows_of_is_found_and_stops_the_closing(year: ClosingYear) -> None:
    year, _ = year.until_plan()
    for case, (place, kind) in PLANTED.items():
        path = year.ws.layout.var / place.format(campaign=year.ws.config.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        assert list(report(year.ws)["differences"]) == [kind], case
        (shown,) = report(year.ws)["differences"][kind]
        with refused(f"CLOSING-{kind.upper()}", place=veiled(year.ws, shown)):
            stage.take_inventory(year.ws, {})
        path.unlink()


#: What a resident is called by, and folders of theirs.
NAMES = ("kinugawa-ayanosuke.pdf", "0312345678.csv", "09012345678", "1234567890123.zip", "鬼怒川　綾乃助.xlsx")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("outputs/{}", "kansho/outputs/…"),
        ("outputs/documents/{}", "kansho/outputs/documents/…"),
        ("{}/roster/x.txt", "kansho/…/roster/….txt"),
        ("ledger/{}/events/1", "kansho/ledger/…/events/…"),
    ],
)
def test_a_file_that_is_called_after_a_resident_is_refused_without_that_name_and_found_by_its_mark(
    name: str, place: str, told: str, year: ClosingYear, capsys: pytest.CaptureFixture[str]
) -> None:
    path = year.ws.layout.kansho / place.format(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"twelve bytes")
    os.utime(path, (0, 0))
    ending = path.suffix if path.name == name else ""
    with refused("CLOSING-UNKNOWN") as stopped:
        require_nothing_unknown(year.ws)
    head, _, rest = str(stopped.value.place).partition("(")
    size, day, marked = rest.rstrip(")").split(",")
    assert (head, size, day) == (f"{told}{ending}", "12B", "1970-01-01")
    assert path.stem not in stopped.value.text.replace(marked, "") or path.stem in ("x", "1")
    assert run(year, "inventory", "--date", "2027-06-01") == 1
    assert f"  {marked}　kansho/{place.format(name)}\n" in capsys.readouterr().out


def test_a_mark_cannot_be_made_without_the_campaign_s_key_and_no_key_stops_no_refusal(year: ClosingYear) -> None:
    plain = hashlib.sha256(b"kansho/09012345678").hexdigest()
    assert len(mark(year.ws, "kansho/09012345678")) == 8
    assert not plain.startswith(mark(year.ws, "kansho/09012345678"))
    (year.ws.layout.kansho / "keys" / year.ws.config.id / "signing").unlink()
    assert veiled(year.ws, "s3:personal/copy.zip") == "s3:personal/….zip"


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


SETTINGS = b'{"keeper": "passphrase", "passphrase_file": "/run/secrets/kansho"}'
#: Place, class, and what stands in it.
KNOWN: dict[str, tuple[str, str, bytes]] = {
    "a key": ("kansho/keys/{campaign}/hmac", "keys", b"x"),
    "a key's file that was being replaced": ("kansho/keys/{campaign}/.tmp-hmac", "unfinished", b"x"),
    "the turn of a ledger's writers": ("kansho/ledger/{campaign}/.tmp-turn", "unfinished", b""),
    "a countersigned checkpoint": ("kansho/ledger/{campaign}/countersigned/0000000003.txt", "ledger", b"x"),
    "airflow's fonts": ("airflow/cache/matplotlib/fontlist-v390.json", "airflow", b"x"),
    "airflow's fonts of a later release": ("airflow/cache/matplotlib/fontlist-v3.11.0.json", "airflow", b"x"),
    "airflow's passwords": ("airflow/secrets/passwords.json", "airflow", b"x"),
    "settings of Great Expectations": ("gx/uncommitted/config_variables.yml", "great-expectations", b"x"),
    "airflow's metadata with its journals": ("airflow/airflow.db-wal", "airflow", b"x"),
    "a component's log": ("airflow/logs/components/dag-processor.log", "airflow-logs", b"x"),
    "a log of who reads DAG files": (
        "airflow/logs/dag_processor/2027-06-01/dags-folder/s06_call_wave.py.log",
        "airflow-logs",
        b"x",
    ),
    "a task's log": (
        "airflow/logs/dag_id={campaign}__call_wave/run_id=manual__2027-06-01T00:00:00+00:00/task_id=find/attempt=1.log",
        "airflow-logs",
        b"x",
    ),
    "a mapped task's log of another ward that has begun": (
        "airflow/logs/dag_id={other}__visit_day/run_id=a/task_id=find/map_index=2/attempt=1.log",
        "airflow-logs",
        b"x",
    ),
    "a task's log of a ward that has a file only": (
        "airflow/logs/dag_id=katsushika_2031__campaign_opening/run_id=a/task_id=find/attempt=1.log",
        "airflow-logs",
        b"x",
    ),
    "an upload that was killed": ("kansho/vault/{campaign}/roster/.tmp-1-0123abcd", "unfinished", b"x"),
    "another ward's vault": ("kansho/vault/{other}/roster/d01", "other-campaigns", b"x"),
    "another ward's needles": ("kansho/needles/{other}/residue_needles/roster/d01", "other-campaigns", b"x"),
    "another ward's key": ("kansho/keys/{other}/hmac", "other-campaigns", b"x"),
    "another ward's upload that was killed": ("kansho/vault/{other}/roster/.tmp-1-0123abcd", "other-campaigns", b"x"),
    "what the scan looks for": ("kansho/needles/{campaign}/residue_needles/year", "needles", b"x"),
    "the note of a replay": ("kansho/replay.json", "run", b"{}"),
    "the word of a deployment": ("kansho/keys/katsushika_2031.owner", "deployment", b"0123456789abcdef" * 2),
    "how the deployment keeps keys": ("kansho/keys/katsushika_2031.keeper.json", "deployment", SETTINGS),
}


@pytest.fixture
def other(year: ClosingYear, sample: CampaignConfig) -> Workspace:
    """Another ward, at work in the same deployment."""
    opened = Workspace.open(sample, year.ws.layout.var, sample.opening_on)
    opened.record("campaign_opened", sample.id, codes={"simulation": "true"})
    holding = SnapshotRef("roster", "d01", "0" * 64, 1).to_json()
    opened.record("snapshot_stored", "roster/d01", refs={"holding": holding})
    return opened


def test_what_has_its_place_is_counted(
    year: ClosingYear, other: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_come = tmp_path / "to_come.yaml"
    to_come.write_text(MINI.read_text().replace("slug: sumida", "slug: katsushika").replace("2027", "2031"))
    monkeypatch.setattr(discovery, "campaign_files", lambda named: (to_come, tmp_path / "none.yaml"))
    monkeypatch.setattr(discovery, "load_config", lambda path: _named(path, "katsushika_2031"))
    for case, (place, kind, data) in KNOWN.items():
        path = year.ws.layout.var / place.format(campaign=year.ws.config.id, other=other.config.id)
        path.unlink(missing_ok=True)
        before = discover(year.ws).files.get(kind, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found = discover(year.ws)
        assert found.unknown == (), case
        assert found.files[kind] == before + 1, case


class _named:  # noqa: N801 - stands for a function
    """A config of which only the id is asked."""

    def __init__(self, path: Path, id_: str) -> None:
        if not path.is_file():
            raise KanshoError("CONFIG-MISSING", "no such file")
        self.id = id_


def test_another_ward_s_vault_and_keys_are_what_its_own_ledger_says(year: ClosingYear, other: Workspace) -> None:
    home, id_ = year.ws.layout.kansho, other.config.id
    strange = [f"vault/{id_}/roster/d02", f"needles/{id_}/residue_needles/roster/d02", f"keys/{id_}/vault"]
    erased = [f"vault/{id_}/roster/d01", f"keys/{id_}/hmac"]
    for place in (*strange, *erased):
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_bytes(b"x")
    assert discover(year.ws).unknown == tuple(sorted(f"kansho/{place}" for place in strange))
    other.record("snapshot_erased", "roster/d01", codes={"reason": "retention"})
    gone = {"found": "present", "method": "overwrite+unlink", "verified": "absent"}
    other.record("keys_destroyed", "hmac", codes=gone)
    assert discover(year.ws).unknown == tuple(sorted(f"kansho/{place}" for place in (*strange, *erased)))


@pytest.mark.parametrize(
    "events",
    [
        [b"no event"],
        [b"{}"],
        [b'{"sequence": 0}'],
        ["snapshot_stored", "campaign_opened"],
        ["campaign_opened", b"no event"],
        ["campaign_opened", "snapshot_stored"],
    ],
)
def test_a_folder_is_no_campaign_unless_its_ledger_opens(year: ClosingYear, events: list[str | bytes]) -> None:
    first = year.ws.ledger.events()[0]
    store = LocalStore(year.ws.layout.kansho / "ledger" / "copy_2027")
    for number, said in enumerate(events):
        made = replace(first, sequence=number, campaign="copy_2027", type=str(said), key="copy_2027", refs={})
        store.create(f"events/{number:010d}.json", said if isinstance(said, bytes) else made.canonical())
    path = year.ws.layout.kansho / "keys" / "copy_2027" / "hmac"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    lying = [f"kansho/ledger/copy_2027/events/{number:010d}.json" for number in range(len(events))]
    assert discover(year.ws).unknown == ("kansho/keys/copy_2027/hmac", *lying)


def test_what_is_stored_or_erased_while_it_is_looked_at_is_not_unknown(
    year: ClosingYear, other: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another ward goes on at work: it stores before it registers, and a listing may still show what is gone."""
    path = year.ws.layout.kansho / "vault" / other.config.id / "roster" / "d09"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    real, looks = discovery._files, list[int]()

    def files(root: Path) -> Any:
        yield from real(root)
        if root == year.ws.layout.kansho:
            looks.append(1)
            yield "vault/gone/since"
            if len(looks) == 2:
                holding = SnapshotRef("roster", "d09", "0" * 64, 1).to_json()
                other.record("snapshot_stored", "roster/d09", refs={"holding": holding})

    monkeypatch.setattr(discovery, "_files", files)
    assert (discover(year.ws).unknown, len(looks)) == ((), 2)


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda key: key,
    "with a line's end": lambda key: key + b"\n",
    "hexadecimal": lambda key: key.hex().encode(),
    "hexadecimal in capitals": lambda key: key.hex().upper().encode() + b"\r\n",
    "hexadecimal as a number": lambda key: b"0x" + key.hex().encode(),
    "hexadecimal in lines": lambda key: b"\n".join(key.hex()[n : n + 16].encode() for n in range(0, 2 * len(key), 16)),
    "base64": base64.b64encode,
    "base64 of addresses, unpadded": lambda key: base64.urlsafe_b64encode(key).rstrip(b"=") + b"\n",
    "behind a digest, as a copy of an event": lambda key: bytes(32) + key,
}
#: Places that are known, and not for a key.
ELSEWHERE = (
    "airflow/logs/dag_id={campaign}__call_wave/run_id=a/task_id=b/attempt=1.log",
    "airflow/airflow.cfg",
    "gx/uncommitted/config_variables.yml",
    "kansho/vault/{other}/roster/d01",
    "kansho/vault/{campaign}/roster/.tmp-1-0123abcd",
    "kansho/ledger/{campaign}/timestamps/0000000003.tsr",
    "kansho/keys/{other}/hmac",
    "kansho/dump.bin",
)


@pytest.mark.parametrize("how", WRITTEN)
def test_a_copy_of_a_key_is_found_wherever_it_lies_and_however_it_is_written(
    how: str, year: ClosingYear, other: Workspace
) -> None:
    year = year.on(year.ws.config.closing.erase_on)
    places = [place.format(campaign=year.ws.config.id, other=other.config.id) for place in ELSEWHERE]
    before = discover(year.ws)
    assert (before.unknown, before.key_copies) == ((), ())
    for name in ("hmac", "exchange", "needles"):
        written = WRITTEN[how](year.ws.keyring.get(name))
        for place in places:
            path = year.ws.layout.var / place
            was = path.read_bytes() if path.is_file() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written)
            found = discover(year.ws)
            shown = place.replace("gx/", "great_expectations/")
            assert (found.unknown, found.key_copies, found.files["key-copy"]) == ((shown,), (shown,), 1), place
            with refused("CLOSING-KEY-COPY", place=veiled(year.ws, shown)):
                require_nothing_unknown(year.ws)
            _ = path.unlink() if was is None else path.write_bytes(was)
    assert discover(year.ws) == before


@pytest.mark.parametrize("how", ["as it is", "hexadecimal"])
def test_a_key_in_another_key_s_place_is_a_copy(how: str, year: ClosingYear) -> None:
    keys = year.ws.layout.kansho / "keys" / year.ws.config.id
    (keys / "signing").write_bytes(WRITTEN[how](year.ws.keyring.get("hmac")))
    assert f"kansho/keys/{year.ws.config.id}/signing" in discover(year.ws).key_copies


def test_a_copy_of_a_key_file_that_a_passphrase_opens_is_one_too(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "GX_HOME", tmp_path / "gx")
    home, words = tmp_path / "var" / "kansho", tmp_path / "words"
    words.write_text("correct horse battery staple")
    words.chmod(0o600)
    write_settings(home / "keys", mini.id, Settings(keeper="passphrase", passphrase_file=str(words)))
    ws = opened(mini, tmp_path / "var", mini.opening_on)
    kept = (home / "keys" / mini.id / "hmac").read_bytes()
    assert set(fingerprints(ws)) == {"keys", "kept"}
    (home / "storage.bak").write_bytes(kept)
    assert discover(ws).key_copies == ("kansho/storage.bak",)


def test_the_inventory_writes_down_by_what_each_key_is_known_later(year: ClosingYear) -> None:
    year, _ = year.until_plan()
    (taken,) = year.ws.ledger.events("inventory_taken")
    assert set(taken.refs["keys"]) == {*PERSONAL_KEYS, "signing"}
    key = year.ws.keyring.get("hmac")
    assert key.hex() not in taken.canonical().decode()
    (year.ws.layout.kansho / "keys" / year.ws.config.id / "hmac").unlink()
    (year.ws.layout.kansho / "later").write_bytes(key)
    assert discover(year.ws).key_copies == ("kansho/later",)


def test_an_issued_document_is_known_by_its_bytes(year: ClosingYear, other: Workspace) -> None:
    """Of whichever ward: they share the outputs, and the same name may be issued by two."""
    for ws, data in ((year.ws, paper("ours")), (other, paper("theirs"))):
        path = ws.issue_document("documents/x.pdf", data, title="t", kind="plan")
        assert discover(year.ws).unknown == ()
    path.write_bytes(year.ws.keyring.get("hmac"))
    assert discover(year.ws).key_copies == ("kansho/outputs/documents/x.pdf",)
    path.write_bytes(paper("nobody's"))
    assert discover(year.ws).unknown == ("kansho/outputs/documents/x.pdf",)


@pytest.mark.parametrize("place", ["kansho/keys/{campaign}/hmac", "airflow/airflow.db", "airflow/logs/dag_processor/x"])
def test_a_link_is_no_file(place: str, year: ClosingYear, tmp_path: Path) -> None:
    path = year.ws.layout.var / place.format(campaign=year.ws.config.id)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "elsewhere").write_bytes(b"x")
    path.symlink_to(tmp_path / "elsewhere")
    assert discover(year.ws).unknown == (place.format(campaign=year.ws.config.id),)


def test_airflow_s_link_to_the_logs_of_the_day_has_its_place(year: ClosingYear) -> None:
    folder = year.ws.layout.airflow / "logs" / "dag_processor"
    (folder / "2027-06-01").mkdir(parents=True)
    (folder / "latest").symlink_to("2027-06-01")
    assert discover(year.ws).unknown == ()


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


def run(year: ClosingYear, *words: str) -> int:
    return main(["close", *words, "--config", str(MINI), "--var", str(year.ws.layout.var)])


def test_the_command_prints_it_and_fails_on_a_difference(year: ClosingYear, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(year, "inventory", "--date", "2027-06-01", "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["vault"] == report(year.ws)["counts"]["vault"]
    (year.ws.layout.kansho / "dump.sql").write_bytes(b"x")
    assert run(year, "inventory", "--date", "2027-06-01") == 1
    out = capsys.readouterr().out
    assert "相違: どの区分にも当たらないファイル（1件）\n" in out
    assert "　kansho/dump.sql\n" in out


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
