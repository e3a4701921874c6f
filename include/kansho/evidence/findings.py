"""What a check found: a code, a place and a text without anybody's data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold; ``place`` is a file, an event number or a key."""

    code: str
    place: str
    text: str

    @property
    def line(self) -> str:
        """``CODE [place] text``."""
        return f"{self.code} [{self.place}] {self.text}"
