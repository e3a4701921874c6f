"""Notes beside coded results: what may be kept is kept, what may not is held for a person (D5).

Belongs here: cutting held notes out of the rows and putting them aside.  Does not belong here: the rules
(`kansho.contracts.free_text`).  The coded row is accepted or quarantined as if it had no note: a forbidden note
costs nobody a refusal or a result.

States of a note: written → kept as a fact | held (kind ``note_review``) → looked at → erased when its days are over.
A held note never becomes a fact; what a person finds worth keeping is reported again, in permitted words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from kansho.campaign.rights import Role
from kansho.casework import open_case
from kansho.contracts.free_text import screen
from kansho.contracts.model import Contract
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "note_review"
#: Rule of the exception that a held note opens.
HELD = "note.held"


@dataclass(frozen=True)
class Screened:
    """``rows`` as reported, without the notes that are held; ``held`` has the key, the note and ``reasons``."""

    rows: pd.DataFrame
    held: pd.DataFrame


def screened(frame: pd.DataFrame, contract: Contract) -> Screened:
    """Cut every suspicious note out of its row.

    Args:
        frame: rows as reported, columns of the contract, ``note`` among them.
        contract: of the results; its key says which row a held note belongs to.
    """
    reasons = screen(frame["note"])
    hit = reasons.ne("")
    held = frame.loc[hit, [*contract.key, "note"]].assign(reasons=reasons[hit]).reset_index(drop=True)
    return Screened(frame.assign(note=frame["note"].mask(hit, None).astype(object)), held)


def hold(ws: Workspace, kind: str, package: str, found: Screened, parents: Sequence[SnapshotRef]) -> dict[str, int]:
    """Put held notes aside for a person's review, as an exception with an owner; the count for the package's event."""
    if len(found.held):
        ws.store_table(KIND, f"{kind}-{package}", found.held, parents=parents)
        owner = Role.CONTRACTOR_MANAGER.value
        open_case(ws, f"{package}/{kind}/{HELD}", "rows", HELD, rows=len(found.held), owner=owner)
    return {"notes_held": len(found.held)}
