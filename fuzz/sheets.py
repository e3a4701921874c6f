"""Changes of workbooks: of the zip around, of any part's bytes, and of what stands in the parts that are read."""

from __future__ import annotations

import io
import random
import re
import zipfile

from fuzz.mutate import mutate

_NUMBER = re.compile(rb'(?<=["A-Z>])-?[0-9]+(?=["<])')
_TYPE = re.compile(rb' t="[a-zA-Z]+"')
_TAG = re.compile(rb"<[a-zA-Z/][^>]*>")

#: Numbers that rows, styles, shared texts and days never have.
_NUMBERS = (
    *(b"0", b"-1", b"1", b"2", b"16384", b"16385", b"1048576", b"1048577", b"99999999999", b"9" * 400, b"9" * 5000),
    *(b"1E+400", b"-1E-400", b"NaN", b"1.5", b"60", b"2958466", b"123456789018", b"1e5", b"+7", b" 3 ", b""),
)
_TYPES = (*(b' t="%s"' % name for name in (b"s", b"str", b"b", b"e", b"d", b"n", b"inlineStr", b"z")), b"")
_PIECES = (
    *(
        b'<mergeCells><mergeCell ref="A1:B2"/></mergeCells>',
        b'<mergeCell ref="ZZZZ0:A-1"/>',
        b'<row r="2"/>',
        b"<row/>",
    ),
    *(b'<c r="XFE1"><v>1</v></c>', b'<c r="A0"/>', b"<c><f>A1</f></c>", b'<c t="inlineStr"><is><t>x</t></is></c>'),
    *(
        b"<v>2</v>",
        b"<t>x</t>",
        b"<r><t>x</t></r>",
        b"<!DOCTYPE a>",
        b"<!-- a -->",
        b"<?a b?>",
        b"&a;",
        b"&#0;",
        b"&#55296;",
    ),
    *(b"_x0000_", b"_xD800_", b"\xff", b"\xed\xa0\x80", b"</sheetData>", b'<sheet name="x" sheetId="9" r:id="rId1"/>'),
    *(b'<dimension ref="A1:XFD1048576"/>', b'<workbookPr date1904="1"/>', b"x" * 70_000, b"123456789018"),
)


def change_workbook(data: bytes, rng: random.Random) -> bytes:
    """A changed workbook: mostly in one of its parts, sometimes in the zip around them."""
    if rng.random() < 0.1:
        return mutate(data, rng)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        read = [name for name in parts if re.search(r"sheet1|sharedStrings|styles|workbook", name)]
        for _ in range(rng.choice((1, 1, 1, 2))):
            name = rng.choice(read if rng.random() < 0.9 else sorted(parts))
            parts[name] = _change_part(parts[name], rng)
        if rng.random() < 0.05:
            del parts[rng.choice(sorted(parts))]
        for name, part in parts.items():
            new.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _change_part(part: bytes, rng: random.Random) -> bytes:
    match rng.randrange(6):
        case 0:
            return mutate(part, rng)
        case 1 | 2:
            return _put(part, _NUMBER, rng.choice(_NUMBERS), rng)
        case 3:
            return _put(part, _TYPE, rng.choice(_TYPES), rng)
        case 4:
            return _put(part, _TAG, b"", rng)
        case _:
            ends = [found.end() for found in _TAG.finditer(part)] or [0]
            at = rng.choice(ends)
            return part[:at] + rng.choice(_PIECES) + part[at:]


def _put(part: bytes, pattern: re.Pattern[bytes], text: bytes, rng: random.Random) -> bytes:
    """One place that fits the pattern has this text."""
    found = list(pattern.finditer(part))
    if not found:
        return part
    one = rng.choice(found)
    return part[: one.start()] + text + part[one.end() :]
