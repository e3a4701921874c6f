"""The contract's clauses as data: every obligation of 乙 and of 丙, who bears it, when it falls due, what shows it.

Belongs here: the strict shape of ``include/clauses/*.toml``, and which version a campaign names, is in force on a day
or was bound.  Does not belong here: the state of an obligation in a campaign (`kansho.oversight.clauses`), or titles of
requirements as the verifier speaks of them (`kansho.evidence.clauses`).

A clause that is worded anew is a new file with its own version and first day; files once used are never edited: the
opening and every amendment bind version and SHA-256 of the file, and another one is refused from then on.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kansho.campaign.config import CampaignConfig
from kansho.campaign.opened import Recorded, bound_clauses
from kansho.campaign.rights import PartyKind, Work
from kansho.errors import KanshoError

CLAUSES = Path(__file__).resolve().parents[2] / "clauses"

_Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
_Requirement = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Match(_Frozen):
    """An event: its type and, as far as given, its key, its registered id, its codes, who did it, what it is about.

    Texts may hold ``{party}``, ``{month}``, ``{handler}``, ``{sub}``, ``{held}``, ``{key}`` (of the trigger),
    ``{rest}`` (the same after its first ``/``), ``{finding}``, ``{version}``, ``{one}`` (of ``for_each``) and
    ``{codes_<name>}`` (of the trigger); ``*`` and ``?`` stand for any characters, in ``codes`` and ``about`` ``|``
    separates alternatives.

    ``without``: codes no part of which (they are lists with ``|`` between) may be so.  ``by``: role of who did it.
    ``about``: ``<kind>/<key>`` of the artefact that the request of a decision bound.  ``some``: the event counts at
    least one of these; ``same``: as many of these as the trigger.  ``later``: only after the trigger.  ``for_each``:
    one such event for each part of this code of the trigger.  ``ways``: other events do as well, all of one way.
    """

    type: _Word
    key: str | None = None
    id: str | None = None
    codes: dict[str, str] = {}
    without: dict[str, str] = {}
    by: str | None = None
    about: str | None = None
    some: str | None = None
    same: str | None = None
    later: bool = False
    for_each: str | None = None
    ways: tuple[tuple[Match, ...], ...] = ()


class Replaced(_Frozen):
    """What came instead of the trigger (``by``), so that nothing is asked of it any more, ``unless`` it was used."""

    by: Match
    unless: Match
    why: str


class When(_Frozen):
    """When it falls due.

    ``opening``; ``joining``: the day a handler is registered; ``before`` an event first happens; ``monthly``, so many
    days before the report; ``date``: a day of the config; ``after``: days after the trigger (or after a handler left);
    ``code``: a day that the trigger names; ``finding``: the day the inspector set; ``incident``: a clock of the law;
    ``always``: at any time.

    ``broken_by``: kinds of incidents that break it, of a 丙 those that happened with it: it is not kept while one is
    open, and that it was broken stays told.
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
        return self


class Duty(_Frozen):
    """One obligation, one row of the data.

    ``each``: what there is one of; ``trigger`` names the event for ``event`` and the inspection for ``finding``;
    ``held`` is what the configuration declares as erased by hand.  ``works``: only parties that do one of these.
    ``deadline``: under this name oversight records it as missed.
    ``no_duty``: why the clause asks nothing with a day of this party; then nothing else is said.
    """

    id: _Word
    clause: str
    requirements: tuple[_Requirement, ...] = ()
    party: Literal["contractor", "subcontractor"]
    who: str = ""
    text: str
    each: Literal["party", "month", "handler", "sub_handler", "leaver", "subcontractor", "held", "event", "finding"] = (
        "party"
    )
    trigger: Match | None = None
    replaced: Replaced | None = None
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
        if self.replaced is not None and self.each != "event":
            raise ValueError(f"{self.id}: replaced goes with each = event")
        if self.when is not None and self.when.broken_by and self.each != "party":
            raise ValueError(f"{self.id}: when.broken_by goes with each = party")
        return self


class Clauses(_Frozen):
    """One version of the clauses; ``without`` are requirements no obligation answers, and why.

    ``title`` is what papers call the text.  ``digest`` is SHA-256 (hex) of the file, and never stands in it.
    """

    version: _Word
    title: str
    effective_from: date
    subcontract_version: _Word
    without: dict[_Requirement, str] = {}
    duty: tuple[Duty, ...]
    digest: str = ""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [d.id for d in self.duty]
        if len(ids) != len(set(ids)):
            raise ValueError("duty: ids must be unique")
        if self.digest:
            raise ValueError("digest: never stands in the file")
        return self

    @property
    def codes(self) -> dict[str, str]:
        """What the ledger binds at the opening and with an amendment."""
        return {
            "clauses": self.version,
            "clauses_sha256": self.digest,
            "subcontract_clauses": self.subcontract_version,
        }


def read_clauses(path: Path) -> Clauses:
    """One version of the clauses.

    Raises:
        KanshoError: ``CLAUSES-FORM`` naming what is wrong.
    """
    data = path.read_bytes()
    try:
        read = Clauses.model_validate(tomllib.loads(data.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise KanshoError("CLAUSES-FORM", "TOMLとして読めません", place=path.name) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise KanshoError("CLAUSES-FORM", faults[:400], place=path.name) from None
    return read.model_copy(update={"digest": hashlib.sha256(data).hexdigest()})


def clauses_in_force(day: date, folder: Path = CLAUSES) -> Clauses:
    """The newest version whose first day has come.

    Raises:
        KanshoError: ``CLAUSES-FORM`` as `read_clauses`; ``CLAUSES-NONE`` when none is in force on that day.
    """
    known = [c for c in _all(folder) if c.effective_from <= day]
    if not known:
        raise KanshoError(
            "CLAUSES-NONE",
            "この日に効力のある特記事項がありません",
            place=day.isoformat(),
            remedy="include/clauses に加える",
        )
    return max(known, key=lambda c: c.effective_from)


def clauses_of(config: CampaignConfig, folder: Path = CLAUSES) -> Clauses:
    """The version that the contract names.

    Raises:
        KanshoError: ``CLAUSES-FORM`` as `read_clauses`; ``CLAUSES-UNKNOWN`` when there is no such version;
            ``CLAUSES-STALE`` when a newer one was in force on the contract's first day, or when its own first day
            comes after the contract's last.
    """
    known, named = _all(folder), config.contract.clause_version
    found = next((c for c in known if c.version == named), None)
    if found is None:
        remedy = f"contract.clause_version: {' '.join(c.version for c in known)} から選ぶ"
        raise KanshoError("CLAUSES-UNKNOWN", "特記事項のデータにない版です", place=named, remedy=remedy)
    first = clauses_in_force(config.contract.start, folder)
    if not first.effective_from <= found.effective_from <= config.contract.end:
        raise KanshoError(
            "CLAUSES-STALE",
            "契約期間に効力のない版の特記事項です",
            place=named,
            remedy=f"契約の初日に効力のある版は {first.version} です。契約書の版を確かめる",
        )
    return found


def clauses_bound(events: Iterable[Recorded], config: CampaignConfig, folder: Path = CLAUSES) -> Clauses:
    """The clauses by which a campaign is judged: those that its log bound last; before that those of `clauses_of`.

    Raises:
        KanshoError: ``CLAUSES-CHANGED`` when their file is not the one that was bound; as `clauses_of`.
    """
    bound = bound_clauses(events)
    if bound is None:
        return clauses_of(config, folder)
    version, digest = bound
    found = next((c for c in _all(folder) if c.version == version), None)
    if found is None or found.digest != digest:
        raise clauses_changed(version, digest)
    return found


def clauses_changed(version: str, digest: str) -> KanshoError:
    """The refusal of a file that is not the one with this digest."""
    return KanshoError(
        "CLAUSES-CHANGED",
        "特記事項のデータが、開設又は変更の承認のときのものと違います",
        place=version,
        remedy=f"SHA-256 が {digest[:12]} で始まる元のファイルに戻す。改める条文は新しい版にして設定の変更を申請する",
    )


def clauses_shown(clauses: Clauses) -> str:
    """The text, its version and the digest of its data, as papers that the ward approves name them."""
    return f"{clauses.title}　版 {clauses.version}　データの SHA-256 {clauses.digest}"


def _all(folder: Path) -> list[Clauses]:
    return list(map(read_clauses, sorted(folder.glob("*.toml"))))
