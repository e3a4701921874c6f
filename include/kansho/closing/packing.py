"""What is packed, drawn or stored in a file, opened as streams: zip, gzip and its like, PDF, Parquet, SQLite.

Belongs here: opening, piece by piece, never to disk.  Does not belong here: what is searched for, or what happens with
a file that cannot be opened (`kansho.closing.searching`): here that is an exception, or an `Inner` without a stream.

Archives and streams are read from the file as they are asked for, inside each other too.  What has to be jumped about
in (PDF, SQLite) and does not lie in a file of its own is held in memory up to `HELD` bytes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import mmap
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from kansho.closing.predictors import undone
from kansho.closing.views import PIECE

#: What is held whole: a document inside an archive, one stream of a document, one cell of a table.
HELD = 64 * 1024**2
#: What all that is packed in one file may come to, and how deep packing may be nested.
MAX_INFLATED = 16 * 1024**3
MAX_NESTING = 4
#: Bytes of a paper that somebody attaches.
MAX_PAPER = 8 * 1024**2
#: Rows of a Parquet file read at once.
_ROWS = 4096

_SQLITE = b"SQLite format 3\0"
_BZIP2 = tuple(b"BZh%d1AY&SY" % level for level in range(1, 10))
_HEADS = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"%PDF", _SQLITE, b"\xfd7zXZ\0", *_BZIP2)
#: Packed in a way that we cannot open: Zstandard, 7-Zip, RAR, an encrypted office document (an OLE container).
_SHUT = (b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
#: Bytes that tell the format.
HEAD = 16
_ZLIB = b"\x78"
_FIRST = frozenset(head[:1] for head in (*_HEADS, *_SHUT, _ZLIB))

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_ENCRYPTED = re.compile(rb"/Encrypt\s*(\d+\s+\d+\s+R|<<)")
#: The first filter of a stream, in its dictionary: a name, or the first of an array.
_FILTER = re.compile(rb"/Filter\s*\[?\s*/(\w+)")
_DICTIONARY = 2048


class Unreadable(Exception):
    """It cannot be checked, and that is never a pass."""


class TooLarge(Unreadable):
    """A packed file comes to more than its bound."""


class Inner(NamedTuple):
    """One thing in a packed file.

    Args:
        stream: its bytes; None for a part that cannot be read.
        deeper: whether it may be packed itself; false for text that was gathered here.
        seen: how many of its first bytes were the end of the part before.
    """

    stream: BinaryIO | None
    deeper: bool = True
    seen: int = 0


def is_packed(head: bytes) -> bool:
    """Whether the first `HEAD` bytes are those of a format with something inside."""
    return head.startswith((*_HEADS, *_SHUT))


def opened(handle: BinaryIO) -> Iterator[Inner]:
    """What lies directly in a packed file, whose handle can seek; each to be read before the next is asked for.

    Raises:
        Exception: whatever a damaged file makes a library say, `Unreadable` among it.
    """
    handle.seek(0)
    head = handle.read(HEAD)
    handle.seek(0)
    if head.startswith(_SHUT):
        raise Unreadable
    if head.startswith(b"PK\x03\x04"):
        yield from _zip(handle)
    elif head.startswith(b"\x1f\x8b"):
        yield Inner(gzip.GzipFile(fileobj=handle, mode="rb"))  # type: ignore[arg-type]
    elif head.startswith(_BZIP2):
        yield Inner(bz2.BZ2File(handle))  # type: ignore[arg-type]
    elif head.startswith(b"\xfd7zXZ\0"):
        yield Inner(lzma.open(handle))  # type: ignore[arg-type]  # noqa: SIM115 - closed with the file below it
    elif head.startswith(b"%PDF"):
        yield from _pdf(handle)
    elif head.startswith(b"PAR1"):
        yield from _parquet(handle)
    elif head.startswith(_SQLITE):
        yield from _sqlite(handle)


def inflated(data: bytes) -> bytes | None:
    """A whole zlib stream unpacked; None when it is none, or a damaged one.

    Raises:
        TooLarge: beyond `HELD`.
    """
    machine = zlib.decompressobj()
    try:
        out = machine.decompress(data, HELD)
    except zlib.error:
        return None
    if machine.unconsumed_tail and not machine.eof:
        raise TooLarge
    return out if machine.eof else None


def is_cut_off(data: bytes) -> bool:
    """Whether this is the beginning of something packed, which cannot be opened without its rest."""
    if is_packed(data[:HEAD]):
        return True
    machine = zlib.decompressobj()
    try:
        machine.decompress(data, HELD)
    except zlib.error:
        return False
    return data[:1] == b"\x78" and not machine.eof


def is_readable_pdf(data: bytes) -> bool:
    """Whether a document can be looked into whole: an encrypted or damaged one can never be shown to hold nothing.

    One of more than `MAX_PAPER` bytes is not taken: papers go with the evidence, whose reader has a limit.
    """
    try:
        return (
            len(data) <= MAX_PAPER
            and data.startswith(b"%PDF")
            and all(inner.stream is not None for inner in _pdf(io.BytesIO(data)))
        )
    except Exception:  # whatever a damaged file makes the library say
        return False


def _zip(handle: BinaryIO) -> Iterator[Inner]:
    with zipfile.ZipFile(handle) as archive:
        # In the order of the file: an archive inside an archive is only read forwards.
        for info in sorted(archive.infolist(), key=lambda i: i.header_offset):
            yield _text(info.filename)
            if info.flag_bits & 1:  # encrypted
                yield Inner(None)
                continue
            try:
                stream = archive.open(info)
            except Exception:  # a damaged entry does not hide the others
                yield Inner(None)
                continue
            with stream:
                yield Inner(stream)  # type: ignore[arg-type]


def _pdf(handle: BinaryIO) -> Iterator[Inner]:
    import pypdfium2

    path = _path(handle)
    if path is None:
        source: Any = _held(handle)
        yield from _pdf_streams(source)
    else:
        source = path
        with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield from _pdf_streams(mapped)
    document, held, size = pypdfium2.PdfDocument(source), list[str](), 0
    with closing(document):
        for number in range(len(document)):
            with closing(document[number]) as page, closing(page.get_textpage()) as page_text:
                text = page_text.get_text_range()
            held += [text, re.sub(r"\s", "", text)]
            size += len(text)
            # Pages together, for each search costs as much as some pages; a document may have a million.
            if size > PIECE or number + 1 == len(document):
                yield _text("\n".join(held))
                held, size = [], 0


def _pdf_streams(data: Any) -> Iterator[Inner]:
    """Streams of the document that hold more than what is drawn; pictures hold no text and are passed over."""
    if _ENCRYPTED.search(data):
        yield Inner(None)
        return
    for match in _STREAM.finditer(data):
        end = data.find(b"endstream", match.end())
        if end < 0:
            yield Inner(None)
            return
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
            yield Inner(None if plain is None else io.BytesIO(plain))
        elif named is not None and held.strip():  # an empty stream holds nothing
            yield Inner(None)


#: Whose bytes are dots: predicted or not, they hold no text.
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")
#: Filters whose output is dots.
_PICTURES = frozenset({b"DCTDecode", b"DCT", b"JPXDecode", b"JBIG2Decode", b"CCITTFaxDecode", b"CCF"})


def _parquet(handle: BinaryIO) -> Iterator[Inner]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(handle, pre_buffer=False, buffer_size=1024**2) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            for column in batch.columns:
                values = (v for v in column.to_pylist() if v is not None)
                yield from gathered(v if isinstance(v, bytes) else str(v).encode("utf-8", "replace") for v in values)


def _sqlite(handle: BinaryIO) -> Iterator[Inner]:
    """Every value of every table: long values lie scattered over pages, and some are compressed."""
    path = _path(handle)
    if path is not None:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    else:
        data = bytearray(_held(handle))
        data[18:20] = b"\x01\x01"  # what is held in memory has no write-ahead log
        base = sqlite3.connect(":memory:")
        base.deserialize(bytes(data))
    base.text_factory = bytes
    with closing(base):
        tables = [r[0].decode() for r in base.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            quoted = table.replace('"', '""')
            rows = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - names come from the schema itself
            yield from gathered(value for row in rows for value in row if isinstance(value, bytes))


def gathered(values: Iterator[bytes]) -> Iterator[Inner]:
    """Cells of a table, short ones together; what is packed or compressed in one is opened."""
    held: list[bytes] = []
    size = 0
    for value in values:
        if value[:1] in _FIRST:  # nearly no cell, and a table has millions
            if is_packed(value[:HEAD]):
                yield Inner(io.BytesIO(value))
            elif value[:1] == _ZLIB and (unpacked := inflated(value)) is not None:
                yield Inner(io.BytesIO(unpacked))
        held.append(value)
        size += len(value)
        if size > PIECE:
            yield Inner(io.BytesIO(b"\n".join(held)), deeper=False)
            held, size = [], 0
    if held:
        yield Inner(io.BytesIO(b"\n".join(held)), deeper=False)


def _text(text: str) -> Inner:
    return Inner(io.BytesIO(text.encode("utf-8", "replace") + b"\n"), deeper=False)


def _path(handle: BinaryIO) -> Path | None:
    """Where the stream lies as a file of its own."""
    named = isinstance(handle, io.BufferedReader) and isinstance(handle.raw, io.FileIO)
    return Path(handle.name) if named else None


def _held(handle: BinaryIO) -> bytes:
    handle.seek(0)
    data = handle.read(HELD + 1)
    if len(data) > HELD:
        raise TooLarge
    return data
