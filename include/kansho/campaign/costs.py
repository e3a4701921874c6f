"""What reaching people costs by the year's config.  Pure.

Belongs here: a campaign's posting under the tariff that it has, yen per person and channel.  Does not belong here: the
tariffs (`kansho.campaign.postage`), forecasts (targeting), what was spent (analysis).
"""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig, MailingWave, Wave
from kansho.campaign.postage import TARIFFS, Postage, Tariff, estimate, tariff_on
from kansho.campaign.rights import Channel


def tariff_of(config: CampaignConfig, wave: MailingWave) -> Tariff:
    """The tariff that the config names, else that of the day of posting.

    Raises:
        KanshoError: ``POSTAGE-RATE``.
    """
    named = config.costs.postage_tariff
    return next((t for t in TARIFFS if t.id == named), None) or tariff_on(wave.report_on)


def postage_of(config: CampaignConfig, wave: MailingWave, pieces: int, barcoded: int) -> Postage:
    """Postage of a mailing; the same for the plan, the printer's papers and the effect.

    Raises:
        KanshoError: ``POSTAGE-RATE``.
    """
    tariff = tariff_of(config, wave)
    return estimate(pieces, barcoded, tariff, slack_days=wave.slack_days, regional=wave.regional_office)


def yen_per_contact(config: CampaignConfig, wave: Wave, pieces: int = 0, barcoded: int = 0) -> float:
    """Yen per person reached by a wave; of a card, its print and its part of the posting's postage.

    Args:
        config: the year.
        wave: of the year.
        pieces: cards of the posting; for calls and visits not looked at.
        barcoded: how many of them bear a customer barcode.
    """
    if isinstance(wave, MailingWave):
        return config.costs.card_print + (postage_of(config, wave, pieces, barcoded).yen / pieces if pieces else 0)
    return {Channel.CALL: config.costs.call, Channel.VISIT: config.costs.visit}[wave.channel]
