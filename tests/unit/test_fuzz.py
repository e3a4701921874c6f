"""The fuzz harness: repeatable from its seed, and it finds what is planted."""

from __future__ import annotations

import hashlib
import io
import json
import random
import time
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from fuzz import bundles, cover_note, run, tables
from fuzz.__main__ import main
from fuzz.mutate import mutate, mutate_table
from fuzz.run import fuzz
from fuzz.targets import TARGETS
from kansho.campaign.config import CampaignConfig, FileKind
from kansho.errors import KanshoError
from kansho.evidence.strict import read_zip, write_zip
from kansho.evidence.verify import verify_files
from kansho.exchange.package import unpack
from kansho.intake.cover_note import parse_cover_note
from kansho.intake.reading import Delivered, read_delivered
from kansho.outreach.field import read_report
from tests.unit.evidence_year import lawful_year


class Planted:
    """A reader with a bug: it fails on every input that begins with an odd byte."""

    def __init__(self, rng: random.Random) -> None:
        self.seen: list[bytes] = []

    def case(self, rng: random.Random) -> bytes:
        return rng.randbytes(4)

    def trial(self, data: bytes) -> None:
        self.seen.append(data)
        if data[0] % 2:
            raise IndexError("planted")
        raise KanshoError("INTAKE-TEST", "拒否")


class Quiet(Planted):
    """The same reader, repaired."""

    def trial(self, data: bytes) -> None:
        self.seen.append(data)


class Slow(Planted):
    """A reader that does not end, and swallows every Exception."""

    def trial(self, data: bytes) -> None:
        while True:
            try:
                time.sleep(1)
            except Exception:  # noqa: S112 - as a careless library does
                continue


def test_a_bug_is_found_and_its_seed_repeats_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz({"planted": Planted}, 7, 10) == 1
    told = capsys.readouterr().out
    assert "IndexError" in told
    case = int(told.split("--case ")[1])
    assert f"python -m fuzz --target planted --seed 7 --case {case}" in told
    assert fuzz({"planted": Planted}, 7, 10, only=case) == 1
    assert case == 0 or fuzz({"planted": Planted}, 7, 10, only=case - 1) == 0


def test_a_reader_without_a_bug_passes_within_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert fuzz({"quiet": Quiet}, 7, 0.2) == 0
    assert time.monotonic() - began < 5
    told = capsys.readouterr().out
    assert told.startswith("seed 7")
    assert "read" in told


def test_a_case_that_does_not_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_SECONDS", 0.2)
    assert fuzz({"slow": Slow}, 7, 10) == 1


@pytest.mark.parametrize("target", TARGETS)
def test_one_seed_gives_one_sequence_of_cases(target: str) -> None:
    first, second = (TARGETS[target](random.Random("7")) for _ in range(2))
    cases = [first.case(random.Random(number)) for number in range(12)]
    assert cases == [second.case(random.Random(number)) for number in range(12)]
    assert len(set(cases)) >= 10  # a change may leave a short note as it was


def test_a_table_read_wrongly_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    target = tables.Tables(random.Random(7))
    good = bytes([0]) + tables.FORMS[0].texts()[0]
    target.trial(good)
    monkeypatch.setattr(tables, "read_delivered", _without_its_last_row)
    with pytest.raises(AssertionError, match="rows were lost"):
        target.trial(good)


def _without_its_last_row(data: bytes, kind: FileKind, config: CampaignConfig) -> Delivered:
    found = read_delivered(data, kind, config)
    return replace(found, frame=found.frame.iloc[:-1], counts={**found.counts, "rows": len(found.frame) - 1})


def test_a_cover_note_read_wrongly_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    target = cover_note.CoverNotes(random.Random(7))
    said = parse_cover_note(cover_note.good_note(), campaign="sumida_2027", today=date(2027, 4, 20))
    monkeypatch.setattr(cover_note, "parse_cover_note", lambda *_, **__: said.model_copy(update={"delivery": "d02"}))
    with pytest.raises(AssertionError, match="something else"):
        target.trial(cover_note.good_note())


def test_changes_are_changes() -> None:
    data = "番号,氏名\r\n0001,甲\r\n0002,乙\r\n".encode("cp932")
    for change in (mutate, mutate_table):
        changed = [change(data, random.Random(n)) for n in range(300)]
        assert changed == [change(data, random.Random(n)) for n in range(300)]
        assert sum(c != data for c in changed) > 270
        assert change(b"", random.Random(1)) is not None


@pytest.mark.parametrize("target", TARGETS)
def test_the_readers_survive_a_few_hundred_cases(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "1", "--seed", "20260401", "--target", target]) == 0, capsys.readouterr().out


def _zipped(manifest: bytes, data: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("a.csv", data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _zipped(b"[]"),
        _zipped(b'["files"]'),
        _zipped(b'{"files":[1]}'),
        _zipped(b"[" * 100_000),
        _zipped(b'{"files":' + b"9" * 5000 + b"}"),
        _zipped(b'{"files":[]}', bytes(64 * 1024**2)),  # a bomb: a thousand times its own size
        _zipped(b'{"files":[]}', bytes(2000)).replace(b"\x08\x00", b"\x0e\x00"),  # says LZMA, and is none
        _zipped(b'{"files":[]}', bytes(2000)).replace(b"\x08\x00", b"\x0c\x00"),  # says bzip2
        _zipped(b'{"files":[]}', random.Random(1).randbytes(2000))[:-40],
    ],
    ids=lambda data: f"{len(data)} bytes",
)
def test_a_package_that_is_none_is_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(KanshoError, match="PACKAGE-FORM"):
        unpack(data)


def test_a_package_that_another_program_compressed_is_opened() -> None:
    table = b"0001,ok\r\n" * 100_000
    manifest = json.dumps({"files": [{"name": "a.csv", "sha256": hashlib.sha256(table).hexdigest()}]}).encode()
    assert unpack(_zipped(manifest, table)).files == {"a.csv": table}


def test_a_report_of_endless_depth_is_refused() -> None:
    with pytest.raises(KanshoError, match="FIELD-REPORT"):
        read_report(b"[" * 200_000)


@pytest.mark.parametrize("rows", ["many", {}, [], None, True, -1, "9" * 400])
def test_an_erased_holding_with_odd_rows_gives_findings_and_no_error(rows: object, mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    odd = {"holding": {"kind": "roster", "key": "d01", "rows": rows}}
    year.edit("snapshot_erased", lambda e: replace(e, refs=odd))
    certificate = year.finish()
    assert isinstance(verify_files(read_zip(year.files(certificate))), list)


def test_a_bundle_whose_change_was_not_found_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    target = bundles.Bundles(random.Random(7))
    changed = write_zip({**target._files, "README.txt": b"x"})
    case = write_zip({"bundle": changed, "kept": b"", "paper": b"", "key": b""})
    with pytest.raises(KanshoError):
        target.trial(case)
    monkeypatch.setattr(bundles, "judge_files", lambda *_: ([], []))
    with pytest.raises(AssertionError, match="not found"):
        target.trial(case)
