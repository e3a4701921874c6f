"""The header row: which column of the file is which column of the contract.

Belongs here: folding of headings, the ward's own headings and positions, and the refusal of what the contract does
not name (D1).  Does not belong here: bytes, rows and values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kansho.campaign.config import CampaignConfig, FileKind, Mapping
from kansho.contracts.free_text import dock_result_headings
from kansho.contracts.headings import fold
from kansho.contracts.model import Column
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake.reading.rows import MAX_COLUMNS

#: No more positions are named than a reader would look at.
_TOLD = 20
#: Characters of one heading.  Longer ones are searched for words for minutes, and are none.
_MAX_HEADING = 1000


@dataclass(frozen=True)
class Expected:
    """What may stand in the header row of one file kind of one ward and year.

    ``columns`` are those of the contract in that year, in order; ``allowed`` those that may (and must) be delivered;
    ``headings`` the folded headings of each, the first as it is told; ``positions`` columns the mapping places, from
    0; ``blank`` folded headings of columns that come without values.
    """

    kind: str
    columns: dict[str, Column]
    allowed: frozenset[str]
    headings: dict[str, tuple[str, ...]]
    positions: dict[int, str]
    blank: frozenset[str]

    @cached_property
    def by_heading(self) -> dict[str, str]:
        """Folded heading → column, for columns that no position places: the first heading of each goes before the
        aliases of any."""
        free = {name: h for name, h in self.headings.items() if name not in self.positions.values()}
        out = {fold(h[0]): name for name, h in reversed(free.items())}
        for name, all_of_it in free.items():
            for heading in all_of_it[1:]:
                out.setdefault(fold(heading), name)
        return out

    def known(self, cells: Sequence[str]) -> int:
        """How many cells are headings that the file may have."""
        ours = {fold(h) for headings in self.headings.values() for h in headings} | self.blank
        return sum(1 for cell in cells if fold(cell) in ours and cell.strip())

    def proves(self, cells: Sequence[str]) -> bool:
        """Whether a heading with other than ASCII characters is known: no wrong encoding would spell it."""
        return self.known([cell for cell in cells if not cell.isascii()]) > 0


@dataclass(frozen=True)
class Assigned:
    """The header row understood, by position from 0: ``names`` (None where no column of ours stands), positions that
    must hold nothing (``blank``: named so by the mapping; ``trailing``: columns without a heading at the end)."""

    names: tuple[str | None, ...]
    blank: tuple[int, ...]
    trailing: tuple[int, ...]

    @property
    def width(self) -> int:
        """Columns of the file."""
        return len(self.names)


def expected(kind: FileKind, config: CampaignConfig) -> Expected:
    """The columns and headings of a file kind in the config's year.

    The ward's own heading (``mapping.headers``) stands in place of the contract's header and its aliases.

    Raises:
        KanshoError: ``INTAKE-COLUMN-FORBIDDEN`` when nothing of such a file was approved for the year.
    """
    wanted = contract(kind)
    mapping = config.mapping(kind) or Mapping(kind=kind)
    columns = {c.name: c for c in wanted.columns if c.in_year(config.fiscal_year)}
    own = mapping.headers
    if not wanted.is_permitted(config.approved_analysis_items):
        raise KanshoError(
            "INTAKE-COLUMN-FORBIDDEN",
            "この種別には、今年度に承認された分析項目がありません",
            place=kind,
            remedy="受け取らずに区へ連絡し、提供を取りやめてもらってください (D1)",
        )
    allowed = frozenset(wanted.permitted(config.approved_analysis_items)) & frozenset(columns)
    return Expected(
        kind,
        columns,
        allowed,
        {c.name: (own[c.name],) if c.name in own else (c.header, *c.aliases) for c in columns.values()},
        {position - 1: name for name, position in mapping.positions.items() if name in allowed},
        frozenset(fold(heading) for heading in mapping.blank),
    )


def assign(header: Sequence[str], want: Expected) -> Assigned:
    """Every column of the file to a column of the contract, to the blank ones, or to a refusal.

    A position the mapping names must carry the heading of its column: a file that gained or lost a column before it
    is not read one column off.  Blank ones may repeat; a column of ours may not.

    Raises:
        KanshoError: ``INTAKE-LAYOUT``, ``INTAKE-COLUMN-TWICE``, ``INTAKE-COLUMN-FORBIDDEN``,
            ``INTAKE-COLUMN-MISSING``, ``INTAKE-ROW`` and ``INTAKE-CELL`` for headings without measure; a column is
            named by its position only, for what else stands in the first row of a wrong file is unknown.
    """
    _refuse_shape(header, want.kind)
    folded = [fold(cell) for cell in header]
    width = len(folded)
    while width and not folded[width - 1]:
        width -= 1
    names: list[str | None] = []
    blank: list[int] = []
    extra: list[int] = []
    for at, heading in enumerate(folded[:width]):
        name = want.positions.get(at)
        if name is not None and heading not in {fold(h) for h in want.headings[name]}:
            raise KanshoError(
                "INTAKE-LAYOUT",
                f"設定した位置の見出しが「{want.headings[name][0]}」ではありません",
                place=f"{want.kind}:{at + 1}列目",
                remedy="列の並びを確認して再提供、または設定の positions を訂正",
            )
        name = name or want.by_heading.get(heading)
        if name not in want.allowed and heading in want.blank:
            # A fixed layout has its headings also for what was not approved: they come without any value.
            name = None
            blank.append(at)
        elif name not in want.allowed:
            extra.append(at)
        names.append(name)
    _refuse_dock(header, blank, want.kind)
    _refuse_twice(names, want.kind)
    _refuse_extra(extra, want.kind)
    _refuse_missing(names, want)
    trailing = range(width, len(folded))
    return Assigned((*names, *(None for _ in trailing)), tuple(blank), tuple(trailing))


def _refuse_shape(header: Sequence[str], kind: str) -> None:
    """Every column costs memory whatever is in it, every heading time."""
    if len(header) > MAX_COLUMNS:
        raise KanshoError(
            "INTAKE-ROW",
            f"列が{MAX_COLUMNS:,}を超えています",
            place=f"{kind}:{MAX_COLUMNS + 1}列目",
            remedy="表の右側の空の列を除いて再提供",
        )
    at = next((at for at, heading in enumerate(header, start=1) if len(heading) > _MAX_HEADING), None)
    if at is not None:
        raise KanshoError(
            "INTAKE-CELL",
            f"{_MAX_HEADING:,}文字を超える見出しがあります",
            place=f"{kind}:{at}列目",
            remedy="見出しの行を確認し、訂正して再提供",
        )


def _refuse_twice(names: list[str | None], kind: str) -> None:
    found = Counter(name for name in names if name is not None)
    twice = [at for at, name in enumerate(names, start=1) if name is not None and found[name] > 1]
    if twice:
        raise KanshoError(
            "INTAKE-COLUMN-TWICE",
            "同じ見出しの列があります",
            place=f"{kind}:{'、'.join(str(at) for at in twice[:_TOLD])}列目",
            remedy="列を確認して再提供",
        )


def _refuse_dock(header: Sequence[str], blank: Sequence[int], kind: str) -> None:
    """Whatever the ward's mapping calls it: the ward alone collects results of 人間ドック (D4)."""
    found = [at - 1 for at in dock_result_headings(header) if at - 1 not in blank]
    if found:
        raise KanshoError(
            "INTAKE-COLUMN-FORBIDDEN",
            "人間ドックの結果が入りうる項目が含まれています",
            place=f"{kind}:{'、'.join(str(at + 1) for at in found[:_TOLD])}列目",
            remedy="項目を除いて再提供を依頼してください。人間ドックの結果は区が直接収集します (D4)",
        )


def _refuse_extra(extra: list[int], kind: str) -> None:
    if extra:
        raise KanshoError(
            "INTAKE-COLUMN-FORBIDDEN",
            "契約にない項目か、今年度に承認されていない項目が含まれています",
            place=f"{kind}:{'、'.join(str(at + 1) for at in extra[:_TOLD])}列目",
            remedy="項目を除いて再提供を依頼してください (D1)",
        )


def _refuse_missing(names: list[str | None], want: Expected) -> None:
    missing = [want.headings[name][0] for name in want.columns if name in want.allowed - set(names)]
    if missing:
        raise KanshoError(
            "INTAKE-COLUMN-MISSING",
            f"項目が不足しています（{'、'.join(missing)}）",
            place=want.kind,
            remedy="項目を加えて再提供を依頼してください",
        )
