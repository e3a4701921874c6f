"""標準的な質問票: what an answer code means in the term of the examination.

Belongs here: our names of what is asked, and decoding.  Does not belong here: headings and answers, which are the
contract's (`kansho.contracts.questionnaire`), weighing them.
The same code means different things: 喫煙 2, 飲酒量 4 and all of 飲酒頻度 changed with 第4期, and question 22 asks
something else; therefore decoded columns are named by what is asked, not by number (domain 1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kansho.contracts.model import Column
from kansho.contracts.questionnaire import QUESTIONNAIRE
from kansho.contracts.words import editions
from kansho.health.terms import TERMS, term_positions
from kansho.health.values import one_of, texts

#: What each question asks, oldest edition first where the item behind the number changed.
_ASKED: Mapping[str, tuple[str, ...]] = {
    "q01": ("medication_blood_pressure",),
    "q02": ("medication_glucose",),
    "q03": ("medication_lipid",),
    "q04": ("history_stroke",),
    "q05": ("history_heart",),
    "q06": ("history_kidney",),
    "q07": ("history_anaemia",),
    "q08": ("smoking",),
    "q09": ("weight_gain",),
    "q10": ("exercise",),
    "q11": ("activity",),
    "q12": ("walking_speed",),
    "q13": ("chewing",),
    "q14": ("eating_speed",),
    "q15": ("late_dinner",),
    "q16": ("snacking",),
    "q17": ("skips_breakfast",),
    "q18": ("drinking",),
    "q19": ("drinking_amount",),
    "q20": ("sleep",),
    "q21": ("willingness",),
    "q22": ("guidance_wanted", "guidance_received"),
}


@dataclass(frozen=True)
class Question:
    """One question as asked in ``terms``: delivered column, our name, and the answer behind each code."""

    item: str
    name: str
    text: str
    answers: Mapping[str, str]
    terms: tuple[int, ...]


def _questions(column: Column) -> Iterator[Question]:
    """The column's editions, in the terms whose questionnaire is known."""
    known = [t for t in TERMS if t.known and column.in_year(t.first_year)]
    names = _ASKED[column.name]
    for number, edition in enumerate(editions(column)):
        terms = tuple(t.number for t in known if edition.in_year(t.first_year))
        name = names[min(number, len(names) - 1)]
        yield Question(column.name, name, edition.header, dict(edition.labels), terms)


#: Answers and headings are the contract's: said once.
QUESTIONS: tuple[Question, ...] = tuple(q for column in QUESTIONNAIRE for q in _questions(column))

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
