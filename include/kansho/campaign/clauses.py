"""The contract's clauses as data: every obligation of 乙 and of 丙, who bears it, when it falls due, what shows it.

Belongs here: the strict shape of ``include/clauses/*.toml`` and which version is in force on a day.  Does not belong
here: the state of an obligation in a campaign (`kansho.oversight.clauses`), or titles of requirements as the verifier
speaks of them (`kansho.evidence.clauses`).

A clause that is worded anew is a new file with its own version and first day; files once used are never edited.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kansho.campaign.rights import PartyKind, Work
from kansho.errors import KanshoError

CLAUSES = Path(__file__).resolve().parents[2] / "clauses"

_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
_Requirement = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Match(_Frozen):
    """An event: its type and, as far as given, its key, its registered id, its codes.

    Texts may hold ``{party}``, ``{month}``, ``{handler}``, ``{sub}``, ``{key}`` (of the trigger), ``{rest}`` (the same
    after its first ``/``), ``{finding}``, ``{version}`` and ``{codes_<name>}`` (of the trigger); ``*`` and ``?`` stand
    for any characters, in codes ``|`` separates alternatives.  ``later``: only after the trigger.
    """

    type: _Word
    key: str | None = None
    id: str | None = None
    codes: dict[str, str] = {}
    later: bool = False


class When(_Frozen):
    """When it falls due.

    ``opening``; ``joining``: the day a handler is registered; ``before`` an event first happens; ``monthly``, so many
    days before the report; ``date``: a day of the config; ``after``: days after the trigger (or after a handler left);
    ``code``: a day that the trigger names; ``finding``: the day the inspector set; ``incident``: a clock of the law;
    ``always``: at any time, broken while an incident of such a kind is open.
    """

    at: Literal["opening", "joining", "before", "monthly", "date", "after", "code", "finding", "incident", "always"]
    event: Match | None = None
    days_before: int = 0
    of: str | None = None
    days: int | None = None
    code: str | None = None
    clock: Literal["tell_ward", "written_report", "preliminary", "final"] | None = None
    broken_by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Each rule says what it needs and nothing else."""
        needs = {"before": "event", "date": "of", "after": "days", "code": "code", "incident": "clock"}
        for at, field in needs.items():
            if (getattr(self, field) is not None) != (self.at == at):
                raise ValueError(f"when.{field} goes with at = {at}")
        if self.broken_by and self.at != "always":
            raise ValueError("when.broken_by goes with at = always")
        return self


class Duty(_Frozen):
    """One obligation, one row of the data.

    ``each``: what there is one of; ``trigger`` names the event for ``event`` and the inspection for ``finding``.
    ``works``: only parties that do one of these.  ``deadline``: under this name oversight records it as missed.
    ``no_duty``: why the clause asks nothing with a day of this party; then nothing else is said.
    """

    id: _Word
    clause: str
    requirements: tuple[_Requirement, ...] = ()
    party: Literal["contractor", "subcontractor"]
    who: str = ""
    text: str
    each: Literal["party", "month", "handler", "sub_handler", "leaver", "subcontractor", "event", "finding"] = "party"
    trigger: Match | None = None
    works: tuple[Work, ...] = ()
    when: When | None = None
    evidence: tuple[Match, ...] = ()
    deadline: _Word | None = None
    subject: str | None = None
    no_duty: str | None = None

    @property
    def kind(self) -> PartyKind:
        """Which party bears it."""
        return PartyKind(self.party)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """An obligation has a day and its evidence; a clause without one says why."""
        if (self.no_duty is None) != bool(self.when and self.evidence and self.requirements):
            raise ValueError(f"{self.id}: either when, evidence and requirements, or no_duty")
        if (self.trigger is not None) != (self.each in ("event", "finding")):
            raise ValueError(f"{self.id}: a trigger goes with each = event or finding")
        return self


class Clauses(_Frozen):
    """One version of the clauses; ``without`` are requirements no obligation answers, and why."""

    version: _Word
    effective_from: date
    subcontract_version: _Word
    without: dict[_Requirement, str] = {}
    duty: tuple[Duty, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [d.id for d in self.duty]
        if len(ids) != len(set(ids)):
            raise ValueError("duty: ids must be unique")
        return self


def read_clauses(path: Path) -> Clauses:
    """One version of the clauses.

    Raises:
        KanshoError: ``CLAUSES-FORM`` naming what is wrong.
    """
    try:
        return Clauses.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise KanshoError("CLAUSES-FORM", "TOMLとして読めません", place=path.name) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise KanshoError("CLAUSES-FORM", faults[:400], place=path.name) from None


def clauses_in_force(day: date, folder: Path = CLAUSES) -> Clauses:
    """The newest version whose first day has come.

    Raises:
        KanshoError: ``CLAUSES-FORM`` as `read_clauses`; ``CLAUSES-NONE`` when none is in force on that day.
    """
    known = [c for c in map(read_clauses, sorted(folder.glob("*.toml"))) if c.effective_from <= day]
    if not known:
        raise KanshoError(
            "CLAUSES-NONE",
            "この日に効力のある特記事項がありません",
            place=day.isoformat(),
            remedy="include/clauses に加える",
        )
    return max(known, key=lambda c: c.effective_from)
