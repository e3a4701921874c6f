"""Whether what a campaign file says of the ward's files exists in the contracts; asked at the opening.

Belongs here: approved items and mappings against the registry.  Does not belong here: the shape of the campaign file
(`kansho.campaign.config`, which knows no contract), the tuning of rules (`kansho.quality.catalogue`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kansho.campaign.config import CampaignConfig, Mapping
from kansho.contracts.free_text import dock_result_headings
from kansho.contracts.headings import fold
from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY, contract
from kansho.errors import KanshoError


def check_ward_config(config: CampaignConfig) -> None:
    """Refuse a campaign that approves what no contract has, or maps a ward's heading or code to nothing of ours.

    Raises:
        KanshoError: ``CONFIG-ITEMS`` naming the item; ``CONFIG-MAPPING`` naming kind and column, also for a heading
            of the ward that could carry results of 人間ドック (D4).
    """
    known = {n for c in REGISTRY.values() if c.yearly for column in c.columns for n in (column.name, *column.serves)}
    unknown = sorted(set(config.approved_analysis_items) - known)
    if unknown:
        raise KanshoError(
            "CONFIG-ITEMS",
            "契約にない分析項目が承認されています",
            place=f"approved_analysis_items: {' '.join(unknown)}",
            remedy="docs/reference/contracts.md の項目から選んでください",
        )
    for mapping in config.mappings:
        _check_mapping(mapping, contract(mapping.kind))


def _check_mapping(mapping: Mapping, known: Contract) -> None:
    for part in ("headers", "positions", "codes"):
        for name in getattr(mapping, part):
            if name not in known.names:
                raise _wrong(mapping, f"{part}.{name}", "契約にない項目です")
    for name, heading in mapping.headers.items():
        if not fold(heading):
            raise _wrong(mapping, f"headers.{name}", "見出しが空です")
        if dock_result_headings([heading]):
            raise _wrong(mapping, f"headers.{name}", "人間ドックの結果が入りうる見出しです（区が直接収集します）")
    if _repeat(fold(h) for h in mapping.headers.values()):
        raise _wrong(mapping, "headers", "同じ見出しが二つの項目に付いています")
    if _repeat(mapping.positions.values()):
        raise _wrong(mapping, "positions", "同じ位置が二つの項目に付いています")
    for name, table in mapping.codes.items():
        if not all(_fits(ours, known.column(name)) for ours in table.values() if ours):
            raise _wrong(mapping, f"codes.{name}", "契約の符号・書式にない値に対応させています")


def _fits(ours: str, column: Column) -> bool:
    if column.codes:
        return ours in column.codes
    shape = column.pattern or column.shape
    return shape is None or re.fullmatch(shape, ours) is not None


def _repeat(values: Iterable[object]) -> bool:
    listed = list(values)
    return len(listed) != len(set(listed))


def _wrong(mapping: Mapping, where: str, message: str) -> KanshoError:
    return KanshoError(
        "CONFIG-MAPPING",
        message,
        place=f"mappings.{mapping.kind}.{where}",
        remedy="設定 mappings を直してください",
    )
