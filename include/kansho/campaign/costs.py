"""What one contact costs by the year's config.  Pure.

Belongs here: yen per person and channel.  Does not belong here: postage with its discounts (`kansho.campaign.postage`),
forecasts (targeting), what was spent (analysis).
"""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Channel


def unit_cost(config: CampaignConfig, channel: Channel) -> int:
    """Yen per person reached by a channel; of a card, print and undiscounted postage."""
    costs = config.costs
    return {
        Channel.MAIL: costs.card_print + costs.card_postage,
        Channel.CALL: costs.call,
        Channel.VISIT: costs.visit,
    }[channel]
