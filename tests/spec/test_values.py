"""Specification: how a ward may write a value and what it is read as, as tables that staff can read.

``None`` on the right means: it cannot be read, so it stays exactly as delivered and the gate says so.
"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from kansho.campaign.ages import age_by_birthday, age_by_day_before, age_fits, contact_ends, differs_by_rule
from kansho.campaign.config import CampaignConfig, Gaiji, Mapping
from kansho.contracts.characters import PLAIN, reason_of, unprintable_characters, unprintable_reason
from kansho.contracts.model import Contract
from kansho.contracts.registry import contract
from kansho.contracts.towns import postal_towns, town_matches
from kansho.intake.values import RULES, Normalised, normalise


def read(kind: str, column: str, delivered: str, config: CampaignConfig) -> tuple[str | None, dict[str, int]]:
    """One cell through normalisation."""
    out = normalise(pd.DataFrame({column: [delivered]}, dtype="str"), contract(kind), config)
    value = out.frame[column].iloc[0]
    return (None if pd.isna(value) else value), dict(out.counts)


# fmt: off
DATES = [
    # 和暦
    ("昭和25年4月1日",        "1950-04-01", "values.wareki"),
    ("昭和２５年４月１日",    "1950-04-01", "values.wareki"),
    ("昭和 25年 4月 1日",     "1950-04-01", "values.wareki"),
    ("昭和二十五年四月一日",  "1950-04-01", "values.wareki"),
    ("㍼25年4月1日",          "1950-04-01", "values.wareki"),
    ("昭25.4.1",              "1950-04-01", "values.wareki"),
    ("S25.4.1",               "1950-04-01", "values.wareki"),
    ("S25/04/01",             "1950-04-01", "values.wareki"),
    ("s25-04-01",             "1950-04-01", "values.wareki"),
    ("Ｓ２５．４．１",        "1950-04-01", "values.wareki"),
    ("S.25.4.1",              "1950-04-01", "values.wareki"),
    ("S250401",               "1950-04-01", "values.wareki"),
    ("昭和250401",            "1950-04-01", "values.wareki"),
    ("3250401",               "1950-04-01", "values.wareki"),
    ("３２５０４０１",        "1950-04-01", "values.wareki"),
    ("2150101",               "1926-01-01", "values.wareki"),
    ("4010108",               "1989-01-08", "values.wareki"),
    ("5080401",               "2026-04-01", "values.wareki"),
    ("1060101",               "1873-01-01", "values.wareki"),
    ("令和元年5月1日",        "2019-05-01", "values.wareki"),
    ("令和1年5月1日",         "2019-05-01", "values.wareki"),
    ("R元.5.1",               "2019-05-01", "values.wareki"),
    ("平成31年4月30日",       "2019-04-30", "values.wareki"),
    ("昭和64年1月7日",        "1989-01-07", "values.wareki"),
    ("平成元年1月8日",        "1989-01-08", "values.wareki"),
    # A day on which the era changed has both names.
    ("大正15年12月25日",      "1926-12-25", "values.wareki"),
    ("昭和元年12月25日",      "1926-12-25", "values.wareki"),
    # 西暦
    ("1950-04-01",            "1950-04-01", None),
    ("１９５０－０４－０１",  "1950-04-01", "values.digits"),
    ("19500401",              "1950-04-01", "values.date"),
    ("1950/4/1",              "1950-04-01", "values.date"),
    ("1950.04.01",            "1950-04-01", "values.date"),
    ("1950-4-1",              "1950-04-01", "values.date"),
    ("1950年4月1日",          "1950-04-01", "values.date"),
    ("1950-04-01 00:00:00",   "1950-04-01", "values.date"),
    ("1950/04/01 0:00",       "1950-04-01", "values.date"),
    ("1950-04-01T00:00:00",   "1950-04-01", "values.date"),
    ("2028-02-29 00:00:00",   "2028-02-29", "values.date"),
    # Days that do not exist, in the calendar or in their era.
    ("昭和64年1月8日",        None, None),
    ("平成31年5月1日",        None, None),
    ("昭和元年12月24日",      None, None),
    ("平成元年1月7日",        None, None),
    ("令和元年4月30日",       None, None),
    ("昭和100年4月1日",       None, None),
    ("昭和26年2月29日",       None, None),
    ("昭和0年4月1日",         None, None),
    ("明治5年12月2日",        None, None),
    ("3250431",               None, None),
    ("3640108",               None, None),
    ("6010101",               None, None),
    ("19500431",              None, None),
    ("03250401",              None, None),
    ("1950/2/30",             None, None),
    # What could mean two things, or something else.
    ("50/4/1",                None, None),
    ("500401",                None, None),
    ("25.4.1",                None, None),
    ("18354",                 None, None),
    ("1950-04-01 13:30",      None, None),
    ("1950/4-1",              None, None),
    ("昭和25年4月",           None, None),
    ("昭和25年4月1日頃",      None, None),
    ("S２５年四月",           None, None),
    ("不詳",                  None, None),
]
# fmt: on


@pytest.mark.parametrize(("delivered", "day", "rule"), DATES)
def test_dates(mini: CampaignConfig, delivered: str, day: str | None, rule: str | None) -> None:
    assert read("target_list", "birth_date", delivered, mini) == (day or delivered, {rule: 1} if rule else {})


# fmt: off
PHONES = [
    ("03-5273-4207",          "03-5273-4207",  None),
    ("0352734207",            "03-5273-4207",  "values.phone"),
    ("０３－５２７３－４２０７", "03-5273-4207", "values.digits"),
    ("０３ー５２７３ー４２０７", "03-5273-4207", "values.digits"),
    ("(03)5273-4207",         "03-5273-4207",  "values.phone"),
    ("03(5273)4207",          "03-5273-4207",  "values.phone"),
    ("03 5273 4207",          "03-5273-4207",  "values.phone"),
    ("+81352734207",          "03-5273-4207",  "values.phone"),
    ("+81-3-5273-4207",       "03-5273-4207",  "values.phone"),
    ("+81 (0)3 5273 4207",    "03-5273-4207",  "values.phone"),
    ("09012345678",           "090-1234-5678", "values.phone"),
    ("０９０１２３４５６７８", "090-1234-5678", "values.phone"),
    ("0120444444",            "0120-444-444",  "values.phone"),
    ("0471234567",            "04-7123-4567",  "values.phone"),
    # A number in the contract's form stays, whatever the numbering plan says of it.
    ("03-0000-1234",          "03-0000-1234",  None),
    # Lost zeros, missing area codes, two numbers, other countries, words: as delivered.
    ("352734207",             None, None),
    ("9012345678",            None, None),
    ("5273-4207",             None, None),
    ("03-5273-420",           None, None),
    ("81352734207",           None, None),
    ("+12125551234",          None, None),
    ("0352734207/09012345678", None, None),
    ("0352734207 内線12",     None, None),
    ("なし",                  None, None),
    ("00000000000",           None, None),
]
POSTAL = [
    ("160-0022",    "160-0022", None),
    ("1600022",     "160-0022", "values.postal"),
    ("〒160-0022",  "160-0022", "values.postal"),
    ("〒 1600022",  "160-0022", "values.postal"),
    ("160 0022",    "160-0022", "values.postal"),
    ("１６０－００２２", "160-0022", "values.digits"),
    ("１６００２２２", "160-0222", "values.postal"),
    ("160−0022",    "160-0022", "values.digits"),
    ("160ー0022",   "160-0022", "values.digits"),
    ("600022",      None, None),
    ("60-0022",     None, None),
    ("160",         None, None),
    ("16000223",    None, None),
    ("1600-022",    None, None),
]
NUMBERS = [
    ("3000-0000-12", "3000-0000-12", None),
    ("3000000012",   "3000-0000-12", "values.number"),
    ("3000 0000 12", "3000-0000-12", "values.number"),
    ("３０００－００００－１２", "3000-0000-12", "values.digits"),
    ("３０００００００１２", "3000-0000-12", "values.number"),
    ("300000001",    None, None),
    ("30000000123",  None, None),
    ("300-00000-12", None, None),
    ("3000-000012",  None, None),
]
KANA = [
    ("ヤマダ　ハナコ",   "ヤマダ　ハナコ", ()),
    ("ﾔﾏﾀﾞ ﾊﾅｺ",        "ヤマダ　ハナコ", ("values.kana", "values.spaces")),
    ("ﾔﾏﾀﾞ　ﾊﾅｺ",       "ヤマダ　ハナコ", ("values.kana",)),
    ("やまだ　はなこ",   "ヤマダ　ハナコ", ("values.kana",)),
    ("ヤマタ゛　ハナコ", "ヤマダ　ハナコ", ("values.kana",)),
    ("ヤマタ\u3099　ハナコ", "ヤマダ　ハナコ", ("values.kana",)),
    ("ヴァン　ﾊﾟｸ",      "ヴァン　パク", ("values.kana",)),
    ("ﾏﾘｱ･ﾙｲｻﾞ",        "マリア・ルイザ", ("values.kana",)),
    ("ｻﾄｰ　ｹﾝ",          "サトー　ケン", ("values.kana",)),
    # キヨウコ may be キョウコ or not; a hyphen may be a long vowel or not.
    ("ｻﾄ-　ｷﾖｳｺ",        "サト-　キヨウコ", ("values.kana",)),
    # Anything that is no kana: all of it stays.
    ("ﾔﾏﾀﾞ　花子",       None, ()),
    ("ﾔﾏﾀﾞ　ﾊﾅｺ(ｽｽﾞｷ)",  None, ()),
    ("YAMADA　HANAKO",  None, ()),
    ("ヤマダ゜　ハナコ", None, ()),
]
NAMES = [
    ("name_kanji", "月見里　凛",          "月見里　凛", None),
    ("name_kanji", "月見里 凛",           "月見里　凛", "values.spaces"),
    ("name_kanji", "　月見里　　凛 ",     "月見里　凛", "values.spaces"),
    ("name_kanji", "月見里\u00a0\t凛",    "月見里　凛", "values.spaces"),
    ("name_kanji", "ＪＯＨＮ　２世",      "ＪＯＨＮ　２世", None),
    ("name_kanji", "月見里\n凛",          "月見里\n凛", None),
    ("address", "墨田区吾妻橋１丁目２番３号", "墨田区吾妻橋１丁目２番３号", None),
    ("address", " 墨田区  吾妻橋1-2-3",    "墨田区　吾妻橋1-2-3", "values.spaces"),
    ("address_extra", "ＡＢＣ　２０３号室", "ＡＢＣ　２０３号室", None),
    ("address_extra", "ABC MANSION 203",  "ABC MANSION 203", None),
    ("address_extra", "見本荘　 ２０３号室", "見本荘　２０３号室", "values.spaces"),
]
# fmt: on


@pytest.mark.parametrize(("delivered", "phone", "rule"), PHONES)
def test_telephone_numbers(mini: CampaignConfig, delivered: str, phone: str | None, rule: str | None) -> None:
    assert read("target_list", "phone", delivered, mini) == (phone or delivered, {rule: 1} if rule else {})


@pytest.mark.parametrize(("delivered", "code", "rule"), POSTAL)
def test_postal_codes(mini: CampaignConfig, delivered: str, code: str | None, rule: str | None) -> None:
    assert read("target_list", "postal_code", delivered, mini) == (code or delivered, {rule: 1} if rule else {})


@pytest.mark.parametrize(("delivered", "number", "rule"), NUMBERS)
def test_inquiry_numbers(mini: CampaignConfig, delivered: str, number: str | None, rule: str | None) -> None:
    assert read("stop_list", "inquiry_number", delivered, mini) == (number or delivered, {rule: 1} if rule else {})


@pytest.mark.parametrize(("delivered", "kana", "rules"), KANA)
def test_kana_names(mini: CampaignConfig, delivered: str, kana: str | None, rules: tuple[str, ...]) -> None:
    assert read("target_list", "name_kana", delivered, mini) == (kana or delivered, dict.fromkeys(rules, 1))


@pytest.mark.parametrize(("column", "delivered", "tidy", "rule"), NAMES)
def test_blanks(mini: CampaignConfig, column: str, delivered: str, tidy: str, rule: str | None) -> None:
    assert read("target_list", column, delivered, mini) == (tidy, {rule: 1} if rule else {})


# fmt: off
FIGURES = [
    ("age_at_year_end", "50",      "50",     None),
    ("age_at_year_end", "５０",    "50",     "values.digits"),
    ("age_at_year_end", "50.0",    "50",     "values.numeric"),
    ("age_at_year_end", "１,２３４", "1234", "values.numeric"),
    ("age_at_year_end", "50.5",    None,     None),
    ("age_at_year_end", "1,23",    None,     None),
    ("age_at_year_end", "0,123",   None,     None),
    ("age_at_year_end", "50歳",    None,     None),
    ("bmi",             "２３．４", "23.4",  "values.digits"),
    ("bmi",             "25",      "25",     None),
    ("bmi",             "1,234.5", "1234.5", "values.numeric"),
    ("bmi",             "1,234,567", "1234567", "values.numeric"),
    ("bmi",             "1,234",   None,     None),
    ("bmi",             "23,4",    None,     None),
    ("bmi",             "23.4L",   None,     None),
    ("smoking",         "１",      "1",      "values.digits"),
    ("smoking",         "01",      None,     None),
    ("attended_1y_ago", "０",      "0",      "values.digits"),
    ("sex",             "２",      "2",      "values.digits"),
    # Sex is no code by its looks: only the ward's table says what 男 is.
    ("sex",             "男",      None,     None),
    ("sex",             "F",       None,     None),
    ("screening_kinds", "０３｜０７", "03|07", "values.digits"),
    ("screening_kinds", "03,07",   "03|07",  "values.list"),
    ("screening_kinds", "03、07",  "03|07",  "values.list"),
    ("screening_kinds", "3,7",     None,     None),
    ("screening_kinds", "大腸",    None,     None),
]
# fmt: on


@pytest.mark.parametrize(("column", "delivered", "value", "rule"), FIGURES)
def test_numbers_and_codes(
    mini: CampaignConfig, column: str, delivered: str, value: str | None, rule: str | None
) -> None:
    kind = "target_list" if column in contract("target_list").names else "analysis_items"
    assert read(kind, column, delivered, mini) == (value or delivered, {rule: 1} if rule else {})


# fmt: off
TABLES = [
    # the ward's table                       column             delivered    read as   rule
    ({"男": "1", "女": "2"},                 "sex",             "女",        "2",      "values.code"),
    ({"男": "1", "女": "2"},                 "sex",             "2",         "2",      None),
    ({"男": "1", "女": "2"},                 "sex",             "不明",      "不明",   None),
    ({"M": "1", "F": "2"},                   "sex",             "Ｆ",        "2",      "values.code"),
    # The ward's 1 is our 2: its codes win, and what its table does not know is not taken for ours.
    ({"0": "1", "1": "2"},                   "sex",             "0",         "1",      "values.code"),
    ({"0": "1", "1": "2"},                   "sex",             "1",         "2",      "values.code"),
    ({"0": "1", "1": "2"},                   "sex",             "１",        "2",      "values.code"),
    ({"0": "1", "1": "2"},                   "sex",             "2",         "?2",     "values.code_unknown"),
    ({"0": "1", "1": "2"},                   "sex",             "9",         "9",      None),
    ({"大腸": "03", "乳": "07"},             "screening_kinds", "大腸・乳",  "03|07",  "values.code"),
    ({"大腸": "03", "乳": "07"},             "screening_kinds", "03|乳",     "03|07",  "values.code"),
    ({"大腸": "03", "乳": "07"},             "screening_kinds", "03|07",     "03|07",  None),
    ({"大腸": "03", "乳": "07"},             "screening_kinds", "大腸・肺",  "大腸・肺", None),
    ({"03": "07", "07": "03"},               "screening_kinds", "03|07",     "07|03",  "values.code"),
    ({"03": "07", "07": "03"},               "screening_kinds", "03|04",     "?03|04", "values.code_unknown"),
    # An empty text says: no value.
    ({"なし": ""},                           "phone",           "なし",      None,     "values.code"),
    ({"なし": ""},                           "phone",           "0352734207", "03-5273-4207", "values.phone"),
    ({"9999999": ""},                        "birth_date",      "９９９９９９９", None, "values.code"),
    ({"なし": ""},                           "address_extra",   "なし",      None,     "values.code"),
]
# fmt: on


@pytest.mark.parametrize(("table", "column", "delivered", "value", "rule"), TABLES)
def test_the_wards_own_codes(
    mini: CampaignConfig, table: dict[str, str], column: str, delivered: str, value: str | None, rule: str | None
) -> None:
    mappings = (Mapping(kind="target_list", codes={column: table}),)
    config = mini.model_copy(update={"mappings": mappings})
    assert read("target_list", column, delivered, config) == (value, {rule: 1} if rule else {})


# fmt: off
TOWNS = [
    ("160-0022", "新宿区新宿六丁目２７番１号",         True),
    ("160-0022", "東京都新宿区新宿6-27-1",             True),
    ("160-0022", "新宿６丁目２７番１号",               True),
    ("1600022",  "新宿区 新宿 6-27-1",                 True),
    # 西新宿 begins with neither, and the ward's own name is no town.
    ("160-0022", "新宿区西新宿２丁目８番１号",         False),
    ("160-0023", "新宿区西新宿２丁目８番１号",         True),
    ("160-0022", "新宿区大久保１丁目",                 False),
    # Two codes of one town are both right.
    ("162-0052", "新宿区戸山１丁目",                   True),
    ("169-0052", "新宿区戸山３丁目１８番",             True),
    # ヶ, ケ and が.
    ("160-0013", "新宿区霞ヶ丘町１番",                 True),
    ("160-0013", "新宿区霞が丘町１番",                 True),
    # A building's floor, an office: the town it stands in.
    ("163-0409", "新宿区西新宿２丁目１番１号",         True),
    ("163-0409", "新宿区西新宿二丁目１番１号",         True),
    ("163-0409", "新宿区新宿２丁目１番１号",           False),
    ("163-8001", "新宿区西新宿２丁目８番１号",         True),
    ("163-8001", "新宿区新宿２丁目８番１号",           False),
    # 以下に掲載がない場合: not for a town with a code of its own.
    ("160-0000", "新宿区新宿六丁目",                   False),
    ("160-0000", "新宿区未掲載町１番",                 True),
    # Another ward, a code that is not in the table.
    ("130-0001", "墨田区吾妻橋一丁目２３番２０号",     True),
    ("130-0001", "江東区吾妻橋一丁目２３番２０号",     False),
    ("999-9999", "新宿区新宿六丁目",                   False),
    # 大字, 地割, 一円, 郡, streets before the town.
    ("498-0000", "三重県桑名郡木曽岬町大字見本１",     True),
    ("498-0000", "木曽岬町見本１",                     True),
    ("100-0301", "東京都利島村１番地",                 True),
    ("604-0835", "京都市中京区御池通高倉西入高宮町２０６", True),
    ("604-0835", "京都市中京区御池通高倉西入見本町２０６", False),
    ("060-0042", "札幌市中央区大通西１９丁目",         True),
    ("060-0042", "中央区大通西１９丁目",               True),
    # Nothing to compare: another rule's matter.
    (None,       "新宿区新宿六丁目",                   True),
    ("600022",   "新宿区新宿六丁目",                   True),
    ("160-0022", None,                                 True),
]
# fmt: on


def test_towns_of_postal_codes() -> None:
    columns = pd.DataFrame(TOWNS, columns=["postal", "address", "kept"], dtype=object)
    kept = town_matches(columns["postal"], columns["address"])
    assert list(columns[kept != columns["kept"]].itertuples(index=False, name=None)) == []


def test_kinds_of_postal_codes() -> None:
    codes = ("160-0022", "163-0409", "163-8001", "160-0000", "999-9999", "16-0022")
    kinds = {code: tuple(t.kind for t in postal_towns(code)) for code in codes}
    assert kinds == {
        "160-0022": ("town",),
        "163-0409": ("building",),
        "163-8001": ("office",),
        "160-0000": ("rest",),
        "999-9999": (),
        "16-0022": (),
    }


# fmt: off
CHARACTERS = [
    ("月見里　凛",           ""),
    ("葛\U000e0100城",       ""),           # a variant with its selector
    ("𠮷田髙﨑",             ""),
    ("見\ue000本",           "gaiji"),      # CP932 F040
    ("見\ue757本",           "gaiji"),      # CP932 F9FC
    ("見\uf8ff本",           "gaiji"),
    ("見\U000f0000本",       "gaiji"),      # plane 15
    ("見\U0010fffd本",       "gaiji"),      # plane 16
    ("見\ufffd本",           "character"),  # lost before it came
    ("見\u0378本",           "character"),  # unassigned
    ("見\uffff本",           "character"),
    ("見\x00本",             "character"),
    ("見\x85本",             "character"),
    ("見\n本",               "character"),
    ("見\u202e本",           "character"),  # turns the writing round
    ("見\u200b本",           "character"),  # not to be seen
    ("見\ue000\ufffd本",     "gaiji"),      # the ward can mend this one
]
# fmt: on


@pytest.mark.parametrize(("text", "reason"), CHARACTERS)
def test_characters_that_no_card_can_show(text: str, reason: str) -> None:
    assert unprintable_reason(text) == reason
    assert list(unprintable_characters(pd.Series([text, "見本", None])).reasons) == [reason, "", ""]


def test_plain_writing_holds_nothing_that_cannot_be_shown() -> None:
    assert [hex(n) for first, last in PLAIN for n in range(first, last + 1) if reason_of(chr(n))] == []


def test_unprintable_characters_are_counted_by_code_point() -> None:
    found = unprintable_characters(pd.Series(["\ue000\ue000", "\ue000", "\ue001\x00", "本", None]))
    assert found.points == {"E000": 2, "E001": 1, "0000": 1}
    assert list(found.mask) == [True, True, True, False, False]


def test_a_glyph_of_the_wards_font_makes_its_own_character_printable_and_no_other() -> None:
    texts = pd.Series(["\ue000", "\ue001", "\ufffd"])
    assert list(unprintable_characters(texts, frozenset({0xE000, 0xFFFD})).reasons) == ["", "gaiji", "character"]


def test_registered_gaiji_become_their_text_and_others_stay(mini: CampaignConfig) -> None:
    own = Gaiji(characters={"E000": "葛\U000e0100", "F0000": "髙"})
    config = mini.model_copy(update={"gaiji": own})
    delivered = pd.DataFrame(
        {
            "name_kanji": ["\ue000城　凛", "\ue001城　凛", "\U000f0000\ue000", "本"],
            "address": ["墨田区\ue000", "墨田区", "墨田区", "墨田区"],
            "phone": ["\ue000", None, None, None],
        },
        dtype="str",
    )
    out = normalise(delivered, contract("target_list"), config)
    assert list(out.frame["name_kanji"]) == ["葛\U000e0100城　凛", "\ue001城　凛", "髙葛\U000e0100", "本"]
    assert out.frame["address"].iloc[0] == "墨田区葛\U000e0100"
    assert out.frame["phone"].iloc[0] == "\ue000"
    assert out.counts == {"values.gaiji_mapped": 3}
    assert list(unprintable_characters(out.frame["name_kanji"]).mask) == [False, True, False, False]


# fmt: off
# born        年度末      誕生日  前日  区の値で合うもの  differs
AGES = [
    ("1983-03-31", "2023-03-31", 40, 40, {"40"},       False),
    ("1983-04-01", "2023-03-31", 39, 40, {"39", "40"}, True),
    ("1983-04-02", "2023-03-31", 39, 39, {"39"},       False),
    ("1948-04-01", "2023-03-31", 74, 75, {"74", "75"}, True),
    ("1988-04-01", "2028-03-31", 39, 40, {"39", "40"}, True),
    # 29 February: 1 March in other years, 28 February by the day before.
    ("1984-02-29", "2023-02-28", 38, 39, {"38", "39"}, False),
    ("1984-02-29", "2023-03-01", 39, 39, {"39"},       False),
    ("1984-02-29", "2024-02-28", 39, 40, {"39", "40"}, True),
    ("1984-02-29", "2024-02-29", 40, 40, {"40"},       False),
    ("1984-02-29", "2028-03-31", 44, 44, {"44"},       False),
]
UNREADABLE = ("1983-02-29", "S58.4.1", None, "1983-4-1")
# fmt: on


@pytest.mark.parametrize(("born", "end", "by_birthday", "by_day_before", "right", "differs"), AGES)
def test_ages(born: str, end: str, by_birthday: int, by_day_before: int, right: set[str], differs: bool) -> None:
    birth, day = pd.Series([born]), date.fromisoformat(end)
    assert age_by_birthday(birth, day).tolist() == [by_birthday]
    assert age_by_day_before(birth, day).tolist() == [by_day_before]
    values = [str(n) for n in range(36, 78)]
    assert {v for v in values if age_fits(birth, pd.Series([v]), day).all()} == right
    assert differs_by_rule(birth, day).tolist() == [differs]


def test_an_unreadable_birth_date_has_no_age_and_fits_none() -> None:
    birth, day = pd.Series(UNREADABLE, dtype="str"), date(2023, 3, 31)
    assert age_by_birthday(birth, day).isna().all()
    assert not age_fits(birth, pd.Series(["39"] * len(birth)), day).any()
    assert not differs_by_rule(birth, day).any()
    assert contact_ends(birth, age=75, lead_days=30).isna().all()


# fmt: off
LEADS = [
    ("1952-05-20", 30, "2027-04-20"),
    ("1952-05-21", 30, "2027-04-21"),
    ("1952-05-20", 0,  "2027-05-20"),
    ("1952-02-29", 0,  "2027-03-01"),  # 75 is odd: that year never has the day
    ("1953-03-15", 30, "2028-02-14"),  # over 29 February
    ("1952-01-10", 30, "2026-12-11"),
]
# fmt: on


@pytest.mark.parametrize(("born", "lead", "ends"), LEADS)
def test_contact_ends_before_the_75th_birthday(born: str, lead: int, ends: str) -> None:
    assert contact_ends(pd.Series([born]), age=75, lead_days=lead).dt.strftime("%Y-%m-%d").tolist() == [ends]


def test_every_count_has_a_text_for_staff(mini: CampaignConfig) -> None:
    counted = {rule for table in (DATES, PHONES, POSTAL, NUMBERS) for *_, rule in table if rule}
    counted |= {r for *_, rules in KANA for r in rules} | {rule for *_, rule in (*NAMES, *FIGURES, *TABLES) if rule}
    assert counted | {"values.gaiji_mapped"} == set(RULES)


def test_cells_are_counted_not_distinct_values(mini: CampaignConfig) -> None:
    out: Normalised = normalise(
        pd.DataFrame({"birth_date": ["S25.4.1", "S25.4.1", "昭和25年4月1日", None]}, dtype="str"), _targets(), mini
    )
    assert out.counts == {"values.wareki": 3}


def _targets() -> Contract:
    return contract("target_list")
