"""What a campaign file must keep beyond its own shape before it may be bound: contracts and gate rules.

Belongs here: asking every room that knows such a rule.  Does not belong here: the rules.
"""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig
from kansho.contracts.ward_config import check_ward_config
from kansho.contracts.ward_designs import check_designs
from kansho.contracts.ward_font import ward_font
from kansho.quality.catalogue import check_tuning


def require_admissible(config: CampaignConfig) -> None:
    """Refuse a configuration that no campaign may open with, or change to.

    Raises:
        KanshoError: ``CONFIG-ITEMS``, ``CONFIG-MAPPING`` (`check_ward_config`); ``RULE-UNKNOWN``, ``RULE-SEVERITY``,
            ``RULE-FIXED`` (`check_tuning`); ``DESIGN-UNKNOWN``, ``DESIGN-TELLS`` (`check_designs`).
    """
    check_ward_config(config)
    check_designs(config)
    check_tuning(config)
    ward_font(config.gaiji)
