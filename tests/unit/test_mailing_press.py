"""A file of cards: the form asked for is drawn, every deviation is found, a mark says the serial and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from kansho.errors import KanshoError
from kansho.mailing import embedding, face, inks
from kansho.mailing.barcode import bars_of, symbols_of
from kansho.mailing.face import Card
from kansho.mailing.mark import CAPACITY, MODULES, mark
from kansho.mailing.press import Job, Printed, check, press
from kansho.mailing.readback import faults, read_back, shown
from kansho.mailing.shard import render_shard
from kansho.mailing.typeface import clusters, font_file, typeface
from tests.unit.own_font import font

USUAL, FORM = "葛\U000e0101", "葛\U000e0100"


def blank() -> bytes:
    """A design with nothing on it."""
    with pikepdf.new() as pdf:
        for _ in ("outer", "inner"):
            pdf.add_blank_page(page_size=tuple(side * face.POINT for side in face.PAGE))
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
        return buffer.getvalue()


def card(number: int = 1, **changes: Any) -> Card:
    made = Card(
        f"M1-{number:06d}",
        f"1234-5678-{number:02d}",
        "130-0001",
        ("東京都墨田区吾妻橋1丁目2番3号", f"コーポ青葉{number}01号室"),
        f"見本 {'花雪月'[number % 3]}子",
        bars_of(symbols_of("1300001", f"1-2-3-{number}01")),
    )
    return replace(made, **changes)


CARDS = [card(n) for n in range(1, 5)]


@contextmanager
def embedded(pdf: bytes) -> Iterator[dict[str, Any]]:
    """The fonts of the outer faces."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        yield dict(opened.pages[0].obj["/Resources"]["/Font"].items())


class Own(NamedTuple):
    file: Path
    glyphs: frozenset[int]


# -- what is drawn -----------------------------------------------------------------------------------


def test_the_same_cards_are_the_same_bytes_in_any_process() -> None:
    pdf = render_shard(CARDS, blank())
    assert render_shard(CARDS, blank()) == pdf
    assert [made for _, made in press([Job("a", tuple(CARDS), blank())] * 2, workers=2)] == [pdf, pdf]
    assert render_shard(CARDS[::-1], blank()) != pdf


def test_a_variant_is_drawn_in_its_own_form_and_two_names_of_one_form_are_kept_apart() -> None:
    font_ = typeface(font_file())
    assert font_.glyph("葛") == font_.glyph(USUAL) != font_.glyph(FORM)
    wanted = [card(name=f"葛{FORM}{USUAL}")]
    pdf = render_shard(wanted, blank())
    assert not +faults(pdf, wanted)
    assert f"葛{FORM}{USUAL}" in read_back(pdf)[0]
    with embedded(pdf) as fonts:
        assert set(fonts) == {"/O0", "/O1"}  # two lists of meanings, one file of outlines
        assert len({font["/DescendantFonts"][0].objgen for font in fonts.values()}) == 1


def test_the_embedded_font_holds_what_is_used_and_no_more() -> None:
    font_ = typeface(font_file())
    pdf = render_shard(CARDS, blank())
    with embedded(pdf) as fonts:
        program = fonts["/O0"]["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"].read_bytes()
    with TTFont(io.BytesIO(program)) as cut:
        drawn = {n for n, name in enumerate(cut.getGlyphOrder()) if cut["glyf"][name].numberOfContours}
    texts = "".join("".join(text for _, text in face.lines(c)) for c in CARDS)
    used = {font_.number(font_.glyph(c) or "") for c in clusters(texts) if not c.isspace()}
    assert used <= drawn
    assert len(drawn - used) <= 3  # .notdef and parts of composed glyphs


@pytest.mark.parametrize("outlines", ["glyf", "CFF "])
def test_a_wards_own_font_draws_its_characters_whatever_its_kind(outlines: str, tmp_path: Path) -> None:
    file = tmp_path / "own.ttf"
    file.write_bytes(font({0xE001: True}) if outlines == "glyf" else postscript_font(0xE001))
    own = Own(file, frozenset({0xE001}))
    wanted = [card(name="見\ue001 花子"), card(2)]
    pdf = render_shard(wanted, blank(), own)
    assert not +faults(pdf, wanted, own)
    document = pypdfium2.PdfDocument(pdf)
    at = (  # within the square behind 見
        face.CORNER[0] + face.NAME.left + 15 / face.POINT * 1.3,
        face.CORNER[1] + face.NAME.baseline - 1,
    )
    dots = document[0].render(scale=4, grayscale=True).to_numpy()
    assert dots[int(at[1] * face.POINT * 4), int(at[0] * face.POINT * 4)].min() < 128


def postscript_font(point: int) -> bytes:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    def drawn(side: int) -> Any:
        pen = T2CharStringPen(600, None)
        if side:
            pen.moveTo((0, 0))
            for corner in ((0, side), (side, side), (side, 0)):
                pen.lineTo(corner)
            pen.closePath()
        return pen.getCharString()

    names = [".notdef", "own"]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({point: "own"})
    builder.setupCFF("Own-Regular", {}, {".notdef": drawn(0), "own": drawn(500)}, {})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Own", "styleName": "Regular", "psName": "Own-Regular"})
    builder.setupOS2()
    builder.setupPost()
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()


# -- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "見\ue001"}, "MAILING-GLYPH"),  # the ward's own, without its font
        ({"name": "見\U000e0100"}, "MAILING-GLYPH"),  # a form that the font lacks
        ({"name": "\U0001f600"}, "MAILING-GLYPH"),
        ({"name": "長" * 23}, "MAILING-OVERFLOW"),
        ({"address": ("一", "二", "三", "四")}, "MAILING-LINES"),
    ],
)
def test_what_cannot_be_set_stops_the_file_and_names_nobody(changes: dict[str, Any], code: str) -> None:
    wrong = card(3, **changes)
    for refused in (
        lambda: render_shard([card(), wrong], blank()),
        lambda: list(press([Job("a", (card(), wrong), blank())])),
    ):
        with pytest.raises(KanshoError, match=code) as told:
            refused()
        assert wrong.name not in str(told.value)


# -- what is found afterwards ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "rule"),
    [
        ([CARDS[1], CARDS[0], *CARDS[2:]], "read_back"),  # out of order
        (CARDS[:-1], "read_back"),
        ([*CARDS, CARDS[-1]], "read_back"),
        ([replace(CARDS[0], name=CARDS[1].name), *CARDS[1:]], "read_back"),
        ([replace(CARDS[0], bars=CARDS[1].bars), *CARDS[1:]], "bars"),
        ([replace(CARDS[0], bars=""), *CARDS[1:]], "bars"),
        # the same letters one after another, but not in their lines
        ([replace(CARDS[0], address=("".join(CARDS[0].address)[:17], "".join(CARDS[0].address)[17:])), *CARDS[1:]],
         "outside_box"),
    ],
)  # fmt: skip
def test_a_card_that_is_not_the_plans_is_found(printed: list[Card], rule: str) -> None:
    assert not +faults(render_shard(CARDS, blank()), CARDS)
    assert faults(render_shard(printed, blank()), CARDS)[rule] >= 1


@pytest.mark.parametrize("broken", [b"", b"%PDF-1.6\n", b"no card at all"])
def test_a_file_that_cannot_be_read_is_every_card_of_it(broken: bytes) -> None:
    assert +faults(broken, CARDS) == {"read_back": len(CARDS)}


def test_text_that_leaves_its_box_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "NAME", replace(face.NAME, left=25.0, right=300.0))
    pdf = render_shard([card(name="長" * 13)], blank())
    monkeypatch.undo()
    assert faults(pdf, [card(name="長" * 13)])["outside_box"] == 1


def test_a_mark_of_another_card_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face, "mark", lambda serial: mark("M1-999999"))
    pdf = render_shard(CARDS, blank())
    monkeypatch.undo()
    assert +faults(pdf, CARDS) == {"mark": len(CARDS)}


def test_a_variant_replaced_by_its_usual_form_is_found_though_the_text_reads_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [card(name=f"{FORM}木 花子")]
    real = inks.Typeface.glyph
    monkeypatch.setattr(inks.Typeface, "glyph", lambda self, cluster: real(self, cluster[0]))
    pdf = render_shard(wanted, blank())
    monkeypatch.undo()
    assert +faults(pdf, wanted) == {"form": 1}


def test_a_glyph_that_was_lost_when_the_font_was_cut_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = embedding.subset
    lost = typeface(font_file()).number(typeface(font_file()).glyph("様") or "")
    monkeypatch.setattr(embedding, "subset", lambda file, glyphs: real(file, [g for g in glyphs if g != lost]))
    pdf = render_shard(CARDS, blank())
    monkeypatch.undo()
    assert faults(pdf, CARDS)["form"] == 1


def test_files_are_checked_side_by_side_and_every_fault_is_counted() -> None:
    pdf = render_shard(CARDS, blank())
    right = Printed("a", tuple(CARDS), pdf)
    wrong = Printed("b", tuple(CARDS[:-1]), pdf)
    assert +check([right, wrong, wrong], workers=2) == {"read_back": 2}


# -- the mark ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("serial", ["M1-000001", "M1-049999", "M9-500000", "M10-000123", "M12-3456789"[:CAPACITY]])
def test_a_mark_is_the_symbol_that_the_library_makes_of_the_serial(serial: str) -> None:
    import segno

    whole = segno.make_micro(serial, version="M3", error="M", mode="alphanumeric", mask=1, boost_error=False)
    assert mark(serial) == int("".join(str(m) for row in whole.matrix for m in row), 2)
    assert len(whole.matrix) == MODULES


def test_the_mark_of_a_card_depends_on_its_serial_alone() -> None:
    faces = list(shown(render_shard([card(1), card(1, name="別 人", postal="160-0022", bars=""), card(2)], blank())))
    assert faces[0].mark == faces[1].mark == mark("M1-000001")
    assert faces[2].mark != faces[0].mark


def test_two_serials_of_a_print_run_never_share_a_mark() -> None:
    assert len({mark(f"M1-{n:06d}") for n in range(1, 20_001)}) == 20_000
