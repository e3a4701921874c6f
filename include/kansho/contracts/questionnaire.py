"""標準的な質問票: the 22 questions as columns, with the codes of each term.

Belongs here: headings, item codes, answers per fiscal year.  Does not belong here: decoding (`kansho.health`).
With 第4期 (FY2024) the answers of 8 喫煙, 18 飲酒 and 19 飲酒量 changed, and question 22 became another item
(domain 1.2): the fiscal year of the examination says which edition a code is of.
"""

from __future__ import annotations

from dataclasses import replace

from kansho.contracts.model import CONTRACTOR_ONLY, Column, Edition, coded, edited
from kansho.contracts.shared import FIRST_YEAR

_YES_NO = {"1": "はい", "2": "いいえ"}


def _code(item: str) -> tuple[str, ...]:
    """The item code of 17 digits: only its first five differ between questions."""
    return (item + "000000000011",)


def _column(number: int, header: str, aliases: tuple[str, ...], item: str, since: int | None = None) -> Column:
    return Column(
        f"q{number:02d}",
        header,
        "code",
        nullable=True,
        holders=CONTRACTOR_ONLY,
        clause="C5",
        aliases=(*aliases, f"質問票{number}", f"質問{number}", f"問診{number}"),
        since=since,
        jlac10=_code(item),
    )


def _question(
    number: int,
    item: str,
    header: str,
    *aliases: str,
    answers: dict[str, str] = _YES_NO,
    since: int | None = None,
) -> Column:
    return coded(_column(number, header, aliases, item, since), answers)


def _changed(number: int, before: Edition, now: Edition, *aliases: str) -> Column:
    """A question whose answers or item changed: it is called and coded by either edition."""
    former = () if before.header == now.header else (before.header,)
    return edited(_column(number, now.header, (*former, *aliases), now.jlac10[0][:5]), before, now)


def _before(item: str, header: str, answers: dict[str, str]) -> Edition:
    return Edition(header, tuple(answers.items()), _code(item), until=FIRST_YEAR[4] - 1)


def _now(item: str, header: str, answers: dict[str, str]) -> Edition:
    return Edition(header, tuple(answers.items()), _code(item), since=FIRST_YEAR[4])


_STOPPED = "以前は吸っていたが、最近1か月間は吸っていない"
_CHEWING = {"1": "何でも", "2": "かみにくい", "3": "ほとんどかめない"}
_SPEED = {"1": "速い", "2": "ふつう", "3": "遅い"}
_SNACKS = {"1": "毎日", "2": "時々", "3": "ほとんど摂取しない"}
_DRINKING_BEFORE = {"1": "毎日", "2": "時々", "3": "ほとんど飲まない（飲めない）"}
_DRINKING = {
    "1": "毎日",
    "2": "週5～6日",
    "3": "週3～4日",
    "4": "週1～2日",
    "5": "月に1～3日",
    "6": "月に1日未満",
    "7": "やめた",
    "8": "飲まない（飲めない）",
}
_AMOUNT_BEFORE = {"1": "1合未満", "2": "1～2合未満", "3": "2～3合未満", "4": "3合以上"}
_AMOUNT = {**_AMOUNT_BEFORE, "4": "3～5合未満", "5": "5合以上"}
_WILL = {
    "1": "改善するつもりはない",
    "2": "改善するつもりである（概ね6か月以内）",
    "3": "近いうちに改善するつもりである（概ね1か月以内）",
    "4": "既に取り組んでいる（6か月未満）",
    "5": "既に取り組んでいる（6か月以上）",
}

QUESTIONNAIRE = (
    _question(1, "9N701", "服薬１（血圧）", "血圧を下げる薬"),
    _question(2, "9N706", "服薬２（血糖）", "血糖を下げる薬又はインスリン注射"),
    _question(3, "9N711", "服薬３（脂質）", "コレステロールや中性脂肪を下げる薬"),
    _question(4, "9N716", "既往歴１（脳血管）"),
    _question(5, "9N721", "既往歴２（心血管）"),
    _question(6, "9N726", "既往歴３（腎不全・人工透析）"),
    _question(7, "9N731", "貧血", "貧血（既往歴）"),
    replace(
        _changed(
            8, _before("9N736", "喫煙", _YES_NO), _now("9N736", "喫煙", {"1": "はい", "2": _STOPPED, "3": "いいえ"})
        ),
        serves=("smoking",),
    ),
    _question(9, "9N741", "２０歳からの体重変化", "20歳からの体重増加"),
    _question(10, "9N746", "３０分以上の運動習慣"),
    _question(11, "9N751", "歩行又は身体活動"),
    _question(12, "9N756", "歩行速度"),
    _question(13, "9N872", "咀嚼", "そしゃく", answers=_CHEWING, since=FIRST_YEAR[3]),
    _question(14, "9N766", "食べ方1（早食い等）", "食べる速さ", answers=_SPEED),
    _question(15, "9N771", "食べ方２（就寝前）"),
    _question(16, "9N782", "食べ方３（間食）", "食べ方３（夜食/間食）", "間食", answers=_SNACKS, since=FIRST_YEAR[3]),
    _question(17, "9N781", "食習慣", "食習慣（朝食）"),
    _changed(18, _before("9N786", "飲酒", _DRINKING_BEFORE), _now("9N786", "飲酒", _DRINKING), "飲酒頻度"),
    _changed(19, _before("9N791", "飲酒量", _AMOUNT_BEFORE), _now("9N791", "飲酒量", _AMOUNT)),
    _question(20, "9N796", "睡眠"),
    _question(21, "9N801", "生活習慣の改善", answers=_WILL),
    _changed(
        22,
        _before("9N806", "保健指導の希望", _YES_NO),
        _now("9N808", "特定保健指導の受診歴", _YES_NO),
        "保健指導の受診歴",
    ),
)

#: By identifier.
QUESTIONS = {column.name: column for column in QUESTIONNAIRE}
