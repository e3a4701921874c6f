"""The names a container may hold: exactly those the 送付書 announces.

Pure over names.  Names are compared in Unicode form C, so that a name written on macOS matches; what is returned is
always the announced spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from kansho.intake.containers.caps import MAX_ENTRIES
from kansho.intake.containers.refusals import entry_place, too_big, wrong_names

#: Anything that could lead out of a folder, on any system: separators, drives, control characters, "." and "..".
_PATH = re.compile(r"[/\\:\x00-\x1f\x7f]|^\.{1,2}$")

#: What a table may be called; the 送付書 has the same rule.
TABLE_NAME = re.compile(r"[^\x00-\x1f\x7f/\\:]+\.(?i:csv|tsv|txt|xlsx)")


def match_names(found: Sequence[Sequence[str]], names: Collection[str] | None) -> list[str]:
    """The announced name of each entry.

    Args:
        found: per entry the names its bytes can be read as (an old zip does not say its encoding), likeliest first.
        names: the announced names; None when nothing announces them: then one table, whatever its name.

    Raises:
        KanshoError: ``INTAKE-BOMB`` (too many entries), ``INTAKE-NAMES``.
    """
    if len(found) > MAX_ENTRIES:
        raise too_big(f"{MAX_ENTRIES}件を超えるファイル")
    if names is None:
        return [_only_table(found)]
    known = {unicodedata.normalize("NFC", name): name for name in names}
    if len(known) != len(names):
        raise wrong_names("送付書に同じファイル名が二度あります")
    out: list[str] = []
    for position, readings in enumerate(found, 1):
        matched = [known[r] for r in (unicodedata.normalize("NFC", reading) for reading in readings) if r in known]
        if not matched:
            if all(_PATH.search(reading) for reading in readings):
                raise wrong_names("フォルダーや経路を含むファイル名があります", entry_place(position))
            raise wrong_names("送付書にないファイルがあります", entry_place(position))
        if matched[0] in out:
            raise wrong_names("同じ名前のファイルが二つあります", entry_place(position))
        out.append(matched[0])
    if len(out) != len(known):
        raise wrong_names(f"送付書にあるファイルが不足しています（送付書 {len(known)}、実際 {len(out)}）")
    return out


def _only_table(found: Sequence[Sequence[str]]) -> str:
    if len(found) != 1:
        raise wrong_names("表が一つではありません（複数の表は送付書と共に確認してください）")
    name = next((reading for reading in found[0] if TABLE_NAME.fullmatch(reading)), None)
    if name is None:
        raise wrong_names("表ではないファイル、または経路を含むファイル名です", entry_place(1))
    return name
