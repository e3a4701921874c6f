"""Sealed containers opened in memory: WinZip AES-256 zip, 7z with encrypted headers, password-protected xlsx.

Belongs here: from the sealed bytes of a delivery to the bytes of exactly its announced files.  Does not belong here:
reading tables, finding files on a medium, passwords.  Pure over bytes; nothing is ever written to a disk, what is
inflated is counted, and any bytes whatever end in contents or in a `KanshoError` that quotes none of them.
"""

from __future__ import annotations

from collections.abc import Collection

from kansho.errors import KanshoError
from kansho.intake.containers import caps
from kansho.intake.containers.nested import HEAD, OLE, SEVEN_ZIP, ZIP, is_archive
from kansho.intake.containers.refusals import damaged, too_big, wrong_names
from kansho.intake.containers.sevenzip import open_sevenzip
from kansho.intake.containers.winzip import open_winzip
from kansho.intake.containers.workbook import check_package, open_workbook

__all__ = ["open_container"]

_OPENERS = {ZIP: open_winzip, b"PK\x05\x06": open_winzip, SEVEN_ZIP: open_sevenzip, OLE: open_workbook}


def open_container(data: bytes, password: str, names: Collection[str] | None) -> dict[str, bytes]:
    """Contents by announced name, exactly the announced ones; the format is found by the first bytes.

    Args:
        data: the sealed bytes, whole.
        password: as the person entered it.
        names: the file names the 送付書 announces, each once; None in a dry run without one: exactly one table.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE`` (unknown, damaged), ``INTAKE-PASSWORD``, ``INTAKE-CIPHER`` (none or not
            allowed), ``INTAKE-NAMES`` (another set of names, paths, duplicates, containers inside),
            ``INTAKE-OVERLAP``, ``INTAKE-BOMB`` (entries, bytes, ratio, work).
    """
    if len(data) > caps.MAX_TOTAL_BYTES:
        raise too_big("容量の上限を超えます")
    opener = next((o for magic, o in _OPENERS.items() if data.startswith(magic)), None)
    if opener is None:
        raise damaged("ZIP・7z・パスワード付きxlsxのいずれでもありません")
    try:
        contents = opener(data, password, names)
        for name, content in contents.items():
            if opener is not open_workbook:
                _check_content(name, content)
    except KanshoError:
        raise
    except Exception as error:  # a parser of hostile bytes may raise anything; its text could quote them
        raise damaged(f"内容が壊れています・{type(error).__name__}") from None
    return contents


def _check_content(name: str, content: bytes) -> None:
    """A table is no container; a workbook is a zip by nature and is looked into."""
    if not is_archive(content[:HEAD]):
        return
    if not (name.lower().endswith(".xlsx") and content.startswith(ZIP)):
        raise wrong_names("書庫の中に書庫があります")
    check_package(content)
