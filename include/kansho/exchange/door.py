"""The door of the premises: what leaves and what comes in, each with its ledger event.

Belongs here: consent (C7), the recipient's registered key, and idempotent hand-over and taking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from kansho.campaign.rights import PartyKind, Work
from kansho.errors import KanshoError
from kansho.evidence.copy_rules import BY_FLOW
from kansho.evidence.events import Event
from kansho.evidence.registrations import newest
from kansho.exchange.copies import erase_by
from kansho.exchange.package import Package, pack, unpack
from kansho.vault.disk import write_whole
from kansho.vault.keys import seal_package
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def hand_over(
    ws: Workspace,
    *,
    party: str,
    work: Work | None,
    package: str,
    kind: str,
    files: Mapping[str, bytes],
    counts: Mapping[str, int],
    authority: str,
    parents: Iterable[SnapshotRef] = (),
) -> Event:
    """Seal files to a party and put them into its letter box, once.

    ``authority`` is the key of the approval (``approval_decided``) the hand-over stands on, or
    ``contract`` for what the contract itself orders (return to 甲, stop notices).  ``parents`` are the holdings that
    the files were made of: a copy with a 丙 stands in the register with its origin and its purpose (D6).

    Raises:
        KanshoError: ``EXCHANGE-CONSENT`` when 甲 has not consented to this 丙 for this work,
            ``EXCHANGE-AUTHORITY`` when the approval is not there, ``EXCHANGE-RECIPIENT`` without a key,
            ``FLOW-UNAPPROVED`` for a copy that the year's data flow does not name with this 丙.
    """
    key = f"{party}/{kind}/{package}"
    known = ws.ledger.find("package_handed_over", key)
    if known is not None:
        return known
    _require_consent(ws, party, work)
    until, flow, made_of = erase_by(ws, party, kind), ws.config.copy_flow(kind, party), list(parents)
    if authority != "contract":
        decided = ws.ledger.find("approval_decided", authority)
        if decided is None or decided.codes.get("decision") != "approve":
            raise KanshoError(
                "EXCHANGE-AUTHORITY", "承認のない引渡しです", place=key, remedy="承認を得てから実行してください"
            )
    registered = newest(ws.ledger.events("recipient_registered"), party)
    if registered is None:
        raise KanshoError(
            "EXCHANGE-RECIPIENT", "受取人の公開鍵が登録されていません", place=party, remedy="開設時に登録してください"
        )
    manifest = {
        "campaign": ws.config.id,
        "package": package,
        "kind": kind,
        "from": ws.config.contractor.id,
        "to": party,
        "handed_over_on": ws.today.isoformat(),
        "counts": dict(counts),
    }
    plain = pack(files, manifest)
    sealed = seal_package(plain, registered.codes["recipient"])
    write_whole(ws.layout.received(party) / f"{kind}--{package}.age", sealed)
    return ws.record(
        "package_handed_over",
        key,
        counts=counts,
        codes={
            "party": party,
            "kind": kind,
            "package": package,
            "authority": authority,
            "work": work.value if work else "",
            "purpose": ws.purpose or BY_FLOW,
            **({"erase_by": until.isoformat()} if until is not None else {}),
        },
        refs={
            "sha256_sealed": hashlib.sha256(sealed).hexdigest(),
            "files": {n: len(d) for n, d in sorted(files.items())},
            **({"parents": {str(i): p.to_json() for i, p in enumerate(made_of)}} if made_of else {}),
        },
        names={"purpose": flow.purpose} if flow is not None else {},
    )


def waiting(ws: Workspace, party: str, kind: str) -> list[str]:
    """Package ids a party has put out that were neither accepted nor refused, sorted."""
    folder = ws.layout.outgoing(party)
    if not folder.is_dir():
        return []
    found = sorted(p.name[len(kind) + 2 : -4] for p in folder.glob(f"{kind}--*.age"))
    settled = {e.key for t in ("package_received", "package_refused") for e in ws.ledger.events(t)}
    return [package for package in found if f"{party}/{kind}/{package}" not in settled]


def take(ws: Workspace, party: str, kind: str, package: str) -> Package:
    """Open a waiting package in memory and check that it is what it says.

    Raises:
        KanshoError: ``PACKAGE-KEY``, ``PACKAGE-FORM``, ``PACKAGE-DIGEST`` or ``PACKAGE-OTHER``.
    """
    sealed = (ws.layout.outgoing(party) / f"{kind}--{package}.age").read_bytes()
    opened = unpack(ws.keyring.open_package(sealed))
    said = {name: opened.manifest.get(name) for name in ("campaign", "package", "kind", "from")}
    if said != {"campaign": ws.config.id, "package": package, "kind": kind, "from": party}:
        raise KanshoError(
            "PACKAGE-OTHER",
            "別の荷が入っています",
            place=f"{party}/{kind}/{package}",
            remedy="送付元に確認してください",
        )
    return opened


def accept(ws: Workspace, party: str, kind: str, package: str, *, counts: Mapping[str, int]) -> Event:
    """Record that a package was taken in whole; do this after its snapshot lies in the vault."""
    return ws.record(
        "package_received",
        f"{party}/{kind}/{package}",
        counts=counts,
        codes={"party": party, "kind": kind},
        refs={"sha256_sealed": digest_of(ws, party, kind, package)},
    )


def refuse(ws: Workspace, party: str, kind: str, package: str, *, code: str) -> Event:
    """Record that a package was refused whole, with the code the party is told."""
    return ws.record(
        "package_refused",
        f"{party}/{kind}/{package}",
        codes={"party": party, "kind": kind, "code": code},
        refs={"sha256_sealed": digest_of(ws, party, kind, package)},
    )


def digest_of(ws: Workspace, party: str, kind: str, package: str) -> str:
    """SHA-256 (hex) of what a party has put out, sealed as it is."""
    return hashlib.sha256((ws.layout.outgoing(party) / f"{kind}--{package}.age").read_bytes()).hexdigest()


def _require_consent(ws: Workspace, party: str, work: Work | None) -> None:
    target = ws.config.party(party)
    if target.kind is not PartyKind.SUBCONTRACTOR:
        return
    registered = newest(ws.ledger.events("party_registered"), party)
    works = registered.codes.get("works", "").split("|") if registered else []
    if work is None or work not in target.works or registered is None or work.value not in works:
        raise KanshoError(
            "EXCHANGE-CONSENT",
            "区の承諾がない再委託先または業務です",
            place=party,
            remedy="区の承諾を記録してから引き渡してください (C7)",
        )
