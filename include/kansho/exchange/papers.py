"""Papers that parties put out beside packages: attestations, findings of inspections and audits, corrections.

Belongs here: their typed form and where they lie; reading and writing one.  Nothing personal stands in
them, so they travel plain; handlers sign by the id under which they are registered.

    outgoing(<party>)/attestations/2026-05.json
    outgoing(<inspector's party>)/inspections/<kind>-<inspected party>.json, the next ones <kind>-<party>-2.json, …
    outgoing(<inspected party>)/corrections/<kind>-<inspected party>-<finding>.json, or <kind>-<party>-2-<finding>.json
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kansho.errors import KanshoError

#: What a party attests every month (P15: システム上の対策), in the order of the contract's annex.
ATTESTED = {
    "room_entry": "入退室の管理",
    "media_limits": "媒体の持込み・持出しの制限",
    "personal_access": "個人別の認証とアクセス制御",
    "updates_current": "最新の更新の適用",
    "virus_protection": "ウイルス対策",
    "logs_collected": "操作記録の収集と監視",
}

#: What an inspection may find (closed list).
FINDINGS = {
    "records_incomplete": "記録の不備",
    "room_entry": "入退室管理の不備",
    "media_storage": "媒体の保管の不備",
    "training_overdue": "教育の遅れ",
    "access_rights": "アクセス権の不備",
    "logs": "操作記録の不備",
    "subcontracting": "承諾のない再委託",
    "other": "その他",
}

#: What was done about a finding (closed list; the paper behind it says more).
ACTIONS = {
    "procedure_changed": "手順を改めた",
    "trained": "教育を行った",
    "access_removed": "権限を取り消した",
    "equipment_fixed": "設備・機器を改めた",
    "records_completed": "記録を補った",
    "storage_changed": "保管を改めた",
    "other": "その他（書類による）",
}

InspectionKind = Literal["ward_inspection", "ward_check", "audit"]
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Month = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
_Evidence = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
#: SHA-256 in hex of a paper, as its party writes it (the log is asked by `kansho.evidence.short.is_digest`).
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Number = Annotated[int, Field(ge=1, le=99)]
_MAX_BYTES = 64 * 1024


class Paper(BaseModel):
    """What every paper is: known fields only, and no value in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class AttestedItem(Paper):
    """One item: kept or not, and the number of the paper that shows it."""

    item: Literal[
        "room_entry", "media_limits", "personal_access", "updates_current", "virus_protection", "logs_collected"
    ]
    kept: bool
    evidence: _Evidence


class Attestation(Paper):
    """One party's monthly attestation; every item of `ATTESTED` exactly once."""

    party: _Id
    month: _Month
    attested_on: date
    attested_by: _Id
    items: tuple[AttestedItem, ...]

    @property
    def complete(self) -> bool:
        """Whether every item is answered exactly once."""
        return sorted(i.item for i in self.items) == sorted(ATTESTED)


class InspectionFinding(Paper):
    """A finding and the day by which it is to be corrected."""

    code: Literal[
        "records_incomplete",
        "room_entry",
        "media_storage",
        "training_overdue",
        "access_rights",
        "logs",
        "subcontracting",
        "other",
    ]
    correct_by: date


class Inspection(Paper):
    """甲's inspection of 乙 or check of a 丙, or 乙's audit of a 丙 (P6).

    ``number`` counts those of one kind and party, planned or not.
    """

    kind: InspectionKind
    party: _Id
    number: _Number = 1
    on: date
    inspector: _Id
    findings: tuple[InspectionFinding, ...] = ()


class Correction(Paper):
    """What the inspected did about one finding: what, by whom, when, and the digest of the paper that shows it."""

    kind: InspectionKind
    party: _Id
    number: _Number = 1
    finding: str
    action: Literal[
        "procedure_changed",
        "trained",
        "access_removed",
        "equipment_fixed",
        "records_completed",
        "storage_changed",
        "other",
    ]
    done_by: _Id
    corrected_on: date
    evidence: Digest
    reported_by: _Id


def attestation_path(outgoing: Path, month: str) -> Path:
    """Where a party's attestation of a month (YYYY-MM) lies."""
    return outgoing / "attestations" / f"{month}.json"


def inspection_path(outgoing: Path, kind: str, party: str, number: int = 1) -> Path:
    """Where the inspector's record about a party lies; each further one of the year has the next number."""
    return outgoing / "inspections" / f"{kind}-{party}{_numbered(number)}.json"


def inspections_of(outgoing: Path) -> list[Path]:
    """Every record of an inspection that a party has put out, whatever its name."""
    return sorted((outgoing / "inspections").glob("*.json"))


def correction_path(outgoing: Path, kind: str, party: str, finding: str, number: int = 1) -> Path:
    """Where the inspected party's correction of a finding of that inspection lies."""
    return outgoing / "corrections" / f"{kind}-{party}{_numbered(number)}-{finding}.json"


P = TypeVar("P", bound=BaseModel)


def read_paper(path: Path, form: type[P]) -> P | None:
    """The paper, or None when it is not there; refused as by `read_signed`."""
    return read_signed(path, form)[0] if path.is_file() else None


def read_signed(path: Path, form: type[P]) -> tuple[P, str]:
    """The paper that is there, and the SHA-256 of the very bytes that were read.

    Raises:
        KanshoError: ``PAPER-FORM`` naming the fields that are wrong.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise KanshoError("PAPER-FORM", "書類が大きすぎます", place=path.name, remedy="再提出を依頼してください")
        data = path.read_bytes()
        return form.model_validate_json(data), hashlib.sha256(data).hexdigest()
    except ValidationError as error:
        where = " ".join(".".join(map(str, e["loc"])) for e in error.errors())[:200]
        raise KanshoError(
            "PAPER-FORM", "書類の記載が正しくありません", place=where, remedy="再提出を依頼してください"
        ) from None


def digest_of(path: Path) -> str:
    """SHA-256 of a paper as it lies there."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _numbered(number: int) -> str:
    return "" if number == 1 else f"-{number}"


def write_paper(path: Path, paper: BaseModel) -> None:
    """Put a paper out (what the other parties do)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(paper.model_dump_json(indent=1), encoding="utf-8")
    temporary.replace(path)
