"""What stands in a PDF: text that is drawn, what its streams hold, and its strings (title, notes, form fields, names).

Belongs here: opening one document, piece by piece.  Does not belong here: other formats, or what holds a document
(`kansho.closing.packing`).

Text is drawn with numbers of glyphs; which letters they are says a table beside the font.  A document that has fewer
such tables than fonts of glyphs alone is told as not read.
"""

from __future__ import annotations

import io
import mmap
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from kansho.closing.inner import Inner, inflated, text
from kansho.closing.predictors import undone
from kansho.closing.views import PIECE

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_ENCRYPTED = re.compile(rb"/Encrypt\s*(\d+\s+\d+\s+R|<<)")
#: The first filter of a stream, in its dictionary: a name, or the first of an array.
_FILTER = re.compile(rb"/Filter\s*\[?\s*/(\w+)")
_DICTIONARY = 2048
#: Whose bytes are dots: predicted or not, they hold no text.
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
#: Filters whose output is dots.
_PICTURES = frozenset({b"DCTDecode", b"DCT", b"JPXDecode", b"JBIG2Decode", b"CCITTFaxDecode", b"CCF"})
#: A stream of objects, among which strings stand.
_OBJECTS = re.compile(rb"/Type\s*/ObjStm\b")
#: Strings: as they are with escapes, and in hexadecimal digits; a value has some bytes.
_PLAIN = re.compile(rb"\(((?:[^()\\]|\\.){4,})\)", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]{8,})>")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r\n": b""}
#: A font whose numbers of glyphs are its own, and the table that tells letters from them.
_GLYPHS, _LETTERS = re.compile(rb"/Identity-[HV]\b"), re.compile(rb"/ToUnicode\b")


def opened(handle: BinaryIO, source: Path | bytes) -> Iterator[Inner]:
    """What lies in a document.

    Args:
        handle: its bytes.
        source: the file that it is, or its bytes where it is none.

    Raises:
        Exception: whatever a damaged file makes the library say.
    """
    if isinstance(source, Path):
        with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield from streams(mapped)
    else:
        yield from streams(source)
    yield from _drawn(source)


def _drawn(source: Path | bytes) -> Iterator[Inner]:
    """The text of the pages."""
    import pypdfium2

    document, held, size = pypdfium2.PdfDocument(source), list[str](), 0
    with closing(document):
        for number in range(len(document)):
            with closing(document[number]) as page, closing(page.get_textpage()) as page_text:
                told = page_text.get_text_range()
            held += [told, re.sub(r"\s", "", told)]
            size += len(told)
            # Pages together, for each search costs as much as some pages; a document may have a million.
            if size > PIECE or number + 1 == len(document):
                yield text("\n".join(held))
                held, size = [], 0


def streams(data: Any) -> Iterator[Inner]:
    """Streams of the document that hold more than what is drawn, and the strings outside of them.

    Pictures hold no text and are passed over.
    """
    if _ENCRYPTED.search(data):
        yield Inner(None)
        return
    said: list[bytes] = []
    glyphs = letters = 0
    begin = 0
    for match in _STREAM.finditer(data):
        end = data.find(b"endstream", match.end())
        if end < 0:
            yield Inner(None)
            return
        said.append(bytes(data[begin : match.start()]))
        begin = end
        before = bytes(data[max(0, match.start() - _DICTIONARY) : match.start()])
        before = before[before.rfind(b" obj") :]
        named = _FILTER.search(before)
        if named is not None and named[1] not in (b"FlateDecode", b"Fl"):
            if named[1] not in _PICTURES:
                yield Inner(None)
            continue
        held = bytes(data[match.end() : end])
        unpacked = inflated(held)
        if unpacked is not None:
            plain = unpacked if _PICTURE.search(before) else undone(unpacked, before)
            if plain is not None and _OBJECTS.search(before):
                said.append(plain)
            yield Inner(None if plain is None else io.BytesIO(plain))
        elif named is not None and held.strip():  # an empty stream holds nothing
            yield Inner(None)
    said.append(bytes(data[begin:]))
    for part in said:
        glyphs += len(_GLYPHS.findall(part))
        letters += len(_LETTERS.findall(part))
    if glyphs > letters:
        yield Inner(None)  # some font's letters nobody can tell
    strings = b"\n".join(s for part in said for s in _strings(part))
    if strings:
        yield Inner(io.BytesIO(strings), deeper=False)


def _strings(part: bytes) -> Iterator[bytes]:
    """Strings as they read: UTF-16 behind its mark, or one byte a letter."""
    for match in _PLAIN.finditer(part):
        yield _ESCAPE.sub(_unescaped, match[1])
    for match in _HEX.finditer(part):
        digits = b"".join(match[1].split())
        yield bytes.fromhex(digits.decode() + "0" * (len(digits) % 2))


def _unescaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    if said[:1].isdigit() and said[:1] < b"8":
        return bytes([int(said, 8) & 0xFF])
    return _ESCAPED.get(said, said)
