"""What a SHA-256 from outside looks like, wherever it comes in."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from kansho.evidence.short import is_digest
from kansho.exchange.notices import Leaving
from kansho.exchange.papers import Correction

NONE = ["", "a" * 63, "a" * 65, "A" * 64, "z" * 64, "a" * 64 + "\n", "０" * 64, "g" + "0" * 63, " " + "a" * 63]


@pytest.mark.parametrize("value", [*NONE, None, 7, b"a" * 64, ["a" * 64]])
def test_what_is_not_sixty_four_hex_digits_is_no_digest(value: object) -> None:
    assert not is_digest(value)
    assert is_digest("0123456789abcdef" * 4)


@pytest.mark.parametrize("value", NONE)
@pytest.mark.parametrize(("form", "field"), [(Correction, "evidence"), (Leaving, "pledge")])
def test_papers_of_others_are_held_to_the_same_form(form: type, field: str, value: str) -> None:
    with pytest.raises(ValidationError) as told:
        TypeAdapter(form).validate_python({field: value})
    assert field in {e["loc"][0] for e in told.value.errors()}
