"""The designs that a campaign file names: they are there, and tell the printer nothing that 甲 did not approve.

Belongs here: the campaign file against the folder of designs and the items of 丙.  Does not belong here: what a design
looks like (`kansho.mailing.designs`).  The printer sees which design a person gets: a design chosen by last year's
result shows that result, and one for those who have had their checkup this year shows that they have (P1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import PartyKind, TargetGroup
from kansho.contracts.registry import TARGET_LIST
from kansho.errors import KanshoError

FOLDER = Path(__file__).resolve().parents[2] / "designs"
#: 年度末年齢 as a number: the same item under another name (`kansho.targeting.segments`).
_SAME = {"age": "age_at_year_end"}
#: Who is in this group has had the checkup this year (受診日, an item that 丙 does not hold).
_ATTENDED, _ATTENDANCE = TargetGroup.CANCER, "attendance_date"


def check_designs(config: CampaignConfig, folder: Path = FOLDER) -> None:
    """Refuse designs that are not there or are for one sex alone, and choices of a design that would tell too much.

    Args:
        config: the year.
        folder: of all designs.

    Raises:
        KanshoError: ``DESIGN-UNKNOWN``; ``DESIGN-AUDIENCE`` for a design of one sex that others could get;
            ``DESIGN-TELLS`` naming segment or wave, and item.
    """
    named = {f"segments.{s.id}": s.design for s in config.targeting.segments}
    for wave in config.waves.mailings:
        named |= {f"waves.{wave.id}.designs.{group.value}": design for group, design in wave.designs.items()}
    known = {design: _manifest(folder, design) for design in named.values()}
    named |= {
        f"{design}.by_sex.{sex}": other
        for design, manifest in known.items()
        for sex, other in (manifest or {}).get("by_sex", {}).items()
    }
    missing = [f"{where} {design}" for where, design in named.items() if _manifest(folder, design) is None]
    if missing:
        raise KanshoError(
            "DESIGN-UNKNOWN",
            "デザインがありません",
            place="、".join(missing),
            remedy="include/designs に用意してください",
        )
    wrong = [
        f"{where} {design}"
        for where, design in named.items()
        if ".by_sex." not in where and (_manifest(folder, design) or {}).get("sex")
    ]
    wrong += [f"{where} {d}" for where, d in named.items() if ".by_sex." in where and _of_another(where, folder, d)]
    if wrong:
        raise KanshoError(
            "DESIGN-AUDIENCE",
            "一方の性別のためのデザインが、ほかの方にも届きます（小さい区分は合流します）",
            place="、".join(wrong),
            remedy="by_sex で性別ごとのデザインを示す共通のデザインを書いてください",
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
    """Place and item of every choice of a design that shows an item which is none of 丙's.

    A target group whose segments all have one design tells nothing by its segments' rules.  But every card for those
    who had this year's checkup tells that, whatever else is in the mailing.
    """
    allowed = {c.name for c in TARGET_LIST.columns if PartyKind.SUBCONTRACTOR in c.holders}
    designs: dict[str, set[str]] = {}
    for segment in config.targeting.segments:
        designs.setdefault(segment.group.value, set()).add(segment.design)
    by_rules = [
        (segment.id, rule.column)
        for segment in config.targeting.segments
        if len(designs[segment.group.value]) > 1
        for rule in segment.when
        if _SAME.get(rule.column, rule.column) not in allowed
    ]
    by_groups = [
        (f"waves.{wave.id}.groups.{_ATTENDED.value}", _ATTENDANCE)
        for wave in config.waves.mailings
        if _ATTENDED in wave.groups and _ATTENDANCE not in allowed
    ]
    return (*by_rules, *by_groups)


def _manifest(folder: Path, design: str) -> dict[str, Any] | None:
    """What a design's manifest says, as far as it can be read; None where there is none."""
    path = folder / design / "manifest.yaml"
    if not path.is_file():
        return None
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _of_another(where: str, folder: Path, design: str) -> bool:
    """Whether the design that ``by_sex`` names for a sex is one for the other."""
    return (_manifest(folder, design) or {}).get("sex") not in (None, where.rpartition(".")[2])


def _approved(config: CampaignConfig) -> frozenset[str]:
    approved = config.targeting.designs_may_tell
    return frozenset(approved.items) if approved else frozenset()
