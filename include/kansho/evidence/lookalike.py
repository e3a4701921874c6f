"""Characters that only look like those of a code: of another alphabet, of another width, or not seen at all.

Belongs here: recognising them, so that a forgery by eye has a name of its own.  Does not belong here: which characters
a code may have (`kansho.evidence.events`).
"""

from __future__ import annotations

import unicodedata

#: Alphabets in which letters look like ASCII ones.
_ALPHABETS = ("CYRILLIC ", "GREEK ", "ARMENIAN ", "CHEROKEE ", "COPTIC ", "LATIN ", "LISU ")
#: Marks that join a letter before them, and characters that show nothing.
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Zs"})


def imitates(text: str) -> bool:
    """Whether a text holds a character beside ASCII that a reader takes for one of ASCII, or does not see."""
    return not text.isascii() and any(_imitates(c) for c in text if not c.isascii())


def _imitates(character: str) -> bool:
    if unicodedata.category(character) in _UNSEEN or unicodedata.normalize("NFKC", character).isascii():
        return True
    return unicodedata.name(character, "").startswith(_ALPHABETS)
