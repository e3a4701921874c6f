"""標準的な質問票: what an answer code means in the term of the examination.

Belongs here: questions, answers and their changes between terms, as data.  Does not belong here: weighing them.
The same code means different things: 喫煙 2, 飲酒量 4 and all of 飲酒頻度 changed with 第4期, and question 22 asks
something else; therefore decoded columns are named by what is asked, not by number (domain 1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kansho.health.terms import TERMS, term_positions
from kansho.health.values import one_of, texts

_YES_NO = {"1": "はい", "2": "いいえ"}


@dataclass(frozen=True)
class Question:
    """One question as asked in ``terms``: delivered column, our name, and the answer behind each code."""

    item: str
    name: str
    text: str
    answers: Mapping[str, str]
    terms: tuple[int, ...] = (3, 4)


QUESTIONS: tuple[Question, ...] = (
    Question("q01", "medication_blood_pressure", "服薬（血圧）", _YES_NO),
    Question("q02", "medication_glucose", "服薬（血糖）", _YES_NO),
    Question("q03", "medication_lipid", "服薬（脂質）", _YES_NO),
    Question("q04", "history_stroke", "既往歴（脳血管）", _YES_NO),
    Question("q05", "history_heart", "既往歴（心血管）", _YES_NO),
    Question("q06", "history_kidney", "既往歴（腎不全・人工透析）", _YES_NO),
    Question("q07", "history_anaemia", "貧血", _YES_NO),
    Question("q08", "smoking", "喫煙", _YES_NO, (3,)),
    Question(
        "q08", "smoking", "喫煙", {"1": "はい", "2": "以前は吸っていたが最近1か月は吸っていない", "3": "いいえ"}, (4,)
    ),
    Question("q09", "weight_gain", "20歳からの体重増加", _YES_NO),
    Question("q10", "exercise", "30分以上の運動", _YES_NO),
    Question("q11", "activity", "歩行又は身体活動", _YES_NO),
    Question("q12", "walking_speed", "歩行速度", _YES_NO),
    Question("q13", "chewing", "咀嚼", {"1": "何でも", "2": "かみにくい", "3": "ほとんどかめない"}),
    Question("q14", "eating_speed", "食べ方（速さ）", {"1": "速い", "2": "ふつう", "3": "遅い"}),
    Question("q15", "late_dinner", "食べ方（就寝前）", _YES_NO),
    Question("q16", "snacking", "間食", {"1": "毎日", "2": "時々", "3": "ほとんど摂取しない"}),
    Question("q17", "skips_breakfast", "食習慣（朝食抜き）", _YES_NO),
    Question("q18", "drinking", "飲酒", {"1": "毎日", "2": "時々", "3": "ほとんど飲まない"}, (3,)),
    Question(
        "q18",
        "drinking",
        "飲酒",
        {
            "1": "毎日",
            "2": "週5～6日",
            "3": "週3～4日",
            "4": "週1～2日",
            "5": "月に1～3日",
            "6": "月に1日未満",
            "7": "やめた",
            "8": "飲まない",
        },
        (4,),
    ),
    Question(
        "q19", "drinking_amount", "飲酒量", {"1": "1合未満", "2": "1～2合未満", "3": "2～3合未満", "4": "3合以上"}, (3,)
    ),
    Question(
        "q19",
        "drinking_amount",
        "飲酒量",
        {"1": "1合未満", "2": "1～2合未満", "3": "2～3合未満", "4": "3～5合未満", "5": "5合以上"},
        (4,),
    ),
    Question("q20", "sleep", "睡眠", _YES_NO),
    Question(
        "q21",
        "willingness",
        "生活習慣の改善",
        {
            "1": "改善するつもりはない",
            "2": "改善するつもりである（概ね6か月以内）",
            "3": "近いうちに改善するつもりである（概ね1か月以内）",
            "4": "既に取り組んでいる（6か月未満）",
            "5": "既に取り組んでいる（6か月以上）",
        },
    ),
    Question("q22", "guidance_wanted", "保健指導の希望", _YES_NO, (3,)),
    Question("q22", "guidance_received", "特定保健指導の受診歴", _YES_NO, (4,)),
)

#: Decoded columns in the order of the questions.
NAMES: tuple[str, ...] = tuple(dict.fromkeys(q.name for q in QUESTIONS))


def decode_questionnaire(frame: pd.DataFrame) -> pd.DataFrame:
    """Answers in words per decoded column (`NAMES`).

    Missing where nothing was answered, where the code is none of that term, where the question was not asked in
    that term, and where the term's questionnaire is not known.

    Args:
        frame: ``exam_date`` and any of ``q01`` to ``q22`` as delivered codes (text).
    """
    position = term_positions(frame["exam_date"])
    number = np.array([*(t.number for t in TERMS), 0], dtype=np.int8)[position]
    out: dict[str, pd.Series] = {}
    for name in NAMES:
        asked = [q for q in QUESTIONS if q.name == name]
        labels = list(dict.fromkeys(label for q in asked for label in q.answers.values()))
        code = np.full(len(frame), -1, dtype=np.int8)
        for question in asked:
            rows = np.isin(number, question.terms)
            found = one_of(frame, question.item, {c: labels.index(a) for c, a in question.answers.items()})
            code[rows] = found[rows]
        out[name] = texts(code, labels, frame.index)
    return pd.DataFrame(out, index=frame.index)
