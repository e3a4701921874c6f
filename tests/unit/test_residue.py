"""The residue scan finds a value however it was left, and nothing that is not the value."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import random
import sqlite3
import subprocess
import sys
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import jaconv
import pandas as pd
import pikepdf
import pyarrow
import pyarrow.orc
import pytest
import pyzipper
from sqlalchemy.engine.reflection import Inspector

from kansho.closing import database_rows, embedded, packing, pdf_parts, residue, searching, views
from kansho.closing.needles import (
    Needle,
    address_forms,
    birth_forms,
    from_table,
    kana_forms,
    name_forms,
    needles_of,
    number_forms,
    phone_forms,
    secret_forms,
    to_table,
)
from kansho.closing.packing import is_cut_off
from kansho.closing.residue import scan
from kansho.errors import KanshoError
from kansho.vault.store import LocalStore

PERSON = pd.DataFrame(
    [
        {
            "name_kanji": "鬼怒川　綾乃助",
            "name_kana": "キヌガワ　アヤノスケ",
            "address": "墨田区吾妻橋九丁目８番７６号",
            "address_extra": "見本荘１０１",
            "phone": "03-9876-5432",
            "birth_date": "1961-02-03",
            "inquiry_number": "4821-7390-66",
        }
    ]
)
NEEDLES = sorted(needles_of(PERSON))
NAME, KANA, ADDRESS = "鬼怒川　綾乃助", "キヌガワ　アヤノスケ", "墨田区吾妻橋九丁目８番７６号"


def found(tmp_path: Path, data: bytes, needles: list[Needle] | None = None, name: str = "f.bin") -> int:
    path = tmp_path / name
    path.write_bytes(data)
    return scan([tmp_path], NEEDLES if needles is None else needles).hits


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", data)
    return buffer.getvalue()


def pdf_stream(data: bytes) -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.Root.Extra = made.make_stream(zlib.compress(data), Filter=pikepdf.Name.FlateDecode)
    made.save(out)
    return out.getvalue()


def parquet(value: str | bytes) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"a": [value] * 50}).to_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def cell(data: bytes) -> bytes:
    """A database with the bytes in one cell and, as a year has them, other rows around it."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (a, b)")
    base.executemany("INSERT INTO t VALUES (?, ?)", [(b"x" * 900, data if n == 7 else b"y") for n in range(20)])
    base.commit()
    return base.serialize()


#: A value among so many others that it is not seen in what is packed.
TEXT = (
    "".join(f"行{n} 本文\n" for n in range(60)).encode()
    + NAME.encode()
    + "".join(f"行{n}\n" for n in range(60)).encode()
)


def _lines(data: bytes) -> list[bytes]:
    return [data[at : at + 60] for at in range(0, len(data), 60)]


def tarred(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def arrow(packing: str) -> bytes:
    out = io.BytesIO()
    pd.DataFrame({"a": [f"{n}{TEXT.decode()}" for n in range(50)]}).to_feather(out, compression=packing)
    return out.getvalue()


def orc() -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(pyarrow.table({"a": [f"{n}{TEXT.decode()}" for n in range(50)]}), out, compression="zlib")
    return out.getvalue()


def cell_of(value: float) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (a)")
    base.execute("INSERT INTO t VALUES (?)", (value,))
    base.commit()
    return base.serialize()


def pdf(change: Callable[[pikepdf.Pdf], Any], **how: Any) -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    change(made)
    made.save(out, **how)
    return out.getvalue()


def note(made: pikepdf.Pdf) -> None:
    said = {"Type": pikepdf.Name.Annot, "Subtype": pikepdf.Name.Text, "Rect": [0, 0, 9, 9], "Contents": NAME}
    made.pages[0].Annots = [made.make_indirect(pikepdf.Dictionary(**said))]


def form_field(made: pikepdf.Pdf) -> None:
    field = made.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx, T="n", V="4821-7390-66"))
    made.Root.AcroForm = made.make_indirect(pikepdf.Dictionary(Fields=[field]))


def heading(made: pikepdf.Pdf) -> None:
    with made.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem(NAME, 0))


LEFT: dict[str, bytes] = {
    "UTF-8": NAME.encode(),
    "CP932": NAME.encode("cp932"),
    "UTF-16LE": NAME.encode("utf-16-le"),
    "UTF-16BE": b"x" + NAME.encode("utf-16-be"),
    "one space": "鬼怒川 綾乃助".encode(),
    "no space": "鬼怒川綾乃助".encode(),
    "kana": KANA.encode(),
    "half-width kana": jaconv.z2h("キヌガワ アヤノスケ").encode(),
    "half-width kana, CP932": jaconv.z2h("キヌガワアヤノスケ").encode("cp932"),
    "address": f"〒130-0001 {ADDRESS}見本荘１０１".encode(),
    "address, half-width digits": "墨田区吾妻橋九丁目8番76号".encode(),
    "phone": b"tel: 03-9876-5432,",
    "phone, between bytes that are no text": b"\xff\xff03-9876-5432\xff\xff",
    "phone, digits": b'{"tel":"0398765432"}',
    "number": b"(4821-7390-66)",
    "number, digits": b"4821739066\n",
    "number, UTF-16": "4821-7390-66".encode("utf-16-le"),
    "birth, ISO": b'"1961-02-03"',
    "birth, slash": b"1961/02/03",
    "birth, Japanese": "昭和36年2月3日生".encode(),
    "JSON escapes": json.dumps({"n": NAME}).encode(),
    "JSON escapes, twice": json.dumps(json.dumps({"n": NAME})).encode(),
    "percent": urllib.parse.quote(NAME).encode(),
    "form": urllib.parse.urlencode({"n": "鬼怒川 綾乃助"}).encode(),
    "entities": "".join(f"&#{ord(c)};" for c in NAME).encode(),
    "repr of bytes": repr(NAME.encode()).encode(),
    "base64": base64.b64encode(NAME.encode()),
    "base64, shifted by one": base64.b64encode(b"a" + NAME.encode()),
    "base64, shifted by two": base64.b64encode(b"ab" + NAME.encode() + b"z"),
    "base64, CP932": base64.b64encode(f"宛名:{NAME}".encode("cp932")),
    "base64, URL-safe": base64.urlsafe_b64encode(b"\xff\xfe~~" + KANA.encode()),
    "base64, wrapped": base64.encodebytes(b"." * 50 + NAME.encode() + b"." * 50),
    "base64 of JSON escapes": base64.b64encode(json.dumps({"n": NAME}).encode()),
    "base64 of a form": base64.b64encode(urllib.parse.quote(KANA).encode()),
    "base64 of base64": base64.b64encode(base64.b64encode(NAME.encode())),
    "base64 in a URL": urllib.parse.quote(base64.b64encode(b"\xff\xfe~~" + NAME.encode()), safe="").encode(),
    "base64 glued to a word": b"key" + base64.b64encode(NAME.encode()),
    "zip": zipped(NAME.encode("cp932")),
    "zip in zip": zipped(zipped(NAME.encode())),
    "gzip": gzip.compress(NAME.encode()),
    "gzip in zip": zipped(gzip.compress(KANA.encode())),
    "gzip, second part": gzip.compress(b"first\n") + gzip.compress(NAME.encode()),
    "bzip2": bz2.compress(NAME.encode()),
    "xz": lzma.compress(NAME.encode()),
    "SQLite in zip": zipped(cell(zlib.compress(NAME.encode()))),
    "zip in a cell of a database": cell(zipped(NAME.encode())),
    "Parquet, bytes": parquet(NAME.encode("cp932")),
    "PDF stream": pdf_stream(NAME.encode("utf-16-be")),
    "Parquet": parquet(NAME),
    "full-width phone": "電話０３－９８７６－５４３２".encode("cp932"),
    "phone, area in brackets": b"(03)9876-5432",
    "full-width number": "４８２１－７３９０－６６".encode(),
    "full-width date": "１９６１年２月３日".encode("cp932"),
    "date with the era's sign": "昭36.2.3".encode(),
    "half-width kana, full-width space": "ｷﾇｶﾞﾜ　ｱﾔﾉｽｹ".encode("cp932"),
    "address, all in full width": "墨田区吾妻橋九丁目８番７６号".encode("utf-16-le"),
    "digits behind a letter of CP932": "ソア".encode("cp932") + b"\x83A0398765432\n",
    "digits behind a line break of JSON": json.dumps({"t": "tel\n0398765432"}).encode(),
    "a date behind a break of JSON": json.dumps("born\f1961-02-03").encode(),
    "base64 in UTF-16": base64.b64encode(NAME.encode()).decode().encode("utf-16-le"),
    "base64 in UTF-16, at an odd byte": b"x" + base64.b64encode(NAME.encode()).decode().encode("utf-16-be"),
    "percent in UTF-16": urllib.parse.quote(NAME).encode("utf-16-be"),
    "JSON escapes in UTF-16": json.dumps(NAME).encode("utf-16-le"),
    "base64, wrapped and indented": b"\r\n    ".join(_lines(base64.b64encode(TEXT))),
    "base64, wrapped within JSON": json.dumps("\r\n".join(map(bytes.decode, _lines(base64.b64encode(TEXT))))).encode(),
    "base64 of gzip": base64.b64encode(gzip.compress(TEXT)),
    "base64 of zip": b"attachment: " + base64.b64encode(zipped(TEXT)),
    "base64 of zlib in JSON": json.dumps({"a": base64.b64encode(zlib.compress(TEXT)).decode()}).encode(),
    "zlib": zlib.compress(TEXT),
    "zlib behind a short one": zlib.compress(b"short") + b"." * 999 + zlib.compress(TEXT) + b"." * 99,
    "zlib within a pickle": b"\x80\x04\x95" + zlib.compress(TEXT) + b".",
    "zip behind a stub": b"MZ stub" + zipped(TEXT),
    "tar of gzip": tarred("a.gz", gzip.compress(TEXT)),
    "zip in tar.gz": gzip.compress(tarred("a.zip", zipped(TEXT))),
    "Parquet in tar": tarred("a", parquet(TEXT.decode())),
    "name in tar": tarred(f"{NAME}.csv", b"x"),
    "lzma": lzma.compress(TEXT, format=lzma.FORMAT_ALONE),
    "Arrow": arrow("zstd"),
    "Arrow, another packing": arrow("lz4"),
    "ORC": orc(),
    "an integer of SQLite": cell_of(4821739066),
    "a real of SQLite": cell_of(4821739066.0),
    "title of a PDF": pdf(lambda made: made.docinfo.__setitem__("/Title", NAME)),
    "note in a PDF": pdf(note),
    "field of a PDF's form": pdf(form_field),
    "heading of a PDF": pdf(heading),
    "attachment of a PDF": pdf(lambda made: made.attachments.__setitem__("a.txt", NAME.encode("cp932"))),
    "name of a PDF's attachment": pdf(lambda made: made.attachments.__setitem__(NAME, b"x")),
    "title of a PDF, its objects packed": pdf(note, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "across pieces": b"." * (views.PIECE - 5) + NAME.encode() + b".",
}


@pytest.mark.parametrize("how", LEFT)
def test_a_value_is_found_however_it_was_left(how: str, tmp_path: Path) -> None:
    assert found(tmp_path, LEFT[how]) > 0


#: How a value is written, and in what it may lie: each in each.
SPELT: dict[str, bytes] = {
    "UTF-8": NAME.encode(),
    "CP932": NAME.encode("cp932"),
    "UTF-16LE": KANA.encode("utf-16-le"),
    "UTF-16BE": KANA.encode("utf-16-be"),
    "half-width": jaconv.z2h("キヌガワ アヤノスケ").encode("cp932"),
    "base64": base64.b64encode(f"宛名 {NAME}".encode("cp932")),
    "percent": urllib.parse.quote(ADDRESS).encode(),
    "percent, CP932": urllib.parse.quote(NAME, encoding="cp932").encode(),
    "JSON escapes": json.dumps(ADDRESS).encode(),
    "phone": b" 03-9876-5432 ",
    "birth date": b" 1961-02-03 ",
    "number": b" 4821-7390-66 ",
}
LAID: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "zip": zipped,
    "gzip": gzip.compress,
    "gzip in zip": lambda data: zipped(gzip.compress(data)),
    "PDF stream": pdf_stream,
    "PDF in zip": lambda data: zipped(pdf_stream(data)),
    "SQLite": cell,
    "SQLite in zip, compressed": lambda data: zipped(cell(zlib.compress(data))),
    "SQLite, compressed": lambda data: cell(zlib.compress(data)),
    "Parquet": parquet,
    "base64": base64.b64encode,
}


@pytest.mark.parametrize("laid", LAID)
def test_each_way_to_write_a_value_is_found_in_each_place(laid: str, tmp_path: Path) -> None:
    for number, data in enumerate(SPELT.values()):
        (tmp_path / f"{number:02}").write_bytes(LAID[laid](b"." * 40 + data + b"." * 40))
    names = {str(tmp_path / f"{number:02}"): how for number, how in enumerate(SPELT)}
    result = scan([tmp_path], NEEDLES)
    assert {names[path] for path in result.by_file} == set(SPELT)
    assert not result.unread


NOT_LEFT: dict[str, bytes] = {
    "nothing": b"",
    "another person": "鬼怒川　太郎".encode(),
    "surname alone": "鬼怒川".encode(),
    "a longer phone": b"103-9876-54321",
    "digits in a longer number": b"140398765432",
    "digits after a point": b"0.4821739066",
    "digits in a hash": b"ab4821739066cd",
    "number in a UUID": b"00000000-4821-7390-66ab-000000000000",
    "a longer date": b"11961-02-03",
    "eight digits": b"19610203",
    "the next house": "墨田区吾妻橋九丁目８番７７号".encode(),
    "a house whose number goes on": "墨田区吾妻橋9-8-765番".encode(),
}


@pytest.mark.parametrize("how", NOT_LEFT)
def test_what_is_not_the_value_is_no_hit(how: str, tmp_path: Path) -> None:
    assert found(tmp_path, b" " + NOT_LEFT[how] + b" ") == 0


def test_a_rendered_pdf_is_read(tmp_path: Path) -> None:
    weasyprint = pytest.importorskip("weasyprint")
    data = weasyprint.HTML(string="<p style='font-family:sans-serif'>4821-7390-66</p>").write_pdf()
    assert b"4821-7390-66" not in data
    assert found(tmp_path, data) > 0


@pytest.mark.parametrize("text", [NAME, NAME + "。" * 20_000], ids=["short", "over pages"])
@pytest.mark.parametrize("pack", [str.encode, lambda t: zlib.compress(t.encode())], ids=["plain", "compressed"])
def test_values_in_a_database_are_read_row_by_row(tmp_path: Path, text: str, pack: Callable[[str], bytes]) -> None:
    base = sqlite3.connect(tmp_path / "a.db")
    base.execute("CREATE TABLE t (a, b)")
    base.execute("INSERT INTO t VALUES (?, ?)", ("。" * 1999 + text, pack(text)))
    base.commit()
    base.close()
    assert scan([tmp_path], NEEDLES).hits > 0


def test_names_of_files_are_searched(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.log").write_bytes(b"")
    result = scan([tmp_path], NEEDLES)
    assert (result.by_file, result.clean) == ({"(names of files)": 1}, False)


def test_names_of_empty_folders_and_of_links_and_what_links_point_to_are_searched(tmp_path: Path) -> None:
    (tmp_path / "a" / NAME).mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "link").symlink_to(f"/nowhere/{NAME}")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / urllib.parse.quote(NAME)).symlink_to("/nowhere")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "1").mkdir()
    (tmp_path / "d" / "0398765432").mkdir()
    for folder in ("a", "b", "c", "d"):
        assert scan([tmp_path / folder], NEEDLES).by_file == {"(names of files)": 1}


def test_the_result_names_files_and_counts_but_no_value(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(NAME.encode() * 3)
    (tmp_path / "b.log").write_bytes(b"clean")
    result = scan([tmp_path], NEEDLES)
    assert result.by_file == {str(tmp_path / "a.log"): 3}
    assert (result.files, result.needles, result.clean) == (2, len(NEEDLES), False)
    assert {NEEDLES[i].text for i in result.matched} == {NAME}
    assert not any(n.text in repr(result) for n in NEEDLES)


def test_folders_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "x").write_bytes(NAME.encode())
    assert scan([tmp_path], NEEDLES, exclude=[tmp_path / "vault"]).clean


def encrypted_zip() -> bytes:
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"Zx9-pass-7731")
        archive.writestr("inner.txt", b"x" * 100)
    return buffer.getvalue()


def damaged(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def encrypted_pdf() -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def nameless_font(made: pikepdf.Pdf) -> None:
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, Encoding=pikepdf.Name("/Identity-H"))
    made.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=made.make_indirect(font)))


NOISE = random.Random(1).randbytes(3000)
#: What says of itself that something is in it, and cannot be opened: it may hold anything.
SHUT: dict[str, bytes] = {
    "an encrypted member of a zip": encrypted_zip(),
    "a damaged member of a zip": damaged(zipped(NOISE), 200),
    "a zip cut off": zipped(NOISE)[:-30],
    "a zip in a zip, encrypted": zipped(encrypted_zip()),
    "gzip cut off": gzip.compress(NOISE)[:-20],
    "gzip, damaged": damaged(gzip.compress(NOISE), 1500),
    "gzip, something behind it": gzip.compress(NOISE) + b"more",
    "a PDF cut off": pdf_stream(NOISE)[:400],
    "a PDF, a stream damaged": damaged(pdf_stream(NOISE), pdf_stream(NOISE).index(b"/FlateDecode") + 200),
    "an encrypted PDF": encrypted_pdf(),
    "Parquet cut off": parquet("x" * 500)[:-40],
    "SQLite, damaged": cell(NOISE)[:5000],
    "an encrypted workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE,
    "7-Zip": b"7z\xbc\xaf\x27\x1c" + NOISE,
    "RAR": b"Rar!\x1a\x07\x01\x00" + NOISE,
    "Zstandard": b"\x28\xb5\x2f\xfd" + NOISE,
    "a zip, something behind it": zipped(NOISE) + b"more",
    "age": b"age-encryption.org/v1\n" + NOISE,
    "PGP": b"-----BEGIN PGP MESSAGE-----\n\n" + base64.b64encode(NOISE),
    "LHA": b"\x21\x90-lh5-" + NOISE,
    "compress": b"\x1f\x9d\x90" + NOISE,
    "LZ4": b"\x04\x22\x4d\x18" + NOISE,
    "encrypted Parquet": b"PARE" + NOISE + b"PARE",
    "zlib without its end": b"..." + zlib.compress(random.Random(2).randbytes(9000))[:-5],
    "a member of a tar without its end": tarred("a.zip", zipped(NOISE))[:2000],
    "a PDF whose letters nobody can tell": pdf(nameless_font),
    "nested too deep": zipped(zipped(zipped(zipped(zipped(NOISE))))),
}


@pytest.mark.parametrize("how", SHUT)
def test_what_cannot_be_opened_is_told_and_no_pass(how: str, tmp_path: Path) -> None:
    (tmp_path / "shut").write_bytes(SHUT[how])
    (tmp_path / "whole.zip").write_bytes(zipped(NOISE))
    result = scan([tmp_path], NEEDLES)
    assert result.unread == (str(tmp_path / "shut"),)
    assert (result.hits, result.clean) == (0, False)


def test_what_is_damaged_does_not_hide_the_rest(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("first", NOISE)
        archive.writestr("second", gzip.compress(NAME.encode()))
    (tmp_path / "a.zip").write_bytes(damaged(buffer.getvalue(), 500))
    result = scan([tmp_path], NEEDLES)
    assert result.by_file[str(tmp_path / "a.zip")] > 0
    assert result.unread == (str(tmp_path / "a.zip"),)


#: Reads the sizes it is given of a child of its own: what the process holds at most beside what it began with.
MEASURED = """
import resource, sys
from pathlib import Path
from kansho.closing.needles import Needle
from kansho.closing.residue import scan
needles = [Needle(sys.argv[2], "name")]
scan([Path(sys.argv[1]) / "small"], needles)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = scan([Path(sys.argv[1]) / "large"], needles)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, found.hits, len(found.unread))
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A large member of a zip in a zip, and gzip: each many times larger unpacked than what is held at once."""
    size, block = 40, b"\0" * 1024**2
    (tmp_path / "small").mkdir()
    (tmp_path / "large").mkdir()
    (tmp_path / "small" / "a.zip").write_bytes(zipped(zipped(b"\0" * 9 * 1024**2)))
    end, inner = ("…" + NAME).encode(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("large", "w") as member:
        for _ in range(size):
            member.write(block)
        member.write(end)
    (tmp_path / "large" / "a.zip").write_bytes(zipped(inner.getvalue()))
    with gzip.open(tmp_path / "large" / "c.gz", "wb", compresslevel=1) as packed:
        for _ in range(size):
            packed.write(block)
        packed.write(end)
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path), NAME], capture_output=True, text=True, timeout=300, check=True
    ).stdout.split()
    grown, hits, unread = (int(word) for word in told)
    assert (hits, unread) == (2, 0)
    assert grown < size // 2


@pytest.mark.parametrize("most", [5, 3000])
def test_what_is_packed_within_other_bytes_is_bounded_and_beyond_it_told(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first comes to just the bound, or beyond it: what stands behind is not looked at, and that is no pass."""
    monkeypatch.setattr(embedded, "MOST", most)
    (tmp_path / "a").write_bytes(b"." * 9 + zlib.compress(b"x" * 3000) + b"..." + zlib.compress(NOISE))
    assert scan([tmp_path], NEEDLES).unread == (str(tmp_path / "a"),)


def test_what_comes_to_too_much_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_INFLATED", 1000)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"0" * 100_000))
    (tmp_path / "just.gz").write_bytes(gzip.compress(b"0" * 1000))
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    result = scan([tmp_path], NEEDLES)
    assert result.hits == 0
    assert not result.clean
    assert [Path(p).name for p in result.unread] == ["bomb.gz", "broken.db"]


@pytest.mark.parametrize(("room", "told"), [(0, []), (-1, ["inner.zip"])])
def test_what_must_be_held_to_be_read_is_read_up_to_the_bound_and_told_beyond(
    room: int, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = pdf_stream(NAME.encode())
    monkeypatch.setattr(packing, "HELD", len(inner) + room)
    (tmp_path / "inner.zip").write_bytes(zipped(inner))
    result = scan([tmp_path], NEEDLES)
    assert [Path(p).name for p in result.unread] == told
    assert told or result.hits > 0


def test_a_folder_that_cannot_be_listed_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # By the system call, since the superuser of a build machine may list any folder.
    (tmp_path / "open").mkdir()
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = scan([tmp_path], NEEDLES)
    assert [Path(p).name for p in result.unread] == ["shut"]
    assert not result.clean
    assert {place: told.to_json() for place, told in result.places.items()} == {
        "not listed": {"files": 0, "bytes": 0, "hits": 0, "unread": 1}
    }


#: Filters of streams of a PDF: what is dots is passed over, what we cannot undo is told.
FILTERS = {
    **dict.fromkeys(("FlateDecode", "Fl"), [NAME.encode()]),
    **dict.fromkeys(("DCTDecode", "DCT", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode", "CCF"), []),
    **dict.fromkeys(("LZWDecode", "ASCII85Decode", "Crypt"), [None]),
}


@pytest.mark.parametrize("named", FILTERS)
def test_streams_of_a_pdf_are_opened_passed_over_or_told(named: str) -> None:
    data = b"1 0 obj <</Filter [/%s]>> stream\n%s\nendstream" % (named.encode(), zlib.compress(NAME.encode()))
    found = [inner.stream and inner.stream.read() for inner in pdf_parts.streams(data)]
    assert found == FILTERS[named]


def test_many_needles_are_searched_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "BATCH", 3)
    (tmp_path / "a").write_bytes(f"{NAME} {KANA} 4821-7390-66".encode())
    assert scan([tmp_path], NEEDLES).hits == 3


def test_a_file_full_of_values_stops_the_count_not_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "STOP_AT", 10)
    (tmp_path / "a").write_bytes(NAME.encode() * 500)
    (tmp_path / "b").write_bytes(NAME.encode())
    assert scan([tmp_path], NEEDLES).by_file == {str(tmp_path / "a"): 10, str(tmp_path / "b"): 1}


@pytest.mark.parametrize("workers", [1, 2, 3, 50])
def test_processes_side_by_side_find_what_one_finds(tmp_path: Path, workers: int) -> None:
    for number in range(20):
        (tmp_path / f"f{number:02}").write_bytes((f"{NAME}\n" * (number % 3)).encode() + b"x" * 1000 * number)
    expected = {str(tmp_path / f"f{n:02}"): n % 3 for n in range(20) if n % 3}
    result = scan([tmp_path], NEEDLES, workers=workers)
    assert (result.by_file, result.unread) == (expected, ())
    assert [NEEDLES[n].text for n in result.matched] == [NAME]


def test_files_are_shared_out_by_size_and_cells_gathered_up_to_a_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("a", 90_000), ("b", 50_000), ("c", 40_000), ("d", 1)):
        (tmp_path / name).write_bytes(b"x" * size)
    files = sorted(tmp_path.iterdir())
    shares = [[path.name for path in share] for share in residue._shares(files, 2)]
    assert shares == [["a"], ["b", "c", "d"]] or shares == [["a", "d"], ["b", "c"]]
    assert residue._shares(files, 1) == [[tmp_path / name for name in "abcd"]]
    assert residue._shares(files, 0) == residue._shares(files, 1)
    assert residue._size(tmp_path / "gone since") == 0
    monkeypatch.setattr(packing, "PIECE", 8)
    told = [(inner.stream and inner.stream.read(), inner.deeper) for inner in packing.gathered(iter([b"abcd"] * 4))]
    assert told == [(b"abcd\nabcd\nabcd", False), (b"abcd", False)]


def test_what_a_process_that_died_was_given_is_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = searching._search_file

    def dying(path: Path, *rest: Any) -> None:
        if path.name == "deadly":
            os._exit(9)
        real(path, *rest)

    monkeypatch.setattr(searching, "_search_file", dying)
    (tmp_path / "deadly").write_bytes(b"x" * 100_000)
    for number in range(5):
        (tmp_path / f"f{number}").write_bytes(NAME.encode())
    result = scan([tmp_path], NEEDLES, workers=2)
    assert result.unread == (str(tmp_path / "deadly"),)
    assert result.hits == 5
    assert not result.clean


def test_a_packed_cell_that_goes_on_behind_the_cut_is_unread_and_plain_text_is_not() -> None:
    rng = random.Random(5)
    long = zlib.compress(rng.randbytes(30_000))
    assert is_cut_off(long[:20_000])
    assert is_cut_off(gzip.compress(long)[:20_000])
    assert is_cut_off(b"PK\x03\x04" + bytes(20_000))
    assert not is_cut_off(long)  # whole: it was opened
    for text in (b"x^", b"x ", b"x}", b"x\x9c", b"", b"x"):
        assert not is_cut_off(text + b"an ordinary text, however long " * 1000)


def test_objects_of_a_store_elsewhere_are_searched_too(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "far")
    store.create("events/1.json", json.dumps({"key": NAME}).encode())
    store.create("events/2.json", b"{}")
    store.create("packed", zipped(KANA.encode("utf-16-le")))
    (tmp_path / "here").mkdir()
    other = LocalStore(tmp_path / "other")
    other.create("a", NAME.encode())
    result = scan([tmp_path / "here"], NEEDLES, stores={"evidence": store, "evidence:2": other})
    assert result.by_file == {"evidence/events/1.json": 1, "evidence/packed": 1, "evidence:2/a": 1}
    assert (result.files, result.unread) == (4, ())
    size = len(NAME.encode())
    assert result.places["evidence"].to_json() == {"files": 3, "bytes": result.bytes - size, "hits": 2, "unread": 0}
    assert result.places["evidence:2"].to_json() == {"files": 1, "bytes": size, "hits": 1, "unread": 0}


def test_tables_of_a_database_elsewhere_are_searched_cell_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_rows, "CUT", 2 * database_rows.OVERLAP)
    base = sqlite3.connect(tmp_path / "meta.db")
    far = "。" * (3 * database_rows.OVERLAP)
    for table, kind, cells in (
        ("plain", "TEXT", [NAME, None, "7"]),
        ("long", "TEXT", [far + NAME]),
        ("packed", "BLOB", [zlib.compress(KANA.encode())]),
        ("cut_off", "BLOB", [b"PK\x03\x04" + bytes(3 * database_rows.OVERLAP)]),
        ("clean", "TEXT", ["x" * 100]),
    ):
        base.execute(f"CREATE TABLE {table} (a {kind})")
        base.executemany(f"INSERT INTO {table} VALUES (?)", [(cell,) for cell in cells])
    base.commit()
    base.close()
    # SQLite has no such views, and SQLAlchemy asks for none of it.
    monkeypatch.setattr(Inspector, "get_materialized_view_names", lambda *of, **how: [])
    result = scan([], NEEDLES, databases={"database": f"sqlite:///{tmp_path / 'meta.db'}", "gone": "sqlite:////no/x"})
    assert {*result.by_file} == {f"database/main.{name}" for name in ("plain", "long", "packed")}
    assert result.unread == ("database/main.cut_off", "gone")
    text, packed = len((f"{NAME}\n7{far}{NAME}" + "x" * 100).encode()), zlib.compress(KANA.encode())
    opened = len(packed) + len(KANA.encode()) + 5 * database_rows.OVERLAP + 4  # its beginning as it is, and as a zip
    told = {"files": 5, "bytes": text + opened, "hits": result.hits, "unread": 1}
    assert result.places["database"].to_json() == told
    assert result.places["gone"].to_json() == {"files": 0, "bytes": 0, "hits": 0, "unread": 1}


def test_places_are_told_with_what_was_found_there_and_no_name_that_is_not_ours(tmp_path: Path) -> None:
    root = tmp_path / "kansho"
    for name, data in (("outputs/a.txt", NAME.encode()), ("outputs/b.zip", b"PK\x03\x04"), (f"{NAME}/c", b"12345")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    result = scan([root], NEEDLES)
    assert {place: told.to_json() for place, told in result.places.items()} == {
        "(names of files)": {"files": 0, "bytes": 0, "hits": 1, "unread": 0},
        "kansho": {"files": 1, "bytes": 5, "hits": 0, "unread": 0},
        "kansho/outputs": {"files": 2, "bytes": len(NAME.encode()) + 4, "hits": 1, "unread": 1},
    }
    ours = [*("vault", "needles", "keys", "ledger", "log-copies"), *("outputs", "logs", "run", "secrets", "cache")]
    ours.append("uncommitted")
    for name in ours:
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "x").write_bytes(b"x")
    assert {*scan([tmp_path / "all"], NEEDLES).places} == {f"all/{name}" for name in ours}


class Silent(io.BytesIO):
    """What a store gives that stops to answer after its first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise KanshoError("VAULT-UNREACHABLE", "…")
        return super().read(1)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_does_not_answer_is_no_pass(at_once: bool, tmp_path: Path) -> None:
    class Mute(LocalStore):
        def open(self, name: str) -> BinaryIO:
            if at_once:
                raise KanshoError("VAULT-UNREACHABLE", "…")
            return Silent(self.read(name))

    store = Mute(tmp_path)
    store.create("a", NAME.encode())
    result = scan([], NEEDLES, stores={"evidence": store})
    assert result.unread == ("evidence",)
    assert not result.clean


def texts(needles: object) -> set[str]:
    return {n.text for n in needles}  # type: ignore[attr-defined]


def wide(number: str) -> set[str]:
    """In full width, with hyphens and without."""
    return {str(jaconv.h2z(form, digit=True, ascii=True)) for form in (number, number.replace("-", ""))}


def test_short_and_ambiguous_values_are_left_to_longer_forms() -> None:
    assert texts(name_forms("林　一")) == {"林　一", "林 一"}
    assert texts(name_forms("東　京子")) == {"東　京子", "東 京子"}
    assert "ﾊﾗ ﾏﾘｺ" in texts(kana_forms("ハラ　マリコ"))
    assert texts(address_forms("墨田区")) == set()
    assert texts(birth_forms("1970-01-01")) == set()
    assert "19600102" not in texts(birth_forms("1960-01-02"))
    assert texts(number_forms("1763-8834-54")) == {"1763-8834-54", *wide("1763-8834-54")}
    assert texts(number_forms("4821-7390-66")) == {"4821-7390-66", "4821739066", *wide("4821-7390-66")}
    assert texts(phone_forms("０３−１２３４".replace("−", "-"))) == set()
    assert texts(secret_forms("short")) == set()


def test_a_table_gives_the_forms_of_each_of_its_identifiers_and_passes_over_the_rest() -> None:
    assert sorted(needles_of(PERSON)) == NEEDLES
    assert texts(needles_of(PERSON[["phone"]])) == texts(phone_forms("03-9876-5432"))
    assert needles_of(pd.DataFrame({"rank": ["鬼怒川　綾乃助"]})) == set()


def test_every_form_of_a_value_is_looked_for_and_no_other() -> None:
    assert texts(name_forms(" 鬼怒川　綾乃助 ")) == {"鬼怒川　綾乃助", "鬼怒川 綾乃助", "鬼怒川綾乃助"}
    assert texts(name_forms("鬼怒川")) == set()
    assert texts(name_forms("鬼怒川綾")) == {"鬼怒川綾"}
    half = {"ｷﾇｶﾞﾜ ｱﾔ", "ｷﾇｶﾞﾜ　ｱﾔ", "ｷﾇｶﾞﾜｱﾔ"}
    assert texts(kana_forms("ｷﾇｶﾞﾜ ｱﾔ")) == {"キヌガワ　アヤ", "キヌガワ アヤ", "キヌガワアヤ", *half}
    assert texts(address_forms("墨田区立川7-9")) == {"墨田区立川7-9", "墨田区立川７-９", "墨田区立川７－９"}
    assert texts(address_forms("吾妻橋九丁目八番")) == {"吾妻橋九丁目八番"}
    assert texts(address_forms("立川7-9")) == set(), "short, with a digit"
    assert texts(address_forms("墨田区吾妻橋見本荘")) == set(), "long, without one"
    minus = {"0398765432", "03−9876−5432", "０３−９８７６−５４３２", "０３９８７６５４３２"}
    assert texts(phone_forms("０３−９８７６−５４３２")) == minus
    brackets = {"0398765432", "03-9876-5432", "(03)9876-5432", *wide("03-9876-5432")}
    assert texts(phone_forms("03-9876-5432")) == brackets
    assert texts(phone_forms("123456789")) == {"123456789", *wide("123456789")}
    assert texts(phone_forms("1234-5678")) == set()
    assert texts(number_forms("1500-0000-00")) == {"1500-0000-00", *wide("1500-0000-00")}
    assert texts(number_forms("1499-9999-99")) == {"1499-9999-99", "1499999999", *wide("1499-9999-99")}
    assert texts(number_forms("2200-0000-00")) == {"2200-0000-00", "2200000000", *wide("2200-0000-00")}
    assert texts(secret_forms("8 letter")) == {"8 letter"}
    assert {n.kind for n in kana_forms("ｷﾇｶﾞﾜ ｱﾔ")} == {"name"}
    assert {(n.text, n.kind) for n in number_forms("4821-7390-66")} == {
        ("4821-7390-66", "delimited"),
        ("4821739066", "digits"),
        *((form, "delimited") for form in wide("4821-7390-66")),
    }


#: Not eighteen: before the eras, where two ways to write month, day or year are one, where eight letters are reached
#: without a zero.
FORMS_OF = {"1960-10-12": 12, "2019-04-30": 20, "昭和元年12月25日": 16, "1868-01-24": 9, "1912-07-29": 20}
FORMS_OF |= {"1926-12-24": 12}
WESTERN = {"1960-01-02", "1960/01/02", "1960/1/2", "1960年1月2日", "1960年01月02日", "1960.01.02"}


def wide_digits(text: str) -> str:
    return str(jaconv.h2z(text, kana=False, digit=True))


@pytest.mark.parametrize(
    ("written", "forms"),
    [
        (
            "1960-01-02",
            WESTERN | {"昭和35年1月2日", "昭和35年01月02日", "S35.01.02", "S35/01/02", "昭35.1.2", "昭35年1月2日"},
        ),
        ("1960-10-12", {"S35.10.12", "S35/10/12", "1960.10.12", "１９６０年１０月１２日", "昭和３５年１０月１２日"}),
        ("2019-05-01", {"令和1年5月1日", "令和01年05月01日", "R01.05.01", "R01/05/01"}),
        ("2019-04-30", {"平成31年4月30日", "平成31年04月30日", "H31.04.30", "H31/04/30"}),
        ("昭和元年12月25日", {"昭和1年12月25日", "昭和01年12月25日", "1926-12-25"}),
        ("s64.1.7", {"昭和64年1月7日", "S64.01.07", "1989-01-07"}),
        ("1868-01-24", {"1868-01-24", "1868/1/24", "1868年1月24日"}),
        ("1868-01-25", {"明治1年1月25日", "M01/01/25"}),
        ("1912-07-29", {"明治45年7月29日", "M45.07.29"}),
        ("1912-07-30", {"大正1年7月30日", "T01.07.30"}),
        ("1926-12-24", {"大正15年12月24日", "T15.12.24"}),
        ("1989-01-08", {"平成1年1月8日", "H01.01.08"}),
    ],
)
def test_every_form_of_a_birth_date_is_looked_for(written: str, forms: set[str]) -> None:
    found = texts(birth_forms(written))
    assert forms <= found
    assert len(found) == FORMS_OF.get(written, 18)
    assert {wide_digits(form) for form in found if "年" in form} <= found
    assert texts(birth_forms("no date, but long")) == {"no date, but long"}
    assert texts(birth_forms("no date")) == texts(birth_forms("19601302")) == set()


WRITTEN = ["1960-01-02", "1960/1/2", "19600102", "昭和35年1月2日", "S35.01.02", "1960年1月2日"]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_birth_date_is_known_however_the_ward_wrote_it(written: str) -> None:
    assert {"1960-01-02", "昭和35年1月2日", "1960/1/2", "S35.01.02"} <= texts(birth_forms(written))


def test_the_table_of_needles_reads_back() -> None:
    assert from_table(to_table(NEEDLES)) == NEEDLES
