"""Every value that a database on a server holds, in pieces: what a scan of files cannot see (P11).

Belongs here: reading, in every schema that is not the server's own.  Does not belong here: what is searched for
(`kansho.closing.searching`), or removing rows (`kansho.closing.traces`).

Rows come from the server a few hundred at a time.  A cell is cut: its first `CUT` letters with the row, then, for those
few rows that have longer ones, the next, each cut overlapping the one before by more than the longest value.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    Text,
    cast,
    column,
    create_engine,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.sql.elements import ColumnClause, ColumnElement

from kansho.closing.packing import Inner, gathered, is_cut_off
from kansho.closing.views import OVERLAP

#: Letters (of a binary value: bytes) of one cell that are held at once.
CUT = 1024**2
_ROWS = 200
#: Common values, bounds between ranges of them, common elements of arrays; and of what is counted together.
_STATISTICS = (
    """
    SELECT unnest(CAST(kept.told AS text[])) FROM pg_catalog.pg_stats AS s,
    LATERAL (VALUES (CAST(s.most_common_vals AS text)), (CAST(s.histogram_bounds AS text)),
                    (CAST(s.most_common_elems AS text))) AS kept(told)
    WHERE kept.told IS NOT NULL AND s.schemaname NOT IN ('pg_catalog', 'information_schema')
    """,
    "SELECT unnest(most_common_vals) FROM pg_catalog.pg_stats_ext WHERE most_common_vals IS NOT NULL",
)
_OF_THE_SERVER = frozenset({"information_schema", "pg_catalog", "pg_toast"})


def tables_of(url: str) -> Iterator[tuple[str, Iterator[Inner]]]:
    """(schema and table, its cells) of everything that the account may see.

    Raises:
        SQLAlchemyError: when the server does not answer; it is not to be shown, for it could quote the address.
    """
    engine = create_engine(url, hide_parameters=True)
    try:
        seen = inspect(engine)
        for schema in sorted(set(seen.get_schema_names()) - _OF_THE_SERVER):
            for name in sorted([*seen.get_table_names(schema), *seen.get_materialized_view_names(schema)]):
                columns = seen.get_columns(name, schema)
                binary = {c["name"] for c in columns if isinstance(c["type"], LargeBinary)}
                yield f"{schema}.{name}", _cells(engine, schema, name, [c["name"] for c in columns], binary)
        if engine.dialect.name == "postgresql":
            yield "pg_catalog.pg_stats", _statistics(engine)
    finally:
        engine.dispose()


def _cells(engine: Engine, schema: str, name: str, columns: list[str], binary: set[str]) -> Iterator[Inner]:
    with engine.connect() as connection:
        whole = connection.execution_options(stream_results=True, max_row_buffer=_ROWS)
        for number in range(len(columns)):
            yield from _column(whole, schema, name, columns[number], columns[number] in binary)


def _column(connection: Connection, schema: str, name: str, of: str, is_binary: bool) -> Iterator[Inner]:
    """One column's values, cut; the rows that have more are asked for again, until there are none."""
    named: ColumnClause[str] = column(of)
    value: ColumnElement[str] = named if is_binary else cast(named, Text)
    source = table(name, named, schema=schema)
    more = False

    def cuts(begin: int, seen: int) -> Iterator[Any]:
        """What begins at this letter, of the cells that have more than was seen of it in the cut before."""
        nonlocal more
        more = False
        wanted = select(func.substr(value, begin, CUT)).select_from(source)
        for (part,) in connection.execute(wanted.where(func.length(value) >= begin + seen)):
            more = more or len(part) >= CUT
            yield part

    shut = False

    def firsts() -> Iterator[bytes]:
        """The beginnings; what is packed and goes on behind the cut cannot be opened, and is never a pass."""
        nonlocal shut
        for part in cuts(1, 0):
            data = _bytes(part)
            shut = shut or (len(part) >= CUT and is_cut_off(data))
            yield data

    begin = 1
    yield from gathered(firsts())
    if shut:
        yield Inner(None)
    while more:
        begin += CUT - OVERLAP
        for part in cuts(begin, OVERLAP):
            yield Inner(io.BytesIO(_bytes(part)), deeper=False, seen=len(_bytes(part[:OVERLAP])))


def _statistics(engine: Engine) -> Iterator[Inner]:
    """The values that the server keeps of its tables for its planner: they outlive the rows they were taken from."""
    with engine.connect() as connection:
        whole = connection.execution_options(stream_results=True, max_row_buffer=_ROWS)
        for statement in _STATISTICS:
            yield from gathered(_kept(part) for (part,) in whole.execute(text(statement)) if part is not None)


def _kept(part: str) -> bytes:
    """A value as the statistics tell it; binary ones in hexadecimal digits."""
    if part.startswith("\\x"):
        try:
            return bytes.fromhex(part[2:])
        except ValueError:
            pass
    return part.encode("utf-8", "replace")


def _bytes(part: Any) -> bytes:
    """What a driver gives for text, or for a binary value."""
    return part.encode("utf-8", "replace") if isinstance(part, str) else bytes(part)
