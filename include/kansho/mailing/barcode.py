"""Japan Post's customer barcode (カスタマバーコード): extraction, check digit, bars.  Pure but for the table of towns.

Source: domain notes 6.1 (Japan Post's manual): 67 bars = start, 7 digits of the postal code, 13 characters of the
address, one check character, stop; check modulus 19.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from kansho.contracts import towns

#: Symbols in the order of their check values: 0–9, hyphen, control codes 1–8.
SYMBOLS = tuple("0123456789-") + tuple(f"CC{n}" for n in range(1, 9))
#: Bars of each symbol: F long, A upper, D lower, T timing.
BARS = dict(
    zip(
        SYMBOLS,
        (
            [
                "FTT",
                "FFT",
                "FDA",
                "DFA",
                "FAD",
                "FTF",
                "DAF",
                "AFD",
                "ADF",
                "TFF",
                "TFT",
                "DAT",
                "DTA",
                "ADT",
                "TDA",
                "ATD",
                "TAD",
                "TTF",
                "FFF",
            ]
        ),
        strict=True,
    )
)
START, STOP = "FD", "DF"
_ADDRESS_SYMBOLS = 13
_PAD = "CC4"
_KANJI = {c: n for n, c in enumerate("〇一二三四五六七八九")}
_TENS = {"十": 10, "百": 100, "千": 1000}
_KANJI_RUN = "[〇一二三四五六七八九十百千]+"
_ANY = "[0-9〇一二三四五六七八九十百千]"
#: Where the address after the town begins, where no town is known: at the number of the 丁目, else at the first house
#: number.
_CHOME = re.compile(rf"(\d+|{_KANJI_RUN})(?=丁目|丁(?={_ANY}|$))")
_HOUSE = re.compile(rf"\d|{_KANJI_RUN}(?=番地|番(?!町)|号|地割|線|[-のノ]{_ANY})")
_NUMERAL = re.compile(r"([〇一二三四五六七八九十百千]+)(?=(丁目|丁|番地|番|号|地割|線|の|ノ))")
#: Numbers joined by a line: 二－八－一, 二の三; each written line becomes a hyphen.
_LINES = re.compile(rf"(?<={_ANY})[‐‑–—―−ー](?={_ANY})")
_FIRST = re.compile(rf"{_KANJI_RUN}(?=-{_ANY})")
_NEXT = re.compile(rf"(?<=\d[-のノ]){_KANJI_RUN}|(?<=番地の){_KANJI_RUN}|(?<=番地){_KANJI_RUN}(?!番町|丁目)")
_BOX = re.compile(r"私書[箱函]\D{0,3}?(\d+)")


def describe(postal: str, address: str) -> dict[str, Any]:
    """``postal_code``, ``address_code``, ``check`` and ``symbols`` (21) of an address, with its town or after it.

    No symbols for a representative postal code (ending 00), which gives no barcode.
    """
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", postal))
    code = delivery_code(digits, address)
    if not has_barcode(digits):
        return {"postal_code": digits, "address_code": code, "check": None, "symbols": []}
    symbols = symbols_of(digits, code)
    return {"postal_code": digits, "address_code": code, "check": symbols[-1], "symbols": symbols}


def delivery_code(postal_digits: str, address: str) -> str:
    """What the bars say of an address of this code: nothing for a large recipient's own code (大口事業所), the number
    of a post office box (私書箱), else what the extraction finds after the town.
    """
    if towns.is_office_code(postal_digits):
        return ""
    text = _numbered(address)
    box = _BOX.search(text)
    return box.group(1) if box else address_code(after_town(address, postal_digits))


def has_barcode(digits: str) -> bool:
    """Seven digits that are not a representative code."""
    return len(digits) == 7 and not digits.endswith("00")


def address_code(address: str) -> str:
    """Digits, hyphens and letters of an address, as the manual extracts them (before control codes)."""
    text = re.sub(r"[&/・.]", "", _numbered(address).upper())
    text = re.sub(r"[A-Z]{2,}", "-", text)
    text = re.sub(r"(\d)F(?=\d)", r"\1-", text)
    text = re.sub(r"(\d)F(?![A-Z])", r"\1", text)
    text = re.sub(r"[^0-9A-Z-]", "-", text)
    text = re.sub(r"-+", "-", text)
    text = re.sub(r"-?([A-Z])-?", r"\1", text)
    return text.strip("-")


def after_town(address: str, postal: str = "") -> str:
    """What follows the town's name.

    With a postal code the town is known (`kansho.contracts.towns`), and its own numerals stay outside whatever they
    are.  Where it is not in the address: from the 丁目 or the house number on; '' when there is no number.  A town's
    numerals (三番町, 北六条西3丁目) stay outside; kanji numerals of a 丁目 (西新宿二丁目) are inside.
    """
    text = unicodedata.normalize("NFKC", address)
    rest = towns.after_town(postal, text) if postal else None
    if rest is not None:
        return rest
    text = _LINES.sub("-", text)
    found = _CHOME.search(text) or _HOUSE.search(text)
    return text[found.start() :] if found else ""


def _numbered(address: str) -> str:
    """An address with every number that is written in kanji in figures, where it is known to be one."""
    text = _LINES.sub("-", unicodedata.normalize("NFKC", address))
    text = _NUMERAL.sub(lambda m: str(_arabic(m.group(1))), text)
    text = _FIRST.sub(lambda m: str(_arabic(m.group())), text)
    return _NEXT.sub(lambda m: str(_arabic(m.group())), text)


def symbols_of(postal_digits: str, code: str) -> list[str]:
    """The 21 symbols between start and stop: 7 of the postal code, 13 of the address, the check."""
    body = list(postal_digits) + _address_symbols(code)
    check = -sum(SYMBOLS.index(s) for s in body) % 19
    return [*body, SYMBOLS[check]]


def bars_of(symbols: list[str]) -> str:
    """67 letters F, A, D, T."""
    return START + "".join(BARS[s] for s in symbols) + STOP


def _address_symbols(code: str) -> list[str]:
    out: list[str] = []
    for char in code:
        if char.isascii() and char.isalpha():
            place = ord(char) - ord("A")
            out += [f"CC{place // 10 + 1}", str(place % 10)]
        else:
            out.append(char)
    # Cut at 13: a letter whose second half falls off keeps its control code, as the manual says.
    out = out[:_ADDRESS_SYMBOLS]
    return out + [_PAD] * (_ADDRESS_SYMBOLS - len(out))


def _arabic(text: str) -> int:
    total, current = 0, 0
    for char in text:
        if char in _TENS:
            total, current = total + max(current, 1) * _TENS[char], 0
        else:
            current = current * 10 + _KANJI[char]
    return total + current
