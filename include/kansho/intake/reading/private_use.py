"""外字 in a table that was read: counted by code point, never resolved here."""

from __future__ import annotations

import pandas as pd

#: Where CP932 puts 外字 (F040–F9FC); no glyph may be assumed for them.
_PRIVATE_USE = r"[\ue000-\uf8ff]"


def count_gaiji(frame: pd.DataFrame) -> int:
    """Rows with a 外字: it decodes without an error and must never be printed unmapped."""
    if frame.empty:
        return 0
    found = [frame[c].fillna("").astype(str).str.contains(_PRIVATE_USE) for c in frame.columns]
    return int(pd.concat(found, axis=1).any(axis=1).sum())
