"""What callers and visitors write beside their codes: mostly nothing, now and then something they must not.

Everything here is invented; no note holds a value of anybody, so that a scan for residues finds none of them here.
"""

from __future__ import annotations

from kansho.simulation.draws import choice, uniform

_NOTES = 0.06
_FORBIDDEN = 0.15
_ORDINARY_NOTES = (
    "午後に折返し希望",
    "耳が遠いため大きな声で",
    "受診券の再送を希望",
    "予約の取り方を説明",
    "平日10時以降を希望",
    "土曜に受診できる医療機関を案内",
    "人間ドックの結果の提出方法を案内",
    "オートロックのため投函のみ",
)
_FORBIDDEN_NOTES = (
    "糖尿病で通院しているとのこと",
    "人間ドックの結果は要精密検査",
    "息子と二人で同居",
    "会合があり信仰上の理由で断り",
    "収入が減って困っている",
    "メールアドレスを聞き取り済",
    "生年月日も確認した",
)


def note(seed: int, purpose: str, subject: str) -> str | None:
    """The note of one contact, usually none."""
    if uniform(seed, purpose, subject) >= _NOTES:
        return None
    slip = uniform(seed, f"{purpose}-slip", subject) < _FORBIDDEN
    return choice(seed, f"{purpose}-words", subject, _FORBIDDEN_NOTES if slip else _ORDINARY_NOTES)
