"""What a residue scan looks for: every value of every resident in every form it could be left in.

Belongs here: forms of values as text (pure).  Does not belong here: encodings and searching
(`kansho.closing.searching`) or reading the vault (`kansho.closing.erasure`).

Short or ambiguous values are left to their longer forms, since they occur by coincidence:

- a name without space needs 4 characters; with the space between surname and given name it counts
  from 2 characters on;
- an address needs 8 characters and a digit; 方書 alone is no needle;
- a birth date counts in delimited forms only (``1960-01-02``, ``1960/1/2``, 昭和35年1月2日, S35.1.2 …),
  never as six or eight digits, and never 1970-01-01, the zero of every computer's clock;
- an お問い合わせ番号 without hyphens does not count when it reads as a present-day clock time.

Beside these forms every value counts as the ward wrote it, however many spaces and whichever width that has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import jaconv
import pandas as pd

from kansho.remembered import IDENTIFIERS

#: How a form must stand alone, see `kansho.closing.searching`.
NAME, ADDRESS, DIGITS, DELIMITED, SECRET = "name", "address", "digits", "delimited", "secret"

_SPACE = re.compile(r"[\s\u3000]+")
#: Encodings in which a Latin letter is one byte.
_BY_BYTE = ("utf-8", "cp932")
_MIN_NAME, _MIN_ADDRESS, _MIN_SECRET = 4, 8, 8
_CLOCK_TIMES = range(1_500_000_000, 2_200_000_000)
_ERAS = (
    (date(2019, 5, 1), "令和", "R"),
    (date(1989, 1, 8), "平成", "H"),
    (date(1926, 12, 25), "昭和", "S"),
    (date(1912, 7, 30), "大正", "T"),
    (date(1868, 1, 25), "明治", "M"),
)
_AREA = re.compile(r"(0\d{1,4})-(\d{1,4}-\d{3,4})\Z")
_ERA_STARTS = {key: start for start, name, letter in _ERAS for key in (name, letter, letter.lower())}
_WESTERN = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?\Z")
_JAPANESE = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHRmtshr])(\d{1,2}|元)[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?\Z")


@dataclass(frozen=True, order=True)
class Needle:
    """One text to look for and how it must stand alone."""

    text: str
    kind: str


def needles_of(table: pd.DataFrame) -> set[Needle]:
    """Needles of a table whose columns are identifiers of the contracts; other columns are passed over."""
    out: set[Needle] = set()
    for column in IDENTIFIERS:
        if column in table.columns:
            out.update(_forms(column, table[column].dropna().astype(str).unique()))
    return out


def needles_of_values(values: pd.DataFrame) -> set[Needle]:
    """Needles of ``column, value``, as `kansho.remembered.values_in` keeps them."""
    out: set[Needle] = set()
    for column, part in values.groupby("column"):
        out.update(_forms(str(column), part["value"].unique()))
    return out


def _forms(column: str, values: Iterable[str]) -> Iterator[Needle]:
    for value in values:
        said = value.strip()
        if said:
            yield from FORMS[column](said)
            yield from _as_written(column, said)


def _as_written(column: str, value: str) -> Iterator[Needle]:
    """The value itself, where it is long enough to be nobody else's; digits alone are left to their own forms."""
    if column in ("name_kanji", "name_kana"):
        if len(value) >= _MIN_NAME or _SPACE.search(value):
            yield Needle(value, NAME)
    elif column == "address":
        if _tells_a_house(value):
            yield Needle(value, ADDRESS)
    elif len(value) >= 8 and not value.isascii():
        yield Needle(value, DELIMITED)


def secret_forms(secret: str) -> Iterator[Needle]:
    """A password as it is."""
    if len(secret) >= _MIN_SECRET:
        yield Needle(secret, SECRET)


def name_forms(name: str) -> Iterator[Needle]:
    """Parts joined by a full-width space, a space, and nothing."""
    parts = [p for p in _SPACE.split(name) if p]
    if len(parts) > 1:
        yield Needle("\u3000".join(parts), NAME)
        yield Needle(" ".join(parts), NAME)
    together = "".join(parts)
    if len(together) >= _MIN_NAME:
        yield Needle(together, NAME)


def kana_forms(kana: str) -> Iterator[Needle]:
    """As `name_forms`, in full-width and half-width kana."""
    wide = unicodedata.normalize("NFKC", kana)
    for form in name_forms(wide):
        yield form
        half = str(jaconv.z2h(form.text, kana=True, digit=False, ascii=False))
        yield from (Needle(half.replace(*space), NAME) for space in (("\u3000", " "), (" ", "\u3000")))


def address_forms(address: str) -> Iterator[Needle]:
    """As written, with digits and hyphens in half width, and with digits, or both, in full width."""
    half = unicodedata.normalize("NFKC", address)
    wide = (_wide(half, ascii=False), _wide(half))
    for form in sorted({address, half, *wide}):
        if _tells_a_house(form):
            yield Needle(form, ADDRESS)


def _tells_a_house(address: str) -> bool:
    return len(address) >= _MIN_ADDRESS and any(c.isdigit() or c in "一二三四五六七八九十" for c in address)


def _wide(text: str, *, ascii: bool = True) -> str:
    return str(jaconv.h2z(text, kana=False, ascii=ascii, digit=True))


def phone_forms(phone: str) -> Iterator[Needle]:
    """With hyphens as written, with the area in brackets, and digits alone; in full width too."""
    plain = unicodedata.normalize("NFKC", phone)
    digits = re.sub(r"\D", "", plain)
    if len(digits) >= 9:
        yield Needle(digits, DIGITS)
        yield from {Needle(_wide(form), DELIMITED) for form in (plain, digits)}
        if plain != digits:
            yield Needle(plain, DELIMITED)
        if area := _AREA.match(plain):
            yield Needle(f"({area[1]}){area[2]}", DELIMITED)


def number_forms(number: str) -> Iterator[Needle]:
    """With hyphens, and digits alone unless they read as a clock time; in full width too."""
    yield from (n for n in phone_forms(number) if n.kind is DELIMITED or int(n.text) not in _CLOCK_TIMES)


def birth_forms(text: str) -> Iterator[Needle]:
    """Every delimited form of the date; a text that is no date stands for itself when long enough."""
    day = _read_date(unicodedata.normalize("NFKC", text))
    if day is None:
        if len(text) >= 8 and not text.isdigit():
            yield Needle(text, DELIMITED)
        return
    if day == date(1970, 1, 1):
        return
    y, m, d = day.year, day.month, day.day
    forms = {f"{y}-{m:02}-{d:02}", f"{y}/{m:02}/{d:02}", f"{y}/{m}/{d}", f"{y}年{m}月{d}日", f"{y}年{m:02}月{d:02}日"}
    forms.update((f"{y}.{m:02}.{d:02}", f"{y}.{m}.{d}"))
    era = next(((start, name, letter) for start, name, letter in _ERAS if day >= start), None)
    if era:
        n = y - era[0].year + 1
        forms.update((f"{era[1]}{n}年{m}月{d}日", f"{era[1]}{n:02}年{m:02}月{d:02}日", f"{era[2]}{n:02}.{m:02}.{d:02}"))
        forms.update((f"{era[2]}{n:02}/{m:02}/{d:02}", f"{era[2]}{n}.{m}.{d}", f"{era[2]}{n}/{m}/{d}"))
        forms.update((f"{era[1][0]}{n}.{m}.{d}", f"{era[1][0]}{n}年{m}月{d}日"))
    forms |= {_wide(form, ascii=False) for form in forms if "年" in form}
    # Of a date without a sign of its own as many letters as eight digits and more, of one with its era's fewer.
    yield from (Needle(form, DELIMITED) for form in forms if len(form.encode()) >= 8)


#: Column of the contracts → the forms that a value of it could be left in.
FORMS: dict[str, Callable[[str], Iterator[Needle]]] = {
    "name_kanji": name_forms,
    "name_kana": kana_forms,
    "address": address_forms,
    "phone": phone_forms,
    "birth_date": birth_forms,
    "inquiry_number": number_forms,
}


def _read_date(text: str) -> date | None:
    western, japanese = _WESTERN.match(text), _JAPANESE.match(text)
    try:
        if western:
            return date(int(western[1]), int(western[2]), int(western[3]))
        if japanese:
            year = 1 if japanese[2] == "元" else int(japanese[2])
            return date(_ERA_STARTS[japanese[1]].year + year - 1, int(japanese[3]), int(japanese[4]))
    except ValueError:
        return None
    return None


def to_table(needles: Iterable[Needle]) -> pd.DataFrame:
    """The needles as a table ``text, kind`` in a stable order."""
    ordered = sorted(needles)
    return pd.DataFrame({"text": [n.text for n in ordered], "kind": [n.kind for n in ordered]}, dtype="str")


def from_table(table: pd.DataFrame) -> list[Needle]:
    """Inverse of `to_table`."""
    return [Needle(t, k) for t, k in zip(table["text"], table["kind"], strict=True)]


def stands_alone(needle: Needle, data: bytes, start: int, end: int, encoding: str) -> bool:
    """Whether a hit is the value and not a part of a longer number.

    Digits alone must not touch letters or digits, nor follow a point; delimited numbers and dates must
    not touch a hexadecimal digit; an address that ends in a digit must not go on with one.
    """
    if needle.kind not in (DIGITS, DELIMITED, ADDRESS):
        return True
    before, after = _before(data, start, encoding), data[end : end + 4].decode(encoding, "ignore")[:1]
    if needle.kind == ADDRESS:
        return not (needle.text[-1].isdigit() and after.isdigit())
    if needle.kind == DIGITS:
        return not (_alnum(before) or _alnum(after) or before == ".")
    return not (_hex(before) or _hex(after))


def _before(data: bytes, start: int, encoding: str) -> str:
    """The letter before a hit; none where it may be half of a letter, or belong to an escape (``\\n03-…``).

    A text of digits is found as UTF-8 in a file of CP932, in which a letter's second byte may read as a Latin letter.
    """
    last, other = data[max(0, start - 1) : start], data[max(0, start - 2) : start - 1]
    if encoding in _BY_BYTE and last.isalpha() and (other == b"\\" or other >= b"\x81"):
        return ""
    return data[max(0, start - 4) : start].decode(encoding, "ignore")[-1:]


def _alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _hex(char: str) -> bool:
    return char != "" and char in "0123456789abcdefABCDEF"
