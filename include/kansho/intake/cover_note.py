"""The 送付書 of a delivery: what the ward says it sent.  Strictly typed; nothing personal stands in it."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kansho.campaign.config import FileKind
from kansho.errors import KanshoError

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: A table, by a name without separators, drives, control or direction characters; Japanese names are usual.
_FILE_NAME = r"^[^\p{Cc}\p{Cf}/\\:]+\.(?i:csv|tsv|txt|xlsx)$"
#: Bytes of a note; one with every kind of file has two thousand.
MAX_BYTES = 64 * 1024
#: More rows than Japan has people are a typing error.
MAX_ROWS = 10**9


class _Strict(BaseModel):
    # strict: "yes" is no signature, a number no date
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)


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
    rows: Annotated[int, Field(ge=0, le=MAX_ROWS)]
    sha256: _Digest
    nil_return: bool = False
    scope: Literal["whole", "changes"] = "whole"


def _written(value: object) -> object:
    """Only YYYY-MM-DD: of other texts pydantic makes a date too, of ``"0"`` one in 1970."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return date.fromisoformat(value)
    raise ValueError("no date")


class CoverNote(_Strict):
    """The whole note; ``answers`` names the 差戻し依頼 that the delivery answers."""

    delivery: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    campaign: str
    issued_on: Annotated[date, BeforeValidator(_written)]
    medium: Medium
    sealed_sha256: _Digest
    files: Annotated[tuple[AnnouncedFile, ...], Field(min_length=1)]
    answers: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")] | None = None


_FIELDS = frozenset({*CoverNote.model_fields, *Medium.model_fields, *AnnouncedFile.model_fields})


def read_cover_note(path: Path, *, delivery: str, campaign: str, today: date) -> CoverNote:
    """Read and check the cover note in a delivery's folder.

    Raises:
        KanshoError: ``INTAKE-COVER-MISSING``, ``INTAKE-COVER-FORM``, ``INTAKE-COVER-OTHER``, ``INTAKE-COVER-DATE``.
    """
    if not path.is_file():
        raise missing(delivery)
    if path.stat().st_size > MAX_BYTES:
        raise too_large(delivery)
    note = parse_cover_note(path.read_bytes(), campaign=campaign, today=today)
    if note.delivery != delivery:
        raise _other(delivery)
    return note


def parse_cover_note(data: bytes, *, campaign: str, today: date) -> CoverNote:
    """The note in these bytes, consistent in itself.

    A note dated ahead is refused: the age of a stop list is counted from it, and a list of the future would never be
    too old.

    Raises:
        KanshoError: ``INTAKE-COVER-FORM`` naming the fields, ``INTAKE-COVER-OTHER``, ``INTAKE-COVER-DATE``.
    """
    data = data.removeprefix(BOM_UTF8)  # as an editor of Windows writes it; it changes nothing that is said
    try:
        # read twice: the fast parser takes the last of two fields of one name, and nobody signed that choice
        json.loads(data.decode(), object_pairs_hook=_once)
        note = CoverNote.model_validate_json(data)
    except ValidationError as error:
        raise _malformed("送付書の記載が正しくありません", _where(error)) from None
    except (ValueError, RecursionError):  # both quote the text
        raise _malformed("送付書の記載が正しくありません", "?") from None
    if note.campaign != campaign:
        raise _other(note.delivery)
    names = [f.name for f in note.files]
    if len(names) != len(set(names)) or len({f.kind for f in note.files}) != len(note.files):
        raise _malformed("送付書に同じファイルが二度あります", note.delivery)
    contradictory = [f.kind for f in note.files if f.nil_return and f.rows]
    if contradictory:
        raise _malformed("該当なしとしたファイルに件数があります", " ".join(contradictory))
    if note.issued_on > today:
        raise KanshoError(
            "INTAKE-COVER-DATE",
            "送付書の日付が受領日より後です",
            place=note.delivery,
            remedy="抽出した日を確認し、送付書の訂正を依頼してください",
        )
    return note


def _once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object that names none of them twice."""
    twice = [name for name, times in Counter(name for name, _ in fields).items() if times > 1]
    if twice:
        raise _malformed("送付書に同じ項目が二度あります", _told((twice[0],)))
    return dict(fields)


def missing(delivery: str) -> KanshoError:
    """``INTAKE-COVER-MISSING``."""
    return KanshoError(
        "INTAKE-COVER-MISSING",
        "送付書がありません",
        place=delivery,
        remedy="送付書を添えて再提供を依頼してください",
    )


def too_large(delivery: str) -> KanshoError:
    """``INTAKE-COVER-FORM`` of more than `MAX_BYTES`."""
    return _malformed("送付書が大きすぎます", delivery)


def _where(error: ValidationError) -> str:
    """The fields that are wrong; a whole that is wrong only for its part (a list that lost its item) is not told."""
    found = [e["loc"] for e in error.errors(include_input=False)]
    parts = {loc[:n] for loc in found for n in range(1, len(loc))}
    return " ".join(dict.fromkeys(_told(loc) for loc in found if loc not in parts))[:200]


def _told(location: tuple[int | str, ...]) -> str:
    """Where in the note, by our own field names only: an unknown field's name is the ward's text."""
    return ".".join(str(part) if isinstance(part, int) or part in _FIELDS else "?" for part in location) or "?"


def _malformed(message: str, place: str) -> KanshoError:
    return KanshoError("INTAKE-COVER-FORM", message, place=place, remedy="送付書の訂正を依頼してください")


def _other(delivery: str) -> KanshoError:
    return KanshoError(
        "INTAKE-COVER-OTHER", "別の提供の送付書です", place=delivery, remedy="正しい送付書の提出を依頼してください"
    )
