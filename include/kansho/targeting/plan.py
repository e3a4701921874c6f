"""Stage functions of segmentation: make the year's plan and let the ward approve its document.

Belongs here: reading the vault, the seed, and the ledger facts of a plan.  Does not belong here: the
rules (`eligibility`, `segments`, `holdout`, `table`) or the figures of the document (`figures`).

States of a plan: made → document made → checked → approved (released, binding for every wave) | stopped by the gate or
rejected (a later run makes the next revision).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.exchange import authority_of, decision_on
from kansho.quality.releases import require_passed, was_stopped
from kansho.standing import gather, require_fresh_stop_list, status
from kansho.targeting import eligibility
from kansho.targeting.comparison import changes, with_last_year
from kansho.targeting.figures import plan_figures
from kansho.targeting.holdout import Arms, arms_of
from kansho.targeting.propensity import Propensity, with_bands
from kansho.targeting.propensity_figures import propensity_figures
from kansho.targeting.table import plan_table
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: The gate before the ward is asked (`kansho.targeting.release`).
GATE = "plan_release"


def find_plan_work(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """The plan to be made today; None while the validated data is not whole, or while the approved plan still fits.

    A rejected plan is followed by a revision under a new key (``plan-<date>-r02``).  A roster that changed after the
    approval is planned anew, and approved anew, as long as no wave was selected.  What an amendment changed of whom to
    reach and how is planned and approved anew at any time, for the waves still to come.  Whose household stood in the
    approved plan keeps its arms (`make_plan`).

    Raises:
        KanshoError: ``STOP-MISSING`` or ``STOP-STALE``: no planning on an old stop list.
    """
    approved = approved_plan(ws)
    if approved is not None and _still_fits(ws, approved):
        return None
    if ws.latest_or_none("roster") is None or ws.latest_or_none("analysis") is None:
        return None
    require_fresh_stop_list(ws)
    return {"key": _next_key(ws)}


def make_plan(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Plan everybody of the roster and store kind ``plan`` (event ``plan_made``, C5, E1).

    Households of a plan that was approved before under the same design of the hold-outs keep their arms.

    Raises:
        KanshoError: ``SEED-MISSING`` or ``SEED-CHANGED`` when the seed is not the committed one, and the
            refusals of `plan_table`.
    """
    key = str(work["key"])
    known = ws.ledger.find("plan_made", key)
    if known is not None:
        return {"key": key, "plan": known.refs["plan"], "counts": dict(known.counts)}
    roster, analysis, standing = records(ws)
    analysis_refs = ws.snapshots("analysis")
    seed = committed_seed(ws)
    plan = plan_table(
        roster,
        analysis,
        standing,
        ws.config,
        on=ws.today,
        seed=seed,
        consented=consented(ws),
        kept=_kept_arms(ws),
    )
    plan, fitted = with_bands(plan, roster, analysis, ws.config, seed=seed)
    if fitted is not None:
        ws.store_bytes("propensity", key, fitted.to_bytes(), parents=analysis_refs)
    ref = ws.store_table("plan", key, plan, parents=[*ws.snapshots("roster"), *analysis_refs])
    counts = plan_counts(ws.read_table(ref))
    codes = {"holdouts": _design(ws), "basis": plan_basis(ws.config)}
    ws.record("plan_made", key, counts=counts, codes=codes, refs={"plan": ref})
    return {"key": key, "plan": ref.to_json(), "counts": counts}


def records(ws: Workspace) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What a plan is made from: the roster, the year's analysis items, and where everybody stands today."""
    facts = gather(ws)
    analysis = pd.concat([ws.read_table(ref) for ref in ws.snapshots("analysis")])
    return facts.roster, analysis.drop_duplicates("inquiry_number", keep="last"), status(facts, ws.today)


def make_plan_document(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Render the plan for the ward's approval: groups, reasons, hold-outs, cost; small cells suppressed."""
    from kansho.documents.plan import PlanComparison, plan_document

    plan_ref = SnapshotRef.from_json(work["plan"])
    ref = ws.find("plan_document", plan_ref.key)
    if ref is None:
        roster = gather(ws).roster
        figures = plan_figures(ws.read_table(plan_ref), roster, ws.config)
        figures["propensity"] = propensity_figures(_fitted(ws, plan_ref.key), ws.config)
        before = _plan_before(ws, plan_ref.key)
        compared = PlanComparison(
            last_year=with_last_year(figures, ws.config),
            before=before.key if before else "",
            changes=changes(plan_figures(ws.read_table(before), roster, ws.config), figures) if before else (),
        )
        pdf = plan_document(ws.config, plan_ref.key, figures, compared, simulation=ws.is_simulation, issued_on=ws.today)
        ref = ws.store_bytes("plan_document", plan_ref.key, pdf, parents=[plan_ref])
    return {"key": plan_ref.key, "plan": plan_ref.to_json(), "artefact": ref.to_json(), "counts": dict(work["counts"])}


def release_plan(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """After the ward's approval: issue the document, which names nobody, and the table in it, to outputs.

    Raises:
        KanshoError: ``GATE-ABSENT`` without the passed gate, ``EXCHANGE-AUTHORITY`` when the document was not approved,
            ``DOCUMENT-ATTACHMENT``.
    """
    from kansho.documents.plan import TABLE
    from kansho.documents.render import attached

    document = SnapshotRef.from_json(work["artefact"])
    require_passed(ws, GATE, document.key)
    authority_of(ws, document)
    pdf = ws.read_bytes(document)
    ws.issue_document(f"{document.key}.pdf", pdf, title="勧奨計画書", kind="plan")
    # The table is the approved one, not one that is made anew from what has changed since.
    ws.issue_document(f"{document.key}.csv", attached(pdf, TABLE), title="勧奨計画書（表）", kind="plan_table")
    return {"key": document.key, "plan": dict(work["plan"]), "counts": dict(work["counts"])}


def approved_plan(ws: Workspace) -> SnapshotRef | None:
    """The newest plan whose document the ward approved; None while there is none.

    Other papers that the ward approves are of the same kind (a changed configuration, the erasure): they are no plan.
    """
    for document in reversed(ws.snapshots("plan_document")):
        plan, decided = ws.find("plan", document.key), decision_on(ws, document)
        if plan is not None and decided is not None and decided.codes.get("decision") == "approve":
            return plan
    return None


def require_approved_plan(ws: Workspace) -> SnapshotRef:
    """The approved plan.

    Raises:
        KanshoError: ``PLAN-UNAPPROVED`` (fails closed).
    """
    found = approved_plan(ws)
    if found is None:
        raise KanshoError("PLAN-UNAPPROVED", "承認された勧奨計画がありません", remedy="先に計画の承認を得てください")
    return found


def plan_basis(config: CampaignConfig) -> str:
    """Digest of what a plan follows from: whom to target, the segments, the waves with their groups and hold-outs."""
    waves = [w.model_dump(mode="json", include={"id", "groups", "holdout"}) for w in config.waves.all()]
    basis = {"targeting": config.targeting.model_dump(mode="json"), "waves": waves}
    return sha256(json.dumps(basis, ensure_ascii=False, sort_keys=True).encode())


def require_same_basis(ws: Workspace, plan: SnapshotRef) -> None:
    """Refuse a plan made from other rules than those in force, or whose hold-outs were drawn by another design.

    Raises:
        KanshoError: ``PLAN-BASIS``, ``PLAN-DESIGN``.
    """
    if _drawn_by(ws, plan) != _design(ws):
        raise KanshoError(
            "PLAN-DESIGN",
            "保留群の方式が、承認された計画と設定とで違います",
            place="targeting.holdout_design",
            remedy="設定を計画のときの方式に戻してください",
        )
    if basis_of(ws, plan) != plan_basis(ws.config):
        raise KanshoError(
            "PLAN-BASIS",
            "承認された計画は、変更前の設定（対象・グループ・実施回）によるものです",
            place=plan.key,
            remedy="segmentation を実行して計画を作り直し、区の承認を得てください",
        )


def committed_seed(ws: Workspace) -> bytes:
    """The seed of all random choices, checked against its commitment in the ledger.

    Raises:
        KanshoError: ``SEED-MISSING``, ``SEED-CHANGED``.
    """
    ref, committed = ws.find("randomisation_seed", "seed"), ws.ledger.events("seed_committed")
    if ref is None or not committed:
        raise KanshoError("SEED-MISSING", "無作為割付の種が確定されていません", remedy="開設を完了してください")
    seed = ws.read_bytes(ref)
    said = {str(v) for v in (*committed[-1].codes.values(), *committed[-1].refs.values()) if isinstance(v, str)}
    if hashlib.sha256(seed).hexdigest() not in said:
        raise KanshoError("SEED-CHANGED", "無作為割付の種が記録と一致しません", remedy="事故として報告してください")
    return seed


def plan_counts(plan: pd.DataFrame) -> dict[str, int]:
    """Counts of ``plan_made``: roster, every outcome of the table (roster is their sum), held_out in any wave."""
    held = [c for c in plan.columns if c.startswith("holdout_")]
    counted = plan["outcome"].value_counts()
    return {
        "roster": len(plan),
        **{row.code: int(counted.get(row.code, 0)) for row in eligibility.TABLE},
        "held_out": int((plan[held].any(axis=1) & plan["group"].notna()).sum()) if held else 0,
    }


def _still_fits(ws: Workspace, approved: SnapshotRef) -> bool:
    if basis_of(ws, approved) != plan_basis(ws.config):
        return False
    return bool(ws.ledger.events("wave_selected")) or not _roster_is_newer(ws, approved)


def _roster_is_newer(ws: Workspace, plan: SnapshotRef) -> bool:
    made = ws.ledger.find("plan_made", plan.key)
    stored = [e.sequence for e in ws.ledger.events("snapshot_stored") if e.refs["holding"]["kind"] == "roster"]
    return made is not None and bool(stored) and stored[-1] > made.sequence


def consented(ws: Workspace) -> bool:
    """甲's consent to hold-outs: in the config and as a fact of the ledger; else there are none (E1)."""
    return ws.config.targeting.holdout_consent is not None and bool(ws.ledger.events("holdout_consented"))


def _kept_arms(ws: Workspace) -> Arms:
    """The approved plan's arms; none before the first approval, or when the design of the hold-outs changed since."""
    approved = approved_plan(ws)
    if approved is None or _drawn_by(ws, approved) != _design(ws):
        return {}
    return arms_of(ws.read_table(approved))


def basis_of(ws: Workspace, plan: SnapshotRef) -> str | None:
    """The basis (`plan_basis`) that a plan was made from, as the ledger has it."""
    made = ws.ledger.find("plan_made", plan.key)
    return made.codes.get("basis") if made is not None else None


def _drawn_by(ws: Workspace, plan: SnapshotRef) -> str | None:
    made = ws.ledger.find("plan_made", plan.key)
    return made.codes.get("holdouts") if made is not None else None


def _design(ws: Workspace) -> str:
    return ws.config.targeting.holdout_design if consented(ws) else "none"


def _fitted(ws: Workspace, key: str) -> Propensity | None:
    """What was fitted for a plan; None where the year's config estimates nothing."""
    ref = ws.find("propensity", key)
    return Propensity.from_bytes(ws.read_bytes(ref)) if ref is not None else None


def _plan_before(ws: Workspace, key: str) -> SnapshotRef | None:
    """The plan made before this one, approved or sent back; None for the first."""
    events = ws.ledger.events("plan_made")
    this = next((e.sequence for e in events if e.key == key), None)
    earlier = [e for e in events if e.key != key and (this is None or e.sequence < this)]
    return ws.find("plan", earlier[-1].key) if earlier else None


def _is_over(ws: Workspace, key: str) -> bool:
    """Whether nothing comes of this plan any more: its gate stopped it, or it was decided about."""
    document = ws.find("plan_document", key)
    return was_stopped(ws, GATE, key) or (document is not None and decision_on(ws, document) is not None)


def _next_key(ws: Workspace) -> str:
    base = f"plan-{ws.today.isoformat()}"
    key, revision = base, 1
    while _is_over(ws, key):
        revision += 1
        key = f"{base}-r{revision:02d}"
    return key
