"""A dry run of the intake: what a file or a delivery would meet, told before anything is handed over.

Pure: bytes in, a `Check` out; nothing is stored, recorded or asked.  The same readers, masks and gates as the intake
(`kansho.intake.stage`, `kansho.intake.validation`); a rule that needs a table or a delivery that is not there is listed
as not checked, never passed over.  Does not belong here: paths and passwords (`kansho.intake.check_source`), words
(`kansho.intake.check_report`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake.containers import open_container
from kansho.intake.containers.nested import OLE, SEVEN_ZIP, ZIP
from kansho.intake.containers.zip_layout import check_zip_layout
from kansho.intake.cover_note import AnnouncedFile, CoverNote, parse_cover_note
from kansho.intake.delivery import read_announced, require_rows, require_seal
from kansho.intake.gates import stop_list_doubts
from kansho.intake.history_rules import (
    attendance_history_rules,
    checkup_rules,
    outreach_history_rules,
    screening_history_rules,
)
from kansho.intake.reading import Delivered, read_delivered
from kansho.intake.reading.layout import HEADER_ROW
from kansho.intake.row_rules import attendance_rules, known_number_rules, stop_list_rules, target_list_rules
from kansho.intake.values import normalise
from kansho.quality.catalogue import rules_of
from kansho.quality.definitions import RuleDef, Severity
from kansho.quality.gate import GateResult, evaluate
from kansho.quality.suites import EXTRA_RULES

#: Row numbers told per rule.
TOLD_ROWS = 20

Outcome = Literal["pass", "quarantine", "hold", "stop", "refused"]
#: Mildest first.
OUTCOMES: tuple[Outcome, ...] = ("pass", "quarantine", "hold", "stop", "refused")
EXIT_CODES: Mapping[Outcome, int] = {"pass": 0, "quarantine": 2, "hold": 2, "stop": 1, "refused": 1}
#: Rules whose mask needs the people known before this delivery.
_NEEDS_EARLIER = frozenset({"identity.confusion"})
#: Rules whose mask needs the people of the target list, by kind.
_NEEDS_PEOPLE: Mapping[str, frozenset[str]] = {
    "analysis_items": frozenset({"number.known"}),
    "attendance_update": frozenset({"number.known"}),
    "checkup_results": frozenset({"number.known", "metabolic.differs", "guidance.differs"}),
    "past_attendance": frozenset({"number.known", "attendance.before_enrolment"}),
    "screening_history": frozenset({"number.known", "attendance.before_enrolment", "kinds.sex"}),
    "past_outreach": frozenset({"number.known"}),
}
#: What is asked of a target list for the other tables.
_OF_PEOPLE = ["inquiry_number", "sex", "age_at_year_end", "birth_date"]


@dataclass(frozen=True)
class RuleFound:
    """A broken rule: ``effect`` is what it does to the table, ``numbers`` the first rows as a spreadsheet counts."""

    rule: RuleDef
    effect: Severity
    rows: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class TableCheck:
    """One table: a ``refusal``, or what was found in it.

    ``codes`` and ``counts`` are those of `Delivered`, ``changed`` counts what was brought into the contract's form,
    ``unchecked`` are the rules that need what was not there.
    """

    kind: str
    outcome: Outcome
    refusal: KanshoError | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    columns: int = 0
    accepted: int = 0
    changed: Mapping[str, int] = field(default_factory=dict)
    found: tuple[RuleFound, ...] = ()
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """The whole dry run; ``sealed`` is the form of the container ("" for a plain file)."""

    campaign: str
    sealed: str
    tables: tuple[TableCheck, ...] = ()
    refusal: KanshoError | None = None
    delivery: str = ""

    @property
    def outcome(self) -> Outcome:
        """The gravest of all."""
        if self.refusal is not None:
            return "refused"
        return max((table.outcome for table in self.tables), key=OUTCOMES.index, default="refused")

    @property
    def exit_code(self) -> int:
        """0 passed, 1 refused or stopped, 2 rows or a table would be held."""
        return EXIT_CODES[self.outcome]


def sealed_form(data: bytes) -> str:
    """``zip``, ``7z`` or ``xlsx`` for a container, '' for a plain table (a workbook without protection is one)."""
    if data.startswith(SEVEN_ZIP):
        return "7z"
    if data.startswith(OLE):
        return "xlsx"
    return "zip" if data.startswith(ZIP) and not _is_package(data) else ""


def check_file(
    data: bytes,
    kind: FileKind,
    config: CampaignConfig,
    *,
    today: date,
    password: Callable[[], str],
    target_list: bytes | None = None,
) -> Check:
    """One file of that kind, sealed or plain.

    Args:
        data: its bytes.
        kind: which contract it is held against.
        config: the ward's year.
        today: no day after it is in the past.
        password: asked when a container has to be opened.
        target_list: a target list, sealed or plain, whose people are the known ones.

    Raises:
        KanshoError: when the check could not run (``GATE-UNCHECKED``), or ``target_list`` itself was refused.
    """
    form = sealed_form(data)
    people = _people_of(target_list, config, password)
    try:
        table = _only(open_container(data, password(), None)) if form else data
    except KanshoError as error:
        return Check(config.id, form, refusal=error)
    return Check(config.id, form, (_check_table(kind, lambda: _alone(table, kind, config), config, today, people),))


def check_delivery(
    note: bytes,
    sealed: bytes,
    config: CampaignConfig,
    *,
    today: date,
    password: Callable[[], str],
    kind: FileKind | None = None,
    target_list: bytes | None = None,
) -> Check:
    """A sealed file with its 送付書: every table it announces, or those of one ``kind``; see `check_file`."""
    form, people = sealed_form(sealed), _people_of(target_list, config, password)
    try:
        told = parse_cover_note(note, campaign=config.id, today=today)
        require_seal(sealed, told)
        contents = open_container(sealed, password(), [f.name for f in told.files])
    except KanshoError as error:
        return Check(config.id, form, refusal=error)
    # The target list first: the others refer to its people.
    wanted = [f for f in sorted(told.files, key=lambda f: f.kind != "target_list") if kind in (None, f.kind)]
    if not wanted:
        raise KanshoError(
            "CHECK-CONTRACT", "送付書にないファイル種別です", place=str(kind), remedy="--contract を確認してください"
        )
    people = _people_in(told, contents, config) if people is None else people
    tables = tuple(_check_table(f.kind, _announced(f, contents[f.name], config), config, today, people) for f in wanted)
    return Check(config.id, form, tables, delivery=told.delivery)


def _check_table(
    kind: FileKind, read: Callable[[], Delivered], config: CampaignConfig, today: date, people: pd.DataFrame | None
) -> TableCheck:
    try:
        delivered = read()
    except KanshoError as error:
        return TableCheck(kind, "refused", refusal=error)
    formed = normalise(delivered.frame, contract(kind), config)
    frame = formed.frame
    masks = _masks(kind, frame, config, today, people)
    doubts = _doubts(kind, frame, people)
    rules = rules_of(kind, config)
    gate = config.gate(kind)
    result = evaluate(
        kind,
        "check",
        frame,
        contract(kind),
        {rule: masks.get(rule, pd.Series(True, index=frame.index)) for rule in EXTRA_RULES[kind]},
        threshold=gate.max_quarantine_share if gate else 0.0,
        doubts=doubts,
        rules=rules,
        fiscal_year=config.fiscal_year,
    )
    asked = {*masks, *doubts}
    return TableCheck(
        kind,
        _outcome(result),
        codes=delivered.codes,
        counts=delivered.counts,
        columns=len(frame.columns),
        accepted=int(result.accepted.sum()),
        changed=formed.counts,
        found=_found(result, HEADER_ROW["fkac167" if delivered.codes["layout"] == "fkac167" else "plain"] + 2),
        unchecked=tuple(r.id for r in rules.values() if r.kind != "column" and r.id not in asked),
    )


def _masks(
    kind: str, frame: pd.DataFrame, config: CampaignConfig, today: date, people: pd.DataFrame | None
) -> dict[str, pd.Series]:
    """The rules between columns that can be asked; a kind without an entry has all of them unchecked."""
    listed = pd.DataFrame(columns=_OF_PEOPLE, dtype=object) if people is None else people
    known = set(listed["inquiry_number"].dropna())
    made: dict[str, Callable[[], dict[str, pd.Series]]] = {
        "target_list": lambda: target_list_rules(frame, config),
        "stop_list": lambda: stop_list_rules(frame),
        "analysis_items": lambda: known_number_rules(frame, known),
        "attendance_update": lambda: attendance_rules(frame, known, config, today),
        "checkup_results": lambda: checkup_rules(frame, listed, known, config, today),
        "past_attendance": lambda: attendance_history_rules(frame, listed, known, config),
        "screening_history": lambda: screening_history_rules(frame, listed, known, config),
        "past_outreach": lambda: outreach_history_rules(frame, known, config),
    }
    masks = made[kind]() if kind in made else {}
    unasked = _NEEDS_EARLIER | (_NEEDS_PEOPLE.get(kind, frozenset()) if people is None else frozenset())
    return {rule: mask for rule, mask in masks.items() if rule not in unasked}


def _doubts(kind: str, frame: pd.DataFrame, people: pd.DataFrame | None) -> dict[str, int]:
    if kind != "stop_list" or people is None:
        return {}
    return stop_list_doubts(frame["inquiry_number"], set(people["inquiry_number"].dropna()), None, 0.0)


def _found(result: GateResult, first_row: int) -> tuple[RuleFound, ...]:
    return tuple(
        RuleFound(f.rule, f.effect, f.rows, _rows_told(result.marks.get(f.rule.id), first_row)) for f in result.findings
    )


def _rows_told(marked: np.ndarray | None, first_row: int) -> tuple[int, ...]:
    return () if marked is None else tuple(int(at) + first_row for at in np.flatnonzero(marked)[:TOLD_ROWS])


def _outcome(result: GateResult) -> Outcome:
    if result.result != "pass":
        return result.result
    return "pass" if result.accepted.all() else "quarantine"


def _alone(table: bytes, kind: FileKind, config: CampaignConfig) -> Delivered:
    delivered = read_delivered(table, kind, config)
    require_rows(delivered.frame, kind, nil_return=False)
    return delivered


def _announced(announced: AnnouncedFile, data: bytes, config: CampaignConfig) -> Callable[[], Delivered]:
    return lambda: read_announced(announced, data, config)


def _people_in(note: CoverNote, contents: Mapping[str, bytes], config: CampaignConfig) -> pd.DataFrame | None:
    """Whom the delivery's own target list names; None when there is none that can be read."""
    listed = next((f for f in note.files if f.kind == "target_list"), None)
    if listed is None:
        return None
    try:
        return _people(read_announced(listed, contents[listed.name], config).frame, config)
    except KanshoError:
        return None  # told where the list itself is checked


def _people_of(data: bytes | None, config: CampaignConfig, password: Callable[[], str]) -> pd.DataFrame | None:
    if data is None:
        return None
    table = _only(open_container(data, password(), None)) if sealed_form(data) else data
    return _people(read_delivered(table, "target_list", config).frame, config)


def _people(frame: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    return normalise(frame, contract("target_list"), config).frame[_OF_PEOPLE]


def _only(contents: Mapping[str, bytes]) -> bytes:
    return next(iter(contents.values()))


def _is_package(data: bytes) -> bool:
    """Whether a zip is a workbook without protection."""
    try:
        check_zip_layout(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "[Content_Types].xml" in archive.namelist()
    except Exception:  # hostile or damaged: then it is for `open_container` to say so
        return False
