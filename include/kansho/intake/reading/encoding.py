"""Which encoding the bytes are in, found and not guessed, and the text as UTF-8 for the fast readers.

Belongs here: byte order marks, the pattern of NULs, trial decoding and its verdict.  Does not belong here: what a
heading is; the caller says by ``knows`` whether a text begins with headings of the contract.

The verdict, in this order: an encoding declared in the ward's mapping; a byte order mark; UTF-16 by its NULs; then
UTF-8 and CP932 are both tried over the whole file.  One reading that decodes is taken.  Two that decode (with other
than ASCII bytes their texts differ) are only decided by evidence inside the file: when the headings of the contract
stand in exactly one of the two, that one is right, because mojibake never spells a heading.  Else the file is held.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kansho.errors import KanshoError

Known = Callable[[str], bool]

_CHUNK = 1 << 18
#: So much is enough for control row and headings.
_HEAD = 1 << 16
#: A text without a mark is UTF-16 when so large a share of its units has a NUL on one side.
_NUL_SHARE = 0.03
_NUL_SAMPLE = 4000
#: Python maps these single bytes of CP932 to something; in no table of Shift_JIS or Microsoft are they characters.
_NO_CP932 = ("\x80", "\uf8f0", "\uf8f1", "\uf8f2", "\uf8f3")
#: What kana in UTF-8 begin with, and what CP932 makes of it: characters that hardly any name or place has.
_KANA = re.compile(rb"\xe3[\x81-\x83]")
_KANA_MISREAD = tuple(character.encode() for character in "縺繧繝")
#: Encodings we do not take, told apart so that the ward is told what it sent.
_FOREIGN = ("euc_jp", "iso2022_jp")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Decoded:
    """The text in UTF-8 without a mark; ``encoding`` is what it was, ``marked`` whether a mark said so."""

    encoding: str
    marked: bool
    text: memoryview


@dataclass(frozen=True)
class _Fault:
    """The first byte (from 0) that the encoding does not have."""

    offset: int
    surrogate: bool = False


def decode(
    data: bytes, declared: Literal["cp932", "utf-8", "utf-8-sig", "utf-16"] | None, kind: str, knows: Known
) -> Decoded:
    """The text of a delivered file.

    Raises:
        KanshoError: ``INTAKE-ENCODING`` with the byte (from 1) at which no reading goes on,
            ``INTAKE-ENCODING-AMBIGUOUS`` when two readings differ and nothing decides between them,
            ``INTAKE-CSV`` for lone surrogates.
    """
    mark, marked = next(((m, name) for m, name in _MARKS if data.startswith(m)), (b"", ""))
    if declared is not None:
        return _one(data, _declared(data, declared, marked), kind, len(mark) if declared != "cp932" else 0)
    if marked:
        return _one(data, marked, kind, len(mark))
    wide = _utf16_by_nuls(data)
    if wide:
        return _one(data, wide, kind, 0)
    if data.isascii() and b"\x1b$" not in data[:_HEAD]:
        return Decoded("ascii", False, memoryview(data))
    return _utf8_or_cp932(data, kind, knows)


def _declared(data: bytes, declared: str, marked: str) -> str:
    if declared == "utf-16":
        return marked if marked.startswith("utf-16") else _utf16_by_nuls(data) or "utf-16-le"
    if declared.startswith("utf-8"):
        return "utf-8-sig" if marked == "utf-8-sig" else "utf-8"
    return declared


def _one(data: bytes, encoding: str, kind: str, mark: int) -> Decoded:
    found = _read(data, encoding, mark)
    if isinstance(found, _Fault):
        raise _undecodable(kind, encoding, found)
    return Decoded(encoding, mark > 0, found)


def _utf8_or_cp932(data: bytes, kind: str, knows: Known) -> Decoded:
    readings = {name: _read(data, name, 0) for name in ("utf-8", "cp932")}
    valid = {name: r for name, r in readings.items() if not isinstance(r, _Fault)}
    faults = {name: r for name, r in readings.items() if isinstance(r, _Fault)}
    headed = [name for name in readings if knows(_head(data, name))]
    if len(headed) == 1 and headed[0] in faults:
        # The headings are in one encoding and what follows is not.
        raise _undecodable(kind, headed[0], faults[headed[0]])
    if headed == ["cp932"]:
        _refuse_mixed(data, valid["cp932"], kind)
    if len(headed) == 1:
        return Decoded(headed[0], False, valid[headed[0]])
    for name in _FOREIGN:
        if knows(_head(data, name)):
            raise KanshoError(
                "INTAKE-ENCODING",
                f"文字コード {name} は受け取れません",
                place=kind,
                remedy="CP932（Shift_JIS）または UTF-8 で作り直して再提供",
            )
    if len(valid) == 2:
        raise KanshoError(
            "INTAKE-ENCODING-AMBIGUOUS",
            "CP932 と UTF-8 のどちらとしても読め、内容が異なります",
            place=kind,
            remedy="区に文字コードを確認し、設定の mappings に encoding を記載",
        )
    if not valid:
        furthest = max(faults, key=lambda name: faults[name].offset)
        raise _undecodable(kind, furthest, faults[furthest])
    name, text = next(iter(valid.items()))
    return Decoded(name, False, text)


def _refuse_mixed(data: bytes, text: memoryview, kind: str) -> None:
    """No line of a CP932 file is in UTF-8: kana of UTF-8 decode to 縺, 繧 or 繝, and then the whole line is looked at.

    Files of two systems put together are read without an error otherwise, half of them mojibake.
    """
    pieces = (text[at : at + _CHUNK + 2] for at in range(0, len(text), _CHUNK))
    if not any(sign in bytes(piece) for piece in pieces if _may_misread(piece) for sign in _KANA_MISREAD):
        return
    seen = 0
    for hit in _KANA.finditer(data):
        if hit.start() < seen:
            continue
        begin, seen = _line(data, hit.start())
        try:
            data[begin:seen].decode("utf-8")
        except UnicodeDecodeError:
            continue
        raise _undecodable(kind, "cp932", _Fault(hit.start()))


def _may_misread(piece: memoryview) -> bool:
    """Whether the two bytes stand anywhere with which all of `_KANA_MISREAD` begin."""
    read = np.frombuffer(piece, dtype=np.uint8)
    return bool(((read[:-1] == 0xE7) & (read[1:] >= 0xB8) & (read[1:] <= 0xB9)).any())


def _line(data: bytes, at: int) -> tuple[int, int]:
    """Where the line around a byte begins and ends; of one without end, a piece."""
    low, high = max(at - _HEAD, 0), min(at + _HEAD, len(data))
    ends = [end for byte in (b"\n", b"\r") if (end := data.find(byte, at, high)) >= 0]
    return max(data.rfind(b"\n", low, at), data.rfind(b"\r", low, at), low - 1) + 1, min(ends, default=high)


def _head(data: bytes, encoding: str) -> str:
    return data[:_HEAD].decode(encoding, errors="replace")


def _utf16_by_nuls(data: bytes) -> str:
    """'utf-16-le', 'utf-16-be' or '': digits and line ends have their NUL on one side, and some delimiter has one.

    Without the last a table of single bytes with NULs in its cells would be told of surrogates that it does not have.
    """
    sample = data[:_NUL_SAMPLE]
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    most, least = max(first, second), min(first, second)
    if most < 2 or most < _NUL_SHARE * len(sample) / 2 or most < 4 * least:
        return ""
    name, low = ("utf-16-be", sample[1::2]) if first > second else ("utf-16-le", sample[0::2])
    high = sample[0::2] if first > second else sample[1::2]
    return name if any(a in b",\t" and not b for a, b in zip(low, high, strict=False)) else ""


def _read(data: bytes, encoding: str, skip: int) -> memoryview | _Fault:
    """UTF-8 of the text, decoded in pieces: never the whole text as Python characters."""
    plain = encoding.startswith("utf-8")
    decoder = codecs.getincrementaldecoder("utf-8" if plain else encoding)()
    out = io.BytesIO()
    view = memoryview(data)
    for at in range(skip, max(len(data), skip + 1), _CHUNK):
        held = len(decoder.getstate()[0])
        piece = view[at : at + _CHUNK]
        try:
            text = decoder.decode(piece, final=at + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            offset = at - held + error.start
            return _Fault(offset, _is_surrogate(data, offset, encoding))
        if encoding == "cp932" and any(c in text for c in _NO_CP932):
            return _Fault(_no_cp932(data, at - held, text))
        if not plain:
            out.write(text.encode())
    return view[skip:] if plain else out.getbuffer()


def _no_cp932(data: bytes, at: int, text: str) -> int:
    """Where in the bytes the first such character stands: what precedes it encodes to as many bytes as it came from."""
    first = min(i for i in (text.find(c) for c in _NO_CP932) if i >= 0)
    return at + sum(1 if c <= "\x80" or "\uff61" <= c <= "\uff9f" else 2 for c in text[:first])


def _is_surrogate(data: bytes, offset: int, encoding: str) -> bool:
    """Whether what cannot be decoded is half of a surrogate pair."""
    if encoding.startswith("utf-16"):
        return offset + 1 < len(data) and 0xD8 <= data[offset + (encoding == "utf-16-le")] <= 0xDF
    at = data[offset : offset + 2]
    return encoding.startswith("utf-8") and len(at) == 2 and at[0] == 0xED and 0xA0 <= at[1] <= 0xBF


def _undecodable(kind: str, encoding: str, fault: _Fault) -> KanshoError:
    place = f"{kind}:{fault.offset + 1}バイト目"
    if fault.surrogate:
        return KanshoError(
            "INTAKE-CSV",
            "表の中に使えない文字があります（片方だけのサロゲート）",
            place=place,
            remedy="CSV を作り直して再提供",
        )
    return KanshoError(
        "INTAKE-ENCODING",
        f"文字コード {encoding} として読めない箇所があります（文字コードの誤りまたは混在）",
        place=place,
        remedy="一つの文字コードで作り直して再提供",
    )
