"""The refusals of this package, each worded once.

Belongs here: `KanshoError`s of the codes INTAKE-ARCHIVE, -PASSWORD, -CIPHER, -NAMES, -OVERLAP, -BOMB.  The texts hold
positions and formats only: never a name from inside a container, a password or a byte of the contents.
"""

from __future__ import annotations

from kansho.errors import KanshoError

_SEND_AGAIN = "再提供を依頼してください"
#: Where, when it is no single entry.
_WHOLE = "封緘ファイル"


def damaged(why: str, place: str = _WHOLE) -> KanshoError:
    """``INTAKE-ARCHIVE``: not a container we know, cut off, damaged, or of a variant we do not read."""
    return KanshoError("INTAKE-ARCHIVE", f"封緘ファイルを読めません（{why}）", place=place, remedy=_SEND_AGAIN)


def wrong_password() -> KanshoError:
    """``INTAKE-PASSWORD``: the attempt failed, not the delivery."""
    return KanshoError(
        "INTAKE-PASSWORD", "パスワードが違います", place=_WHOLE, remedy="区に確認し、もう一度入力してください"
    )


def wrong_cipher(why: str, place: str = _WHOLE) -> KanshoError:
    """``INTAKE-CIPHER``: no encryption, or one the contract does not allow."""
    return KanshoError(
        "INTAKE-CIPHER",
        f"認められた方式で暗号化されていません（{why}）",
        place=place,
        remedy="AES-256 のZIP、ファイル名も暗号化した7z、パスワード付きxlsxのいずれかで再提供を依頼してください",
    )


def wrong_names(why: str, place: str = _WHOLE) -> KanshoError:
    """``INTAKE-NAMES``: not exactly the announced files, or something that is no table."""
    return KanshoError("INTAKE-NAMES", why, place=place, remedy="送付書どおりの再提供を依頼してください")


def overlapping() -> KanshoError:
    """``INTAKE-OVERLAP``: two entries claim the same bytes."""
    return KanshoError("INTAKE-OVERLAP", "封緘ファイルの中の領域が重なっています", place=_WHOLE, remedy=_SEND_AGAIN)


def too_big(why: str, place: str = _WHOLE) -> KanshoError:
    """``INTAKE-BOMB``: more entries, bytes or work than a delivery can need."""
    return KanshoError(
        "INTAKE-BOMB", f"展開すると大きすぎます（{why}）", place=place, remedy="内容を確認し、再提供を依頼してください"
    )


def entry_place(position: int) -> str:
    """Where, without a name: the position of an entry in its container, from 1."""
    return f"封緘ファイル内の{position}番目"
