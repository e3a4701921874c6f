"""The customer barcode as a machine sees it: decoded from the bitmap of a rendered card (domain 6.1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp

from kansho.campaign.config import CampaignConfig
from kansho.mailing.barcode import address_code, bars_of, symbols_of
from kansho.mailing.designs import background, load
from kansho.mailing.face import Card
from kansho.mailing.shard import render_shard
from tests.unit.card_bitmap import address_face, bitmap, find_barcode, is_empty, symbols

# postal code, what the extraction gives: published examples, and extremes
ADDRESSES = [
    ("263-0023", "3丁目30-8 郵便ビル403号"),
    ("273-0102", "東3丁目-20-5 郵便・A&bコーポB604号"),
    ("064-0804", "29丁目1524-23 第2郵便ハウス501"),  # cut at thirteen
    ("014-0113", "南田茂木 添60-1"),
    ("130-0001", ""),  # nothing but filling
    ("999-9999", "9999999999999"),
    ("111-1111", "1-Z-9-A-1"),  # letters at both ends of their control codes
]


@pytest.fixture(scope="module")
def ground(sample: CampaignConfig) -> bytes:
    return background(load("loss_frame"), sample)


@pytest.fixture(scope="module")
def face(ground: bytes) -> Callable[[str, list[str]], np.ndarray]:
    def drawn(postal: str, said: list[str]) -> np.ndarray:
        lines = ("東京都墨田区吾妻橋1丁目2番3号", "長い名前の建物名が続く長屋の一〇三号室です")
        card = Card("M1-000001", "1234-5678-90", postal, lines, "見本 花子", bars_of(said) if said else "")
        return address_face(bitmap(render_shard([card], ground)))

    return drawn


@pytest.mark.parametrize(("postal", "address"), ADDRESSES)
def test_the_bars_of_a_card_are_read_back_from_its_bitmap(
    face: Callable[[str, list[str]], np.ndarray], postal: str, address: str
) -> None:
    wanted = symbols_of(postal.replace("-", ""), address_code(address))
    found = find_barcode(face(postal, wanted))
    assert found is not None
    assert symbols(found.bars) == wanted


def test_bars_keep_the_manuals_sizes_and_stand_clear_of_everything(
    face: Callable[[str, list[str]], np.ndarray],
) -> None:
    image = face("130-0001", symbols_of("1300001", "1-2-3-103"))
    code = find_barcode(image)
    assert code is not None
    one = 0.05  # millimetres; a pixel at this resolution
    assert all(0.50 - one < w < 0.70 + one for w in code.widths)
    assert all(0.95 - one < p < 1.30 + one for p in code.pitches)
    assert max(code.pitches) - min(code.pitches) < 2 * one
    # 9 points: 3.6, 1.2 and 0.6 mm times 0.9 for the length, the timing bar and the width
    assert code.bottom - code.top == pytest.approx(3.24, abs=2 * one)
    assert is_empty(image, code, 2.0)
    height, width = (size / 600 * 25.4 for size in image.shape)
    assert min(code.left, code.top, width - code.right, height - code.bottom) >= 10


@pytest.mark.parametrize("serial", ["M1-000001", "M1-050000", "M2-031415", "R10-999999"])
@pytest.mark.parametrize("every", [1, 2], ids=["600dpi", "300dpi"])
def test_another_program_reads_the_serial_from_the_mark_and_nothing_else(
    ground: bytes, serial: str, every: int
) -> None:
    card = Card(
        serial, "1234-5678-90", "130-0001", ("東京都墨田区",), "見本 花子", bars_of(symbols_of("1300001", "1-2"))
    )
    image = bitmap(render_shard([card], ground))[::every, ::every]
    found = [(code.format, code.text) for code in zxingcpp.read_barcodes(np.ascontiguousarray(image))]
    assert found == [(zxingcpp.BarcodeFormat.MicroQRCode, serial)]


def test_another_program_reads_the_wards_page_inside(ground: bytes, sample: CampaignConfig) -> None:
    found = [(code.format, code.text) for code in zxingcpp.read_barcodes(bitmap(ground, page=1))]
    assert found == [(zxingcpp.BarcodeFormat.QRCode, sample.ward.url)]


def test_a_card_without_a_barcode_shows_none(face: Callable[[str, list[str]], np.ndarray]) -> None:
    assert find_barcode(face("130-0000", [])) is None


def test_the_reader_notices_a_bar_that_is_wrong(face: Callable[[str, list[str]], np.ndarray]) -> None:
    wanted = symbols_of("1300001", "1-2-3")
    swapped = [*wanted[:8], "CC8" if wanted[8] != "CC8" else "0", *wanted[9:]]
    found = find_barcode(face("130-0001", swapped))
    assert found is not None
    with pytest.raises(AssertionError, match="check character"):
        symbols(found.bars)
