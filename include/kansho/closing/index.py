"""Where any of some million byte strings occurs in a piece of memory, at a good part of the speed of hashing it.

Belongs here: the search over bytes, held in memory only.  Does not belong here: what the strings mean
(`kansho.closing.searching`).

Every string has at least `TAIL` bytes; its last eight are its tail.  A tail holds a window of five bytes that begins at
a multiple of four, wherever it lies.  So only every fourth position of the data is looked at: does its window occur in
any tail (a table of bits, which a processor's nearest cache holds)?  For the few that do, how far from the tail's
beginning (a table of offsets)?  Do the eight bytes that begin there (another table, then the sorted tails)?  For those,
byte for byte, the strings themselves.  All but the last step is done by numpy over whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

#: Bytes of a tail, and of the shortest string.
TAIL = 8
#: Windows begin at multiples of it in the data, and so less than it from their tail's beginning.
_STEP = 4
#: Entries of the tables, as powers of two: a bit for each window, offsets for each window, a byte for each tail.  Of a
#: million strings one entry in twenty is taken, for many end alike.
_WINDOW_BITS, _TAIL_BITS = 22, 23
#: Positions looked at in one go: arrays of them stay within a processor's cache.
_CHUNK = 1 << 15
#: Odd multipliers: two pairs for windows, and for tails 2⁶⁴ over the golden ratio.
_FIRST, _SECOND = (np.uint32(0x9E3779B9), np.uint32(0x85EBCA6B)), (np.uint32(0xC2B2AE35), np.uint32(0x27D4EB2F))
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
#: For each offset its bit, and how a tail is put together of the eight bytes up to its window's fourth and those after.
_BITS = np.uint8(1) << np.arange(_STEP, dtype=np.uint8)[:, None]
_EARLY, _LATE = (np.array([8 * (_STEP + sign * n) for n in range(_STEP)], dtype=np.uint64) for sign in (-1, 1))

_Bytes = npt.NDArray[np.uint8]
_Halves = npt.NDArray[np.uint32]
_Words = npt.NDArray[np.uint64]
_Numbers = npt.NDArray[np.int64]


class Index:
    """An index over ``strings``, each of at least `TAIL` bytes; beside them about 30 MB for a million."""

    def __init__(self, strings: Sequence[bytes]) -> None:
        tails = np.frombuffer(b"".join([s[-TAIL:] for s in strings]), dtype="<u8")
        self._strings = strings
        self._order = np.argsort(tails, kind="stable").astype(np.int32)
        ordered = tails[self._order]
        fresh = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))[: len(ordered)]
        #: Each tail once, and where in ``_order`` the numbers of its strings begin.
        self._tails = ordered[fresh]
        self._from = np.append(fresh, len(ordered)).astype(np.int32)
        self._has_tail = np.zeros(1 << _TAIL_BITS, dtype=np.bool_)
        self._has_tail[_of_tails(self._tails)] = True
        is_window = np.zeros(1 << _WINDOW_BITS, dtype=np.bool_)
        #: Bit n: the window stands n bytes from the beginning of some tail.
        self._offsets = np.zeros(1 << _WINDOW_BITS, dtype=np.uint8)
        for offset in range(_STEP):
            shifted = self._tails >> np.uint64(8 * offset)
            low, next_ = shifted.astype(np.uint32), (shifted >> _HALF).astype(np.uint32)
            is_window[_of_windows(low, next_, _FIRST)] = True
            self._offsets[_of_windows(low, next_, _SECOND)] |= _BITS[offset, 0]
        self._is_window = np.packbits(is_window, bitorder="little")

    def occurrences(self, data: bytes) -> Iterator[tuple[int, int, int]]:
        """(number of the string, start, end) of every occurrence, overlapping ones too, in no order."""
        if len(data) < TAIL or not self._strings:
            return
        # One step of zeros before and two after: they can only bring up what the comparison turns down.
        padded = np.frombuffer(b"".join((bytes(_STEP), data, bytes(2 * _STEP + -len(data) % _STEP))), dtype="<u4")
        for begin in range(0, len(padded) - 2, _CHUNK):
            halves = padded[begin : begin + _CHUNK + 2]
            at = self._windows(halves[1:-1], halves[2:])
            here, after = halves[at + 1], halves[at + 2]
            offsets = self._offsets.take(_of_windows(here, after, _SECOND))
            kept = np.flatnonzero(offsets != 0)
            if len(kept):
                at, here, after = at[kept], here[kept], after[kept]
                yield from self._beginning(data, _STEP * (begin + at), (halves[at], here, after), offsets[kept])

    def _windows(self, here: _Halves, after: _Halves) -> _Numbers:
        """Which of these positions have a window that may occur in a tail."""
        hashed = _of_windows(here, after, _FIRST)
        eights = self._is_window.take(hashed >> 3) >> (hashed & 7).astype(np.uint8)
        return np.flatnonzero((eights & np.uint8(1)).view(np.bool_))

    def _beginning(
        self, data: bytes, at: _Numbers, around: tuple[_Halves, _Halves, _Halves], offsets: _Bytes
    ) -> Iterator[tuple[int, int, int]]:
        """Strings whose tail begins so many bytes before the windows at ``at`` as their offsets' bits say.

        ``around`` are the four bytes before each window, its first four, and the four after these.
        """
        before, here, after = (part.astype(np.uint64) for part in around)
        offset, which = np.divmod(np.flatnonzero((offsets & _BITS).ravel() != 0), len(at))
        tails = (before | here << _HALF)[which] >> _EARLY[offset] | after[which] << _LATE[offset]
        likely = np.flatnonzero(self._has_tail[_of_tails(tails)])
        tails = tails[likely]
        places = np.minimum(np.searchsorted(self._tails, tails), len(self._tails) - 1)
        true = np.flatnonzero(self._tails[places] == tails)
        starts = (at[which] - offset)[likely[true]]
        for start, place in zip(starts.tolist(), places[true].tolist(), strict=True):
            end = start + TAIL
            # What begins before the data or ends after them is made of the zeros around them.
            if start < 0 or end > len(data):
                continue
            for number in self._order[self._from[place] : self._from[place + 1]].tolist():
                string = self._strings[number]
                if data.endswith(string, max(0, end - len(string)), end):
                    yield number, end - len(string), end


def _of_windows(low: _Halves, next_: _Halves, odd: tuple[np.uint32, np.uint32]) -> npt.NDArray[np.int32]:
    """Where windows stand in a table: four bytes, and the lowest one of those that follow."""
    mixed = next_ & np.uint32(0xFF)
    mixed *= odd[1]
    mixed += low * odd[0]
    mixed >>= np.uint32(32 - _WINDOW_BITS)
    return mixed.view(np.int32)


def _of_tails(tails: _Words) -> _Numbers:
    return ((tails * _GOLDEN) >> np.uint64(64 - _TAIL_BITS)).view(np.int64)
