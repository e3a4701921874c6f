"""The gate ``effect_release``: the table that would leave is read back and compared with what the year recorded.

Belongs here: the rules of a report that was made.  Does not belong here: estimating, or hiding (`disclosure`).
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from itertools import chain, product
from typing import Any

import numpy as np
import pandas as pd

from kansho.analysis.cost import done_cells, with_costs
from kansho.analysis.disclosure import WHOLE, group_name
from kansho.analysis.done import done_in
from kansho.analysis.stage import GATE, KIND, csv_key, data_cutoff, lines_key
from kansho.earlier import before
from kansho.errors import KanshoError
from kansho.quality.releases import judge
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: The counts that a line shows.
COUNTS = ("assigned", "held_out", "attended_assigned", "attended_held_out")
#: Counts of a selection that its line repeats.
_SELECTED = ("assigned", "held_out")
_COSTS = ("cost_yen", "cost_per_additional_yen")
_CLAIMS = ("estimate_pp", "low_pp", "high_pp", "cost_per_additional_yen")


def check_effect_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Gate before the approval: every line is there, counts reconcile, nothing small shows or can be worked out.

    Raises:
        KanshoError: ``GATE-EFFECT-RELEASE`` naming the rules, after they were recorded.
    """
    day = str(work["report"])
    leaving, lines = ws.find(KIND, csv_key(day)), ws.find(KIND, lines_key(day))
    analysed = ws.ledger.find("snapshot_stored", lines.name) if lines is not None else None
    if leaving is None or analysed is None:
        raise KanshoError("GATE-UNCHECKED", "検査する表がありません", place=day, remedy="報告書からやり直してください")
    table = pd.read_csv(io.BytesIO(ws.read_bytes(leaving)), encoding="utf-8-sig", dtype={"wave": str, "segment": str})
    selected = {e.key: dict(e.counts) for e in ws.ledger.events("wave_selected")}
    groups: dict[str, dict[str, str]] = {}
    done: dict[str, dict[str, tuple[int, ...]]] = {}
    reported = done_in(before(ws, analysed))  # what came since counts in the next report
    for ref in ws.snapshots("wave_assignment"):
        people, answered = with_costs(ws.config, ws.config.wave(ref.key), ws.read_table(ref), reported)
        groups[ref.key] = dict(zip(people["segment"].astype(str), people["group"].astype(str), strict=True))
        of = people.groupby(people["segment"].astype(str))
        done[ref.key] = {str(name): tuple(chain(*done_cells(part, answered))) for name, part in of}
    broken = broken_rules(
        table,
        selected,
        groups,
        done,
        cutoff=data_cutoff(ws),
        causal=ws.config.targeting.holdout_consent is not None,
        min_cell=ws.config.disclosure.min_cell,
    )
    failed = judge(ws, GATE, day, len(table), broken, of=SnapshotRef.from_json(work["artefact"]))
    if failed:
        raise KanshoError(
            "GATE-EFFECT-RELEASE",
            f"報告書の承認を求められません（{failed}）",
            place=day,
            remedy="データ担当に連絡してください",
        )
    return dict(work)


def broken_rules(
    table: pd.DataFrame,
    selected: Mapping[str, Mapping[str, int]],
    groups: Mapping[str, Mapping[str, str]],
    done: Mapping[str, Mapping[str, tuple[int, ...]]],
    *,
    cutoff: str,
    causal: bool,
    min_cell: int,
) -> dict[str, int]:
    """Rule → how many lines (waves, sums) break it.  Pure.

    Args:
        table: the lines as they would leave; a hidden one has no counts.
        selected: wave → the counts recorded at its selection (``assigned``, ``held_out``).
        groups: wave → segment that has somebody in either arm → its target group.
        done: wave → segment → the assigned by what was done for them, which a cost tells.
        cutoff: the data's.
        causal: whether 甲 consented to hold-outs; without it no effect is claimed (E1).
        min_cell: the smallest count that may show.
    """
    full = table[list(COUNTS)].notna().all(axis=1)
    shown, hidden = table[full], table[~full]
    claims = [c for c in _CLAIMS if c in table]
    costs = [c for c in _COSTS if c in table]
    missing = unbalanced = cost_cell = 0
    given_away = int(hidden[[*COUNTS, *claims, *costs]].notna().any(axis=1).sum())
    for wave, segments in groups.items():
        named = table.loc[table["wave"].eq(wave), "segment"]
        missing += sorted(named) != sorted(_expected(segments))
        seen = shown[shown["wave"].eq(wave)].drop_duplicates("segment").set_index("segment")
        cells = _cells_of(seen)
        told = selected.get(wave, {})
        if WHOLE in cells.index:
            whole_wave = cells.loc[WHOLE].to_dict()
            unbalanced += sum(whole_wave[name] != told.get(name, whole_wave[name]) for name in _SELECTED)
        for total, parts in _divisions(segments):
            if total not in cells.index:
                continue
            rest = cells.loc[total] - cells.loc[cells.index.isin(parts)].sum()
            whole = set(parts) <= set(cells.index)
            unbalanced += bool(rest.lt(0).any() or (whole and rest.ne(0).any()))
            given_away += not whole and bool((rest.gt(0) & rest.lt(min_cell)).any())
            unbalanced += _costs_differ(seen, total, parts)
        priced = seen.index[seen[costs].notna().any(axis=1)] if costs else ()
        cost_cell += _told_by_costs(priced, _done_by_line(segments, done.get(wave, {})), segments, min_cell)
    small = _cells_of(shown).gt(0) & _cells_of(shown).lt(min_cell)
    return {
        "cutoff": int(table["cutoff"].ne(cutoff).sum()),
        "lines_missing": missing,
        "counts": unbalanced + int(_cells_of(shown).lt(0).any(axis=1).sum()),
        "small_cell": int(small.any(axis=1).sum()),
        "given_away": given_away,
        "cost_cell": cost_cell,
        "claimed_unconsented": 0 if causal else int(table[claims].notna().any(axis=1).sum()),
    }


def _expected(segments: Mapping[str, str]) -> set[str]:
    """Lines of a wave: the whole, each group where there are several, each segment."""
    several = {group_name(g) for g in segments.values()} if len(set(segments.values())) > 1 else set()
    return {WHOLE, *several, *segments}


def _divisions(groups: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """(a line, the lines that add up to it), for every way in which a reader could add up.

    A group is its segments; the wave is its groups, each as its own line or as its segments.

    Args:
        groups: segment → target group.
    """
    of: dict[str, tuple[str, ...]] = {}
    for segment, group in sorted(groups.items()):
        of[group_name(group)] = (*of.get(group_name(group), ()), segment)
    if len(of) < 2:
        return [(WHOLE, tuple(sorted(groups)))]
    choices = product(*(((group,), segments) for group, segments in of.items()))
    return [*of.items(), *((WHOLE, tuple(chain.from_iterable(choice))) for choice in choices)]


def _costs_differ(seen: pd.DataFrame, total: str, parts: tuple[str, ...]) -> bool:
    """Whether a cost is not those of its parts together, each of which was rounded to the yen."""
    yen = seen["cost_yen"].dropna() if "cost_yen" in seen else pd.Series(dtype=float)
    told = {total, *parts} <= set(yen.index)
    return told and bool(abs(yen[total] - yen[list(parts)].sum()) > len(parts))


def _done_by_line(segments: Mapping[str, str], done: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """What was done, by line: of each segment, and of the lines that are sums of segments."""
    found = {name: np.array(done.get(name, ()), dtype=int) for name in segments}
    parts = {WHOLE: list(segments)} | {
        group_name(g): [s for s in segments if segments[s] == g] for g in segments.values()
    }
    return {**{line: np.sum([found[s] for s in of], axis=0) for line, of in parts.items()}, **found}


def _told_by_costs(
    priced: Collection[str], done: Mapping[str, np.ndarray], segments: Mapping[str, str], min_cell: int
) -> int:
    """Lines and differences of lines by whose cost somebody who knows the prices finds a few people.

    How many cards, calls and visits the wave had is told elsewhere, whether its cost is shown or not.
    """

    def small(cells: np.ndarray) -> bool:
        return bool(((cells > 0) & (cells < min_cell)).any())

    found = sum(small(done[name]) for name in priced)
    for total, parts in _divisions(segments):
        shown = [part for part in parts if part in priced]
        if shown and (total in priced or total == WHOLE):
            found += small(done[total] - sum(done[part] for part in shown))
    return found


def _cells_of(lines: pd.DataFrame) -> pd.DataFrame:
    """`kansho.analysis.disclosure.Line.cells` of a table of lines."""
    one, two = lines["assigned"] - lines["attended_assigned"], lines["held_out"] - lines["attended_held_out"]
    return lines[list(COUNTS)].assign(_assigned=one, _held_out=two)
