"""Whether every object of the log was written once: on S3 a second version hides the first from every reader.

Belongs here: that look, before anything is certified.  Does not belong here: what a bucket's policy forbids
(`deploy/policies/evidence-bucket.json`), or whether the log holds together (`kansho.evidence.verify`).
"""

from __future__ import annotations

from kansho.errors import KanshoError
from kansho.vault.storage import stores_of
from kansho.workspace import Workspace


def require_written_once(ws: Workspace) -> None:
    """Look at every version and delete marker of the log; nothing of ours ever writes a name twice, or deletes one.

    Raises:
        KanshoError: ``LEDGER-VERSIONS`` naming objects.
    """
    kept = stores_of(ws.config, ws.layout.kansho).ledger.remains()
    twice = sorted(name for name, versions in kept.items() if versions > 1)
    if twice:
        raise KanshoError(
            "LEDGER-VERSIONS",
            f"台帳に、書き直されたか隠されたものがあります（{len(twice)}件）",
            place=" ".join(twice[:5]),
            remedy="証明しません。保管先の記録で誰がいつ書いたかと各版の内容を調べ、事故として報告してください",
        )
