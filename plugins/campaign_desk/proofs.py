"""The rounds of the proofs as the desk shows them: what changed, how each ended, what was said about it.

Belongs here: Japanese words for a round.  Does not belong here: rounds (`kansho.mailing.rounds`), comments
(`kansho.exchange.comments`) and routes (`app`).
"""

from __future__ import annotations

from dataclasses import dataclass

from campaign_desk.words import reason
from kansho.evidence.events import Event
from kansho.exchange.comments import Comment, comments_on
from kansho.mailing.rounds import rounds
from kansho.workspace import Workspace

_ENDS = {"": "回答待ち", "approve": "校了", "reject": "差戻し"}


@dataclass(frozen=True)
class Line:
    """One round: its name, day, digest, changed designs with passages, end with reason, and the comments."""

    name: str
    made_on: str
    digest: str
    changed: tuple[tuple[str, int], ...]
    first: bool
    end: str
    on: str
    comments: tuple[Comment, ...]


def proof_rounds(ws: Workspace) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """The name of each mailing that has a proof, with its rounds."""
    events = ws.ledger.events()
    found = []
    for wave in ws.config.waves.mailings:
        lines = tuple(
            Line(
                name=r.name,
                made_on=r.made_on,
                digest=r.digest,
                changed=tuple(sorted((name, n) for name, n in r.changed.items() if n)),
                first=r.number == 1,
                end=_ENDS[r.decision] + (f"（{reason(r.reason)}）" if r.decision == "reject" else ""),
                on=r.on,
                comments=comments_on(ws, f"proof/{r.key}"),
            )
            for r in rounds(events, wave.id)
        )
        if lines:
            found.append((wave.name, lines))
    return tuple(found)


def plan_comments(ws: Workspace) -> tuple[tuple[str, tuple[Comment, ...]], ...]:
    """Each plan about which something was said, with it."""
    keys = dict.fromkeys(e.codes["of"] for e in ws.ledger.events("comment_left"))
    of_plans = [of for of in keys if of.startswith("plan_document/")]
    return tuple((of.partition("/")[2], comments_on(ws, of)) for of in of_plans)


def artefact_name(asked: Event) -> str:
    """``<kind>/<key>`` of what a request is about."""
    artefact = asked.refs["artefact"]
    return f"{artefact['kind']}/{artefact['key']}"
