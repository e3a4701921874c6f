"""Whether the configuration in force is the one that was bound at opening or by an approved amendment (C1).

Pure over the ledger's events as plain pairs, so that it stands below the evidence room.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError


class Recorded(Protocol):
    """What of an event is needed here."""

    @property
    def type(self) -> str: ...

    @property
    def codes(self) -> object: ...


def bound_digest(events: Iterable[Recorded]) -> str | None:
    """Digest of the configuration bound last; None before the opening."""
    digest: str | None = None
    for event in events:
        if event.type in ("campaign_opened", "config_amended"):
            digest = str(event.codes["config_digest"])  # type: ignore[index]
    return digest


def require_bound_config(events: Iterable[Recorded], config: CampaignConfig) -> None:
    """Refuse to work under a configuration that was never bound.

    Raises:
        KanshoError: ``CONFIG-UNBOUND`` when the file changed without an approved amendment.
    """
    bound = bound_digest(events)
    if bound is not None and bound != config.digest:
        raise KanshoError(
            "CONFIG-UNBOUND",
            "設定が開設時（または承認された変更）と違います",
            place=config.id,
            remedy="設定を元に戻すか、区の承認を得て変更 (config_amended) を記録してください (C1)",
        )
