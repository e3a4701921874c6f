"""The form of a digest: whether a word is one at all, and its short form in keys.

Belongs here: these two forms.  Does not belong here: digests on paper, which show their first characters as they are.
"""

from __future__ import annotations

import re

_DIGEST = re.compile("[0-9a-f]{64}")


def is_digest(value: object) -> bool:
    """Whether a value that came from outside is a SHA-256 in hex: sixty-four digits in lower case, nothing else."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def short(digest: str) -> str:
    """``x`` and the first twelve digits of a digest in hex: a word that nobody takes for somebody's number.

    Twelve hex digits are all decimal once in 280 times, and then the boundary to Airflow refuses them as what they look
    like (P1).  A word that begins with a letter looks like none of the shapes that it refuses.
    """
    return f"x{digest[:12]}"
