"""Approvals on Airflow's Human-in-the-loop: request → ask → guard.

Belongs here: how an answer travels from the form to the ledger.  Does not belong here: when an answer
counts (`kansho.evidence.approvals`).

    work ──> request_<name> ──> ask_<name> ──> guard_<name> ──> (the same work)
      └──────────────────────────────────────────┘

- ``request`` binds the digest of ``work["artefact"]`` in the ledger.  For a decision it skips unless
  ``work["gate_result"] == "hold"``.
- ``ask`` is a HITLOperator, not an ApprovalOperator: a rejection is an answer like another and nothing
  is skipped by it.  Its form holds codes and counts; what was answered goes to the ledger, reduced to codes.
  It has no default: when nobody answers in time the request is voided in the ledger and the run is red.
- ``guard`` runs when nothing upstream failed and something succeeded, so it is skipped only together with
  the work itself.  It reads ledger and vault, never XCom, and raises unless the approval counts.  A gate
  that did not hold passes through it: downstream of a decision the default trigger rule is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import BaseOperator, Param
from airflow.sdk.exceptions import AirflowSkipException

from kansho.bound import bound_config
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.approvals import (
    OPTIONS,
    REASONS,
    check_decision,
    decision_of_options,
    reason_code,
    request_key,
)
from kansho.evidence.events import Actor
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from kansho_airflow import settings
from kansho_airflow.boundary import contained
from kansho_airflow.countwords import count_word
from kansho_airflow.dates import open_workspace
from kansho_airflow.rolenames import ROLE_WORDS
from kansho_airflow.steps import collect_work, task_of

#: A gate that holds for a decision says so in its work.
HOLD = "hold"
#: What an artefact is read for when its approval is asked and given: to see that it is whole and ours.
PURPOSE = "approval"
PASSED = "pass"


def desk_path(campaign_id: str, key: str) -> str:
    """Where the desk shows what a request is about."""
    return f"/desk/{campaign_id}/approvals/{quote(key, safe='/:')}"


class RequestOperator(BaseOperator):
    """Record what is asked of whom, bound to the artefact's digest."""

    template_fields = ("work",)

    def __init__(
        self,
        *,
        approval: str,
        role: str,
        work: Any,
        only_on_hold: bool = False,
        distinct_from: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.approval = approval
        self.role = role
        self.work = work
        self.only_on_hold = only_on_hold
        self.distinct_from = distinct_from
        self.work_of = task_of(work)

    def execute(self, context: Any) -> Any:
        """Record inside the task boundary."""
        return contained(lambda: self._request(context))

    def has_work(self, result: Mapping[str, Any]) -> bool:
        """Whether there is something to ask: a gate that passed asks nobody."""
        return not (self.only_on_hold and result.get("gate_result") == PASSED)

    def _request(self, context: Any) -> dict[str, Any]:
        work = collect_work(self.work)
        if self.only_on_hold and work.get("gate_result") != HOLD:
            raise AirflowSkipException
        ws = open_workspace(context)
        artefact = artefact_of(work)
        ws.for_purpose(PURPOSE).read_bytes(artefact)  # present, whole, and ours
        key = key_of(context, self.approval)
        codes = {"role": self.role, "kind": artefact.kind, "ask": f"ask_{self.approval}"}
        if self.only_on_hold:
            codes["reason_required"] = "yes"
        if self.distinct_from:
            codes["distinct_from"] = key_of(context, self.distinct_from)
        counts = {name: int(value) for name, value in (work.get("counts") or {}).items()}
        event = ws.record("approval_requested", key, counts=counts, codes=codes, refs={"artefact": artefact})
        if event.refs["artefact"] != artefact.to_json():
            raise KanshoError(
                "APPROVAL-STALE",
                "同じ実行で別の対象の承認が求められています",
                place=key,
                remedy="新しい実行で承認を求めてください",
            )
        return {"key": key, "role": self.role, "artefact": artefact.to_json(), "counts": counts}


class AskOperator(HITLOperator):
    """Ask the users of a role; the form holds codes, counts and a link to the desk."""

    template_fields = ("request",)

    def __init__(self, *, request: Any, title: str, role: str, **kwargs: Any) -> None:
        super().__init__(
            subject=title,
            options=list(OPTIONS),
            params={"reason": Param("none", type="string", enum=list(REASONS), title="理由コード")},
            **kwargs,
        )
        self.request = request
        self.title = title
        self.role = role

    def execute(self, context: Any) -> Any:
        """Put the question and park."""
        contained(lambda: self._compose(context))
        return super().execute(context)

    def _compose(self, context: Any) -> None:
        request = collect_work(self.request)
        if open_workspace(context).ledger.find("approval_voided", request["key"]) is not None:
            raise _timed_out(request["key"])  # cleared by hand: what has timed out is not asked again
        campaign_id = settings.campaign_id_of(context["dag"].dag_id)
        self.subject = f"{self.title} [{campaign_id}]"
        self.body = question(campaign_id, request)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Take the answer to the ledger, reduced to codes; a timeout fails."""
        return contained(lambda: self._answered(context, event))

    def _answered(self, context: Any, event: Mapping[str, Any]) -> dict[str, Any]:
        request = collect_work(self.request)
        ws = open_workspace(context)
        if "error" in event or not event.get("responded_by_user"):
            ws.record("approval_voided", request["key"], codes={"reason": "timeout"})
            raise _timed_out(request["key"])
        user = str(event["responded_by_user"]["name"])
        handler = bound_config(ws).handler_of_user(user)
        if handler is None:
            raise KanshoError("APPROVAL-USER", "取扱者として登録されていない利用者です", place=request["key"])
        decision = decision_of_options(event["chosen_options"])
        reason = reason_code(event.get("params_input") or {})
        actor = Actor(handler.party, user, handler.role.value if handler.role else "none")
        answered_at = event["responded_at"].isoformat()
        ws.acting_as(actor).record(
            "approval_answered",
            f"{request['key']}/{context['ti'].try_number}",
            codes={"decision": decision, "reason": reason, "answered_at": answered_at},
        )
        return {"key": request["key"], "decision": decision, "reason": reason}


class GuardOperator(BaseOperator):
    """Pass the work on only when the approval counts; record the decision either way."""

    template_fields = ("work",)

    def __init__(self, *, approval: str, work: Any, only_on_hold: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.approval = approval
        self.work = work
        self.only_on_hold = only_on_hold

    def execute(self, context: Any) -> Any:
        """Check inside the task boundary."""
        return contained(lambda: self._guard(context))

    def _guard(self, context: Any) -> dict[str, Any]:
        work = collect_work(self.work)
        result = work.get("gate_result")
        if self.only_on_hold and result == PASSED:
            return work
        if self.only_on_hold and result != HOLD:
            raise KanshoError(
                "GATE-STOPPED",
                "検証を通りませんでした",
                place=self.approval,
                remedy="台帳の gate_evaluated で規則を確認してください",
            )
        ws = open_workspace(context)
        key = key_of(context, self.approval)
        made = check_decision(ws.ledger.events(), key, bound_config(ws), digest_now=digest_now(ws, artefact_of(work)))
        actor = Actor(made.party, made.user, made.role.value)
        decided = ws.acting_as(actor).record(
            "approval_decided", key, codes={"decision": made.code, "reason": made.reason}, refs={"digest": made.digest}
        )
        if decided.codes["decision"] != "approve" or not made.approved:
            raise KanshoError(
                "APPROVAL-REJECTED",
                "差戻しになりました",
                place=key,
                remedy="理由を確認し、直してから新しい実行で承認を求めてください",
            )
        return work


def _timed_out(key: str) -> KanshoError:
    return KanshoError(
        "APPROVAL-TIMEOUT",
        "期限までに回答がありませんでした",
        place=key,
        remedy="新しい実行で承認を求めてください",
    )


def key_of(context: Any, name: str) -> str:
    """Ledger key of this run's request of that name."""
    ti = context["ti"]
    index = -1 if ti.map_index is None else ti.map_index
    return request_key(ti.dag_id, ti.run_id, name, index)


def artefact_of(work: Mapping[str, Any]) -> SnapshotRef:
    """What is to be approved.

    Raises:
        KanshoError: ``APPROVAL-NO-ARTEFACT``: nobody approves nothing.
    """
    value = work.get("artefact")
    if not isinstance(value, Mapping) or set(value) != {"kind", "key", "digest", "rows"}:
        raise KanshoError("APPROVAL-NO-ARTEFACT", "承認の対象がありません", place="artefact")
    return SnapshotRef.from_json(value)


def digest_now(ws: Workspace, artefact: SnapshotRef) -> str:
    """The artefact's digest as the vault holds it now; empty when gone, changed or not registered."""
    registered = ws.find(artefact.kind, artefact.key)
    if registered is None or registered.digest != artefact.digest:
        return ""
    try:
        ws.for_purpose(PURPOSE).read_bytes(artefact)
    except KanshoError:
        return ""
    return artefact.digest


def question(campaign_id: str, request: Mapping[str, Any]) -> str:
    """The form's text: codes, counts and the way to the desk; nothing of a person."""
    counts = "\n".join(f"| {count_word(name)} | {value:,} |" for name, value in request["counts"].items())
    table = f"\n\n| 項目 | 件数 |\n| --- | ---: |\n{counts}" if counts else ""
    return (
        f"**[承認ページで対象を開く]({desk_path(campaign_id, request['key'])})**"
        "　すべて（最後のページまで）開いてから回答してください。\n\n"
        f"- 対象の版: `{request['artefact']['key']}`\n"
        f"- ダイジェスト: `{request['artefact']['digest'][:16]}`\n"
        f"- 回答する役割: {ROLE_WORDS[Role(request['role'])]}{table}"
    )


def assigned_users(campaign_id: str, role: Role) -> list[dict[str, str]]:
    """The users of a role, as the form's assignees.

    Raises:
        KanshoError: ``APPROVAL-NOBODY``: without assignees Airflow would let anybody answer.
    """
    users = [handler.user for handler in settings.people(campaign_id).users(role) if handler.user]
    if not users:
        raise KanshoError(
            "APPROVAL-NOBODY",
            "no handler signs in with this role",
            place=f"{campaign_id}.{role.value}",
            remedy="add one",
        )
    return [{"id": user, "name": user} for user in users]
