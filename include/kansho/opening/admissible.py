"""What a campaign file must keep beyond its own shape before it may be bound: clauses, contracts, gate rules.

Belongs here: asking every room that knows such a rule.  Does not belong here: the rules.
"""

from __future__ import annotations

from kansho.campaign.clauses import clauses_of
from kansho.campaign.config import CampaignConfig
from kansho.contracts.ward_config import check_ward_config
from kansho.contracts.ward_designs import check_designs
from kansho.contracts.ward_font import ward_font
from kansho.quality.catalogue import check_tuning


def require_admissible(config: CampaignConfig) -> None:
    """Refuse a configuration that no campaign may open with, or change to.

    Raises:
        KanshoError: ``CONFIG-ITEMS``, ``CONFIG-MAPPING`` (`check_ward_config`); ``RULE-UNKNOWN``, ``RULE-SEVERITY``,
            ``RULE-FIXED`` (`check_tuning`); ``DESIGN-UNKNOWN``, ``DESIGN-TELLS`` (`check_designs`);
            ``CLAUSES-UNKNOWN``, ``CLAUSES-STALE`` (`clauses_of`).
    """
    clauses_of(config)
    check_ward_config(config)
    check_designs(config)
    check_tuning(config)
    ward_font(config.gaiji)


def bound_otherwise(config: CampaignConfig) -> list[tuple[str, str, str]]:
    """(丙, the version its contract carries, the one it should carry) where these differ: no refusal, a fact (P7)."""
    wanted = clauses_of(config).subcontract_version
    bound = [(p.id, p.consent.clauses) for p in config.subcontractors if p.consent is not None]
    return [(party, carried, wanted) for party, carried in bound if carried != wanted]
