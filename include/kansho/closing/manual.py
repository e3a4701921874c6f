"""What no program erases: media, paper, 丙's machines, backups, copies of keys.  People do, and say how (P11).

Belongs here: which targets there are (derived from ledger and config), asking for them, and closing one: who, when,
where, how, before whom, with which paper.  Does not belong here: the form of a slip (`kansho.exchange.slips`), or the
plan that names the targets (`kansho.closing.erasure`).

Whose word closes what: 甲's slip what goes back to 甲, a 丙's certificate its machines, and of all else the slip of who
holds it, or a person of 乙 who enters it.  A paper is always seen: its digest is of bytes that lay here.

States of a target: open → closed, once; what the plan names must be closed before anything is certified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kansho.campaign.config import CampaignConfig, Handler
from kansho.campaign.rights import Role
from kansho.closing.packing import is_readable_pdf
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.closing_rules import arrived_last
from kansho.evidence.events import Event
from kansho.evidence.hand_rules import RETURNED_CARDS, VISIT_SHEETS, of_deed
from kansho.evidence.methods import BY_HAND_OF, PRESENT, RETURN, WITNESSED
from kansho.exchange.custody import cards_missing
from kansho.exchange.papers import read_paper
from kansho.exchange.refused import refusal_told
from kansho.exchange.slips import Asked, AskedList, Slip, TargetKind, slips_folder, write_asked
from kansho.leaving import is_registered
from kansho.workspace import Workspace

#: Who of 乙 enters a deed by hand.
MAY_ENTER = frozenset({Role.CONTRACTOR_MANAGER.value, Role.CONTRACTOR_STAFF.value})
#: Names in Japanese, for papers and the command line.
KIND_NAMES = {"medium": "媒体", "paper": "紙", "pc": "再委託先の端末等", "backup": "控え", "key_copy": "鍵の写し"}


@dataclass(frozen=True)
class Target:
    """One thing that people erase or return; ``asked`` is the party whose word closes it, ``items`` how many pieces."""

    key: str
    kind: TargetKind
    holder: str
    asked: str
    items: int


def manual_targets(events: Sequence[Event], config: CampaignConfig) -> tuple[Target, ...]:
    """Every target of the campaign so far, open or closed, in the order media, paper, 丙, declared.

    甲 receipts what is returned to it (media, returned cards); 丙's machines are closed by its certificate.  Paper that
    came after a deed is a target of its own (``…/n2``), so that none of it is taken for gone with the first.
    """
    ward, own = config.ward_party.id, config.contractor.id
    found = [Target(f"medium/{e.key}", "medium", own, ward, 1) for e in events if e.type == "medium_registered"]
    cards = sum(e.counts.get("returned", 0) for e in events if e.type == "returns_recorded")
    sheets = sum(e.counts.get("sheets", 0) for e in events if e.type == "sheets_in")
    found += _paper(events, RETURNED_CARDS, cards, own, ward)
    found += _paper(events, VISIT_SHEETS, sheets, own, own)
    handed = [e.codes.get("party", "") for e in events if e.type == "package_handed_over"]
    found += [Target(f"party/{p.id}", "pc", p.id, p.id, handed.count(p.id)) for p in config.subcontractors]
    found += [Target(f"hand/{h.id}", h.kind, h.holder, h.holder, 1) for h in config.closing.by_hand]
    return tuple(found)


def _paper(events: Sequence[Event], target: str, arrived: int, holder: str, asked: str) -> list[Target]:
    """Each deed so far with its pieces, and as one more what is left of all that arrived."""
    deeds = [e for e in events if e.type == "manual_target_closed" and of_deed(e.key) == target]
    pieces = [deed.counts.get("items", 0) for deed in deeds]
    if arrived > sum(pieces):
        pieces.append(arrived - sum(pieces))
    return [
        Target(target if n == 1 else f"{target}/n{n}", "paper", holder, asked, items)
        for n, items in enumerate(pieces, start=1)
    ]


def open_targets(ws: Workspace) -> tuple[Target, ...]:
    """Targets that nobody has closed."""
    closed = {e.key for e in ws.ledger.events("manual_target_closed")}
    return tuple(t for t in manual_targets(ws.ledger.events(), ws.config) if t.key not in closed)


def ask_parties(ws: Workspace) -> None:
    """Put the list of what is asked of it into each party's letter box; written anew as targets come and go."""
    wanted = open_targets(ws)
    for party in ws.config.parties:
        mine = tuple(Asked(target=t.key, kind=t.kind) for t in wanted if t.asked == party.id and t.kind != "pc")
        write_asked(ws.layout.received(party.id), AskedList(campaign=ws.config.id, targets=mine))


def take_slips(ws: Workspace) -> int:
    """Take in every slip that parties have put out and that closes something open; how many targets were closed.

    A party closes what is asked of it only: what goes back to 甲 is receipted by 甲's own slip.

    Raises:
        KanshoError: ``PAPER-FORM``, ``CLOSING-MANUAL`` or ``CLOSING-MANUAL-UNKNOWN`` for a slip that does not fit,
            after event ``paper_refused``.
    """
    closed = 0
    for party in ws.config.parties:
        folder = slips_folder(ws.layout.outgoing(party.id))
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            with refusal_told(ws, party.id, path):
                closed += _take_slip(ws, party.id, path)
    return closed


def _take_slip(ws: Workspace, party: str, path: Path) -> int:
    slip = read_paper(path, Slip)
    waiting = {t.key: t.asked for t in open_targets(ws)}
    if slip is None:
        return 0
    if not waiting.keys() & set(slip.targets):
        paper = path.with_suffix(".pdf")
        _require_no_more(ws, slip, sha256(paper.read_bytes()) if paper.is_file() else "")
        return 0
    if any(waiting.get(key, party) != party for key in slip.targets):
        raise _refusal("その相手が記録するものではない対象です", path.name)
    paper = path.with_suffix(".pdf")
    if not paper.is_file():
        raise _refusal("記録に書類が添付されていません", path.name)
    return len(close_targets(ws, slip, party, paper.read_bytes()))


def enter_by_hand(ws: Workspace, slip: Slip, document: bytes) -> list[Event]:
    """Close targets by the word of the person at work; see `close_targets`.

    Raises:
        KanshoError: as `close_targets`; ``CLOSING-MANUAL`` also when the actor is no person of 乙 who may, and for
            what another party's own slip or certificate closes.
    """
    own = ws.config.contractor.id
    if ws.actor.party != own or ws.actor.role not in MAY_ENTER or not _may_act(ws):
        raise _refusal("手で登録できるのは、受託者の取扱責任者又は取扱者です", ws.actor.user)
    return close_targets(ws, slip, own, document)


def close_targets(ws: Workspace, slip: Slip, party: str, document: bytes, *, kept_as: str | None = None) -> list[Event]:
    """Close targets as one deed; a target that is closed already stays as it was closed.

    Args:
        ws: the campaign at work.
        slip: what was done.
        party: whose word it is.
        document: the signed paper, which must name no resident: it is issued with the evidence.
        kept_as: name of the document as which its bytes were issued before, where they were.

    Raises:
        KanshoError: ``CLOSING-MANUAL-UNKNOWN`` for a target that the inventory does not know; ``CLOSING-MANUAL`` when
            party, people, place, day, method or document do not fit.
    """
    known = {t.key: t for t in manual_targets(ws.ledger.events(), ws.config)}
    for key in slip.targets:
        if key not in known:
            raise KanshoError(
                "CLOSING-MANUAL-UNKNOWN", "棚卸しにない対象です", place=key, remedy="kansho close inventory で確認"
            )
    if RETURNED_CARDS in map(of_deed, slip.targets) and cards_missing(ws.ledger.events()):
        raise _refusal("返戻はがきの枚数が授受簿と合いません", RETURNED_CARDS)
    _require_no_more(ws, slip, sha256(document))
    by, witness = _people(ws, slip)
    for target in (known[key] for key in slip.targets):
        _require_word(ws, target, party)
        _require_returned(ws, target, slip)
        if slip.on.isoformat() < arrived_last(ws.ledger.events(), target.key):
            raise _refusal("実施日が、対象を受け取った日より前です", target.key)
    name, digest = _document(ws, document, kept_as)
    return [_close(ws, known[key], slip, by, witness, name, digest) for key in slip.targets]


def _close(ws: Workspace, target: Target, slip: Slip, by: Handler, witness: Handler, name: str, digest: str) -> Event:
    said = {"method": slip.method, "on": slip.on.isoformat(), "place": slip.place}
    codes = {**said, "kind": target.kind, "holder": target.holder, "by": by.id, "witness": witness.id}
    if target.kind == "medium":
        key = target.key.partition("/")[2]
        registered = ws.ledger.find("medium_registered", key)
        ws.record("medium_returned", key, codes={**(registered.codes if registered else {}), "to": target.asked})
    # Last: a target that is closed is not looked at again.
    return ws.record(
        "manual_target_closed",
        target.key,
        counts={"items": target.items},
        codes={**codes, "found": PRESENT, "verified": WITNESSED, "document": name},
        refs={"sha256": digest},
        names={"by": by.name, "witness": witness.name},
    )


def _people(ws: Workspace, slip: Slip) -> tuple[Handler, Handler]:
    handlers = {h.id: h for h in ws.config.handlers}
    if slip.by not in handlers or slip.witness not in handlers:
        raise _refusal("実施者・立会者が登録された取扱者ではありません", slip.targets[0])
    by, witness = handlers[slip.by], handlers[slip.witness]
    if by.id == witness.id or (by.user is not None and by.user == witness.user):
        raise _refusal("実施者と立会者は別の人にしてください", slip.targets[0])
    if not all(is_registered(ws, h.id, slip.on) for h in (by, witness) if h.party == ws.config.contractor.id):
        raise _refusal("実施者・立会者の取扱者としての登録が、実施日にありません", slip.targets[0])
    if slip.place not in {p.id for p in ws.config.places}:
        raise _refusal("指定された場所ではありません (P14)", slip.targets[0])
    if not ws.config.contract.start <= slip.on <= ws.today:
        raise _refusal("実施日が正しくありません", slip.targets[0])
    return by, witness


def _require_no_more(ws: Workspace, slip: Slip, digest: str) -> None:
    """A closed target named again by another paper, while more of it is there: that deed must name what is there."""
    closed = {e.key: e.refs.get("sha256") for e in ws.ledger.events("manual_target_closed")}
    waiting = {of_deed(t.key): t.key for t in open_targets(ws)}
    for key in slip.targets:
        if closed.get(key, digest) != digest and of_deed(key) in waiting:
            raise _refusal(f"完了した対象です。その後に届いた分は {waiting[of_deed(key)]} として記録してください", key)


def _may_act(ws: Workspace) -> bool:
    """Whether the actor is a handler who is registered today."""
    handler = ws.config.handler_of_user(ws.actor.user)
    return handler is not None and is_registered(ws, handler.id, ws.today)


def _require_word(ws: Workspace, target: Target, party: str) -> None:
    """What goes back to 甲 closes by 甲's slip, a 丙's machines by its certificate; 乙 may enter what else 丙 did."""
    entered = party == ws.config.contractor.id and target.asked != ws.config.ward_party.id and target.kind != "pc"
    if party != target.asked and not entered:
        raise _refusal("区へ返すものは区の記録で、再委託先の端末等は消去証明書で完了します", target.key)


def _require_returned(ws: Workspace, target: Target, slip: Slip) -> None:
    """What 甲 provided, and mail that came back, goes to 甲: it receipts, and nobody destroys it instead.

    A 丙's machines are erased by one of its own (P12).
    """
    party = {h.id: h.party for h in ws.config.handlers}
    if target.key.startswith("party/") and party[slip.by] != target.holder:
        raise _refusal("再委託先の取扱者が実施したものではありません", target.key)
    wants_return = target.asked == ws.config.ward_party.id
    if wants_return and (slip.method != RETURN or party[slip.witness] != target.asked):
        raise _refusal("区へ返却し、区の受領を記録してください", target.key)
    if not wants_return and slip.method == RETURN and target.kind != "pc":
        raise _refusal("返却する相手のない対象です", target.key)
    if slip.method not in BY_HAND_OF[target.kind]:
        raise _refusal("その種類の対象を消去できる方法ではありません", target.key)


def _document(ws: Workspace, document: bytes, kept_as: str | None) -> tuple[str, str]:
    """What the event names the paper by, and the digest of its bytes."""
    if not is_readable_pdf(document):  # the residue scan could never look into it
        raise _refusal("書類のPDFを開けません（破損・暗号化、又は大きさの上限超過）", "document")
    digest = sha256(document)
    if kept_as is not None:
        issued = ws.ledger.find("document_issued", kept_as)
        if issued is None or issued.refs["sha256"] != digest:
            raise _refusal("書類が、発行した文書と一致しません", kept_as)
        return f"held:{ws.config.contractor.id}", digest
    name = f"documents/closing/{digest[:16]}.pdf"
    ws.issue_document(name, document, title="消去・返却の記録", kind="closing_slip")
    return name, digest


def _refusal(message: str, place: str) -> KanshoError:
    return KanshoError("CLOSING-MANUAL", message, place=place, remedy="記録を直して、もう一度登録してください")
