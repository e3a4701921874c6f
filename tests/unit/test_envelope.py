"""The seal of an object holds for its campaign, its name, its class of data and every byte; nothing else opens it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kansho.errors import KanshoError
from kansho.vault.classes import CLASSES, DataClass
from kansho.vault.envelope import seal, unseal
from kansho.vault.keepers import FileKeeper
from kansho.vault.keys import Keyring
from kansho.vault.store import LocalStore
from kansho.vault.vault import SnapshotRef, Vault

KEY = b"k" * 32
TEXT = "鬼怒川　綾乃助".encode()


def sealed(data: bytes = TEXT, *, campaign: str = "c", name: str = "roster/d01") -> bytes:
    return seal(data, key=KEY, campaign=campaign, name=name)


def refused(data: bytes, *, key: bytes = KEY, campaign: str = "c", name: str = "roster/d01") -> bool:
    """Whether it does not open; what is said names the object and nothing of what is in it."""
    with pytest.raises(KanshoError, match="VAULT-SEAL") as caught:
        unseal(data, key=key, campaign=campaign, name=name)
    return TEXT.decode() not in str(caught.value) and name in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize("data", [b"", b"x", TEXT, os.urandom(100_000)], ids=["empty", "one byte", "text", "long"])
def test_what_was_sealed_opens_again(data: bytes) -> None:
    assert unseal(sealed(data), key=KEY, campaign="c", name="roster/d01") == data


def test_the_same_bytes_are_sealed_otherwise_each_time_and_do_not_show() -> None:
    one, other = sealed(), sealed()
    assert one[3:] != other[3:]
    assert not any(one[i : i + 12] == other[i : i + 12] for i in range(3, len(one) - 12))
    assert TEXT not in one
    assert KEY not in one


def test_another_key_campaign_or_name_does_not_open_it() -> None:
    assert refused(sealed(), key=b"o" * 32)
    assert refused(sealed(), campaign="d")
    assert refused(sealed(), name="roster/d02")
    assert refused(sealed(campaign="c/roster", name="d01"), campaign="c2")


def test_every_flipped_byte_is_found() -> None:
    whole = sealed(b"twelve bytes")
    for at in range(len(whole)):
        assert refused(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


def test_what_is_cut_or_grown_does_not_open() -> None:
    whole = sealed(b"twelve bytes")
    assert all(refused(whole[:length]) for length in range(len(whole)))
    assert refused(whole + b"\0")
    assert refused(b"")


def test_parts_of_two_objects_make_no_third() -> None:
    """The data key of one and the text of another: each was sealed under the same key of the class."""
    one, other = sealed(), sealed(name="roster/d02")
    for cut in (3, 15, 63, 75):
        assert refused(one[:cut] + other[cut:])
        assert refused(other[:cut] + one[cut:], name="roster/d02")


# -- in the vault ---------------------------------------------------------------------------------------


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault of a campaign with its keys."""
    ring = Keyring(FileKeeper(tmp_path / "keys"))
    ring.create()
    return Vault("c", LocalStore(tmp_path / "vault"), ring)


def kind_of(name: DataClass) -> str:
    return min(CLASSES[name])


def put_in_place(vault: Vault, name: str, data: bytes) -> None:
    """As an administrator of the store can."""
    vault.store.erase(name)
    vault.store.create(name, data)


def as_if_recorded(ref: SnapshotRef, data: bytes) -> SnapshotRef:
    """The reference that somebody writes who can also forge the record of its digest."""
    return replace(ref, digest=hashlib.sha256(data).hexdigest())


def test_two_objects_that_were_swapped_are_found_by_the_record_and_by_the_seal(vault: Vault) -> None:
    one, other = vault.put_bytes("roster", "d01", TEXT), vault.put_bytes("roster", "d02", b"other")
    first, second = vault.store.read(one.name), vault.store.read(other.name)
    put_in_place(vault, one.name, second)
    put_in_place(vault, other.name, first)
    for ref, data in ((one, second), (other, first)):
        with pytest.raises(KanshoError, match="VAULT-DIGEST"):
            vault.read_bytes(ref)
        with pytest.raises(KanshoError, match="VAULT-SEAL"):
            vault.read_bytes(as_if_recorded(ref, data))


def test_an_object_under_another_name_or_of_another_campaign_does_not_open(vault: Vault) -> None:
    ref = vault.put_bytes("roster", "d01", TEXT)
    data = vault.store.read(ref.name)
    vault.store.create("roster/d09", data)
    with pytest.raises(KanshoError, match="VAULT-SEAL"):
        vault.read_bytes(replace(ref, key="d09"))
    with pytest.raises(KanshoError, match="VAULT-SEAL"):
        Vault("d", vault.store, vault.keyring).read_bytes(ref)


def test_an_object_that_was_replaced_by_an_older_one_is_found_by_the_record(vault: Vault) -> None:
    """The same name, sealed under the same key: only the digest in the log tells them apart."""
    older = vault.put_bytes("roster", "d01", b"older")
    kept = vault.store.read(older.name)
    vault.store.erase(older.name)
    newer = vault.put_bytes("roster", "d01", TEXT)
    put_in_place(vault, newer.name, kept)
    with pytest.raises(KanshoError, match="VAULT-DIGEST"):
        vault.read_bytes(newer)


def test_an_absent_object_is_said_to_be_absent(vault: Vault) -> None:
    ref = vault.put_bytes("roster", "d01", TEXT)
    vault.erase(ref.name)
    with pytest.raises(KanshoError, match="VAULT-ABSENT"):
        vault.read_bytes(ref)


@pytest.mark.parametrize("name", list(CLASSES))
def test_the_key_of_a_class_opens_that_class_and_no_other(vault: Vault, name: DataClass) -> None:
    refs = {of: vault.put_bytes(kind_of(of), "one", TEXT) for of in CLASSES}
    for of, ref in refs.items():
        data = vault.store.read(ref.name)
        if of == name:
            assert unseal(data, key=vault.keyring.get(name), campaign="c", name=ref.name) == TEXT
        else:
            assert refused(data, key=vault.keyring.get(name), name=ref.name)


def test_a_class_whose_key_is_gone_is_gone_and_the_others_stay(vault: Vault) -> None:
    refs = {of: vault.put_bytes(kind_of(of), "one", TEXT) for of in CLASSES}
    vault.keyring.destroy("health")
    with pytest.raises(KanshoError, match="KEY-ABSENT"):
        vault.read_bytes(refs["health"])
    with pytest.raises(KanshoError, match="KEY-ABSENT"):
        vault.put_bytes(kind_of("health"), "two", TEXT)
    assert all(vault.read_bytes(ref) == TEXT for of, ref in refs.items() if of != "health")
