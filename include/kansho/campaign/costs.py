"""What reaching people costs by the year's config.  Pure.

Belongs here: a campaign's posting under the tariff that it has, the price of each channel; the same for what is
expected and for what was done.  Does not belong here: the tariffs (`kansho.campaign.postage`), how many there will be
(targeting) or were (analysis).
"""

from __future__ import annotations

from dataclasses import dataclass

from kansho.campaign.config import CallWave, CampaignConfig, MailingWave, VisitWave
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


@dataclass(frozen=True)
class MailingCost:
    """Yen of a mailing: its print, and what the post asks for it."""

    print_yen: int
    postage: Postage

    @property
    def yen(self) -> int:
        """Both together."""
        return self.print_yen + self.postage.yen


def mailing_cost(config: CampaignConfig, wave: MailingWave, *, printed: int, posted: int, barcoded: int) -> MailingCost:
    """What a mailing costs, or is expected to.

    Args:
        config: the year.
        wave: of the year.
        printed: cards that were printed, those printed again too.
        posted: cards that were posted.
        barcoded: how many of these bear a customer barcode.
    """
    return MailingCost(printed * config.costs.card_print, postage_of(config, wave, posted, barcoded))


def yen_each(config: CampaignConfig, wave: CallWave | VisitWave) -> int:
    """Yen of a person called in a wave, however often, or of a visit."""
    return {Channel.CALL: config.costs.call, Channel.VISIT: config.costs.visit}[wave.channel]
