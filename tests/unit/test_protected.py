"""Settings that are weaker than the log bound at the opening: refused when a process begins, and told in the log."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.evidence.protection_rules import bound, protection_findings, weaker
from kansho.opening.stage import find_opening_work, open_campaign
from kansho.oversight.open_items import open_on
from kansho.protected import require_as_bound
from kansho.vault import buckets, keepers, storage
from kansho.vault.deployed import Settings, settings_path, write_settings
from kansho.workspace import Workspace
from tests.conftest import MINI
from tests.refusals import refused
from tests.s3_server import EVIDENCE, client_of, deploy, on_s3, said, small_site

SYSTEM = Actor("contractor", "system", "system")


@pytest.fixture
def var(tmp_path: Path, mini: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys behind a passphrase, before the opening."""
    monkeypatch.setattr(keepers, "MEMORY_KIB", 256)
    words = tmp_path / "words"
    words.touch(0o600)
    words.write_text("correct horse battery")
    write_settings(tmp_path / "var" / "kansho" / "keys", mini.id, Settings("passphrase", str(words)))
    return tmp_path / "var"


def begun(config: CampaignConfig, var: Path, *, simulation: bool = False) -> Workspace:
    ws = Workspace.open(config, var, config.opening_on)
    open_campaign(ws, {**(find_opening_work(ws, {}) or {}), "simulation": simulation})
    return ws


def told(ws: Workspace) -> list[tuple[str, str]]:
    kinds = ("protection_weakened", "protection_changed")
    return [(e.type, e.codes.get("weaker", "")) for e in ws.ledger.events() if e.type in kinds]


def test_keys_that_are_kept_in_plain_files_after_the_opening_stop_every_process_and_are_told_once(
    mini: CampaignConfig, var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = begun(mini, var)
    assert bound(ws.ledger.events()) == {
        "keeper": "passphrase",
        "lock": "none",
        "retained_until": mini.contract.evidence_retained_until.isoformat(),
    }
    settings = settings_path(var / "kansho" / "keys", mini.id)
    right = settings.read_bytes()
    settings.unlink()
    for _ in range(2):
        with refused("PROTECTION-WEAKENED", "keeper.json", place="keeper: passphrase → files"):
            Workspace.open(mini, var, mini.opening_on)
    assert told(ws) == [("protection_weakened", "keeper")]
    (line,) = open_on(ws.ledger.events(), mini, date.max)["開設時より弱い保護"]
    assert "keeper" in line
    place = ["--config", str(MINI), "--var", str(var)]
    assert main(["ledger", "tail", *place]) == 0, "whoever looks into it may read the log"
    assert "保護の弱まりの発見" in capsys.readouterr().out

    settings.write_bytes(right)
    for _ in range(2):
        Workspace.open(mini, var, mini.opening_on)
    assert told(ws) == [("protection_weakened", "keeper"), ("protection_changed", "")]
    assert open_on(ws.ledger.events(), mini, date.max)["開設時より弱い保護"] == ()
    assert list(protection_findings(ws.ledger.events())) == []

    settings.unlink()
    with refused("PROTECTION-WEAKENED"):
        Workspace.open(mini, var, mini.opening_on)
    assert [kind for kind, _ in told(ws)][-1] == "protection_weakened", "a second time is told again"


def test_a_lock_that_is_weakened_is_told_under_the_lock_that_was_bound(mini: CampaignConfig, var: Path) -> None:
    with small_site() as cloud:
        config = on_s3(mini, cloud.address)
        deploy(var, said(cloud.address, lock="COMPLIANCE"))
        ws = begun(config, var)
        deploy(var, said(cloud.address, lock="GOVERNANCE"))
        with refused("PROTECTION-WEAKENED", place="lock: COMPLIANCE → GOVERNANCE"):
            Workspace.open(config, var, config.opening_on)
        assert told(ws) == [("protection_weakened", "lock")]
        client, prefix = client_of(cloud.address), f"{config.id}/ledger/events/"
        keys = [o["Key"] for o in client.list_objects_v2(Bucket=EVIDENCE, Prefix=prefix)["Contents"]]
        modes = {client.head_object(Bucket=EVIDENCE, Key=key)["ObjectLockMode"] for key in keys}
        assert (len(keys), modes) == (ws.ledger.size, {"COMPLIANCE"})
        deploy(var, said(cloud.address, lock="COMPLIANCE"))
        Workspace.open(config, var, config.opening_on)
        assert told(ws)[1:] == [("protection_changed", "")]


def test_a_bucket_whose_versions_are_turned_off_is_told_where_the_log_can_be_written(
    mini: CampaignConfig, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_site() as cloud:
        config = on_s3(mini, cloud.address)
        deploy(var, said(cloud.address, lock="COMPLIANCE"))
        ws = begun(config, var)
        with monkeypatch.context() as patch:
            patch.setattr(buckets, "versioned", lambda client, bucket, patience: False)
            for _ in range(2):
                storage._on_s3.cache_clear()
                with refused("STORAGE-VERSIONING"):
                    Workspace.open(config, var, config.opening_on)
        assert told(ws) == [("protection_weakened", "versioning")]
        storage._on_s3.cache_clear()
        Workspace.open(config, var, config.opening_on)
        assert told(ws)[1:] == [("protection_changed", "")]


def test_a_log_that_cannot_be_written_does_not_make_the_refusal_another_one(
    mini: CampaignConfig, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = begun(mini, var)
    settings_path(var / "kansho" / "keys", mini.id).unlink()

    def full(*_: object) -> bool:
        raise KanshoError("DISK-FULL", "full")

    with monkeypatch.context() as patch:
        patch.setattr("kansho.vault.store.LocalStore.create", full)
        with refused("PROTECTION-WEAKENED"):
            Workspace.open(mini, var, mini.opening_on)
    assert told(ws) == []


def test_a_lawful_change_is_told_so_that_the_last_one_is_known(mini: CampaignConfig, var: Path) -> None:
    """Of the keeper what is stronger; of the retention what the ward approved, and never a shorter one."""
    ws, home = begun(mini, var), var / "kansho"
    for _ in range(2):
        require_as_bound(ws.ledger, mini, home, "kms", SYSTEM)
    assert told(ws) == [("protection_changed", "")]
    assert bound(ws.ledger.events())["keeper"] == "kms"
    with refused("PROTECTION-WEAKENED", place="keeper: kms → passphrase"):
        require_as_bound(ws.ledger, mini, home, "passphrase", SYSTEM)
    require_as_bound(ws.ledger, mini, home, "kms", SYSTEM)

    def until(day: str) -> CampaignConfig:
        contract = mini.contract.model_copy(update={"evidence_retained_until": date.fromisoformat(day)})
        return mini.model_copy(update={"contract": contract})

    size = ws.ledger.size
    for day in ("2028-04-01", "2059-04-01"):
        require_as_bound(ws.ledger, until(day), home, "kms", SYSTEM)  # a draft of a configuration binds nothing
    assert ws.ledger.size == size
    ws.record("config_amended", "longer", codes={"config_digest": until("2059-04-01").digest})
    require_as_bound(ws.ledger, until("2059-04-01"), home, "kms", SYSTEM)
    assert bound(ws.ledger.events())["retained_until"] == "2059-04-01"
    size = ws.ledger.size
    require_as_bound(ws.ledger, mini, home, "kms", SYSTEM)  # a worker that has the former file still
    assert ws.ledger.size == size
    ws.record("config_amended", "shorter", codes={"config_digest": until("2058-04-01").digest})
    with refused("PROTECTION-WEAKENED", "保存期限", place="retained_until: 2059-04-01 → 2058-04-01"):
        require_as_bound(ws.ledger, until("2058-04-01"), home, "kms", SYSTEM)
    assert list(protection_findings(ws.ledger.events())) == []


def test_nothing_is_asked_before_the_keys_are_made_nor_once_the_year_is_certified(
    mini: CampaignConfig, var: Path
) -> None:
    settings = settings_path(var / "kansho" / "keys", mini.id)
    Workspace.open(mini, var, mini.opening_on)
    ws = begun(mini, var)
    ws.record("campaign_certified", "certificate")
    settings.unlink()
    Workspace.open(mini, var, mini.opening_on)
    assert ws.ledger.events()[-1].type == "campaign_certified"


@pytest.mark.parametrize(
    ("before", "now", "less"),
    [
        ({"keeper": "passphrase"}, {"keeper": "files"}, ("keeper",)),
        ({"keeper": "kms"}, {"keeper": "passphrase"}, ("keeper",)),
        ({"keeper": "files"}, {"keeper": "kms"}, ()),
        ({"lock": "COMPLIANCE"}, {"lock": "GOVERNANCE"}, ("lock",)),
        ({"lock": "COMPLIANCE"}, {"lock": "none"}, ("lock",)),
        ({"lock": "none"}, {"lock": "GOVERNANCE"}, ("lock",)),
        ({"lock": "none"}, {"lock": "COMPLIANCE"}, ()),
        ({"lock": "GOVERNANCE"}, {"lock": "no word of ours"}, ("lock",)),
        ({"retained_until": "2035-03-31"}, {"retained_until": "2035-03-30"}, ("retained_until",)),
        ({"retained_until": "2035-03-31"}, {"retained_until": "2035-04-01"}, ()),
        ({}, {"keeper": "files"}, ()),
        ({"keeper": "kms", "lock": "COMPLIANCE"}, {"keeper": "files", "lock": "none"}, ("keeper", "lock")),
    ],
)
def test_what_is_weaker(before: dict[str, str], now: dict[str, str], less: tuple[str, ...]) -> None:
    assert weaker(before, now) == less
