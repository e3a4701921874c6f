"""What `kansho intake check` is given: a file or a delivery's folder, and a password from a file or a person.

Belongs here: paths, and what is read from them; nothing is written.  Does not belong here: what is checked
(`kansho.intake.check`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from kansho.campaign.config import CampaignConfig, FileKind
from kansho.contracts.registry import contract
from kansho.errors import KanshoError
from kansho.intake import cover_note
from kansho.intake.check import Check, check_delivery, check_file
from kansho.intake.containers.caps import MAX_TOTAL_BYTES
from kansho.intake.delivery import several_seals
from kansho.intake.medium import sealed_files
from kansho.quality.catalogue import rules_of

_PASSWORD_BYTES = 4096


def check_path(
    path: Path,
    kind: FileKind | None,
    config: CampaignConfig,
    *,
    today: date,
    password: Callable[[], str],
    target_list: Path | None = None,
) -> Check:
    """Check a file (``kind`` says what it is), or a folder with a sealed file and its ``cover_note.json``.

    Raises:
        KanshoError: ``CHECK-PATH``, ``CHECK-CONTRACT``, ``CONTRACT-UNKNOWN`` or ``RULE-UNKNOWN`` for a kind that no
            ward delivers; otherwise as `kansho.intake.check`.
    """
    if kind is not None:
        contract(kind)
        rules_of(kind)
    listed = None if target_list is None else _read(target_list, "--target-list", MAX_TOTAL_BYTES)
    once = lru_cache(maxsize=1)(password)
    if not path.is_dir():
        if kind is None:
            raise KanshoError(
                "CHECK-CONTRACT", "ファイルの種別が指定されていません", remedy="--contract を付けてください"
            )
        data = _read(path, "DELIVERY", MAX_TOTAL_BYTES)
        return check_file(data, kind, config, today=today, password=once, target_list=listed)
    sealed, note = sealed_files(path), path / "cover_note.json"
    if not sealed:
        raise KanshoError(
            "CHECK-PATH",
            "フォルダーに封緘ファイルがありません",
            place="DELIVERY",
            remedy="sealed.zip、sealed.7z、sealed.xlsx のいずれかを置いてください",
        )
    try:
        if len(sealed) > 1:
            raise several_seals("DELIVERY")
        if not note.is_file():
            raise cover_note.missing("DELIVERY")
        if note.stat().st_size > cover_note.MAX_BYTES:
            raise cover_note.too_large("DELIVERY")
    except KanshoError as error:
        return Check(config.id, "", refusal=error)
    return check_delivery(
        note.read_bytes(),
        _read(sealed[0], "DELIVERY", MAX_TOTAL_BYTES),
        config,
        today=today,
        password=once,
        kind=kind,
        target_list=listed,
    )


def password_in(path: Path) -> str:
    """The password a file holds: UTF-8 (or what a Japanese Windows writes), without the line end.

    Raises:
        KanshoError: ``CHECK-PATH``, ``CHECK-PASSWORD``.
    """
    data = _read(path, "--password-file", _PASSWORD_BYTES)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError:
            continue
    raise KanshoError("CHECK-PASSWORD", "パスワードのファイルを読めません", remedy="UTF-8 のテキストにしてください")


def _read(path: Path, place: str, most: int) -> bytes:
    if not path.is_file() or path.stat().st_size > most:
        raise KanshoError(
            "CHECK-PATH", "ファイルがないか、大きすぎます", place=place, remedy="指定したファイルを確認してください"
        )
    return path.read_bytes()
