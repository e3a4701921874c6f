"""Passwords of the staff's accounts: random, kept across starts, and forgotten with the account."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from kansho_airflow.roles import keep_passwords, password_of


def test_a_password_stays_until_its_account_goes(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "passwords.json"
    keep_passwords(file, {"officer"})
    assert not file.exists()
    kept, gone = password_of(file, "officer"), password_of(file, "leaver")
    assert kept != gone
    keep_passwords(file, {"officer", "newcomer"})
    assert json.loads(file.read_text()) == {"officer": kept}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password_of(file, "officer") == kept
    assert password_of(file, "leaver") != gone
