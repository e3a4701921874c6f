"""Streams of a PDF that a predictor wrote are read as what they say."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kansho.closing import pdf_parts
from kansho.closing.needles import number_forms
from kansho.closing.predictors import undone
from kansho.closing.residue import scan


def predicted(data: bytes, colours: int) -> bytes:
    """Rows as a writer of PNG filters them, each by the filter that it finds best."""
    row = 8 * colours
    data = data.ljust(-(-len(data) // row) * row, b"\0")
    out, mode = io.BytesIO(), {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[colours]
    Image.frombytes(mode, (8, len(data) // row), data).save(out, "PNG")
    packed, at = b"", 8
    png = out.getvalue()
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        packed += png[at + 8 : at + 8 + length] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    return zlib.decompress(packed)


@pytest.mark.parametrize("colours", [1, 2, 3, 4])
@given(data=st.binary(min_size=1, max_size=900))
def test_what_a_predictor_made_of_a_stream_is_undone(colours: int, data: bytes) -> None:
    told = b"<</Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 8/Colors %d>>>>" % colours
    assert (undone(predicted(data, colours), told) or b"").rstrip(b"\0") == data.rstrip(b"\0")


@given(rows=st.lists(st.binary(min_size=12, max_size=12), max_size=9), colours=st.sampled_from([1, 2, 3, 4]))
def test_differences_along_a_row_are_undone(rows: list[bytes], colours: int) -> None:
    columns = 12 // colours
    values = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, columns, colours)
    written = np.diff(values, axis=1, prepend=np.zeros((len(values), 1, colours), np.uint8)).astype(np.uint8).tobytes()
    told = b"<</DecodeParms [<</Predictor 2 /Columns %d /Colors %d>>]>>" % (columns, colours)
    assert undone(written, told) == b"".join(rows)


def test_nothing_predicted_is_nothing() -> None:
    assert undone(b"", b"<</DecodeParms<</Predictor 12/Columns 2>>>>") == b""


#: Parameters of a stream, and what it says; None where we cannot tell.
PARAMETERS: dict[bytes, bytes | None] = {
    b"": b"\x02ab\x02\x01\x01",
    b"/DecodeParms<</Columns 2>>": b"\x02ab\x02\x01\x01",
    b"/DecodeParms<</Predictor 1/Columns 2>>": b"\x02ab\x02\x01\x01",
    b"/DecodeParms<</Predictor 12/Columns 2>>": b"abbc",
    b"/DP[<</Columns 2/Predictor 10>>]": b"abbc",
    b"/DecodeParms<</Predictor 12/Columns 4/BitsPerComponent 4>>": b"abbc",
    b"/DecodeParms<</Predictor 2/Columns 4>>": b"\x02\x63\xc5\xc7\x01\x02\x02\x02",  # a row, and half of one
    b"/DecodeParms 7 0 R": None,
    b"/DecodeParms[null 7 0 R]": None,
    b"/DecodeParms<</Predictor 12/Columns 2/Colors 5>>": None,
    b"/DecodeParms<</Predictor 2/Columns 2/BitsPerComponent 4>>": None,
    b"/DecodeParms<</Predictor 3/Columns 2>>": None,
}


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_a_predicted_stream_says_what_its_parameters_make_of_it(parameters: bytes) -> None:
    packed = zlib.compress(b"\x02ab\x02\x01\x01")
    data = b"1 0 obj <</Filter/FlateDecode%s>> stream\n%s\nendstream" % (parameters, packed)
    (inner,) = pdf_parts.streams(data)
    assert (inner.stream and inner.stream.read()) == PARAMETERS[parameters]


def test_a_value_in_a_predicted_stream_of_a_document_is_found(tmp_path: Path) -> None:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.Root.Extra = made.make_stream(
        zlib.compress(predicted(b"..... 4821-7390-66 .....", 1)),
        Filter=pikepdf.Name.FlateDecode,
        DecodeParms=pikepdf.Dictionary(Predictor=15, Columns=8),
    )
    made.save(out, recompress_flate=False)
    (tmp_path / "paper.pdf").write_bytes(out.getvalue())
    assert scan([tmp_path], sorted(number_forms("4821-7390-66"))).hits == 1
