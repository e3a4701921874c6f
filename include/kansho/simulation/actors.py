"""What the people of a simulated year decide when they are asked; used by the replay.

Mishaps: the first proof of the last mailing is sent back, and somebody who is not assigned tries to approve the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role

#: Code of an item → what the staff found out; of no resident.
_INCIDENT: Mapping[str, str] = {
    "outline": "事故のおそれを把握し、範囲を調べた。",
    "data_items": "契約で取扱いを認められた項目のうち、表の見出しに示したもの。",
    "persons": "0人（範囲を調べた結果、外に出たものはなかった）。",
    "cause": "確認の手順の漏れによる。二名での照合が行われていなかった。",
    "secondary": "調べた限り、二次被害は生じていない。",
    "treatment": "外部への漏えいがないため、本人への通知は区と協議のうえ行わない。",
    "publication": "区と協議のうえ、公表しない。",
    "prevention": "二名での照合を手順書に加え、従事者に教育を行った。",
    "other": "特になし。",
}


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

    def incident_items(self, codes: Iterable[str]) -> dict[str, str]:
        """What the staff write of an incident, a day after it was found; for the items that are still open."""
        return {code: _INCIDENT[code] for code in codes}

    def intruder(self, name: str, occurrence: int) -> Role | None:
        """Role of a user not assigned who tries to answer first."""
        return Role.CALL_STAFF if self.mishaps and name == "plan" and occurrence == 1 else None
