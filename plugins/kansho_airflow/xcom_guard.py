"""The XCom backend: references, counts and codes pass; everything else is refused.

Belongs here: the check of plain values, used for XCom, asset extras and run conf alike.  Does not
belong here: masking.  A value is never quoted in the refusal, only the path of keys that leads to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from airflow.sdk.bases.xcom import BaseXCom

from kansho.errors import KanshoError

#: Identifiers, digests, ISO dates and times, run ids, ledger keys: ASCII, no spaces.
_CODE = re.compile(r"[A-Za-z0-9_.,:/@+=|%\-]{0,300}\Z")
_KEY = re.compile(r"[A-Za-z0-9_.:/\-]{1,100}\Z")
_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"

#: Shapes of personal values, as whole words within a code.
PERSONAL_SHAPES: dict[str, re.Pattern[str]] = {
    "phone": re.compile(_START + r"(?:0\d{1,4}-\d{1,4}-\d{3,4}|\+81[-0-9]{9,13})" + _END),
    "number": re.compile(_START + r"\d{9,}" + _END),
    "inquiry_number": re.compile(_START + r"\d{4}-\d{4}-\d{2}" + _END),
    "postal_code": re.compile(_START + r"\d{3}-\d{4}" + _END),
    # A time of the day may follow: that is how pandas writes a day.
    "birth_date": re.compile(_START + r"1[89]\d{2}([-/.]?)\d{1,2}\1\d{1,2}(?:" + _END + r"|(?=T\d))"),
    "birth_date_of_an_era": re.compile(_START + r"[MTSH]\d{1,2}[-/.]\d{1,2}[-/.]\d{1,2}" + _END),
}

#: When a run was made, as Airflow writes it into the run's id: of its parts of a second one in fifty looks like a birth
#: date.  Nobody was born in this century whom a campaign is about.
_MADE_AT = re.compile(r"20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}\+00:00")

#: Above this an integer is not a count of ours but somebody's number.
LARGEST_COUNT = 1_000_000_000
DEEPEST = 12

_RESPONSE_KEYS = frozenset({"chosen_options", "params_input", "responded_at", "responded_by_user"})
_RESPONSE_OPTIONS = frozenset({"承認", "差戻し"})


def check_plain(value: Any, place: str = "value", depth: int = 0) -> None:
    """Refuse anything but dict, list, int, float, bool, None and ASCII codes.

    Raises:
        KanshoError: ``XCOM-REFUSED`` naming the place and the kind of refusal, never the value.
    """
    if value is None or isinstance(value, bool):
        return
    if depth > DEEPEST:
        raise _refuse(place, "too deep")
    if isinstance(value, str):
        _check_code(value, place)
    elif type(value) is int:
        if abs(value) >= LARGEST_COUNT:
            raise _refuse(place, "integer too large for a count")
    elif type(value) is float:
        if not math.isfinite(value) or abs(value) >= LARGEST_COUNT:
            raise _refuse(place, "float out of range")
    elif isinstance(value, Mapping):
        for number, (key, item) in enumerate(value.items()):
            if not isinstance(key, str) or not _KEY.match(key) or _personal_shape(key):
                raise _refuse(f"{place}.#{number}", "key is not an identifier")
            check_plain(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            check_plain(item, f"{place}[{number}]", depth + 1)
    else:
        raise _refuse(place, f"type {type(value).__name__}")


def is_hitl_response(value: Any) -> bool:
    """Whether a value is the answer of one of our approval forms, and nothing more."""
    return (
        isinstance(value, Mapping)
        and set(value) == _RESPONSE_KEYS
        and isinstance(value["chosen_options"], list)
        and all(option in _RESPONSE_OPTIONS for option in value["chosen_options"])
    )


class GuardedXCom(BaseXCom):
    """XCom that carries references, counts and codes only (architecture decision 2)."""

    @staticmethod
    def serialize_value(value: Any, *, key: str | None = None, **kwargs: Any) -> Any:
        """Check, then serialise as Airflow does.

        Raises:
            KanshoError: ``XCOM-REFUSED``.
        """
        if is_hitl_response(value):
            rest = {"params_input": value["params_input"], "responded_by_user": value["responded_by_user"]}
            check_plain(rest, key or "value")
        else:
            check_plain(value, key or "value")
        return BaseXCom.serialize_value(value, key=key, **kwargs)


def _check_code(text: str, place: str) -> None:
    if not _CODE.match(text):
        raise _refuse(place, "text is not a code")
    shape = _personal_shape(text)
    if shape:
        raise _refuse(place, f"looks like {shape}")


def _personal_shape(text: str) -> str | None:
    looked_at = _MADE_AT.sub(" ", text)
    return next((name for name, shape in PERSONAL_SHAPES.items() if shape.search(looked_at)), None)


def _refuse(place: str, why: str) -> KanshoError:
    return KanshoError(
        "XCOM-REFUSED",
        f"not a reference, count or code: {why}",
        place=place,
        remedy="put data in the vault, return its ref",
    )
