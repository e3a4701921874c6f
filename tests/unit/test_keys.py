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
from botocore.exceptions import ClientError

from kansho import cli
from kansho.campaign.config import CampaignConfig, load_config
from kansho.errors import KanshoError
from kansho.vault import keepers
from kansho.vault import kms as kms_
from kansho.vault.deployed import keeper_of, passphrase_in, settings_path
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper
from kansho.vault.keys import KEY_NAMES, Keyring
from kansho.vault.kms import WAIT_DAYS, KmsKeeper
from kansho.vault.rotation import Rotated, rotate
from kansho.workspace import Workspace
from tests.conftest import MINI
from tests.kms_server import REGION, deploy_kms, forget, forget_all, kms_server, with_service
from tests.small_cloud import Cloud, small_cloud

HERE = load_config(MINI)
WORDS = b"correct horse battery"
Make = Callable[[Path, str], KeyKeeper]


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    """A KMS over HTTP."""
    with kms_server() as address:
        yield kms_.client(address, REGION)


@pytest.fixture(autouse=True)
def _an_empty_service() -> None:
    forget_all()


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "MEMORY_KIB", 256)


@pytest.fixture(scope="module")
def small() -> Iterator[Cloud]:
    """The tests' own KMS in memory, held to the same behaviour."""
    with small_cloud() as cloud:
        yield cloud


@pytest.fixture(params=["moto", "small"])
def service(request: pytest.FixtureRequest, kms: Any, small: Cloud) -> tuple[Any, Callable[[str], object]]:
    """A KMS, and how it forgets a key."""
    return (kms, forget) if request.param == "moto" else (kms_.client(small.address, REGION), small_forgets(small))


def small_forgets(small: Cloud) -> Callable[[str], object]:
    return lambda arn: small.state.keys.pop(arn.rpartition("/")[2])


@pytest.fixture(params=["file", "passphrase", "kms", "small"])
def make(request: pytest.FixtureRequest, kms: Any) -> Make:
    """A keeper over a folder for a campaign."""
    if request.param in ("kms", "small"):
        client = kms if request.param == "kms" else kms_.client(request.getfixturevalue("small").address, REGION)
        return lambda folder, campaign: KmsKeeper(client, FileKeeper(folder), campaign, "o")
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
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "o"))
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
    """KMS after the waiting days: it knows the key no more, and the key that signs still."""

    def __init__(self, client: Any, *known: str) -> None:
        self._client, self._known = client, known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_key(self, **asked: Any) -> Any:
        absent = {"KeyId": "00000000-0000-0000-0000-000000000000"}
        return self._client.describe_key(**(asked if asked["KeyId"] in self._known else absent))


def kms_key(folder: Path, name: str) -> str:
    return str(json.loads((folder / name).read_bytes())["kms_key"])


def test_a_key_that_the_service_forgot_is_gone_and_leaves_no_file(kms: Any, tmp_path: Path) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "o")).create()
    ring = Keyring(KmsKeeper(Forgetful(kms, kms_key(tmp_path, "signing")), FileKeeper(tmp_path), "c", "o"))
    assert (ring.has("residents"), ring.pending("residents")) == (False, None)
    ring.destroy("residents")
    assert not (tmp_path / "residents").exists()


def in_another_region(kms: Any) -> Any:
    return kms_.client(kms.meta.endpoint_url, "ap-northeast-3")


def in_another_account(kms: Any) -> Any:
    """A client whose role is another account's; the service of the tests tells them apart by this header."""
    client = kms_.client(kms.meta.endpoint_url, REGION)

    def other(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = "210987654321"

    client.meta.events.register("before-call.kms", other)
    return client


@pytest.mark.parametrize("bare", [False, True], ids=["arn", "bare id"])
@pytest.mark.parametrize("elsewhere", [in_another_region, in_another_account])
def test_a_service_of_another_region_or_account_does_not_make_a_key_gone(
    elsewhere: Callable[[Any], Any], bare: bool, kms: Any, tmp_path: Path
) -> None:
    here = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "o"))
    here.create()
    if bare:
        unname(tmp_path)
    ring = Keyring(KmsKeeper(elsewhere(kms), FileKeeper(tmp_path), "c", "o"))
    for ask in (ring.get, ring.has, ring.pending, ring.destroy, lambda name: ring.keeper.turn(name, 1)):
        with pytest.raises(KanshoError, match="KEY-ELSEWHERE") as refused:
            ask("residents")
        assert refused.value.remedy
    assert (here.has("residents"), here.pending("residents"), here.strays("residents")) == (True, None, [])
    assert len(here.get("residents")) == 32
    (tmp_path / "health").unlink()
    with pytest.raises(KanshoError, match="KEY-ELSEWHERE"):
        ring.has("health")  # what nothing names might still be a stray, where this service does not look


def unname(folder: Path) -> None:
    """The files as an earlier form kept them: the bare id of each KMS key."""
    for path in folder.iterdir():
        said = json.loads(path.read_bytes())
        path.write_text(json.dumps({**said, "kms_key": said["kms_key"].rpartition("/")[2]}))


def test_a_key_that_was_kept_by_its_bare_id_is_named_whole_before_its_deletion_is_ordered(
    service: tuple[Any, Callable[[str], object]], tmp_path: Path
) -> None:
    kms, forget = service
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "bare"))
    ring.create()
    arn = kms_key(tmp_path, "residents")
    unname(tmp_path)
    assert len(ring.get("residents")) == 32
    assert (ring.has("residents"), kms_key(tmp_path, "residents")) == (True, arn.rpartition("/")[2])
    ring.destroy("residents")
    assert kms_key(tmp_path, "residents") == arn
    forget(arn)
    assert (ring.has("residents"), ring.pending("residents")) == (False, None)
    forget(kms_key(tmp_path, "health"))
    with pytest.raises(KanshoError, match="KEY-ELSEWHERE"):
        ring.has("health")  # nobody can say any more where it was


def test_a_service_that_knows_none_of_our_keys_tells_of_none_that_it_is_gone(kms: Any, tmp_path: Path) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "none")).create()
    forget_all()
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "none"))
    for ask in (ring.has, ring.pending, ring.destroy):
        with pytest.raises(KanshoError, match="KEY-ELSEWHERE"):
            ask("residents")
    assert (tmp_path / "residents").exists()


@pytest.mark.parametrize("named", ["arn:aws:kms:x", "arn:aws-cn:kms:ap-northeast-1:123456789012:key/1"])
def test_a_file_that_names_a_key_of_another_partition_or_none_is_refused(named: str, kms: Any, tmp_path: Path) -> None:
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "o"))
    ring.create()
    said = json.loads((tmp_path / "residents").read_bytes())
    (tmp_path / "residents").write_text(json.dumps({**said, "kms_key": named}))
    with pytest.raises(KanshoError, match="KEY-ELSEWHERE"):
        ring.has("residents")


def test_a_service_that_does_not_answer_is_no_destruction(tmp_path: Path, kms: Any) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "o")).create()
    config = boto3.session.Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    deaf = boto3.client("kms", region_name="ap-northeast-1", endpoint_url="http://127.0.0.1:9", config=config)
    ring = Keyring(KmsKeeper(deaf, FileKeeper(tmp_path), "c", "o"))
    for ask in (ring.get, ring.has, ring.pending, ring.destroy):
        with pytest.raises(KanshoError, match="KEY-SERVICE"):
            ask("residents")
    assert (tmp_path / "residents").exists()


@pytest.mark.parametrize("kind", ["passphrase", "kms"])
def test_a_wrapped_key_opens_for_its_campaign_and_name_alone(kind: str, kms: Any, tmp_path: Path) -> None:
    def ring(campaign: str) -> Keyring:
        files = FileKeeper(tmp_path)
        return Keyring(
            KmsKeeper(kms, files, campaign, "o") if kind == "kms" else PassphraseKeeper(tmp_path, campaign, WORDS)
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


def held(keys: Path, config: CampaignConfig = HERE) -> dict[str, bytes]:
    ring = Keyring(keeper_of(keys, config))
    return {name: ring.get(name) for name in KEY_NAMES}


def turned(keys: Path, file: str = "", config: CampaignConfig = HERE) -> int:
    return rotate(keys, config, file, lambda _: None).number


def test_plain_files_are_wrapped_and_turned_again_and_the_campaign_goes_on(
    tmp_path: Path, secrets_: Callable[[str], str]
) -> None:
    keys = tmp_path / "keys"
    Keyring(keeper_of(keys, HERE)).create()
    before = held(keys)
    for number, name in enumerate(("one", "two"), 1):
        assert turned(keys, secrets_(name)) == number
        assert isinstance(keeper_of(keys, HERE), PassphraseKeeper)
        assert held(keys) == before
        assert not any(key in path.read_bytes() for path in (keys / HERE.id).iterdir() for key in before.values())
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
    keys, new, config = tmp_path / "keys", "" if kind == "kms" else secrets_("new"), HERE
    if kind == "passphrase":
        settings_path(keys, HERE.id).parent.mkdir()
        settings_path(keys, HERE.id).write_text(
            json.dumps({"keeper": "passphrase", "passphrase_file": secrets_("old")})
        )
    elif kind == "kms":
        config = in_kms(keys, request.getfixturevalue("kms"))
    Keyring(keeper_of(keys, config)).create()
    before, files = held(keys, config), {p.name: p.read_bytes() for p in (keys / HERE.id).iterdir()}
    replace, count = FileKeeper.replace, iter(range(100))

    def until(keeper: FileKeeper, name: str, data: bytes) -> None:
        if keeper.folder.name == HERE.id and next(count) == kept:
            raise Killed
        replace(keeper, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(FileKeeper, "replace", until)
        with pytest.raises(Killed):
            rotate(keys, config, new, end)
    assert held(keys, config) == before
    assert Keyring(keeper_of(keys, config)).has("residents")
    assert turned(keys, new, config) == 1
    assert held(keys, config) == before
    assert all((keys / HERE.id / name).read_bytes() != data for name, data in files.items())
    if kind == "kms":
        client = request.getfixturevalue("kms")
        for data in files.values():  # the former KMS keys are on their way out, each once
            state = client.describe_key(KeyId=json.loads(data)["kms_key"])["KeyMetadata"]["KeyState"]
            assert state == "PendingDeletion"


def end(_: Rotated) -> None:
    raise Killed


def in_kms(keys: Path, kms: Any) -> CampaignConfig:
    """Keep the keys in this KMS; returns the campaign whose ward designated it."""
    deploy_kms(keys, HERE.id, kms.meta.endpoint_url)
    return with_service(HERE, kms.meta.endpoint_url)


def test_a_key_that_was_turned_is_gone_only_with_the_kms_keys_it_had_before(kms: Any, tmp_path: Path) -> None:
    config = in_kms(tmp_path, kms)
    Keyring(keeper_of(tmp_path, config)).create()
    folder, owner = FileKeeper(tmp_path / config.id), (tmp_path / f"{config.id}.owner").read_text()
    former = json.loads((folder.folder / "residents").read_bytes())["kms_key"]
    turned(tmp_path, config=config)

    class Slow(Forgetful):
        """It forgot the newest key, and waits still for the former one."""

        def describe_key(self, **asked: Any) -> Any:
            known = asked["KeyId"] == former
            return self._client.describe_key(**asked) if known else super().describe_key(**asked)

    signing = kms_key(folder.folder, "signing")
    ring = Keyring(KmsKeeper(Slow(kms, signing), folder, config.id, owner))
    ring.destroy("residents")
    assert ring.has("residents")
    assert ring.pending("residents") is not None
    gone = Keyring(KmsKeeper(Forgetful(kms, signing), folder, config.id, owner))
    gone.destroy("residents")
    assert not (folder.folder / "residents").exists()


def test_what_does_not_fit_turns_nothing(tmp_path: Path, secrets_: Callable[[str], str], kms: Any) -> None:
    keys = tmp_path / "keys"
    Keyring(keeper_of(keys, HERE)).create()
    short = tmp_path / "short"
    short.write_text("short")
    for file in ("", str(short), str(tmp_path / "absent"), "ask", "/dev/fd/999"):
        with pytest.raises(KanshoError, match=r"KEY-(ROTATION|PASSPHRASE-FILE)"):
            turned(keys, file)
    assert isinstance(keeper_of(keys, HERE), FileKeeper)
    turned(keys, secrets_("one"))
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(keys, str(tmp_path / "one"))
    with pytest.raises(Killed):
        rotate(keys, HERE, secrets_("two"), end)
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(keys, secrets_("three"))
    config = in_kms(tmp_path, kms)
    with pytest.raises(KanshoError, match="KEY-ROTATION"):
        turned(tmp_path, secrets_("four"), config)


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
    Keyring(keeper_of(tmp_path / "kansho" / "keys", mini)).create()
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
    "told",
    [
        "",
        "[]",
        '{"keeper": "cloud"}',
        '{"keeper": "passphrase", "passphrase_file": "x", "more": 1}',
        '{"keeper": "kms", "region": "r", "endpoint": "https://kms.example.jp"}',
        '{"keeper": "passphrase", "passphrase_file": "x", "place": "vault_site"}',
    ],
)
def test_settings_of_another_form_never_fall_back_to_plain_files(told: str, tmp_path: Path) -> None:
    settings_path(tmp_path, HERE.id).write_text(told)
    with pytest.raises(KanshoError, match="KEY-SETTINGS"):
        keeper_of(tmp_path, HERE)


def test_the_state_of_every_key_is_told_without_the_key(
    mini: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = Keyring(keeper_of(tmp_path / "kansho" / "keys", mini))
    ring.create()
    ring.destroy("residents")
    assert cli.main(["keys", "status", "--config", str(MINI), "--var", str(tmp_path)]) == 0
    told = dict(line.split() for line in capsys.readouterr().out.splitlines()[1:])
    assert told == {**dict.fromkeys(KEY_NAMES, "present"), "residents": "gone"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"endpoint": "http://kms.example.jp"}, "KEY-TLS"),
        ({"endpoint": "https://key:secret@kms.example.jp"}, "KEY-TLS"),
        ({"endpoint": "https://kms.example.jp/other"}, "KEY-TLS"),
        ({"endpoint": "https://[kms.example.jp"}, "KEY-TLS"),
        ({"endpoint": "https://kms.elsewhere.example.com"}, "KEY-PLACE"),
        ({"region": "us-east-1"}, "KEY-PLACE"),
        ({"place": "ward_office"}, "KEY-PLACE"),
        ({"place": "nowhere"}, "KEY-PLACE"),
    ],
)
def test_a_key_service_that_the_ward_did_not_designate_is_not_asked(
    changed: dict[str, str], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_service(HERE, "https://kms.example.jp")
    deploy_kms(tmp_path, HERE.id, "https://kms.example.jp")
    assert isinstance(keeper_of(tmp_path, config), KmsKeeper)
    deploy_kms(tmp_path, HERE.id, "https://kms.example.jp", **changed)
    monkeypatch.setattr(kms_, "client", lambda *_: pytest.fail("a client was made"))
    for ask in (lambda: keeper_of(tmp_path, config), lambda: turned(tmp_path, config=config)):
        with pytest.raises(KanshoError, match=code) as refused:
            ask()
        assert refused.value.remedy


# -- what a killed run left in the service ------------------------------------------------------------------


class Dying:
    """KMS, until a call that the process does not live to make."""

    def __init__(self, client: Any, at: str) -> None:
        self._client, self._at = client, at

    def __getattr__(self, name: str) -> Any:
        if name == self._at:
            raise Killed
        return getattr(self._client, name)


def test_a_kms_key_that_a_killed_opening_left_is_found_by_its_tags_and_ends_with_its_key(
    service: tuple[Any, Callable[[str], object]], tmp_path: Path
) -> None:
    kms, forget = service
    with pytest.raises(Killed):
        Keyring(KmsKeeper(Dying(kms, "encrypt"), FileKeeper(tmp_path), "c", "left")).create()
    assert list(tmp_path.iterdir()) == []
    ring = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "left"))
    ring.create()
    (stray,) = ring.strays("residents")
    assert stray != json.loads((tmp_path / "residents").read_bytes())["kms_key"]
    assert [ring.strays(name) for name in KEY_NAMES if name != "residents"] == [[]] * (len(KEY_NAMES) - 1)
    other = Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "another deployment"))
    assert other.strays("residents") == []

    ring.destroy("residents")
    assert ring.pending("residents") is not None
    assert kms.describe_key(KeyId=stray)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    forget(json.loads((tmp_path / "residents").read_bytes())["kms_key"])
    ring.destroy("residents")
    assert ring.has("residents"), "what was made for the key is not gone"
    assert ring.pending("residents") is not None
    assert (tmp_path / "residents").exists()
    forget(stray)
    ring.destroy("residents")
    assert (ring.has("residents"), ring.pending("residents"), ring.strays("residents")) == (False, None, [])
    assert not (tmp_path / "residents").exists()


class Paged(Dying):
    """KMS that tells of one key at a time."""

    def list_keys(self, Marker: str = "0") -> Any:  # noqa: N803 (boto3's name)
        keys, at = self._client.list_keys()["Keys"], int(Marker)
        more = {"Truncated": True, "NextMarker": str(at + 1)} if at + 1 < len(keys) else {"Truncated": False}
        return {"Keys": keys[at : at + 1], **more}


def test_strays_are_found_on_every_page_of_an_account(kms: Any, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Killed):
            KmsKeeper(Dying(kms, "encrypt"), FileKeeper(tmp_path), "c", "pages").create("health", b"k" * 32)
    kms.create_key()  # another's, without a tag
    assert len(KmsKeeper(Paged(kms, "nothing"), FileKeeper(tmp_path), "c", "pages").strays("health")) == 2


def test_a_rotation_that_goes_on_ends_the_kms_key_that_it_left(kms: Any, tmp_path: Path) -> None:
    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "turns")).create()
    with pytest.raises(Killed):
        KmsKeeper(Dying(kms, "re_encrypt"), FileKeeper(tmp_path), "c", "turns").turn("health", 1)
    keeper = KmsKeeper(kms, FileKeeper(tmp_path), "c", "turns")
    (stray,) = keeper.strays("health")
    assert keeper.pending("health") is None, "the key in use is present"
    assert keeper.turn("health", 1)
    states = [kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] for id_ in keeper.strays("health")]
    assert (keeper.strays("health"), states) == ([stray], ["PendingDeletion"])


@pytest.mark.parametrize("denied", ["list_keys", "list_resource_tags"])
def test_where_strays_cannot_be_looked_for_no_key_is_called_gone(denied: str, kms: Any, tmp_path: Path) -> None:
    def denied_(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, denied)

    class Closed(Dying):
        def __getattr__(self, name: str) -> Any:
            if name == self._at:
                return denied_
            return getattr(self._client, name)

    Keyring(KmsKeeper(kms, FileKeeper(tmp_path), "c", "closed")).create()
    ring = Keyring(KmsKeeper(Closed(kms, denied), FileKeeper(tmp_path), "c", "closed"))
    assert len(ring.get("residents")) == 32, "work goes on"
    for ask in (ring.has, ring.pending, ring.destroy):
        with pytest.raises(KanshoError, match="KEY-SERVICE"):
            ask("residents")
