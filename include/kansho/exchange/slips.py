"""Slips: what somebody erased, destroyed or returned by hand, with a witness (P11); and the list that asks for them.

Belongs here: their form and where they lie.  Does not belong here: which targets there are, or taking a slip in
(`kansho.closing.manual`).  Nothing personal stands in them, so they travel plain.

    received(<party>)/closing-targets.json        what we ask the party to do
    outgoing(<party>)/closing/<name>.json, .pdf   what it did, and the signed paper that shows it
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kansho.exchange.papers import read_paper, write_paper

Method = Literal[
    "return", "shredding", "dissolution", "physical_destruction", "overwrite", "block_erase", "crypto_erase"
]
TargetKind = Literal["medium", "paper", "pc", "backup", "key_copy"]
#: ``<class>/<id>``: ``medium/CD-0001``, ``paper/returned-cards``, ``party/printer``, ``hand/backup_disk``.
TargetKey = Annotated[str, Field(pattern=r"^(medium|paper|party|hand)/[A-Za-z0-9_.:/@+-]{1,150}$")]
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Paper(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Asked(_Paper):
    """One target that a party is asked to erase or to receipt."""

    target: TargetKey
    kind: TargetKind


class AskedList(_Paper):
    """Everything a party is asked for."""

    campaign: str
    targets: tuple[Asked, ...]


class Slip(_Paper):
    """One deed on one or more targets; people by the id under which they are registered, the place by its id (P14)."""

    targets: Annotated[tuple[TargetKey, ...], Field(min_length=1)]
    method: Method
    on: date
    place: _Id
    by: _Id
    witness: _Id


def asked_path(received: Path) -> Path:
    """Where a party finds what it is asked for."""
    return received / "closing-targets.json"


def read_asked(received: Path) -> AskedList | None:
    """What a party is asked for; None when nothing is."""
    return read_paper(asked_path(received), AskedList)


def write_asked(received: Path, asked: AskedList) -> None:
    """Ask a party."""
    write_paper(asked_path(received), asked)


def slips_folder(outgoing: Path) -> Path:
    """Where a party puts out its slips; the signed paper of ``x.json`` is ``x.pdf`` beside it."""
    return outgoing / "closing"
