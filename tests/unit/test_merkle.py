"""Inclusion and consistency proofs against RFC 6962's own recursive definition, and every way to tamper with one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.evidence.merkle import (
    consistency_holds,
    consistency_path,
    inclusion_holds,
    inclusion_path,
    leaf_hash,
    root_of,
)

LARGEST = 70
LEAVES = [leaf_hash(bytes([n])) for n in range(LARGEST)]
ROOTS = [root_of(LEAVES[:n]) for n in range(LARGEST + 1)]
SOME = leaf_hash(b"another")


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def path_by_definition(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path_by_definition(index, leaves[:k]), root_of(leaves[k:])]
    return [*path_by_definition(index - k, leaves[k:]), root_of(leaves[:k])]


def proof_by_definition(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*proof_by_definition(old, leaves[:k], whole), root_of(leaves[k:])]
    return [*proof_by_definition(old - k, leaves[k:], False), root_of(leaves[:k])]


@pytest.mark.parametrize(
    ("index", "size", "joined"),
    [(0, 7, "b h l"), (3, 7, "c g l"), (4, 7, "f j k"), (6, 7, "i k")],
)
def test_the_paths_of_rfc_6962s_example_are_its_paths(index: int, size: int, joined: str) -> None:
    d = LEAVES[:7]
    named = dict(zip("abcdefj", d, strict=True))  # the names of section 2.1.3
    pairs = {"g": root_of(d[0:2]), "h": root_of(d[2:4]), "i": root_of(d[4:6])}
    named |= pairs | {"k": root_of(d[0:4]), "l": root_of(d[4:7])}
    assert inclusion_path(d, index) == [named[name] for name in joined.split()]


def test_every_leaf_of_every_size_is_proven_by_the_defined_path() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = inclusion_path(LEAVES[:size], index)
            assert path == path_by_definition(index, LEAVES[:size])
            assert inclusion_holds(LEAVES[index], index, size, path, ROOTS[size])


def test_every_pair_of_sizes_is_consistent_by_the_defined_proof() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            path = consistency_path(LEAVES[:new], old)
            assert path == proof_by_definition(old, LEAVES[:new])
            assert consistency_holds(old, ROOTS[old], new, ROOTS[new], path)


def test_a_proof_is_of_one_place_in_one_size() -> None:
    # a path may fit a tree of another size by its length: then the root must tell them apart
    for size in range(1, 20):
        for index in range(size):
            path = inclusion_path(LEAVES[:size], index)
            holding = {
                (i, s) for s in range(20) for i in range(20) if inclusion_holds(LEAVES[index], i, s, path, ROOTS[s])
            }
            assert holding == {(index, size)}


def test_a_consistency_proof_is_of_one_pair() -> None:
    for new in range(2, 20):
        for old in range(1, new):
            path = consistency_path(LEAVES[:new], old)
            holding = {(o, n) for o in range(1, 20) for n in range(o + 1, 20)
                       if consistency_holds(o, ROOTS[o], n, ROOTS[n], path)}  # fmt: skip
            assert holding == {(old, new)}


def test_the_empty_log_begins_every_log_and_needs_no_path() -> None:
    assert consistency_holds(0, ROOTS[0], 5, ROOTS[5], [])
    assert not consistency_holds(0, ROOTS[1], 5, ROOTS[5], [])
    assert not consistency_holds(0, ROOTS[0], 5, ROOTS[5], [SOME])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_path(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_path(LEAVES[:size], index)
    assert not inclusion_holds(SOME, index, size, [], SOME)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_a_size_that_is_no_beginning_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(IndexError):
        consistency_path(LEAVES[:new], old)


@st.composite
def tampered(draw: st.DrawFn, path: list[bytes]) -> list[bytes]:
    """A path with one hash exchanged, dropped, doubled, added or moved."""
    at = draw(st.integers(0, max(len(path) - 1, 0)))
    ways = ["added"] if not path else ["exchanged", "dropped", "doubled", "added", "flipped"]
    way = draw(st.sampled_from(ways))
    if way == "exchanged":
        return [*path[:at], SOME, *path[at + 1 :]]
    if way == "flipped":
        byte, bit = draw(st.integers(0, 31)), draw(st.integers(0, 7))
        spoiled = bytearray(path[at])
        spoiled[byte] ^= 1 << bit
        return [*path[:at], bytes(spoiled), *path[at + 1 :]]
    if way == "dropped":
        return [*path[:at], *path[at + 1 :]]
    if way == "doubled":
        return [*path[:at], path[at], *path[at:]]
    return [*path, SOME] if draw(st.booleans()) else [SOME, *path]


@given(st.data())
def test_a_tampered_inclusion_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(LEAVES[:size], index)
    assert not inclusion_holds(LEAVES[index], index, size, data.draw(tampered(path)), ROOTS[size])
    assert not inclusion_holds(SOME, index, size, path, ROOTS[size])
    assert not inclusion_holds(LEAVES[index], index, size, path, SOME)


@given(st.data())
def test_a_tampered_consistency_proof_fails(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, LARGEST))
    old = data.draw(st.integers(1, new))
    path = consistency_path(LEAVES[:new], old)
    assert not consistency_holds(old, ROOTS[old], new, ROOTS[new], data.draw(tampered(path)))
    assert not consistency_holds(old, SOME, new, ROOTS[new], path)
    assert not consistency_holds(old, ROOTS[old], new, SOME, path)


@given(st.data())
def test_a_log_that_was_rewritten_is_not_consistent(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, new - 1))
    at = data.draw(st.integers(0, old - 1))
    forged = [*LEAVES[:at], SOME, *LEAVES[at + 1 : new]]
    assert not consistency_holds(old, ROOTS[old], new, root_of(forged), consistency_path(forged, old))
