"""The mailings of the year by id."""

from __future__ import annotations

from kansho.campaign.config import CampaignConfig, MailingWave
from kansho.errors import KanshoError


def mailing(config: CampaignConfig, wave: str) -> MailingWave:
    """A mailing by id.

    Raises:
        KanshoError: ``MAILING-UNKNOWN``.
    """
    found = next((w for w in config.waves.mailings if w.id == wave), None)
    if found is None:
        raise KanshoError(
            "MAILING-UNKNOWN", "その通知はありません", place=wave, remedy="設定の waves.mailings を確認してください"
        )
    return found
