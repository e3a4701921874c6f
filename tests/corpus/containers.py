"""Deliveries whose sealed file is broken, hostile, weak or not what the 送付書 announces."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable

import py7zr

from tests.containers import AES_FILTERS, PASSWORD, package_of, sevenzip_of, workbook_of, zip_of, zip_with_name_bytes
from tests.corpus.model import Refused, Spoil, sealed
from tests.deliveries import Delivery
from tests.spoiling import (
    central,
    deflate_declared,
    described,
    entry_longer,
    flipped,
    of_office_2007,
    patched,
    second_entry_is_the_first,
    sevenzip_by,
    size_declared,
    with_a_plain_entry,
    with_cycles,
    with_end,
    with_looped_sectors,
    with_many_sectors,
    zip_crypto,
    zip_that_inflates,
    zip_with_a_name_twice,
)

WHOLE = "封緘ファイル"
FIRST = f"{WHOLE}内の1番目"
FOURTH = f"{WHOLE}内の4番目"
ARCHIVE, CIPHER, NAMES, BOMB = "INTAKE-ARCHIVE", "INTAKE-CIPHER", "INTAKE-NAMES", "INTAKE-BOMB"
_SHEET = {"xl/worksheets/sheet1.xml": b"<row/>" * 100}


def _zeros(f: dict[str, bytes]) -> dict[str, bytes]:
    return {**f, "target_list.csv": bytes(6 * 1024**2)}


def _many(f: dict[str, bytes]) -> dict[str, bytes]:
    return {**f, **{f"{n}.csv": b"x" for n in range(62)}}


def _inside(make: Callable[[dict[str, bytes]], bytes]) -> Spoil:
    """A table that is itself a container."""

    def spoil(d: Delivery) -> None:
        d.files["target_list"] = make(dict(d.contents))

    return spoil


def _zip_names(first: str) -> Spoil:
    return sealed(lambda f: zip_of({first: b"", **f}))


def _7z_names(first: str) -> Spoil:
    return sealed(lambda f: sevenzip_of({first: b"x", **f}))


def _workbook(make: Callable[[], bytes]) -> Spoil:
    """The whole delivery is one protected workbook."""

    def spoil(d: Delivery) -> None:
        d.files = {"target_list": b""}
        d.names = {"target_list": "target_list.xlsx"}
        d.medium = ("sealed.xlsx",)
        d.sealed = make()

    return spoil


def _a_workbook_for_three_tables(d: Delivery) -> None:
    d.medium = ("sealed.xlsx",)
    d.sealed = workbook_of(package_of(_SHEET))


def _without_package() -> bytes:
    name, other = ("EncryptedPackag" + end for end in "eX")
    return workbook_of(package_of(_SHEET)).replace(name.encode("utf-16-le"), other.encode("utf-16-le"))


def _two_parts_of_one_name() -> bytes:
    parts = {"xl/a1.xml": b"<a/>", "xl/a2.xml": b"<a/>"}
    return workbook_of(package_of(parts).replace(b"xl/a1.xml", b"xl/A2.xml"))


def _with_a_folder(f: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        py7zr.SevenZipFile(buffer, "w", password=PASSWORD, header_encryption=True, filters=AES_FILTERS) as archive,
    ):
        for name, data in f.items():
            archive.writestr(data, name)
        archive.write(folder, "sub")
    return buffer.getvalue()


def _wrong_password(d: Delivery) -> None:
    d.sealed = zip_of(d.contents, PASSWORD)
    d.password = "Kanaria-7-uta"


# fmt: off
ZIPS = [
    Refused("nothing in the sealed file", sealed(lambda f: b""), ARCHIVE, WHOLE),
    Refused("something that is no archive", sealed(lambda f: b"%PDF-1.7 not an archive"), ARCHIVE, WHOLE),
    Refused("an archive of another kind", sealed(lambda f: b"Rar!\x1a\x07\x01\x00" * 9), ARCHIVE, WHOLE),
    Refused("a zip cut off at its end", sealed(lambda f: zip_of(f)[:-1]), ARCHIVE, WHOLE),
    Refused("a zip cut off in its directory", sealed(lambda f: zip_of(f)[:-40]), ARCHIVE, WHOLE),
    Refused("a zip cut off in its first entry", sealed(lambda f: zip_of(f)[:60]), ARCHIVE, WHOLE),
    Refused("bytes behind a zip", sealed(lambda f: zip_of(f) + b"\0"), ARCHIVE, WHOLE),
    Refused("a zip that opens itself", sealed(lambda f: b"MZ\x90\x00" + zip_of(f)), ARCHIVE, WHOLE),
    Refused("a second zip before it", sealed(lambda f: zip_of(f)[:60] + zip_of(f)), ARCHIVE, WHOLE),
    Refused("a zip in parts", sealed(lambda f: with_end(zip_of(f), disk=1)), ARCHIVE, WHOLE),
    Refused("more entries declared", sealed(lambda f: with_end(zip_of(f), here=1, declared=1)), ARCHIVE, WHOLE),
    Refused("a directory out of place", sealed(lambda f: with_end(zip_of(f), size=-1, start=1)), ARCHIVE, WHOLE),
    Refused("a size declared too small", sealed(lambda f: size_declared(zip_of(f), 10)), ARCHIVE, FIRST),
    Refused("a size declared too large", sealed(lambda f: size_declared(zip_of(f), 10**6)), ARCHIVE, FIRST),
    Refused("another compression declared",
            sealed(lambda f: deflate_declared(zip_of(f, method=zipfile.ZIP_STORED))), ARCHIVE, WHOLE),
    Refused("two names for one entry",
            sealed(lambda f: zip_of(f).replace(b"target_list.csv", b"target_lisT.csv", 1)), ARCHIVE, WHOLE),
    Refused("a compression without bounds",
            sealed(lambda f: zip_of(f, method=zipfile.ZIP_BZIP2)), ARCHIVE, FIRST),
    Refused("a flipped bit",
            sealed(lambda f: flipped(zip_of(f), zip_of(f).find(b"target_list.csv") + 90)), ARCHIVE, WHOLE),
    Refused("an entry behind the end", sealed(lambda f: patched(zip_of(f), central(zip_of(f), 0) + 42, "<L", 2**31)),
            ARCHIVE, WHOLE),
    Refused("an entry that begins elsewhere", sealed(lambda f: patched(zip_of(f), central(zip_of(f), 0) + 42, "<L", 9)),
            ARCHIVE, WHOLE),
    Refused("one entry under two names", sealed(lambda f: second_entry_is_the_first(zip_of(f))), "INTAKE-OVERLAP",
            WHOLE),
    Refused("an entry over its neighbour", sealed(lambda f: entry_longer(zip_of(f), 0, 1)), "INTAKE-OVERLAP", WHOLE),
    Refused("an entry over the directory", sealed(lambda f: entry_longer(zip_of(f), 2, 9)), "INTAKE-OVERLAP", WHOLE),
    Refused("a zip without encryption", sealed(lambda f: zip_of(f, aes=False)), CIPHER, FIRST),
    Refused("the old zip cipher", sealed(zip_crypto), CIPHER, FIRST),
    Refused("AES with a short key", sealed(lambda f: zip_of(f, bits=128)), CIPHER, FIRST),
    Refused("one file left plain", sealed(lambda f: with_a_plain_entry(zip_of(f), "memo.csv", b"x")), CIPHER, FOURTH),
    Refused("a wrong password for a zip", _wrong_password, "INTAKE-PASSWORD", WHOLE),
    Refused("a file that was not announced", sealed(lambda f: zip_of({**f, "世帯主.csv": b"x"})), NAMES, FOURTH),
    Refused("an announced file that is not there",
            sealed(lambda f: zip_of({"target_list.csv": f["target_list.csv"]})), NAMES, WHOLE),
    Refused("a zip of nothing", sealed(lambda f: zip_of({})), NAMES, WHOLE),
    Refused("a name twice", sealed(lambda f: zip_with_a_name_twice("target_list.csv", f)), NAMES, f"{WHOLE}内の2番目"),
    Refused("a name in capitals", _zip_names("TARGET_LIST.CSV"), NAMES, FIRST),
    Refused("a folder", _zip_names("sub/"), NAMES, FIRST),
    Refused("a parent path", _zip_names("../target_list.csv"), NAMES, FIRST),
    Refused("an absolute path", _zip_names("/target_list.csv"), NAMES, FIRST),
    Refused("a drive", _zip_names("C:\\target_list.csv"), NAMES, FIRST),
    Refused("a NUL in a name",
            sealed(lambda f: zip_with_name_bytes({b"target_list.csv\0.exe": b"x"})), NAMES, FIRST),
    Refused("a zip in the zip", _inside(zip_of), NAMES, WHOLE),
    Refused("a 7z in the zip", _inside(sevenzip_of), NAMES, WHOLE),
    Refused("a compressed table in the zip", _inside(lambda f: b"\x1f\x8b\x08\0"), NAMES, WHOLE),
    Refused("a workbook called csv", _inside(lambda f: package_of(_SHEET)), NAMES, WHOLE),
    Refused("many entries", sealed(lambda f: zip_of(_many(f))), BOMB, WHOLE, heavy=True),
    Refused("a zip that inflates to a gigabyte", sealed(lambda f: zip_that_inflates(f, "target_list.csv", 1000)), BOMB,
            WHOLE, heavy=True),
    Refused("a zip that inflates to more than a table can", sealed(lambda f: zip_of(_zeros(f))), BOMB, WHOLE),
    Refused("a zip that inflates without end, declared small",
            sealed(lambda f: size_declared(zip_of(_zeros(f)), 10)), BOMB, WHOLE, heavy=True),
]

SEVENZIPS = [
    Refused("a 7z cut off at its start", sealed(lambda f: sevenzip_of(f)[:20]), ARCHIVE, WHOLE),
    Refused("a 7z cut off at its end", sealed(lambda f: sevenzip_of(f)[:-1]), ARCHIVE, WHOLE),
    Refused("bytes behind a 7z", sealed(lambda f: sevenzip_of(f) + b"\0"), ARCHIVE, WHOLE),
    Refused("a flipped bit in a 7z's start", sealed(lambda f: flipped(sevenzip_of(f), 12)), ARCHIVE, WHOLE),
    Refused("a flipped bit in a 7z", sealed(lambda f: flipped(sevenzip_of(f), 40)), ARCHIVE, WHOLE),
    Refused("a flipped bit in a 7z's directory", sealed(lambda f: flipped(sevenzip_of(f), -3)), ARCHIVE, WHOLE),
    Refused("a 7z compression without bounds", sealed(lambda f: sevenzip_by(f, "PPMD")), ARCHIVE, "内容"),
    Refused("a 7z without encryption",
            sealed(lambda f: sevenzip_of(f, None, header=False, filters=None)), CIPHER, "目次"),
    Refused("a 7z whose names can be read", sealed(lambda f: sevenzip_of(f, header=False)), CIPHER, "目次"),
    Refused("a 7z of which only the names are encrypted",
            sealed(lambda f: sevenzip_of(f, filters=AES_FILTERS[:1])), CIPHER, "内容"),
    Refused("a 7z with hardly any key derivation", sealed(lambda f: with_cycles(sevenzip_of(f), 4)), CIPHER, "目次"),
    Refused("a 7z that derives its key for minutes", sealed(lambda f: with_cycles(sevenzip_of(f), 24)), BOMB, "目次"),
    Refused("a 7z whose dictionary fills the memory",
            sealed(lambda f: sevenzip_by(f, "LZMA2", dict_size=2**29)), BOMB, "内容", heavy=True),
    Refused("a wrong password for a 7z", sealed(lambda f: sevenzip_of(f, "Kanaria-7-uta")), "INTAKE-PASSWORD", WHOLE),
    Refused("a parent path in a 7z", _7z_names("../target_list.csv"), NAMES, FIRST),
    Refused("an absolute path in a 7z", _7z_names("/target_list.csv"), NAMES, FIRST),
    Refused("a file too many in a 7z", sealed(lambda f: sevenzip_of({**f, "memo.csv": b"x"})), NAMES, FOURTH),
    Refused("a folder in a 7z", sealed(_with_a_folder), NAMES, FOURTH),
    Refused("a 7z of nothing", sealed(lambda f: sevenzip_of({})), NAMES, WHOLE),
    Refused("many entries in a 7z", sealed(lambda f: sevenzip_of(_many(f))), BOMB, WHOLE, heavy=True),
    Refused("a 7z that inflates without end", sealed(lambda f: sevenzip_of(_zeros(f))), BOMB, WHOLE, heavy=True),
]

WORKBOOKS = [
    Refused("a workbook without a password", _workbook(lambda: package_of(_SHEET)), CIPHER, FIRST),
    Refused("a workbook with the encryption of 2007", _workbook(of_office_2007), CIPHER, WHOLE),
    Refused("an Office file of the old form", _workbook(_without_package), CIPHER, WHOLE),
    Refused("a workbook that describes no key", _workbook(lambda: described(b"<keyData ", b"<keyDate ")), ARCHIVE,
            WHOLE),
    Refused("a workbook whose description declares a type",
            _workbook(lambda: described(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', b"<!DOCTYPE a>")),
            ARCHIVE, WHOLE),
    Refused("a workbook with a short key",
            _workbook(lambda: described(b'keyBits="256"', b'keyBits="128"')), CIPHER, WHOLE),
    Refused("a workbook with an old hash", _workbook(lambda: described(b'"SHA512"', b'"SHA1"')), CIPHER, WHOLE),
    Refused("a wrong password for a workbook",
            _workbook(lambda: workbook_of(package_of(_SHEET), "Kanaria-7-uta")), "INTAKE-PASSWORD", WHOLE),
    Refused("a workbook cut off", _workbook(lambda: workbook_of(package_of(_SHEET))[:-2000]), ARCHIVE, WHOLE),
    Refused("a workbook whose sectors go in a circle", _workbook(with_looped_sectors), ARCHIVE, WHOLE, heavy=True),
    Refused("a workbook of more sectors than bytes", _workbook(with_many_sectors), ARCHIVE, WHOLE, heavy=True),
    Refused("a workbook that derives its key for minutes",
            _workbook(lambda: described(b'spinCount="1000" saltSize="16"', b'spinCount="9999999"')), BOMB, WHOLE),
    Refused("no workbook behind the password", _workbook(lambda: workbook_of(b"no zip" * 1000)), ARCHIVE, WHOLE),
    Refused("a macro", _workbook(lambda: workbook_of(package_of({"xl/vbaProject.bin": b"x"}))), NAMES,
            f"{WHOLE}内の4番目"),
    Refused("a path in a workbook", _workbook(lambda: workbook_of(package_of({"../a.xml": b"<a/>"}))), NAMES, FOURTH),
    Refused("a container in a workbook",
            _workbook(lambda: workbook_of(package_of({"xl/embed.bin": zip_of({})}))), NAMES, FOURTH),
    Refused("two parts of one name in a workbook", _workbook(_two_parts_of_one_name), NAMES, WHOLE),
    Refused("a workbook compressed in another way",
            _workbook(lambda: workbook_of(package_of(_SHEET, zipfile.ZIP_BZIP2))), ARCHIVE, f"{WHOLE}内の2番目"),
    Refused("a workbook of many parts",
            _workbook(lambda: workbook_of(package_of({f"xl/{n}.xml": b"" for n in range(65)}))), BOMB, WHOLE),
    Refused("a workbook that inflates without end",
            _workbook(lambda: workbook_of(package_of({"xl/a.xml": bytes(8 * 1024**2)}))), BOMB, WHOLE, heavy=True),
    Refused("one workbook for three announced tables", _a_workbook_for_three_tables, NAMES, WHOLE),
]

# fmt: on
CONTAINERS = [*ZIPS, *SEVENZIPS, *WORKBOOKS]
