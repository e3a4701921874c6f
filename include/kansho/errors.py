"""The one exception of the domain: a code, a place and a remedy, never a person's value.

Belongs here: `KanshoError` and nothing else.  Texts must be safe to show in a
log, a ledger event or the Airflow UI, so they are written by us and hold codes,
counts, identifiers of rules, files and columns only.
"""

from __future__ import annotations


class KanshoError(Exception):
    """A refusal the reader can act on.

    Args:
        code: stable identifier, ``ROOM-NAME`` in capitals (``INTAKE-PASSWORD``).
        message: what is wrong, in Japanese where staff read it; no personal value.
        place: where (file kind, column, config path, event sequence); no personal value.
        remedy: what the reader does next.
    """

    def __init__(self, code: str, message: str, *, place: str = "", remedy: str = "") -> None:
        self.code = code
        self.message = message
        self.place = place
        self.remedy = remedy
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """One line: ``CODE message [place] → remedy``."""
        place = f" [{self.place}]" if self.place else ""
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{self.code} {self.message}{place}{remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.code, self.message, self.place, self.remedy))


def _rebuild(code: str, message: str, place: str, remedy: str) -> KanshoError:
    return KanshoError(code, message, place=place, remedy=remedy)
