"""WinZip AES-256 zips, in memory.

Pure over bytes.  Facts about pyzipper this guards against: names and sizes are not encrypted or authenticated (a
changed size or method would give other contents without an error); names without the UTF-8 flag arrive read as cp437;
bzip2 and LZMA entries inflate without a limit; a wrong password is a RuntimeError, but so is NotImplementedError.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection

import pyzipper

from kansho.intake.containers import caps
from kansho.intake.containers.announced import match_names
from kansho.intake.containers.refusals import damaged, entry_place, wrong_cipher, wrong_password
from kansho.intake.containers.zip_layout import check_zip_layout

_AES256 = 3
_UTF8_NAME = 0x800
_STRONG = 0x40
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def open_winzip(data: bytes, password: str, names: Collection[str] | None) -> dict[str, bytes]:
    """Contents by announced name, in the order of the archive.

    A wrong password is noticed by a check value of two bytes: once in 65,536 it is taken for damage instead.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE``, ``-OVERLAP``, ``-BOMB``, ``-CIPHER``, ``-NAMES``, ``-PASSWORD``.
    """
    check_zip_layout(data)
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        for position, info in enumerate(infos, 1):
            _check_cipher(info, entry_place(position))
        matched = match_names([_readings(info) for info in infos], names)
        meter = caps.Meter(len(data))
        keys = _keys(password)
        return {
            name: _inflate(archive, info, keys, meter, entry_place(position))
            for position, (name, info) in enumerate(zip(matched, infos, strict=True), 1)
        }


def _check_cipher(info: pyzipper.zipfile_aes.AESZipInfo, place: str) -> None:
    if not info.flag_bits & 1:
        raise wrong_cipher("暗号化なし", place)
    if info.wz_aes_strength is None or info.flag_bits & _STRONG:
        raise wrong_cipher("AES ではない旧方式（ZipCrypto など）", place)
    if info.wz_aes_strength != _AES256:
        raise wrong_cipher("AES の鍵が256ビットより短い", place)
    if info.compress_type not in _METHODS:
        raise damaged("対応していない圧縮方式", place)


def _readings(info: pyzipper.zipfile_aes.AESZipInfo) -> list[str]:
    """What the bytes of a name can mean: with the flag UTF-8, else what Windows writes (CP932) or else UTF-8."""
    if info.flag_bits & _UTF8_NAME:
        return [info.orig_filename]
    raw = info.orig_filename.encode("cp437")
    out: list[str] = []
    for encoding in ("cp932", "utf-8"):
        try:
            out.append(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return out or [info.orig_filename]


def _keys(password: str) -> list[bytes]:
    """The bytes a program may have made of a password: UTF-8, or the Japanese Windows code page."""
    out = [password.encode("utf-8", "surrogatepass")]
    try:
        windows = password.encode("cp932")
    except UnicodeEncodeError:
        return out
    return out if windows in out else [*out, windows]


def _inflate(
    archive: pyzipper.AESZipFile,
    info: pyzipper.zipfile_aes.AESZipInfo,
    keys: list[bytes],
    meter: caps.Meter,
    place: str,
) -> bytes:
    declared = info.file_size
    info.file_size = caps.MAX_FILE_BYTES + 1  # the library cuts the contents at the declared size; we compare instead
    meter.next_file()
    buffer = io.BytesIO()
    with _open_entry(archive, info, keys) as stream:
        while chunk := stream.read(caps.CHUNK):
            meter.add(len(chunk))
            buffer.write(chunk)
    if buffer.tell() != declared:
        raise damaged("展開した大きさが記載と違います", place)
    return buffer.getvalue()


def _open_entry(
    archive: pyzipper.AESZipFile, info: pyzipper.zipfile_aes.AESZipInfo, keys: list[bytes]
) -> pyzipper.zipfile_aes.AESZipExtFile:
    for key in keys:
        try:
            return archive.open(info, pwd=key)
        except NotImplementedError:
            raise
        except RuntimeError:
            continue
    raise wrong_password()
