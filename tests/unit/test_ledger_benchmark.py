"""The benchmark of eight writers: it measures the log as it is, and ends with an error when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ledger import WORKERS, late_endpoint, measured
from benchmarks.ledger import _s3 as on_s3
from kansho.errors import KanshoError
from kansho.vault.store import LocalStore, ObjectStore


def test_eight_workers_leave_a_whole_log_on_a_directory_and_on_the_endpoint(tmp_path: Path) -> None:
    assert all(seconds > 0 for seconds in measured(2 * WORKERS, lambda name: LocalStore(tmp_path / name)))
    with late_endpoint(0.001) as url:
        assert all(seconds > 0 for seconds in measured(2 * WORKERS, lambda name: on_s3(url, name, tmp_path / "late")))


def test_workers_that_cannot_begin_end_the_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.ledger.PATIENCE", 0.5)
    opened = []

    def only_once(name: str) -> ObjectStore:
        opened.append(name)
        if len(opened) > 1:
            raise KanshoError("S3-DOWN", "…", place=name, remedy="…")
        return LocalStore(tmp_path / name)

    with pytest.raises(SystemExit, match="came to the start"):
        measured(WORKERS, only_once)
    assert "S3-DOWN" in capfd.readouterr().err
