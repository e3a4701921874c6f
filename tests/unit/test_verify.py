"""A lawful bundle passes; each way of tampering fails, with a code of its own."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.evidence.bundle import sha256
from kansho.evidence.command import verify_command
from kansho.evidence.custody_rules import custody_findings
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.rules import violations
from kansho.evidence.strict import read_zip, write_zip
from kansho.evidence.verify import verify_bundle, verify_files
from kansho.vault.classes import CLASSES, PERSONAL_KEYS
from tests.unit.evidence_year import CONTRACTOR, ENGINEER, OFFICER, Year, lawful_year


@dataclass
class Case:
    """What a tamperer is given, and what the ward kept."""

    year: Year
    certificate: bytes
    data: bytes
    kept: str


Tamper = Callable[[Case], bytes]


@pytest.fixture
def case(mini: CampaignConfig) -> Case:
    year = lawful_year(mini)
    certificate = year.finish()
    return Case(year, certificate, year.files(certificate), year.checkpoint(len(year.events)))


def check(tmp_path: Path, data: bytes, kept: str | None = None) -> list[str]:
    """Codes found in a bundle."""
    path = tmp_path / "evidence-test.zip"
    path.write_bytes(data)
    checkpoints = []
    if kept is not None:
        checkpoints = [tmp_path / "kept.txt"]
        checkpoints[0].write_text(kept, encoding="utf-8")
    return [f.code for f in verify_bundle(path, *checkpoints)]


def test_a_lawful_bundle_passes(case: Case, tmp_path: Path) -> None:
    assert check(tmp_path, case.data) == []
    assert check(tmp_path, case.data, case.kept) == []
    assert check(tmp_path, case.data, case.year.checkpoint(7)) == []


def test_the_command_says_what_failed(case: Case, tmp_path: Path) -> None:
    said: list[str] = []
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(case.data)
    bad.write_bytes(with_file(case, "note.txt", b"x"))
    assert verify_command(good, say=said.append) == 0
    assert verify_command(bad, say=said.append) == 1
    assert any(line.startswith("BUNDLE-EXTRA [note.txt]") for line in said)


def test_any_flipped_byte_fails(case: Case, tmp_path: Path) -> None:
    for at in range(0, len(case.data), max(1, len(case.data) // 97)):
        flipped = bytearray(case.data)
        flipped[at] ^= 1
        assert check(tmp_path, bytes(flipped)), at


def test_the_verifier_needs_neither_network_nor_airflow_nor_pandas() -> None:
    program = (
        "import sys, kansho.evidence.verify; "
        "bad = {'airflow', 'pandas', 'requests', 'urllib3', 'boto3', 'pydantic', 'yaml'} & set(sys.modules); "
        "sys.exit(1 if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


def with_file(case: Case, name: str, data: bytes | None) -> bytes:
    files = dict(read_zip(case.data))
    if data is None:
        del files[name]
    else:
        files[name] = data
    return write_zip(files)


def lines(case: Case) -> list[bytes]:
    return read_zip(case.data)["events.jsonl"][:-1].split(b"\n")


def with_lines(case: Case, changed: list[bytes]) -> bytes:
    return with_file(case, "events.jsonl", b"\n".join(changed) + b"\n")


def edited_count(case: Case) -> bytes:
    return with_lines(case, [line.replace(b'"posted":55', b'"posted":56') for line in lines(case)])


def dropped_event(case: Case) -> bytes:
    return with_lines(case, [line for i, line in enumerate(lines(case)) if i != 5])


def swapped_events(case: Case) -> bytes:
    found = lines(case)
    found[4], found[5] = found[5], found[4]
    return with_lines(case, found)


def duplicate_key(case: Case) -> bytes:
    found = lines(case)
    found[6] = found[6].replace(b'{"actor"', b'{"campaign":"x","actor"', 1)
    return with_lines(case, found)


def deep(case: Case) -> bytes:
    found = lines(case)
    found[6] = b"[" * 500 + b"]" * 500
    return with_lines(case, found)


def not_canonical(case: Case) -> bytes:
    found = lines(case)
    found[6] = found[6].replace(b'"counts":{', b'"counts": {', 1)
    return with_lines(case, found)


def other_campaign(case: Case) -> bytes:
    return with_lines(case, [line.replace(b"sumida_2027", b"sumida_2026") for line in lines(case)])


def float_count(case: Case) -> bytes:
    return with_lines(case, [line.replace(b'"posted":55', b'"posted":55.0') for line in lines(case)])


def huge_count(case: Case) -> bytes:
    return with_lines(case, [line.replace(b'"posted":55', b'"posted":9007199254740992') for line in lines(case)])


def endless_number(case: Case) -> bytes:
    return with_lines(case, [line.replace(b'"posted":55', b'"posted":' + b"9" * 10_000) for line in lines(case)])


def swapped_config(case: Case) -> bytes:
    config = read_zip(case.data)["config.json"]
    return with_file(case, "config.json", config.replace(b'"cards":', b'"cards":1', 1))


def duplicate_entry(case: Case) -> bytes:
    buffer = io.BytesIO(case.data)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("events.jsonl", b"")
    return buffer.getvalue()


def packed(case: Case, how: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in read_zip(case.data).items():
            archive.writestr(name, data)
    return buffer.getvalue()


def changed_certificate(case: Case) -> bytes:
    return with_file(case, "certificate.json", case.certificate.replace(b'"log_size":', b'"log_size":1'))


FORGERIES: Mapping[str, tuple[Tamper, str]] = {
    "not a zip": (lambda c: b"PK" + c.data[5:40], "BUNDLE-FORM"),
    "a byte of the events flipped": (lambda c: flip(c.data, c.data.index(b"gate_evaluated")), "BUNDLE-DAMAGED"),
    "a byte of the frame flipped": (lambda c: flip(c.data, 11), "BUNDLE-BYTES"),
    "bytes appended": (lambda c: c.data + b"\0", "BUNDLE-BYTES"),
    "a file too many": (lambda c: with_file(c, "extra.txt", b"x"), "BUNDLE-EXTRA"),
    "a file missing": (lambda c: with_file(c, "certificate.sig", None), "BUNDLE-MISSING"),
    "a file twice": (duplicate_entry, "BUNDLE-DUPLICATE"),
    "packed by another program": (lambda c: packed(c, zipfile.ZIP_STORED), "BUNDLE-BYTES"),
    "compressed": (lambda c: packed(c, zipfile.ZIP_DEFLATED), "BUNDLE-SIZE"),
    "the reading note changed": (lambda c: with_file(c, "README.txt", b"trust me"), "BUNDLE-README"),
    "a count edited": (edited_count, "CHECKPOINT-ROOT"),
    "an event dropped": (dropped_event, "EVENT-SEQUENCE"),
    "two events swapped": (swapped_events, "EVENT-SEQUENCE"),
    "the same key twice in an event": (duplicate_key, "JSON-DUPLICATE-KEY"),
    "nesting to exhaust the reader": (deep, "JSON-DEPTH"),
    "an event not in canonical form": (not_canonical, "EVENT-CANONICAL"),
    "a number with a fraction": (float_count, "JSON-NUMBER"),
    "a number that readers take differently": (huge_count, "EVENT-FORM"),
    "a number of ten thousand digits": (endless_number, "JSON-FORM"),
    "a file with a look-alike name": (lambda c: with_file(c, "сertificate.json", c.certificate), "BUNDLE-EXTRA"),
    "a checkpoint of another size under this name": (
        lambda c: with_file(c, "checkpoints/0000000005.txt", read_zip(c.data)["checkpoints/0000000003.txt"]),
        "CHECKPOINT-NAME",
    ),
    "events of another campaign": (other_campaign, "EVENT-CAMPAIGN"),
    "another config": (swapped_config, "CONFIG-DIGEST"),
    "another certificate": (changed_certificate, "CERTIFICATE-DIGEST"),
    "a document hidden": (lambda c: with_file(c, "documents.json", b'[{"name":"x"}]'), "DOCUMENTS-DIFFER"),
    "the signature replaced": (lambda c: with_file(c, "certificate.sig", b"AAAA\n"), "CERTIFICATE-SIGNATURE"),
    "no checkpoint over the whole": (
        lambda c: with_file(c, f"checkpoints/{len(c.year.events):010d}.txt", None),
        "CHECKPOINT-LAST",
    ),
    "a broken checkpoint": (lambda c: with_file(c, "checkpoints/0000000003.txt", b"x"), "CHECKPOINT-FORM"),
}


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_bundle_fails_with_its_code(name: str, case: Case, tmp_path: Path) -> None:
    tamper, code = FORGERIES[name]
    assert code in check(tmp_path, tamper(case))


def test_a_cut_tail_is_found_with_the_checkpoint_the_ward_kept(case: Case, tmp_path: Path) -> None:
    case.year.events = case.year.events[:-1]
    case.year.drop("residue_scanned")
    certificate = case.year.finish()
    assert "LOG-CUT" in check(tmp_path, case.year.files(certificate), case.kept)


def test_a_rewritten_log_is_found_with_the_checkpoint_the_ward_kept(case: Case, tmp_path: Path) -> None:
    case.year.edit("call_list_made", lambda e: replace(e, counts={"listed": 19, "withdrawn": 0}))
    case.year.events.pop()
    certificate = case.year.finish()
    data = case.year.files(certificate)
    assert check(tmp_path, data) == []
    assert check(tmp_path, data, case.kept) == ["LOG-FORKED"]


def test_a_log_signed_anew_by_another_key_fails(case: Case, tmp_path: Path) -> None:
    case.year.signer = Ed25519PrivateKey.generate()
    data = case.year.files(case.certificate)
    assert check(tmp_path, data) == ["KEY-UNBOUND"]
    assert "KEPT-SIGNATURE" in check(tmp_path, data, case.kept)


Misdeed = Callable[[Year], None]


def set_actor(type: str, key: str, user: str, role: str) -> Misdeed:
    actor = {"party": "ward", "user": user, "role": role}
    return lambda year: year.edit(type, lambda e: replace(e, actor=actor), key)


def inserted(year: Year, before: str, type: str, key: str, codes: dict[str, str]) -> None:
    """One more event right before the first of another type."""
    added = year.add(type, key, codes=codes)
    at = next(i for i, e in enumerate(year.events) if e.type == before)
    order = [*year.events[:at], added, *year.events[at:-1]]
    year.events = [replace(e, sequence=i) for i, e in enumerate(order)]


def one_person_twice(year: Year) -> None:
    for type, key in (
        ("approval_requested", "dag/run/erase_ward"),
        ("artefact_opened", "dag/run/erase_ward/yamanashi"),
        ("approval_decided", "dag/run/erase_ward"),
    ):
        year.edit(type, lambda e: replace(e, codes={**e.codes, "role": CONTRACTOR[2]}), key)
        year.edit(type, lambda e: replace(e, actor=dict(zip(("party", "user", "role"), CONTRACTOR, strict=True))), key)
        if type == "artefact_opened":
            year.edit(type, lambda e: replace(e, key="dag/run/erase_ward/watanuki"), key)
    year.edit(
        "approval_requested",
        lambda e: replace(e, codes={n: v for n, v in e.codes.items() if n != "distinct_from"}),
        "dag/run/erase_ward",
    )


def counted(type: str, key: str | None = None, **changed: int) -> Misdeed:
    return lambda year: year.edit(type, lambda e: replace(e, counts={**e.counts, **changed}), key)


def coded(type: str, key: str, **changed: str) -> Misdeed:
    return lambda year: year.edit(type, lambda e: replace(e, codes={**e.codes, **changed}), key)


def voided_before(key: str) -> Misdeed:
    """Nobody answered the request in time, and it was approved all the same."""

    def misdeed(year: Year) -> None:
        added = year.add("approval_voided", key, codes={"reason": "timeout"})
        at = next(i for i, e in enumerate(year.events) if (e.type, e.key) == ("approval_decided", key))
        order = [*year.events[:at], added, *year.events[at:-1]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(order)]

    return misdeed


def dropped(type: str, key: str | None = None) -> Misdeed:
    return lambda year: year.drop(type, key)


def late(type: str, key: str, **parts: Any) -> Misdeed:
    """One more event at the end of the year, before it is certified."""
    return lambda year: year.add(type, key, **parts) and None


def moved_to_the_end(type: str, key: str) -> Misdeed:
    def misdeed(year: Year) -> None:
        event = next(e for e in year.events if (e.type, e.key) == (type, key))
        others = [e for e in year.events if e is not event]
        year.events = [replace(e, sequence=i) for i, e in enumerate([*others, event])]

    return misdeed


def uses(name: str) -> dict[str, Any]:
    kind, _, key = name.partition("/")
    return {"parents": {"0": {"kind": kind, "key": key, "digest": "0" * 64, "rows": 1}}}


def surplus_hides_a_lack(year: Year) -> None:
    counted("certificate_received", "printer", packages=0)(year)
    counted("certificate_received", "visitors", packages=2)(year)


def asked_instead(key: str, by: tuple[str, str, str]) -> Misdeed:
    """The request goes to another role, one of whose users opens the thing and approves it, all in good order."""

    def misdeed(year: Year) -> None:
        actor = dict(zip(("party", "user", "role"), by, strict=True))
        year.edit("approval_requested", lambda e: replace(e, codes={**e.codes, "role": by[2]}), key)
        opened = next(e for e in year.events if e.type == "artefact_opened" and e.key.startswith(f"{key}/"))
        year.edit("artefact_opened", lambda e: replace(e, actor=actor, key=f"{key}/{by[1]}"), opened.key)
        year.edit("approval_decided", lambda e: replace(e, actor=actor), key)

    return misdeed


def other_round(asked: Event) -> Event:
    return replace(asked, refs={"artefact": {**asked.refs["artefact"], "key": "call_1-a2"}})


#: What a contractor could do and sign properly: the rules and the account find it.
MISDEEDS: Mapping[str, tuple[Misdeed, str]] = {
    "an unassigned user approved": (
        set_actor("approval_decided", "dag/run/print_package", "mitarai", "ward_officer"),
        "APPROVAL-UNASSIGNED",
    ),
    "a stranger approved": (
        set_actor("approval_decided", "dag/run/call_list", "nobody", "ward_officer"),
        "APPROVAL-UNASSIGNED",
    ),
    "approved blind": (dropped("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}"), "APPROVAL-UNREAD"),
    "approved after one page of a list": (
        counted("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}", first=1, last=500, of=9_499),
        "APPROVAL-UNREAD",
    ),
    "approved after it had timed out": (voided_before("dag/run/visit_halves"), "APPROVAL-VOIDED"),
    "approved without a request": (dropped("approval_requested", "dag/run/visit_halves"), "APPROVAL-UNREQUESTED"),
    "approved another thing": (
        lambda y: y.edit("approval_decided", lambda e: replace(e, refs={"digest": "0" * 64}), "dag/run/call_list"),
        "APPROVAL-DIGEST",
    ),
    "one person for four eyes": (one_person_twice, "STATE-ERASED-FOUR-EYES"),
    "second approval rejected": (
        coded("approval_decided", "dag/run/erase_contractor", decision="reject"),
        "APPROVAL-FOUR-EYES",
    ),
    "erasure approved once": (dropped("approval_decided", "dag/run/erase_ward"), "STATE-ERASED-UNAPPROVED"),
    "erased under another plan": (coded("holding_erased", "roster/d01", plan="0" * 64), "STATE-ERASED-OTHER-PLAN"),
    "a planned target not erased": (dropped("holding_erased", "roster/d01"), "STATE-PLAN-UNFINISHED"),
    "erased what was not planned": (
        lambda y: y.edit("holding_erased", lambda e: replace(e, key="roster/other"), "roster/d01"),
        "STATE-ERASED-UNPLANNED",
    ),
    "a held delivery used without a decision": (
        coded("gate_evaluated", "target_list/d01", result="hold"),
        "STATE-GATE-BYPASSED",
    ),
    "a stopped delivery used": (coded("gate_evaluated", "target_list/d01", result="stop"), "STATE-GATE-BYPASSED"),
    "erased without a plan": (dropped("erasure_planned"), "STATE-ERASED-UNPLANNED"),
    "erased before the receipt": (dropped("handover_receipted"), "STATE-ERASED-UNRECEIPTED"),
    "cards released without approval": (
        dropped("approval_decided", "dag/run/print_package"),
        "STATE-RELEASE-UNAPPROVED",
    ),
    "list released without a gate": (dropped("gate_evaluated", "call_release/call_1-a1"), "STATE-RELEASE-UNGATED"),
    "list released through a held gate": (
        coded("gate_evaluated", "visit_release/visit_1", result="stop"),
        "STATE-RELEASE-GATE",
    ),
    "a party without consent": (dropped("party_registered", "printer"), "STATE-CONSENT"),
    "a certificate of 丙 missing": (dropped("certificate_received", "visitors"), "STATE-CERTIFICATE-MISSING"),
    "a holding kept": (dropped("snapshot_erased", "roster/d01"), "STATE-NOT-ERASED"),
    "a medium kept": (dropped("medium_returned"), "STATE-NOT-RETURNED"),
    **{f"the key {name} kept": (dropped("keys_destroyed", name), "STATE-KEY-KEPT") for name in PERSONAL_KEYS},
    "fewer packages certified than handed over": (
        counted("certificate_received", "printer", packages=0),
        "COUNT-UNBALANCED",
    ),
    "one party certified what lay with another": (surplus_hides_a_lack, "COUNT-UNBALANCED"),
    "a package left out of the inventory": (counted("inventory_taken", packages=2, holdings=11), "COUNT-UNBALANCED"),
    "cards released by another role": (
        asked_instead("dag/run/print_package", CONTRACTOR),
        "STATE-RELEASE-ROLE",
    ),
    "a list released by another role": (asked_instead("dag/run/call_list", OFFICER), "STATE-RELEASE-ROLE"),
    "cards released on the opening's approval": (
        coded("package_handed_over", "printer/print_package/mailing_1", authority="dag/run/opening"),
        "STATE-RELEASE-OTHER",
    ),
    "a list released on the decision about another round": (
        lambda y: y.edit("approval_requested", other_round, "dag/run/call_list"),
        "STATE-RELEASE-OTHER",
    ),
    "erased on the word of the wrong roles": (asked_instead("dag/run/erase_ward", OFFICER), "STATE-ERASED-ROLE"),
    "traces kept": (dropped("traces_purged"), "STATE-TRACES"),
    "no scan": (dropped("residue_scanned"), "STATE-UNSCANNED"),
    "residue found": (counted("residue_scanned", hits=1), "STATE-RESIDUE"),
    "a file not read": (counted("residue_scanned", unread=1), "STATE-RESIDUE"),
    "an incident left open": (dropped("incident_closed"), "STATE-INCIDENT-OPEN"),
    "work before the ward approved the opening": (dropped("approval_decided", "dag/run/opening"), "STATE-UNOPENED"),
    "work although the ward sent the opening back": (
        coded("approval_decided", "dag/run/opening", decision="reject"),
        "STATE-UNOPENED",
    ),
    "not begun with the opening": (dropped("campaign_opened"), "STATE-FIRST"),
    "outside the contract": (
        lambda y: y.edit("call_list_made", lambda e: replace(e, campaign_date="2028-03-01")),
        "STATE-DATE",
    ),
    "sheets that do not balance": (counted("sheets_in", sheets=3), "COUNT-UNBALANCED"),
    "cards that do not balance": (counted("print_reported", posted=54), "COUNT-UNBALANCED"),
    "rows that vanish at intake": (counted("delivery_accepted", rows_target_list=101), "COUNT-UNBALANCED"),
    "丙 given something after its certificate": (
        moved_to_the_end("package_handed_over", "printer/print_package/mailing_1"),
        "CUSTODY-CERTIFICATE-EARLY",
    ),
    "results from a party nobody knows": (
        late("package_received", "nobody/call_results/c9", codes={"party": "nobody", "kind": "call_results"}),
        "CUSTODY-PARTY",
    ),
    "a holding used after its erasure": (
        late("wave_selected", "mailing_9", refs=uses("roster/d01")),
        "CUSTODY-USED-ERASED",
    ),
    "a holding stored after the key was destroyed": (
        lambda y: y.add("snapshot_stored", "roster/d02", refs={"holding": uses("roster/d02")["parents"]["0"]}) and None,
        "CUSTODY-KEY-USED",
    ),
    "a holding erased that never was": (late("snapshot_erased", "roster/d77"), "CUSTODY-UNKNOWN"),
    "a medium returned that never came": (late("medium_returned", "d77"), "CUSTODY-MEDIUM"),
    "a sheet that comes in and never went out": (late("sheets_in", "visit_9/2027-10-13/1"), "CUSTODY-SHEETS"),
    "sheets back before they went": (moved_to_the_end("sheets_out", "visit_1/2027-10-13/1"), "CUSTODY-SHEETS"),
    "a key whose deletion is pending called destroyed": (
        lambda y: inserted(y, "keys_destroyed", "key_deletion_scheduled", "health", {"until": "2028-02-29"}),
        "CUSTODY-KEY-PENDING",
    ),
    "a user whose name only looks like another's": (
        set_actor("artefact_opened", f"dag/run/visit_halves/{OFFICER[1]}", OFFICER[1].replace("a", "а"), OFFICER[2]),
        "EVENT-CONTENT",
    ),
    "a decision by a look-alike": (
        set_actor("approval_decided", "dag/run/visit_halves", OFFICER[1].replace("a", "а"), OFFICER[2]),
        "APPROVAL-UNASSIGNED",
    ),
    "full-width digits in a key": (coded("wave_selected", "mailing_1", day="２０２７"), "EVENT-CONTENT"),
    "a negative count": (counted("inventory_taken", media=-1), "COUNT-NEGATIVE"),
    "an event twice": (lambda y: y.add("medium_returned", "d01") and None, "EVENT-TWICE"),
    "prose in a code": (coded("gate_evaluated", "call_release/call_1-a1", result="合格"), "EVENT-CONTENT"),
}


# what the certificate says beside the log                        found
LIES: list[tuple[str, Any, str]] = [
    ("log_size", 3, "CERTIFICATE-ROOT"),
    ("log_root", "0" * 64, "CERTIFICATE-ROOT"),
    ("erased_on", "2027-04-01", "CERTIFICATE-FACTS"),
    ("simulation", "", "CERTIFICATE-FACTS"),
    ("scan", {"files": 10, "bytes": 1000, "needles": 99, "hits": 1}, "CERTIFICATE-FACTS"),
    ("scan", {"files": 99999, "bytes": 1000, "needles": 99, "hits": 0}, "CERTIFICATE-FACTS"),
    ("erasure", {"planned": 3, "erased": 3}, "CERTIFICATE-FACTS"),
    ("counts", {}, "CERTIFICATE-COUNTS"),
]


@pytest.mark.parametrize(("field", "value", "code"), LIES)
def test_a_certificate_that_says_other_than_its_log_fails(
    mini: CampaignConfig, tmp_path: Path, field: str, value: Any, code: str
) -> None:
    year = lawful_year(mini)
    said = json.loads(year.finish())
    year.events.pop()
    lie = canonical_json({**said, field: value})
    year.add("campaign_certified", "certificate", refs={"certificate": sha256(lie)})
    path = tmp_path / "evidence.zip"
    path.write_bytes(year.files(lie))
    assert {f.code for f in verify_bundle(path)} == {code}


YES = {"reason_required": "yes"}
# fmt: off
# who decided a held gate, upon what                                        why            lawful
HELD: list[tuple[tuple[str, str, str], str, dict[str, str], str, bool]] = [
    (CONTRACTOR, "gate_summary/d01",     YES, "known_cause",   True),
    (CONTRACTOR, "gate_summary/d00.d01", YES, "accepted_risk", True),
    (CONTRACTOR, "gate_summary/d02",     YES, "known_cause",   False),
    (CONTRACTOR, "gate_summary/d011",    YES, "known_cause",   False),
    (CONTRACTOR, "plan_document/d01",    YES, "known_cause",   False),
    (CONTRACTOR, "gate_summary/d01",     {},  "known_cause",   False),
    (CONTRACTOR, "gate_summary/d01",     YES, "none",          False),
    (CONTRACTOR, "gate_summary/d01",     YES, "because",       False),
    (OFFICER,    "gate_summary/d01",     YES, "known_cause",   False),
    (ENGINEER,   "gate_summary/d01",     YES, "known_cause",   False),
]
# fmt: on


@pytest.mark.parametrize(("by", "artefact", "asked", "reason", "lawful"), HELD)
def test_a_held_gate_is_passed_by_its_owners_decision_on_its_own_summary(
    mini: CampaignConfig, by: tuple[str, str, str], artefact: str, asked: dict[str, str], reason: str, lawful: bool
) -> None:
    year = Year(mini)
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", by, "0" * 64, artefact, **asked)
    year.edit("approval_decided", lambda e: replace(e, codes={**e.codes, "reason": reason}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    found = {f.code for f in violations(year.events, year.facts)}
    assert ("STATE-GATE-BYPASSED" not in found) is lawful


@pytest.mark.parametrize(("by", "lawful"), [(OFFICER, True), (CONTRACTOR, False)])
def test_the_owner_of_the_gates_is_whom_the_configuration_names(
    mini: CampaignConfig, by: tuple[str, str, str], lawful: bool
) -> None:
    gates = tuple(g.model_copy(update={"owner": Role.WARD_OFFICER}) for g in mini.gates)
    year = Year(mini.model_copy(update={"gates": gates}))
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", by, "0" * 64, "gate_summary/d01", **YES)
    year.edit("approval_decided", lambda e: replace(e, codes={**e.codes, "reason": "known_cause"}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    found = {f.code for f in violations(year.events, year.facts)}
    assert ("STATE-GATE-BYPASSED" not in found) is lawful


@pytest.mark.parametrize("decision", ["reject", "invalid", ""])
def test_no_outcome_but_an_approval_passes_a_held_gate(mini: CampaignConfig, decision: str) -> None:
    year = Year(mini)
    year.add("gate_evaluated", "target_list/d01", counts={"rows": 1}, codes={"result": "hold"})
    year.approve("dag/run/gate", CONTRACTOR, "0" * 64, "gate_summary/d01", **YES)
    year.edit("approval_decided", lambda e: replace(e, codes={"decision": decision, "reason": "known_cause"}))
    year.add("snapshot_stored", "roster/d01", refs={"holding": {"kind": "roster", "key": "d01"}})
    assert "STATE-GATE-BYPASSED" in {f.code for f in violations(year.events, year.facts)}


@pytest.fixture
def before(mini: CampaignConfig) -> CampaignConfig:
    """The year's configuration while another officer held the ward's approval."""
    handlers = tuple(h.model_copy(update={"user": "kagurazaka"}) if h.user == OFFICER[1] else h for h in mini.handlers)
    return mini.model_copy(update={"handlers": handlers})


def _checked(year: Year, tmp_path: Path) -> set[str]:
    path = tmp_path / "evidence.zip"
    path.write_bytes(year.files(year.finish()))
    return {f.code for f in verify_bundle(path)}


def test_a_decision_is_judged_by_who_held_the_role_then(
    mini: CampaignConfig, before: CampaignConfig, tmp_path: Path
) -> None:
    assert _checked(lawful_year(mini, replaces=before, officer="kagurazaka"), tmp_path) == set()
    assert "APPROVAL-UNASSIGNED" in _checked(lawful_year(mini, replaces=before), tmp_path)


AMENDED: dict[str, tuple[Callable[[Year], None], str]] = {
    "without a decision": (dropped("approval_decided", "dag/run/amendment"), "STATE-AMENDMENT-UNAPPROVED"),
    "sent back": (coded("approval_decided", "dag/run/amendment", decision="reject"), "STATE-AMENDMENT-UNAPPROVED"),
    "on another decision": (
        lambda y: y.edit("config_amended", lambda e: replace(e, codes={**e.codes, "authority": "dag/run/opening"})),
        "STATE-AMENDMENT-OTHER",
    ),
    "approved by another role": (
        coded("approval_requested", "dag/run/amendment", role="contractor_manager"),
        "STATE-AMENDMENT-OTHER",
    ),
    "the configuration before left out": (lambda y: setattr(y, "earlier", ()), "CONFIG-ABSENT"),
}


@pytest.mark.parametrize("name", AMENDED)
def test_a_configuration_is_replaced_only_as_the_ward_approved(
    name: str, mini: CampaignConfig, before: CampaignConfig, tmp_path: Path
) -> None:
    misdeed, code = AMENDED[name]
    year = lawful_year(mini, replaces=before, officer="kagurazaka")
    misdeed(year)
    assert code in _checked(year, tmp_path)


@pytest.mark.parametrize("name", MISDEEDS)
def test_a_misdeed_that_is_properly_signed_fails_with_its_code(name: str, mini: CampaignConfig, tmp_path: Path) -> None:
    misdeed, code = MISDEEDS[name]
    year = lawful_year(mini)
    misdeed(year)
    assert code in check(tmp_path, year.files(year.finish()))


def test_a_holding_stored_after_its_own_class_lost_its_key_is_found(mini: CampaignConfig) -> None:
    for name, kinds in CLASSES.items():
        year = Year(mini)
        year.add("keys_destroyed", "health")
        holding = {"kind": min(kinds), "key": "d02", "digest": "", "rows": 1}
        year.add("snapshot_stored", f"{min(kinds)}/d02", refs={"holding": holding})
        found = [f for f in custody_findings(year.events) if f.code == "CUSTODY-KEY-USED"]
        assert bool(found) is (name == "health")
        assert all("key health" in f.text for f in found)


def test_every_code_is_explained_in_the_reference() -> None:
    root = Path(__file__).resolve().parents[2]
    judging = ("access", "clock", "closing", "custody", "opening", "decision")
    other = ("verify", "rules", "facts", "signed", "countersignatures", "certified", "strict", "checkpoint")
    rooms = (*other, *(f"{room}_rules" for room in judging))
    source = "".join((root / f"include/kansho/evidence/{room}.py").read_text(encoding="utf-8") for room in rooms)
    raised = set(re.findall(r'"((?:[A-Z]+-)+[A-Z]+)"', source)) - {"UTF-8"}
    page = (root / "docs/reference/evidence.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Z-]+)`", page, re.MULTILINE))
    assert raised | {"KEPT-FORM", "KEPT-SIGNATURE"} == explained


def test_nothing_follows_the_certification(case: Case, tmp_path: Path) -> None:
    case.year.add("call_list_made", "late", counts={"listed": 1})
    assert check(tmp_path, case.year.files(case.certificate)) == ["STATE-AFTER-END"]


def test_an_uncertified_log_is_no_evidence(case: Case, tmp_path: Path) -> None:
    case.year.events.pop()
    assert "STATE-UNCERTIFIED" in check(tmp_path, case.year.files(case.certificate))


def test_a_campaign_date_ahead_of_the_clock_needs_a_declared_simulation(mini: CampaignConfig, tmp_path: Path) -> None:
    year = lawful_year(mini)
    year.edit("campaign_opened", lambda e: replace(e, codes={**e.codes, "simulation": "false"}))
    year.edit("call_list_made", lambda e: replace(e, recorded_at="2026-01-01T00:00:00.000000Z"))
    assert "STATE-CLOCK" in check(tmp_path, year.files(year.finish()))


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    assert [f.code for f in verify_bundle(tmp_path / "none.zip")] == ["BUNDLE-ABSENT"]


def test_no_event_however_odd_makes_the_verifier_stumble(case: Case) -> None:
    """Values of any shape in any place, properly canonical and packed: findings, never an exception."""
    rng = random.Random(10)
    odd: list[object] = [None, [], {}, "", "x" * 300, -1, 10**30, True, ["a"], {"digest": 3}, {"a": {"b": []}}]
    files = dict(read_zip(case.data))
    events = [json.loads(line) for line in lines(case)]
    for _ in range(400):
        at = rng.randrange(len(events))
        event = json.loads(json.dumps(events[at]))
        field = rng.choice([*event, "counts", "codes", "refs"])
        inner = event[field]
        if isinstance(inner, dict) and inner and rng.random() < 0.8:
            inner[rng.choice(list(inner))] = rng.choice(odd)
        else:
            event[field] = rng.choice(odd)
        changed = [*events[:at], event, *events[at + 1 :]]
        files["events.jsonl"] = b"".join(canonical_json(e) + b"\n" for e in changed)
        if event != events[at]:
            assert verify_files(files), (field, event)
