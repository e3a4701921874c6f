"""Where any of some million byte strings occurs in a piece of memory, at a good part of the speed of hashing it.

Belongs here: the search over bytes, held in memory only.  Does not belong here: what the strings mean
(`kansho.closing.searching`).

Every string has at least `TAIL` bytes; its last eight are its tail.  A tail holds a window of five bytes that begins at
a multiple of four, wherever it lies.  So only every fourth position of the data is looked at: does its window occur in
any tail (a table of bits)?  For the few that do, do the eight bytes around it (another table, then the sorted tails)?
For those, byte for byte, the strings themselves.  All but the last step is done by numpy over whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

#: Bytes of a tail, and of the shortest string.
TAIL = 8
_STEP, _WINDOW_BITS, _TAIL_BITS = 4, 24, 26
#: Positions looked at in one go: arrays of them stay within a processor's cache.
_CHUNK = 1 << 17
_FIVE_BYTES = np.uint64((1 << 40) - 1)
#: Multiplier of Fibonacci hashing: 2⁶⁴ over the golden ratio.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

_Words = npt.NDArray[np.uint64]


class Index:
    """An index over ``strings``, each of at least `TAIL` bytes; about 200 MB for a million."""

    def __init__(self, strings: Sequence[bytes]) -> None:
        tails = np.frombuffer(b"".join(s[-TAIL:] for s in strings), dtype="<u8")
        self._strings = strings
        self._order = np.argsort(tails, kind="stable").astype(np.int32)
        self._tails = tails[self._order]
        self._has_tail = np.zeros(1 << _TAIL_BITS, dtype=np.bool_)
        self._has_tail[_hashed(tails, _TAIL_BITS)] = True
        self._has_window = np.zeros(1 << _WINDOW_BITS, dtype=np.bool_)
        for shift in range(_STEP):
            self._has_window[_hashed((tails >> np.uint64(8 * shift)) & _FIVE_BYTES, _WINDOW_BITS)] = True

    def occurrences(self, data: bytes) -> Iterator[tuple[int, int, int]]:
        """(number of the string, start, end) of every occurrence, overlapping ones too, in no order."""
        if len(data) < TAIL or not self._strings:
            return
        # The last windows may reach beyond the end; zeros there can only bring up what the comparison turns down.
        padded = data + bytes(TAIL)
        words: _Words = np.ndarray((len(data),), dtype="<u8", buffer=padded, strides=(1,))
        for begin in range(0, len(data), _STEP * _CHUNK):
            at = begin + _STEP * np.flatnonzero(self._has_window[self._windows(words, begin)])
            for shift in range(_STEP):
                yield from self._ending(data, words, at - shift)

    def _windows(self, words: _Words, begin: int) -> npt.NDArray[np.int64]:
        return _hashed(words[begin : begin + _STEP * _CHUNK : _STEP] & _FIVE_BYTES, _WINDOW_BITS)

    def _ending(self, data: bytes, words: _Words, starts: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
        """Strings whose tail begins at one of ``starts``."""
        starts = starts[(starts >= 0) & (starts <= len(data) - TAIL)]
        found = words[starts]
        likely = self._has_tail[_hashed(found, _TAIL_BITS)]
        starts, found = starts[likely], found[likely]
        first = np.searchsorted(self._tails, found, side="left")
        last = np.searchsorted(self._tails, found, side="right")
        for start, low, high in zip(starts[last > first], first[last > first], last[last > first], strict=True):
            end = int(start) + TAIL
            for number in self._order[low:high]:
                string = self._strings[number]
                if data.endswith(string, max(0, end - len(string)), end):
                    yield int(number), end - len(string), end


def _hashed(words: _Words, bits: int) -> npt.NDArray[np.int64]:
    return ((words * _GOLDEN) >> np.uint64(64 - bits)).view(np.int64)
