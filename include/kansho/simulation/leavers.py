"""Handlers who leave within the year, as their company tells of it: first that they left, then that they were told.

Mishap: the first paper about telling them lacks the signed pledge, so it does not count; a whole one follows in time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from kansho.campaign.config import CampaignConfig, Handler
from kansho.exchange.notices import Leaving, leaving_path
from kansho.exchange.papers import write_paper

_TOLD_AFTER, _AGAIN_AFTER = timedelta(days=3), timedelta(days=8)


@dataclass(frozen=True)
class Leavers:
    """Every company with somebody who leaves; ``outside`` is ``var/outside-world``."""

    config: CampaignConfig
    outside: Path
    mishaps: bool

    def act(self, day: date) -> None:
        """Write what is known by a day."""
        for handler in self.config.handlers:
            if handler.leaves_on is not None and handler.leaves_on < day:
                self._tell(handler, handler.leaves_on, day)

    def _tell(self, handler: Handler, left_on: date, day: date) -> None:
        path = leaving_path(self.outside / handler.party / "outgoing", handler.id)
        told_on = left_on + _TOLD_AFTER
        whole = left_on + (_AGAIN_AFTER if self.mishaps else _TOLD_AFTER) <= day
        paper = Leaving(party=handler.party, handler=handler.id, left_on=left_on)
        if told_on <= day:
            paper = paper.model_copy(update={"told_on": told_on, "told_by": self._responsible(handler.party)})
        if whole:
            paper = paper.model_copy(update={"pledge": hashlib.sha256(f"pledge {handler.id}".encode()).hexdigest()})
        if not path.is_file() or path.read_text(encoding="utf-8") != paper.model_dump_json(indent=1):
            write_paper(path, paper)

    def _responsible(self, party: str) -> str:
        return next(h.id for h in self.config.handlers if h.party == party and h.responsible)
