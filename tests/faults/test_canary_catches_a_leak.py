"""The canary scan must fail when something leaks, wherever it leaks to and in whatever encoding.

A tree like that of a running year is clean; then one value of one resident falls into one place of it.  The
needles are those of the whole population, as the year's own scans use them.  (Each encoding by itself is specified
in ``tests/unit/test_residue.py``; a leaky task on a real scheduler in ``tests/e2e/test_approvals_on_scheduler.py``.)
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jaconv
import pandas as pd
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.needles import Needle, needles_of
from kansho.closing.residue import scan
from kansho.simulation.population import build

PEOPLE, SEED = 300, 7
#: Several residents, so that no place is found by the luck of one name.
RESIDENTS = (0, 148, 299)

Leak = Callable[[Path, "Resident"], Path]


@dataclass(frozen=True)
class Resident:
    """One invented person's values as the ward writes them."""

    name: str
    kana: str
    address: str
    number: str
    born: str

    @property
    def half(self) -> str:
        """The kana in half width, with a half-width space."""
        return str(jaconv.z2h(self.kana.replace("\u3000", " "), kana=True, digit=False, ascii=False))


@pytest.fixture(scope="module")
def people(mini: CampaignConfig) -> pd.DataFrame:
    return build(mini, PEOPLE, SEED).people


@pytest.fixture(scope="module")
def canaries(people: pd.DataFrame) -> list[Needle]:
    return sorted(needles_of(people))


@pytest.fixture(params=RESIDENTS)
def resident(people: pd.DataFrame, request: pytest.FixtureRequest) -> Resident:
    row = people.iloc[request.param].astype(str)
    return Resident(row["name_kanji"], row["name_kana"], row["address"], row["inquiry_number"], row["birth_date"])


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A tree like ``var/``: a ledger, an encrypted vault, Airflow's database and logs; nobody is in it."""
    for folder in ("kansho/ledger", "kansho/vault", "kansho/outputs", "airflow/logs/dag_id=a/run_id=b/task_id=c"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "kansho/ledger/0").write_text('{"type": "plan_made", "counts": {"roster": 300}}')
    (tmp_path / "kansho/vault/0").write_bytes(bytes(range(256)) * 64)
    log(tmp_path).write_text('{"event": "Task finished", "level": "info", "ti": "019a-7b"}\n')
    with closing_base(tmp_path) as base:
        base.execute("CREATE TABLE xcom (dag_id TEXT, task_id TEXT, key TEXT, value TEXT)")
        base.execute("CREATE TABLE log (event TEXT, extra BLOB)")
        base.execute("INSERT INTO xcom VALUES ('a', 'c', 'return_value', '{\"ref\": \"roster/d01\"}')")
    return tmp_path


class closing_base:  # noqa: N801  reads as a verb
    """The database of the tree, committed and closed at the end."""

    def __init__(self, var: Path) -> None:
        self._path = var / "airflow/airflow.db"

    def __enter__(self) -> sqlite3.Connection:
        self._base = sqlite3.connect(self._path)
        return self._base

    def __exit__(self, *_: object) -> None:
        self._base.commit()
        self._base.close()


def log(var: Path) -> Path:
    return var / "airflow/logs/dag_id=a/run_id=b/task_id=c/attempt=1.log"


def append(path: Path, data: bytes) -> Path:
    with path.open("ab") as file:
        file.write(data)
    return path


def database(var: Path, statement: str, *values: object) -> Path:
    with closing_base(var) as base:
        base.execute(statement, values)
    return var / "airflow/airflow.db"


def freed(var: Path, who: Resident) -> Path:
    """Deleted, but not overwritten: what a purge without VACUUM leaves."""
    with closing_base(var) as base:
        base.execute("PRAGMA secure_delete = OFF")
        base.execute("INSERT INTO xcom VALUES ('a', 'c', 'x', ?)", (who.name,))
        base.commit()
        base.execute("DELETE FROM xcom WHERE key = 'x'")
    return var / "airflow/airflow.db"


def archive(var: Path, who: Resident) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("people.csv", f"1,{who.name},{who.address}\r\n".encode("cp932", "replace"))
    return append(var / "kansho/outputs/evidence.zip", buffer.getvalue())


def parquet(var: Path, who: Resident) -> Path:
    path = var / "kansho/outputs/table.parquet"
    pd.DataFrame({"name_kanji": [who.name] * 20}).to_parquet(path, compression="zstd")
    return path


def xcom(value: str) -> tuple[str, str]:
    return "INSERT INTO xcom VALUES ('a', 'c', 'return_value', ?)", value


LEAKS: dict[str, Leak] = {
    "a log": lambda var, who: append(log(var), f"ValueError: bad row {who.name}\n".encode()),
    "a log, JSON escapes": lambda var, who: append(log(var), json.dumps({"event": f"row {who.name}"}).encode()),
    "a log, CP932": lambda var, who: append(log(var), f"row {who.kana}\r\n".encode("cp932")),
    "a log, UTF-16": lambda var, who: append(log(var), f"\n\n{who.kana}".encode("utf-16-le")),
    "a log, half-width kana": lambda var, who: append(log(var), who.half.encode()),
    "a log, half-width kana in CP932": lambda var, who: append(log(var), who.half.encode("cp932")),
    "a log, the number alone": lambda var, who: append(log(var), f"KeyError: '{who.number}'".encode()),
    "a log, the birth date": lambda var, who: append(log(var), f"born={who.born};".encode()),
    "a rotated log": lambda var, who: append(log(var).with_suffix(".log.1.gz"), gzip.compress(who.name.encode())),
    "an XCom": lambda var, who: database(var, *xcom(json.dumps({"name": who.name}, ensure_ascii=False))),
    "an XCom, base64 of JSON": lambda var, who: database(
        var, *xcom(base64.b64encode(json.dumps({"name": who.name}).encode()).decode())
    ),
    "an XCom, base64 of CP932": lambda var, who: database(
        var, *xcom(base64.b64encode(f"宛名 {who.kana}".encode("cp932")).decode())
    ),
    "a compressed cell": lambda var, who: database(
        var, "INSERT INTO log VALUES ('note', ?)", zlib.compress(who.name.encode())
    ),
    "a freed page": freed,
    "a ZIP in CP932": archive,
    "a Parquet file": parquet,
    "a plain CSV": lambda var, who: append(var / "kansho/outputs/a.csv", f'"{who.address}"\r\n'.encode()),
    "the ledger": lambda var, who: append(var / "kansho/ledger/1", json.dumps({"key": who.number}).encode()),
    "the vault, unencrypted": lambda var, who: append(var / "kansho/vault/1", who.name.encode()),
}


def test_the_tree_is_clean_before_anything_leaks(var: Path, canaries: list[Needle]) -> None:
    assert scan([var], canaries).clean


@pytest.mark.parametrize("place", LEAKS)
def test_one_value_in_one_place_is_found(var: Path, canaries: list[Needle], resident: Resident, place: str) -> None:
    leaky = LEAKS[place](var, resident)
    found = scan([var], canaries)
    assert not found.clean
    assert set(found.by_file) == {str(leaky)}


def test_the_name_of_a_file_is_found(var: Path, canaries: list[Needle], resident: Resident) -> None:
    (var / "kansho/outputs" / f"{resident.name}様.pdf").touch()
    assert not scan([var], canaries).clean


def test_the_name_of_a_folder_is_found(var: Path, canaries: list[Needle], resident: Resident) -> None:
    folder = var / "airflow/logs" / f"run_id=call-{resident.number}"
    folder.mkdir()
    (folder / "attempt=1.log").touch()
    assert not scan([var], canaries).clean


def test_what_was_found_is_told_without_the_value(var: Path, canaries: list[Needle], resident: Resident) -> None:
    append(log(var), f"{resident.name} {resident.address} {resident.number}".encode())
    told = repr(scan([var], canaries))
    assert resident.name not in told
    assert resident.number not in told
