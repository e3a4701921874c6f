"""How a rule is listed once for several contracts, and the rules that several contracts share.

Belongs here: the shape and the shared rules.  The others are in `kansho.quality.listed_targets`, `listed_health` and
`listed_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kansho.quality.definitions import SEVERITIES, TABLE_KINDS, RuleDef, RuleKind, Severity

STOPS_OR_LEAVES: tuple[Severity, ...] = ("stop", "quarantine")


@dataclass(frozen=True)
class Listed:
    """A rule before it belongs to a contract; fields as of `RuleDef`."""

    id: str
    kind: RuleKind
    columns: tuple[str, ...]
    severity: Severity
    message: str
    remedy: str
    clause: str = "D1"
    threshold: float | None = None
    allowed: tuple[Severity, ...] = field(default=SEVERITIES)

    def of(self, contract: str) -> RuleDef:
        """The rule of one contract; a rule about a whole table sets no row aside."""
        allowed = tuple(s for s in self.allowed if s != "quarantine") if self.kind in TABLE_KINDS else self.allowed
        return RuleDef(
            self.id,
            contract,
            self.kind,
            self.columns,
            self.severity,
            self.message,
            self.remedy,
            self.clause,
            self.threshold,
            allowed=allowed,
        )


CHECK_DIGIT = Listed(
    "number.check_digit",
    "row",
    ("inquiry_number",),
    "quarantine",
    "お問い合わせ番号の検査数字が合いません",
    "番号の写し誤りか列のずれです。正しい番号で送り直してください",
    "D7",
    allowed=STOPS_OR_LEAVES,
)
KNOWN = Listed(
    "number.known",
    "cross",
    ("inquiry_number",),
    "quarantine",
    "対象者一覧にないお問い合わせ番号です",
    "対象者一覧に載せるか、この行を除いて送り直してください",
    allowed=STOPS_OR_LEAVES,
)
SAME_FILE = Listed(
    "identity.same_file",
    "table",
    (),
    "hold",
    "前回（又は前年度）と同じ内容の表が届きました",
    "今回の分を抽出し直して送ってください。変更がないことが正しければ、その旨を回答してください",
)
