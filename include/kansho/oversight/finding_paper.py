"""Findings and their corrections as rows of a paper.

Belongs here: the words.  Does not belong here: which there are (`kansho.oversight.findings`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kansho.campaign.config import CampaignConfig
from kansho.exchange.papers import ACTIONS, FINDINGS
from kansho.oversight.incidents import label

INSPECTIONS = {
    "ward_inspection": "区の立入り調査",
    "ward_check": "区による再委託先の確認",
    "audit": "受託者による監査",
}


def finding_rows(found: Iterable[dict[str, Any]], config: CampaignConfig) -> tuple[tuple[str, ...], ...]:
    """Findings as rows of `FINDING_HEADINGS`; an open one says so."""
    people = {h.id: h.name for h in config.handlers}
    rows = []
    for f in found:
        kind, party, *number = f["inspection"].split("/")
        again = "".join(f" 第{n[1:]}回" for n in number)  # the first bears no number
        done = "未了" if f["state"] == "open" else label(ACTIONS, f["action"])
        rows.append(
            (
                f"{label(INSPECTIONS, kind)}（{config.party(party).name}）{again}",
                f["found_on"],
                label(FINDINGS, f["code"]),
                f["correct_by"],
                done,
                people.get(f["done_by"], f["done_by"]) or "—",
                f["corrected_on"] or "—",
                f["evidence"][:16] or "—",
            )
        )
    return tuple(rows)


FINDING_HEADINGS = ("調査", "実施日", "指摘", "是正期限", "是正の内容", "実施者", "是正日", "証拠（SHA-256の先頭）")
