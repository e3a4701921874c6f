"""The Merkle tree hash of RFC 6962 section 2.1, over SHA-256."""

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
