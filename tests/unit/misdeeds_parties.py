"""Misdeeds about who is anybody at all: properly signed, and each told exactly.  Not a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kansho.evidence.events import Event
from tests.unit.attacks import Misdeed, all_of, changed, coded, dropped, late, moved_before
from tests.unit.evidence_year import PROTECTED, Year

PRINTED = "printer/print_package/mailing_1"
SENT, UNSENT = "printer/erasure_certificate/c1", "STATE-CERTIFICATE-SENDER [certificate_received printer]"


def handed_to(party: str, kind: str) -> Misdeed:
    """A package to somebody, before the erasure began."""
    key = f"{party}/{kind}/x1"
    codes = {"party": party, "kind": kind, "package": "x1", "authority": "", "work": ""}
    return all_of(
        late("package_handed_over", key, counts={"rows": 97}, codes=codes),
        moved_before("package_handed_over", key, "wave_selected", "call_1"),
    )


def told_before_the_work(type_: str, key: str, **codes: str) -> Misdeed:
    """One more record, right before the first wave was selected."""
    return all_of(late(type_, key, codes=codes), moved_before(type_, key, "wave_selected", "call_1"))


def left_in_may(year: Year) -> None:
    """The officer's registration ended, and the officer went on to decide."""
    codes = next(e for e in year.events if (e.type, e.key) == ("handler_registered", "h02")).codes
    told_before_the_work("handler_registered", "h02/2", **{**codes, "ended_on": "2027-04-30"})(year)


def of_another_party(event: Event) -> Event:
    return event.__class__(**{**event.__dict__, "actor": {**event.actor, "party": "printer"}})


def _came(**parts: Any) -> Misdeed:
    """The printer's certificate is told to have come in another package."""
    return lambda year: year.edit("package_received", lambda e: replace(e, **parts), SENT)


MISDEEDS: dict[str, tuple[Misdeed, set[str]]] = {
    "a 丙's certificate that came in no package": (dropped("package_received", SENT), {UNSENT}),
    "a 丙's certificate in a package that another sent": (
        _came(codes={"party": "visitors", "kind": "erasure_certificate"}),
        {UNSENT},
    ),
    "a 丙's certificate in a package that nobody sealed": (_came(refs={}), {UNSENT}),
    "a 丙's certificate in a package for more": (_came(counts={"packages": 3}), {UNSENT}),
    "people sold to somebody nobody ever named": (
        handed_to("databroker", "roster"),
        {"FLOW-RECEIVER [package_handed_over databroker/roster/x1]"},
    ),
    "people handed to ourselves as if to a party": (
        handed_to("contractor", "roster"),
        {"FLOW-RECEIVER [package_handed_over contractor/roster/x1]"},
    ),
    "people handed to the ward for nothing that goes back to it": (
        handed_to("ward", "sales"),
        {"FLOW-RECEIVER [package_handed_over ward/sales/x1]"},
    ),
    "a party registered that no configuration names": (
        told_before_the_work("party_registered", "databroker", kind="partner"),
        {"PARTY-UNKNOWN [party_registered databroker]"},
    ),
    "a party registered as what it is not": (
        changed("party_registered", "ward", codes={"kind": "contractor", "works": ""}),
        {"PARTY-UNKNOWN [party_registered ward]"},
    ),
    "a handler who works elsewhere than the ward was told": (
        coded("handler_registered", "h04", place="garage"),
        {"HANDLER-UNKNOWN [handler_registered h04]", "PLACE-UNDESIGNATED [handler_registered h04]"},
    ),
    "a place that no configuration designates": (
        told_before_the_work("place_designated", "garage", party="contractor"),
        {"PLACE-UNKNOWN [place_designated garage]"},
    ),
    "a decision in the name of another party": (
        lambda y: y.edit("approval_decided", of_another_party, "dag/run/print_package"),
        {"APPROVAL-UNREGISTERED [approval_decided dag/run/print_package]"},
    ),
    "keys made anew in the middle of the year": (
        told_before_the_work("keys_created", "keys-2", **{**PROTECTED, "keeper": "files"}),
        {"STATE-KEYS-ANEW [keys_created keys-2]"},
    ),
    "a weakening put right without a word of how": (
        all_of(
            late("protection_weakened", "protection/1", codes={**PROTECTED, "keeper": "files", "weaker": "keeper"}),
            late("protection_changed", "protection/2"),
        ),
        {"STATE-WEAKENED [protection_changed protection/2]"},
    ),
}
