"""The end of the year rehearsed: the bundle that would be is judged in memory, before anything of it is recorded (P11).

The certification is the log's last event.  Were it recorded and the log then found wrong, no log that is right could
ever follow; so it is appended to a copy first, with all that comes before it.

Belongs here: the rehearsal.  Does not belong here: making certificate and bundle (`kansho.closing.certificate`), or the
judgement (`kansho.evidence.verify`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from kansho.closing import certificate
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.certified import certified_part, pending_keys
from kansho.evidence.erasure_log import NAME as ERASURE_LOG
from kansho.evidence.erasure_log import erasure_log
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.methods import ABSENT, KEY_SERVICE, PRESENT
from kansho.evidence.rehearsed import rehearsed
from kansho.evidence.scan_log import NAME as SCAN_LOG
from kansho.evidence.scan_log import scan_log
from kansho.evidence.strict import read_zip
from kansho.evidence.verify import verify_files
from kansho.missed import record_missed
from kansho.workspace import Workspace


def require_verifies(ws: Workspace) -> None:
    """Judge the bundle as it would be if the campaign were certified now; nothing is recorded or written.

    Where the deletion of a key is only scheduled, as it would be once the key is gone on its day: what is wrong then
    is wrong now, and an interim certificate is given to others too.

    Raises:
        KanshoError: ``CLOSING-EVIDENCE`` when it would not verify; ``CERTIFY-INCOMPLETE``.
    """
    copy = replace(ws, ledger=rehearsed(ws.ledger))
    pending = pending_keys(copy.ledger.events())
    if pending:
        copy.record("interim_certified", f"interim-{copy.ledger.size}")  # as it would be by then
    for name, day in pending.items():
        copy = replace(copy, today=max(copy.today, date.fromisoformat(day)))
        copy.record("keys_destroyed", name, codes={"found": PRESENT, "method": KEY_SERVICE, "verified": ABSENT})
    record_missed(copy, over=True)
    part = certified_part(copy.ledger.events())
    made = certificate.certificate_of(copy, part)
    papers = {certificate.PDF: _print(ws, made, part), ERASURE_LOG: erasure_log(part), SCAN_LOG: scan_log(part)}
    for name, data in papers.items():
        copy.record("document_issued", name, codes={"kind": "erasure_log"}, refs={"sha256": sha256(data)})
    certificate.certify(copy, made)
    last = copy.ledger.checkpoint(copy.keyring.signer())
    files = read_zip(certificate.bundle_of(copy, made, papers))
    require_none(verify_files(files, [("checkpoint.txt", last.text)]))


def _print(ws: Workspace, made: bytes, part: Sequence[Event]) -> bytes:
    """The certificate's paper where it was issued before, made again if it was lost; else its words do for it here."""
    if ws.ledger.find("document_issued", certificate.PDF) is None:
        return b"%PDF-" + made
    return certificate.issue_paper(ws, made, part[-1]).read_bytes()


def require_none(found: Iterable[Finding], name: str = "") -> None:
    """Refuse what does not verify.

    Raises:
        KanshoError: ``CLOSING-EVIDENCE`` naming the codes, and the file if it is there already.
    """
    found = list(found)
    if found:
        codes = " ".join(sorted({f.code for f in found}))
        raise KanshoError(
            "CLOSING-EVIDENCE",
            f"証跡一式の検証に通りません（{len(found)}件: {codes}）",
            place=name or "campaign_certified",
            remedy="台帳の不足や誤りを事故として扱い、正してから再実行してください"
            "（証明書を発行する前に確かめるため、証明は記録されていません）"
            if not name
            else "kansho verify で内容を確認してください",
        )
