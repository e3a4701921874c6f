"""What parties tell beside packages: who left, what was handed over by hand, which copies they erased.

Belongs here: the typed form of these papers and where they lie.  Nothing personal stands in them; handlers sign by the
id under which they are registered.

    outgoing(<party>)/leavers/<handler>.json         written when somebody left, again when they were told
    outgoing(<giver>)/handovers/<number>.json        one line of the 授受簿, signed by who gave and who received
    outgoing(<party>)/copies-erased/<number>.json    packages of which the party holds nothing any more
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kansho.exchange.papers import Digest, Paper

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
_Package = Annotated[str, Field(pattern=r"^[a-z_]{1,40}/[A-Za-z0-9_.-]{1,80}$")]
#: What travels by hand and is counted in pieces; sheets of visits have their own book (`kansho.outreach.custody`).
Carried = Literal["returned_cards"]


class Leaving(Paper):
    """A handler who left: the last day, and once they were told that secrecy goes on (乙11), when, by whom, and the
    digest of the pledge they signed.
    """

    party: _Id
    handler: _Id
    left_on: date
    told_on: date | None = None
    told_by: _Id | None = None
    pledge: Digest | None = None

    @property
    def told(self) -> bool:
        """Whether the paper says all of the telling."""
        return None not in (self.told_on, self.told_by, self.pledge)


class HandOver(Paper):
    """One hand-over: which pieces of which list, from whom to whom, when and where."""

    number: _Number
    kind: Carried
    listed: _Number
    pieces: Annotated[int, Field(ge=1)]
    giver: _Id
    receiver: _Id
    on: date
    given_by: _Id
    received_by: _Id
    place: _Id


class CopiesErased(Paper):
    """Packages (``<kind>/<package>``) whose every copy at the party is gone."""

    party: _Id
    packages: Annotated[tuple[_Package, ...], Field(min_length=1)]
    method: Literal["logical_erasure", "physical_destruction"]
    on: date
    place: _Id
    by: _Id
    witness: _Id


def leaving_path(outgoing: Path, handler: str) -> Path:
    """Where a party's paper about somebody who left lies."""
    return outgoing / "leavers" / f"{handler}.json"


def hand_over_path(outgoing: Path, number: str) -> Path:
    """Where one line of the 授受簿 lies."""
    return outgoing / "handovers" / f"{number}.json"


def copies_path(outgoing: Path, number: str) -> Path:
    """Where a party's word about erased copies lies."""
    return outgoing / "copies-erased" / f"{number}.json"
