"""Free text screened for what must not be collected (D4, D5): one pass over unique texts.

Belongs here: applying the rules (`free_text_rules`), and the headings that a file may not have.  Does not belong
here: what happens with a note that was held (`kansho.outreach.notes`).

The rules are cautious on purpose: a note held without need costs a person a look, a note missed costs a breach.
They do not read meaning, so "fine" says only that no rule found anything; closed codes come first, and most contacts
need no note at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import pandas as pd

from kansho.contracts.free_text_rules import MAX_LENGTH, RULES, TOO_LONG, ScreenRule

RULE_IDS: tuple[str, ...] = (*(rule.id for rule in RULES), TOO_LONG.id)

#: Headings of columns that could carry 人間ドック results (D4); "informed" and reason codes are no results.
DOCK_HEADINGS = re.compile(
    r"(?:人間|脳|肺|心臓|レディース|一日|半日|1日)?ドック.*(?:結果|判定|数値|検査値|測定値|所見|データ|成績|値$)"
    r"|(?:結果|判定|所見|データ|成績).*ドック|みなし健診.*(?:結果|値)|ドック(?:機関|受診先)?(?:の)?(?:身長|体重|bmi|腹囲|血圧|血糖|脂質|hba1c)"
    r"|dock_?(?:result|value|data|finding)"
)
_DOCK_FINE = re.compile(r"案内|提出|周知|説明")

_KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_KANJI_RUN = re.compile(r"[〇零一二三四五六七八九]{3,}")
#: Blanked before digits are searched: appointments are ordinary (10月5日, 10/5 14:00, 2026-10-05, 13-15時, 14時30分).
_ORDINARY = re.compile(
    r"(?<!\d)20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?!\d)|(?<!\d)\d{1,2}[:時]\d{2}分?(?!\d)"
    r"|(?<!\d)\d{1,2}[-~～・、](?:\d{1,2}[-~～・、])?\d{1,2}(?=[時日])|(?<!\d)\d{1,2}/\d{1,2}(?![/\d])|(?<!\d)\d{1,2}月\d{1,2}日"
    r"|(?<!\d)\d{1,2}(?:時|日|月|回|分)"
)


def screen(texts: pd.Series) -> pd.Series:
    """Ids of the rules that hold a note back, joined by "|"; '' where no rule does, and where there is no note.

    Args:
        texts: notes as written (text, missing allowed), any index.

    Returns:
        Object column on the same index; ids from `RULE_IDS` in their order.
    """
    codes, uniques = pd.factorize(texts)
    found = [screen_text(str(text)) for text in uniques]
    return pd.Series([*found, ""], dtype=object).take(codes).set_axis(texts.index)


def screen_text(text: str) -> str:
    """Ids of the rules that one note breaks; see `screen`.

    Of a note that is too long, and held for that, only the beginning is searched: the time stays bounded.
    """
    too_long = len(text) > MAX_LENGTH
    text = text[:MAX_LENGTH]
    plain = _plain(text)
    # Appointments are found before the spaces go: "10/5 14:00" would become one number.
    counted = _KANJI_RUN.sub(lambda m: m.group().translate(_KANJI_DIGITS), _plain(_ORDINARY.sub("□", _folded(text))))
    hits = [rule.id for rule, compiled in _COMPILED if compiled.search(counted if rule.digits else plain)]
    if too_long:
        hits.append(TOO_LONG.id)
    return "|".join(hits)


def dock_result_headings(headings: Iterable[str]) -> tuple[int, ...]:
    """Positions (from 1) of headings of columns that could carry 人間ドック results (D4)."""
    plain = [_plain(heading) for heading in headings]
    return tuple(n for n, h in enumerate(plain, start=1) if DOCK_HEADINGS.search(h) and not _DOCK_FINE.search(h))


def rule(rule_id: str) -> ScreenRule:
    """The rule of that id."""
    return next(r for r in (*RULES, TOO_LONG) if r.id == rule_id)


def _plain(text: str) -> str:
    """NFKC, lower case, without spaces, line breaks and characters that show nothing."""
    shown = "".join(c for c in _folded(text) if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFKC", shown)  # again: a voiced mark may now stand beside its letter


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


_COMPILED = tuple((r, re.compile(r.pattern)) for r in RULES)
