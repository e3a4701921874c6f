"""Delivered text in the contract's form: dates, digits, kana, telephone numbers, codes, the ward's own characters.

Belongs here: what a cell means, where it means one thing only.  A cell that cannot be read stays as it was delivered,
for the gate to reject; nothing is completed or guessed.  Does not belong here: reading files (`kansho.intake.reading`),
judging values (the gates), keeping originals (the raw snapshot does).

A typed cell is left alone when it already has the contract's form, and is changed only into that form; so reading twice
changes nothing, except where the ward's own codes are ours with another meaning (`kansho.intake.values.codes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import INQUIRY_PATTERN
from kansho.intake.values import codes, digits, gaiji, kana, names, numbers, phones, postal, wareki
from kansho.intake.values.cells import Known, Reader, arrow, rewritten, shaped, to_series

__all__ = ["RULES", "Normalised", "normalise"]

#: What is counted, and how staff read it.
RULES: Mapping[str, str] = {
    "values.digits": "全角の数字・英字・ハイフンを半角に",
    "values.numeric": "数値の書き方（25.0、1,234 など）を整えた",
    "values.wareki": "和暦を西暦に",
    "values.date": "日付の書き方を YYYY-MM-DD に",
    "values.kana": "半角カナ・ひらがなを全角カタカナに",
    "values.spaces": "空白を整えた",
    "values.phone": "電話番号をハイフン付きの国内表記に",
    "values.postal": "郵便番号を NNN-NNNN に",
    "values.number": "お問い合わせ番号を NNNN-NNNN-NN に",
    "values.list": "区切り文字を | に",
    "values.code": "区のコードを契約のコードに",
    "values.code_unknown": "区のコード表にないコード（「?」を付けて残した）",
    "values.gaiji_mapped": "外字を登録済みの文字に",
}

#: Columns whose form the contract leaves open, by what people write in them.
_TEXTS: Mapping[str, Reader] = {
    "name_kanji": names.read_name,
    "address": names.read_address,
    "address_extra": names.read_address,
}


@dataclass(frozen=True)
class Normalised:
    """A table in the contract's form: ``str`` columns, missing is NaN; ``counts``: rule of `RULES` → cells changed."""

    frame: pd.DataFrame
    counts: Mapping[str, int]


def normalise(frame: pd.DataFrame, contract: Contract, config: CampaignConfig) -> Normalised:
    """Bring every cell that can be read into the contract's form.

    Args:
        frame: columns by identifier of the contract, text as delivered; other columns pass untouched.
        contract: whose columns they are.
        config: the ward's codes (``mappings``) and own characters (``gaiji``).

    Returns:
        The same rows, columns and index; counts only of rules that changed something.
    """
    mapping = config.mapping(contract.kind)
    tables = mapping.codes if mapping else {}
    columns = dict(frame.items())
    counts: dict[str, int] = {}
    for column in contract.columns:
        if column.name not in columns:
            continue
        values = arrow(columns[column.name])
        for known, read in _steps(column, tables.get(column.name, {}), config):
            values, changed = rewritten(values, known, read)
            for rule, cells in changed.items():
                counts[rule] = counts.get(rule, 0) + cells
        columns[column.name] = to_series(values, frame.index)
    return Normalised(pd.DataFrame(columns, index=frame.index), counts)


def _steps(column: Column, table: Mapping[str, str], config: CampaignConfig) -> Iterator[tuple[Known, Reader]]:
    """What is done to a column, in order: cells that stay, and how the others are read."""
    if column.type == "text" and column.pattern is None:
        if config.gaiji.characters:
            yield gaiji.untouched(config.gaiji), gaiji.reader(config.gaiji)
        if column.name == "name_kana":
            yield names.tidy_name, names.read_name
            yield kana.is_katakana, kana.read
        elif column.name in _TEXTS:
            read = _TEXTS[column.name]
            yield (names.tidy_name if read is names.read_name else names.tidy_address), read
        if table:
            yield codes.unlisted(table), codes.reader(table)
        return
    form, read = _typed(column)
    if table:
        form, read = codes.through(table, column, form, read)
    yield form, read


def _typed(column: Column) -> tuple[Known, Reader]:
    """The column's form, and how cells of another form are read into it."""
    if column.type == "date":
        return shaped(wareki.ISO), wareki.read
    if column.type == "int":
        return shaped(digits.INT), digits.read_int
    if column.type == "float":
        return shaped(column.shape or digits.FLOAT), digits.float_reader(column.limits)
    if column.codes:
        return codes.one_of(column.codes), digits.reader(frozenset(column.codes).__contains__)
    if column.pattern is None:
        return shaped(digits.ASCII), digits.reader(str.isascii)
    fits = digits.fits(column.pattern)
    return shaped(column.pattern), _by_pattern(column)(fits)


def _by_pattern(column: Column) -> Callable[[Callable[[str], bool]], Reader]:
    if column.name == "phone":
        return phones.reader
    if column.name == "postal_code":
        return postal.reader
    if column.pattern == INQUIRY_PATTERN:
        return numbers.reader
    if codes.is_list(column):
        return codes.list_reader
    return digits.reader
