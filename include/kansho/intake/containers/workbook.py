"""Password-protected xlsx: the OLE container and the zip inside.

Pure over bytes.  Only agile encryption with AES-256 and SHA-2, as Excel writes it since 2013.  Before msoffcrypto sees
the container its structure is read strictly here: olefile by itself follows looped sectors for as long as a declared
size asks, and msoffcrypto takes an unknown hash for SHA-1, parses XML with entities and hashes as often as it is told.
Bytes behind the last sector are tolerated: the payload carries a keyed digest over itself, which is verified.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Collection
from xml.etree import ElementTree

import olefile
from msoffcrypto.exceptions import InvalidKeyError
from msoffcrypto.format.ooxml import OOXMLFile

from kansho.intake.containers import caps
from kansho.intake.containers.nested import HEAD, ZIP, is_archive
from kansho.intake.containers.refusals import (
    damaged,
    entry_place,
    too_big,
    wrong_cipher,
    wrong_names,
    wrong_password,
)
from kansho.intake.containers.zip_layout import check_zip_layout

#: Excel hashes a password 100,000 times; Python takes a second for a million.
MAX_SPINS = 1_000_000
#: Bytes of the description of the encryption (Excel writes about 1.3 KiB) and entries of the OLE directory.
MAX_DESCRIPTION = 64 * 1024
MAX_DIRECTORY = 64

_AGILE = struct.pack("<HHL", 4, 4, 0x40)
_HASHES = frozenset({"SHA256", "SHA384", "SHA512"})
_ENCRYPTION = "{http://schemas.microsoft.com/office/2006/encryption}"
_PASSWORD = "{http://schemas.microsoft.com/office/2006/keyEncryptor/password}"  # noqa: S105 - a namespace


def open_workbook(data: bytes, password: str, names: Collection[str] | None) -> dict[str, bytes]:
    """The decrypted workbook under the single announced name.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE``, ``-OVERLAP``, ``-BOMB``, ``-CIPHER``, ``-NAMES``, ``-PASSWORD``.
    """
    _check_description(_description(data))
    names = ("table.xlsx",) if names is None else names
    if len(names) != 1 or not next(iter(names)).lower().endswith(".xlsx"):
        raise wrong_names("パスワード付きxlsxには、送付書のファイルが一つ（.xlsx）だけ入ります")
    if not password:
        raise wrong_password()
    office = OOXMLFile(io.BytesIO(data))
    try:
        office.load_key(password=password, verify_password=True)
    except InvalidKeyError:
        raise wrong_password() from None
    plain = io.BytesIO()
    office.decrypt(plain, verify_integrity=True)
    package = plain.getvalue()
    if not package.startswith(ZIP):
        raise damaged("ブックの形式")
    check_package(package)
    return {next(iter(names)): package}


class _StrictOle(olefile.OleFileIO):
    """Raises for a directory larger than any protected workbook has (with `olefile.DEFECT_INCORRECT` for defects)."""

    def _load_direntry(self, sid: int) -> olefile.olefile.OleDirectoryEntry:
        self.loaded = getattr(self, "loaded", 0) + 1
        if self.loaded > MAX_DIRECTORY:
            raise too_big("OLE の目次の件数")
        return super()._load_direntry(sid)


def _description(data: bytes) -> bytes:
    """The stream that describes the encryption; both streams were read whole and without a defect."""
    if len(data) < 1536:
        raise damaged("途中で切れています")
    sectors = len(data) // 512
    if max(struct.unpack_from("<LL", data, 40) + struct.unpack_from("<LLL", data, 64)[::2]) > sectors:
        raise damaged("OLE の構造")
    with _StrictOle(io.BytesIO(data), raise_defects=olefile.DEFECT_INCORRECT) as ole:
        if not (ole.exists("EncryptionInfo") and ole.exists("EncryptedPackage")):
            raise wrong_cipher("パスワードのない、または旧形式の Office ファイル")
        with ole.openstream("EncryptedPackage") as stream:
            size = stream.seek(0, io.SEEK_END)
        with ole.openstream("EncryptionInfo") as stream:
            description = bytes(stream.read(MAX_DESCRIPTION + 1))
    if size > caps.MAX_FILE_BYTES or len(description) > MAX_DESCRIPTION:
        raise too_big("容量の上限を超えます")
    return description


def _check_description(description: bytes) -> None:
    if not description.startswith(_AGILE):
        raise wrong_cipher("Office 2010 より前の方式")
    xml = description[len(_AGILE) :]
    if b"<!" in xml or b"\x00" in xml:  # a document type could define entities; UTF-16 could hide one
        raise damaged("暗号の記述")
    root = ElementTree.fromstring(xml)  # noqa: S314 - small, and without a document type
    data_key = root.find(f"{_ENCRYPTION}keyData")
    key = root.find(f".//{_PASSWORD}encryptedKey")
    if data_key is None or key is None or root.find(f"{_ENCRYPTION}dataIntegrity") is None:
        raise damaged("暗号の記述")
    for node in (data_key, key):
        wanted = (node.get("cipherAlgorithm"), node.get("cipherChaining"), node.get("keyBits"))
        if wanted != ("AES", "ChainingModeCBC", "256") or node.get("hashAlgorithm") not in _HASHES:
            raise wrong_cipher("AES-256 ではない Office の暗号化")
    if int(key.get("spinCount", "")) > MAX_SPINS:
        raise too_big("鍵の導出の回数")


def check_package(package: bytes) -> None:
    """Inflate a workbook's zip once, keeping nothing: caps, names, no programs, no containers inside.

    Raises:
        KanshoError: ``INTAKE-ARCHIVE``, ``-OVERLAP``, ``-BOMB``, ``-NAMES``.
    """
    check_zip_layout(package)
    meter = caps.Meter(len(package))
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        infos = archive.infolist()
        parts = [info.filename for info in infos]
        if len({part.lower() for part in parts}) != len(parts):
            raise wrong_names("ブックの中に同じ名前の部品が二つあります")
        if "[Content_Types].xml" not in parts:
            raise wrong_names("書庫の中に書庫があります")
        for position, info in enumerate(infos, 1):
            _check_part(archive, info, meter, entry_place(position))


def _check_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: caps.Meter, place: str) -> None:
    path = info.orig_filename.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or ":" in path or "\x00" in path:
        raise wrong_names("ブックの中に経路を含む名前があります", place)
    if "vbaproject" in path.lower():
        raise wrong_names("マクロを含むブックです", place)
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged("ブックの圧縮方式", place)
    meter.next_file()
    with archive.open(info) as stream:
        chunk = stream.read(caps.CHUNK)
        if is_archive(chunk[:HEAD]):
            raise wrong_names("書庫の中に書庫があります", place)
        while chunk:
            meter.add(len(chunk))
            chunk = stream.read(caps.CHUNK)
