"""Cards that come back after the closing: handed to 甲 unopened, against a receipt, beside the evidence (P11).

Belongs here: numbered slips, receipts, and checking them.  Does not belong here: returned mail of the year
(`kansho.mailing`), which is registered and handed over before anything is erased.

The log ends with the certification, and the keys that opened personal data are gone: nothing here goes into the log,
and nobody's name is written down, only how many cards and when.  What signs a slip is the campaign's signing key, which
stays with the evidence; each slip holds the digest of the one before, so that none but the newest can be left out
unseen.  What shows that 甲 got the cards is 甲's: its stamp on the paper, of which we keep and sign the digest, or its
own signature over the slip, by the key with which it countersigned the log.

    outputs/late-mail/<campaign>/0001.json .sig .pdf      the slip, our signature, the paper to be stamped
                                 0001-receipt.json .sig   who received, when, and the digest of the stamped paper
                                 0001-receipt.pdf         the stamped paper
                                 0001-ward.sig            or 甲's own signature over 0001.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kansho.campaign.config import CampaignConfig, Handler
from kansho.closing.packing import is_readable_pdf
from kansho.closing.papers import document
from kansho.documents.model import Section, Table
from kansho.documents.render import render
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256, sign_detached, signature_holds
from kansho.evidence.events import canonical_json
from kansho.evidence.strict import read_json
from kansho.vault.disk import write_whole
from kansho.workspace import Workspace

FOLDER = "late-mail"
_SLIP = re.compile(r"(\d{4})\.json\Z")


@dataclass(frozen=True)
class LateMail:
    """What came back after the closing: how many cards, from which day to which, handed over when and by whom."""

    cards: int
    first: date
    last: date
    on: date
    by: str


@dataclass(frozen=True)
class Problem:
    """Something about a slip that does not hold; ``open`` is what only waits for 甲."""

    slip: str
    what: str
    open: bool = False


def make_slip(ws: Workspace, said: LateMail, today: date) -> Path:
    """Write the next slip, or give the one again that says the same; returns the paper.

    Args:
        ws: the campaign.
        said: what came back.
        today: the real day; a slip is not made for a day to come.

    Raises:
        KanshoError: ``LATE-MAIL-EARLY`` while mail is still registered in the ordinary way, ``LATE-MAIL-FORM`` when
            days, number or person do not fit.
    """
    ws.ledger.confirm()
    if not any(ws.ledger.events(ended) for ended in ("keys_destroyed", "key_deletion_scheduled")):
        raise KanshoError(
            "LATE-MAIL-EARLY",
            "保管庫の消去の前です",
            place=ws.config.id,
            remedy="消去までに届いた返戻はがきは、通常どおり登録して引き渡してください",
        )
    by = _handler(ws.config, said.by, ws.config.contractor.id)
    if said.cards < 1 or not said.first <= said.last <= said.on or (said.on > today and not ws.is_simulation):
        raise _refusal("枚数又は日付が正しくありません", str(said.cards))
    folder = folder_of(ws)
    before = sorted(p for p in folder.glob("*.json") if _SLIP.match(p.name))
    told = {
        "cards": said.cards,
        "came_back": {"first": said.first.isoformat(), "last": said.last.isoformat()},
        "handed_over": {"on": said.on.isoformat(), "by": by.id, "name": by.name, "to": ws.config.ward_party.id},
    }
    for path in before:
        known = _read(path.read_bytes(), path)
        if {name: known.get(name) for name in told} == told:
            return path.with_suffix(".pdf")
    number = len(before) + 1
    certified = ws.ledger.find("campaign_certified", "certificate")
    slip = canonical_json(
        {
            "schema": 1,
            "campaign": ws.config.id,
            "simulation": "true" if ws.is_simulation else "false",
            "number": number,
            "certificate": certified.refs["certificate"] if certified else "",
            "previous": sha256(before[-1].read_bytes()) if before else "",
            **told,
        }
    )
    path = folder / f"{number:04d}.json"
    # The slip itself last: what is there has its paper and its signature.
    write_whole(path.with_suffix(".pdf"), _paper(ws, number, said, by, sha256(slip)))
    write_whole(path.with_suffix(".sig"), sign_detached(slip, ws.keyring.signer()))
    write_whole(path, slip)
    return path.with_suffix(".pdf")


def take_receipt(ws: Workspace, number: int, *, on: date, received_by: str, stamped: bytes) -> Path:
    """Keep 甲's receipt of a slip: the stamped paper, and a signed record of it; the first one stays.

    Raises:
        KanshoError: ``LATE-MAIL-UNKNOWN``, ``LATE-MAIL-FORM`` when person, day or paper do not fit,
            ``LATE-MAIL-RECEIPTED`` when another receipt is kept already.
    """
    slip = _slip(ws, number)
    said = read_json(slip.read_bytes(), slip.name)
    handler = _handler(ws.config, received_by, ws.config.ward_party.id)
    if on.isoformat() < said["handed_over"]["on"]:
        raise _refusal("受領日が引渡日より前です", slip.name)
    if not is_readable_pdf(stamped):
        raise _refusal("受領書のPDFを開けません（破損・暗号化、又は大きさの上限超過）", slip.name)
    record = canonical_json(
        {
            "schema": 1,
            "campaign": ws.config.id,
            "slip": number,
            "sha256_slip": sha256(slip.read_bytes()),
            "sha256_paper": sha256(stamped),
            "received": {"on": on.isoformat(), "by": handler.id, "name": handler.name},
        }
    )
    path = slip.with_name(f"{number:04d}-receipt.json")
    if path.is_file() and path.read_bytes() != record:
        raise KanshoError(
            "LATE-MAIL-RECEIPTED",
            "別の受領書を登録済みです",
            place=path.name,
            remedy="登録済みの受領書を確認してください",
        )
    write_whole(path.with_suffix(".pdf"), stamped)
    write_whole(path.with_suffix(".sig"), sign_detached(record, ws.keyring.signer()))
    write_whole(path, record)
    return path


def take_signature(ws: Workspace, number: int, signature: bytes) -> Path:
    """Keep 甲's own signature over a slip (Ed25519, base64, one line), by the key that the log registered as its.

    Raises:
        KanshoError: ``LATE-MAIL-UNKNOWN``, ``LATE-MAIL-SIGNATURE``.
    """
    slip = _slip(ws, number)
    wards = ward_key(ws)
    if wards is None or not signature_holds(slip.read_bytes(), signature, wards):
        raise KanshoError(
            "LATE-MAIL-SIGNATURE",
            "区の署名が確認できません",
            place=slip.name,
            remedy="区が登録した署名鍵で、引渡書の JSON に署名してください",
        )
    path = slip.with_name(f"{number:04d}-ward.sig")
    write_whole(path, signature)
    return path


def check(folder: Path, public: bytes, wards: bytes | None) -> list[Problem]:
    """What does not hold of the slips in a folder; whoever holds the two public keys needs nothing else of ours.

    Args:
        folder: of one campaign's slips.
        public: the campaign's public key, as the evidence bundle has it.
        wards: the ward's public key; None where it gave none.
    """
    slips = sorted(p for p in folder.glob("*.json") if _SLIP.match(p.name)) if folder.is_dir() else []
    found: list[Problem] = []
    previous = ""
    for number, path in enumerate(slips, 1):
        found += [Problem(path.stem, what) for what in _slip_problems(path, number, previous, public)]
        found += _receipt_problems(path, public, wards)
        previous = sha256(path.read_bytes())
    return found


def folder_of(ws: Workspace) -> Path:
    """Where a campaign's slips lie."""
    return ws.layout.outputs / FOLDER / ws.config.id


def ward_key(ws: Workspace) -> bytes | None:
    """The newest key that the log registered as the ward's."""
    known = ws.ledger.events("cosigner_registered")
    return bytes.fromhex(known[-1].codes["public"]) if known else None


def _slip_problems(path: Path, number: int, previous: str, public: bytes) -> Iterator[str]:
    data = path.read_bytes()
    said = _read(data, path)
    if said.get("number") != number or path.stem != f"{number:04d}":
        yield "番号が続いていません"
    if said.get("previous") != previous:
        yield "前の引渡書とつながりません"
    if not _signed(path, data, public):
        yield "署名が一致しません"
    if not path.with_suffix(".pdf").is_file():
        yield "書面がありません"


def _receipt_problems(slip: Path, public: bytes, wards: bytes | None) -> Iterator[Problem]:
    """One receipt at least, by paper or by signature, and each that is there holds."""
    record, ward = slip.with_name(f"{slip.stem}-receipt.json"), slip.with_name(f"{slip.stem}-ward.sig")
    if not record.is_file() and not ward.is_file():
        yield Problem(slip.stem, "区の受領がありません", open=True)
    if record.is_file():
        data, paper = record.read_bytes(), record.with_suffix(".pdf")
        said = _read(data, record)
        if not _signed(record, data, public):
            yield Problem(slip.stem, "受領の記録の署名が一致しません")
        if said.get("sha256_slip") != sha256(slip.read_bytes()):
            yield Problem(slip.stem, "受領の記録が別の引渡書のものです")
        if not paper.is_file() or sha256(paper.read_bytes()) != said.get("sha256_paper"):
            yield Problem(slip.stem, "受領書の書面が一致しません")
    if ward.is_file() and (wards is None or not signature_holds(slip.read_bytes(), ward.read_bytes(), wards)):
        yield Problem(slip.stem, "区の署名が一致しません")


def _read(data: bytes, path: Path) -> dict[str, Any]:
    try:
        said = read_json(data, path.name)
    except KanshoError:
        return {}
    return said if isinstance(said, dict) else {}


def _signed(path: Path, data: bytes, public: bytes) -> bool:
    signature = path.with_suffix(".sig")
    return signature.is_file() and signature_holds(data, signature.read_bytes(), public)


def _slip(ws: Workspace, number: int) -> Path:
    path = folder_of(ws) / f"{number:04d}.json"
    if not path.is_file():
        raise KanshoError(
            "LATE-MAIL-UNKNOWN",
            "その番号の引渡書はありません",
            place=path.name,
            remedy="kansho close late-mail slip で作成してください",
        )
    return path


def _handler(config: CampaignConfig, id_: str, party: str) -> Handler:
    found = next((h for h in config.handlers if h.id == id_ and h.party == party), None)
    if found is None:
        raise _refusal("その関係者の登録された取扱者ではありません", id_)
    return found


def _refusal(message: str, place: str) -> KanshoError:
    return KanshoError("LATE-MAIL-FORM", message, place=place, remedy="指定を直して、もう一度実行してください")


def _paper(ws: Workspace, number: int, said: LateMail, by: Handler, digest: str) -> bytes:
    rows = (
        ("返戻はがき", f"{said.cards:,} 枚（未開封）"),
        ("届いた期間", f"{said.first.isoformat()} から {said.last.isoformat()} まで"),
        ("引渡日", said.on.isoformat()),
        ("引渡者", f"{by.name}（{by.post}）"),
        ("引渡書データの要約値 (SHA-256)", digest),
    )
    told = (
        "業務終了後に届いた返戻はがきを、開封も登録もせずに引き渡します。この書面には対象者を記載しません。",
        "台帳は消去証明書の発行で終わっているため、この引渡しは台帳に記録されません。"
        "引渡書データには証跡と同じ鍵で署名しています。受領の証拠は、この書面への区の受領印、又は区の署名です。",
    )
    return render(
        document(
            ws.config,
            f"返戻はがき引渡書（業務終了後）第{number}号",
            said.on,
            facts=(("番号", f"{number:04d}"), ("枚数", f"{said.cards:,} 枚")),
            sections=(Section("引渡し", told, (Table(("事項", "内容"), rows),)),),
            signatures=("引渡者（受託者）", "受領者（区）"),
            simulation=ws.is_simulation,
        )
    )
