"""Whether a stage may work at all: the opening is approved, and the configuration in force is the bound one (C1).

Belongs here: refusing.  Does not belong here: reading the ledger's facts (`opened`).
"""

from __future__ import annotations

from collections.abc import Iterable

from kansho.campaign.config import CampaignConfig
from kansho.campaign.opened import Recorded, bound_digest, opening_approved
from kansho.errors import KanshoError

#: The stages that open the year and change its configuration: each asks the ward itself.
OPENING_STAGE = "campaign_opening"
AMENDMENT_STAGE = "config_amendment"
#: An incident is recorded whatever state the year is in (P9).
INCIDENT_STAGE = "incident"


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


def require_ready(events: Iterable[Recorded], config: CampaignConfig, stage: str) -> None:
    """Refuse to run a stage before its time.

    Raises:
        KanshoError: ``CONFIG-UNBOUND``; ``OPENING-UNAPPROVED`` for every stage that works with residents' data while
            the ward has not approved the opening.
    """
    log = list(events)
    if stage == AMENDMENT_STAGE:
        return
    require_bound_config(log, config)
    if stage not in (OPENING_STAGE, INCIDENT_STAGE) and not opening_approved(log):
        raise KanshoError(
            "OPENING-UNAPPROVED",
            "業務開始が区に承認されていません",
            place=config.id,
            remedy="業務開始 (campaign_opening) の承認を得てから実行してください (C1, P4)",
        )
