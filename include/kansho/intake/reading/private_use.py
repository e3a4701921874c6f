"""外字 in a table that was read: counted by code point, never resolved here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Where CP932 puts 外字 (F040–F9FC); no glyph may be assumed for them.
_PRIVATE_USE = "[\ue000-\uf8ff]"


def count_gaiji(frame: pd.DataFrame) -> int:
    """Rows with a 外字: it decodes without an error and must never be printed unmapped.

    Args:
        frame: text columns as `kansho.intake.reading.read_delivered` gives them.
    """
    hit: pa.Array | pa.ChunkedArray | None = None
    for name in frame.columns:
        cells = pa.array(frame[name].astype("str").array, type=pa.large_string())
        if not _may_hold(cells):
            continue  # nearly every column
        found = pc.fill_null(pc.match_substring_regex(cells, _PRIVATE_USE), False)
        hit = found if hit is None else pc.or_(hit, found)
    return 0 if hit is None else int(pc.sum(hit).as_py() or 0)


def _may_hold(cells: pa.Array | pa.ChunkedArray) -> bool:
    """Whether the bytes of a column hold what UTF-8 begins such a character with: EE, or EF and up to A3."""
    for chunk in cells.chunks if isinstance(cells, pa.ChunkedArray) else [cells]:
        text = chunk.buffers()[2]
        data = np.frombuffer(text or b"", dtype=np.uint8)
        if (data == 0xEE).any() or ((data[:-1] == 0xEF) & (data[1:] <= 0xA3)).any():
            return True
    return False
