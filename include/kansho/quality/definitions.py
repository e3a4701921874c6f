"""The shape of a gate rule: what it is about, how grave it is, who decides, what the ward is told.

Belongs here: the type and pure functions over one rule.  The rules themselves are data in
`kansho.quality.listed_rules`; those of a contract's columns are derived in `kansho.quality.column_texts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kansho.campaign.rights import Role

#: ``column`` and ``row`` decide about rows of one table, ``cross`` about rows against other tables or columns,
#: ``table`` and ``drift`` about a table as a whole.
RuleKind = Literal["column", "row", "table", "cross", "drift"]
Severity = Literal["stop", "hold", "quarantine", "warn"]

#: Gravest first.
SEVERITIES: tuple[Severity, ...] = ("stop", "hold", "quarantine", "warn")
ROW_KINDS = frozenset({"column", "row", "cross"})
TABLE_KINDS = frozenset({"table", "drift"})


@dataclass(frozen=True)
class RuleDef:
    """One rule of one contract.

    ``severity``: ``stop`` nothing of the table is taken in; ``hold`` the table waits for ``owner``, its rows stay;
    ``quarantine`` the row leaves; ``warn`` counted and listed, the row stays.
    ``threshold`` is a share of rows (drift: of change).  None: ``stop`` and ``hold`` act from the first row, and
    ``quarantine`` and ``warn`` never hold by themselves.  A number: ``stop`` and ``hold`` act above it (below it the
    finding is a warning), and more than that share of ``quarantine`` or ``warn`` holds the table.
    ``allowed`` are the severities a ward may choose; a rule others rely on, or one that fails closed, has few.
    """

    id: str
    contract: str
    kind: RuleKind
    columns: tuple[str, ...]
    severity: Severity
    message: str
    remedy: str
    clause: str
    threshold: float | None = None
    owner: Role = Role.CONTRACTOR_MANAGER
    allowed: tuple[Severity, ...] = SEVERITIES

    @property
    def of_rows(self) -> bool:
        """Whether the rule marks rows (a mask), not the table as a whole (a doubt)."""
        return self.kind in ROW_KINDS

    @property
    def removes(self) -> bool:
        """Whether a row that breaks the rule is not taken in."""
        return self.of_rows and self.severity in ("stop", "quarantine")

    def effect(self, share: float) -> Severity:
        """What the finding does to the table, when that share of its rows breaks the rule.

        ``quarantine`` and ``warn`` become ``hold`` above the threshold, ``stop`` and ``hold`` become ``warn`` up to it;
        a table rule was measured against its threshold by whoever found it.
        """
        if not self.of_rows or self.threshold is None:
            return self.severity
        above = share > self.threshold
        if self.severity in ("quarantine", "warn"):
            return "hold" if above else self.severity
        return self.severity if above else "warn"
