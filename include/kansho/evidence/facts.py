"""What the rules need to know of a campaign's configuration, read from its canonical JSON.

Belongs here: the few facts the offline verifier judges events by (parties, users, contract dates).
Does not belong here: the configuration itself (`kansho.campaign.config`), which needs pydantic;
the verifier stands on the standard library and cryptography alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kansho.errors import KanshoError

SUBCONTRACTOR = "subcontractor"
CONTRACTOR = "contractor"
WARD = "ward"
OBJECT_STORE = "object_storage"
#: Section of ``waves`` → section of ``capacity``.
_CHANNELS = {"mailings": "cards", "calls": "calls", "visits": "visits"}


@dataclass(frozen=True)
class User:
    """A registered handler that signs in."""

    role: str
    party: str


@dataclass(frozen=True)
class FlowFact:
    """One approved kind of working file (D6); ``days`` None: kept until the closing."""

    holder: str
    place: str
    days: int | None
    purpose: str = ""


@dataclass(frozen=True)
class Days:
    """The days that the year set, ISO texts; ``report_day`` is a day of every month."""

    report_day: int
    inspection_due: str
    handover_on: str
    certificates_due: str
    erase_on: str
    audits: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    selections: Mapping[str, str] = field(default_factory=dict)
    print_reports: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfigFacts:
    """Facts of one year's config; dates are ISO texts, which order as dates do.

    ``waves`` names the section of each wave; ``capacity`` is by section, ``wave_capacity`` by wave (C4);
    ``flows`` are of ours by kind, ``copies`` days by kind of package and 丙 (None: until its certificate), and
    ``copy_purposes`` what those are for;
    ``handlers`` are party, role, user and place of each, ``places`` the party of each (P4, P14);
    ``leaves`` are the last days of handlers who leave within the year (P5); ``clause_version`` is the contract's (C1);
    ``by_hand`` are what people erase, with ``holders`` and ``held_kinds``; ``object_stores`` are declared stores that
    are no disk of ours (P11).
    """

    campaign: str
    contract_start: str
    contract_end: str
    parties: Mapping[str, str]
    users: Mapping[str, User]
    waves: Mapping[str, str]
    gate_owner: str
    days: Days
    by_hand: tuple[str, ...] = ()
    flows: Mapping[str, FlowFact] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    wave_capacity: Mapping[str, int] = field(default_factory=dict)
    leaves: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[tuple[str, str], int | None] = field(default_factory=dict)
    clause_version: str = ""
    holders: Mapping[str, str] = field(default_factory=dict)
    held_kinds: Mapping[str, str] = field(default_factory=dict)
    object_stores: tuple[str, ...] = ()
    copy_purposes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    handlers: Mapping[str, tuple[str, str, str, str]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def subcontractors(self) -> tuple[str, ...]:
        """Ids of every 丙."""
        return tuple(sorted(p for p, kind in self.parties.items() if kind == SUBCONTRACTOR))

    @property
    def contractor(self) -> str:
        """Id of 乙; empty where the config names none."""
        return next((p for p, kind in sorted(self.parties.items()) if kind == CONTRACTOR), "")

    @classmethod
    def from_json(cls, value: Any) -> ConfigFacts:
        """Read the facts of ``CampaignConfig.model_dump(mode="json")``.

        Raises:
            KanshoError: ``CONFIG-FORM`` when the shape is another.
        """
        try:
            waves = {w["id"]: channel for channel in _CHANNELS for w in value["waves"][channel]}
            others = {p["id"] for p in value["parties"] if p["kind"] == SUBCONTRACTOR}
            return cls(
                campaign=f"{value['ward']['slug']}_{value['fiscal_year']}",
                contract_start=_day(value["contract"]["start"]),
                contract_end=_day(value["contract"]["end"]),
                parties={_text(p["id"]): _text(p["kind"]) for p in value["parties"]},
                users={
                    _text(h["user"]): User(_text(h["role"]), _text(h["party"]))
                    for h in value["handlers"]
                    if h["user"] and h["role"]
                },
                handlers={
                    _text(h["id"]): (_text(h["party"]), h["role"] or "", h["user"] or "", _text(h["place"]))
                    for h in value["handlers"]
                },
                places={_text(p["id"]): _text(p["party"]) for p in value["places"]},
                waves=waves,
                days=_days(value),
                flows={
                    _text(f["kind"]): FlowFact(
                        _text(f["holder"]), _text(f["place"]), _few(f["erase_after_days"]), _text(f["purpose"])
                    )
                    for f in value["data_flow"]
                    if f["holder"] not in others
                },
                copies={
                    (_text(f["kind"]), _text(f["holder"])): _few(f["erase_after_days"])
                    for f in value["data_flow"]
                    if f["holder"] in others
                },
                copy_purposes={
                    (_text(f["kind"]), _text(f["holder"])): _text(f["purpose"])
                    for f in value["data_flow"]
                    if f["holder"] in others
                },
                capacity={section: _whole(value["capacity"][name]) for section, name in _CHANNELS.items()},
                wave_capacity={
                    _text(w["id"]): _whole(w["capacity"]) for section in _CHANNELS for w in value["waves"][section]
                },
                leaves={_text(h["id"]): _day(h["leaves_on"]) for h in value["handlers"] if h.get("leaves_on")},
                clause_version=_text(value["contract"]["clause_version"]),
                by_hand=tuple(_text(h["id"]) for h in value["closing"]["by_hand"]),
                holders={_text(h["id"]): _text(h["holder"]) for h in value["closing"]["by_hand"]},
                held_kinds={_text(h["id"]): _text(h["kind"]) for h in value["closing"]["by_hand"]},
                object_stores=tuple(_text(s["id"]) for s in value["closing"]["storage"] if s["kind"] == OBJECT_STORE),
                gate_owner=_text(value["gates"][0]["owner"]) if value["gates"] else "contractor_manager",
            )
        except (KeyError, TypeError, AttributeError, ValueError, IndexError):
            raise KanshoError("CONFIG-FORM", "設定の形が違います", place="config.json") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _days(value: Any) -> Days:
    closing, oversight, parties = value["closing"], value["oversight"], value["parties"]
    day = _whole(oversight["monthly_report_day"])
    if not 1 <= day <= 28:
        raise ValueError
    return Days(
        report_day=day,
        inspection_due=_day(oversight["ward_inspection_due"]),
        handover_on=_day(closing["handover_on"]),
        certificates_due=_day(closing["certificates_due"]),
        erase_on=_day(closing["erase_on"]),
        audits={_text(p["id"]): _day(p["audit_on"]) for p in parties if p["audit_on"]},
        checks={_text(p["id"]): _day(p["ward_check_on"]) for p in parties if p["ward_check_on"]},
        effects=tuple(_day(d) for d in value["effect_reports"]["on"]),
        selections={
            _text(w["id"]): _day(w["rounds_on"][0] if section == "calls" else w["select_on"])
            for section in _CHANNELS
            for w in value["waves"][section]
        },
        print_reports={_text(w["id"]): _day(w["report_on"]) for w in value["waves"]["mailings"]},
    )


def _few(value: Any) -> int | None:
    """A number of days, or none."""
    return None if value is None else _whole(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 10**9:
        raise TypeError
    return value


def _day(value: Any) -> str:
    """A day of this or the last century as ISO text, so that days after it are days too."""
    if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value or not "19" < value < "22":
        raise TypeError
    return value
