"""The ledger: RFC 6962 check values, parallel appends, appending once, leftovers of a crash."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.errors import KanshoError
from kansho.evidence.checkpoint import read_checkpoint
from kansho.evidence.events import Actor, Draft, canonical_json
from kansho.evidence.ledger import Ledger
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.vault.store import LocalStore

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
SYSTEM = Actor("contractor", "system", "system")
DAY = date(2027, 5, 1)


def draft(key: str, **counts: int) -> Draft:
    """Of the type that may stand first."""
    return Draft("campaign_opened", key, DAY, SYSTEM, counts=counts)


def open_ledger(root: Path) -> Ledger:
    return Ledger("sumida_2027", LocalStore(root), clock=lambda: datetime(2027, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_of_rfc_6962(size: int) -> None:
    assert root_of([leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


def test_any_size_splits_at_the_largest_power_of_two() -> None:
    def by_definition(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return root_of([by_definition(leaves[:split]), by_definition(leaves[split:])])

    for size in range(1, 40):
        leaves = [leaf_hash(bytes([n])) for n in range(size)]
        assert root_of(leaves) == by_definition(leaves)


def test_an_append_is_kept_in_order_and_read_back_by_another(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    made = [ledger.append(draft(f"w{n}", listed=n)) for n in range(5)]
    assert [e.sequence for e in made] == [0, 1, 2, 3, 4]
    assert open_ledger(tmp_path).events() == made


@pytest.mark.parametrize(
    ("simulation", "moment", "day"),
    [
        ("true", datetime(2027, 12, 31, 3, tzinfo=UTC), "2027-05-01"),
        ("false", datetime(2027, 12, 31, 3, tzinfo=UTC), "2027-12-31"),
        ("", datetime(2027, 5, 1, 14, 59, tzinfo=UTC), "2027-05-01"),
        ("", datetime(2027, 5, 1, 15, 0, tzinfo=UTC), "2027-05-02"),  # midnight in Japan
    ],
)
def test_whatever_day_is_given_a_real_year_is_recorded_on_the_clock_s(
    tmp_path: Path, simulation: str, moment: datetime, day: str
) -> None:
    log = Ledger("sumida_2027", LocalStore(tmp_path), clock=lambda: moment)
    codes = {"simulation": simulation} if simulation else {}
    first = log.append(Draft("campaign_opened", "sumida_2027", DAY, SYSTEM, codes=codes))
    second = log.append(Draft("stage_finished", "x", DAY, SYSTEM))
    assert [first.campaign_date, second.campaign_date] == [day, day]


def test_an_event_that_was_read_is_found_without_a_look_and_any_other_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other, read = open_ledger(tmp_path), open_ledger(tmp_path), LocalStore.read
    mine.append(draft("w0"))
    looks: list[str] = []
    monkeypatch.setattr(LocalStore, "read", lambda store, name: looks.append(name) or read(store, name))
    assert mine.find("campaign_opened", "w0") is not None
    assert looks == []
    other.append(draft("w1"))
    assert mine.find("campaign_opened", "w1") is not None
    assert mine.find("campaign_opened", "w2") is None


def test_nothing_stands_before_the_opening(tmp_path: Path) -> None:
    listed = Draft("call_list_made", "w", DAY, SYSTEM)
    ledger = open_ledger(tmp_path)
    with pytest.raises(KanshoError, match="LEDGER-UNOPENED"):
        ledger.append(listed)
    assert ledger.size == 0
    ledger.append(draft("sumida_2027"))
    assert ledger.append(listed).sequence == 1


def test_the_same_draft_again_is_the_same_event(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    first = ledger.append(draft("w", listed=1))
    assert ledger.append(draft("w", listed=2)) == first
    assert open_ledger(tmp_path).append(draft("w", listed=3)) == first
    assert ledger.size == 1


def test_a_lost_response_is_settled_by_reading_back(tmp_path: Path) -> None:
    class Forgetful(LocalStore):
        def create(self, name: str, data: bytes) -> bool:
            super().create(name, data)
            return False  # the object lies there, the answer was lost

    ledger = Ledger("sumida_2027", Forgetful(tmp_path))
    event = ledger.append(draft("w", listed=1))
    assert (event.sequence, ledger.size) == (0, 1)


def _append_many(root: Path, name: str) -> None:
    ledger = open_ledger(root)
    for number in range(25):
        ledger.append(draft(f"{name}-{number}", listed=number))
        ledger.append(draft(f"shared-{number}", listed=number))


def test_eight_processes_append_without_loss_or_fork(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_append_many, args=(tmp_path, f"p{n}")) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    events = open_ledger(tmp_path).events()
    keys = [e.key for e in events]
    wanted = {f"p{n}-{k}" for n in range(8) for k in range(25)} | {f"shared-{k}" for k in range(25)}
    assert [e.sequence for e in events] == list(range(len(events)))
    assert len(keys) == len(set(keys))
    assert set(keys) == wanted


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A writer was killed between its temporary file and the link."""
    open_ledger(tmp_path).append(draft("before"))
    (tmp_path / "events" / ".tmp-999-abcd").write_bytes(b'{"half":')
    return tmp_path


def test_leftovers_of_a_crash_are_no_events(crashed: Path) -> None:
    ledger = open_ledger(crashed)
    assert ledger.append(draft("after")).sequence == 1
    assert [e.key for e in open_ledger(crashed).events()] == ["before", "after"]


def test_a_gap_or_an_event_of_another_campaign_is_refused(tmp_path: Path) -> None:
    open_ledger(tmp_path).append(draft("w"))
    with pytest.raises(KanshoError, match="LEDGER-BROKEN"):
        Ledger("shinjuku_2026", LocalStore(tmp_path)).events()


@pytest.mark.parametrize(
    "bad",
    [
        Draft("nothing_known", "k", DAY, SYSTEM),
        Draft("call_list_made", "キー", DAY, SYSTEM),
        Draft("call_list_made", "k", DAY, SYSTEM, counts={"listed": True}),
        Draft("call_list_made", "k", DAY, SYSTEM, codes={"note": "山田 太郎"}),
    ],
    ids=["type", "key", "count", "prose"],
)
def test_what_must_not_stand_in_the_ledger_is_refused(bad: Draft, tmp_path: Path) -> None:
    with pytest.raises(KanshoError, match="LEDGER-EVENT"):
        open_ledger(tmp_path).append(bad)


def test_floats_have_no_canonical_form() -> None:
    with pytest.raises(KanshoError, match="floats"):
        canonical_json({"refs": [{"estimate": 1.5}]})


def test_checkpoints_of_a_ledger_are_kept_in_order(tmp_path: Path) -> None:
    signer = Ed25519PrivateKey.generate()
    ledger = open_ledger(tmp_path)
    for number in range(12):
        ledger.append(draft(f"w{number}"))
        ledger.checkpoint(signer)
    read = [read_checkpoint(t, signer.public_key().public_bytes_raw()) for t in ledger.checkpoints()]
    assert [c.size for c in read] == list(range(1, 13))
    assert read[-1].root == root_of([leaf_hash(e.canonical()) for e in ledger.events()])
