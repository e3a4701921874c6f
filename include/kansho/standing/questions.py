"""The trace of a question about one person, by number: who asked, when, how often; never about whom.

Belongs here: the event before the answer, and how many questions a day are one user's.  Does not belong here: who may
ask what, or the answers.  The ledger holds a keyed digest of the number, never the number: whoever suspects a misuse
can ask about a person, nobody can read off who was asked about.
"""

from __future__ import annotations

import hashlib
import hmac

from kansho.errors import KanshoError
from kansho.workspace import Workspace

#: Questions of one user on one campaign day; a call centre's operator answers some sixty calls a day.
A_DAY = 120


def record_question(ws: Workspace, number: str, known: bool, *, about: str = "") -> None:
    """One event ``number_looked_up`` for each question of the workspace's actor, also when two come at once.

    Args:
        ws: acting as the person who asks.
        number: well-formed.
        known: whether there is an answer.
        about: what was asked, as a code; nothing for a caller's standing.

    Raises:
        KanshoError: ``DESK-LOOKUPS`` when the user has asked too often today.
    """
    user = ws.actor.user
    mine = [e for e in ws.ledger.events("number_looked_up") if e.actor["user"] == user]
    if sum(e.campaign_date == ws.today.isoformat() for e in mine) >= A_DAY:
        raise KanshoError(
            "DESK-LOOKUPS",
            "本日の照会の上限に達しました",
            place=user,
            remedy="取扱責任者に連絡してください",
        )
    mark = hmac.new(ws.keyring.get("hmac"), b"look-up\x1f" + number.encode(), hashlib.sha256).hexdigest()[:16]
    codes = {"mark": mark, "known": "yes" if known else "no"} | ({"about": about} if about else {})
    count = len(mine)
    while True:
        count += 1
        key = f"{user}/{count}"
        taken = ws.ledger.find("number_looked_up", key)
        if taken is None and ws.record("number_looked_up", key, codes=codes).codes == codes:
            return
