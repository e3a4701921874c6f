"""What an entry of the corpus is, and the small changes that entries share."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kansho.campaign.config import Mapping
from tests.containers import zip_of
from tests.deliveries import Delivery, csv_of, numbers, people, person

#: What may be told nowhere: values of the invented people, and of what the entries put beside them.
CANARIES = (
    *("月見里", "ヤマナシ", "03-0000-1234", "1977-06-01", "吾妻橋", "Tsukimi-7-dango", "123456789018", "5678-9018"),
    *("3000-0000", "世帯主", "家族の続柄", "Kanaria", "至急"),
)

Spoil = Callable[[Delivery], object]


@dataclass(frozen=True)
class Refused:
    """A delivery that the door refuses.

    ``spoil`` changes a good delivery of target list, analysis items and nil stop list (`tests.deliveries.whole`);
    ``where`` is the place that the refusal must name, or finds it in the spoiled delivery; ``mapping`` is the ward's
    own form of a file, where it has one.  ``heavy`` ones would cost memory without end, were they read on.
    """

    name: str
    spoil: Spoil
    code: str
    where: str | Callable[[Delivery], str]
    mapping: Mapping | None = None
    heavy: bool = False

    def place(self, spoiled: Delivery) -> str:
        """The place for the delivery as it was spoiled."""
        return self.where if isinstance(self.where, str) else self.where(spoiled)


def files(position: int, **change: Any) -> Spoil:
    """The 送付書 says this of the file at that position (from 0)."""

    def spoil(d: Delivery) -> None:
        d.note["files"] = d.announced
        d.note["files"][position] |= change

    return spoil


def note(**change: Any) -> Spoil:
    """The 送付書 says this."""
    return lambda d: d.note.update(change)


def sealed(make: Callable[[dict[str, bytes]], bytes]) -> Spoil:
    """The good files in a container that is not as it should be."""

    def spoil(d: Delivery) -> None:
        d.sealed = make(d.contents)

    return spoil


def listed(**change: str) -> Spoil:
    """The third of three people has these values."""
    return lambda d: d.add("target_list", [*people(2), person(numbers(3)[2], **change)])


def written(**how: Any) -> Spoil:
    """The target list is written in another way (`csv_of`)."""
    return lambda d: d.add("target_list", people(), **how)


def ending(tail: bytes, rows: int = 0) -> Spoil:
    """The target list has this behind its last row; ``rows`` more are announced."""

    def spoil(d: Delivery) -> None:
        d.files["target_list"] += tail
        d.rows["target_list"] += rows

    return spoil


def replaced(old: str | bytes, new: str | bytes, count: int = 1) -> Spoil:
    """The bytes of the target list have other ones in some place."""

    def spoil(d: Delivery) -> None:
        before, after = (text.encode("cp932") if isinstance(text, str) else text for text in (old, new))
        assert before in d.files["target_list"]
        d.files["target_list"] = d.files["target_list"].replace(before, after, count)

    return spoil


def stored(spoil: Spoil) -> Spoil:
    """What this makes of the delivery, in a zip that does not compress: its ratio betrays nothing."""

    def both(d: Delivery) -> None:
        spoil(d)
        d.sealed = zip_of(d.contents, method=zipfile.ZIP_STORED)

    return both


def as_table(data: Callable[[], bytes] | bytes, kind: str = "target_list", rows: int = 3, end: str = "csv") -> Spoil:
    """The file of that kind is these bytes."""

    def spoil(d: Delivery) -> None:
        d.nil -= {kind}
        d.files[kind] = data if isinstance(data, bytes) else data()
        d.rows[kind] = rows
        d.names[kind] = f"{kind}.{end}"

    return spoil


def byte_of(mark: bytes, kind: str = "target_list") -> Callable[[Delivery], str]:
    """The place of the first byte of ``mark`` in the file of that kind."""
    return lambda d: f"{kind}:{d.files[kind].index(mark) + 1}バイト目"


def a_list(**how: Any) -> bytes:
    """A good target list of three."""
    return csv_of("target_list", people(), **how)
