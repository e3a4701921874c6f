"""Edges of keeping and of ending keys: what mutation testing asked after (docs/reference/mutation.md).

What every keeper promises is in ``test_keys.py``; edges of stores, in ``test_vault_edges.py``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kansho.campaign.config import load_config
from kansho.vault import keepers
from kansho.vault import kms as kms_
from kansho.vault.deployed import keeper_of, settings_path
from kansho.vault.keepers import FileKeeper, KeyKeeper, PassphraseKeeper
from kansho.vault.keys import Keyring, new_identity, recipient_of, seal_package
from kansho.vault.kms import KmsKeeper
from kansho.vault.rotation import Rotated, rotate
from kansho.vault.store import LocalStore
from tests.conftest import MINI
from tests.kms_server import REGION, deploy_kms, with_service
from tests.refusals import refused
from tests.small_cloud import Cloud, small_cloud

WORDS = b"correct horse battery"
ACCOUNT = "arn:aws:kms:ap-northeast-1:123456789012:key/"


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "MEMORY_KIB", 256)


# -- files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behind", [False, True], ids=["file", "passphrase"])
def test_a_key_s_bytes_are_overwritten_on_the_disk_before_its_name_goes(
    behind: bool, tmp_path: Path, little: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper: KeyKeeper = PassphraseKeeper(tmp_path, "c", WORDS) if behind else FileKeeper(tmp_path)
    keeper.create("residents", b"k" * 32)
    before, seen = (tmp_path / "residents").read_bytes(), list[bytes]()
    fsync, erase = os.fsync, LocalStore.erase

    def flushed(descriptor: int) -> None:
        fsync(descriptor)
        seen.append((tmp_path / "residents").read_bytes())

    def erased(store: LocalStore, name: str) -> None:
        assert seen, "nothing was flushed"
        erase(store, name)

    monkeypatch.setattr(os, "fsync", flushed)
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "erase", lambda store, name: None)
        keeper.destroy("residents")
    (over,) = seen
    assert len(over) == len(before)
    assert sum(a == b for a, b in zip(over, before, strict=True)) < len(before) / 2
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(LocalStore, "erase", erased)
    keeper.destroy("residents")
    assert keeper.names() == []
    assert (keeper.has("residents"), keeper.pending("residents"), keeper.strays("residents")) == (False, None, [])
    keeper.destroy("residents")


def test_plain_files_are_kept_and_have_nothing_to_wait_for_or_to_turn(tmp_path: Path, little: None) -> None:
    for keeper, kind in ((FileKeeper(tmp_path), "files"), (PassphraseKeeper(tmp_path, "c", WORDS, b""), "passphrase")):
        assert keeper.kind == Keyring(keeper).kind == kind
        assert (keeper.create("a", b"k" * 32), keeper.create("a", b"l" * 32)) == (kind == "files", False)
        assert keeper.read("a") == b"k" * 32
        assert (keeper.names(), keeper.strays("a"), keeper.pending("a")) == (["a"], [], None)
    assert FileKeeper(tmp_path).turn("a", 1) is False


# -- behind a passphrase -------------------------------------------------------------------------------


def test_a_key_file_says_how_it_opens_and_opens_so_for_its_campaign_and_name(tmp_path: Path, little: None) -> None:
    PassphraseKeeper(tmp_path, "c", WORDS).create("residents", b"k" * 32)
    said = json.loads((tmp_path / "residents").read_bytes())
    assert {n: said[n] for n in ("kdf", "memory_kib", "passes", "lanes")} == {
        "kdf": "argon2id",
        "memory_kib": 256,
        "passes": 3,
        "lanes": 4,
    }
    salt, nonce, sealed = (bytes.fromhex(said[n]) for n in ("salt", "nonce", "sealed"))
    assert (len(salt), len(nonce), len(sealed)) == (16, 12, 48)
    assert len(said) == 7
    key = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=256).derive(WORDS)
    assert AESGCM(key).decrypt(nonce, sealed, b"kansho-key/c/residents") == b"k" * 32


def test_what_opens_keys_costs_as_much_as_is_recommended() -> None:
    assert (keepers.MEMORY_KIB, keepers.PASSES, keepers.LANES) == (65536, 3, 4)


class Derived:
    """Argon2id that only remembers what it was asked for."""

    asked: list[dict[str, Any]]

    def __init__(self, **said: Any) -> None:
        self.asked.append(said)

    def derive(self, words: bytes) -> bytes:
        return words.ljust(32)[:32]


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    Derived.asked = []
    monkeypatch.setattr(keepers, "Argon2id", Derived)
    return Derived.asked


def test_a_process_derives_once_for_all_keys_of_a_campaign(tmp_path: Path, derived: list[dict[str, Any]]) -> None:
    keeper = PassphraseKeeper(tmp_path, "c", WORDS)
    for name in ("a", "b", "d"):
        keeper.create(name, b"k" * 32)
    again = PassphraseKeeper(tmp_path, "c", WORDS)
    again.create("e", b"k" * 32)
    assert [again.read(name) for name in again.names()] == [b"k" * 32] * 4
    assert len(derived) == 2, "one for each process"
    assert derived[0] == derived[1], "by one salt"


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"passes": 16, "lanes": 16, "memory_kib": 1024 * 1024}, True),
        ({"passes": 17}, False),
        ({"lanes": 17}, False),
        ({"memory_kib": 1024 * 1024 + 1}, False),
    ],
)
def test_a_changed_file_may_not_ask_for_any_amount_of_work(
    changed: dict[str, int], asked: bool, tmp_path: Path, derived: list[dict[str, Any]]
) -> None:
    PassphraseKeeper(tmp_path, "c", WORDS).create("a", b"k" * 32)
    said = json.loads((tmp_path / "a").read_bytes())
    (tmp_path / "a").write_text(json.dumps({**said, **changed}))
    derived.clear()
    keeper = PassphraseKeeper(tmp_path, "c", WORDS, b"another, former")
    if asked:
        assert keeper.read("a") == b"k" * 32
        assert [(d["iterations"], d["lanes"], d["memory_cost"]) for d in derived] == [(16, 16, 1024 * 1024)]
        return
    with refused("KEY-PASSPHRASE", place="a") as caught:
        keeper.read("a")
    assert (derived, bool(caught.value.remedy)) == ([], True)


def test_a_plain_file_is_no_key_of_a_passphrase_but_while_it_is_being_wrapped(tmp_path: Path, little: None) -> None:
    for n, plain in enumerate((b"k" * 32, b"[1]", b'"argon2id"', b'{"kdf": "another"}', b"17")):
        FileKeeper(tmp_path).create(f"n{n}", plain)
        for former in (None, b"the former words"):
            with refused("KEY-PASSPHRASE", place=f"n{n}"):
                PassphraseKeeper(tmp_path, "c", WORDS, former).read(f"n{n}")
        keeper = PassphraseKeeper(tmp_path, "c", WORDS, b"")
        assert keeper.read(f"n{n}") == plain
        assert [keeper.turn(f"n{n}", 1) for _ in range(2)] == [True, False]
        assert PassphraseKeeper(tmp_path, "c", WORDS).read(f"n{n}") == plain


# -- rotation ------------------------------------------------------------------------------------------


@pytest.fixture
def words_in(tmp_path: Path) -> Callable[[str], str]:
    def made(name: str) -> str:
        (tmp_path / name).write_text(f"passphrase called {name}")
        (tmp_path / name).chmod(0o600)
        return str(tmp_path / name)

    return made


def test_a_rotation_tells_its_number_its_keeper_and_how_many_before_it_counts_as_done(
    tmp_path: Path, words_in: Callable[[str], str], little: None
) -> None:
    config, keys = load_config(MINI), tmp_path / "keys"
    FileKeeper(keys / config.id).create("a", b"k" * 32)
    told: list[tuple[Rotated, dict[str, Any]]] = []

    def done(rotated: Rotated) -> None:
        told.append((rotated, json.loads(settings_path(keys, config.id).read_bytes())))

    one, two = words_in("one"), words_in("two")
    assert rotate(keys, config, one, done) == Rotated(1, "passphrase", 1)
    now = {"keeper": "passphrase", "passphrase_file": one, "rotation": 1}
    assert told == [(Rotated(1, "passphrase", 1), {**now, "under_way": True})]
    assert json.loads(settings_path(keys, config.id).read_bytes()) == now
    with refused("KEY-ROTATION", "新しい合言葉のファイルが必要"):
        rotate(keys, config, one, done)
    with refused("KEY-ROTATION", "新しい合言葉のファイルが必要"):
        rotate(keys, config, "", done)
    assert rotate(keys, config, two, done).number == 2
    assert told[1][1] == {**now, "passphrase_file": two, "rotation": 2, "under_way": True, "former_file": one}


# -- a key service -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _cloud() -> Iterator[Cloud]:
    with small_cloud() as made, pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield made


@pytest.fixture
def cloud(_cloud: Cloud) -> Cloud:
    """A service without a key."""
    _cloud.state.keys.clear()
    return _cloud


@cache
def client_at(address: str) -> Any:
    return kms_.client(address, REGION)


class Service:
    """A KMS that remembers what it was asked, with calls of ours in the place of some of its own."""

    def __init__(self, cloud: Cloud, **instead: Callable[..., Any]) -> None:
        self._client, self._instead = client_at(cloud.address), instead
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        found = self._instead.get(name) or getattr(self._client, name)
        if not callable(found):
            return found

        def call(**given: Any) -> Any:
            self.asked.append((name, given))
            return found(**given)

        return call

    def said(self, operation: str) -> list[dict[str, Any]]:
        return [given for name, given in self.asked if name == operation]


def refuses(code: str) -> Callable[..., Any]:
    def call(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code}}, "operation")

    return call


def deaf(**_: Any) -> Any:
    raise EndpointConnectionError(endpoint_url="http://lost")


def keeper_in(folder: Path, service: Any, owner: str = "o") -> KmsKeeper:
    return KmsKeeper(service, FileKeeper(folder), "c", owner)


def said_in(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / name).read_bytes()))


def forget(cloud: Cloud, *arns: str) -> None:
    for arn in arns:
        cloud.state.keys.pop(arn.removeprefix(ACCOUNT))


def test_a_kms_key_tells_whose_it_is_and_its_file_how_it_opens(cloud: Cloud, tmp_path: Path) -> None:
    service = Service(cloud)
    keeper = keeper_in(tmp_path, service)
    assert keeper.kind == "kms"
    assert keeper.create("residents", b"k" * 32)
    assert keeper.create("residents", b"l" * 32) is False
    ((made),) = service.said("create_key")
    assert made["Description"] == "kansho c residents"
    assert {tag["TagKey"]: tag["TagValue"] for tag in made["Tags"]} == {
        "kansho-campaign": "c",
        "kansho-deployment": "o",
        "kansho-key": "residents",
    }
    said = said_in(tmp_path, "residents")
    assert {**said, "sealed": "", "kms_key": ""} == {"kms_key": "", "sealed": "", "rotation": 0, "former": []}
    (sealed,) = service.said("encrypt")
    assert (sealed["KeyId"], sealed["EncryptionContext"]) == (said["kms_key"], {"campaign": "c", "name": "residents"})
    again = keeper_in(tmp_path, service)
    assert [again.read("residents") for _ in range(2)] == [b"k" * 32] * 2
    assert len(service.said("decrypt")) == 1, "once for each process"


def test_a_key_that_another_worker_kept_first_counts_and_ours_is_sent_away(cloud: Cloud, tmp_path: Path) -> None:
    def other_first(**given: Any) -> Any:
        other.create("a", b"o" * 32)
        return other._client.encrypt(**given)

    other = keeper_in(tmp_path, Service(cloud))
    service = Service(cloud, encrypt=other_first)
    keeper = keeper_in(tmp_path, service)
    assert not keeper.create("a", b"m" * 32)
    assert keeper.read("a") == b"o" * 32
    (ended,) = service.said("schedule_key_deletion")
    assert ended == {"KeyId": keeper.strays("a")[0], "PendingWindowInDays": 7}
    assert keeper.pending("a") is None, "the key in use is present"


def test_a_key_whose_end_is_ordered_is_read_no_more_and_gone_on_the_last_of_its_days(
    cloud: Cloud, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    for name in ("signing", "a"):
        keeper.create(name, b"k" * 32)
    keeper.read("a")
    keeper.destroy("a")
    today = datetime.now(UTC).date()
    for again in (keeper, keeper_in(tmp_path, Service(cloud))):
        assert again.pending("a") in (today + timedelta(days=7), today + timedelta(days=6))
        assert again.has("a")
        with pytest.raises(KeyError):
            again.read("a")
        assert again.turn("a", 1) is False
    service = Service(cloud)
    keeper_in(tmp_path, service).destroy("a")
    assert service.said("schedule_key_deletion") == [], "it is ordered once"
    cloud.let_days_pass()
    assert (keeper.has("a"), keeper.pending("a"), (tmp_path / "a").exists()) == (False, None, True)
    keeper.destroy("a")
    assert (keeper.names(), keeper.has("a"), keeper.pending("a")) == (["signing"], False, None)
    keeper.destroy("a")


def test_the_day_is_that_of_the_last_key_in_the_world_s_time(cloud: Cloud, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    keeper.create("signing", b"k" * 32)
    keeper.create("a", b"k" * 32)
    turned(tmp_path, cloud, 1)
    keeper.destroy("a")
    now, former = said_in(tmp_path, "a")["kms_key"], said_in(tmp_path, "a")["former"][0]
    east = datetime.fromisoformat("2027-05-03T08:00:00+09:00")  # the day before, by UTC

    def described(**given: Any) -> Any:
        when = {now: east, former: east - timedelta(days=3)}[given["KeyId"]]
        state = {now: "PendingDeletion", former: "PendingReplicaDeletion"}[given["KeyId"]]
        return {"KeyMetadata": {"Arn": given["KeyId"], "KeyState": state, "DeletionDate": when}}

    assert keeper_in(tmp_path, Service(cloud, describe_key=described)).pending("a") == date(2027, 5, 2)


@pytest.mark.parametrize("state", ["Enabled", "Disabled", "Unavailable", "PendingImport", "SomethingNew"])
def test_in_any_other_state_a_key_is_present_and_its_end_is_ordered(state: str, cloud: Cloud, tmp_path: Path) -> None:
    keeper_in(tmp_path, Service(cloud)).create("a", b"k" * 32)

    def described(**given: Any) -> Any:
        return {"KeyMetadata": {"Arn": given["KeyId"], "KeyState": state}}

    service = Service(cloud, describe_key=described)
    keeper = keeper_in(tmp_path, service)
    assert (keeper.has("a"), keeper.pending("a")) == (True, None)
    keeper.destroy("a")
    assert [given["KeyId"] for given in service.said("schedule_key_deletion")] == [said_in(tmp_path, "a")["kms_key"]]


def test_where_no_key_was_ever_made_none_is_there_and_none_is_missed(cloud: Cloud, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    assert (keeper.names(), keeper.has("a"), keeper.pending("a"), keeper.strays("a")) == ([], False, None, [])
    keeper.destroy("a")
    with pytest.raises(KeyError):
        keeper.read("a")


def test_the_service_is_known_by_any_key_of_the_campaign_where_the_one_that_signs_is_not_named(
    cloud: Cloud, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    for name in ("a", "b", "d"):
        keeper.create(name, b"k" * 32)
    forget(cloud, said_in(tmp_path, "a")["kms_key"], said_in(tmp_path, "b")["kms_key"])
    assert [keeper_in(tmp_path, Service(cloud)).has(name) for name in ("a", "b", "d")] == [False, False, True]
    (tmp_path / "b").unlink()
    assert keeper_in(tmp_path, Service(cloud)).has("b") is False
    keeper.create("signing", b"k" * 32)
    service = Service(cloud)
    assert keeper_in(tmp_path, service).has("a") is False
    assert len(service.said("describe_key")) == 2, "of itself and of one that is known"
    forget(cloud, said_in(tmp_path, "signing")["kms_key"])
    forget(cloud, said_in(tmp_path, "d")["kms_key"])
    for name in ("a", "b", "d"):
        with refused("KEY-ELSEWHERE", place=name):
            keeper_in(tmp_path, Service(cloud)).has(name)


def test_a_stray_alone_is_waited_for_as_the_key_itself(cloud: Cloud, tmp_path: Path) -> None:
    dead = keeper_in(tmp_path, Service(cloud, encrypt=refuses("KMSInternalException")))
    with refused("KEY-SERVICE", place="a"):
        dead.create("a", b"k" * 32)
    keeper = keeper_in(tmp_path, Service(cloud))
    (stray,) = keeper.strays("a")
    assert (keeper.names(), keeper.has("a"), keeper.pending("a")) == ([], True, None)
    keeper.destroy("a")
    assert keeper.pending("a") is not None
    forget(cloud, stray)
    keeper = keeper_in(tmp_path, Service(cloud))
    assert (keeper.has("a"), keeper.pending("a")) == (False, None)


def test_a_key_that_is_gone_between_two_questions_is_no_stray(cloud: Cloud, tmp_path: Path) -> None:
    keeper_in(tmp_path, Service(cloud)).create("a", b"k" * 32)
    keeper = keeper_in(tmp_path, Service(cloud, list_resource_tags=refuses("NotFoundException")))
    assert (keeper.strays("a"), keeper.has("a")) == ([], True)


@pytest.mark.parametrize("operation", ["describe_key", "list_keys", "list_resource_tags"])
@pytest.mark.parametrize("answer", [deaf, refuses("AccessDeniedException"), refuses("KMSInvalidStateException")])
def test_an_answer_that_tells_nothing_does_not_make_a_key_gone(
    operation: str, answer: Callable[..., Any], cloud: Cloud, tmp_path: Path
) -> None:
    keeper_in(tmp_path, Service(cloud)).create("a", b"k" * 32)
    keeper = keeper_in(tmp_path, Service(cloud, **{operation: answer}))
    for ask in (keeper.has, keeper.pending, keeper.destroy):
        with refused("KEY-SERVICE", place="a" if operation == "describe_key" else operation) as caught:
            ask("a")
        assert caught.value.remedy
    assert (tmp_path / "a").exists()


def test_a_service_that_answers_for_another_key_than_was_asked_about_is_not_believed(
    cloud: Cloud, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    keeper.create("a", b"k" * 32)
    other = f"{ACCOUNT}0000"

    def described(**_: Any) -> Any:
        return {"KeyMetadata": {"Arn": other, "KeyState": "Enabled"}}

    with refused("KEY-ELSEWHERE", place="a") as caught:
        keeper_in(tmp_path, Service(cloud, describe_key=described)).has("a")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "named",
    [
        "arn:aws:kms:ap-northeast-1:12345678901:key/1",
        "arn:aws:kms:ap-northeast-1:123456789012:key/",
        "arn:aws:kms:ap-northeast-1:123456789012:alias/kansho",
        "arn:aws:kms:ap-northeast-1:123456789012:key/1 ",
        "arn:aws:s3:ap-northeast-1:123456789012:key/1",
        "arn:aws:kms:ap-northeast-3:123456789012:key/1",
        "arn:aws-us-gov:kms:ap-northeast-1:123456789012:key/1",
        "arn:aws:kms:ap-northeast-1:210987654321:key/1",
    ],
)
def test_what_names_no_key_of_this_service_and_account_is_not_called_gone(
    named: str, cloud: Cloud, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    for name in ("signing", "a"):
        keeper.create(name, b"k" * 32)
    (tmp_path / "a").write_text(json.dumps({**said_in(tmp_path, "a"), "kms_key": named}))
    with refused("KEY-ELSEWHERE", place="a"):
        keeper_in(tmp_path, Service(cloud)).has("a")


def turned(folder: Path, cloud: Cloud, rotation: int) -> tuple[bool, Service]:
    """What a turn said; the service re-encrypts by its own means, which the small one has not."""

    def re_encrypt(**given: Any) -> Any:
        opened = client.decrypt(
            KeyId=given["SourceKeyId"],
            CiphertextBlob=given["CiphertextBlob"],
            EncryptionContext=given["SourceEncryptionContext"],
        )
        return client.encrypt(
            KeyId=given["DestinationKeyId"],
            Plaintext=opened["Plaintext"],
            EncryptionContext=given["DestinationEncryptionContext"],
        )

    client = client_at(cloud.address)
    service = Service(cloud, re_encrypt=re_encrypt)
    return keeper_in(folder, service).turn("a", rotation), service


def test_a_key_is_turned_once_for_each_rotation_and_names_those_it_had_until_they_are_gone(
    cloud: Cloud, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path, Service(cloud))
    keeper.create("signing", b"s" * 32)
    keeper.create("a", b"k" * 32)
    had: list[str] = []
    for rotation in (1, 2):
        had.append(said_in(tmp_path, "a")["kms_key"])
        did, service = turned(tmp_path, cloud, rotation)
        assert did is True
        said = said_in(tmp_path, "a")
        assert (said["rotation"], said["former"]) == (rotation, had)
        assert [given["KeyId"] for given in service.said("schedule_key_deletion")] == had[-1:]
        did, service = turned(tmp_path, cloud, rotation)
        assert did is False
        assert service.said("schedule_key_deletion") == service.said("create_key") == []
        assert said_in(tmp_path, "a") == said
        assert keeper_in(tmp_path, Service(cloud)).read("a") == b"k" * 32
    assert turned(tmp_path, cloud, 1)[0] is False, "an older one turns nothing"
    assert keeper_in(tmp_path, Service(cloud)).pending("a") is None, "the one in use is present"
    forget(cloud, had[0])
    assert turned(tmp_path, cloud, 3)[0] is True
    assert said_in(tmp_path, "a")["former"] == [had[1], said["kms_key"]]


def test_a_key_of_an_earlier_form_is_turned_by_the_first_rotation(cloud: Cloud, tmp_path: Path) -> None:
    keeper_in(tmp_path, Service(cloud)).create("a", b"k" * 32)
    said = said_in(tmp_path, "a")
    bare = {"kms_key": said["kms_key"].removeprefix(ACCOUNT), "sealed": said["sealed"]}
    (tmp_path / "a").write_text(json.dumps(bare))
    did, service = turned(tmp_path, cloud, 1)
    assert did is True
    assert said_in(tmp_path, "a")["former"] == [said["kms_key"]]
    assert [given["KeyId"] for given in service.said("schedule_key_deletion")] == [said["kms_key"]]
    bare = said_in(tmp_path, "a") | {"former": [said["kms_key"].removeprefix(ACCOUNT)]}
    (tmp_path / "a").write_text(json.dumps(bare))
    keeper_in(tmp_path, Service(cloud)).destroy("a")
    assert said_in(tmp_path, "a")["former"] == [said["kms_key"]], "named whole while the service knows it"


def test_a_rotation_in_a_service_takes_no_passphrase_and_is_numbered(cloud: Cloud, tmp_path: Path) -> None:
    config = with_service(load_config(MINI), cloud.address)
    deploy_kms(tmp_path, config.id, cloud.address)
    assert keeper_of(tmp_path, config).names() == []
    with refused("KEY-ROTATION", "KMSの鍵に合言葉はありません") as caught:
        rotate(tmp_path, config, "somewhere", lambda _: None)
    assert caught.value.remedy
    assert rotate(tmp_path, config, "", lambda _: None) == Rotated(1, "kms", 0)
    assert json.loads(settings_path(tmp_path, config.id).read_bytes())["rotation"] == 1


def test_a_client_of_the_service_tries_a_few_times_and_does_not_tell_what_machine_this_is(cloud: Cloud) -> None:
    said = kms_.client(cloud.address, REGION).meta.config
    assert said.retries == {"total_max_attempts": 4, "mode": "standard"}
    assert (said.connect_timeout, said.read_timeout) == (10, 60)
    assert said.user_agent.split()[0] == "kansho"
    assert "lang/" not in said.user_agent


# -- what keys are for ---------------------------------------------------------------------------------


def test_what_others_seal_to_the_campaign_opens_with_its_key_and_with_no_other(tmp_path: Path) -> None:
    ring = Keyring(FileKeeper(tmp_path))
    ring.create()
    sealed = seal_package(b"package", ring.recipient())
    assert ring.open_package(sealed) == b"package"
    for wrong in (seal_package(b"package", recipient_of(new_identity())), sealed[:-1]):
        with refused("PACKAGE-KEY") as caught:
            ring.open_package(wrong)
        assert caught.value.remedy
    ring.destroy("exchange")
    with refused("KEY-ABSENT", place="exchange") as caught:
        ring.open_package(sealed)
    assert caught.value.remedy


def test_what_the_campaign_signs_is_held_against_its_public_key_and_keys_differ(tmp_path: Path) -> None:
    ring = Keyring(FileKeeper(tmp_path))
    ring.create()
    assert len(ring.public_key()) == 32
    ring.signer().public_key().verify(ring.signer().sign(b"checkpoint"), b"checkpoint")
    assert ring.public_key() == ring.signer().public_key().public_bytes_raw()
    assert [len(ring.get(name)) for name in ring.names() if name != "exchange"] == [32] * (len(ring.names()) - 1)
    assert ring.names() == sorted(ring.names())
