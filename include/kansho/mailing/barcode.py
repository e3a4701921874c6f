"""Japan Post's customer barcode (カスタマバーコード): extraction, check digit, bars.  Pure.

Source: domain notes 6.1 (Japan Post's manual): 67 bars = start, 7 digits of the postal code, 13 characters of the
address, one check character, stop; check modulus 19.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

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
_KANJI_RUN = "[〇一二三四五六七八九十百]+"
#: Where the address after the town begins: at the number of the 丁目, else at the first house number.
_CHOME = re.compile(rf"(\d+|{_KANJI_RUN})(?=丁目)")
_HOUSE = re.compile(rf"\d|{_KANJI_RUN}(?=番地|番(?!町)|号|地割|線)")
_NUMERAL = re.compile(r"([〇一二三四五六七八九十百]+)(?=(丁目|丁|番地|番|号|地割|線|の|ノ))")


def describe(postal: str, address: str) -> dict[str, Any]:
    """``postal_code``, ``address_code``, ``check`` and ``symbols`` (21) of an address after the town's name.

    ``address`` may carry the town: everything before the first number is passed over by the extraction.
    No symbols for a representative postal code (ending 00), which gives no barcode.
    """
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", postal))
    code = address_code(address)
    if not has_barcode(digits):
        return {"postal_code": digits, "address_code": code, "check": None, "symbols": []}
    symbols = symbols_of(digits, code)
    return {"postal_code": digits, "address_code": code, "check": symbols[-1], "symbols": symbols}


def has_barcode(digits: str) -> bool:
    """Seven digits that are not a representative code."""
    return len(digits) == 7 and not digits.endswith("00")


def address_code(address: str) -> str:
    """Digits, hyphens and letters of an address, as the manual extracts them (before control codes)."""
    text = unicodedata.normalize("NFKC", address).upper()
    text = re.sub(r"[&/・.]", "", text)
    text = _NUMERAL.sub(lambda m: str(_arabic(m.group(1))), text)
    text = re.sub(r"[A-Z]{2,}", "-", text)
    text = re.sub(r"(\d)F(?=\d)", r"\1-", text)
    text = re.sub(r"(\d)F(?![A-Z])", r"\1", text)
    text = re.sub(r"[^0-9A-Z-]", "-", text)
    text = re.sub(r"-+", "-", text)
    text = re.sub(r"-?([A-Z])-?", r"\1", text)
    return text.strip("-")


def after_town(address: str) -> str:
    """What follows the town's name, from the 丁目 or the house number on; '' when there is no number.

    A town's own numerals (三番町, 北六条西3丁目) stay outside; kanji numerals of a 丁目 (西新宿二丁目) are inside.
    """
    text = unicodedata.normalize("NFKC", address)
    found = _CHOME.search(text) or _HOUSE.search(text)
    return text[found.start() :] if found else ""


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
        if char == "百":
            total, current = total + max(current, 1) * 100, 0
        elif char == "十":
            total, current = total + max(current, 1) * 10, 0
        else:
            current = current * 10 + _KANJI[char]
    return total + current
