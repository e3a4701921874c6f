"""ご指摘: what a person writes about the very thing they are asked to approve; the words lie in the vault alone.

Belongs here: leaving and reading comments.  Does not belong here: the answer itself (`kansho.evidence.approvals`),
which holds a reason code and no prose.  The ledger knows who wrote how much about what, and the digest of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.exchange.words import holds_odd_characters, keep_words, tidied
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "comment"
#: Characters of one comment.
LONGEST = 2_000


@dataclass(frozen=True)
class Comment:
    """One comment: who (user, role), on which campaign day, about which artefact, and the words."""

    of: str
    user: str
    role: str
    on: str
    text: str


def leave_comment(ws: Workspace, asked: Event, text: str) -> Event:
    """Keep a comment on the artefact of a request: kind ``comment``, event ``comment_left`` (P8).

    The same words of the same person on the same artefact are one comment, however often they are sent.

    Args:
        ws: the campaign, as the person who writes.
        asked: ``approval_requested``.
        text: plain text; line breaks are kept.

    Raises:
        KanshoError: ``COMMENT-EMPTY``, ``COMMENT-LONG``, ``COMMENT-CHARACTER``; none of them quotes the text.
    """
    said = _checked(text)
    artefact = SnapshotRef.from_json(asked.refs["artefact"])
    of = f"{artefact.kind}/{artefact.key}"
    for event in _left(ws, of):
        known = _read(ws, event)
        if known is not None and (known.user, known.text) == (ws.actor.user, said):
            return event
    # The writer is in the key: two people who write at the same moment do not take one another's place.
    prefix = f"{artefact.kind}-{artefact.key}-{ws.actor.user}-"
    ref, number = keep_words(ws, KIND, prefix, said, [artefact])
    return ws.record(
        "comment_left",
        f"{of}/{ws.actor.user}/{number:03d}",
        counts={"characters": len(said)},
        codes={"of": of},
        refs={"comment": ref, "artefact": artefact},
    )


def comments_on(ws: Workspace, of: str) -> tuple[Comment, ...]:
    """The comments on an artefact (``<kind>/<key>``), oldest first; those whose words are erased are left out."""
    return tuple(found for event in _left(ws, of) if (found := _read(ws, event)) is not None)


def every_comment(ws: Workspace) -> tuple[Comment, ...]:
    """All comments of the year, in the order in which they were left; those whose words are erased are left out."""
    return tuple(found for event in ws.ledger.events("comment_left") if (found := _read(ws, event)) is not None)


def _left(ws: Workspace, of: str) -> list[Event]:
    return [e for e in ws.ledger.events("comment_left") if e.codes.get("of") == of]


def _read(ws: Workspace, event: Event) -> Comment | None:
    ref = SnapshotRef.from_json(event.refs["comment"])
    if ws.find(ref.kind, ref.key) is None:
        return None
    body = json.loads(ws.read_bytes(ref))
    return Comment(event.codes["of"], body["user"], body["role"], body["on"], body["text"])


def _checked(text: str) -> str:
    said = tidied(text)
    if not said:
        raise KanshoError("COMMENT-EMPTY", "ご指摘が空です", place="comment", remedy="内容を書いてください")
    if len(said) > LONGEST:
        raise KanshoError(
            "COMMENT-LONG",
            f"ご指摘が長すぎます（{LONGEST:,}字まで）",
            place="comment",
            remedy="要点に絞るか、分けて書いてください",
        )
    if holds_odd_characters(said):
        raise KanshoError(
            "COMMENT-CHARACTER",
            "使えない文字が含まれています",
            place="comment",
            remedy="制御文字や外字を除いて書いてください",
        )
    return said
