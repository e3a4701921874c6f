"""What a person and a camera read of the ledger on a rendered paper.  Not a test."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import numpy as np
import pypdfium2
import zxingcpp

_LINE = re.compile(r"台帳 (\S+)\s+件数 (\d+)\s+根 ([0-9a-f]{4}(?: [0-9a-f]{4}){3})")


@dataclass(frozen=True)
class Printed:
    """The line as it is printed, its three parts, and the text of the only code on the last page."""

    line: str
    origin: str
    size: int
    short_root: str
    code: str


def read_stamp(pdf: bytes) -> Printed:
    """Read a paper's stamp back: text by the PDF's own text, code by rendering the last page."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    said = _LINE.search(text)
    assert said is not None
    last = np.ascontiguousarray(document[len(document) - 1].render(scale=200 / 72).to_numpy())
    (code,) = (found.text for found in zxingcpp.read_barcodes(last))
    return Printed(said[0], said[1], int(said[2]), said[3].replace(" ", ""), code)
