"""Where a deployment may keep its objects: approved places, encrypted, in buckets that are set to what we rely on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.discovery import discover
from kansho.closing.needles import DELIMITED, Needle
from kansho.closing.residue import scan
from kansho.evidence.events import Actor, Draft
from kansho.vault import s3_calls
from kansho.vault.storage import (
    NAME,
    Storage,
    _word,
    elsewhere,
    ledgers_of,
    require_approved,
    storage_of,
    stores_of,
)
from kansho.vault.store import LocalStore
from kansho.workspace import Workspace
from tests.refusals import refused
from tests.s3_server import EVIDENCE, PERSONAL, bucket, client_of, deploy, on_s3, s3_site, said


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_site() as address:
        bucket(client_of(address), "unversioned", versioned=False)
        yield address


def test_a_deployment_that_says_nothing_keeps_its_objects_in_a_directory(mini: CampaignConfig, tmp_path: Path) -> None:
    stores = stores_of(mini, tmp_path)
    assert isinstance(stores.vault, LocalStore)
    assert stores.vault.create("a", b"x")
    assert (tmp_path / "vault" / mini.id / "a").is_file()


def test_a_workspace_on_s3_writes_nothing_on_the_disk_but_copies_of_the_log(
    mini: CampaignConfig, tmp_path: Path, endpoint: str
) -> None:
    config = on_s3(mini, endpoint)
    deploy(tmp_path, said(endpoint))
    ws = Workspace.open(config, tmp_path, config.opening_on, actor=Actor("contractor", "system", "system"))
    ws.ledger.append(Draft("campaign_opened", config.id, config.opening_on, ws.actor))
    assert [e.type for e in ws.ledger.events()] == ["campaign_opened"]
    assert ws.vault.store.create("roster/x", b"sealed")
    home, copies = tmp_path / "kansho", f"log-copies/{config.id}/{_word(storage_of(tmp_path / 'kansho'))}"
    assert {p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file()} == {
        NAME,
        f"{copies}/.tmp-turn",
        f"{copies}/events/0000000000.json",
    }
    assert discover(ws).unknown == ()
    strange = [
        f"{copies}/events/0000000001.json",  # of an event that the log has not
        f"{copies}/events/roster.csv",
        f"log-copies/usb_2027/{'0' * 16}/events/0000000000.json",
        f"vault/{config.id}/roster/x",  # what lies on S3 lies nowhere else
    ]
    for place in strange:
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text("anything else is no copy")
    assert discover(ws).unknown == tuple(f"kansho/{place}" for place in strange)
    assert [campaign for campaign, _ in ledgers_of(tmp_path / "kansho")] == [config.id]
    client = client_of(endpoint)
    (version,) = client.list_object_versions(Bucket=EVIDENCE)["Versions"]
    assert version["Key"] == f"{config.id}/ledger/events/0000000000.json"
    head = client.head_object(Bucket=EVIDENCE, Key=version["Key"])
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"].date() == config.contract.evidence_retained_until
    assert "ObjectLockMode" not in client.head_object(Bucket=PERSONAL, Key=f"{config.id}/vault/roster/x")


def test_all_that_lies_below_the_campaign_s_folders_on_s3_is_looked_at(
    mini: CampaignConfig, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CampaignConfig.model_validate({**on_s3(mini, endpoint).model_dump(mode="json"), "fiscal_year": 2027})
    monkeypatch.setattr(type(config), "id", property(lambda self: "katsushika_2027"))
    deploy(tmp_path, said(endpoint))
    ws = Workspace.open(config, tmp_path, config.opening_on, actor=Actor("contractor", "system", "system"))
    ws.ledger.append(Draft("campaign_opened", config.id, config.opening_on, ws.actor))
    ws.vault.store.create("roster/x", b"sealed")
    ws.needles.store.create("residue_needles/year", b"sealed")
    client, at = client_of(endpoint), f"{config.id}/"
    client.put_object(Bucket=PERSONAL, Key="katsushika_20270/export/another-campaign.csv", Body=b"x")
    assert discover(ws).unknown == ("s3:personal/katsushika_20270",), "a folder of nobody, told as one"
    for version in client.list_object_versions(Bucket=PERSONAL, Prefix="katsushika_20270/")["Versions"]:
        client.delete_object(Bucket=PERSONAL, Key=version["Key"], VersionId=version["VersionId"])
    assert discover(ws).unknown == ()
    client.put_object(Bucket=PERSONAL, Key=f"{at}export/roster.csv", Body=b"x")
    client.put_object(Bucket=PERSONAL, Key=f"{at}vault.bak", Body=b"x")
    client.put_object(Bucket=PERSONAL, Key=f"{at}export/hidden.csv", Body=b"x")
    client.delete_object(Bucket=PERSONAL, Key=f"{at}export/hidden.csv")
    client.create_multipart_upload(Bucket=PERSONAL, Key=f"{at}export/unfinished.csv")
    client.put_object(Bucket=EVIDENCE, Key=f"{at}export/roster.csv", Body=b"x")
    client.put_object(Bucket=EVIDENCE, Key=f"{at}ledger/events/0000000007.json", Body=b"x")
    found = discover(ws)
    assert found.unknown == (
        f"s3:evidence/{at}export/roster.csv",
        f"s3:evidence/{at}ledger/events/0000000007.json",
        f"s3:personal/{at}export/hidden.csv",
        f"s3:personal/{at}export/roster.csv",
        f"s3:personal/{at}export/unfinished.csv",
        f"s3:personal/{at}vault.bak",
    )
    assert found.files["unknown"] == len(found.unknown)


def test_the_residue_scan_reads_what_lies_on_s3(mini: CampaignConfig, tmp_path: Path, endpoint: str) -> None:
    assert elsewhere(mini, tmp_path / "other") == {}
    config = on_s3(mini, endpoint)
    home = deploy(tmp_path, said(endpoint))
    stores = elsewhere(config, home)
    stores["s3:vault"].create("table/left/behind", b'{"tel": "03-9876-5432"}')
    found = scan([home], [Needle("03-9876-5432", DELIMITED)], stores=stores)
    assert found.by_file == {"s3:vault/table/left/behind": 1}
    stores["s3:vault"].erase("table/left/behind")
    assert scan([home], [Needle("03-9876-5432", DELIMITED)], stores=stores).clean


@pytest.mark.parametrize(
    ("personal", "evidence", "code"),
    [
        ("unversioned", EVIDENCE, "STORAGE-VERSIONING"),
        (PERSONAL, "unversioned", "STORAGE-VERSIONING"),
        (EVIDENCE, PERSONAL, "STORAGE-LOCK"),
        (PERSONAL, "unlocked", "STORAGE-NO-LOCK"),
        (PERSONAL, PERSONAL, "STORAGE-ONE-BUCKET"),
        (PERSONAL, "nobodys", "S3-REFUSED"),
    ],
)
def test_buckets_that_are_set_otherwise_are_refused_at_the_start(
    mini: CampaignConfig, tmp_path: Path, endpoint: str, personal: str, evidence: str, code: str
) -> None:
    if evidence == "unlocked":
        bucket(client_of(endpoint), evidence)
    value = on_s3(mini, endpoint).model_dump(mode="json")
    value["closing"]["storage"][0]["serial"] = personal
    home = deploy(tmp_path, said(endpoint, personal_bucket=personal, evidence_bucket=evidence))
    with refused(code) as caught:
        stores_of(CampaignConfig.model_validate(value), home)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"endpoint": "http://s3.example.jp"}, "STORAGE-TLS"),
        ({"endpoint": "http://localhost.example.jp"}, "STORAGE-TLS"),
        ({"endpoint": "https://key:secret@s3.example.jp"}, "STORAGE-TLS"),
        ({"endpoint": "ftp://127.0.0.1"}, "STORAGE-TLS"),
        ({"endpoint": "https://elsewhere.example.com"}, "STORAGE-PLACE"),
        ({"region": "us-east-1"}, "STORAGE-PLACE"),
        ({"place": "head_office"}, "STORAGE-PLACE"),
        ({"place": "ward_office"}, "STORAGE-PLACE"),
        ({"personal_bucket": "another-bucket"}, "STORAGE-UNDECLARED"),
    ],
)
def test_a_place_that_the_ward_did_not_designate_is_refused(
    mini: CampaignConfig, changed: dict[str, str], code: str
) -> None:
    config = on_s3(mini, "https://s3.example.jp")
    require_approved(Storage.model_validate(said("https://s3.example.jp")), config)
    with refused(code):
        require_approved(Storage.model_validate(said("https://s3.example.jp", **changed)), config)


@pytest.mark.parametrize("changed", [{"kind": "server_disk"}, {"place": "head_office"}, {"serial": "another-bucket"}])
def test_a_bucket_is_declared_as_a_store_of_objects_in_the_place_that_is_used(
    mini: CampaignConfig, changed: dict[str, str]
) -> None:
    value = on_s3(mini, "https://s3.example.jp").model_dump(mode="json")
    value["closing"]["storage"][0] |= changed
    with refused("STORAGE-UNDECLARED"):
        require_approved(Storage.model_validate(said("https://s3.example.jp")), CampaignConfig.model_validate(value))


def test_the_logs_of_other_campaigns_are_not_asked_for_without_encryption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_calls, "client", lambda *_: pytest.fail("a client was made"))
    with refused("STORAGE-TLS"):
        list(ledgers_of(deploy(tmp_path, said("http://s3.example.jp"))))


def test_data_that_the_data_flow_keeps_elsewhere_do_not_go_to_s3(mini: CampaignConfig) -> None:
    value = on_s3(mini, "https://s3.example.jp").model_dump(mode="json")
    value["data_flow"][0]["place"] = "head_office"
    with refused("STORAGE-FLOW"):
        require_approved(Storage.model_validate(said("https://s3.example.jp")), CampaignConfig.model_validate(value))


def test_a_machine_without_the_setting_does_not_begin_a_second_vault(mini: CampaignConfig, tmp_path: Path) -> None:
    with refused("STORAGE-UNSAID"):
        stores_of(on_s3(mini, "https://s3.example.jp"), tmp_path)


@pytest.mark.parametrize(
    "value", ["", [], {}, said("https://x") | {"secret_key": "s"}, said("https://x") | {"lock": "NONE"}]
)
def test_a_setting_that_is_not_understood_is_refused(mini: CampaignConfig, tmp_path: Path, value: object) -> None:
    with refused("STORAGE-SETTINGS"):
        stores_of(mini, deploy(tmp_path, value))
