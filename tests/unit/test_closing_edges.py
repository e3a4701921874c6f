"""Small questions at the rooms of the closing that no whole year asks: what a planted error showed.

Belongs here: one function at a time, with as little around it as it needs.  Does not belong here: a year that ends.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.closing import discovery, finalise, handover, neighbours, outputs, purging
from kansho.closing.metadata import Metadata, metadata_of
from kansho.evidence.bundle import sign_detached
from tests.refusals import refused
from tests.unit.closing_year import paper


def test_without_the_campaign_s_key_no_note_is_its_checkpoint() -> None:
    of: Any = SimpleNamespace(public=None)
    assert outputs._is_checkpoint("kansho/log\n", of) is False


def test_a_paper_of_late_mail_belongs_to_a_record_that_we_signed(tmp_path: Path) -> None:
    signer = Ed25519PrivateKey.generate()
    of: Any = SimpleNamespace(public=signer.public_key().public_bytes_raw(), wards=())
    record, slip = b'{"number": 1}', tmp_path / "0001.pdf"
    (tmp_path / "0001.json").write_bytes(record)
    assert outputs._is_late_mail(slip, paper("slip"), of) is False, "nobody signed it"
    (tmp_path / "0001.sig").write_bytes(sign_detached(record, signer))
    assert outputs._is_late_mail(slip, paper("slip"), of) is True
    assert outputs._is_late_mail(slip, b"anything", of) is False, "no paper"


def test_a_record_that_is_no_object_says_nothing() -> None:
    assert (outputs._object(b"[1]"), outputs._object(b'{"a": 1}')) == ({}, {"a": 1})


def test_the_files_that_the_installation_names_are_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", "a.yaml:b.yaml")
    assert discovery._named() == "a.yaml:b.yaml"
    monkeypatch.delenv("KANSHO_CAMPAIGNS")
    assert discovery._named() == ""


@pytest.mark.parametrize(
    ("type_", "key", "is_one"),
    [("campaign_opened", "c", True), ("stage_finished", "c", False), ("campaign_opened", "other", False)],
)
def test_a_folder_is_a_campaign_s_when_its_log_begins_with_that_opening(
    type_: str, key: str, is_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours.Ledger, "events", lambda self: [SimpleNamespace(type=type_, key=key)])
    monkeypatch.setattr(neighbours, "_neighbour", lambda campaign, events: campaign)
    store: Any = SimpleNamespace()
    assert neighbours._opened("c", store) == ("c" if is_one else None)


@pytest.mark.parametrize(("there", "over"), [(True, False), (False, True)])
def test_a_clean_scan_is_over_once_what_it_looked_for_is_gone(there: bool, over: bool) -> None:
    scans = [SimpleNamespace(counts={"hits": 0, "unread": 0})]
    ws: Any = SimpleNamespace(
        ledger=SimpleNamespace(events=lambda type_: scans),
        find=lambda kind, key: SimpleNamespace(name="residue_needles/year"),
        needles=SimpleNamespace(store=SimpleNamespace(exists=lambda name: there)),
    )
    assert finalise._scan_is_over(ws) is over


def test_the_ward_reads_what_each_column_of_the_open_cases_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "open_exceptions", lambda events: [])
    ws: Any = SimpleNamespace(ledger=SimpleNamespace(events=list))
    data, rows = handover.open_cases(ws)
    assert (data.decode("utf-8-sig"), rows) == ("delivery,file,rule,rows,opened_on,request\r\n", 0)


def test_whoever_names_no_database_is_told_where_one_was_looked_for(tmp_path: Path) -> None:
    with refused("TRACES-NO-DATABASE", place="var/airflow/airflow.db"):
        metadata_of(tmp_path)


def test_what_a_killed_attempt_removed_is_told_as_interrupted() -> None:
    told: list[tuple[str, str, dict[str, int], dict[str, str]]] = []
    ws: Any = SimpleNamespace(record=lambda type_, key, counts, codes: told.append((type_, key, counts, codes)))
    begun: Any = SimpleNamespace(key="attempt-1", counts={"rows": 5, "logs": 2}, codes={"database": "sqlite"})
    purging._end_killed(ws, begun, {"rows": 1, "logs": 2, "pages": 0}, Metadata("sqlite", "sqlite:///x"))
    ((type_, key, counts, codes),) = told
    assert (type_, key, codes) == ("traces_purged", "attempt-1", {"database": "sqlite", "interrupted": "yes"})
    assert (counts["rows.removed"], counts["rows.left"], counts["logs.left"]) == (4, 1, 2)
