"""What a PDF's predictor made of a stream before it was packed, undone (ISO 32000-1, 7.4.4.4).

Belongs here: reading the parameters and undoing them.  Does not belong here: unpacking (`kansho.closing.packing`).

The predictors of PNG write a row as its differences from the row above, so no value stands there as it is.  They are
PNG's own filters, row for row; a picture library undoes them.
"""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np

_PARAMETERS = re.compile(rb"/(?:DecodeParms|DP)\b\s*(.*)", re.DOTALL)
_ELSEWHERE = re.compile(rb"\[?\s*(?:null\s+)*\d+\s+\d+\s+R")
_TIFF, _PNG = 2, range(10, 16)
#: Bytes to a pixel → PNG's type of colour with one byte to each colour.
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}


def undone(data: bytes, dictionary: bytes) -> bytes | None:
    """The bytes that were predicted; as they are where nothing was, None where it cannot be undone.

    Args:
        data: the stream, unpacked.
        dictionary: the stream's dictionary.
    """
    told = _PARAMETERS.search(dictionary)
    if told is None:
        return data
    if _ELSEWHERE.match(told[1]):
        return None
    predictor, columns = _number(told[1], b"Predictor", 1), _number(told[1], b"Columns", 1)
    colours, bits = _number(told[1], b"Colors", 1), _number(told[1], b"BitsPerComponent", 8)
    if predictor == 1:
        return data
    row = (columns * colours * bits + 7) // 8
    if predictor in _PNG:
        return _unfiltered(data, row, max(1, colours * bits // 8))
    if predictor == _TIFF and bits == 8:
        whole = data.ljust(-(-len(data) // row) * row, b"\0")  # the last row may be cut off, and counts
        rows = np.frombuffer(whole, dtype=np.uint8).reshape(-1, columns, colours)
        return rows.cumsum(axis=1, dtype=np.uint8).tobytes()
    return None


def _number(text: bytes, name: bytes, otherwise: int) -> int:
    found = re.search(rb"/%s\s+(\d+)" % name, text)
    return int(found[1]) if found else otherwise


def _unfiltered(data: bytes, row: int, pixel: int) -> bytes | None:
    """Rows of a filter's number and ``row`` bytes each, as the picture that they are."""
    from PIL import Image

    if pixel not in _COLOURS or row % pixel:
        return None
    height = -(-len(data) // (row + 1))
    if height == 0:
        return b""
    head = struct.pack(">IIBBBBB", row // pixel, height, 8, _COLOURS[pixel], 0, 0, 0)
    whole = data.ljust(height * (row + 1), b"\0")
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(whole, 1)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in parts
    )
    with Image.open(io.BytesIO(png)) as picture:
        return picture.tobytes()
