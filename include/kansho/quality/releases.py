"""The gate before something is approved and leaves: rules of the room that made it, one verdict, one event and page.

Belongs here: recording the verdict and failing closed.  Does not belong here: the rules, which the rooms know.
"""

from __future__ import annotations

from collections.abc import Mapping

from kansho.errors import KanshoError
from kansho.quality.pages import issue_gate_page
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace


def judge(ws: Workspace, gate: str, subject: str, rows: int, broken: Mapping[str, int], *, of: SnapshotRef) -> str:
    """Record ``gate_evaluated`` (key ``<gate>/<subject>``) and issue its page.

    Args:
        ws: the campaign at work.
        gate: its name (`kansho.quality.gate_words.GATES`).
        subject: what is checked.
        rows: how many rows it has.
        broken: rule → rows that break it; 0 where it was asked and found nothing.
        of: the snapshot that was checked.

    Returns:
        The broken rules, ``name:rows|…``, of this run or of the recorded one; '' only when both passed.
    """
    failed = "|".join(f"{rule}:{n}" for rule, n in broken.items() if n)
    event = ws.record(
        "gate_evaluated",
        f"{gate}/{subject}",
        counts={"rows": rows, "accepted": 0 if failed else rows, "quarantined": 0},
        codes={"gate": gate, "result": "stop" if failed else "pass", "rules": failed},
        refs={"checked": of},
    )
    issue_gate_page(ws, event)
    return failed or event.codes["rules"]


def require_passed(ws: Workspace, gate: str, subject: str) -> None:
    """Refuse what no passed gate stands before.

    Raises:
        KanshoError: ``GATE-ABSENT``.
    """
    found = ws.ledger.find("gate_evaluated", f"{gate}/{subject}")
    if found is None or found.codes["result"] != "pass":
        raise KanshoError(
            "GATE-ABSENT", "検査を通っていません", place=f"{gate}/{subject}", remedy="検査からやり直してください"
        )


def was_stopped(ws: Workspace, gate: str, subject: str) -> bool:
    """Whether the gate stopped it: it will not pass any more, another must be made."""
    found = ws.ledger.find("gate_evaluated", f"{gate}/{subject}")
    return found is not None and found.codes["result"] == "stop"
