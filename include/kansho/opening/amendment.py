"""Stage functions of config_amendment: a changed configuration, shown change by change, approved, bound (C1).

States: bound → changed (every other stage refuses to work) → shown → approved: bound again | sent back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kansho.bound import bound_config, config_document
from kansho.campaign.clauses import clauses_bound, clauses_changed, clauses_of, clauses_shown
from kansho.campaign.config import CampaignConfig
from kansho.campaign.opened import HANDLER_REPORT, bound_digest
from kansho.documents.model import Document, Section, Table
from kansho.documents.render import render
from kansho.errors import KanshoError
from kansho.evidence.short import short
from kansho.exchange.authority import authority_of
from kansho.opening.admissible import require_admissible
from kansho.opening.register import register_everything
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "plan_document"


def find_amendment(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The digests before and after; None while the configuration is the bound one.

    Raises:
        KanshoError: ``AMENDMENT-UNOPENED`` before the opening.
    """
    bound = bound_digest(ws.ledger.events())
    if bound is None:
        raise KanshoError(
            "AMENDMENT-UNOPENED", "まだ開設していません", place=ws.config.id, remedy="先に業務開始を行ってください"
        )
    return None if bound == ws.config.digest else {"bound": bound, "wanted": ws.config.digest}


def make_amendment(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The change as a document for the ward: every path with its old and its new value.

    Raises:
        KanshoError: ``AMENDMENT-BASE`` when the bound configuration is not among the outputs as it was bound; as
            `require_admissible` for one that could not have been opened with; ``AMENDMENT-HOLDOUT`` when the design
            of the hold-outs changes after a wave was drawn by it (E1); ``CLAUSES-CHANGED`` when the data of the clauses
            that were bound before was edited (a change of theirs is another version).
    """
    require_admissible(ws.config)
    clauses_bound(ws.ledger.events(), ws.config)
    before = bound_config(ws)
    if ws.ledger.events("wave_selected") and before.targeting.holdout_design != ws.config.targeting.holdout_design:
        raise KanshoError(
            "AMENDMENT-HOLDOUT",
            "保留群の方式は、最初の回を選んだ後には変えられません",
            place="targeting.holdout_design",
            remedy="元の方式に戻してください。変えると、済んだ回と後の回の効果を同じ意味で読めなくなります",
        )
    if ws.config.contract.evidence_retained_until < before.contract.evidence_retained_until:
        raise KanshoError(
            "AMENDMENT-RETENTION",
            "証跡の保存期限は、短くできません",
            place="contract.evidence_retained_until",
            remedy="元の日か、それより後の日にしてください。既に書いた証跡は、元の日までロックされています",
        )
    rows = list(changes(before.model_dump(mode="json"), ws.config.model_dump(mode="json")))
    key = f"amendment-{short(str(work['wanted']))}"
    ref = ws.find(KIND, key) or ws.store_bytes(KIND, key, _pdf(ws, str(work["bound"]), rows))
    shown = {"artefact": ref.to_json(), "clauses": clauses_of(ws.config).digest}
    return {**work, **shown, "counts": {"changes": len(rows)}}


def bind_amendment(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Bind the approved configuration and its clauses, register what is new, issue the document of the change.

    Raises:
        KanshoError: ``EXCHANGE-AUTHORITY`` without the approval; ``CLAUSES-CHANGED`` when the data of the clauses is
            not what the approved document names.
    """
    ref = SnapshotRef.from_json(work["artefact"])
    authority = authority_of(ws, ref)
    clauses = clauses_of(ws.config)
    if clauses.digest != work["clauses"]:
        raise clauses_changed(clauses.version, str(work["clauses"]))
    issue_config(ws)
    register_everything(ws)
    issue_handler_report(ws)
    ws.issue_document(f"documents/{ref.key}.pdf", ws.read_bytes(ref), title="設定変更届", kind="amendment")
    # Last, so that a run killed before it finds the amendment still to be made.
    bound = {"config_digest": ws.config.digest, **clauses.codes}
    ws.record("config_amended", ws.config.digest, codes={**bound, "authority": authority})
    return {"counts": dict(work["counts"])}


def issue_config(ws: Workspace) -> None:
    """Issue the configuration itself: what an amendment is compared with, and what an auditor reads."""
    text = json.dumps(ws.config.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    ws.issue_document(config_document(ws.config.digest), text.encode(), title="設定", kind="config")


def report_key(ws: Workspace) -> str:
    """Key of the 取扱者届 of the configuration in force: the opening's own, with a digest after a change."""
    first = ws.ledger.events("campaign_opened")
    opened = not first or first[0].codes["config_digest"] == ws.config.digest
    return HANDLER_REPORT if opened else f"{HANDLER_REPORT}-{short(ws.config.digest)}"


def issue_handler_report(ws: Workspace) -> None:
    """The 取扱者届 as the approved change makes it (P4)."""
    from kansho.documents.opening import handler_report

    name = f"documents/{report_key(ws)}.pdf"
    if ws.ledger.find("document_issued", name) is None:
        pdf = handler_report(ws.config, simulation=ws.is_simulation, issued_on=ws.today)
        ws.issue_document(name, pdf, title="個人情報取扱責任者・取扱者届", kind="handler_report")


def changes(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Every path whose value differs, with both values as text; pure.

    Lists of sections are matched by their ``id``, ``kind``, ``code`` or ``rule``, so an insertion is one change.
    """
    before, after = _keyed(before), _keyed(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            below = f"{path}.{key}" if path else str(key)
            yield from changes(before.get(key), after.get(key), below)
    elif before != after:
        yield path, _shown(before), _shown(after)


def _keyed(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        for name in ("id", "gate", "kind", "code", "rule"):
            if all(name in v for v in value) and len({v[name] for v in value}) == len(value):
                return {v[name]: v for v in value}
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pdf(ws: Workspace, bound: str, rows: list[tuple[str, str, str]]) -> bytes:
    config: CampaignConfig = ws.config
    return render(
        Document(
            title="設定変更届",
            contract_title=config.contract.title,
            contract_number=config.contract.number,
            issued_on=ws.today,
            issuer=config.contractor.name,
            addressee=config.ward_party.name,
            facts=(
                ("変更前の要約値", bound),
                ("変更後の要約値", config.digest),
                ("特記事項", clauses_shown(clauses_of(config))),
            ),
            sections=(Section("変更点", (), (Table(("項目", "変更前", "変更後"), tuple(rows)),)),),
            signatures=("取扱責任者", "区 担当者"),
            simulation=ws.is_simulation,
        )
    )
