"""Reading one delivered table strictly by its contract and the ward's mapping, whatever form it comes in.

Pure over bytes: CSV in every encoding and dialect municipalities write, or a workbook.  A column too many is an
incident of over-provision and refuses the delivery whole (D1).  Belongs here: from bytes to text columns by our
identifiers, as delivered.  Does not belong here: what a value means (`kansho.intake` normalises it), containers and
passwords, the announced number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.campaign.config import Mapping as WardMapping
from kansho.intake.reading import delimited, workbook
from kansho.intake.reading.encoding import decode
from kansho.intake.reading.finish import finish
from kansho.intake.reading.header import Expected, assign, expected
from kansho.intake.reading.layout import HEADER_ROW, check_control
from kansho.intake.reading.my_number import is_my_number

__all__ = ["Delivered", "is_my_number", "read_delivered"]


@dataclass(frozen=True)
class Delivered:
    """A table as delivered.

    ``frame``: the contract's columns of the config's year in order, ``str`` dtype, cells without the blanks around
    them, empty ones missing; columns that were not approved are there without a value.  ``codes``: what was found
    (``form``, ``encoding``, ``mark``, ``delimiter``, ``layout``).  ``counts``: ``rows``, and of what was taken off
    (``blank_lines``, ``empty_rows``, ``empty_columns``, ``blank_columns``, ``total_rows``).
    """

    frame: pd.DataFrame
    codes: Mapping[str, str]
    counts: Mapping[str, int]


def read_delivered(data: bytes, kind: FileKind, config: CampaignConfig) -> Delivered:
    """One delivered file as a table.

    Raises:
        KanshoError: ``INTAKE-ENCODING``, ``INTAKE-ENCODING-AMBIGUOUS``, ``INTAKE-CSV``, ``INTAKE-XLSX``,
            ``INTAKE-ZEROS``, ``INTAKE-BOMB``, ``INTAKE-LAYOUT``, ``INTAKE-COLUMN-FORBIDDEN``,
            ``INTAKE-COLUMN-MISSING``, ``INTAKE-COLUMN-TWICE``, ``INTAKE-ROW``, ``INTAKE-CELL``, ``INTAKE-BLANK``,
            ``INTAKE-COUNT`` (total row), ``INTAKE-MYNUMBER``; the place names file kind, row, column or byte.
    """
    mapping = config.mapping(kind) or WardMapping(kind=kind)
    want = expected(kind, config)
    heads = HEADER_ROW[mapping.layout] + 1
    table: delimited.Text | workbook.Sheet
    if workbook.is_workbook(data):
        table = workbook.open_sheet(data, heads, want, mapping)
        codes = {"form": "xlsx", "encoding": "xlsx"}
    else:
        table, codes = _open_text(data, heads, want, mapping)
    check_control(table.heads, mapping.layout, kind)
    columns = assign(table.heads[-1] if table.heads else [], want)
    body = table.body(columns.width, total_row=mapping.total_row)
    del table  # the whole text: no longer needed beside its columns
    frame, counts = finish(body, columns, want, total_row=mapping.total_row)
    return Delivered(frame, {**codes, "layout": mapping.layout}, counts)


def _open_text(data: bytes, heads: int, want: Expected, mapping: WardMapping) -> tuple[delimited.Text, dict[str, str]]:
    def knows(head: str) -> bool:
        return want.proves(delimited.head_cells(head, heads - 1))

    found = decode(data, mapping.encoding, want.kind, knows)
    text = delimited.open_text(found.text, heads, want.kind, want.known)
    return text, {
        "form": "csv",
        "encoding": found.encoding,
        "mark": "yes" if found.marked else "no",
        "delimiter": delimited.DELIMITERS[text.delimiter],
    }
