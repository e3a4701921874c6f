"""Keys at rest: as files, behind a passphrase, in a key service; one behaviour for all (P11, D3)."""

from __future__ import annotations

import json
import os
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
from kansho.vault.deployed import keeper_of, passphrase_in, settings_path
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper
from kansho.vault.keys import KEY_NAMES, Keyring
from kansho.vault.kms import WAIT_DAYS, KmsKeeper
from kansho.vault.rotation import Rotated, rotate
from kansho.workspace import Workspace
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
    ring.get("residents")
    ring.destroy("residents")
    ring.destroy("residents")
    for again in (ring, Keyring(make(tmp_path, "c"))):
        with pytest.raises(KanshoError, match="KEY-ABSENT"):
            again.get("residents")
        again.get("hmac")


def test_a_key_in_a_service_is_pending_and_not_gone_until_the_service_forgot_it(kms: Any, tmp_path: Path) -> None:
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c"))
    ring.create()
    assert (ring.has("residents"), ring.pending("residents")) == (True, None)
    ring.destroy("residents")
    until = ring.pending("residents")
    assert until is not None
    assert abs(until - datetime.now(UTC).date()) <= timedelta(days=WAIT_DAYS + 1)
    assert ring.has("residents")
    ring.destroy("residents")
    assert ring.pending("residents") == until


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
    assert (ring.has("residents"), ring.pending("residents")) == (False, None)
    ring.destroy("residents")
    assert not (tmp_path / "residents").exists()


def test_a_service_that_does_not_answer_is_no_destruction(tmp_path: Path, kms: Any) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c")).create()
    config = boto3.session.Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    deaf = boto3.client("kms", region_name="ap-northeast-1", endpoint_url="http://127.0.0.1:9", config=config)
    ring = Keyring(KmsKeeper(deaf, FileKeeper(tmp_path), "c"))
    for ask in (ring.get, ring.has, ring.pending, ring.destroy):
        with pytest.raises(KanshoError, match="KEY-SERVICE"):
            ask("residents")
    assert (tmp_path / "residents").exists()


@pytest.mark.parametrize("kind", ["passphrase", "kms"])
def test_a_wrapped_key_opens_for_its_campaign_and_name_alone(kind: str, kms: Any, tmp_path: Path) -> None:
    def ring(campaign: str) -> Keyring:
        files = FileKeeper(tmp_path)
        return Keyring(
            KmsKeeper(kms, files, campaign) if kind == "kms" else PassphraseKeeper(tmp_path, campaign, WORDS)
        )

    ring("c").create()
    with pytest.raises(KanshoError, match=r"KEY-(PASSPHRASE|SERVICE)"):
        ring("other").get("residents")
    (tmp_path / "hmac").write_bytes((tmp_path / "residents").read_bytes())
    with pytest.raises(KanshoError, match=r"KEY-(PASSPHRASE|SERVICE)"):
        ring("c").get("hmac")


def test_another_passphrase_or_a_changed_file_does_not_open(tmp_path: Path) -> None:
    ring = Keyring(PassphraseKeeper(tmp_path, "c", WORDS))
    ring.create()
    with pytest.raises(KanshoError, match="KEY-PASSPHRASE"):
        Keyring(PassphraseKeeper(tmp_path, "c", b"another passphrase")).get("residents")
    kept = json.loads((tmp_path / "residents").read_bytes())
    for changed in ({"memory_kib": 2**40}, {"passes": 10**9}, {"salt": "zz"}, {"sealed": ""}):
        (tmp_path / "residents").write_text(json.dumps({**kept, **changed}))
        with pytest.raises(KanshoError, match="KEY-PASSPHRASE"):
            ring.get("residents")


def test_no_wrapped_file_holds_its_key(make: Make, tmp_path: Path) -> None:
    keeper = make(tmp_path, "c")
    keeper.create("residents", b"k" * 32)
    plain = isinstance(keeper, FileKeeper)
    assert (b"k" * 32 in (tmp_path / "residents").read_bytes()) is plain
    assert WORDS.decode() not in repr(keeper)


@pytest.fixture
def secrets_(tmp_path: Path) -> Callable[[str], str]:
    """A passphrase file of that name."""

    def made(name: str) -> str:
        path = tmp_path / name
        path.write_text(f"passphrase called {name}")
        path.chmod(0o600)
        return str(path)

    return made


def held(keys: Path) -> dict[str, bytes]:
    ring = Keyring(keeper_of(keys, "c"))
    return {name: ring.get(name) for name in KEY_NAMES}


def turned(keys: Path, file: str = "") -> int:
    return rotate(keys, "c", file, lambda _: None).number


def test_plain_files_are_wrapped_and_turned_again_and_the_campaign_goes_on(
    tmp_path: Path, secrets_: Callable[[str], str]
) -> None:
    keys = tmp_path / "keys"
    Keyring(keeper_of(keys, "c")).create()
    before = held(keys)
    for number, name in enumerate(("one", "two"), 1):
        assert turned(keys, secrets_(name)) == number
        assert isinstance(keeper_of(keys, "c"), PassphraseKeeper)
        assert held(keys) == before
        assert not any(key in path.read_bytes() for path in (keys / "c").iterdir() for key in before.values())
    (tmp_path / "one").unlink()
    assert held(keys) == before
    (tmp_path / "two").write_text("another passphrase")
    with pytest.raises(KanshoError, match="KEY-PASSPHRASE"):
        held(keys)


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("kept", [0, 2, len(KEY_NAMES)])
@pytest.mark.parametrize("kind", ["plain", "passphrase", "kms"])
def test_a_rotation_that_is_killed_works_meanwhile_and_goes_on(
    kind: str,
    kept: int,
    tmp_path: Path,
    secrets_: Callable[[str], str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys, new = tmp_path / "keys", "" if kind == "kms" else secrets_("new")
    if kind == "passphrase":
        settings_path(keys, "c").parent.mkdir()
        settings_path(keys, "c").write_text(json.dumps({"keeper": "passphrase", "passphrase_file": secrets_("old")}))
    elif kind == "kms":
        in_kms(keys, request.getfixturevalue("kms"))
    Keyring(keeper_of(keys, "c")).create()
    before, files = held(keys), {p.name: p.read_bytes() for p in (keys / "c").iterdir()}
    replace, count = FileKeeper.replace, iter(range(100))

    def until(keeper: FileKeeper, name: str, data: bytes) -> None:
        if keeper.folder.name == "c" and next(count) == kept:
            raise Killed
        replace(keeper, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(FileKeeper, "replace", until)
        with pytest.raises(Killed):
            rotate(keys, "c", new, end)
    assert held(keys) == before
    assert Keyring(keeper_of(keys, "c")).has("residents")
    assert turned(keys, new) == 1
    assert held(keys) == before
    assert all((keys / "c" / name).read_bytes() != data for name, data in files.items())
    if kind == "kms":
        client = request.getfixturevalue("kms")
        for data in files.values():  # the former KMS keys are on their way out, each once
            state = client.describe_key(KeyId=json.loads(data)["kms_key"])["KeyMetadata"]["KeyState"]
            assert state == "PendingDeletion"


def end(_: Rotated) -> None:
    raise Killed


def in_kms(keys: Path, kms: Any) -> None:
    keys.mkdir(exist_ok=True)
    told = {"keeper": "kms", "region": "ap-northeast-1", "endpoint": kms.meta.endpoint_url}
    settings_path(keys, "c").write_text(json.dumps(told))


def test_a_key_that_was_turned_is_gone_only_with_the_kms_keys_it_had_before(kms: Any, tmp_path: Path) -> None:
    in_kms(tmp_path, kms)
    Keyring(keeper_of(tmp_path, "c")).create()
    former = json.loads((tmp_path / "c" / "residents").read_bytes())["kms_key"]
    turned(tmp_path)

    class Slow(Forgetful):
        """It forgot the newest key, and waits still for the former one."""

        def describe_key(self, **asked: Any) -> Any:
            known = asked["KeyId"] == former
            return self._client.describe_key(**asked) if known else super().describe_key(**asked)

    ring = Keyring(KmsKeeper(Slow(kms), FileKeeper(tmp_path / "c"), "c"))
    ring.destroy("residents")
    assert ring.has("residents")
    assert ring.pending("residents") is not None
    gone = Keyring(KmsKeeper(Forgetful(kms), FileKeeper(tmp_path / "c"), "c"))
    gone.destroy("residents")
    assert not (tmp_path / "c" / "residents").exists()


def test_what_does_not_fit_turns_nothing(tmp_path: Path, secrets_: Callable[[str], str], kms: Any) -> None:
    keys = tmp_path / "keys"
    Keyring(keeper_of(keys, "c")).create()
    short = tmp_path / "short"
    short.write_text("short")
    for file in ("", str(short), str(tmp_path / "absent"), "ask", "/dev/fd/999"):
        with pytest.raises(KanshoError, match=r"KEY-(ROTATION|PASSPHRASE-FILE)"):
            turned(keys, file)
    assert isinstance(keeper_of(keys, "c"), FileKeeper)
    turned(keys, secrets_("one"))
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(keys, str(tmp_path / "one"))
    with pytest.raises(Killed):
        rotate(keys, "c", secrets_("two"), end)
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(keys, secrets_("three"))
    in_kms(tmp_path, kms)
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(tmp_path, secrets_("four"))


def test_a_passphrase_comes_by_a_descriptor_once_and_others_may_not_read_its_file(tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.write_bytes(WORDS)
    path.chmod(0o644)
    with pytest.raises(KanshoError, match="KEY-PASSPHRASE-FILE"):
        passphrase_in(str(path))
    read, write = os.pipe()
    os.write(write, WORDS + b"\n")
    os.close(write)
    try:
        assert [passphrase_in(f"/dev/fd/{read}") for _ in range(2)] == [WORDS, WORDS]
    finally:
        os.close(read)


def test_keys_are_turned_by_command_and_the_ledger_knows(
    mini: CampaignConfig, tmp_path: Path, secrets_: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--config", str(MINI), "--var", str(tmp_path)]
    arguments = ["keys", "rotate", *place, "--passphrase-file", secrets_("one"), "--date", "2027-06-01", "--user"]
    Keyring(keeper_of(tmp_path / "kansho" / "keys", mini.id)).create()
    assert cli.main([*arguments, "nobody"]) == 1
    Workspace.open(mini, tmp_path, mini.contract.start).record("campaign_opened", mini.id)
    assert cli.main([*arguments, "tsukumo"]) == 0
    (event,) = Workspace.open(mini, tmp_path, mini.contract.start).ledger.events("keys_rotated")
    assert (event.key, event.actor["user"], event.counts) == ("rotation/1", "tsukumo", {"keys": len(KEY_NAMES)})
    assert cli.main(["keys", "status", *place]) == 0
    told = capsys.readouterr()
    assert "keeper passphrase, rotation 1\n" in told.out
    assert "passphrase called" not in told.out + told.err


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
    ring.destroy("residents")
    assert cli.main(["keys", "status", "--config", str(MINI), "--var", str(tmp_path)]) == 0
    told = dict(line.split() for line in capsys.readouterr().out.splitlines()[1:])
    assert told == {**dict.fromkeys(KEY_NAMES, "present"), "residents": "gone"}
