"""The rules of an approval, as pure functions over ledger events: every doubt fails closed.

Belongs here: what a request is, what an answer is, and when an answer counts.  Does not belong
here: Airflow, the desk, or how an answer travelled (`kansho_airflow.approvals` brings it here).

States of one request, all of them ledger facts:

    approval_requested ──answer──> approval_answered ──guard──> approval_decided approve | reject
          │                             │
          ├── artefact_opened ──────────┘   (by the same user, before the answer, every page of it)
          └── approval_voided               (nobody answered in time)

One request is decided once, and never after it was voided.  A new decision needs a new request, that is, a new run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.decision_rules import REASONS
from kansho.evidence.events import Event
from kansho.evidence.openings import left_out, openings

APPROVE = "approve"
REJECT = "reject"
INVALID = "invalid"

#: What the person chooses in the form → the code the ledger holds.
OPTIONS: dict[str, str] = {"承認": APPROVE, "差戻し": REJECT}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}\Z")


@dataclass(frozen=True)
class Request:
    """What is asked of whom.

    Args:
        key: ``<dag_id>/<run_id>/<name>``, the key of the ``approval_requested`` event.
        role: whose users may answer.
        digest: digest of the artefact that the request binds.
        reason_required: an approval without a reason code does not count (gate decisions).
        distinct_from: key of another request whose approver must be another user in another role.
    """

    key: str
    role: Role
    digest: str
    reason_required: bool = False
    distinct_from: str | None = None

    @classmethod
    def from_event(cls, event: Event) -> Request:
        """The request that an ``approval_requested`` event holds."""
        return cls(
            key=event.key,
            role=Role(event.codes["role"]),
            digest=event.refs["artefact"]["digest"],
            reason_required=event.codes.get("reason_required") == "yes",
            distinct_from=event.codes.get("distinct_from") or None,
        )


@dataclass(frozen=True)
class Answer:
    """What a person answered; ``answered_at`` is the real clock, ISO with offset."""

    user: str
    decision: str
    reason: str
    answered_at: str

    @classmethod
    def from_event(cls, event: Event) -> Answer:
        """The answer that an ``approval_answered`` event holds."""
        codes = event.codes
        return cls(event.actor["user"], codes["decision"], codes["reason"], codes["answered_at"])


@dataclass(frozen=True)
class Decision:
    """A decision that counts: who, in which role and for which party, over which digest."""

    approved: bool
    user: str
    role: Role
    party: str
    reason: str
    digest: str

    @property
    def code(self) -> str:
        """``approve`` or ``reject``."""
        return APPROVE if self.approved else REJECT


def request_key(dag_id: str, run_id: str, name: str, map_index: int = -1) -> str:
    """Ledger key of a request; a mapped approval carries its index after a dot."""
    if not _NAME.match(name):
        raise KanshoError("APPROVAL-NAME", "承認の名前に使えない文字があります", place="approval")
    return f"{dag_id}/{run_id}/{name}" + (f".{map_index}" if map_index >= 0 else "")


def decision_of_options(chosen: Iterable[object]) -> str:
    """The code of what was chosen: exactly one known option, else ``invalid``."""
    codes = [OPTIONS.get(str(option), INVALID) for option in chosen]
    return codes[0] if len(codes) == 1 else INVALID


def reason_code(params: Mapping[str, object]) -> str:
    """The reason of a form's input: a known code, ``none`` when absent, else ``invalid``."""
    value = params.get("reason", "none")
    return str(value) if value in REASONS else INVALID


def latest_answer(events: Iterable[Event], key: str) -> Answer | None:
    """The newest recorded answer to a request."""
    found = [e for e in events if e.type == "approval_answered" and e.key.rpartition("/")[0] == key]
    return Answer.from_event(found[-1]) if found else None


def check_decision(
    events: Iterable[Event],
    key: str,
    config: CampaignConfig,
    *,
    digest_now: str,
) -> Decision:
    """The decision on a request, or a refusal: fails closed.

    Args:
        events: the campaign's ledger.
        key: the request's key.
        config: names the users of each role.
        digest_now: digest of the artefact as the vault holds it at this moment; empty when it is gone.

    Returns:
        An approval, or a rejection by an allowed user (which the caller records, then raises).

    Raises:
        KanshoError: ``APPROVAL-NO-REQUEST``, ``-VOIDED`` (timed out), ``-NO-ANSWER`` (not answered, or marked
            by hand), ``-USER`` (not of the role), ``-OPTION``, ``-CHANGED``, ``-UNREAD`` (not opened in the
            desk before answering, every page of it), ``-REASON``, ``-FOUR-EYES``.
    """
    log = list(events)
    index = {(e.type, e.key): e for e in log}
    requested = index.get(("approval_requested", key))
    if requested is None:
        raise _fail("NO-REQUEST", "承認の依頼が台帳にありません", key, "最初からやり直してください")
    request = Request.from_event(requested)
    if ("approval_voided", key) in index:
        raise _fail("VOIDED", "期限切れで無効になった承認です", key, "新しい実行で承認を求めてください")
    answer = latest_answer(log, key)
    if answer is None:
        raise _fail(
            "NO-ANSWER",
            "回答の記録がありません（手動で成功にしましたか）",
            key,
            "新しい実行で承認を求めてください",
        )
    handler = config.handler_of_user(answer.user)
    if handler is None or handler.role is not request.role:
        raise _fail("USER", "この承認をできる役割の利用者ではありません", key, "割り当てられた利用者が回答してください")
    if answer.decision not in (APPROVE, REJECT):
        raise _fail("OPTION", "選択肢にない回答です", key, "新しい実行で承認を求めてください")
    made = Decision(answer.decision == APPROVE, answer.user, request.role, handler.party, answer.reason, request.digest)
    if not made.approved:
        return made
    if digest_now != request.digest:
        raise _fail("CHANGED", "承認を求めた後に対象が変わりました", key, "新しい実行で承認を求めてください")
    opened = openings(lambda type, of: index.get((type, of)), key, answer.user)
    gaps = left_out((e for e in opened if _opened_before(e, answer)), requested.refs["artefact"], answer.user)
    if gaps is None or gaps:
        raise _fail(
            "UNREAD",
            "回答した人が回答の前に対象を終わりまで開いた記録がありません",
            key,
            "承認ページで対象をすべて（最後のページまで）開いてから回答してください",
        )
    if answer.reason == INVALID or (request.reason_required and answer.reason == "none"):
        raise _fail("REASON", "理由コードがありません", key, "理由コードを選んで回答してください")
    if request.distinct_from is not None:
        _require_other_eyes(index.get(("approval_decided", request.distinct_from)), made, key)
    return made


def unapproved(events: Iterable[Event], run: str) -> list[str]:
    """Names of the requests of a run (``<dag_id>/<run_id>``) that no approval closed, in order."""
    log = [e for e in events if e.key.rpartition("/")[0] == run]
    approved = {e.key for e in log if e.type == "approval_decided" and e.codes.get("decision") == APPROVE}
    return [e.key.rpartition("/")[2] for e in log if e.type == "approval_requested" and e.key not in approved]


def _opened_before(opened: Event, answer: Answer) -> bool:
    try:
        return datetime.fromisoformat(opened.recorded_at) <= datetime.fromisoformat(answer.answered_at)
    except (ValueError, TypeError):
        return False


def _require_other_eyes(other: Event | None, made: Decision, key: str) -> None:
    if other is None or other.codes.get("decision") != APPROVE:
        raise _fail("FOUR-EYES", "もう一方の承認がまだありません", key, "もう一方の承認を先に済ませてください")
    if other.actor["user"] == made.user or other.actor["role"] == made.role.value:
        raise _fail("FOUR-EYES", "二つの承認は別の役割の別の人が行います", key, "別の人が回答してください")
    if other.refs.get("digest") != made.digest:
        raise _fail("FOUR-EYES", "二つの承認の対象が違います", key, "新しい実行で承認を求めてください")


def _fail(code: str, message: str, key: str, remedy: str) -> KanshoError:
    return KanshoError(f"APPROVAL-{code}", message, place=key, remedy=remedy)
