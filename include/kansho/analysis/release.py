"""The gate ``effect_release``: the table that would leave is read back and compared with what the year recorded.

Belongs here: the rules of a report that was made.  Does not belong here: estimating, or hiding (`disclosure`).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import chain, product
from typing import Any

import pandas as pd

from kansho.analysis.disclosure import WHOLE, group_name
from kansho.analysis.stage import GATE, KIND, csv_key, data_cutoff
from kansho.errors import KanshoError
from kansho.quality.releases import judge
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: The counts that a line shows.
COUNTS = ("assigned", "held_out", "attended_assigned", "attended_held_out")
#: Counts of a selection that its line repeats.
_SELECTED = ("assigned", "held_out")
_CLAIMS = ("estimate_pp", "low_pp", "high_pp", "cost_per_additional_yen")


def check_effect_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Gate before the approval: every line is there, counts reconcile, nothing small shows or can be worked out.

    Raises:
        KanshoError: ``GATE-EFFECT-RELEASE`` naming the rules, after they were recorded.
    """
    day = str(work["report"])
    leaving = ws.find(KIND, csv_key(day))
    if leaving is None:
        raise KanshoError("GATE-UNCHECKED", "検査する表がありません", place=day, remedy="報告書からやり直してください")
    table = pd.read_csv(io.BytesIO(ws.read_bytes(leaving)), encoding="utf-8-sig", dtype={"wave": str, "segment": str})
    selected = {e.key: dict(e.counts) for e in ws.ledger.events("wave_selected")}
    groups: dict[str, dict[str, str]] = {}
    for ref in ws.snapshots("wave_assignment"):
        people = ws.read_table(ref)
        groups[ref.key] = dict(zip(people["segment"].astype(str), people["group"].astype(str), strict=True))
    broken = broken_rules(
        table,
        selected,
        groups,
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
        cutoff: the data's.
        causal: whether 甲 consented to hold-outs; without it no effect is claimed (E1).
        min_cell: the smallest count that may show.
    """
    full = table[list(COUNTS)].notna().all(axis=1)
    shown, hidden = table[full], table[~full]
    claims = [c for c in _CLAIMS if c in table]
    missing = unbalanced = 0
    given_away = int(hidden[[*COUNTS, *claims]].notna().any(axis=1).sum())
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
    small = _cells_of(shown).gt(0) & _cells_of(shown).lt(min_cell)
    return {
        "cutoff": int(table["cutoff"].ne(cutoff).sum()),
        "lines_missing": missing,
        "counts": unbalanced + int(_cells_of(shown).lt(0).any(axis=1).sum()),
        "small_cell": int(small.any(axis=1).sum()),
        "given_away": given_away,
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


def _cells_of(lines: pd.DataFrame) -> pd.DataFrame:
    """`kansho.analysis.disclosure.Line.cells` of a table of lines."""
    one, two = lines["assigned"] - lines["attended_assigned"], lines["held_out"] - lines["attended_held_out"]
    return lines[list(COUNTS)].assign(_assigned=one, _held_out=two)
