"""7z archives with AES and encrypted headers, in memory.

Pure over bytes.  py7zr inflates into objects of a factory of ours, which count and keep what is written; nothing
touches a disk.  Before it sees the archive the readable outer header is checked here: py7zr would derive a key as often
and as slowly as the archive asks, and unpacks deflate, PPMd and others without a limit.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Collection, Sequence
from typing import Any

from py7zr import SevenZipFile
from py7zr.archiveinfo import HeaderStreamsInfo
from py7zr.io import Py7zIO, WriterFactory

from kansho.errors import KanshoError
from kansho.intake.containers import caps
from kansho.intake.containers.announced import match_names
from kansho.intake.containers.refusals import (
    damaged,
    entry_place,
    too_big,
    wrong_cipher,
    wrong_names,
    wrong_password,
)

#: 7-Zip derives keys in 2^19 rounds; twice that is the most we compute (about a second), 0x3F means none at all.
MAX_CYCLES = 20
MIN_CYCLES = 16
#: Bytes of a decrypted header: 64 entries need about 40 KiB.
MAX_HEADER = 256 * 1024
#: The largest dictionary of 7-Zip's own presets.
MAX_DICTIONARY = 256 * 1024**2

_START = struct.Struct("<6s2sLQQL")
_ENCODED_HEADER = b"\x17"
_AES = b"\x06\xf1\x07\x01"
_COPY, _LZMA2, _LZMA, _BZIP2 = b"\x00", b"\x21", b"\x03\x01\x01", b"\x04\x02\x02"
_METHODS = {_AES, _COPY, _LZMA2, _LZMA, _BZIP2}
_DIRECTORY = 0x10


def open_sevenzip(data: bytes, password: str, names: Collection[str] | None) -> dict[str, bytes]:
    """Contents by announced name, in the order of the archive.

    7z has no check value for a password: a header that does not come out as one counts as a wrong password, since the
    bytes around it were intact.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE``, ``-BOMB``, ``-CIPHER``, ``-NAMES``, ``-PASSWORD``.
    """
    _check_outer_header(data)
    if not password:
        raise wrong_password()
    try:
        archive = SevenZipFile(io.BytesIO(data), "r", password=password)
    except Exception:  # whatever garbage makes of the parser
        raise wrong_password() from None
    with archive:
        return _extract(archive, names, len(data))


def _check_outer_header(data: bytes) -> None:
    if len(data) < _START.size:
        raise damaged("途中で切れています")
    _, _, start_crc, offset, size, crc = _START.unpack_from(data)
    if zlib.crc32(data[12 : _START.size]) != start_crc:
        raise damaged("先頭の検査値")
    if _START.size + offset + size != len(data):
        raise damaged("末尾に余分なデータがあるか、途中で切れています")
    header = data[_START.size + offset :]
    if zlib.crc32(header) != crc:
        raise damaged("目次の検査値")
    if header[:1] != _ENCODED_HEADER:
        raise wrong_cipher("ファイル名が暗号化されていません")
    try:
        streams = HeaderStreamsInfo.retrieve(io.BytesIO(header[1:]))
        folders, sizes = streams.unpackinfo.folders, streams.packinfo.packsizes
        inside = len(folders) == len(sizes) == 1 and streams.packinfo.packpos + sizes[0] <= offset
    except Exception:  # a parser of hostile bytes
        raise damaged("目次の形式") from None
    if not inside:
        raise damaged("目次の形式")
    _check_coders(folders[0].coders, "ファイル名が暗号化されていません", "目次")
    if max(folders[0].unpacksizes, default=0) > MAX_HEADER:
        raise too_big("目次の大きさ")


def _check_coders(coders: Sequence[dict[str, Any]], open_text: str, place: str) -> None:
    """Only AES with a bounded key derivation, over methods that inflate within bounds."""
    methods = [coder["method"] for coder in coders]
    if _AES not in methods:
        raise wrong_cipher(open_text, place)
    if methods.count(_AES) > 1 or not _METHODS.issuperset(methods):
        raise damaged("対応していない圧縮方式", place)
    for coder in coders:
        properties = coder["properties"] or b""
        if coder["method"] == _AES:
            cycles = properties[0] & 0x3F if properties else 0x3F
            if cycles == 0x3F or cycles < MIN_CYCLES:
                raise wrong_cipher("鍵の導出が弱い", place)
            if cycles > MAX_CYCLES:
                raise too_big("鍵の導出の回数", place)
        elif _dictionary(coder["method"], properties) > MAX_DICTIONARY:
            raise too_big("辞書の大きさ", place)


def _dictionary(method: bytes, properties: bytes) -> int:
    """Bytes of memory an LZMA stream asks for."""
    if method == _LZMA and len(properties) == 5:
        return int.from_bytes(properties[1:], "little")
    if method == _LZMA2 and len(properties) == 1:
        bits = properties[0] & 0x3F
        return (2 | (bits & 1)) << (bits // 2 + 11)
    return 0


def _extract(archive: SevenZipFile, names: Collection[str] | None, packed: int) -> dict[str, bytes]:
    files = list(getattr(archive, "files", []))
    for position, entry in enumerate(files, 1):
        if (entry._get_property("attributes") or 0) & _DIRECTORY:
            raise wrong_names("フォルダーがあります", entry_place(position))
    matched = match_names([[entry.filename] for entry in files], names)
    streams = archive.header.main_streams
    folders = streams.unpackinfo.folders if streams is not None else []
    if len(folders) > caps.MAX_ENTRIES:
        raise too_big("圧縮の単位の数")
    for folder in folders:
        _check_coders(folder.coders, "内容が暗号化されていません", "内容")
    for position, entry in enumerate(files, 1):
        if not entry.emptystream and entry.crc32 is None:
            raise damaged("検査値のないファイル", entry_place(position))
    factory = _Factory(caps.Meter(packed))
    try:
        archive.extractall(factory=factory)
    except KanshoError:
        raise
    except Exception:  # a parser of hostile bytes; its texts quote names
        raise damaged("内容が壊れています") from None
    if set(factory.written) != {entry.filename for entry in files}:
        raise damaged("展開できないファイル")
    return {name: factory.written[entry.filename].contents() for name, entry in zip(matched, files, strict=True)}


class _Counted(Py7zIO):
    """One file in memory; every write is counted before it is kept."""

    def __init__(self, meter: caps.Meter) -> None:
        self._meter = meter
        self._buffer = io.BytesIO()
        meter.next_file()

    def write(self, s: bytes | bytearray) -> int:
        self._meter.add(len(s))
        return self._buffer.write(s)

    def read(self, size: int | None = None) -> bytes:
        return self._buffer.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._buffer.seek(offset, whence)

    def flush(self) -> None:
        return None

    def size(self) -> int:
        return self._buffer.getbuffer().nbytes

    def contents(self) -> bytes:
        return self._buffer.getvalue()


class _Factory(WriterFactory):
    """Gives py7zr a `_Counted` for each entry."""

    def __init__(self, meter: caps.Meter) -> None:
        self._meter = meter
        self.written: dict[str, _Counted] = {}

    def create(self, filename: str) -> Py7zIO:
        self.written[filename] = _Counted(self._meter)
        return self.written[filename]
