"""What reaching the outreach arm of a wave cost: of the waves that its comparison answers for, no others.  Pure.

Belongs here: yen and what was done by assigned person.  Does not belong here: what was done (`done`), the prices
(`kansho.campaign.costs`), forecasts (targeting), or which waves those are (`kansho.campaign.nesting`).

A card costs its print and its part of the posting's postage.  What was printed and not posted is paid too: what was
spoilt and printed again is shared by all whose card was printed; as the printer's report counts the cards that it took
out after they were printed but does not say whose they were, each one taken out bears the same part of their print.
Whose card could not be printed, who was not called or not visited, costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from kansho.analysis.done import CALLED, POSTED, STATES, TAKEN_OUT, VISITED, Done
from kansho.campaign.config import CallWave, CampaignConfig, MailingWave, Wave
from kansho.campaign.costs import mailing_cost, yen_each
from kansho.campaign.nesting import waves_answered

#: Columns of what was done in a wave: this and the wave's id.
DONE = "done_"


def with_costs(
    config: CampaignConfig, wave: Wave, assignment: pd.DataFrame, done: Mapping[str, Done]
) -> tuple[pd.DataFrame, tuple[Wave, ...]]:
    """A wave's assignment with ``yen`` for each person, and for each wave counted in it ``done_<wave>``.

    Nothing for who is held out.  Where hold-outs are nested the control arm gets nothing of the later waves either, so
    what these cost for the assigned counts with the effect they are part of.

    Returns:
        The table, and the waves counted, in the order in which they end.
    """
    assigned = assignment["arm"].eq("outreach")
    answered = sorted((w for w in waves_answered(config, wave.id) if w.id in done), key=lambda w: (_last_day(w), w.id))
    yen = pd.Series(0.0, index=assignment.index)
    columns = {}
    for each in answered:
        state = assignment["inquiry_number"].map(done[each.id].states).where(assigned)
        columns[f"{DONE}{each.id}"] = state.astype(object)
        yen += state.map(_prices(config, each, done[each.id])).astype(float).fillna(0.0)
    return assignment.assign(yen=yen, **columns), tuple(answered)


def done_cells(people: pd.DataFrame, answered: tuple[Wave, ...]) -> tuple[tuple[int, ...], ...]:
    """Of each wave, how many assigned people are in each of its `STATES`, and how many in none: what a cost tells.

    Args:
        people: rows of `with_costs`.
        answered: the waves counted there.
    """
    assigned = people[people["arm"].eq("outreach")]
    found = []
    for wave in answered:
        counted = assigned[f"{DONE}{wave.id}"].value_counts()
        cells = [int(counted.get(state, 0)) for state in STATES[wave.channel]]
        found.append((*cells, len(assigned) - sum(cells)))
    return tuple(found)


def _prices(config: CampaignConfig, wave: Wave, done: Done) -> dict[str, float]:
    """Yen of a person by what was done for them; together over a wave's people, all that it cost."""
    if not isinstance(wave, MailingWave):
        return dict.fromkeys((CALLED, VISITED), float(yen_each(config, wave)))
    told = done.report
    spent = mailing_cost(config, wave, printed=told["printed"], posted=told["posted"], barcoded=done.barcoded)
    taken_out = told["withdrawn"] + told["pulled"]
    printed = told["posted"] + told["pulled"]
    print_each = spent.print_yen / printed if printed else 0.0
    return {
        POSTED: print_each + (spent.postage.yen / told["posted"] if told["posted"] else 0.0),
        TAKEN_OUT: print_each * told["pulled"] / taken_out if taken_out else 0.0,
    }


def _last_day(wave: Wave) -> date:
    """After which a wave's figures change no more."""
    if isinstance(wave, MailingWave):
        return wave.report_on
    return wave.close_on if isinstance(wave, CallWave) else wave.days[-1]
