"""Specification: the customer barcode, by the examples Japan Post publishes."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.cli import main
from kansho.mailing.barcode import BARS, SYMBOLS, address_code, after_town, bars_of, describe, symbols_of

EXAMPLES = [
    # postal code, address after the town, code, check
    ("263-0023", "3丁目30-8 郵便ビル403号", "3-30-8-403", "5"),
    ("273-0102", "東3丁目-20-5 郵便・A&bコーポB604号", "3-20-5B604", "0"),
    ("064-0804", "29丁目1524-23 第2郵便ハウス501", "29-1524-23-2-501", "3"),
    ("100-0013", "1丁目3番2号 郵便プラザ503室", "1-3-2-503", "9"),
    ("014-0113", "南田茂木 添60-1", "60-1", "CC8"),
]


@pytest.mark.parametrize(("postal", "address", "code", "check"), EXAMPLES)
def test_published_examples(postal: str, address: str, code: str, check: str) -> None:
    found = describe(postal, address)
    assert (found["address_code"], found["check"]) == (code, check)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("三丁目十二番五号", "3-12-5"),
        ("２丁目１０番３号　４０１号室", "2-10-3-401"),
        ("5番地 ABCビル2F", "5-2"),
        ("1丁目2番3号 B棟404", "1-2-3B404"),
        ("百二十三番地", "123"),
        ("千二百三十四番地五", "1234-5"),
        ("二千番地", "2000"),
        ("二の三", "2-3"),
        ("三丁", "3"),
        ("二－八－一", "2-8-1"),
        ("十二ノ三", "12-3"),
    ],
)
def test_extraction_rules(address: str, code: str) -> None:
    assert address_code(address) == code


#: The whole addresses that Japan Post's manual shows, with the check character.
MANUAL = [
    ("263-0023", "千葉市稲毛区緑町３丁目３０－８　郵便ビル４０３号", "3-30-8-403", "5"),
    ("014-0113", "秋田県大仙市堀見内　南田茂木　添６０－１", "60-1", "CC8"),
    ("110-0016", "東京都台東区台東５－６－３　ＡＢＣビル１０Ｆ", "5-6-3-10", "9"),
    ("060-0906", "北海道札幌市東区北六条東４丁目　郵便センター６号館", "4-6", "9"),
    ("065-0006", "北海道札幌市東区北六条東８丁目　郵便センター１０号館", "8-10", "9"),
    ("407-0033", "山梨県韮崎市龍岡町下條南割　韮崎４００", "400", "-"),
    ("273-0102", "千葉県鎌ケ谷市右京塚　東３丁目－２０－５　郵便・Ａ＆ｂコーポＢ６０４号", "3-20-5B604", "0"),
    ("198-0036", "東京都青梅市河辺町十一丁目六番地一号　郵便タワー６０１", "11-6-1-601", "CC8"),
    ("027-0203", "岩手県宮古市大字津軽石第二十一地割大淵川４８０", "21-480", "CC5"),
    ("590-0016", "大阪府堺市堺区中田出井町四丁六番十九号", "4-6-19", "CC2"),
    ("080-0831", "北海道帯広市稲田町南七線　西２８", "7-28", "CC7"),
    ("317-0055", "茨城県日立市宮田町６丁目７－１４　ＡＢＣビル２Ｆ", "6-7-14-2", "CC1"),
    ("650-0046", "神戸市中央区港島中町９丁目７－６　郵便シティＡ棟１Ｆ１号", "9-7-6A1-1", "5"),
    ("623-0011", "京都府綾部市青野町綾部６－７　ＬプラザＢ１０６", "6-7LB106", "4"),
    ("064-0804", "札幌市中央区南四条西２９丁目１５２４－２３　第２郵便ハウス５０１", "29-1524-23-2-501", "3"),
    ("910-0067", "福井県福井市新田塚３丁目８０－２５　Ｊ１ビル２－Ｂ", "3-80-25J1-2B", "9"),
]


@pytest.mark.parametrize(("postal", "address", "code", "check"), MANUAL)
def test_the_manuals_whole_addresses(postal: str, address: str, code: str, check: str) -> None:
    found = describe(postal, address)
    assert (found["address_code"], found["check"]) == (code, check)


#: Postal code, whole address, code: the town's own numerals never count, and every way to write a number does.
WHOLE_ADDRESSES = [
    ("102-0075", "千代田区三番町5番地2", "5-2"),
    ("102-0075", "東京都千代田区三番町５番地２", "5-2"),
    ("102-0075", "三番町五番地二", "5-2"),
    ("104-0032", "中央区八丁堀二丁目9番1号", "2-9-1"),
    ("162-0845", "新宿区市谷本村町5番1号", "5-1"),
    ("160-0023", "新宿区西新宿二－八－一 405号室", "2-8-1-405"),
    ("160-0023", "新宿区西新宿二ー八ー一　四〇五号室", "2-8-1-405"),
    ("160-0023", "新宿区西新宿二の八の一", "2-8-1"),
    ("160-0023", "新宿区西新宿2丁目8番1号", "2-8-1"),
    ("160-0023", "新宿区西新宿三丁5番2号", "3-5-2"),
    ("162-0856", "新宿区市谷甲良町二の三", "2-3"),
    ("162-0824", "新宿区揚場町一番地の十二", "1-12"),
    ("060-0006", "札幌市中央区北6条西3丁目1番地", "3-1"),
    ("160-0023", "新宿区西新宿", ""),
    # a code of one large recipient (大口事業所) says where already
    ("163-8001", "新宿区西新宿2丁目8番1号", ""),
    ("160-8484", "新宿区歌舞伎町1丁目4番1号", ""),
    # a post office box
    ("163-0203", "新宿住友ビル内郵便局私書箱第21号", "21"),
    ("163-0203", "新宿郵便局私書箱二十一号", "21"),
    # a town that is none of the code's: from the first house number on
    ("160-0022", "墨田区三番町5番地2", "5-2"),
    ("999-9999", "西新宿二－八－一 405号室", "2-8-1-405"),
]


@pytest.mark.parametrize(("postal", "address", "code"), WHOLE_ADDRESSES)
def test_a_whole_address_gives_what_follows_its_town(postal: str, address: str, code: str) -> None:
    found = describe(postal, address)
    assert found["address_code"] == code
    assert found["symbols"][7:20] == (symbols_of("0000000", code)[7:20])


def test_a_large_recipients_code_is_followed_by_filling_alone() -> None:
    assert describe("163-8001", "新宿区西新宿2-8-1")["symbols"][7:20] == ["CC4"] * 13


@pytest.mark.parametrize(
    ("arguments", "code", "symbols"),
    [(("100-0013", "1丁目3番2号 郵便プラザ503室"), "1-3-2-503", 21), (("160-0000", "1-2"), "1-2", 0)],
)
def test_the_command_prints_what_is_asked_for_as_json(
    arguments: tuple[str, str], code: str, symbols: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["barcode", *arguments, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"postal_code", "address_code", "check", "symbols"}
    assert (said["postal_code"], said["address_code"]) == (arguments[0].replace("-", ""), code)
    assert len(said["symbols"]) == symbols
    assert said["check"] == (said["symbols"][-1] if symbols else None)
    assert main(["barcode", *arguments]) == 0
    assert capsys.readouterr().out.strip() == (" ".join(said["symbols"]) or "バーコードは付きません")


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        ("新宿区西新宿2丁目8番1号", "2丁目8番1号"),
        ("新宿区西新宿二丁目８番１号", "二丁目8番1号"),
        ("墨田区三番町5番地2", "5番地2"),
        ("札幌市中央区北6条西3丁目1番地", "3丁目1番地"),
        ("中央区八丁堀二丁目9番1号", "二丁目9番1号"),
        ("新宿区二十騎町三番地", "三番地"),
        ("新宿区見本町", ""),
        ("墨田区見本二の三", "二の三"),
        ("墨田区見本三丁5番", "三丁5番"),
    ],
)
def test_the_towns_own_numerals_stay_outside(address: str, rest: str) -> None:
    assert after_town(address) == rest


def test_a_representative_postal_code_has_no_barcode() -> None:
    assert describe("160-0000", "1丁目")["symbols"] == []


def test_a_letter_takes_two_symbols_and_a_cut_keeps_its_control_code() -> None:
    symbols = symbols_of("1600022", "1-2-3-4-5-67A")
    assert symbols[7:20] == ["1", "-", "2", "-", "3", "-", "4", "-", "5", "-", "6", "7", "CC1"]


@given(
    st.text("0123456789", min_size=7, max_size=7), st.text(string.digits + "-" + string.ascii_uppercase, max_size=20)
)
def test_every_code_has_twenty_one_symbols_that_sum_to_nought(postal: str, code: str) -> None:
    symbols = symbols_of(postal, code)
    assert len(symbols) == 21
    assert sum(SYMBOLS.index(s) for s in symbols) % 19 == 0
    assert len(bars_of(symbols)) == 67


def test_no_two_symbols_look_alike() -> None:
    assert len(set(BARS.values())) == len(SYMBOLS)
