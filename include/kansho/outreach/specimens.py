"""A specimen pair of visit half-lists of invented people, outside any population.

Belongs here: the invented rows and their issue to outputs.  Does not belong here: anything of a resident.
"""

from __future__ import annotations

import pandas as pd

from kansho.contracts.registry import VISIT_HALF_A, VISIT_HALF_B
from kansho.exchange.tables import to_csv
from kansho.workspace import Workspace

_ROWS = (
    ("MIHO-N001", "見本台一丁目２番", "見本原", "3号 104室"),
    ("MIHO-N002", "見本台一丁目２番", "ミ…", "5号"),
    ("MIHO-N003", "見本台二丁目", "例示沢", "8号"),
)


def issue_specimens(ws: Workspace) -> None:
    """Issue ``specimens/visit-half-a.csv`` and ``-b.csv``, once a campaign."""
    frame = pd.DataFrame(_ROWS, columns=["token", "block", "name_part", "house_part"])
    for letter, contract in (("a", VISIT_HALF_A), ("b", VISIT_HALF_B)):
        rows = frame.assign(sheet=f"SPECIMEN-01-{letter.upper()}")[list(contract.names)]
        ws.issue_document(
            f"specimens/visit-half-{letter}.csv",
            to_csv(rows, contract),
            title=f"{contract.title}（見本）",
            kind="specimen",
        )
