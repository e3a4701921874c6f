"""What a delivery may cost: entries, bytes, ratio and work, counted while inflating.

Belongs here: the numbers and the `Meter`.  Declared sizes are never believed; what is counted is what came out.
"""

from __future__ import annotations

from kansho.intake.containers.refusals import too_big

#: Entries of one container; a delivery has about ten files, a workbook about twenty parts.
MAX_ENTRIES = 64
#: Bytes: one file, and all files of a container (also the container itself).
MAX_FILE_BYTES = 1024**3
MAX_TOTAL_BYTES = 2 * 1024**3
#: Inflated to packed, over the whole container; text tables reach about 50.  Below the floor it does not matter.
MAX_RATIO = 200
RATIO_FLOOR = 4 * 1024**2
#: Bytes read at a time, so that a cap is noticed soon.
CHUNK = 1024**2


class Meter:
    """Counts what one container of ``packed`` bytes gives."""

    def __init__(self, packed: int) -> None:
        self._packed = packed
        self._total = 0
        self._file = 0

    def next_file(self) -> None:
        """Begin counting another file."""
        self._file = 0

    def add(self, count: int) -> None:
        """Count bytes that came out.

        Raises:
            KanshoError: ``INTAKE-BOMB`` over a cap.
        """
        self._file += count
        self._total += count
        if self._file > MAX_FILE_BYTES or self._total > MAX_TOTAL_BYTES:
            raise too_big("容量の上限を超えます")
        if self._total > RATIO_FLOOR and self._total > MAX_RATIO * self._packed:
            raise too_big("圧縮率が表として不自然です")
