"""How a campaign's keys and log are protected: asked before a real year begins, and recorded as it was then.

Belongs here: what a real year may not do without.  Does not belong here: keepers (`kansho.vault.keepers`), locks
(`kansho.vault.s3`), whether it stays so (`kansho.protected`), or what the certificate says of them
(`kansho.evidence.certified`).
"""

from __future__ import annotations

from kansho import protected
from kansho.errors import KanshoError
from kansho.workspace import Workspace

#: What `kansho.vault.deployed.Settings` calls keys in plain files.
PLAIN = "files"
#: A lock that the owner of the account can lift.
LIFTED = "GOVERNANCE"


def protection_of(ws: Workspace) -> dict[str, str]:
    """How the deployment keeps the campaign's keys, under which lock its log, and until when."""
    return protected.protection_of(ws.config, ws.layout.kansho, ws.keyring.kind)


def require_protected(ws: Workspace) -> None:
    """Refuse what is for rehearsals; asked of every year that is not declared a simulation.

    Raises:
        KanshoError: ``OPENING-KEYS``, ``OPENING-LOCK``.
    """
    said = protection_of(ws)
    if said["keeper"] == PLAIN:
        raise KanshoError(
            "OPENING-KEYS",
            "鍵を平文のファイルに置いたまま、本番の業務は開始できません",
            place=f"keys/{ws.config.id}.keeper.json",
            remedy="合言葉又はKMSで鍵を包む設定を置いてから開設してください（docs/how-to/keep-keys.md）",
        )
    if said["lock"] == LIFTED:
        raise KanshoError(
            "OPENING-LOCK",
            "証跡のロックが、所有者の外せる GOVERNANCE（模擬の年度用）のままでは、本番の業務は開始できません",
            place="storage.json lock",
            remedy="lock を COMPLIANCE に改めてから開設してください（docs/how-to/run-on-s3.md）",
        )
