"""What the rules need to know of a campaign's configuration, read from its canonical JSON.

Belongs here: the few facts the offline verifier judges events by (parties, users, contract dates).
Does not belong here: the configuration itself (`kansho.campaign.config`), which needs pydantic;
the verifier stands on the standard library and cryptography alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kansho.errors import KanshoError

SUBCONTRACTOR = "subcontractor"
WARD = "ward"


@dataclass(frozen=True)
class User:
    """A registered handler that signs in."""

    role: str
    party: str


@dataclass(frozen=True)
class ConfigFacts:
    """Facts of one year's config; dates are ISO texts, which order as dates do."""

    campaign: str
    contract_start: str
    contract_end: str
    parties: Mapping[str, str]
    users: Mapping[str, User]
    waves: Mapping[str, str]
    gate_owner: str

    @property
    def subcontractors(self) -> tuple[str, ...]:
        """Ids of every 丙."""
        return tuple(sorted(p for p, kind in self.parties.items() if kind == SUBCONTRACTOR))

    @classmethod
    def from_json(cls, value: Any) -> ConfigFacts:
        """Read the facts of ``CampaignConfig.model_dump(mode="json")``.

        Raises:
            KanshoError: ``CONFIG-FORM`` when the shape is another.
        """
        try:
            waves = {w["id"]: channel for channel in ("mailings", "calls", "visits") for w in value["waves"][channel]}
            return cls(
                campaign=f"{value['ward']['slug']}_{value['fiscal_year']}",
                contract_start=_text(value["contract"]["start"]),
                contract_end=_text(value["contract"]["end"]),
                parties={_text(p["id"]): _text(p["kind"]) for p in value["parties"]},
                users={
                    _text(h["user"]): User(_text(h["role"]), _text(h["party"]))
                    for h in value["handlers"]
                    if h["user"] and h["role"]
                },
                waves=waves,
                gate_owner=_text(value["gates"][0]["owner"]) if value["gates"] else "contractor_manager",
            )
        except (KeyError, TypeError, AttributeError):
            raise KanshoError("CONFIG-FORM", "設定の形が違います", place="config.json") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
