"""Whatever a value was written as, one of the faces of what holds it shows it again."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.parse
import zlib
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.closing.views import readings

#: A value has eight bytes at least; nine are twelve letters of base64.
_TEXTS = st.text("山田綾鬼怒川東京都０新宿区-1960/ヤマダ", min_size=9, max_size=40)
_AROUND = st.lists(st.sampled_from([b"A", b"z9", b".", b"\n", b" ", b"\x00", b"\xff", b"=", b'"']), max_size=12).map(
    b"".join
)


def _wrapped(width: int, line_break: bytes) -> Callable[[bytes], bytes]:
    def write(data: bytes) -> bytes:
        letters = base64.b64encode(data)
        lines = [letters[n : n + width] for n in range(0, len(letters), width)]
        if len(lines) > 1 and len(lines[-1].rstrip(b"=")) < 12:  # shorter runs occur by chance
            lines[-2:] = [lines[-2] + lines[-1]]
        return line_break.join(lines)

    return write


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "base64 in a URL": base64.urlsafe_b64encode,
    "base64 in lines": _wrapped(20, b"\n"),
    "base64 in lines of Windows": _wrapped(16, b"\r\n"),
    "base64 in lines in JSON": _wrapped(13, b"\\n"),
    "base64 in lines of Windows in JSON": _wrapped(16, b"\\r\\n"),
    "base64 in indented lines": _wrapped(16, b"\r\n        "),
    "base64 in UTF-16": lambda data: base64.b64encode(data).decode().encode("utf-16-le"),
    "packed by zlib": lambda data: zlib.compress(b"." * 99 + data),
    "packed by gzip, in base64": lambda data: base64.b64encode(gzip.compress(b"." * 99 + data)),
    "JSON": lambda data: json.dumps(data.decode()).encode(),
    "percent": lambda data: urllib.parse.quote(data).encode(),
    "hexadecimal": lambda data: "".join(f"\\x{byte:02x}" for byte in data).encode(),
    "entities": lambda data: "".join(f"&#{ord(c)};" for c in data.decode()).encode(),
    "entities in hexadecimal": lambda data: "".join(f"&#x{ord(c):X};" for c in data.decode()).encode(),
    "base64 in percent": lambda data: urllib.parse.quote(base64.b64encode(data), safe="").encode(),
    "percent in base64": lambda data: base64.b64encode(urllib.parse.quote(data).encode()),
    "base64 in base64": lambda data: base64.b64encode(base64.b64encode(data)),
}


@settings(max_examples=60)
@given(text=_TEXTS, written=st.sampled_from(sorted(WRITTEN)), before=_AROUND, after=_AROUND)
def test_what_was_escaped_or_encoded_is_read(text: str, written: str, before: bytes, after: bytes) -> None:
    data = text.encode()
    piece = before + WRITTEN[written](data) + after
    assert any(data in view for view in [piece, *readings(piece)])


@settings(max_examples=20)
@given(before=_AROUND, text=_TEXTS)
def test_two_that_stand_apart_are_not_read_as_one(before: bytes, text: str) -> None:
    data = text.encode()
    half = len(data) // 2
    piece = before + base64.b64encode(data[:half]) + b" " * 12 + base64.b64encode(data[half:])
    assert not any(data in view for view in readings(piece))
