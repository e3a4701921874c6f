"""The store on S3 under faults of network and server: nothing is written twice, nothing is called gone that is not."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansho.errors import KanshoError
from kansho.evidence.events import Actor, Draft, Event
from kansho.evidence.ledger import Ledger
from kansho.vault.ahead import FRESH, ReadAhead
from kansho.vault.s3 import Lock, S3Store
from kansho.vault.s3_calls import Patience
from tests.refusals import refused
from tests.s3_server import QUICK, Faults, bucket, client_of, s3_server

PLAIN, LOCKED = "plain", "locked"
PART = 5 * 2**20


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        client = client_of(address)
        bucket(client, PLAIN)
        bucket(client, LOCKED, lock=True)
        yield address


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """A folder of its own for each test."""
    return f"p{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


class Site:
    """A store with faults in its client, and the truth as another client sees it."""

    def __init__(self, endpoint: str, prefix: str, name: str = PLAIN, lock: Lock | None = None) -> None:
        client = client_of(endpoint)
        self.faults, self.truth, self.bucket, self.prefix = Faults(client), client_of(endpoint), name, prefix
        self.store = S3Store(client, name, prefix, lock=lock, patience=QUICK, part=PART)
        self.seen = S3Store(self.truth, name, prefix, patience=QUICK)


@pytest.fixture
def site(endpoint: str, prefix: str) -> Site:
    return Site(endpoint, prefix)


# -- creating ------------------------------------------------------------------------------------------


def test_a_write_whose_answer_was_lost_is_found_to_be_ours_and_is_not_written_twice(site: Site) -> None:
    site.faults.lose("PutObject")
    assert site.store.create("a", b"mine")
    assert site.faults.calls.count("PutObject") == 2
    assert site.seen.residue("a") == 1
    assert site.seen.read("a") == b"mine"


def test_a_name_that_another_took_meanwhile_is_not_called_ours(site: Site) -> None:
    site.faults.close("PutObject")
    site.seen.create("a", b"theirs")
    assert not site.store.create("a", b"mine")
    assert site.seen.read("a") == b"theirs"


def test_the_same_bytes_written_by_another_before_are_not_created_by_us(site: Site) -> None:
    site.seen.create("a", b"same")
    assert not site.store.create("a", b"same")


def test_an_answer_that_stays_lost_is_told_and_a_later_run_finds_what_was_written(site: Site) -> None:
    site.faults.lose("PutObject", 9)
    site.faults.close("HeadObject", 9)
    with refused("S3-UNANSWERED"):
        site.store.create("a", b"mine")
    again = S3Store(site.truth, PLAIN, site.prefix)
    assert not again.create("a", b"mine")
    assert again.read("a") == b"mine"
    assert again.residue("a") == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "SlowDown"), (500, "InternalError"), (409, "ConditionalRequestConflict"), (400, "RequestTimeout")],
)
def test_a_busy_server_is_asked_again(site: Site, status: int, code: str) -> None:
    site.faults.answer("PutObject", status, code, 3)
    assert site.store.create("a", b"x")
    assert site.seen.residue("a") == 1


def test_another_writer_that_wins_under_way_is_seen(site: Site) -> None:
    """409: somebody's write of the same name is not decided yet; then it is."""
    site.faults.answer("PutObject", 409, "ConditionalRequestConflict")
    site.seen.create("a", b"same")
    assert not site.store.create("a", b"same")


def test_a_refusal_is_not_tried_again(site: Site) -> None:
    site.faults.answer("PutObject", 403, "AccessDenied")
    with refused("S3-REFUSED"):
        site.store.create("a", b"x")
    assert site.faults.calls == ["PutObject"]
    assert not site.seen.exists("a")


def test_tries_are_bounded_and_pauses_grow(endpoint: str, prefix: str) -> None:
    pauses: list[float] = []
    client = client_of(endpoint)
    Faults(client).close("GetObject", 99)
    store = S3Store(client, PLAIN, prefix, patience=Patience(5, 0.1, 0.5, pauses.append))
    with refused("S3-UNANSWERED"):
        store.read("a")
    assert pauses == [0.1, 0.2, 0.4, 0.5]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["lose", "close", "busy", "conflict", "fine"]), max_size=6),
    st.booleans(),
    st.integers(0, 10**9),
)
def test_whatever_happens_on_the_way_a_name_is_written_at_most_once(
    site: Site, faults: list[str], taken: bool, number: int
) -> None:
    """True means: these bytes are there, and by us; a refusal or False never leaves a second version."""
    name = f"n{number}-{len(site.faults.calls)}"
    if taken:
        site.seen.create(name, b"theirs")
    plan = {
        "lose": lambda: site.faults.lose("PutObject"),
        "close": lambda: site.faults.close("PutObject"),
        "busy": lambda: site.faults.answer("PutObject", 503, "SlowDown"),
        "conflict": lambda: site.faults.answer("PutObject", 409, "ConditionalRequestConflict"),
        "fine": lambda: None,
    }
    for fault in faults:
        plan[fault]()
    created = None
    with contextlib.suppress(KanshoError):
        created = site.store.create(name, b"ours")
    site.faults.forget()
    assert site.seen.residue(name) <= 1
    if created is not None:
        assert site.seen.read(name) == (b"theirs" if taken else b"ours")
        assert created is not taken


# -- reading -------------------------------------------------------------------------------------------


def test_bytes_that_arrive_damaged_are_read_again(site: Site) -> None:
    site.store.create("a", b"sealed bytes")
    site.faults.damage("GetObject", 2)
    assert site.store.read("a") == b"sealed bytes"


def test_bytes_that_are_damaged_where_they_lie_are_an_incident(site: Site) -> None:
    site.store.create("a", b"sealed bytes")
    digest = hashlib.sha256(b"sealed bytes").hexdigest()
    site.truth.put_object(Bucket=PLAIN, Key=f"{site.prefix}/a", Body=b"other bytes", Metadata={"sha256": digest})
    with refused("S3-DAMAGED"):
        site.store.read("a")


def test_bytes_that_came_without_a_digest_are_nobodys_and_not_believed(site: Site) -> None:
    site.truth.put_object(Bucket=PLAIN, Key=f"{site.prefix}/a", Body=b"whatever")
    with refused("S3-FOREIGN") as caught:
        site.store.read("a")
    assert caught.value.remedy
    with site.store.open("a") as stream:
        assert stream.read() == b"whatever", "who searches sees it"


def test_what_is_sent_is_held_against_its_checksum_by_the_server(site: Site) -> None:
    site.store.create("a", b"x")
    site.store.create("b", bytes(PART + 1))
    for name in ("a", "b"):
        head = site.truth.head_object(Bucket=PLAIN, Key=f"{site.prefix}/{name}", ChecksumMode="ENABLED")
        assert head["ChecksumSHA256"]


def test_a_log_over_a_network_is_read_ahead_and_remembered(site: Site) -> None:
    names = [f"events/{n:010d}.json" for n in range(80)]
    for name in names:
        site.seen.create(name, name.encode())
    now = [5.0]
    ahead = ReadAhead(site.store, clock=lambda: now[0])
    assert [ahead.read(name) for name in names] == [name.encode() for name in names]
    with pytest.raises(KeyError):
        ahead.read("events/0000000080.json")
    asked = len(site.faults.calls)
    assert [ahead.read(name) for name in names] == [name.encode() for name in names]
    assert len(site.faults.calls) == asked
    site.seen.create("events/0000000080.json", b"new")
    with pytest.raises(KeyError):  # a moment ago it was not there
        ahead.read("events/0000000080.json")
    assert len(site.faults.calls) == asked
    now[0] += 2 * FRESH
    assert ahead.read("events/0000000080.json") == b"new"

    with pytest.raises(KeyError):
        ahead.read("events/0000000081.json")
    assert ahead.create("events/0000000081.json", b"mine")
    asked = len(site.faults.calls)
    assert ahead.read("events/0000000081.json") == b"mine"
    assert len(site.faults.calls) == asked
    with pytest.raises(KeyError):
        ahead.read("events/0000000082.json")
    site.seen.create("events/0000000082.json", b"another's")
    assert not ahead.create("events/0000000082.json", b"mine")
    assert ahead.read("events/0000000082.json") == b"another's"


def test_an_event_on_s3_is_understood_once_in_a_process_however_many_open_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReadAhead(site.store)
    Ledger("log", store).append(Draft("campaign_opened", "log", date(2027, 5, 1), Actor("a", "b", "system")))
    first = Ledger("log", store).events()
    monkeypatch.setattr(Event, "from_json", None)  # nothing is understood again
    assert Ledger("log", store).events() == first
    assert Ledger("log", store).events()[0] is first[0]


# -- large objects -------------------------------------------------------------------------------------

LARGE = bytes(range(256)) * (PART // 256 * 2 + 7)


def test_a_large_object_goes_in_parts_and_comes_back_whole(site: Site) -> None:
    assert site.store.create("large", LARGE)
    assert site.faults.calls.count("UploadPart") == 3
    assert site.store.read("large") == LARGE
    assert not site.store.create("large", bytes(len(LARGE)))
    assert site.store.unfinished() == 0
    assert site.seen.residue("large") == 1


def test_a_large_object_whose_last_answer_was_lost_is_ours(site: Site) -> None:
    site.faults.lose("CompleteMultipartUpload")
    assert site.store.create("large", LARGE)
    assert site.seen.residue("large") == 1


def test_an_upload_that_fails_half_way_is_aborted(site: Site) -> None:
    site.faults.answer("UploadPart", 503, "SlowDown", 2)
    site.faults.answer("UploadPart", 403, "AccessDenied")
    with refused("S3-REFUSED"):
        site.store.create("large", LARGE)
    assert site.seen.unfinished() == 0
    assert not site.seen.exists("large")


def test_uploads_of_a_killed_process_are_found_and_swept(site: Site) -> None:
    begin = {"Bucket": PLAIN, "Key": f"{site.prefix}/large"}
    for _ in range(3):
        upload = site.truth.create_multipart_upload(**begin)["UploadId"]
        site.truth.upload_part(**begin, UploadId=upload, PartNumber=1, Body=b"sealed half")
    site.truth.create_multipart_upload(Bucket=PLAIN, Key=f"{site.prefix}0/beside")
    assert list(site.store.names()) == []
    assert (site.store.unfinished(), site.store.residue("large")) == (3, 3)
    assert site.store.sweep() == 3
    assert (site.store.unfinished(), site.store.residue("large")) == (0, 0)
    assert S3Store(site.truth, PLAIN, f"{site.prefix}0").sweep() == 1


# -- erasing -------------------------------------------------------------------------------------------


def versions(site: Site, name: str, number: int) -> None:
    """A history that other tools made: versions, each hidden by a delete marker."""
    for n in range(number):
        site.truth.put_object(Bucket=site.bucket, Key=f"{site.prefix}/{name}", Body=str(n).encode())
        site.truth.delete_object(Bucket=site.bucket, Key=f"{site.prefix}/{name}")


def test_what_a_delete_marker_hides_is_found_and_goes_with_its_history(site: Site) -> None:
    versions(site, "a", 3)
    versions(site, "ab", 1)
    assert list(site.store.names()) == []
    assert site.store.remains() == {"a": 6, "ab": 2}
    site.store.erase("a")
    assert site.store.remains() == {"ab": 2}
    assert site.faults.calls.count("DeleteObjects") == 1


def test_a_bulk_delete_that_fails_for_some_is_asked_again_for_those(site: Site) -> None:
    versions(site, "a", 4)
    site.faults.refuse_some("InternalError", every=2, times=2)
    site.store.erase("a")
    assert site.store.residue("a") == 0
    assert site.faults.calls.count("DeleteObjects") == 3


def test_a_bulk_delete_that_stops_half_way_is_taken_up_again(site: Site) -> None:
    versions(site, "a", 4)
    site.faults.refuse_some("InternalError", every=2, times=9)
    with refused("S3-NOT-ERASED"):
        site.store.erase("a")
    left = site.seen.residue("a")
    assert 0 < left < 8
    site.faults.forget()
    site.store.erase("a")
    assert site.seen.residue("a") == 0


def test_a_lost_answer_to_a_deletion_does_no_harm(site: Site) -> None:
    versions(site, "a", 2)
    site.faults.lose("DeleteObjects")
    site.store.erase("a")
    assert site.seen.residue("a") == 0


def test_a_version_under_a_lock_is_said_to_be_locked_and_the_rest_is_erased(endpoint: str, prefix: str) -> None:
    until = f"{datetime.now(UTC).year + 2}-03-31"
    site = Site(endpoint, prefix, LOCKED)
    Site(endpoint, prefix, LOCKED, Lock("COMPLIANCE", until)).store.create("a", b"kept")
    versions(site, "a", 2)
    with refused("S3-LOCKED") as caught:
        site.store.erase("a")
    assert f"{prefix}/a" in caught.value.place
    assert site.store.residue("a") == 1
    assert site.store.read("a") == b"kept"


def test_a_deletion_without_the_right_is_not_called_a_lock(site: Site) -> None:
    versions(site, "a", 1)
    site.faults.refuse_some("AccessDenied", every=1, times=1)
    with refused("S3-NOT-ERASED") as caught:
        site.store.erase("a")
    assert "AccessDenied" in caught.value.message


def test_a_listing_that_fails_never_looks_like_nothing_left(site: Site) -> None:
    site.store.create("a", b"x")
    for operation in ("ListObjectVersions", "ListMultipartUploads"):
        site.faults.answer(operation, 403, "AccessDenied")
        with refused("S3-REFUSED"):
            site.store.residue("a")
    site.faults.close("ListObjectVersions", 99)
    with refused("S3-UNANSWERED"):
        site.store.remains()
    site.faults.forget()


def test_a_long_history_is_erased_to_its_last_page(endpoint: str, prefix: str) -> None:
    site = Site(endpoint, prefix)
    versions(site, "a", 3)
    small = SmallPages(site.truth)
    assert len(S3Store(small, PLAIN, prefix)._versions(prefix)) == 6
    assert small.pages > 2


class SmallPages:
    """A client whose server lists two at a time."""

    def __init__(self, client: Any) -> None:
        self._client, self.pages = client, 0

    def list_object_versions(self, **asked: Any) -> Any:
        self.pages += 1
        return self._client.list_object_versions(**asked, MaxKeys=2)
