"""What a delivery must be to be as its 送付書 says: the digest of the seal, and digest, count and rows of each file.

Belongs here: pure checks of bytes against the note, shared by the intake (`kansho.intake.stage`) and the dry run
(`kansho.intake.check`).  Does not belong here: containers, tables (`kansho.intake.reading`), the ledger.
"""

from __future__ import annotations

import hashlib

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.intake.cover_note import AnnouncedFile, CoverNote
from kansho.intake.reading import Delivered, read_delivered


def require_seal(sealed: bytes, note: CoverNote) -> None:
    """The sealed file is the one that the note announces.

    Raises:
        KanshoError: ``INTAKE-SEALED-DIGEST``.
    """
    if hashlib.sha256(sealed).hexdigest() != note.sealed_sha256:
        raise KanshoError(
            "INTAKE-SEALED-DIGEST",
            "封緘ファイルの要約値が送付書と違います",
            place=note.delivery,
            remedy="再提供を依頼してください",
        )


def several_seals(delivery: str) -> KanshoError:
    """``INTAKE-NAMES``: two sealed files in one delivery."""
    return KanshoError(
        "INTAKE-NAMES",
        "封緘ファイルが二つ以上あります",
        place=delivery,
        remedy="封緘ファイルを一つにした再提供を依頼してください",
    )


def read_announced(announced: AnnouncedFile, data: bytes, config: CampaignConfig) -> Delivered:
    """One file as the note announces it.

    Raises:
        KanshoError: ``INTAKE-DIGEST``, ``INTAKE-COUNT``, ``INTAKE-EMPTY``, ``STOP-EMPTY``, and whatever
            `read_delivered` refuses.
    """
    if hashlib.sha256(data).hexdigest() != announced.sha256:
        raise KanshoError(
            "INTAKE-DIGEST", "要約値が送付書と違います", place=announced.kind, remedy="再提供を依頼してください"
        )
    delivered = read_delivered(data, announced.kind, config)
    if len(delivered.frame) != announced.rows:
        raise KanshoError(
            "INTAKE-COUNT",
            f"件数が送付書と違います（送付書 {announced.rows}、実際 {len(delivered.frame)}）",
            place=announced.kind,
            remedy="件数を確認し、再提供を依頼してください",
        )
    require_rows(delivered.frame, announced.kind, nil_return=announced.nil_return)
    return delivered


def require_rows(frame: pd.DataFrame, kind: str, *, nil_return: bool) -> None:
    """A target list names somebody; a stop list does, or its nil return is signed (fails closed).

    Raises:
        KanshoError: ``INTAKE-EMPTY``, ``STOP-EMPTY``.
    """
    if kind == "target_list" and frame.empty:
        raise KanshoError("INTAKE-EMPTY", "対象者一覧が空です", place=kind, remedy="再提供を依頼してください")
    if kind == "stop_list" and frame.empty and not nil_return:
        raise KanshoError(
            "STOP-EMPTY",
            "勧奨停止一覧が空です",
            place=kind,
            remedy="該当なしなら送付書に明記して再提供を依頼してください",
        )
