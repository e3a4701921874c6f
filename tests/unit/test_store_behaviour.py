"""One behaviour for every object store: the local directory, and S3 over real HTTP (moto, and the tests' small one)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kansho.errors import KanshoError
from kansho.vault import s3_reading
from kansho.vault.s3 import DIGEST, S3Store
from kansho.vault.store import LocalStore, ObjectStore
from tests.refusals import refused
from tests.s3_server import QUICK, bucket, client_of, s3_server
from tests.small_cloud import small_cloud


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    with small_cloud() as cloud:
        yield cloud.address


def _s3(endpoint: str, name: str) -> S3Store:
    client = client_of(endpoint)
    return S3Store(client, bucket(client, name), "sumida_2027")


@pytest.fixture(params=["local", "s3", "small"])
def store(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str, small: str) -> ObjectStore:
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    return _s3(small if request.param == "small" else endpoint, f"b{abs(hash(request.node.name)) % 10**9}")


def test_an_object_is_created_once(store: ObjectStore) -> None:
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_an_absent_object_is_a_key_error(store: ObjectStore) -> None:
    assert not store.exists("a/b")
    with pytest.raises(KeyError):
        store.read("a/b")


def test_an_object_is_read_as_a_stream_from_wherever_it_is_asked(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_reading, "BLOCK", 1000)
    data = bytes(range(256)) * 40
    store.create("a", data)
    store.create("empty", b"")
    with store.open("a") as handle:
        assert handle.read() == data
        assert (handle.seek(-7, io.SEEK_END), handle.read(), handle.read()) == (len(data) - 7, data[-7:], b"")
        assert (handle.seek(2500), handle.read(1200), handle.tell()) == (2500, data[2500:3700], 3700)
    with store.open("empty") as handle:
        assert handle.read() == b""
    with pytest.raises(KeyError):
        store.open("absent")


def test_a_stream_never_holds_an_object_whole_and_tells_when_it_is_another(small: str) -> None:
    client = client_of(small)
    store = S3Store(client, bucket(client, "streams"), "sumida_2027", patience=QUICK)
    data = bytes(range(256)) * 2**14 * 3
    asked: list[str] = []
    client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"]["Range"])
    )
    store.create("a", data)
    with store.open("a") as handle:
        while handle.read(100_000):
            pass
    sizes = [int(last) - int(first) + 1 for first, last in (a.removeprefix("bytes=").split("-") for a in asked)]
    assert sum(sizes) == len(data)
    assert max(sizes) <= s3_reading.BLOCK < len(data)
    handle = store.open("a")
    client.put_object(Bucket="streams", Key="sumida_2027/a", Body=data[1:])  # another version since
    with pytest.raises(KanshoError, match="S3-REFUSED"):
        handle.read(1)
    client.put_object(Bucket="streams", Key="sumida_2027/b", Body=b"other bytes", Metadata={DIGEST: "0" * 64})
    with store.open("b") as other, pytest.raises(KanshoError, match="S3-DAMAGED"):
        other.read()


def test_names_are_listed_below_a_folder_and_not_beside_it(store: ObjectStore) -> None:
    for name in ("ward1/x", "ward10/y", "ward1/z"):
        store.create(name, b"")
    assert list(store.names("ward1/")) == ["ward1/x", "ward1/z"]
    assert len(list(store.names())) == 3


def test_erasing_leaves_no_version_and_is_quiet_the_second_time(store: ObjectStore) -> None:
    store.create("a/b", b"x")
    assert store.residue("a/b") == 1
    store.erase("a/b")
    store.erase("a/b")
    assert store.residue("a/b") == 0
    assert not store.exists("a/b")


def test_an_erased_name_can_be_created_again(store: ObjectStore) -> None:
    store.create("a/b", b"x")
    store.erase("a/b")
    assert store.create("a/b", b"y")
    assert store.read("a/b") == b"y"


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", "a..b", "名前", "a b", ""])
def test_a_name_that_is_not_an_identifier_is_refused(store: ObjectStore, name: str) -> None:
    with refused("VAULT-NAME"):
        store.create(name, b"")


def test_of_many_writers_one_wins(store: ObjectStore) -> None:
    writers = 2 if isinstance(store, S3Store) else 8  # the test server answers one request at a time
    with ThreadPoolExecutor(writers) as pool:
        won = list(pool.map(lambda i: store.create("race", str(i).encode()), range(writers)))
    assert won.count(True) == 1
    assert store.read("race") == str(won.index(True)).encode()


def test_what_remains_is_told_by_name_and_nothing_is_left_unfinished(store: ObjectStore) -> None:
    for name in ("a/b", "a/c", "d"):
        store.create(name, b"x")
    assert store.remains() == {"a/b": 1, "a/c": 1, "d": 1}
    for name in ("a/b", "a/c", "d"):
        store.erase(name)
    assert store.remains() == {}
    assert (store.unfinished(), store.sweep()) == (0, 0)


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    assert store.create("a", b"")
    assert store.read("a") == b""
    assert not store.create("a", b"x")


def test_half_a_local_write_is_swept_and_the_turn_is_not(tmp_path: Path) -> None:
    local = LocalStore(tmp_path)
    with local.turn():
        local.create("a/b", b"x")
    (tmp_path / "a" / ".tmp-1-dead").write_bytes(b"half")
    assert (local.unfinished(), local.sweep(), local.unfinished()) == (1, 1, 0)
    assert local.read("a/b") == b"x"
    assert sorted(p.name for p in tmp_path.rglob(".tmp-*")) == [".tmp-turn"]


def test_an_interrupted_local_write_leaves_nothing_that_is_listed(tmp_path: Path) -> None:
    local = LocalStore(tmp_path)
    local.create("a/b", b"x")
    (tmp_path / "a" / ".tmp-1-dead").write_bytes(b"half")
    assert list(local.names()) == ["a/b"]
    local.erase("a/b")
    assert not (tmp_path / "a" / ".tmp-1-dead").exists()


@pytest.fixture(params=["moto", "small"])
def site(request: pytest.FixtureRequest, endpoint: str, small: str) -> str:
    return small if request.param == "small" else endpoint


def test_an_object_version_under_s3_is_erased_with_its_history(site: str) -> None:
    store = _s3(site, "history")
    store.create("a", b"x")
    store._client.delete_object(Bucket="history", Key="sumida_2027/a")  # a plain delete, as another tool would do
    assert not store.exists("a")
    assert store.residue("a") == 2
    assert store.create("a", b"y")  # a marker leaves the name free
    assert store.residue("a") == 3
    store.erase("a")
    assert store.residue("a") == 0


def test_a_version_under_a_lock_is_not_erased_and_the_rest_is(site: str) -> None:
    client = client_of(site)
    store = S3Store(client, bucket(client, "locks", lock=True), "sumida_2027", patience=QUICK)
    client.put_object(
        Bucket="locks",
        Key="sumida_2027/a",
        Body=b"held",
        ChecksumAlgorithm="SHA256",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate="2199-01-01T00:00:00Z",
    )
    client.delete_object(Bucket="locks", Key="sumida_2027/a")
    with pytest.raises(KanshoError, match="S3-LOCKED"):
        store.erase("a")
    assert store.remains() == {"a": 1}


def test_an_object_in_parts_is_made_whole_and_once_or_left_unfinished(site: str) -> None:
    client, data = client_of(site), bytes(range(256)) * 2**13 * 3
    store = S3Store(client, bucket(client, "parts"), "sumida_2027", part=5 * 2**20, patience=QUICK)
    assert store.create("a", data)
    assert not store.create("a", data[1:])
    assert store.read("a") == data
    client.create_multipart_upload(Bucket="parts", Key="sumida_2027/b")
    assert (store.unfinished(), store.sweep(), store.unfinished()) == (1, 1, 0)


def test_a_body_that_is_not_what_its_checksum_says_is_not_taken(small: str) -> None:
    client = client_of(small)  # moto takes whatever is said
    bucket(client, "sums")
    with pytest.raises(ClientError, match="BadDigest"):
        client.put_object(Bucket="sums", Key="a", Body=b"x", ChecksumSHA256="A" * 43 + "=")
    assert "Contents" not in client.list_objects_v2(Bucket="sums")


def test_what_is_listed_comes_in_pages_and_is_erased_in_them() -> None:
    with small_cloud() as cloud, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.small_cloud.PAGE", 3)
        store = _s3(cloud.address, "pages")
        made = [f"n{number:02d}" for number in range(8)]
        for name in made:
            store.create(name, b"x")
        assert list(store.names()) == made
        assert list(store.remains()) == made
