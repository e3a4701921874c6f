"""Keys at rest: as files, behind a passphrase, in a key service; one behaviour for all (P11, D3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from kansho import cli
from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.vault import keepers
from kansho.vault.deployed import keeper_of, settings_path
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper, wrap_files
from kansho.vault.keys import KEY_NAMES, Keyring
from kansho.vault.kms import WAIT_DAYS, KmsKeeper
from tests.conftest import MINI

WORDS = b"correct horse battery"
Make = Callable[[Path, str], KeyKeeper]


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    """A KMS over HTTP."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield boto3.client("kms", region_name="ap-northeast-1", endpoint_url=f"http://{host}:{port}")
    server.stop()


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "MEMORY_KIB", 256)


@pytest.fixture(params=["file", "passphrase", "kms"])
def make(request: pytest.FixtureRequest) -> Make:
    """A keeper over a folder for a campaign."""
    if request.param == "kms":
        client = request.getfixturevalue("kms")
        return lambda folder, campaign: KmsKeeper(client, FileKeeper(folder), campaign)
    if request.param == "passphrase":
        return lambda folder, campaign: PassphraseKeeper(folder, campaign, WORDS)
    return lambda folder, campaign: FileKeeper(folder)


def test_a_key_made_once_is_read_by_every_process_and_never_replaced(make: Make, tmp_path: Path) -> None:
    Keyring(make(tmp_path, "c")).create()
    first = {name: Keyring(make(tmp_path, "c")).get(name) for name in KEY_NAMES}
    Keyring(make(tmp_path, "c")).create()
    assert {name: Keyring(make(tmp_path, "c")).get(name) for name in KEY_NAMES} == first
    assert len(set(first.values())) == len(KEY_NAMES)


def test_a_destroyed_key_opens_nothing_any_more(make: Make, tmp_path: Path) -> None:
    ring = Keyring(make(tmp_path, "c"))
    ring.create()
    ring.get("vault")
    ring.destroy("vault")
    ring.destroy("vault")
    for again in (ring, Keyring(make(tmp_path, "c"))):
        with pytest.raises(KanshoError, match="KEY-ABSENT"):
            again.get("vault")
        again.get("hmac")


def test_a_key_in_a_service_is_pending_and_not_gone_until_the_service_forgot_it(kms: Any, tmp_path: Path) -> None:
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c"))
    ring.create()
    assert (ring.has("vault"), ring.pending("vault")) == (True, None)
    ring.destroy("vault")
    until = ring.pending("vault")
    assert until is not None
    assert abs(until - datetime.now(UTC).date()) <= timedelta(days=WAIT_DAYS + 1)
    assert ring.has("vault")
    ring.destroy("vault")
    assert ring.pending("vault") == until


class Forgetful:
    """KMS after the waiting days: it knows the key no more."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_key(self, **_: Any) -> Any:
        return self._client.describe_key(KeyId="00000000-0000-0000-0000-000000000000")


def test_a_key_that_the_service_forgot_is_gone_and_leaves_no_file(kms: Any, tmp_path: Path) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c")).create()
    ring = Keyring(KmsKeeper(Forgetful(kms), FileKeeper(tmp_path), "c"))
    assert (ring.has("vault"), ring.pending("vault")) == (False, None)
    ring.destroy("vault")
    assert not (tmp_path / "vault").exists()


def test_a_service_that_does_not_answer_is_no_destruction(tmp_path: Path, kms: Any) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c")).create()
    config = boto3.session.Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    deaf = boto3.client("kms", region_name="ap-northeast-1", endpoint_url="http://127.0.0.1:9", config=config)
    ring = Keyring(KmsKeeper(deaf, FileKeeper(tmp_path), "c"))
    for ask in (ring.get, ring.has, ring.pending, ring.destroy):
        with pytest.raises(KanshoError, match="KEY-SERVICE"):
            ask("vault")
    assert (tmp_path / "vault").exists()


@pytest.mark.parametrize("kind", ["passphrase", "kms"])
def test_a_wrapped_key_opens_for_its_campaign_and_name_alone(kind: str, kms: Any, tmp_path: Path) -> None:
    def ring(campaign: str) -> Keyring:
        files = FileKeeper(tmp_path)
        return Keyring(
            KmsKeeper(kms, files, campaign) if kind == "kms" else PassphraseKeeper(tmp_path, campaign, WORDS)
        )

    ring("c").create()
    with pytest.raises(KanshoError, match=r"KEY-(PASSPHRASE|SERVICE)"):
        ring("other").get("vault")
    (tmp_path / "hmac").write_bytes((tmp_path / "vault").read_bytes())
    with pytest.raises(KanshoError, match=r"KEY-(PASSPHRASE|SERVICE)"):
        ring("c").get("hmac")


def test_another_passphrase_or_a_changed_file_does_not_open(tmp_path: Path) -> None:
    ring = Keyring(PassphraseKeeper(tmp_path, "c", WORDS))
    ring.create()
    with pytest.raises(KanshoError, match="KEY-PASSPHRASE"):
        Keyring(PassphraseKeeper(tmp_path, "c", b"another passphrase")).get("vault")
    kept = json.loads((tmp_path / "vault").read_bytes())
    for changed in ({"memory_kib": 2**40}, {"passes": 10**9}, {"salt": "zz"}, {"sealed": ""}):
        (tmp_path / "vault").write_text(json.dumps({**kept, **changed}))
        with pytest.raises(KanshoError, match="KEY-PASSPHRASE"):
            ring.get("vault")


def test_no_wrapped_file_holds_its_key(make: Make, tmp_path: Path) -> None:
    keeper = make(tmp_path, "c")
    keeper.create("vault", b"k" * 32)
    plain = isinstance(keeper, FileKeeper)
    assert (b"k" * 32 in (tmp_path / "vault").read_bytes()) is plain
    assert WORDS.decode() not in repr(keeper)


def test_plain_files_are_wrapped_in_place_and_the_campaign_goes_on(mini: CampaignConfig, tmp_path: Path) -> None:
    keys = tmp_path / "kansho" / "keys"
    plain = Keyring(keeper_of(keys, mini.id))
    plain.create()
    before = plain.get("vault")
    secret = tmp_path / "secret"
    secret.write_bytes(WORDS)
    arguments = ["keys", "wrap", "--config", str(MINI), "--var", str(tmp_path), "--passphrase-file", str(secret)]
    secret.chmod(0o644)
    assert cli.main(arguments) != 0
    secret.chmod(0o600)
    assert [cli.main(arguments) for _ in range(2)] == [0, 0]
    assert isinstance(keeper_of(keys, mini.id), PassphraseKeeper)
    assert Keyring(keeper_of(keys, mini.id)).get("vault") == before
    assert before not in (keys / mini.id / "vault").read_bytes()


def test_wrapping_that_was_killed_half_way_goes_on(tmp_path: Path) -> None:
    plain = Keyring(FileKeeper(tmp_path))
    plain.create()
    before = {name: plain.get(name) for name in KEY_NAMES}
    keeper = PassphraseKeeper(tmp_path, "c", WORDS)
    assert wrap_files(tmp_path, keeper, KEY_NAMES[:2]) == 2
    assert wrap_files(tmp_path, keeper, KEY_NAMES) == len(KEY_NAMES) - 2
    assert {name: Keyring(keeper).get(name) for name in KEY_NAMES} == before


@pytest.mark.parametrize(
    "told", ["", "[]", '{"keeper": "cloud"}', '{"keeper": "passphrase", "passphrase_file": "x", "more": 1}']
)
def test_settings_of_another_form_never_fall_back_to_plain_files(told: str, tmp_path: Path) -> None:
    settings_path(tmp_path, "c").write_text(told)
    with pytest.raises(KanshoError, match="KEY-SETTINGS"):
        keeper_of(tmp_path, "c")


def test_the_state_of_every_key_is_told_without_the_key(
    mini: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = Keyring(keeper_of(tmp_path / "kansho" / "keys", mini.id))
    ring.create()
    ring.destroy("vault")
    assert cli.main(["keys", "state", "--config", str(MINI), "--var", str(tmp_path)]) == 0
    told = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert told == {**dict.fromkeys(KEY_NAMES, "present"), "vault": "gone"}
