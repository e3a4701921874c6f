"""Edges of erasing in a store and of telling what is left: what mutation testing asked after.

Those of keys are in ``test_key_edges.py``; what a store promises on the whole, in ``test_store_behaviour.py``.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import stat
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError

from kansho.campaign.config import CampaignConfig
from kansho.vault import classes, disk, s3_calls, s3_erasing, s3_parts, s3_reading
from kansho.vault.disk import disk_errors, write_whole
from kansho.vault.keepers import FileKeeper
from kansho.vault.keys import KEY_NAMES, Keyring
from kansho.vault.s3 import S3Store, folders_of
from kansho.vault.s3_calls import Patience
from kansho.vault.storage import elsewhere, in_buckets, ledgers_of, stores_of
from kansho.vault.store import LocalStore
from kansho.vault.vault import SnapshotRef, Vault
from tests.refusals import refused
from tests.s3_server import EVIDENCE, PERSONAL, Faults, bucket, client_of, deploy, on_s3, said, small_site
from tests.small_cloud import Call, Cloud, Refused, small_cloud

# -- a disk --------------------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed (a file, a folder) and what is done to names, in turn."""
    found: list[str] = []
    real, link, replace, unlink = os.fsync, os.link, Path.replace, Path.unlink

    def fsync(descriptor: int) -> None:
        found.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else f"file {os.fstat(descriptor).st_size}")
        real(descriptor)

    def named(word: str, done: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **more: (found.append(word), done(*given, **more))[1]

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", named("link", link))
    monkeypatch.setattr(Path, "replace", named("rename", replace))
    monkeypatch.setattr(Path, "unlink", named("unlink", unlink))
    return found


def test_bytes_are_on_the_disk_before_their_name_and_the_name_before_anybody_is_told(
    tmp_path: Path, steps: list[str]
) -> None:
    assert LocalStore(tmp_path).create("a/b", b"four")
    assert steps == ["file 4", "link", "folder", "unlink"]
    steps.clear()
    write_whole(tmp_path / "c", b"three")
    assert steps == ["file 5", "rename", "folder"]
    assert (tmp_path / "c").read_bytes() == b"three"
    steps.clear()
    FileKeeper(tmp_path).replace("c", b"x")
    assert steps == ["file 1", "rename"]
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o600
    held = len(os.listdir("/proc/self/fd"))
    LocalStore(tmp_path).create("a/d", b"x")
    assert len(os.listdir("/proc/self/fd")) == held, "no folder is left open"


def test_what_is_erased_is_gone_from_the_disk_before_anybody_is_told(tmp_path: Path, steps: list[str]) -> None:
    store = LocalStore(tmp_path)
    store.create("a/b", b"x")
    (tmp_path / "a" / ".tmp-1-dead").write_bytes(b"half")
    steps.clear()
    store.erase("a/b")
    assert steps == ["unlink", "unlink", "folder"]
    assert store.unfinished() == 0
    store.erase("never/was")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("numbers", "code", "place"),
    [
        ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "DISK-FULL", "a"),
        ((errno.EROFS, errno.EACCES, errno.EPERM), "DISK-READONLY", "a"),
        ((errno.EIO,), "DISK-FAILED", "a EIO"),
        ((None, 0), "DISK-FAILED", "a OSError"),
    ],
)
def test_a_disk_that_refuses_is_told_by_what_to_do_about_it(
    numbers: tuple[int | None, ...], code: str, place: str
) -> None:
    for number in numbers:
        with refused(code, place=place) as caught, disk_errors("a"):
            raise OSError(number, "as the system has it", "/a/secret/path")
        assert caught.value.remedy
        assert "/a/secret" not in caught.value.text


def test_half_a_file_does_not_stay_beside_the_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "new" / "deep" / "a", b"before")

    fsync, refusing = os.fsync, [True]

    def full(descriptor: int) -> None:
        if refusing:
            refusing.pop()
            raise OSError(errno.ENOSPC, "full")
        fsync(descriptor)

    monkeypatch.setattr(disk.os, "fsync", full)
    with refused("DISK-FULL", place="a"):
        write_whole(tmp_path / "new" / "deep" / "a", b"after")
    assert [p.name for p in (tmp_path / "new" / "deep").iterdir()] == ["a"]
    assert (tmp_path / "new" / "deep" / "a").read_bytes() == b"before"


def test_what_a_store_makes_nobody_else_reads(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "turns")
    with store.turn() as mine:
        assert mine
    store.create("a/b", b"x")
    LocalStore(tmp_path / "stores").create("a", b"x")
    modes = {p.relative_to(tmp_path).as_posix(): p.stat().st_mode & 0o777 for p in tmp_path.rglob("*")}
    assert modes == {
        "turns": 0o700,
        "turns/.tmp-turn": 0o600,
        "turns/a": 0o700,
        "turns/a/b": 0o600,
        "stores": 0o700,
        "stores/a": 0o600,
    }


def test_writers_of_a_directory_wait_for_one_another(tmp_path: Path) -> None:
    entered, store = threading.Event(), LocalStore(tmp_path)

    def other() -> None:
        with LocalStore(tmp_path).turn():
            entered.set()

    waiting = threading.Thread(target=other, daemon=True)
    with store.turn():
        waiting.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    waiting.join(10)
    held = len(os.listdir("/proc/self/fd"))
    with store.turn():
        pass
    assert len(os.listdir("/proc/self/fd")) == held


def test_a_turn_ends_though_a_process_that_was_forked_meanwhile_has_its_file_open(tmp_path: Path) -> None:
    with LocalStore(tmp_path).turn():
        held = [int(fd) for fd in os.listdir("/proc/self/fd") if _is(fd, tmp_path / ".tmp-turn")]
        copies = [os.dup(fd) for fd in held]  # as a fork has them
    try:
        assert copies
        with (tmp_path / ".tmp-turn").open("rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        for copy in copies:
            os.close(copy)


def _is(descriptor: str, path: Path) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}") == str(path)
    except FileNotFoundError:
        return False


def test_an_object_is_made_though_somebody_swept_its_half_write_away_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def swept(one: Path, other: Path) -> None:
        link(one, other)
        os.unlink(one)

    monkeypatch.setattr(os, "link", swept)
    assert LocalStore(tmp_path).create("a", b"x")
    assert LocalStore(tmp_path).read("a") == b"x"


@pytest.mark.parametrize(
    "work", [lambda store: store.erase("a/b"), lambda store: store.sweep()], ids=["erase", "sweep"]
)
def test_a_half_write_that_its_writer_removed_meanwhile_is_as_wanted(
    work: Callable[[LocalStore], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LocalStore(tmp_path).create("a/b", b"x")
    for search in ("glob", "rglob"):
        monkeypatch.setattr(Path, search, lambda folder, pattern: [folder / ".tmp-1-gone"])
    work(LocalStore(tmp_path))


def test_a_mark_stands_until_the_object_is_another_or_gone(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(KeyError):
        store.mark("a")
    store.create("a", b"x")
    mark = store.mark("a")
    assert store.stands(mark)
    (tmp_path / "other").write_bytes(b"x")
    os.utime(tmp_path / "other", ns=(0, mark[2]))
    (tmp_path / "other").replace(tmp_path / "a")  # of the same size, and as old by its own word
    assert not store.stands(mark)
    (tmp_path / "a").unlink()
    assert store.stands(mark) is False


def test_a_half_write_that_cannot_be_removed_is_not_called_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".tmp-1-dead").write_bytes(b"half")

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(Path, "unlink", read_only)
    with refused("DISK-READONLY", place="sweep"):
        LocalStore(tmp_path).sweep()
    with refused("DISK-READONLY", place="a"):
        LocalStore(tmp_path).erase("a")


@pytest.mark.parametrize("ask", ["read", "open", "mark"])
def test_what_the_disk_does_not_give_is_not_called_absent(ask: str, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")  # the system refuses to follow it
    with refused("DISK-FAILED", place="a ELOOP"):
        getattr(LocalStore(tmp_path), ask)("a")


def test_a_folder_that_cannot_be_listed_is_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    store.create("a/b", b"x")
    scandir = os.scandir

    def refusing(number: int) -> Callable[[Any], Any]:
        def listed(folder: Any) -> Any:
            if Path(folder).name == "a":
                raise OSError(number, "no", str(folder))
            return scandir(folder)

        return listed

    monkeypatch.setattr(os, "scandir", refusing(errno.EACCES))
    with refused("DISK-READONLY", place=""):
        store.remains()
    monkeypatch.setattr(os, "scandir", refusing(errno.ENOENT))
    assert store.remains() == {}, "it went meanwhile"


# -- S3: what passes, and how long it is waited for ------------------------------------------------------


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with small_cloud() as made:
        yield made


@cache
def _truth(address: str) -> Any:
    """A client without faults, made once."""
    return client_of(address)


class Site:
    """A store with faults in its client, and what it waited."""

    def __init__(self, cloud: Cloud, name: str, part: int = 5 * 2**20) -> None:
        self.client, self.truth, self.pauses = client_of(cloud.address), _truth(cloud.address), list[float]()
        self.bucket, self.patience = bucket(self.truth, name), Patience(3, 1.0, 9.0, self.pauses.append)
        self.faults = Faults(self.client)
        self.store = S3Store(self.client, name, "c", patience=self.patience, part=part)

    def hide(self, name: str, number: int = 1) -> None:
        """Versions that a listing of names does not show."""
        for n in range(number):
            self.truth.put_object(Bucket=self.bucket, Key=f"c/{name}", Body=str(n).encode())
            self.truth.delete_object(Bucket=self.bucket, Key=f"c/{name}")


@pytest.fixture
def site(cloud: Cloud, request: pytest.FixtureRequest) -> Site:
    return Site(cloud, f"b{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}")


Work = Callable[[Site], object]
#: Operation, and work that calls it once when it is answered.
CALLS: dict[str, Work] = {
    "PutObject": lambda site: site.store.create("new", b"x"),
    "GetObject": lambda site: site.store.read("a"),
    "HeadObject": lambda site: site.store.exists("a"),
    "ListObjectsV2": lambda site: list(site.store.names()),
    "ListObjectVersions": lambda site: site.store.remains(),
    "ListMultipartUploads": lambda site: site.store.unfinished(),
    "AbortMultipartUpload": lambda site: site.store.sweep(),
    "DeleteObjects": lambda site: site.store.erase("a"),
}
#: What each is called in a refusal.
PLACES = {
    "PutObject": "create",
    "GetObject": "read",
    "HeadObject": "head",
    "ListObjectsV2": "list",
    "ListObjectVersions": "list versions",
    "ListMultipartUploads": "list uploads",
    "AbortMultipartUpload": "abort parts",
    "DeleteObjects": "delete versions",
}
#: Status, which alone tells of a server that broke, and code, which alone tells where a bulk is answered with 200.
PASSES = [
    (500, "SomethingNew"),
    (599, "SomethingElse"),
    *((400, code) for code in ("InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "Throttling")),
    *((400, code) for code in ("ThrottlingException", "TooManyRequestsException", "RequestTimeTooSkewed")),
    *((400, code) for code in ("IncompleteBody", "BadDigest", "500", "502", "503", "504")),
    *((400, code) for code in ("OperationAborted", "ConditionalRequestConflict", "409")),
]


@pytest.mark.parametrize("operation", CALLS)
def test_what_may_pass_is_asked_again_after_a_while_and_what_may_not_is_refused(operation: str, site: Site) -> None:
    site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    for status, code in PASSES:
        S3Store(site.truth, site.bucket, "c").create("a", b"x")
        S3Store(site.truth, site.bucket, "c").erase("new")
        site.pauses.clear()
        site.faults.answer(operation, status, code, 2)
        CALLS[operation](site)
        assert site.pauses == [1.0, 2.0], code
        if operation == "AbortMultipartUpload":
            site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    for lost in range(2):
        (site.faults.close if lost else site.faults.answer)(operation, *([9] if lost else [503, "SlowDown", 9]))
        S3Store(site.truth, site.bucket, "c").create("a", b"x")
        site.pauses.clear()
        with refused(
            "S3-UNANSWERED", "ConnectionClosedError" if lost else "SlowDown", place=PLACES[operation]
        ) as caught:
            CALLS[operation](site)
        assert caught.value.remedy
        assert site.pauses == [1.0, 2.0], "after the last try nobody waits"
        site.faults.forget()
    site.faults.answer(operation, 499, "SomethingNew")
    site.faults.calls.clear()
    with refused("S3-REFUSED", "SomethingNew", place=PLACES[operation]) as caught:
        CALLS[operation](site)
    assert (site.faults.calls.count(operation), bool(caught.value.remedy)) == (1, True)


@pytest.mark.parametrize("operation", CALLS)
def test_what_the_client_itself_refuses_is_refused_once(operation: str, site: Site) -> None:
    """No credentials: boto's own error, before anything is sent."""
    bare = s3_calls.client(
        site.truth.meta.endpoint_url, "ap-northeast-1", aws_access_key_id="", aws_secret_access_key=""
    )
    S3Store(site.truth, site.bucket, "c").create("a", b"x")
    site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    first = dict.fromkeys(("AbortMultipartUpload", "DeleteObjects"), "list uploads")  # what is there is asked first
    store = S3Store(bare, site.bucket, "c", patience=site.patience)
    site.store = store
    with refused("S3-REFUSED", "NoCredentialsError", place={**PLACES, **first}[operation]):
        CALLS[operation](site)
    assert site.pauses == []


@pytest.mark.parametrize("code", ["NoSuchKey", "404", "NotFound", "NoSuchVersion", "NoSuchUpload"])
def test_absence_has_these_names_and_is_not_asked_about_twice(code: str, site: Site) -> None:
    for operation in ("GetObject", "HeadObject"):
        site.faults.answer(operation, 404, code)
    site.store.create("a", b"x")
    assert site.store.exists("a") is False
    with pytest.raises(KeyError):
        site.store.read("a")
    assert site.pauses == []


@pytest.mark.parametrize("code", ["PreconditionFailed", "412"])
def test_a_name_that_is_taken_is_told_by_these(code: str, site: Site) -> None:
    site.faults.answer("PutObject", 412, code)
    assert site.store.create("a", b"x") is False
    assert site.pauses == []


@pytest.mark.parametrize("operation", ["GetObject", "HeadObject", "AbortMultipartUpload"])
def test_an_answer_about_a_condition_that_nobody_made_is_not_taken_for_absence(operation: str, site: Site) -> None:
    site.store.create("a", b"x")
    site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    site.faults.answer(operation, 412, "PreconditionFailed")
    with refused("S3-REFUSED", "PreconditionFailed", place=PLACES[operation]):
        CALLS[operation](site)
    assert site.pauses == []


def test_an_answer_without_a_code_is_no_reason_to_ask_again() -> None:
    nothing = ClientError({}, "operation")
    assert (s3_calls.code_of(nothing), s3_calls.passing(nothing)) == ("", False)


def test_where_it_cannot_be_asked_whether_a_version_is_locked_nothing_is_said_of_it(site: Site) -> None:
    site.hide("a")
    site.faults.refuse_some("AccessDenied", every=1)
    site.faults.answer("HeadObject", 503, "SlowDown", 9)
    with refused("S3-UNANSWERED", place="head version"):
        site.store.erase("a")


def test_folders_that_cannot_be_listed_are_not_none(site: Site) -> None:
    site.faults.answer("ListObjectsV2", 403, "AccessDenied")
    with refused("S3-REFUSED", place="list"):
        folders_of(site.client, site.bucket, site.patience)


def test_a_pause_is_twice_as_long_each_time_up_to_the_longest() -> None:
    pauses: list[float] = []
    patience = Patience(sleep=pauses.append)
    for failure in range(8):
        patience.pause(failure)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert patience.tries == 6


def test_a_client_tries_nothing_by_itself_and_waits_for_an_answer_within_bounds(site: Site) -> None:
    """Whether a second try may write twice is for the store to know."""
    said = site.client.meta.config
    assert said.retries["total_max_attempts"] == 1
    assert (said.connect_timeout, said.read_timeout) == (10, 60)
    assert said.max_pool_connections == 32, "twice as many as read ahead"
    assert (s3_parts.PART, s3_reading.BLOCK) == (16 * 2**20, 4 * 2**20)
    assert said.s3 == {"addressing_style": "path"}, "any compatible endpoint knows it"
    assert said.user_agent.split()[0] == "kansho"
    assert "lang/" not in said.user_agent, "nor what machine this is"


# -- S3: creating --------------------------------------------------------------------------------------


def test_a_lost_answer_stays_lost_whatever_is_answered_after_it(site: Site) -> None:
    site.faults.lose("PutObject")
    begun: list[str] = []

    def conflict(request: Any, **_: Any) -> None:
        if len(begun) == 1:
            site.faults.answer("PutObject", 409, "ConditionalRequestConflict")
        begun.append("PutObject")

    site.client.meta.events.register_first("before-send.s3.PutObject", conflict)
    assert site.store.create("a", b"mine"), "written by the first try, in conflict at the second, taken at the third"
    assert len(begun) == 3


def test_a_write_that_was_done_though_the_server_says_that_it_broke_is_ours(cloud: Cloud, site: Site) -> None:
    def broken(call: Call) -> None:
        if call.operation == "PutObject":
            cloud.after = lambda call: None
            raise Refused(500, "InternalError")

    cloud.after = broken
    assert site.store.create("a", b"mine")
    assert site.store.remains() == {"a": 1}


def test_a_name_that_was_taken_and_is_free_again_is_not_called_ours(site: Site) -> None:
    site.faults.close("PutObject")
    site.faults.answer("PutObject", 412, "PreconditionFailed")
    assert not site.store.create("a", b"mine")


def test_the_size_of_a_part_is_not_above_it(site: Site) -> None:
    for size, puts in ((5 * 2**20, 1), (5 * 2**20 + 1, 0)):
        site.faults.calls.clear()
        assert site.store.create(f"n{size}", bytes(size))
        assert site.faults.calls.count("PutObject") == puts


@pytest.mark.parametrize(("operation", "place"), [("CreateMultipartUpload", "begin parts"), ("UploadPart", "put part")])
def test_a_part_that_stays_unanswered_is_told_and_nothing_is_left_of_it(operation: str, place: str, site: Site) -> None:
    site.faults.answer(operation, 503, "SlowDown", 9)
    with refused("S3-UNANSWERED", "SlowDown", place=place):
        site.store.create("large", bytes(5 * 2**20 + 1))
    assert site.pauses == [1.0, 2.0]
    assert site.store.remains() == {}
    assert site.store.unfinished() == 0


def test_a_part_that_may_pass_is_sent_again_and_an_upload_that_vanished_begun_again(site: Site) -> None:
    data = bytes(range(256)) * (5 * 2**20 // 256) + b"rest"
    site.faults.answer("UploadPart", 503, "SlowDown")
    site.faults.answer("CreateMultipartUpload", 503, "SlowDown")
    site.faults.answer("CompleteMultipartUpload", 404, "NoSuchUpload")
    assert site.store.create("large", data)
    assert site.store.read("large") == data
    assert (site.faults.calls.count("CreateMultipartUpload"), site.store.unfinished()) == (3, 0)


# -- S3: erasing ---------------------------------------------------------------------------------------


def test_an_upload_that_somebody_else_ended_meanwhile_is_as_wanted(site: Site) -> None:
    for _ in range(2):
        site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    site.faults.answer("AbortMultipartUpload", 404, "NoSuchUpload")
    assert site.store.sweep() == 2
    assert site.store.unfinished() == 1, "the other was ended"


def test_an_upload_under_the_name_alone_is_ended_with_the_object(site: Site) -> None:
    for name in ("a", "ab", "b"):
        site.truth.create_multipart_upload(Bucket=site.bucket, Key=f"c/{name}")
    assert site.store.residue("a") == 1
    site.store.erase("a")
    assert [site.store.residue(name) for name in ("a", "ab", "b")] == [0, 1, 1]


def test_uploads_of_a_neighbour_are_not_ours_even_where_a_server_lists_them(site: Site) -> None:
    site.truth.create_multipart_upload(Bucket=site.bucket, Key="c/half")
    site.truth.create_multipart_upload(Bucket=site.bucket, Key="c0/half")

    def all_of_them(params: dict[str, Any], **_: Any) -> None:
        params.pop("Prefix")

    site.client.meta.events.register("before-parameter-build.s3.ListMultipartUploads", all_of_them)
    assert site.store.unfinished() == 1


def test_a_long_list_of_uploads_is_read_to_its_last_page(site: Site) -> None:
    made = [site.truth.create_multipart_upload(Bucket=site.bucket, Key=f"c/n{n}")["UploadId"] for n in range(3)]
    everything = site.truth.list_multipart_uploads(Bucket=site.bucket)["Uploads"]
    asked: list[dict[str, str]] = []

    class Paged:
        """Lists one at a time."""

        def list_multipart_uploads(self, **more: str) -> Any:
            asked.append(more)
            at = next((n + 1 for n, u in enumerate(everything) if u["UploadId"] == more.get("UploadIdMarker")), 0)
            one = everything[at]
            next_ = {"IsTruncated": True, "NextKeyMarker": one["Key"], "NextUploadIdMarker": one["UploadId"]}
            return {"Uploads": [one], **(next_ if at + 1 < len(everything) else {})}

    assert S3Store(Paged(), site.bucket, "c").unfinished() == len(made)
    assert [{*more} for more in asked[1:]] == [{"Bucket", "Prefix", "KeyMarker", "UploadIdMarker"}] * 2


def test_versions_go_in_bulks_of_what_s3_takes_and_every_bulk_is_answered_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3_erasing.BULK == 1000
    monkeypatch.setattr(s3_erasing, "BULK", 4)
    for name, number in (("a", 4), ("b", 1), ("d", 1)):
        site.hide(name, number)
    found = list(s3_erasing.versions_below(site.truth, site.bucket, "c/", site.patience))
    a, b, d = ([version for version in found if version[0] == f"c/{name}"] for name in "abd")
    versions = [d[0], a[0], d[1], a[1], b[0], a[2], b[1], a[3], *a[4:]]
    site.faults.refuse_some("AccessDenied", every=2, times=3)
    with refused("S3-NOT-ERASED", "6件: AccessDenied）", place="c/a c/b c/d") as caught:
        s3_erasing.erase_versions(site.client, site.bucket, versions, site.patience)
    assert caught.value.remedy
    assert site.faults.calls.count("DeleteObjects") == 3
    assert site.store.remains() == {"a": 2, "b": 2, "d": 2}


def test_what_was_refused_first_is_told_though_the_rest_went_at_a_later_try(site: Site) -> None:
    site.hide("a", 2)
    hidden = list(s3_erasing.versions_below(site.truth, site.bucket, "c/a", site.patience))
    answers = [["AccessDenied", "InternalError", "SlowDown"], [None, None, "OperationAborted"], []]

    def some(parsed: dict[str, Any], **_: Any) -> None:
        told = zip(hidden, answers.pop(0), strict=False)
        parsed["Errors"] = [{"Key": key, "VersionId": version, "Code": code} for (key, version), code in told if code]

    site.client.meta.events.register("after-call.s3.DeleteObjects", some)
    assert s3_erasing._erased(site.client, site.bucket, hidden, site.patience) == {hidden[0]: "AccessDenied"}
    assert (site.pauses, answers) == ([1.0, 2.0], [])


def test_what_stays_busy_is_told_beside_what_was_refused(site: Site) -> None:
    site.hide("a", 2)
    hidden = list(s3_erasing.versions_below(site.truth, site.bucket, "c/a", site.patience))

    def some(parsed: dict[str, Any], **_: Any) -> None:
        codes = zip(hidden, ("AccessDenied", "SlowDown"), strict=False)
        parsed["Errors"] = [{"Key": key, "VersionId": version, "Code": code} for (key, version), code in codes]

    site.client.meta.events.register("after-call.s3.DeleteObjects", some)
    left = s3_erasing._erased(site.client, site.bucket, hidden, site.patience)
    assert left == {hidden[0]: "AccessDenied", hidden[1]: "SlowDown"}
    assert site.pauses == [1.0, 2.0]


def test_a_server_that_names_only_the_object_means_any_of_its_versions_that_were_asked_for() -> None:
    asked = [("a", "1"), ("a", "2"), ("b", "1")]
    for version in ({}, {"VersionId": ""}):
        assert s3_erasing._by_version([{"Key": "a", "Code": "X", **version}], asked) == {
            ("a", "1"): "X",
            ("a", "2"): "X",
        }
    assert s3_erasing._by_version([{"Key": "a", "VersionId": "2"}], asked) == {("a", "2"): ""}
    assert s3_erasing._by_version([{"Key": "z", "VersionId": "1", "Code": "X"}], asked) == {}


@pytest.mark.parametrize(
    ("lock", "answer", "expected"),
    [
        ({"ObjectLockMode": "GOVERNANCE"}, None, True),
        ({"ObjectLockLegalHoldStatus": "ON"}, None, True),
        ({"ObjectLockLegalHoldStatus": "OFF"}, None, False),
        ({}, None, False),
        *(({}, (status, code), False) for status, code in [(403, "AccessDenied"), (403, "403"), (405, "405")]),
        *(
            ({}, (status, code), False)
            for status, code in [(405, "MethodNotAllowed"), (400, "400"), (404, "NoSuchVersion")]
        ),
    ],
)
def test_a_version_is_called_locked_where_a_retention_or_a_hold_is_seen(
    lock: dict[str, str], answer: tuple[int, str] | None, expected: bool, site: Site
) -> None:
    if answer:
        site.faults.answer("HeadObject", *answer)
    site.client.meta.events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.update(lock))
    site.hide("a")
    ((key, version), *_) = list(s3_erasing.versions_below(site.truth, site.bucket, "c/a", site.patience))
    assert s3_erasing.is_locked(site.client, site.bucket, key, version, site.patience) is expected
    assert site.pauses == []


def test_of_what_is_locked_a_few_are_named_each_once(site: Site) -> None:
    for n in range(6):
        site.hide(f"n{n}", 2)
    site.client.meta.events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.update(ObjectLockMode="X"))
    site.faults.refuse_some("AccessDenied", every=2)
    hidden = list(s3_erasing.versions_below(site.truth, site.bucket, "c/", site.patience))
    bodies = [version for version in hidden if not _is_marker(site, version)]
    with refused("S3-LOCKED", "（6件）", place="c/n0 c/n1 c/n2 c/n3 c/n4") as caught:
        s3_erasing.erase_versions(site.client, site.bucket, bodies, site.patience)
    assert caught.value.remedy


def _is_marker(site: Site, version: s3_erasing.Version) -> bool:
    listed = site.truth.list_object_versions(Bucket=site.bucket, Prefix=version[0])
    return version[1] in {marker["VersionId"] for marker in listed["DeleteMarkers"]}


# -- S3: reading ---------------------------------------------------------------------------------------


def test_damaged_bytes_are_read_as_often_as_allowed_and_told(site: Site) -> None:
    site.store.create("a", b"sealed")
    site.faults.damage("GetObject", 9)
    with refused("S3-DAMAGED", place="a") as caught:
        site.store.read("a")
    assert (site.pauses, bool(caught.value.remedy)) == ([1.0, 2.0], True)


def test_a_stream_reads_each_block_once_and_knows_where_it_is(site: Site) -> None:
    data = bytes(range(256)) * 4
    asked: list[tuple[int, int]] = []

    def get(at: int, wanted: int) -> bytes:
        asked.append((at, wanted))
        return data[at : at + wanted]

    told: list[bytes] = []
    stream = s3_reading.Ranged(get, len(data), told.append)
    assert (stream.readable(), stream.seekable(), stream.writable(), stream.tell()) == (True, True, False, 0)
    buffer = bytearray(1000)
    assert (stream.readinto(buffer), bytes(buffer)) == (1000, data[:1000])
    assert (stream.readinto(buffer), bytes(buffer[:24])) == (24, data[1000:])
    assert (stream.readinto(buffer), asked) == (0, [(0, 1000), (1000, 24)])
    assert told == [hashlib.sha256(data).digest()], "once, at the end"
    places = [stream.seek(5), stream.seek(3, io.SEEK_CUR), stream.seek(-1, io.SEEK_END), stream.seek(-9)]
    assert places == [5, 8, len(data) - 1, 0]
    stream.seek(1024 + 5)
    assert stream.readinto(buffer) == 0
    stream = s3_reading.Ranged(lambda at, wanted: b"x", 3, told.append)
    with refused("S3-DAMAGED", "読み出した長さ", place="read"):
        stream.readinto(bytearray(2))
    one = s3_reading.Ranged(lambda at, wanted: b"x" * wanted, 1, told.append)
    assert one.readinto(bytearray(2)) == 1


def test_a_stream_of_other_bytes_than_were_written_is_told_and_one_that_fails_is_tried_again(site: Site) -> None:
    site.store.create("a", b"sealed")
    site.faults.answer("GetObject", 503, "SlowDown", 2)
    assert site.store.open("a").read() == b"sealed"
    assert site.pauses == [1.0, 2.0]
    site.faults.damage("GetObject")
    with refused("S3-DAMAGED", "控え値", place="read") as caught:
        site.store.open("a").read()
    assert caught.value.remedy
    site.faults.answer("GetObject", 503, "SlowDown", 3)
    with refused("S3-UNANSWERED", place="read"):
        site.store.open("a").read()
    handle = site.store.open("a")
    site.store.erase("a")
    with refused("S3-REFUSED", "NoSuchKey", place="read"):
        handle.read(1)


# -- where the stores are ------------------------------------------------------------------------------


def test_every_log_of_the_machine_is_found_and_nothing_that_is_none(tmp_path: Path) -> None:
    assert list(ledgers_of(tmp_path)) == []
    for name in ("b_2027", "a_2027"):
        LocalStore(tmp_path / "ledger" / name).create("events/x", name.encode())
    (tmp_path / "ledger" / "note").write_text("a file")
    found = list(ledgers_of(tmp_path))
    assert [name for name, _ in found] == ["a_2027", "b_2027"]
    assert [store.read("events/x") for _, store in found] == [b"a_2027", b"b_2027"]


def test_each_store_of_a_campaign_lies_in_a_place_of_its_own(mini: CampaignConfig, tmp_path: Path) -> None:
    stores = stores_of(mini, tmp_path)
    for name in ("vault", "needles", "ledger"):
        assert getattr(stores, name).create("a", name.encode())
        assert (tmp_path / name / mini.id / "a").read_bytes() == name.encode()


def test_what_lies_on_s3_is_named_by_its_store_and_counted_with_what_listings_hide(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    with small_site() as cloud:
        config, home = on_s3(mini, cloud.address), deploy(tmp_path, said(cloud.address))
        assert in_buckets(mini, tmp_path / "elsewhere") == {}
        stores, client = elsewhere(config, home), client_of(cloud.address)
        assert [*stores] == ["s3:vault", "s3:needles", "s3:ledger"]
        for name, store in stores.items():
            store.create("a", name.encode())
        hidden = {"Bucket": PERSONAL, "Key": f"{config.id}/export/hidden"}
        client.put_object(**hidden, Body=b"x")
        client.delete_object(**hidden)
        client.create_multipart_upload(Bucket=PERSONAL, Key=f"{config.id}/export/half")
        client.put_object(Bucket=PERSONAL, Key=f"{config.id}0/beside", Body=b"x")
        deploy(tmp_path, said(cloud.address, region="us-east-1"))
        with refused("STORAGE-PLACE"):
            in_buckets(config, home)
        deploy(tmp_path, said(cloud.address))
        assert in_buckets(config, home) == {
            "personal": ["export/half", "export/hidden", "needles/a", "vault/a"],
            "evidence": ["ledger/a"],
        }
        assert folders_of(client, EVIDENCE) == [config.id]
        assert [name for name, _ in ledgers_of(home)] == [config.id]


def test_folders_are_listed_to_the_last_page(site: Site) -> None:
    class Paged:
        """One folder at a time."""

        def list_objects_v2(self, **asked: str) -> Any:
            assert asked["Delimiter"] == "/"
            at = int(asked.get("ContinuationToken", "0"))
            more = {"IsTruncated": True, "NextContinuationToken": str(at + 1)} if at < 2 else {}
            return {"CommonPrefixes": [{"Prefix": f"c{at}X/"}], **more}

    assert folders_of(Paged(), "b") == ["c0X", "c1X", "c2X"]


# -- the vault -----------------------------------------------------------------------------------------


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    ring = Keyring(FileKeeper(tmp_path / "keys"))
    ring.create()
    return Vault("c", LocalStore(tmp_path / "vault"), ring)


def test_a_reference_says_what_it_stands_for_and_comes_back_from_its_plain_form(vault: Vault) -> None:
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2"]}, index=[5, 7])
    ref = vault.put_table("roster", "d01", frame)
    sealed = vault.store.read("roster/d01")
    assert ref.to_json() == {
        "kind": "roster",
        "key": "d01",
        "digest": hashlib.sha256(sealed).hexdigest(),
        "rows": 2,
    }
    assert (SnapshotRef.from_json(ref.to_json()), ref.name) == (ref, "roster/d01")
    assert vault.read_table(ref).to_dict("list") == {"a": ["x", "y"], "b": ["1", "2"]}
    assert [*vault.read_table(ref).index] == [0, 1], "rows have no names"
    assert [*vault.read_table(ref, ["b"])] == ["b"]
    again = vault.put_bytes("roster", "d01", b"another attempt", rows=2)
    assert again == ref, "the object that is there already is the result"
    assert vault.put_bytes("roster", "d02", b"bytes").rows == 0
    assert vault.names() == ["roster/d01", "roster/d02"]
    vault.erase("roster/d01")
    assert vault.names() == ["roster/d02"]
    with refused("VAULT-ABSENT", place="roster/d01"):
        vault.read_bytes(ref)
    with refused("VAULT-DIGEST", place="roster/d02"):
        vault.read_bytes(SnapshotRef("roster", "d02", "0" * 64, 0))


KINDS = {
    "residents": "sealed_delivery raw_target_list raw_stop_list quarantine gate_marks roster roster_changes stop_facts "
    "handover",
    "health": "raw_analysis_items raw_checkup_results raw_past_attendance raw_past_outreach raw_screening_history "
    "raw_attendance_update analysis checkup_facts past_attendance_facts past_outreach_facts screening_facts "
    "attendance_facts plan propensity",
    "contacts": "wave_assignment card_list print_pdf print_package pull_list postings mail_returns call_list "
    "call_results call_withdrawal inbound_records visit_list visit_half_a visit_halves visit_half_b visit_sheets "
    "visit_results note_review",
    "papers": "artwork comment effect_table gate_profile gate_summary incident_item incident_report plan_document "
    "proof",
    "secrets": "one_time_secret randomisation_seed",
    "needles": "residue_needles",
}
ORIGINALS = "sealed_delivery one_time_secret randomisation_seed artwork incident_item incident_report plan_document"


def test_a_kind_keeps_its_class_for_the_key_of_that_name_sealed_what_is_there() -> None:
    said = {name: {*text.split()} for name, text in KINDS.items()}
    assert {name: {*kinds} for name, kinds in classes.CLASSES.items()} == said
    for name, kinds in said.items():
        assert {classes.class_of(kind) for kind in kinds} == {name}
    assert {*classes.ORIGINALS} == {*ORIGINALS.split()}


def test_every_class_of_data_has_a_key_that_ends_and_the_one_that_signs_stays() -> None:
    assert classes.VAULT_CLASSES == ("residents", "health", "contacts", "papers", "secrets")
    assert (*classes.VAULT_CLASSES, "hmac", "exchange", "needles") == classes.PERSONAL_KEYS
    assert {*KEY_NAMES} == {*classes.PERSONAL_KEYS, "signing"}
    assert classes.class_of("never heard of") == "residents"
