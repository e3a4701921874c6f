"""宛名の試し刷り: the hardest addresses a list can hold, invented, so that a proof shows no resident.

Belongs here: the cases and what to look at.  Does not belong here: the rules they try (`addresses`, `barcode`), which
they pass through as every resident's address does.  Nobody lives at 見本町, and no postal code begins with 000.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import pandas as pd

from kansho.contracts.characters import unprintable_reason
from kansho.mailing.addresses import MAX_ADDRESS_LINES, address_chars, name_chars
from kansho.mailing.cards import cards_of
from kansho.mailing.face import Card
from kansho.mailing.lists import card_list
from kansho.mailing.typeface import clusters

_BUILDING = "見本町中央第二共同住宅南館別棟"
_NAME = "花左衛門之助太郎兵衛次郎丸"
_CODE = "000-0001"


@dataclass(frozen=True)
class Case:
    """One invented addressee; ``look`` tells the reader of the proof what to check."""

    title: str
    look: str
    address: str
    extra: str | None = None
    name: str = "見本　花子"
    postal: str = _CODE


def cases(prefecture: str, ward: str, own: Set[int] = frozenset()) -> tuple[Case, ...]:
    """The cases of a ward, hardest first.

    Args:
        prefecture: written before every address.
        ward: where every address begins.
        own: private code points that the ward's own font draws; some of them are shown when there are any.
    """
    town = f"{ward}見本町"
    line, longest = address_chars(), name_chars()
    room = line - len(prefecture)
    found = [
        Case(
            "氏名が最も長い",
            f"{longest}字が、字を小さくして1行に収まる",
            f"{town}1丁目1番1号",
            None,
            _fill("見本　", _NAME, longest),
        ),
        Case(
            "住所が最も長い",
            f"{line}字で折り返し、番地の途中で切れず、{MAX_ADDRESS_LINES}行に収まる",
            _fill(f"{town}1丁目2番3号", _BUILDING, room + (MAX_ADDRESS_LINES - 2) * line),
            _fill("", _BUILDING, line),
        ),
        Case(
            "方書が最も長い",
            "方書は住所と行を分け、切れない",
            _fill(f"{town}4番地", "", room),
            _fill("第三", _BUILDING, (MAX_ADDRESS_LINES - 1) * line),
        ),
        Case(
            "異体字",
            "選んだ字形のまま（葛・辻・祇）",
            f"{town}1番2号",
            None,
            "葛\U000e0101城　辻\U000e0101祇\U000e0100",
        ),
        Case(
            "別の書体の字",
            "字形のまま、明朝で出る（𠮷・行政事務標準文字の異体字）",
            f"{town}1番5号",
            None,
            "𠮷田　渡邉\U000e010f子",
        ),
        Case("ローマ字の氏名", "字幅で数え、切れない", f"{town}1番6号", None, "Alexandria Montgomery"),
        Case("人名の漢字", "似た字に置き換わらない（髙・﨑・邉・濵・德）", f"{town}1番3号", None, "髙﨑　邉濵德"),
        Case("全角の建物名", "英数・長音・㈱が全角のまま", f"{town}１丁目２－３", "ＡＢＣＤＥビル（㈱見本）４０５号"),
        Case("半角の建物名", "英字と数字が混ざる", f"{town}1丁目3番30-8", "YUBIN&A-B404 c/o"),
        Case(
            "バーコードが13字を超える",
            "バーコードの後ろが切れても住所は切れない",
            f"{town}29丁目1524番23号",
            "第2ハイツ501号",
        ),
        Case("バーコードに英字", "英字が制御コードになる", f"{town}3丁目20番5号", "見本コーポB604号"),
        Case("番地だけ", "短い番地でもバーコードが付く", f"{town}60番地1"),
        Case("バーコードなし", "代表の郵便番号には付けない", f"{town}5番地", postal="000-0000"),
    ]
    glyphs = [chr(point) for point in sorted(own) if not unprintable_reason(chr(point), own)]
    if glyphs:
        shown = "".join(glyphs[: longest - 3])
        found.append(Case("区の外字", "登録したフォントの字形で出る", f"{town}1番4号", None, f"見本　{shown}"))
    return tuple(found)


def trial_cards(prefecture: str, ward: str, own: Set[int] = frozenset()) -> tuple[tuple[Case, Card], ...]:
    """Each case with the card that it makes, by the very functions that make a resident's.

    Raises:
        ValueError: when a case cannot be printed: a mistake in this module.
    """
    all_cases = cases(prefecture, ward, own)
    numbers = [f"0000-0000-{n:02d}" for n in range(1, len(all_cases) + 1)]
    roster = pd.DataFrame(
        [(n, c.postal, c.address, c.extra, c.name) for n, c in zip(numbers, all_cases, strict=True)],
        columns=["inquiry_number", "postal_code", "address", "address_extra", "name_kanji"],
    )
    assigned = roster[["inquiry_number"]].assign(group="", due_kinds="", design="", segment="")
    made = card_list(assigned, roster, number=0, prefecture=prefecture, own=own, postal="any")
    refused = made.loc[~made["printable"], "inquiry_number"]
    if len(refused):
        raise ValueError(f"trial prints that cannot be printed: {', '.join(refused)}")
    made = made.sort_values("inquiry_number")
    made["serial"] = [f"M0-{n:06d}" for n in range(1, len(made) + 1)]
    return tuple(zip(all_cases, cards_of(made), strict=True))


def _fill(start: str, filler: str, length: int) -> str:
    """``start`` lengthened with ``filler``, again and again, to that many places."""
    missing = length - len(clusters(start))
    return start + (filler * (missing // max(1, len(filler)) + 1))[: max(0, missing)]
