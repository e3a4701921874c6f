"""A page that nobody reads.

Belongs here: setting it, so that what WeasyPrint, Pango and the fonts make at their first page is there for every
process that is forked from this one.  Does not belong here: when that is worth a second (`kansho_airflow.executor`).
"""

from __future__ import annotations

import gc
from datetime import date

from kansho.documents.model import Document, Section, Table
from kansho.documents.render import render
from kansho.documents.stamp import Stamp


def warm() -> None:
    """Set a page with what most documents hold, and let it go."""
    table = Table(("班", "件数"), (("Ａ", "1"),), numeric=(1,))
    render(
        Document(
            title="授受簿",
            contract_title="—",
            contract_number="0",
            issued_on=date.min,
            issuer="—",
            facts=(("実施回", "1"),),
            sections=(Section("授受", ("記入してください。",), (table,)),),
            signatures=("受領者",),
            stamp=Stamp("kansho/none", 1, bytes(32)),
        )
    )
    gc.collect()  # with the font map of that page ends whatever thread it may have had: who is forked has none
