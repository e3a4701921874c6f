"""What the law asks about incidents, by the day it was in force: data with effective dates.

Belongs here: the strict shape of ``include/law/incident_reports.toml`` and the law of a day.  Does not belong here:
the clocks of an incident (`kansho.oversight.clocks`).
Source: 個人情報保護法 第68条, 施行規則 第43条・第44条 (since April 2023); before it the ward's ordinance.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kansho.errors import KanshoError

LAWS = Path(__file__).resolve().parents[2] / "law" / "incident_reports.toml"

_Days = Annotated[int, Field(ge=0)]


class IncidentLaw(BaseModel):
    """One law; days are counted from the day the incident became known, None: it sets none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_from: date
    name: str
    preliminary_days: _Days | None = None
    final_days: _Days | None = None
    final_days_wrongful: _Days | None = None
    reportable_over_persons: _Days | None = None


class IncidentLaws(BaseModel):
    """Every law in the order of its first day; ``written_report_days`` are the contract's, not the law's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    written_report_days: _Days
    law: Annotated[tuple[IncidentLaw, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> IncidentLaws:
        days = [law.effective_from for law in self.law]
        if days != sorted(set(days)):
            raise ValueError("law: effective_from must rise")
        return self

    def on(self, day: date) -> IncidentLaw:
        """The law in force on a day; before the first, the first."""
        return [self.law[0], *(law for law in self.law if law.effective_from <= day)][-1]


@cache
def incident_laws(path: Path = LAWS) -> IncidentLaws:
    """The laws on file.

    Raises:
        KanshoError: ``CLAUSES-LAW`` naming what is wrong.
    """
    try:
        return IncidentLaws.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise KanshoError("CLAUSES-LAW", "TOMLとして読めません", place=path.name) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise KanshoError("CLAUSES-LAW", faults[:400], place=path.name) from None
