"""Whether every object of the log was written once, and stands under the lock that the opening bound.

Belongs here: that look, before anything is certified: on S3 a second version hides the first from every reader, and an
object under a weaker lock can be taken away.  Does not belong here: what a bucket's policy forbids
(`deploy/policies/evidence-bucket.json`), the deployment's settings (`kansho.protected`), or whether the log holds
together (`kansho.evidence.verify`).

Versions are looked at of every object.  A lock is asked for object by object, so of a long log only of `SAMPLE`: the
first, the last, and the others at equal distances between them, in the order of their names.
"""

from __future__ import annotations

from collections.abc import Sequence

from kansho.errors import KanshoError
from kansho.evidence.protection_rules import UNTIL, bound, weaker
from kansho.protected import UNLOCKED
from kansho.vault.storage import locks_of_log, stores_of
from kansho.workspace import Workspace

#: Of how many objects at most the lock is asked for.
SAMPLE = 300


def require_written_once(ws: Workspace) -> None:
    """Look at every version and delete marker of the log; nothing of ours ever writes a name twice, or deletes one.

    Raises:
        KanshoError: ``LEDGER-VERSIONS`` naming objects; ``LEDGER-LOCK`` naming those of the sample that stand under a
            weaker lock, or a shorter one, than the opening bound, or whose lock may not be seen.
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
    _require_locked(ws, sample(sorted(kept)))


def sample(names: Sequence[str], most: int = SAMPLE) -> list[str]:
    """All of them, or as many as are asked for: the first, the last, and others at equal distances."""
    if len(names) <= most:
        return list(names)
    return [names[round(n * (len(names) - 1) / (most - 1))] for n in range(most)]


def _require_locked(ws: Workspace, names: Sequence[str]) -> None:
    opened = bound([e for e in ws.ledger.events() if e.type == "keys_created"][:1])
    wanted = {name: opened[name] for name in ("lock", UNTIL) if name in opened}
    if opened.get("lock", UNLOCKED) == UNLOCKED:
        return
    locks = locks_of_log(ws.config, ws.layout.kansho, names)
    weak = [name for name, (mode, until) in locks.items() if weaker(wanted, {"lock": mode, UNTIL: until})]
    if weak:
        raise KanshoError(
            "LEDGER-LOCK",
            f"台帳に、開設時より弱いロックのものか、ロックを確認できないものがあります（{len(weak)}件）",
            place=" ".join(weak[:5]),
            remedy=f"{wanted['lock']}・{wanted.get(UNTIL, '')} まで保持するよう各オブジェクトの保持を延ばし、"
            "役割の権限 (s3:GetObjectRetention) を確かめて、再実行してください。誰がいつ変えたかは、"
            "保管先の記録で調べてください",
        )
