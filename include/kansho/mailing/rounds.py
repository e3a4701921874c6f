"""校正の回: 初校, 再校, … up to 校了, as the ledger tells them.  Pure over events.

Belongs here: which round was which, what it showed, how it ended.  Does not belong here: making a proof
(`kansho.mailing.proofing`), comments (`kansho.exchange.comments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kansho.evidence.events import Event

_NUMERALS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Round:
    """One proof.

    ``decision``: '' while it waits, else ``approve`` (校了) or ``reject`` (差戻し); ``reason``, ``by`` and ``on`` go
    with it.  ``changed``: design → how many passages read otherwise than in the round before.
    """

    wave: str
    number: int
    key: str
    digest: str
    made_on: str
    changed: Mapping[str, int]
    decision: str = ""
    reason: str = ""
    by: str = ""
    on: str = ""

    @property
    def name(self) -> str:
        """初校, 再校, 三校, …"""
        return round_name(self.number)


def round_name(number: int) -> str:
    """A round's name as printers say it; ``number`` from 1."""
    if number <= 2:
        return ("初校", "再校")[number - 1]
    return f"{_NUMERALS[number] if number < len(_NUMERALS) else number}校"


def rounds(events: Sequence[Event], wave: str | None = None) -> tuple[Round, ...]:
    """Every proof of a wave (of all waves by default) in the order in which they were made."""
    decided = {e.key: e for e in events if e.type == "approval_decided"}
    asked: dict[str, list[str]] = {}
    for event in events:
        if event.type == "approval_requested":
            asked.setdefault(str(event.refs.get("artefact", {}).get("digest", "")), []).append(event.key)
    found = []
    for event in events:
        if event.type != "proof_made":
            continue
        of, _, number = event.key.rpartition("-r")
        if wave is not None and of != wave:
            continue
        digest = str(event.refs["proof"]["digest"])
        ends = [decided[key] for key in asked.get(digest, []) if key in decided]
        end = max(ends, key=lambda e: e.sequence) if ends else None
        found.append(
            Round(
                wave=of,
                number=int(number),
                key=event.key,
                digest=digest,
                made_on=event.campaign_date,
                changed=dict(event.refs.get("changed", {})),
                decision=end.codes.get("decision", "") if end else "",
                reason=end.codes.get("reason", "") if end else "",
                by=end.actor.get("user", "") if end else "",
                on=end.campaign_date if end else "",
            )
        )
    return tuple(found)
