"""What the people of a simulated year decide when they are asked; used by the replay.

Mishaps: the first proof of the last mailing is sent back, and somebody who is not assigned tries to approve the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role


@dataclass(frozen=True)
class Script:
    """The year's decisions."""

    config: CampaignConfig
    mishaps: bool = True

    def decide(self, name: str, kind: str, subject: str, occurrence: int) -> tuple[str, str]:
        """``(approve|reject, reason code)`` for an approval asked the ``occurrence``-th time this year."""
        if self.mishaps and name == "proof" and occurrence == max(len(self.config.waves.mailings), 1):
            return "reject", "wrong_content"
        if name == "gate":
            return "approve", "known_cause"
        return "approve", "as_expected"

    def remark(self, decision: str) -> str:
        """What the person writes in the desk before the answer; '' when there is nothing to say."""
        return "中面の行動を促す文を、予約先が分かるように直してください。" if decision == "reject" else ""

    def intruder(self, name: str, occurrence: int) -> Role | None:
        """Role of a user not assigned who tries to answer first."""
        return Role.CALL_STAFF if self.mishaps and name == "plan" and occurrence == 1 else None
