"""Stage functions of campaign_opening."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from kansho.campaign.clauses import clauses_of
from kansho.campaign.opened import opening_approved
from kansho.exchange.authority import authority_of
from kansho.exchange.timestamping import sign_checkpoint
from kansho.opening.admissible import require_admissible
from kansho.opening.amendment import issue_config, report_key
from kansho.opening.protection import protection_of, require_protected
from kansho.opening.register import register_everything
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: Vault kind and key of the sealed seed of all random draws.
SEED_KIND = "randomisation_seed"
SEED_KEY = "seed"
REPORT_KIND = "plan_document"


def find_opening_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Nothing to do once the ward has approved the opening; carries what the run was started with."""
    if opening_approved(ws.ledger.events()) and _issued(ws):
        return None
    triggered = work.get("triggered", {})
    return {"simulation": bool(triggered.get("simulation")), "seed": triggered.get("seed")}


def open_campaign(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Make the keys, write the ledger's first event, seal and commit the seed.

    In a simulation the seed of the draws follows from the seed given, so that a year can be repeated; else
    it is random.  Its digest is in the ledger before the first delivery (E1).

    Raises:
        KanshoError: as `require_admissible`, and of a real year as `require_protected`, before anything is made.
    """
    require_admissible(ws.config)
    simulation = bool(work["simulation"])
    if not simulation:
        require_protected(ws)
    ws.keyring.create()
    ws.record(
        "campaign_opened",
        ws.config.id,
        codes={
            "config_digest": ws.config.digest,
            "simulation": "true" if simulation else "false",
            "contract_start": ws.config.contract.start.isoformat(),
            "contract_end": ws.config.contract.end.isoformat(),
            **clauses_of(ws.config).codes,
        },
        names={"title": ws.config.contract.title, "number": ws.config.contract.number},
    )
    issue_config(ws)
    codes = {"signing_public": ws.keyring.public_key().hex(), **protection_of(ws)}
    ws.record("keys_created", ws.config.id, codes=codes)
    given = work.get("seed")
    seed = hashlib.sha256(f"{ws.config.id}/{given}".encode()).digest() if simulation and given is not None else None
    ref = ws.store_bytes(SEED_KIND, SEED_KEY, seed or secrets.token_bytes(32))
    ws.record("seed_committed", SEED_KEY, refs={"sha256": hashlib.sha256(ws.read_bytes(ref)).hexdigest()})
    return dict(work)


def register_parties(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Parties, places, handlers, data flow, consents and recipients as ledger facts."""
    register_everything(ws)
    return dict(work)


def make_handler_report(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The 取扱者届 of every party as PDF (P4), for the ward to approve with the opening."""
    from kansho.documents.opening import handler_report

    pdf = handler_report(ws.config, simulation=bool(work["simulation"]), issued_on=ws.today)
    ref = ws.find(REPORT_KIND, report_key(ws)) or ws.store_bytes(REPORT_KIND, report_key(ws), pdf)
    counts = {"parties": len(ws.config.parties), "handlers": len(ws.config.handlers), "places": len(ws.config.places)}
    return {**work, "artefact": ref.to_json(), "counts": counts}


def finish_opening(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Issue the approved 取扱者届 and sign the first checkpoint for the ward."""
    ref = SnapshotRef.from_json(work["artefact"])
    authority_of(ws, ref)
    ws.issue_document(_name(ref.key), ws.read_bytes(ref), title="個人情報取扱責任者・取扱者届", kind="handler_report")
    made = sign_checkpoint(ws)
    return {"counts": {"events": made.size}}


def _name(key: str) -> str:
    return f"documents/{key}.pdf"


def _issued(ws: Workspace) -> bool:
    return ws.ledger.find("document_issued", _name(report_key(ws))) is not None
