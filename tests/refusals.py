"""What a refusal says: the whole code, for one that only begins alike is another.  Not a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kansho.errors import KanshoError


@contextmanager
def refused(code: str, about: str = "", *, place: str | None = None) -> Iterator[pytest.ExceptionInfo[KanshoError]]:
    """What stands in the block is refused by this code.

    Args:
        code: all of it.
        about: a pattern that the text holds.
        place: all of the place that is named.
    """
    with pytest.raises(KanshoError) as caught:
        yield caught
    assert caught.value.code == code
    assert re.search(about, caught.value.text), caught.value.text
    assert place is None or caught.value.place == place
