"""The short form of a digest in keys.

Belongs here: that one form.  Does not belong here: digests on paper, which show their first characters as they are.
"""

from __future__ import annotations


def short(digest: str) -> str:
    """``x`` and the first twelve digits of a digest in hex: a word that nobody takes for somebody's number.

    Twelve hex digits are all decimal once in 280 times, and then the boundary to Airflow refuses them as what they look
    like (P1).  A word that begins with a letter looks like none of the shapes that it refuses.
    """
    return f"x{digest[:12]}"
