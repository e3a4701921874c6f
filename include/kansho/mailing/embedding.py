"""A font into a PDF: only the glyphs in use, and what each of them says when it is copied or searched.

Why our own: pikepdf lays objects and fontTools cuts fonts, and neither joins the two; what does (Typst) takes several
times as long (`docs/decisions/0014-cards-are-set-with-pikepdf.md`).

A text is written with the glyphs' own numbers (Identity-H).  Where one glyph stands for two characters (葛 and
葛 + U+E0100 where both are one form), each further meaning gets a font object of its own over the same file.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

#: What a renderer needs; all else (names, layout rules, hints for screens) stays out.
_TABLES = frozenset({"glyf", "loca", "CFF ", "head", "hhea", "hmtx", "maxp"})


def embed(pdf: Any, file: Path, name: str, meanings: Sequence[Mapping[int, str]], widths: Mapping[int, float]) -> list:
    """One font object of ``pdf`` (a pikepdf.Pdf) for each mapping of ``meanings``, all over one embedded subset.

    Args:
        name: the font's PostScript name.
        meanings: glyph number → the text it stands for.
        widths: glyph number → advance in thousandths of the type size, for all of them.
    """
    from pikepdf import Array, Dictionary, Name, String

    used = sorted(widths)
    cut = subset(file, used)
    tag = _tag(used)
    base = Name(f"/{tag}+{name}")
    kind, key, stream = _program(pdf, cut)
    bounds = _bounds(cut)
    described = Dictionary(
        Type=Name.FontDescriptor,
        FontName=base,
        Flags=4,  # symbolic: no encoding but ours
        ItalicAngle=0,
        StemV=80,
        Ascent=bounds[3],
        Descent=bounds[1],
        CapHeight=bounds[3],
        FontBBox=Array(bounds),
    )
    described[key] = stream
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=kind,
        BaseFont=base,
        CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(described),
        DW=1000,
        W=Array([part for n in used if widths[n] != 1000 for part in (n, Array([widths[n]]))]),
    )
    if kind == Name.CIDFontType2:
        descendant.CIDToGIDMap = Name.Identity
    shared = pdf.make_indirect(descendant)
    return [
        pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=base,
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([shared]),
                ToUnicode=pdf.make_stream(to_unicode(meaning)),
            )
        )
        for meaning in meanings
    ]


def subset(file: Path, glyphs: Sequence[int]) -> bytes:
    """The font with only these glyphs (and their parts), each under its own number still; the same bytes each time."""
    state = file.stat()
    return _cut(file, (state.st_mtime_ns, state.st_size), tuple(glyphs))


# Cutting takes most of a small file's time, and the proof sheets of all designs bear the same trial prints.
@lru_cache(maxsize=8)
def _cut(file: Path, state: tuple[int, int], glyphs: tuple[int, ...]) -> bytes:
    from fontTools import subset as cutting
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True, recalcTimestamp=False) as font:
        options = cutting.Options(
            hinting=False, layout_features=[], notdef_outline=True, glyph_names=False, retain_gids=True
        )
        options.drop_tables = sorted(set(font.keys()) - _TABLES)
        cutter = cutting.Subsetter(options)
        cutter.populate(gids=glyphs)
        cutter.subset(font)
        buffer = io.BytesIO()
        font.save(buffer, reorderTables=None)
    return buffer.getvalue()


def to_unicode(meaning: Mapping[int, str]) -> bytes:
    """A ToUnicode CMap (PDF 9.10.3) of two-byte codes."""
    lines = [f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in sorted(meaning.items())]
    blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]  # at most 100 in one block
    pairs = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{pairs}\nendcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()


def _program(pdf: Any, cut: bytes) -> tuple[Any, str, Any]:
    """How the PDF calls the kind of font, the key of its file, and the file."""
    from pikepdf import Name

    stream = pdf.make_stream(cut)
    if cut.startswith(b"OTTO"):
        stream.Subtype = Name.OpenType
        return Name.CIDFontType0, "/FontFile3", stream
    stream.Length1 = len(cut)
    return Name.CIDFontType2, "/FontFile2", stream


def _bounds(cut: bytes) -> list[int]:
    from fontTools.ttLib import TTFont

    with TTFont(io.BytesIO(cut), lazy=True) as font:
        head = font["head"]
        return [round(v * 1000 / head.unitsPerEm) for v in (head.xMin, head.yMin, head.xMax, head.yMax)]


def _tag(glyphs: Sequence[int]) -> str:
    """Six capitals that tell one subset from another (PDF 9.9.2)."""
    digest = hashlib.sha256(repr(list(glyphs)).encode()).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])
