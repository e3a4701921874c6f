"""Strict readers of files that anybody may have made: JSON and zip with caps, nothing forgiven.

Belongs here: parsing alone.  Duplicate keys, floats, deep nesting, big files, entries outside the
expected names and anything a lenient reader would repair are refused.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kansho.errors import KanshoError

MAX_DEPTH = 16
MAX_JSON_BYTES = 8 * 1024**2
#: Digits of a whole number; more than any count has, and few enough to read in no time.
MAX_DIGITS = 40
MAX_ENTRIES = 5_000
MAX_BUNDLE_BYTES = 512 * 1024**2
#: A string (one that does not end takes the rest), or a bracket outside of strings.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{}]', re.DOTALL)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_json(data: bytes, place: str, *, floats: bool = False) -> Any:
    """Parse one JSON text.

    Raises:
        KanshoError: ``JSON-SIZE``, ``JSON-DEPTH``, ``JSON-DUPLICATE-KEY``, ``JSON-NUMBER``, ``JSON-HUGE`` or
            ``JSON-FORM``.
    """
    if len(data) > MAX_JSON_BYTES:
        raise KanshoError("JSON-SIZE", "JSON が大きすぎます", place=place)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise KanshoError("JSON-FORM", "UTF-8 ではありません", place=place) from None
    if _depth(text) > MAX_DEPTH:
        raise KanshoError("JSON-DEPTH", "JSON の入れ子が深すぎます", place=place)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            raise KanshoError("JSON-DUPLICATE-KEY", "同じ項目が二度あります", place=place)
        return made

    def refuse(_: str) -> Any:
        raise KanshoError("JSON-NUMBER", "使えない数値です", place=place)

    def whole(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            raise KanshoError("JSON-HUGE", "数の桁が多すぎます", place=place)
        return int(digits)

    fraction = float if floats else refuse
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=refuse, parse_float=fraction, parse_int=whole)
    except (ValueError, RecursionError):
        raise KanshoError("JSON-FORM", "JSON として読めません", place=place) from None


def read_canonical_json(line: bytes, place: str, canonical: Callable[[Any], bytes]) -> tuple[Any, bool]:
    """Parse one text that should be canonical; the value, and whether it is.

    A canonical text cannot hold a key twice, so only what is not canonical is read again with all the questions of
    `read_json`, whose errors it raises.
    """
    try:
        text = line.decode("utf-8")
        if len(line) <= MAX_JSON_BYTES and _depth(text) <= MAX_DEPTH:
            value = _WITHOUT_FLOATS.decode(text)
            if canonical(value) == line:
                return value, True
    except (ValueError, RecursionError, KanshoError):
        pass
    return read_json(line, place), False


def canonical_values(lines: Sequence[bytes]) -> list[Any] | None:
    """What each of several texts says, where all of them are objects in canonical form; None where any is not.

    They are written again in one go.  That the whole is the same says it of each: a text was read to its very end, and
    no object's text begins another's.
    """
    if max(map(len, lines), default=0) > MAX_JSON_BYTES:
        return None
    try:
        texts = b"\n".join(lines).decode("utf-8").split("\n")
        if max(map(_depth, texts)) > MAX_DEPTH:
            return None
        read = [_WITHOUT_FLOATS.raw_decode(text) for text in texts]
        values = [value for value, _ in read]
        ends_well = all(end == len(text) for (_, end), text in zip(read, texts, strict=True))
        if ends_well and _OBJECT.issuperset(map(type, values)) and _PLAIN.encode(values) == f"[{','.join(texts)}]":
            return values
    except (ValueError, RecursionError):
        pass
    return None


def _no_float(_: str) -> Any:
    raise ValueError


_OBJECT = frozenset({dict})
#: As `kansho.evidence.events` writes the log.
_PLAIN = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False)
_WITHOUT_FLOATS = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)


def _depth(text: str) -> int:
    """How deep brackets are nested at most, or a bound on it where there are few; strings do not count."""
    if (few := text.count("[") + text.count("{")) <= MAX_DEPTH:
        return few
    deepest = depth = 0
    for mark in _STRING_OR_BRACKET.findall(text):
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """A stored zip with fixed times and sorted names: the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def read_zip(data: bytes) -> dict[str, bytes]:
    """Read what `write_zip` wrote; any byte that differs from its output is refused.

    Raises:
        KanshoError: ``BUNDLE-SIZE``, ``BUNDLE-FORM``, ``BUNDLE-DUPLICATE``, ``BUNDLE-DAMAGED`` or ``BUNDLE-BYTES``.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise KanshoError("BUNDLE-SIZE", "大きすぎます", place="bundle")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        raise KanshoError("BUNDLE-FORM", "zip として読めません", place="bundle") from None
    infos = archive.infolist()
    names = [i.filename for i in infos]
    if len(names) != len(set(names)):
        raise KanshoError("BUNDLE-DUPLICATE", "同じ名前のファイルが二つあります", place="bundle")
    if len(infos) > MAX_ENTRIES or sum(i.file_size for i in infos) > len(data):
        raise KanshoError("BUNDLE-SIZE", "項目が多すぎるか、圧縮されています", place="bundle")
    try:
        files = {i.filename: archive.read(i) for i in infos}
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, RuntimeError, struct.error, zlib.error):
        raise KanshoError("BUNDLE-DAMAGED", "中のファイルが壊れています", place="bundle") from None
    if write_zip(files) != data:
        raise KanshoError("BUNDLE-BYTES", "作成時のバイト列と違います（中身以外の改変）", place="bundle")
    return files
