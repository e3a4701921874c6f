"""The 送付書 of a delivery: what the ward says it sent.  Strictly typed; nothing personal stands in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kansho.campaign.config import FileKind
from kansho.errors import KanshoError

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: A table, by a name without separators, drives, control or direction characters; Japanese names are usual.
_FILE_NAME = r"^[^\p{Cc}\p{Cf}/\\:]+\.(?i:csv|tsv|txt|xlsx)$"
_MAX_BYTES = 64 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Medium(_Strict):
    """The medium it came on, for the media register (D3)."""

    kind: Literal["CD-R"]
    serial: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]


class AnnouncedFile(_Strict):
    """One file inside the sealed archive: ``rows`` without the header.

    A file of scope ``changes`` adds and corrects; a ``whole`` target list names everybody, so that who is missing
    has left.
    """

    name: Annotated[str, Field(pattern=_FILE_NAME, max_length=80)]
    kind: FileKind
    rows: Annotated[int, Field(ge=0)]
    sha256: _Digest
    nil_return: bool = False
    scope: Literal["whole", "changes"] = "whole"


class CoverNote(_Strict):
    """The whole note; ``answers`` names the 差戻し依頼 that the delivery answers."""

    delivery: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    campaign: str
    issued_on: date
    medium: Medium
    sealed_sha256: _Digest
    files: Annotated[tuple[AnnouncedFile, ...], Field(min_length=1)]
    answers: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")] | None = None


def read_cover_note(path: Path, *, delivery: str, campaign: str) -> CoverNote:
    """Read and check a cover note.

    Raises:
        KanshoError: ``INTAKE-COVER-MISSING``, ``INTAKE-COVER-FORM``, ``INTAKE-COVER-OTHER``.
    """
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        raise KanshoError(
            "INTAKE-COVER-MISSING",
            "送付書がありません",
            place=delivery,
            remedy="送付書を添えて再提供を依頼してください",
        )
    try:
        note = CoverNote.model_validate_json(path.read_bytes())
    except ValidationError as error:
        where = " ".join(".".join(map(str, e["loc"])) for e in error.errors())[:200]
        raise KanshoError(
            "INTAKE-COVER-FORM", "送付書の記載が正しくありません", place=where, remedy="送付書の訂正を依頼してください"
        ) from None
    if note.delivery != delivery or note.campaign != campaign:
        raise KanshoError(
            "INTAKE-COVER-OTHER", "別の提供の送付書です", place=delivery, remedy="正しい送付書の提出を依頼してください"
        )
    names = [f.name for f in note.files]
    if len(names) != len(set(names)) or len({f.kind for f in note.files}) != len(note.files):
        raise KanshoError(
            "INTAKE-COVER-FORM",
            "送付書に同じファイルが二度あります",
            place=delivery,
            remedy="送付書の訂正を依頼してください",
        )
    return note
