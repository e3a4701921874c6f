"""What must still be looked for at the end of the year when the holding it came from is long erased (P11).

Belongs here: the different values of a table that could identify somebody, as they stand in it.  Does not belong here:
the forms in which they could be left (`kansho.closing.needles`), or where they are kept (`kansho.workspace`, under the
needles' own key).
"""

from __future__ import annotations

import io

import pandas as pd
import pyarrow.parquet

from kansho.vault.classes import class_of

#: Columns of the contracts whose values a residue scan looks for.
IDENTIFIERS = ("name_kanji", "name_kana", "address", "phone", "birth_date", "inquiry_number")
#: Classes of data in whose tables people stand; a one-time password is not kept beyond its use (D3).
_OF_PEOPLE = frozenset({"residents", "health", "contacts"})


def may_name_people(kind: str) -> bool:
    """Whether a holding of that kind could be a table of people."""
    return class_of(kind) in _OF_PEOPLE


def values_in(data: bytes) -> pd.DataFrame | None:
    """Different values of `IDENTIFIERS` in a stored table, as ``column, value``; None where there are none.

    Args:
        data: the unsealed bytes of a holding, a table or not.
    """
    if not data.startswith(b"PAR1"):
        return None
    there = pyarrow.parquet.read_schema(io.BytesIO(data)).names
    columns = [name for name in IDENTIFIERS if name in there]
    frame = pd.read_parquet(io.BytesIO(data), columns=columns)
    parts = [frame[name].dropna().astype(str).drop_duplicates().rename("value").to_frame() for name in columns]
    found = [part.assign(column=name) for name, part in zip(columns, parts, strict=True) if len(part)]
    return pd.concat(found, ignore_index=True)[["column", "value"]] if found else None
