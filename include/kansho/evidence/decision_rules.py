"""Which decision releases what: by which role, on which thing, with which outcome.

Belongs here: the closed table of releases and pure rules over two events, for the offline verifier and whoever asks.
Does not belong here: whether a decision was properly made (`kansho.evidence.rules`, `kansho.evidence.approvals`).

| what is let through | the decision's artefact | its subject | role |
| --- | --- | --- | --- |
| rows behind a held gate (D1) | ``gate_summary`` | ids of deliveries, joined by dots | owner of the gates, by config |
| ``print_package`` (C6, P1) | ``proof`` | ``<wave>-r<revision>`` | ward_officer |
| ``call_list`` (C6) | ``call_list`` | the package | contractor_manager |
| ``visit_halves`` (P1, P2) | ``visit_list`` | the list; a package is one day of it | ward_officer |
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kansho.evidence.events import Event

#: Reason codes of the form (free text is typed in the desk); ``none`` is the form's default.
REASONS: tuple[str, ...] = (
    "none",
    "as_expected",
    "known_cause",
    "accepted_risk",
    "wrong_content",
    "wrong_layout",
    "wrong_counts",
    "not_agreed",
    "see_desk",
)
#: Kind of the thing decided on → the only role whose approval lets it out.
RELEASED_BY: Mapping[str, str] = {
    "proof": "ward_officer",
    "call_list": "contractor_manager",
    "visit_list": "ward_officer",
}
#: Kind of package → kind of the thing that was approved for it.
APPROVED_AS: Mapping[str, str] = {"print_package": "proof", "call_list": "call_list", "visit_halves": "visit_list"}
#: Roles that approve the plan of erasure, both of them (P11).
ERASES = frozenset({"ward_manager", "contractor_manager"})
#: The one thing that leaves in parts: a list of visits, one package for each day.  One word lets out one package else.
_BY_DAY = "visit_halves"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_REVISION = re.compile(r"-r[0-9]+\Z")


def by_role(asked: Event, decided: Event, role: str) -> bool:
    """Whether the request went to ``role``, and ``role`` approved."""
    return (
        asked.codes.get("role") == role
        and decided.actor.get("role") == role
        and decided.codes.get("decision") == "approve"
    )


def passes_gate(asked: Event, decided: Event, delivery: str, owner: str) -> bool:
    """Whether a decision lets a held gate's rows through: on its own summary, by its owner, with a known reason."""
    kind, key = _artefact(asked)
    return (
        kind == "gate_summary"
        and delivery in key.split(".")
        and asked.codes.get("reason_required") == "yes"
        and by_role(asked, decided, owner)
        and decided.codes.get("reason") in REASONS[1:]
    )


def is_about(asked: Event, kind: str, package: str) -> bool:
    """Whether a request was about the very thing that left as this package."""
    approved, subject = subject_of(asked)
    day = package.removeprefix(f"{subject}-") if kind == _BY_DAY else ""
    return approved == APPROVED_AS[kind] and (package == subject or _DAY.match(day) is not None)


def subject_of(asked: Event) -> tuple[str, str]:
    """Kind and name of what a request was about, whatever its revision."""
    kind, key = _artefact(asked)
    return kind, _REVISION.sub("", key)


def covers(subject: str, package: str) -> bool:
    """Whether a package is the subject or a part of it (``visit_1`` covers ``visit_1-2027-10-13``)."""
    return bool(subject) and (package == subject or re.match(re.escape(subject) + r"[-/.]", package) is not None)


def _artefact(asked: Event) -> tuple[str, str]:
    artefact = asked.refs.get("artefact")
    found = artefact if isinstance(artefact, Mapping) else {}
    return str(found.get("kind", "")), str(found.get("key", ""))
