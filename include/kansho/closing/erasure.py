"""Erasure in the vault: dry-run plan → two people approve its digest → execute, resumable → keys (P11).

Belongs here: planning and executing.  Does not belong here: Airflow's traces, the scan, the certificate
(`kansho.closing.finalise`).

    inventory → plan (digest, document; names what people do by hand) → two approvals → needles kept for the scan
    → each holding erased and verified → keys of the classes of data, HMAC and exchange keys destroyed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from kansho.closing.inventory import (
    NEEDLES_KEY,
    SECRETS,
    Holdings,
    holdings,
    open_media,
    open_snapshots,
)
from kansho.closing.key_ends import destroy_vault_keys
from kansho.closing.lawful import open_findings
from kansho.closing.manual import manual_targets, open_targets, take_slips
from kansho.closing.needles import Needle, needles_of_values, secret_forms, to_table
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.methods import ABSENT, CRYPTO_ERASE
from kansho.evidence.short import short
from kansho.exchange.timestamping import sign_checkpoint
from kansho.missed import record_missed
from kansho.remembered import may_name_people, values_in
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Kind of working file of the plan's document.
PLAN_KIND = "plan_document"
NEEDLES = "residue_needles"


def plan_erasure(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The dry run: every target with its method, a digest over it, and the document to approve.

    A plan whose execution has begun is returned again: what was approved is carried to its end.

    Raises:
        KanshoError: ``ERASURE-NO-INVENTORY``, ``ERASURE-STORAGE`` when a real year names no machine
            for the certificate, ``ERASURE-CHANGED`` when holdings changed since the inventory.
    """
    begun = _begun(ws)
    if begun is not None:
        return _planned(begun)
    inventory = ws.ledger.find("inventory_taken", str(work.get("inventory")))
    if inventory is None:
        raise KanshoError("ERASURE-NO-INVENTORY", "棚卸しがありません", remedy="棚卸しからやり直してください")
    if not ws.is_simulation and not ws.config.closing.storage:
        raise KanshoError(
            "ERASURE-STORAGE",
            "消去証明書に記載する装置の届け出がありません",
            place="closing.storage",
            remedy="設定を変更し、区の承認を得てください",
        )
    held = holdings(ws, before=inventory)
    if held.digest != inventory.refs["digest"]:
        raise KanshoError("ERASURE-CHANGED", "棚卸しの後に保有物が変わりました", remedy="棚卸しからやり直してください")
    record_missed(ws)
    value = plan_of(ws, held)
    digest = sha256(canonical_json(value))
    key = f"erasure-{short(digest)}"
    known = ws.ledger.find("erasure_planned", key)
    if known is not None:
        return _planned(known)
    from kansho.closing.papers import erasure_plan

    ref = ws.find(PLAN_KIND, key)
    if ref is None:
        ref = ws.store_bytes(PLAN_KIND, key, erasure_plan(ws.config, value, digest, simulation=ws.is_simulation))
    targets = {r.name: r.digest for r in (*held.vault, ref)}
    counts = {"targets": len(targets), "documents": 1, "keys": len(held.keys), "media": len(held.media)}
    if value["findings"]:
        counts["findings"] = len(value["findings"])
    by_hand = {t["key"]: t["kind"] for t in value["manual"]}
    event = ws.record(
        "erasure_planned",
        key,
        counts={**counts, "manual": len(by_hand)},
        refs={
            "digest": digest,
            "inventory_digest": held.digest,
            "artefact": ref,
            "targets": targets,
            "manual": by_hand,
        },
    )
    return _planned(event)


def plan_of(ws: Workspace, held: Holdings) -> dict[str, Any]:
    """The plan as plain data: what is erased, destroyed, returned and certified, and how.

    ``findings`` is what a verifier would object to in the log: the two who approve the plan know it before nothing
    can be looked up any more.  It does not stop the erasure, which the contract orders whatever else happened.
    """
    return {
        "campaign": ws.config.id,
        "planned_on": ws.today.isoformat(),
        "method": CRYPTO_ERASE,
        "targets": [{"name": r.name, "kind": r.kind, "digest": r.digest, "rows": r.rows} for r in held.vault],
        "keys": list(held.keys),
        "media": list(held.media),
        "packages": list(held.packages),
        "manual": [asdict(t) for t in manual_targets(ws.ledger.events(), ws.config)],
        "findings": [{"code": f.code, "place": f.place} for f in open_findings(ws)],
    }


def return_media(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Take in what people closed by hand and, when 甲 has receipted every medium, issue the 返却書.

    Raises:
        KanshoError: as `kansho.closing.manual.take_slips`.
    """
    from kansho.closing.papers import media_return
    from kansho.documents import Stamp

    closed = take_slips(ws)
    media = ws.ledger.events("medium_registered")
    if media and not open_media(ws) and ws.ledger.find("document_issued", "documents/media-return.pdf") is None:
        signed = sign_checkpoint(ws)
        stamp = Stamp(signed.origin, signed.size, signed.root)
        pdf = media_return(ws.config, media, ws.today, simulation=ws.is_simulation, stamp=stamp)
        ws.issue_document("documents/media-return.pdf", pdf, title="提供媒体返却書", kind="media_return")
    left = len(open_targets(ws))
    return {**work, "counts": {**work.get("counts", {}), "closed_by_hand": closed, "open_by_hand": left}}


def execute_erasure(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Erase what the approved plan names, verify each, destroy the keys.  Run again after a kill, it goes on.

    Raises:
        KanshoError: ``ERASURE-UNPLANNED``, ``ERASURE-UNAPPROVED``, ``ERASURE-CHANGED`` (holdings came in
            after the plan), ``ERASURE-INVENTORY`` (counted again after the plan), ``ERASURE-MEDIA`` (a medium not
            returned), ``VAULT-RESIDUE``.
    """
    ws.ledger.confirm()
    plan = _plan_of_work(ws, work)
    _require_newest_inventory(ws, plan)
    require_two_approvals(ws, plan)
    if open_media(ws):
        raise KanshoError(
            "ERASURE-MEDIA",
            "区が受領していない媒体があります",
            place=" ".join(e.key for e in open_media(ws)[:5]),
            remedy="媒体を返却し、区の受領の記録（書類を添えたもの）が届いてから実行してください",
        )
    record_missed(ws)
    targets = list(plan.refs["targets"])
    extra = sorted({e.key for e in open_snapshots(ws)} - set(targets))
    if extra:
        raise KanshoError(
            "ERASURE-CHANGED",
            f"計画の後に保有物が増えています（{len(extra)}件）",
            place=" ".join(extra[:5]),
            remedy="計画からやり直してください",
        )
    keep_needles(ws)
    stored = {e.key: SnapshotRef.from_json(e.refs["holding"]) for e in ws.ledger.events("snapshot_stored")}
    for name in targets:
        erase_target(ws, stored[name], plan)
    destroy_vault_keys(ws)
    return {"plan": plan.key, "counts": {"targets": len(targets), "erased": len(ws.ledger.events("holding_erased"))}}


def _require_newest_inventory(ws: Workspace, plan: Event) -> None:
    """What is erased is what was counted last: the account holds the newest inventory against what the plan erases.

    Once erasure has begun nothing is counted anew, and what was begun is carried to its end.

    Raises:
        KanshoError: ``ERASURE-INVENTORY``; nothing was erased.
    """
    newest = ws.ledger.events("inventory_taken")[-1]
    if _begun(ws) is None and newest.refs["digest"] != plan.refs.get("inventory_digest"):
        raise KanshoError(
            "ERASURE-INVENTORY",
            "計画の後に棚卸しをやり直しています",
            place=newest.key,
            remedy="最後の棚卸しから計画を作り直し、承認を得てください",
        )


def erase_target(ws: Workspace, ref: SnapshotRef, plan: Event) -> None:
    """Erase one holding, look that it is gone, and record both facts."""
    if ws.ledger.find("holding_erased", ref.name) is not None:
        return
    found = ws.erase(ref, reason="closing").codes["found"]  # as the first run that came so far saw it
    ws.record(
        "holding_erased",
        ref.name,
        counts={"rows": ref.rows},
        codes={"found": found, "method": CRYPTO_ERASE, "plan": plan.refs["digest"], "verified": ABSENT},
    )


def require_two_approvals(ws: Workspace, plan: Event) -> None:
    """Two different people of two roles approved this plan's digest.

    Raises:
        KanshoError: ``ERASURE-UNAPPROVED``.
    """
    digest = plan.refs["artefact"]["digest"]
    given = [
        e
        for e in ws.ledger.events("approval_decided")
        if e.codes.get("decision") == "approve" and e.refs.get("digest") == digest
    ]
    if len({e.actor["user"] for e in given}) < 2 or len({e.actor["role"] for e in given}) < 2:
        raise KanshoError(
            "ERASURE-UNAPPROVED",
            "消去計画に、別の役割の二人の承認がありません",
            place=plan.key,
            remedy="区と受託者の責任者がそれぞれ承認してください",
        )


def keep_needles(ws: Workspace) -> SnapshotRef:
    """Keep, under a key of their own, the values that the residue scan will look for after the erasure."""
    known = ws.find(NEEDLES, NEEDLES_KEY)
    kept = known or ws.store_table(NEEDLES, NEEDLES_KEY, to_table(collect_needles(ws)), parents=_searched(ws))
    for ref in ws.snapshots(NEEDLES):
        if ref.key != NEEDLES_KEY:  # what was remembered during the year stands among them now
            ws.erase(ref, reason="closing")
    return kept


def collect_needles(ws: Workspace) -> set[Needle]:
    """Needles of every table of people: those still held, those erased during the year, and passwords still held."""
    out: set[Needle] = set()
    for event in open_snapshots(ws):
        ref = SnapshotRef.from_json(event.refs["holding"])
        values = values_in(ws.read_bytes(ref)) if may_name_people(ref.kind) else None
        if values is not None:
            out |= needles_of_values(values)
    for ref in ws.snapshots(NEEDLES):
        out |= needles_of_values(ws.for_purpose("residue_scan").read_table(ref))
    for ref in ws.snapshots(SECRETS):
        out.update(_secret(ws.read_bytes(ref)))
    return out


def _searched(ws: Workspace) -> list[SnapshotRef]:
    """The holdings that needles are collected from."""
    held = [SnapshotRef.from_json(event.refs["holding"]) for event in open_snapshots(ws)]
    return [*held, *ws.snapshots(NEEDLES)]


def _secret(data: bytes) -> Iterable[Needle]:
    try:
        return list(secret_forms(data.decode("utf-8")))
    except UnicodeDecodeError:
        return []


def _begun(ws: Workspace) -> Event | None:
    """The plan under which holdings were already erased."""
    erased = {e.codes.get("plan") for e in ws.ledger.events("holding_erased")}
    return next((e for e in ws.ledger.events("erasure_planned") if e.refs["digest"] in erased), None)


def _planned(event: Event) -> dict[str, Any]:
    return {"plan": event.key, "artefact": event.refs["artefact"], "counts": dict(event.counts)}


def _plan_of_work(ws: Workspace, work: Mapping[str, Any]) -> Event:
    plan = ws.ledger.find("erasure_planned", str(work.get("plan")))
    if plan is None or work.get("artefact") != plan.refs["artefact"]:
        raise KanshoError("ERASURE-UNPLANNED", "消去計画がありません", remedy="計画を作り、承認を得てください")
    return plan
