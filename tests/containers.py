"""Sealed containers of invented contents, as the programs of a ward write them, and ways to spoil them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import py7zr
import pyzipper
from msoffcrypto.method.ecma376_agile import ECMA376Agile

PASSWORD = "Tsukimi-7-dango"
AES_FILTERS = [{"id": py7zr.FILTER_LZMA2, "preset": 1}, {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}]


def zip_of(
    files: Mapping[str, bytes],
    password: str | bytes = PASSWORD,
    *,
    bits: int = 256,
    aes: bool = True,
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A WinZip-AES archive (or one without encryption)."""
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", compression=method, encryption=pyzipper.WZ_AES if aes else None) as archive:
        if aes:
            archive.setpassword(password.encode() if isinstance(password, str) else password)
            archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name, data in files.items():
            info = archive.zipinfo_cls(name)  # dated 1980, so that only the cipher's salt differs between two runs
            info.compress_type = method
            archive.writestr(info, data)
    return buffer.getvalue()


def zip_with_name_bytes(names: Mapping[bytes, bytes], password: str = PASSWORD, **how: object) -> bytes:
    """A WinZip-AES archive whose names are these raw bytes without the UTF-8 flag, as Windows writes CP932."""
    placeholders = {name: f"{position:x}".encode().rjust(len(name), b"~") for position, name in enumerate(names)}
    data = zip_of({placeholders[name].decode(): content for name, content in names.items()}, password, **how)  # type: ignore[arg-type]
    for name, placeholder in placeholders.items():
        assert data.count(placeholder) == 2
        data = data.replace(placeholder, name)
    return data


def sevenzip_of(
    files: Mapping[str, bytes], password: str | None = PASSWORD, *, header: bool = True, filters: object = AES_FILTERS
) -> bytes:
    """A 7z archive; without ``header`` its names can be read without the password."""
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password, header_encryption=header, filters=filters) as archive:  # type: ignore[arg-type]
        for name, data in files.items():
            archive._writef(io.BytesIO(data), name)  # the public way refuses the paths a test needs
    return buffer.getvalue()


def package_of(parts: Mapping[str, bytes] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The zip of a workbook: the parts a reader looks for, a theme as large as Excel's, and more."""
    buffer = io.BytesIO()
    own = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("xl/theme/theme1.xml"), b"<a/>" * 1100, zipfile.ZIP_STORED)
        for name, data in {**own, **(parts or {})}.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def workbook_of(package: bytes, password: str = PASSWORD, *, spins: int = 1000) -> bytes:
    """A password-protected xlsx around that zip (msoffcrypto writes nothing readable under 4 KiB)."""
    assert len(package) >= 4096
    return bytes(ECMA376Agile.encrypt(password, io.BytesIO(package), spin_count=spins))


def with_crcs(sevenzip: bytes) -> bytes:
    """A 7z archive whose outer header was changed, with check values that fit again."""
    offset, size = struct.unpack_from("<QQ", sevenzip, 12)
    start = struct.pack("<QQL", offset, size, zlib.crc32(sevenzip[32 + offset : 32 + offset + size]))
    return sevenzip[:8] + struct.pack("<L", zlib.crc32(start)) + start + sevenzip[32:]
