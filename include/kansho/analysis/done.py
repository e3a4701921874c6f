"""What was really done for whom in each wave, as it was reported: cards posted or taken out, people called, visited.

Belongs here: reading it.  Does not belong here: what it cost (`cost`), who was assigned (targeting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kansho.campaign.config import MailingWave, Wave
from kansho.campaign.rights import Channel
from kansho.workspace import Workspace

#: What may have been done for a person in a wave.  ``taken_out``: a card of the print run that was not posted.
POSTED, TAKEN_OUT, CALLED, VISITED = "posted", "taken_out", "called", "visited"
#: By channel, what a person's part of the cost follows from; for whom nothing was done, there is none.
STATES: Mapping[Channel, tuple[str, ...]] = {
    Channel.MAIL: (POSTED, TAKEN_OUT),
    Channel.CALL: (CALLED,),
    Channel.VISIT: (VISITED,),
}
#: Kinds of snapshots that tell it.
READ = ("card_list", "postings", "call_results", "visit_results")
_RESULTS = {Channel.CALL: ("call_results", CALLED), Channel.VISIT: ("visit_results", VISITED)}


@dataclass(frozen=True)
class Done:
    """One wave as it was done so far.

    Args:
        states: one of `STATES` by inquiry number; nobody is there for whom nothing was done.
        report: of a mailing, the counts of the printer's report.
        barcoded: of a mailing, the posted cards that bear a customer barcode.
    """

    states: pd.Series
    report: Mapping[str, int] = field(default_factory=dict)
    barcoded: int = 0


def done_in(ws: Workspace) -> dict[str, Done]:
    """Every wave of which something was reported; of a mailing that nobody reported yet, nothing is known."""
    found = {}
    for wave in ws.config.waves.all():
        done = _mailing(ws, wave) if isinstance(wave, MailingWave) else _results(ws, wave)
        if done is not None:
            found[wave.id] = done
    return found


def _mailing(ws: Workspace, wave: MailingWave) -> Done | None:
    reported = ws.ledger.find("print_reported", wave.id)
    posted, listed = ws.find("postings", wave.id), ws.find("card_list", wave.id)
    if reported is None or posted is None or listed is None:
        return None
    cards = ws.read_table(listed, ["inquiry_number", "printable", "bars"])
    cards = cards[cards["printable"].eq(True)]
    went = cards["inquiry_number"].isin(ws.read_table(posted, ["inquiry_number"])["inquiry_number"])
    states = pd.Series(TAKEN_OUT, index=cards["inquiry_number"].to_numpy(), dtype=object)
    states[went.to_numpy()] = POSTED
    return Done(states, dict(reported.counts), int((went & cards["bars"].notna()).sum()))


def _results(ws: Workspace, wave: Wave) -> Done | None:
    kind, state = _RESULTS[wave.channel]
    results = ws.read_all(kind, ["inquiry_number", "wave"])
    if results is None:
        return None
    people = results.loc[results["wave"].eq(wave.id), "inquiry_number"].unique()
    return Done(pd.Series(state, index=people, dtype=object)) if len(people) else None
