"""The nine items of a 事故報告書 as the staff fill them: the words lie in the vault, the ledger knows who wrote them.

Belongs here: filling an item, reading what was filled, and refusing a 確報 while one is open.  Does not belong
here: what the ledger itself can say of an item (`incident_report`), or the way of a report (`incident`).

States of an item: empty (nobody could say yet) → draft (our own words, which a person has to confirm or replace) →
filled.  速報 goes out with open items and names them; 確報 does not.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping

from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.events import Actor, Event
from kansho.evidence.short import short
from kansho.exchange.words import holds_odd_characters, keep_words, tidied
from kansho.oversight.incident_report import ITEMS, nine_items, open_items
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "incident_item"
#: Purposes of reading: of people who fill, and of the look for residents in what they wrote.
PURPOSE, SCREENING = "incident_desk", "incident_text"
#: Who fills them.
FILLERS = frozenset({Role.CONTRACTOR_MANAGER.value, Role.CONTRACTOR_STAFF.value})
#: Characters of one item.
LONGEST = 2_000
#: Columns of the roster whose values no report may hold, and the shortest value that is looked for.
_PEOPLE: Mapping[str, int] = {"name_kanji": 3, "name_kana": 4, "address": 8, "phone": 9, "inquiry_number": 6}
_REMEDY = "住民の氏名・住所・電話番号・お問い合わせ番号を書かずに、制御文字や外字を除いた文にしてください"


def fill_item(ws: Workspace, incident: str, item: str, text: str) -> Event:
    """Keep what a person says about one item: kind ``incident_item``, event ``incident_item_filled`` (P9).

    Filled again, the newest counts; the former stays until the closing.  The report goes to 甲 and stands among the
    evidence, so nobody of the roster may be named in it.

    Args:
        ws: the campaign, as the person who writes.
        incident: key of an incident that is not closed.
        item: a code of `ITEMS`.
        text: plain text; line breaks are kept.

    Raises:
        KanshoError: ``INCIDENT-UNKNOWN``, ``INCIDENT-CLOSED``, ``INCIDENT-ITEM``, ``INCIDENT-ROLE``,
            ``INCIDENT-TEXT``, ``INCIDENT-TEXT-RESIDENT``; none of them quotes the text.
    """
    opened_one(ws, incident)
    if item not in ITEMS:
        raise KanshoError("INCIDENT-ITEM", "九つの項目にありません", place="item", remedy=" ".join(ITEMS))
    if ws.actor.role not in FILLERS:
        raise KanshoError(
            "INCIDENT-ROLE", "記載できる役割の人ではありません", place=ws.actor.user, remedy=" ".join(sorted(FILLERS))
        )
    said = _checked(text)
    _require_nobody(ws, said)
    # Keys of incidents may hold what a name in the vault must not.
    ref, number = keep_words(ws, KIND, f"{short(sha256(incident.encode()))}-{item}-", said)
    return ws.record(
        "incident_item_filled",
        f"{incident}/{item}/{number:03d}",
        counts={"characters": len(said)},
        codes={"incident": incident, "item": item},
        refs={"text": ref},
    )


def filled_items(ws: Workspace, incident: str) -> dict[str, str]:
    """Item → what was last filled in, as far as its words still exist."""
    found = {}
    for item, event in last_filled(ws.ledger.events(), incident).items():
        ref = SnapshotRef.from_json(event.refs["text"])
        if ws.find(ref.kind, ref.key) is not None:
            found[item] = str(json.loads(ws.read_bytes(ref))["text"])
    return found


def still_open(ws: Workspace, opened: Event) -> tuple[str, ...]:
    """Codes of the items that nobody filled or confirmed yet."""
    filled = filled_items(ws, opened.key)
    return tuple(i.code for i in open_items(nine_items(ws.config, ws.ledger.events(), opened, filled)))


def require_full(ws: Workspace, opened: Event) -> None:
    """Refuse a 確報 while an item is open.

    Raises:
        KanshoError: ``INCIDENT-ITEMS-EMPTY`` naming them.
    """
    empty = still_open(ws, opened)
    if empty:
        raise KanshoError(
            "INCIDENT-ITEMS-EMPTY",
            f"確報にできません。記載されていない項目：{'、'.join(ITEMS[code] for code in empty)}",
            place=opened.key,
            remedy=(
                f"承認デスクの「事故」、又は kansho incident fill {opened.key} ITEM で"
                f"記載してください（{' '.join(empty)}）"
            ),
        )


def opened_one(ws: Workspace, incident: str, *, closed_too: bool = False) -> Event:
    """The event that opened an incident.

    Raises:
        KanshoError: ``INCIDENT-UNKNOWN``, ``INCIDENT-CLOSED``.
    """
    opened = ws.ledger.find("incident_opened", incident)
    if opened is None:
        known = " ".join(e.key for e in ws.ledger.events("incident_opened"))[:200]
        raise KanshoError("INCIDENT-UNKNOWN", "記録のない事故です", place="incident", remedy=known)
    if not closed_too and ws.ledger.find("incident_closed", incident) is not None:
        raise KanshoError(
            "INCIDENT-CLOSED", "終結した事故です", place=incident, remedy="新しい事故として開始してください"
        )
    return opened


def last_filled(events: Iterable[Event], incident: str) -> dict[str, Event]:
    """Item → the event that filled it last: who wrote it, and when."""
    return {e.codes["item"]: e for e in events if e.type == "incident_item_filled" and e.codes["incident"] == incident}


def _checked(text: str) -> str:
    said = tidied(text)
    if not said or len(said) > LONGEST or holds_odd_characters(said):
        raise KanshoError(
            "INCIDENT-TEXT", f"記載が空か、{LONGEST:,}字を超えるか、使えない文字があります", remedy=_REMEDY
        )
    return said


def _require_nobody(ws: Workspace, said: str) -> None:
    """Nobody of the roster stands in the text, however it is spaced or wide: the report is kept with the evidence."""
    task = Actor(ws.config.contractor.id, "system", "system")  # the person who writes is shown nothing
    roster = ws.acting_as(task).for_purpose(SCREENING).read_all("roster", list(_PEOPLE))
    if roster is None:
        return
    plain = _plain(said)
    for column, shortest in _PEOPLE.items():
        values = {_plain(str(value)) for value in roster[column].dropna().unique()}
        if any(len(value) >= shortest and value in plain for value in values):
            raise KanshoError("INCIDENT-TEXT-RESIDENT", "住民の情報が含まれています", place=column, remedy=_REMEDY)


def _plain(text: str) -> str:
    """Without spaces and hyphens, in one width."""
    wide = unicodedata.normalize("NFKC", text)
    return "".join(c for c in wide if not c.isspace() and c not in "-‐－ー―")
