"""Sealed containers: what each writer seals reads back, and whatever else comes is refused with its code."""

from __future__ import annotations

import functools
import io
import os
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator

import py7zr
import py7zr.compressor
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansho.errors import KanshoError
from kansho.intake.containers import caps, open_container, sevenzip, workbook
from tests.containers import (
    AES_FILTERS,
    PASSWORD,
    package_of,
    sevenzip_of,
    with_crcs,
    workbook_of,
    zip_of,
    zip_with_name_bytes,
)
from tests.spoiling import (
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
    zip_with_a_name_twice,
)

FILES = {"対象者一覧.csv": "番号,氏名\r\n0001,月見里\r\n".encode("cp932") * 20, "stop_list.csv": b""}
TWO = {"a.csv": b"first," * 40, "b.csv": b"second," * 40}
BOMB = bytes(8 * 1024**2)
CANARY = "月見里"


@pytest.fixture(autouse=True, scope="module")
def derived_once() -> Iterator[None]:
    """Deriving a 7z key takes a fifth of a second; the tests use one password without a salt."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(py7zr.compressor, "calculate_key", functools.lru_cache(py7zr.compressor.calculate_key))
        yield


def refused(data: bytes, names: list[str], password: str = PASSWORD) -> KanshoError:
    with pytest.raises(KanshoError) as caught:
        open_container(data, password, names)
    assert caught.value.remedy
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# -- what is read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seal", [zip_of, sevenzip_of])
def test_what_was_sealed_is_read_back(seal: Callable[[dict[str, bytes]], bytes]) -> None:
    assert open_container(seal(FILES), PASSWORD, list(FILES)) == FILES


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_read_stored_or_deflated(method: int) -> None:
    assert open_container(zip_of(FILES, method=method), PASSWORD, list(FILES)) == FILES


@pytest.mark.parametrize("codec", ["LZMA2", "LZMA", "BZIP2", "COPY"])
def test_a_7z_is_read_with_every_method_that_inflates_within_bounds(codec: str) -> None:
    filters = [{"id": getattr(py7zr, f"FILTER_{codec}")}, AES_FILTERS[-1]]
    assert open_container(sevenzip_of(FILES, filters=filters), PASSWORD, list(FILES)) == FILES


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param("対象者一覧.csv".encode("cp932"), "対象者一覧.csv", id="Windows"),
        pytest.param("一覧表ソ.csv".encode("cp932"), "一覧表ソ.csv", id="Windows, with a backslash as second byte"),
        pytest.param("ﾀｲｼｮｳ①.csv".encode("cp932"), "ﾀｲｼｮｳ①.csv", id="Windows, its own characters"),
        pytest.param("対象者一覧.csv".encode(), "対象者一覧.csv", id="UTF-8 without its flag"),
        pytest.param("ガイド.csv".encode(), "ガイド.csv", id="macOS, decomposed"),
    ],
)
def test_names_are_read_as_their_writer_meant_them(raw: bytes, name: str) -> None:
    assert open_container(zip_with_name_bytes({raw: b"x", b"b.csv": b"y"}), PASSWORD, [name, "b.csv"]) == {
        name: b"x",
        "b.csv": b"y",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_japanese_password_is_read_as_either_writer_encodes_it(encoding: str) -> None:
    sealed = zip_of({"a.csv": b"x"}, "つきみ".encode(encoding))
    assert open_container(sealed, "つきみ", ["a.csv"]) == {"a.csv": b"x"}
    assert refused(sealed, ["a.csv"], "つきよ").code == "INTAKE-PASSWORD"


def test_a_protected_workbook_gives_its_zip_under_the_announced_name() -> None:
    package = package_of({"xl/worksheets/sheet1.xml": b"<row/>" * 5000})
    assert open_container(workbook_of(package), PASSWORD, ["対象者一覧.xlsx"]) == {"対象者一覧.xlsx": package}


def test_a_protected_workbook_may_be_so_large_that_its_sector_table_has_a_table() -> None:
    package = package_of({"xl/worksheets/sheet1.xml": os.urandom(8 * 1024**2)})
    assert open_container(workbook_of(package), PASSWORD, ["a.xlsx"]) == {"a.xlsx": package}


@pytest.mark.parametrize("seal", [zip_of, sevenzip_of])
def test_a_plain_workbook_may_lie_in_a_sealed_archive(seal: Callable[[dict[str, bytes]], bytes]) -> None:
    files = {"a.xlsx": package_of(), "b.csv": b"x"}
    assert open_container(seal(files), PASSWORD, list(files)) == files


# -- what is refused --------------------------------------------------------------------------------


def _local_name_differs() -> bytes:
    return zip_of(TWO).replace(b"a.csv", b"c.csv", 1)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: b"", "INTAKE-ARCHIVE", id="nothing"),
        pytest.param(lambda: b"%PDF-1.7 not an archive", "INTAKE-ARCHIVE", id="no container"),
        pytest.param(lambda: b"Rar!\x1a\x07\x01\x00" * 9, "INTAKE-ARCHIVE", id="another container"),
        pytest.param(lambda: zip_of(TWO)[:-1], "INTAKE-ARCHIVE", id="cut off in the end record"),
        pytest.param(lambda: zip_of(TWO)[:-40], "INTAKE-ARCHIVE", id="cut off in the directory"),
        pytest.param(lambda: zip_of(TWO)[:40], "INTAKE-ARCHIVE", id="cut off in the first entry"),
        pytest.param(lambda: zip_of(TWO) + b"\0", "INTAKE-ARCHIVE", id="bytes behind"),
        pytest.param(lambda: b"MZ" + zip_of(TWO), "INTAKE-ARCHIVE", id="bytes before"),
        pytest.param(lambda: zip_of(TWO)[:60] + zip_of(TWO), "INTAKE-ARCHIVE", id="an entry before"),
        pytest.param(lambda: with_end(zip_of(TWO), disk=1), "INTAKE-ARCHIVE", id="in parts"),
        pytest.param(
            lambda: with_end(zip_of(TWO), here=1, declared=1), "INTAKE-ARCHIVE", id="more declared than there"
        ),
        pytest.param(
            lambda: with_end(zip_of(TWO), here=-1, declared=-1), "INTAKE-ARCHIVE", id="fewer declared than there"
        ),
        pytest.param(lambda: with_end(zip_of(TWO), size=-1, start=1), "INTAKE-ARCHIVE", id="a directory out of place"),
        pytest.param(lambda: size_declared(zip_of(TWO), 10), "INTAKE-ARCHIVE", id="a size declared too small"),
        pytest.param(lambda: size_declared(zip_of(TWO), 10**6), "INTAKE-ARCHIVE", id="a size declared too large"),
        pytest.param(
            lambda: deflate_declared(zip_of(TWO, method=zipfile.ZIP_STORED)),
            "INTAKE-ARCHIVE",
            id="another method declared",
        ),
        pytest.param(_local_name_differs, "INTAKE-ARCHIVE", id="two names for one entry"),
        pytest.param(lambda: zip_of(TWO, method=zipfile.ZIP_BZIP2), "INTAKE-ARCHIVE", id="bzip2"),
        pytest.param(lambda: zip_of(TWO, method=zipfile.ZIP_LZMA), "INTAKE-ARCHIVE", id="LZMA"),
        pytest.param(lambda: second_entry_is_the_first(zip_of(TWO)), "INTAKE-OVERLAP", id="one entry under two names"),
        pytest.param(lambda: entry_longer(zip_of(TWO), 0, 1), "INTAKE-OVERLAP", id="an entry over its neighbour"),
        pytest.param(lambda: entry_longer(zip_of(TWO), 1, 9), "INTAKE-OVERLAP", id="an entry over the directory"),
        pytest.param(lambda: zip_of(TWO, aes=False), "INTAKE-CIPHER", id="plain"),
        pytest.param(lambda: zip_crypto(TWO), "INTAKE-CIPHER", id="ZipCrypto"),
        pytest.param(lambda: zip_of(TWO, bits=128), "INTAKE-CIPHER", id="AES-128"),
        pytest.param(lambda: zip_of(TWO, bits=192), "INTAKE-CIPHER", id="AES-192"),
        pytest.param(
            lambda: with_a_plain_entry(zip_of({"a.csv": b"x"}), "b.csv", b"y"),
            "INTAKE-CIPHER",
            id="one file left plain",
        ),
        pytest.param(lambda: zip_of(TWO, "other"), "INTAKE-PASSWORD", id="another password"),
        pytest.param(lambda: zip_of({**TWO, "memo.txt": b""}), "INTAKE-NAMES", id="a file too many"),
        pytest.param(lambda: zip_of({"a.csv": b""}), "INTAKE-NAMES", id="a file too few"),
        pytest.param(lambda: zip_of({}), "INTAKE-NAMES", id="no file"),
        pytest.param(lambda: zip_with_a_name_twice("a.csv", {"a.csv": b"y"}), "INTAKE-NAMES", id="a name twice"),
        pytest.param(lambda: zip_of({**TWO, "A.CSV": b""}), "INTAKE-NAMES", id="a name in capitals"),
        pytest.param(lambda: zip_of({**TWO, "sub/": b""}), "INTAKE-NAMES", id="a folder"),
        pytest.param(lambda: zip_of({"a.csv": b"", "../b.csv": b""}), "INTAKE-NAMES", id="a parent path"),
        pytest.param(lambda: zip_of({"a.csv": b"", "/b.csv": b""}), "INTAKE-NAMES", id="an absolute path"),
        pytest.param(lambda: zip_of({"a.csv": b"", "C:\\b.csv": b""}), "INTAKE-NAMES", id="a drive"),
        pytest.param(
            lambda: zip_with_name_bytes({b"a.csv": b"", b"b.csv\0.exe": b""}), "INTAKE-NAMES", id="a NUL in a name"
        ),
        pytest.param(lambda: zip_of({**TWO, "a.csv": zip_of(TWO)}), "INTAKE-NAMES", id="a zip inside"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": sevenzip_of(TWO)}), "INTAKE-NAMES", id="a 7z inside"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": package_of()}), "INTAKE-NAMES", id="a workbook called csv"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": b"\x1f\x8b\x08\0"}), "INTAKE-NAMES", id="a gzip inside"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": b"ab-lh5-"}), "INTAKE-NAMES", id="an LZH inside"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": b"a" * 257 + b"ustar"}), "INTAKE-NAMES", id="a tar inside"),
        pytest.param(lambda: zip_of({f"{n}.csv": b"" for n in range(65)}), "INTAKE-BOMB", id="many files"),
        pytest.param(lambda: zip_of({**TWO, "a.csv": BOMB}), "INTAKE-BOMB", id="inflates without end"),
        pytest.param(
            lambda: size_declared(zip_of({**TWO, "a.csv": BOMB}), 10),
            "INTAKE-BOMB",
            id="inflates without end, declared small",
        ),
    ],
)
def test_a_zip_is_refused(make: Callable[[], bytes], code: str) -> None:
    assert refused(make(), list(TWO)).code == code


def _without_aes_in_the_header() -> bytes:
    data = sevenzip_of(TWO)
    return with_crcs(data.replace(b"\x06\xf1\x07\x01", b"\x06\xf1\x07\x02"))


def _header_behind_the_end() -> bytes:
    return with_crcs(patched(sevenzip_of(TWO), 12, "<Q", 2**60))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: sevenzip_of(TWO)[:20], "INTAKE-ARCHIVE", id="cut off in the start"),
        pytest.param(lambda: sevenzip_of(TWO)[:-1], "INTAKE-ARCHIVE", id="cut off at the end"),
        pytest.param(lambda: sevenzip_of(TWO) + b"\0", "INTAKE-ARCHIVE", id="bytes behind"),
        pytest.param(lambda: flipped(sevenzip_of(TWO), 12), "INTAKE-ARCHIVE", id="a flip in the start"),
        pytest.param(lambda: flipped(sevenzip_of(TWO), -3), "INTAKE-ARCHIVE", id="a flip in the outer header"),
        pytest.param(lambda: flipped(sevenzip_of(TWO), 40), "INTAKE-ARCHIVE", id="a flip in the contents"),
        pytest.param(_header_behind_the_end, "INTAKE-ARCHIVE", id="a header behind the end"),
        pytest.param(lambda: sevenzip_by(TWO, "DEFLATE"), "INTAKE-ARCHIVE", id="deflate, which py7zr does not bound"),
        pytest.param(lambda: sevenzip_by(TWO, "PPMD"), "INTAKE-ARCHIVE", id="PPMd"),
        pytest.param(lambda: sevenzip_by(TWO, "ZSTD"), "INTAKE-ARCHIVE", id="zstd"),
        pytest.param(lambda: sevenzip_of(TWO, None, header=False, filters=None), "INTAKE-CIPHER", id="plain"),
        pytest.param(lambda: sevenzip_of(TWO, header=False), "INTAKE-CIPHER", id="names readable"),
        pytest.param(lambda: sevenzip_of(TWO, filters=AES_FILTERS[:1]), "INTAKE-CIPHER", id="only names encrypted"),
        pytest.param(_without_aes_in_the_header, "INTAKE-CIPHER", id="another cipher"),
        pytest.param(lambda: with_cycles(sevenzip_of(TWO), 0x3F), "INTAKE-CIPHER", id="no key derivation"),
        pytest.param(lambda: with_cycles(sevenzip_of(TWO), 4), "INTAKE-CIPHER", id="hardly any key derivation"),
        pytest.param(lambda: with_cycles(sevenzip_of(TWO), 24), "INTAKE-BOMB", id="minutes of key derivation"),
        pytest.param(
            lambda: sevenzip_by(TWO, "LZMA2", dict_size=2**29), "INTAKE-BOMB", id="a dictionary that fills the memory"
        ),
        pytest.param(lambda: sevenzip_of(TWO, "other"), "INTAKE-PASSWORD", id="another password"),
        pytest.param(lambda: sevenzip_of({**TWO, "memo.txt": b""}), "INTAKE-NAMES", id="a file too many"),
        pytest.param(lambda: sevenzip_of({"a.csv": b"x"}), "INTAKE-NAMES", id="a file too few"),
        pytest.param(lambda: sevenzip_of({}), "INTAKE-NAMES", id="no file"),
        pytest.param(lambda: sevenzip_of({"a.csv": b"", "../b.csv": b""}), "INTAKE-NAMES", id="a parent path"),
        pytest.param(lambda: sevenzip_of({"a.csv": b"", "/b.csv": b""}), "INTAKE-NAMES", id="an absolute path"),
        pytest.param(lambda: sevenzip_of({"a.csv": b"", "x\\b.csv": b""}), "INTAKE-NAMES", id="a backslash"),
        pytest.param(lambda: sevenzip_of({**TWO, "a.csv": zip_of(TWO)}), "INTAKE-NAMES", id="a zip inside"),
        pytest.param(lambda: sevenzip_of({f"{n}.csv": b"x" for n in range(65)}), "INTAKE-BOMB", id="many files"),
        pytest.param(lambda: sevenzip_of({**TWO, "a.csv": BOMB}), "INTAKE-BOMB", id="inflates without end"),
    ],
)
def test_a_7z_is_refused(make: Callable[[], bytes], code: str) -> None:
    assert refused(make(), list(TWO)).code == code


def test_a_7z_with_a_name_twice_is_refused() -> None:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=PASSWORD, header_encryption=True, filters=AES_FILTERS) as archive:
        archive.writestr(b"x", "a.csv")
        archive.writestr(b"y", "a.csv")
    assert refused(buffer.getvalue(), ["a.csv"]).code == "INTAKE-NAMES"
    assert refused(buffer.getvalue(), ["a.csv", "a.csv_0"]).code == "INTAKE-NAMES"


SHEET = {"xl/worksheets/sheet1.xml": b"<row/>" * 100}


def _two_parts_of_one_name() -> bytes:
    return package_of({"xl/a1.xml": b"", "xl/A2.xml": b""}).replace(b"xl/a1.xml", b"xl/a2.xml")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: package_of(SHEET), "INTAKE-CIPHER", id="not protected"),
        pytest.param(of_office_2007, "INTAKE-CIPHER", id="the encryption of Office 2007"),
        pytest.param(lambda: described(b'keyBits="256"', b'keyBits="128"'), "INTAKE-CIPHER", id="AES-128"),
        pytest.param(lambda: described(b'"AES"', b'"RC2"'), "INTAKE-CIPHER", id="another cipher"),
        pytest.param(lambda: described(b'"SHA512"', b'"SHA1"'), "INTAKE-CIPHER", id="an old hash"),
        pytest.param(lambda: described(b"ChainingModeCBC", b"ChainingModeCFB"), "INTAKE-CIPHER", id="another mode"),
        pytest.param(lambda: workbook_of(package_of(SHEET), "other"), "INTAKE-PASSWORD", id="another password"),
        pytest.param(lambda: described(b"<keyData ", b"<keyDate "), "INTAKE-ARCHIVE", id="no key described"),
        pytest.param(
            lambda: described(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', b"<!DOCTYPE a>"),
            "INTAKE-ARCHIVE",
            id="a document type",
        ),
        pytest.param(lambda: workbook_of(package_of())[:1000], "INTAKE-ARCHIVE", id="cut off early"),
        pytest.param(lambda: workbook_of(package_of())[:-2000], "INTAKE-ARCHIVE", id="cut off late"),
        pytest.param(with_looped_sectors, "INTAKE-ARCHIVE", id="sectors in a circle"),
        pytest.param(with_many_sectors, "INTAKE-ARCHIVE", id="more sectors than bytes"),
        pytest.param(lambda: workbook_of(b"no zip" * 1000), "INTAKE-ARCHIVE", id="no workbook inside"),
        pytest.param(
            lambda: workbook_of(zip_of({"c": bytes(9999)}, aes=False, method=zipfile.ZIP_STORED)),
            "INTAKE-NAMES",
            id="another zip inside",
        ),
        pytest.param(lambda: workbook_of(package_of({"xl/vbaProject.bin": b"x"})), "INTAKE-NAMES", id="a macro"),
        pytest.param(lambda: workbook_of(package_of({"xl/embed.bin": zip_of({})})), "INTAKE-NAMES", id="a zip in it"),
        pytest.param(lambda: workbook_of(package_of({"../a.xml": b""})), "INTAKE-NAMES", id="a parent path"),
        pytest.param(lambda: workbook_of(package_of({"/a.xml": b""})), "INTAKE-NAMES", id="an absolute path"),
        pytest.param(lambda: workbook_of(_two_parts_of_one_name()), "INTAKE-NAMES", id="two parts of one name"),
        pytest.param(lambda: workbook_of(package_of({"xl/a.xml": BOMB})), "INTAKE-BOMB", id="inflates without end"),
        pytest.param(
            lambda: workbook_of(package_of({f"xl/{n}.xml": b"" for n in range(65)})), "INTAKE-BOMB", id="many parts"
        ),
        pytest.param(
            lambda: workbook_of(package_of(SHEET, zipfile.ZIP_BZIP2)), "INTAKE-ARCHIVE", id="another compression"
        ),
    ],
)
def test_a_workbook_is_refused(make: Callable[[], bytes], code: str) -> None:
    assert refused(make(), ["a.xlsx"]).code == code


@pytest.mark.parametrize("names", [[], ["a.csv"], ["a.xlsx", "b.xlsx"]])
def test_a_protected_workbook_is_one_announced_xlsx(names: list[str]) -> None:
    assert refused(workbook_of(package_of()), names).code == "INTAKE-NAMES"


def test_a_workbook_in_an_archive_obeys_the_same_rules() -> None:
    for package in (package_of({"xl/vbaProject.bin": b"x"}), workbook_of(package_of()), zip_of(TWO)):
        assert refused(zip_of({"a.xlsx": package}), ["a.xlsx"]).code == "INTAKE-NAMES"
    assert refused(zip_of({"a.xlsx": package_of({"xl/a.xml": BOMB})}), ["a.xlsx"]).code == "INTAKE-BOMB"


def test_an_announced_name_twice_is_refused() -> None:
    assert refused(zip_of(TWO), ["a.csv", "a.csv", "b.csv"]).code == "INTAKE-NAMES"


@pytest.mark.parametrize("seal", [zip_of, sevenzip_of])
@pytest.mark.parametrize("cap", ["MAX_FILE_BYTES", "MAX_TOTAL_BYTES"])
def test_the_caps_count_what_is_really_inflated(
    monkeypatch: pytest.MonkeyPatch, cap: str, seal: Callable[[dict[str, bytes]], bytes]
) -> None:
    files = {"a.csv": b"0" * 900, "b.csv": b"1" * 900}
    sealed = seal(files)
    enough = 900 if cap == "MAX_FILE_BYTES" else 1800
    monkeypatch.setattr(caps, cap, enough - 1)
    assert refused(sealed, list(files)).code == "INTAKE-BOMB"
    monkeypatch.setattr(caps, cap, enough)
    assert open_container(sealed, PASSWORD, list(files)) == files


def test_a_workbook_that_asks_for_too_many_rounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_SPINS", 999)
    assert refused(workbook_of(package_of()), ["a.xlsx"]).code == "INTAKE-BOMB"


@pytest.mark.parametrize("data", [zip_of(FILES), sevenzip_of(FILES), workbook_of(package_of())])
def test_an_empty_password_is_a_wrong_one(data: bytes) -> None:
    names = ["a.xlsx"] if data.startswith(b"\xd0") else list(FILES)
    assert refused(data, names, "").code == "INTAKE-PASSWORD"


def test_a_cipher_weaker_than_a_name_is_told_first() -> None:
    """A workbook without protection, called sealed.xlsx, has other names than announced: say what matters."""
    assert refused(package_of(SHEET), ["対象者一覧.xlsx"]).code == "INTAKE-CIPHER"


def test_a_refusal_quotes_no_name_of_the_container() -> None:
    sealed = zip_of({f"{CANARY}凛.csv": b"x"})
    assert CANARY not in refused(sealed, ["a.csv"]).text
    assert CANARY not in refused(sevenzip_of({f"{CANARY}凛.csv": b"x"}), ["a.csv"]).text


def test_the_largest_derivation_allowed_is_seven_zips_own_and_one_step_more() -> None:
    assert sevenzip.MIN_CYCLES <= 19 <= sevenzip.MAX_CYCLES <= 20


# -- nothing touches a disk --------------------------------------------------------------------------

_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watched is None:
        return
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(("tempfile.", "os.mkdir", "os.rename", "subprocess.", "socket.connect")):
        _watched.append(f"{event} {arguments!r}")


sys.addaudithook(_watch)


@pytest.fixture
def disk() -> Iterator[list[str]]:
    global _watched  # noqa: PLW0603 - an audit hook cannot be removed
    _watched = []
    yield _watched
    _watched = None


def test_opening_writes_no_file(disk: list[str]) -> None:
    package = package_of({"xl/a.xml": b"<a/>" * 200_000})
    large = {"a.csv": os.urandom(3 * 1024**2)}
    sealed = [(zip_of(large), large), (sevenzip_of(large), large), (workbook_of(package), {"a.xlsx": package})]
    disk.clear()
    for data, contents in sealed:
        assert open_container(data, PASSWORD, list(contents)) == contents
    assert disk == []
    open(os.devnull, "w").close()  # the watch itself works
    assert len(disk) == 1


# -- whatever comes ----------------------------------------------------------------------------------

NAMES = st.builds(
    lambda stem, end: stem + end,
    st.text("abc対象者一覧表ソ停止_-01 ①", min_size=1, max_size=12),
    st.sampled_from([".csv", ".tsv", ".txt"]),
)
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=2000).map(lambda b: b"," + b), min_size=1, max_size=5)
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(files=CONTENTS, password=PASSWORDS, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_any_zip_reads_back_equal(files: dict[str, bytes], password: str, method: int) -> None:
    assert open_container(zip_of(files, password, method=method), password, list(files)) == files


@settings(deadline=None, max_examples=60)
@given(files=CONTENTS)
def test_any_zip_with_names_of_windows_reads_back_equal(files: dict[str, bytes]) -> None:
    sealed = zip_with_name_bytes({name.encode("cp932"): data for name, data in files.items()})
    assert open_container(sealed, PASSWORD, list(files)) == files


@settings(deadline=None, max_examples=60)
@given(files=CONTENTS)
def test_any_7z_reads_back_equal(files: dict[str, bytes]) -> None:
    assert open_container(sevenzip_of(files), PASSWORD, list(files)) == files


@settings(deadline=None, max_examples=30)
@given(sheet=st.binary(max_size=5000).map(lambda b: b"<" + b), password=PASSWORDS)
def test_any_workbook_reads_back_equal(sheet: bytes, password: str) -> None:
    package = package_of({"xl/worksheets/sheet1.xml": sheet})
    assert open_container(workbook_of(package, password), password, ["a.xlsx"]) == {"a.xlsx": package}


SAMPLES: dict[str, tuple[bytes, dict[str, bytes]]] = {
    "zip": (zip_of(FILES), FILES),
    "stored zip": (zip_of(FILES, method=zipfile.ZIP_STORED), FILES),
    "7z": (sevenzip_of(FILES), FILES),
    "workbook": (workbook_of(package_of(SHEET)), {"a.xlsx": package_of(SHEET)}),
}
SAMPLES["workbook"] = (SAMPLES["workbook"][0], open_container(SAMPLES["workbook"][0], PASSWORD, ["a.xlsx"]))


def right_or_refused(data: bytes, contents: dict[str, bytes]) -> None:
    try:
        got: object = open_container(data, PASSWORD, list(contents))
    except KanshoError as error:
        got, text = contents, error.text
    else:
        text = ""
    assert got == contents
    assert PASSWORD not in text
    assert CANARY not in text


@pytest.mark.parametrize("kind", SAMPLES)
@settings(deadline=None, max_examples=100)
@given(draw=st.data())
def test_a_flipped_byte_gives_the_right_contents_or_a_refusal(kind: str, draw: st.DataObject) -> None:
    data, contents = SAMPLES[kind]
    at = draw.draw(st.integers(0, len(data) - 1))
    raw = bytearray(data)
    raw[at] ^= draw.draw(st.integers(1, 255))
    right_or_refused(bytes(raw), contents)


@settings(deadline=None, max_examples=100)
@given(draw=st.data())
def test_a_changed_outer_header_of_a_7z_gives_the_right_contents_or_a_refusal(draw: st.DataObject) -> None:
    data, contents = SAMPLES["7z"]
    offset = 32 + struct.unpack_from("<Q", data, 12)[0]
    raw = bytearray(data)
    raw[draw.draw(st.integers(offset, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    right_or_refused(with_crcs(bytes(raw)), contents)


@settings(deadline=None, max_examples=100)
@given(
    start=st.sampled_from([b"", *(data[:n] for data, _ in SAMPLES.values() for n in (8, 32, 512))]), rest=st.binary()
)
def test_any_bytes_give_a_refusal(start: bytes, rest: bytes) -> None:
    with pytest.raises(KanshoError):
        open_container(start + rest, PASSWORD, ["a.csv"])
