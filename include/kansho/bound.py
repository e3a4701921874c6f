"""The configuration that is bound, whatever the file says now: a change never decides about its own approval (C1).

Belongs here: finding it among the issued documents, by digest.  Does not belong here: the amendment itself.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from kansho.campaign.config import CampaignConfig
from kansho.campaign.opened import bound_digest
from kansho.errors import KanshoError
from kansho.evidence.bundle import config_json, sha256
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.strict import read_json
from kansho.layout import Layout
from kansho.workspace import Workspace


def config_document(digest: str) -> str:
    """Where a bound configuration lies among the outputs."""
    return f"documents/config-{digest[:12]}.json"


def bound_config(ws: Workspace) -> CampaignConfig:
    """The configuration that the ledger bound last; before the opening that of the file.

    Raises:
        KanshoError: ``AMENDMENT-BASE`` when its issued document is missing or is not what was bound.
    """
    digest = bound_digest(ws.ledger.events())
    return ws.config if digest is None else _issued(ws, digest)


def bound_configs(ws: Workspace) -> list[CampaignConfig]:
    """Every configuration that was ever bound, in order, the one in force last.

    Raises:
        KanshoError: ``AMENDMENT-BASE`` as in `bound_config`.
    """
    digests = [bound_digest([e]) for t in ("campaign_opened", "config_amended") for e in ws.ledger.events(t)]
    return [_issued(ws, digest) for digest in digests if digest is not None]


def bound_facts(ws: Workspace) -> dict[str, ConfigFacts]:
    """What the verifier knows of every configuration that was ever bound, by digest."""
    found = {}
    for config in (*bound_configs(ws), ws.config):
        text = config_json(config.model_dump(mode="json"))
        found[sha256(text)] = ConfigFacts.from_json(read_json(text, "config", floats=True))
    return found


def _issued(ws: Workspace, digest: str) -> CampaignConfig:
    if digest == ws.config.digest:
        return ws.config
    path = ws.layout.outputs / config_document(digest)
    try:
        config = CampaignConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        config = None
    if config is None or config.digest != digest:
        raise KanshoError(
            "AMENDMENT-BASE",
            "承認済みの設定が見つからないか、書き換えられています",
            place=path.name,
            remedy="outputs を元に戻してください",
        )
    return config


def bound_of(config: CampaignConfig, var: Path) -> CampaignConfig:
    """`bound_config` for a file's configuration; the ledger is read only when another was ever issued beside it."""
    issued = {path.name for path in (Layout(var).outputs / "documents").glob("config-*.json")}
    if issued <= {Path(config_document(config.digest)).name}:
        return config
    return bound_config(Workspace.open(config, var, config.contract.start))
