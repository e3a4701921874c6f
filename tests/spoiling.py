"""Sealed containers made wrong in one place, as bytes: what no writer writes, and what no reader may believe."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import py7zr

from tests.containers import AES_FILTERS, package_of, sevenzip_of, with_crcs, workbook_of, zip_of


def patched(data: bytes, at: int, form: str, value: int) -> bytes:
    """One number written over what stands there."""
    raw = bytearray(data)
    struct.pack_into(form, raw, at, value)
    return bytes(raw)


def flipped(data: bytes, at: int) -> bytes:
    """One bit turned."""
    at %= len(data)
    return patched(data, at, "B", data[at] ^ 1)


def central(data: bytes, nth: int) -> int:
    """Where the entry of that number (from 0) begins in the directory of a zip."""
    at = -1
    for _ in range(nth + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    return at


# -- zip -------------------------------------------------------------------------------------------


def zip_crypto(files: Mapping[str, bytes]) -> bytes:
    """The old cipher by its flag alone: it must be refused before anything is read."""
    raw = bytearray(zip_of(files, aes=False))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(signature, at + 4)
    return bytes(raw)


def with_a_plain_entry(data: bytes, name: str, content: bytes) -> bytes:
    """One file more, not encrypted."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def second_entry_is_the_first(data: bytes) -> bytes:
    """Two names for one entry's bytes."""
    return patched(data, central(data, 1) + 42, "<L", 0)


def entry_longer(data: bytes, nth: int, by: int) -> bytes:
    """An entry that claims bytes behind its end."""
    at = central(data, nth) + 20
    return patched(data, at, "<L", struct.unpack_from("<L", data, at)[0] + by)


def size_declared(data: bytes, size: int) -> bytes:
    """The first entry with another size than what inflates."""
    return patched(data, central(data, 0) + 24, "<L", size)


def deflate_declared(data: bytes) -> bytes:
    """Stored contents of a WinZip archive declared as deflated."""
    at = data.index(b"AE", central(data, 0)) + 3
    assert data[at] == zipfile.ZIP_STORED
    return patched(data, at, "<H", zipfile.ZIP_DEFLATED)


def with_end(data: bytes, **change: int) -> bytes:
    """Numbers of the end record changed by so much."""
    end = data.rindex(b"PK\x05\x06")
    at = {"disk": 4, "here": 8, "declared": 10, "size": 12, "start": 16}
    for name, delta in change.items():
        form = "<L" if name in ("size", "start") else "<H"
        value = struct.unpack_from(form, data, end + at[name])[0]
        data = patched(data, end + at[name], form, value + delta)
    return data


def zip_with_a_name_twice(first: str, files: Mapping[str, bytes]) -> bytes:
    """A zip with two entries called ``first``."""
    other = "~" * len(first)
    return zip_of({other: b"x", **files}).replace(other.encode(), first.encode())


def zip_that_inflates(files: Mapping[str, bytes], name: str, mebibytes: int) -> bytes:
    """A zip in which that file is so many mebibytes of zeros, made without ever having them."""
    streams = {other: _deflated(data) for other, data in files.items()}
    streams[name] = _deflated(bytes(2**20), mebibytes)
    stored = zip_of(streams, method=zipfile.ZIP_STORED)
    assert stored.count(b"AE\x03\x00\x00") == 2 * len(streams)
    return stored.replace(b"AE\x03\x00\x00", b"AE\x03\x08\x00")


def _deflated(data: bytes, times: int = 1) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(data) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return block * times + squeeze.flush()


# -- 7z --------------------------------------------------------------------------------------------


def with_cycles(sevenzip: bytes, cycles: int) -> bytes:
    """A 7z whose header says 2 to the power of ``cycles`` rounds of key derivation."""
    at = sevenzip.rindex(b"\x06\xf1\x07\x01") + 5
    return with_crcs(patched(sevenzip, at, "B", sevenzip[at] & 0xC0 | cycles))


def sevenzip_by(files: Mapping[str, bytes], *methods: str, **properties: int) -> bytes:
    """A 7z with other methods than its usual one (`py7zr.FILTER_…`)."""
    ways = [{"id": getattr(py7zr, f"FILTER_{method}"), **properties} for method in methods]
    return sevenzip_of(files, filters=[*ways, AES_FILTERS[-1]])


# -- protected workbooks -----------------------------------------------------------------------------


def described(old: bytes, new: bytes, package: bytes | None = None) -> bytes:
    """A protected workbook whose encryption is described in other words of the same length."""
    data = workbook_of(package or package_of())
    assert old in data
    return data.replace(old, new.ljust(len(old)))


def of_office_2007() -> bytes:
    """A protected workbook that says it has the encryption of Office 2007."""
    data = workbook_of(package_of())
    return data.replace(b"\x04\0\x04\0\x40\0\0\0<?xml", b"\x04\0\x02\0\x40\0\0\0<?xml")


def with_looped_sectors() -> bytes:
    """A stream of four gigabytes in a file of ten kilobytes: its sectors follow each other in a circle."""
    data = workbook_of(package_of())
    entry = data.index("EncryptedPackage".encode("utf-16-le"))
    start = struct.unpack_from("<L", data, entry + 116)[0]
    fat = 512 * (struct.unpack_from("<L", data, 76)[0] + 1)
    return patched(patched(data, entry + 120, "<L", 2**32 - 1), fat + 4 * start, "<L", start)


def with_many_sectors() -> bytes:
    """A protected workbook that declares more sectors than it has bytes."""
    return patched(patched(workbook_of(package_of()), 44, "<L", 2**31), 72, "<L", (2**31 - 109 + 126) // 127)
