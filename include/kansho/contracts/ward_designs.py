"""The designs that a campaign file names: they are there, and tell the printer nothing that 甲 did not approve.

Belongs here: the campaign file against the folder of designs and the items of 丙.  Does not belong here: what a design
looks like (`kansho.mailing.designs`).  The printer sees which design a person gets: a design chosen by last year's
result shows that result (P1).
"""

from __future__ import annotations

from pathlib import Path

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import PartyKind
from kansho.contracts.registry import TARGET_LIST
from kansho.errors import KanshoError

FOLDER = Path(__file__).resolve().parents[2] / "designs"
#: 年度末年齢 as a number: the same item under another name (`kansho.targeting.segments`).
_SAME = {"age": "age_at_year_end"}


def check_designs(config: CampaignConfig, folder: Path = FOLDER) -> None:
    """Refuse designs that are not there, and segments by which a design would tell too much.

    Args:
        config: the year.
        folder: of all designs.

    Raises:
        KanshoError: ``DESIGN-UNKNOWN``; ``DESIGN-TELLS`` naming segment and item.
    """
    named = {f"segments.{s.id}": s.design for s in config.targeting.segments}
    for wave in config.waves.mailings:
        named |= {f"waves.{wave.id}.designs.{group.value}": design for group, design in wave.designs.items()}
    missing = [
        f"{where} {design}" for where, design in named.items() if not (folder / design / "manifest.yaml").is_file()
    ]
    if missing:
        raise KanshoError(
            "DESIGN-UNKNOWN",
            "デザインがありません",
            place="、".join(missing),
            remedy="include/designs に用意してください",
        )
    telling = [f"{segment} {item}" for segment, item in told(config) if item not in _approved(config)]
    if telling:
        raise KanshoError(
            "DESIGN-TELLS",
            "どのデザインを受け取るかによって、承認のない項目が印刷の再委託先に分かります",
            place="、".join(telling),
            remedy="区の承認を得て targeting.designs_may_tell に書くか、同じデザインにしてください",
        )


def told(config: CampaignConfig) -> tuple[tuple[str, str], ...]:
    """Segment and item of every rule by which the choice of a design shows an item that is none of 丙's.

    A target group whose segments all have one design tells nothing by it.
    """
    allowed = {c.name for c in TARGET_LIST.columns if PartyKind.SUBCONTRACTOR in c.holders}
    designs: dict[str, set[str]] = {}
    for segment in config.targeting.segments:
        designs.setdefault(segment.group.value, set()).add(segment.design)
    return tuple(
        (segment.id, rule.column)
        for segment in config.targeting.segments
        if len(designs[segment.group.value]) > 1
        for rule in segment.when
        if _SAME.get(rule.column, rule.column) not in allowed
    )


def _approved(config: CampaignConfig) -> frozenset[str]:
    approved = config.targeting.designs_may_tell
    return frozenset(approved.items) if approved else frozenset()
