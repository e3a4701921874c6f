"""Stage functions of effect_analysis.

The comparison: everybody assigned to a wave against everybody held out from it, among those who could have been
contacted that day; whatever else happened to them counts in both arms.  Whom an earlier wave of a nested design held
out is in neither arm (`kansho.targeting.waves.candidates`); there a comparison answers for the wave and all that
followed, in effect and cost.  Outcome: attendance of the person's group known by the data's cut-off, on or after the
wave's first day.  Arms are as assigned; a cost counts what was really done for the assigned (`cost`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kansho.analysis.cost import done_cells, with_costs
from kansho.analysis.disclosure import WHOLE, Line, group_name, hidden_costs, hidden_segments
from kansho.analysis.done import READ, done_in
from kansho.analysis.effect import effect_of
from kansho.analysis.report import effect_csv, effect_pdf
from kansho.campaign.config import Wave
from kansho.campaign.rights import TargetGroup
from kansho.contracts.codes import KENSHIN_KIND
from kansho.exchange.authority import authority_of
from kansho.quality.releases import require_passed
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "effect_table"
#: The gate before the report is approved (`kansho.analysis.release`).
GATE = "effect_release"


def find_effect_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report day that is due and not yet issued; None when there is none or nothing was selected."""
    due = [day for day in ws.config.effect_reports.on if day <= ws.today]
    if not due or not ws.snapshots("wave_assignment"):
        return None
    day = due[-1].isoformat()
    if ws.ledger.find("document_issued", f"reports/effect-{day}.pdf") is not None:
        return None
    return {"report": day, "final": due[-1] == ws.config.effect_reports.on[-1]}


def analyse(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Estimate every wave and segment; event ``effect_analysed`` per line that may be shown."""
    cutoff = data_cutoff(ws)
    rows: list[dict[str, Any]] = []
    found = {wave.id: ws.find("wave_assignment", wave.id) for wave in ws.config.waves.all()}
    done, attendance = done_in(ws), _attendance(ws)
    for wave in ws.config.waves.all():
        ref = found[wave.id]
        if ref is None:
            continue
        assignment, answered = with_costs(ws.config, wave, ws.read_table(ref), done)
        lines = lines_of(wave, assignment, attendance, cutoff, answered)
        hidden = hidden_segments(lines, ws.config.disclosure.min_cell)
        unpriced = hidden_costs(lines, hidden, ws.config.disclosure.min_cell)
        for line in lines:
            shown = {"hidden": line.segment in hidden, "cost_hidden": line.segment in unpriced}
            rows.append(_record(ws, str(work["report"]), line, wave, cutoff, **shown))
    key = lines_key(str(work["report"]))
    read = [ref for kind in ("attendance_facts", *READ) for ref in ws.snapshots(kind)]
    parents = [*(ref for ref in found.values() if ref), *read]
    ref = ws.store_table(KIND, key, pd.DataFrame(rows), parents=parents)
    return {**work, "table": ref.to_json(), "cutoff": cutoff, "counts": {"lines": len(rows)}}


def make_effect_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The report (PDF) and its table (CSV) for the person responsible to approve."""
    source = SnapshotRef.from_json(work["table"])
    table = ws.read_table(source)
    pdf = effect_pdf(
        ws.config,
        table,
        cutoff=str(work["cutoff"]),
        final=bool(work["final"]),
        causal=_consented(ws),
        simulation=ws.is_simulation,
        issued_on=ws.today,
    )
    ref = ws.store_bytes(KIND, f"report-{work['report']}", pdf, parents=[source])
    ws.store_bytes(KIND, csv_key(str(work["report"])), effect_csv(table, str(work["cutoff"])), parents=[source])
    return {**work, "artefact": ref.to_json()}


def release_effect_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Issue the approved report and its table to outputs.

    Raises:
        KanshoError: ``GATE-ABSENT`` without the passed gate, ``EXCHANGE-AUTHORITY`` without the approval.
    """
    ref = SnapshotRef.from_json(work["artefact"])
    day = str(work["report"])
    require_passed(ws, GATE, day)
    authority_of(ws, ref)
    table = ws.find(KIND, csv_key(day))
    if table is not None:
        ws.issue_document(f"reports/effect-{day}.csv", ws.read_bytes(table), title="効果分析表", kind="effect_table")
    ws.issue_document(f"reports/effect-{day}.pdf", ws.read_bytes(ref), title="効果分析報告書", kind="effect_report")
    return {"report": day}


def lines_key(report: str) -> str:
    """Under which the lines of a report lie in the vault."""
    return f"lines-{report}"


def csv_key(report: str) -> str:
    """Under which the table of a report lies in the vault."""
    return f"csv-{report}"


def data_cutoff(ws: Workspace) -> str:
    """The day on which the newest attendance data was made (E2), ISO; the contract's start before there is any."""
    days = [
        e.codes["issued_on"]
        for e in ws.ledger.events("delivery_accepted")
        if "attendance_update" in e.codes["kinds"].split("|")
    ]
    return max(days, default=ws.config.contract.start.isoformat())


def lines_of(
    wave: Wave, assignment: pd.DataFrame, attendance: pd.DataFrame, cutoff: str, answered: tuple[Wave, ...] = ()
) -> list[Line]:
    """The wave as a whole (``all``), each target group if there are several, and each segment.  Pure.

    Args:
        wave: whose first day begins the outcome's window.
        assignment: kind ``wave_assignment``, with what each person cost (`with_costs`).
        attendance: ``inquiry_number``, ``screening_kind``, ``attendance_date``.
        cutoff: last day counted, ISO.
        answered: the waves counted in the cost.
    """
    attended = attended_in_window(assignment, attendance, wave.select_on.isoformat(), cutoff)
    frame = assignment.assign(attended=attended.to_numpy())
    parts = [(WHOLE, frame, "")]
    if frame["group"].nunique() > 1:
        parts += [(group_name(str(group)), part, "") for group, part in frame.groupby("group")]
    parts += [(str(segment), part, str(group)) for (group, segment), part in frame.groupby(["group", "segment"])]
    return [_line(wave.id, segment, part, group, done_cells(part, answered)) for segment, part, group in parts]


def attended_in_window(assignment: pd.DataFrame, attendance: pd.DataFrame, first: str, last: str) -> pd.Series:
    """Whether each assigned or held-out person attended what their group is asked to, in the window."""
    inside = attendance[attendance["attendance_date"].between(first, last)]
    kinds = inside.groupby("inquiry_number")["screening_kind"].agg(set)
    found = assignment["inquiry_number"].map(kinds)
    due = assignment["due_kinds"].fillna("").str.split("|").map(set)
    return pd.Series(
        [
            isinstance(had, set) and (KENSHIN_KIND in had if group == TargetGroup.KENSHIN else bool(had & wanted))
            for had, wanted, group in zip(found, due, assignment["group"], strict=True)
        ],
        index=assignment.index,
        dtype=bool,
    )


def _line(wave: str, segment: str, frame: pd.DataFrame, group: str, done: tuple[tuple[int, ...], ...]) -> Line:
    held = frame["arm"].eq("holdout").to_numpy()
    attended = frame["attended"].to_numpy(dtype=bool)
    return Line(
        wave,
        segment,
        int((~held).sum()),
        int(held.sum()),
        int((attended & ~held).sum()),
        int((attended & held).sum()),
        effect_of(attended, held, np.asarray(frame["household_id"].astype(str))),
        round(float(frame["yen"].sum())),
        group,
        done,
    )


def _consented(ws: Workspace) -> bool:
    """Whether 甲 consented to hold-outs, in the config and as a fact; without it nothing is claimed (E1)."""
    return ws.config.targeting.holdout_consent is not None and bool(ws.ledger.events("holdout_consented"))


def _attendance(ws: Workspace) -> pd.DataFrame:
    found = ws.read_all("attendance_facts")
    columns = ["inquiry_number", "screening_kind", "attendance_date"]
    return found[columns].drop_duplicates() if found is not None else pd.DataFrame(columns=columns, dtype=object)


def _record(
    ws: Workspace, report: str, line: Line, wave: Wave, cutoff: str, *, hidden: bool, cost_hidden: bool
) -> dict[str, Any]:
    causal = line.effect is not None and _consented(ws)
    row: dict[str, Any] = {"wave": wave.id, "segment": line.segment, "hidden": hidden, "cost_hidden": cost_hidden}
    if not hidden:
        row |= {
            "assigned": line.assigned,
            "held_out": line.held_out,
            "attended_assigned": line.attended_assigned,
            "attended_held_out": line.attended_held_out,
            "cost_yen": None if cost_hidden else line.cost_yen,
        }
        if causal and line.effect is not None:
            effect = line.effect
            row |= {"estimate_pp": effect.estimate_pp, "low_pp": effect.low_pp, "high_pp": effect.high_pp}
            additional = line.assigned * effect.estimate_pp / 100
            # Without anything reported as done there is nothing to divide yet.
            told = not cost_hidden and line.cost_yen > 0 and additional > 0
            row["cost_per_additional_yen"] = line.cost_yen / additional if told else None
    texts: dict[str, SnapshotRef | str | Mapping[str, Any]] = {
        k: f"{row[k]:.2f}" for k in ("estimate_pp", "low_pp", "high_pp") if k in row
    }
    counts: dict[str, int] = {
        k: int(row[k]) for k in ("assigned", "held_out", "attended_assigned", "attended_held_out") if k in row
    }
    ws.record(
        "effect_analysed",
        f"{report}/{wave.id}/{line.segment}",
        counts=counts,
        codes={"wave": wave.id, "segment": line.segment, "cutoff": cutoff, "hidden": "yes" if hidden else "no"},
        refs=texts,
    )
    return row
