"""The Merkle tree hash of RFC 6962 section 2.1 over SHA-256, its inclusion and its consistency proofs.

Belongs here: hashes and paths, pure.  Does not belong here: what a leaf means, or who signs a root
(`kansho.evidence.checkpoint`); a proof as a file (`kansho.evidence.proofs`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes; the empty tree's root is SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    # Joining neighbours and carrying an odd last node up gives RFC 6962's split at the largest power of two.
    while len(level) > 1:
        paired = [_node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def prefix_roots(leaves: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots of the log as it was at each of these sizes, in one pass over the leaves.

    Kept is the stack of perfect subtrees that make up the log so far (its sizes are the bits of the number of leaves);
    a root joins them from the right.  Sizes beyond the log are left out.
    """
    wanted = set(sizes)
    found = {0: root_of(())} if 0 in wanted else {}
    stack: list[bytes] = []
    for number, leaf in enumerate(leaves, start=1):
        node, left = leaf, number
        while left % 2 == 0:
            node, left = _node_hash(stack.pop(), node), left // 2
        stack.append(node)
        if number in wanted:
            root = stack[-1]
            for other in reversed(stack[:-1]):
                root = _node_hash(other, root)
            found[number] = root
    return found


def _split(size: int) -> int:
    """The largest power of two below ``size``, which is at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of one leaf, lowest sibling first (RFC 6962 section 2.1.1).

    Args:
        leaves: leaf hashes of the whole tree.
        index: 0-based; IndexError when the tree has no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return path[::-1]


def consistency_path(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Proof that the tree of the first ``old`` leaves is the beginning of this one (RFC 6962 section 2.1.2).

    Empty when both are the same.  IndexError when ``old`` is 0 (the empty tree begins every tree, nothing is to be
    shown) or above the size.
    """
    if not 0 < old <= len(leaves):
        raise IndexError(old)
    path: list[bytes] = []
    low, high = 0, len(leaves)
    whole = True  # whether the old tree is exactly what is left: then its root needs no telling
    while old < high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root_of(leaves[low:high]))
    return path[::-1]


def inclusion_holds(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf at ``index`` to the root of a tree of that size (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, reached = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = _node_hash(sibling, reached)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = _node_hash(reached, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


def consistency_holds(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the log of ``old`` events is the beginning of the log of ``new`` (RFC 9162 section 2.1.4.2).

    An ``old`` of 0 needs an empty path and the empty tree's root.
    """
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not path and old_root == root_of([])
    if old == new:
        return not path and old_root == new_root
    steps = list(path)
    if old & (old - 1) == 0:  # a whole tree: its root begins the way, and RFC 6962 leaves it out
        steps.insert(0, old_root)
    if not steps:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = _node_hash(step, first), _node_hash(step, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = _node_hash(second, step)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
