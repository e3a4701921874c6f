"""Edges of the verifier's rules that no tampered bundle of the table comes near."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.access_rules import PURPOSES
from kansho.evidence.carried import KINDS, carried
from kansho.evidence.checkpoint import cosigner_of, key_id, origin_of, read_checkpoint, read_cosigned, sign_checkpoint
from kansho.evidence.clock_rules import clock_findings
from kansho.evidence.events import Event
from kansho.evidence.oversight_rules import oversight_findings
from kansho.evidence.past import Past
from kansho.vault.classes import CLASSES
from tests.unit.evidence_year import Year, lawful_year

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNER.public_key().public_bytes_raw()
NOTE = sign_checkpoint("sumida_2027", 7, bytes(32), SIGNER).text


def test_every_purpose_is_of_classes_that_exist() -> None:
    assert {name for purpose in PURPOSES.values() for name in purpose.classes} <= set(CLASSES)


@pytest.mark.parametrize("junk", ["*", "-", "\t", "="])
def test_a_signature_with_characters_that_are_none_of_its_alphabet_is_no_signature(junk: str) -> None:
    head, _, blob = NOTE.rstrip("\n").rpartition(" ")
    assert read_checkpoint(NOTE, PUBLIC).size == 7
    with pytest.raises(KanshoError, match="CHECKPOINT-FORM"):
        read_checkpoint(f"{head} {blob[:8]}{junk}{blob[8:]}\n", PUBLIC)


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_a_signature_by_a_key_that_is_none_is_refused(key: bytes) -> None:
    """Whoever writes the note can name any key, even one that cannot be."""
    name = cosigner_of(origin_of("sumida_2027"))
    line = f"— {name} {base64.b64encode(key_id(name, key) + bytes(64)).decode()}\n"
    with pytest.raises(KanshoError, match="CHECKPOINT-COSIGNATURE"):
        read_cosigned(NOTE + line, key)


def _at(event: Event, time: str) -> Event:
    return replace(event, recorded_at=f"2028-02-01T{time}.000000Z")


def test_a_time_that_is_none_is_a_finding_and_the_next_is_judged_by_itself(mini: CampaignConfig) -> None:
    year = Year(mini)
    for number in range(4):
        year.add("document_issued", f"d{number}")
    hours = ("10:00:00", "99:00:00", "09:00:00", "11:00:00")
    events = [_at(event, hour) for event, hour in zip(year.events, hours, strict=True)]
    assert [f.place for f in clock_findings([events[1], events[0]])] == ["event 0 document_issued"]
    assert [f.text for f in clock_findings(events)] == ["no time of day"]
    assert [f.code for f in clock_findings([events[0], events[2]])] == ["STATE-CLOCK-BACKWARDS"]


def _told(year: Year) -> list[tuple[str, str]]:
    return [(f.code, f.place.split(" ", 2)[2]) for f in oversight_findings(Past(year.events, year.facts, {}))]


def test_only_what_goes_to_a_subcontractor_needs_a_designated_place_of_theirs(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    assert _told(year) == []
    theirs = next(p for p in mini.places if p.party == "printer")
    year.drop("place_designated", theirs.id)
    assert ("PLACE-UNDESIGNATED", "package_handed_over printer/print_package/mailing_1") in _told(year)
    assert not any("ward/handover" in place for _, place in _told(year))


@pytest.mark.parametrize("answer", [None, "", "maybe"])
def test_a_visiting_day_without_a_whole_checklist_is_found(answer: str | None, mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    if answer is None:
        year.drop("checklist_recorded")
    else:
        year.edit("checklist_recorded", lambda e: replace(e, codes={**e.codes, "net": answer}))
    assert _told(year) == [("OVERSIGHT-CHECKLIST", "sheets_out visit_1/2027-10-13/1")]


def test_a_bundle_carries_what_was_issued_and_no_package_of_the_same_kind(mini: CampaignConfig) -> None:
    year = Year(mini)
    year.add("package_received", "printer/erasure_certificate/1", codes={"kind": "erasure_certificate"})
    year.add("document_issued", "documents/without-digest.pdf", codes={"kind": "media_return"})
    assert carried(year.events) == {"documents/without-digest.pdf": ""}
    assert {
        *("erasure_certificate", "erasure_log", "subcontractor_certificate", "media_return", "closing_slip")
    } == KINDS
