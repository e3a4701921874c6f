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
import re
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from kansho.closing import inner, pdf_parts
from kansho.closing.inner import Inner, TooLarge, Unreadable, inflated, text
from kansho.closing.views import PIECE

#: What is held whole: a document inside an archive, a packed member of one that is read forwards.
HELD = inner.HELD
#: What all that is packed in one file may come to, and how deep packing may be nested.
MAX_INFLATED = 16 * 1024**3
MAX_NESTING = 4
#: Bytes of a paper that somebody attaches.
MAX_PAPER = 8 * 1024**2
#: Integers from here on could be a telephone number without its zero, or a number of a card.
_LONG = 100_000_000
#: The last record of a zip, with a comment of the most that there can be.
_TAIL = 22 + 65_535
#: Rows of a Parquet file read at once.
_ROWS = 4096

_SQLITE = b"SQLite format 3\0"
_BZIP2 = tuple(b"BZh%d1AY&SY" % level for level in range(1, 10))
#: xz, and what its forerunner wrote: the usual settings, and a dictionary of whole kilobytes.
_LZMA = (b"\xfd7zXZ\0", b"\x5d\0\0")
_ARROW, _ORC = b"ARROW1\0\0", b"ORC"
_HEADS = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"%PDF", _SQLITE, *_LZMA, *_BZIP2, _ARROW)
#: Packed in a way that we cannot open, by its first bytes.
_SHUT = (
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"\x04\x22\x4d\x18",  # LZ4
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # an OLE container, as of an encrypted workbook
    b"\x1f\x9d\x90",  # compress
    b"MSCF\0\0\0\0",  # a cabinet
    b"PARE",  # Parquet, encrypted
    b"age-encryption.org/",
    b"-----BEGIN AGE ENCRYPTED",
    b"-----BEGIN PGP MESSAGE",
    b"\x8c\x0d\x04",  # PGP, by a password
    b"\x84\x5e\x03",  # PGP, by a key
    b"\x85\x01\x0c\x03",
    b"\x85\x02\x0c\x03",
)
#: LHA, behind two bytes that are its head's.
_LHA = re.compile(rb"..-lh[0-9a-z]-", re.DOTALL)
#: A tar archive's mark, and where it stands.
_TAR, _TAR_AT = b"ustar", 257
#: Bytes that tell the format.
HEAD = 264
_ZLIB = b"\x78"
_FIRST = frozenset(head[:1] for head in (*_HEADS, *_SHUT, _ZLIB))


def is_packed(head: bytes) -> bool:
    """Whether the first `HEAD` bytes are those of a format with something inside."""
    return head.startswith((*_HEADS, *_SHUT)) or _is_tar(head) or _is_orc(head) or _LHA.match(head) is not None


def _is_tar(head: bytes) -> bool:
    return head.startswith(_TAR, _TAR_AT)


def _is_orc(head: bytes) -> bool:
    """Its three letters, and then no text."""
    return head.startswith(_ORC) and not head[3:HEAD].isascii()


def opened(handle: BinaryIO) -> Iterator[Inner]:
    """What lies directly in a packed file, whose handle can seek; each to be read before the next is asked for.

    Raises:
        Exception: whatever a damaged file makes a library say, `Unreadable` among it.
    """
    handle.seek(0)
    head = handle.read(HEAD)
    handle.seek(0)
    if head.startswith(_SHUT) or _LHA.match(head):
        raise Unreadable
    if head.startswith(b"PK\x03\x04"):
        yield from _zip(handle)
    elif head.startswith(b"\x1f\x8b"):
        yield Inner(gzip.GzipFile(fileobj=handle, mode="rb"))  # type: ignore[arg-type]
    elif head.startswith(_BZIP2):
        yield Inner(bz2.BZ2File(handle))  # type: ignore[arg-type]
    elif head.startswith(_LZMA):
        yield Inner(lzma.open(handle))  # type: ignore[arg-type]  # noqa: SIM115 - closed with the file below it
    elif head.startswith(b"%PDF"):
        path = _path(handle)
        yield from pdf_parts.opened(handle, path if path is not None else _held(handle))
    elif head.startswith(b"PAR1"):
        yield from _parquet(handle)
    elif head.startswith(_SQLITE):
        yield from _sqlite(handle)
    elif head.startswith(_ARROW):
        yield from _arrow(handle)
    elif _is_tar(head):
        yield from _tar(handle)
    elif _is_orc(head):
        yield from _orc(handle)


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


def _zip(handle: BinaryIO) -> Iterator[Inner]:
    if not _ends_as_a_zip(handle):
        yield Inner(None)
    with zipfile.ZipFile(handle) as archive:
        # In the order of the file: an archive inside an archive is only read forwards.
        for info in sorted(archive.infolist(), key=lambda i: i.header_offset):
            yield text(info.filename)
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


def is_readable_pdf(data: bytes) -> bool:
    """Whether a document can be looked into whole: an encrypted or damaged one can never be shown to hold nothing.

    One of more than `MAX_PAPER` bytes is not taken: papers go with the evidence, whose reader has a limit.
    """
    try:
        return (
            len(data) <= MAX_PAPER
            and data.startswith(b"%PDF")
            and all(part.stream is not None for part in pdf_parts.opened(io.BytesIO(data), data))
        )
    except Exception:  # whatever a damaged file makes the library say
        return False


def _ends_as_a_zip(handle: BinaryIO) -> bool:
    """Whether nothing stands behind the archive."""
    size = handle.seek(0, io.SEEK_END)
    handle.seek(max(0, size - _TAIL))
    tail = handle.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at - 22 == int.from_bytes(tail[at + 20 : at + 22], "little")


def _parquet(handle: BinaryIO) -> Iterator[Inner]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(handle, pre_buffer=False, buffer_size=1024**2) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            yield from _columns(batch)


def _columns(batch: Any) -> Iterator[Inner]:
    """Every value of a piece of a table of Arrow's."""
    for column in batch.columns:
        values = (v for v in column.to_pylist() if v is not None)
        yield from gathered(v if isinstance(v, bytes) else str(v).encode("utf-8", "replace") for v in values)


def _arrow(handle: BinaryIO) -> Iterator[Inner]:
    import pyarrow.ipc

    with pyarrow.ipc.open_file(handle) as file:
        for number in range(file.num_record_batches):
            yield from _columns(file.get_batch(number))


def _orc(handle: BinaryIO) -> Iterator[Inner]:
    import pyarrow.orc

    file = pyarrow.orc.ORCFile(handle)
    for number in range(file.nstripes):
        yield from _columns(file.read_stripe(number))


def _tar(handle: BinaryIO) -> Iterator[Inner]:
    """Names, and members that are packed themselves; the others were searched as they lie in the archive."""
    with tarfile.open(fileobj=handle, mode="r|") as archive:
        for member in archive:
            yield text(f"{member.name}\n{member.linkname}")
            stream = archive.extractfile(member) if member.isfile() else None
            head = stream.read(HEAD) if stream is not None else b""
            if stream is not None and is_packed(head):
                held = head + stream.read(HELD)
                yield Inner(io.BytesIO(held) if len(held) == member.size else None)


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
            yield from gathered(told for row in rows for value in row if (told := _told(value)) is not None)


def _told(value: Any) -> bytes | None:
    """A cell's bytes; of a number its digits, where it has as many as a telephone number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return str(value).encode() if abs(value) >= _LONG else None
    return value if isinstance(value, bytes) else None


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
