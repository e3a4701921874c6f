"""Ways to tamper with a bundle, and with a year before it is signed.  Not a test; the table is `test_attacks`."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.evidence.bundle import sha256
from kansho.evidence.carried import PAPER, WORDS
from kansho.evidence.checkpoint import cosign, read_checkpoint, sign_checkpoint, write_verifier_key
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.strict import read_zip, write_zip
from tests.unit.evidence_year import (
    CONTRACTOR,
    HANDED_BACK,
    PLACES,
    SYSTEM,
    Year,
    hand_over,
    lawful_year,
    receipt,
    scanned,
    words_of,
)

EVIDENCE = Path(__file__).resolve().parents[2] / "include" / "kansho" / "evidence"
WARD = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
THIEF = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
THIRD, FIFTH = "checkpoints/0000000003.txt", "checkpoints/0000000005.txt"


@dataclass
class Case:
    """What a tamperer is given, and what the ward kept."""

    year: Year
    certificate: bytes
    data: bytes
    kept: str


@dataclass
class Given:
    """What an auditor has on the table: the bundle, and what the ward kept; None: the file is not there."""

    data: bytes | None
    kept: list[str | None] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    ward_key: bytes | None = None
    ward_key_absent: bool = False


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


def edited(case: Case, old: bytes, new: bytes) -> bytes:
    """The bytes of the events changed, nothing signed anew."""
    data = read_zip(case.data)["events.jsonl"]
    assert old in data
    return with_file(case, "events.jsonl", data.replace(old, new))


def edited_count(case: Case) -> bytes:
    return with_lines(case, [line.replace(b'"posted":55', b'"posted":56') for line in lines(case)])


def dropped_event(case: Case) -> bytes:
    return with_lines(case, [line for i, line in enumerate(lines(case)) if i != 5])


def swapped_events(case: Case) -> bytes:
    found = lines(case)
    found[4], found[5] = found[5], found[4]
    return with_lines(case, found)


def repeated_event(case: Case) -> bytes:
    found = lines(case)
    return with_lines(case, [*found[:6], found[5], *found[6:]])


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


def cut_within_an_event(case: Case) -> bytes:
    return with_file(case, "events.jsonl", read_zip(case.data)["events.jsonl"][:-9])


def of_another_key() -> str:
    return sign_checkpoint("sumida_2027", 3, bytes(32), THIEF).text


def older_checkpoint_only(case: Case) -> bytes:
    return with_file(case, last_checkpoint(case), None)


def last_checkpoint(case: Case) -> str:
    return f"checkpoints/{len(case.year.events):010d}.txt"


def other_log_of_the_same_key(case: Case) -> str:
    """A checkpoint of the year before, which the same key signed."""
    return sign_checkpoint("sumida_2026", 3, bytes(32), case.year.signer).text


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


Misdeed = Callable[[Year], None]


def set_actor(type: str, key: str, user: str, role: str) -> Misdeed:
    actor = {"party": "ward", "user": user, "role": role}
    return lambda year: year.edit(type, lambda e: replace(e, actor=actor), key)


def inserted(year: Year, before: str, type: str, key: str, codes: dict[str, str], of: str | None = None) -> None:
    """One more event right before the first of another type (and key)."""
    added = year.add(type, key, codes=codes)
    at = next(i for i, e in enumerate(year.events) if e.type == before and of in (None, e.key))
    order = [*year.events[:at], added, *year.events[at:-1]]
    year.events = [replace(e, sequence=i) for i, e in enumerate(order)]


def asked_again(year: Year) -> None:
    """The gate lets a second print run through just before the package leaves, but nothing was printed again."""
    codes = {"gate": "print_release", "result": "pass", "rules": ""}
    package = "printer/print_package/mailing_1"
    inserted(year, "package_handed_over", "gate_evaluated", "print_release/mailing_1-p02", codes, of=package)


def printed_again(packed: str) -> Misdeed:
    """The gate stopped a print run; all was printed again and let through; a file of that name was packed."""
    package = "printer/print_package/mailing_1"

    def misdeed(year: Year) -> None:
        coded("gate_evaluated", "print_release/mailing_1", result="stop")(year)
        inserted(year, "package_handed_over", "cards_rendered", "mailing_1-p02", {}, of=package)
        asked_again(year)
        files = {"files": {packed: 1, "print_list.csv": 1}}
        year.edit("package_handed_over", lambda e: replace(e, refs={**e.refs, **files}), package)

    return misdeed


def voided_before(key: str) -> Misdeed:
    """Nobody answered the request in time, and it was approved all the same."""

    def misdeed(year: Year) -> None:
        added = year.add("approval_voided", key, codes={"reason": "timeout"})
        at = next(i for i, e in enumerate(year.events) if (e.type, e.key) == ("approval_decided", key))
        order = [*year.events[:at], added, *year.events[at:-1]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(order)]

    return misdeed


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


def told_at_the_end(type: str, key: str, **changed: str) -> Misdeed:
    """The event is not told when it happened but before the year is certified, with these codes changed."""

    def misdeed(year: Year) -> None:
        event = next(e for e in year.events if (e.type, e.key) == (type, key))
        year.drop(type, key)
        year.add(type, key, codes={**event.codes, **changed})

    return misdeed


def moved_before(type: str, key: str, other: str, before: str) -> Misdeed:
    """An event happens just before, and on the day of, another (its type and key)."""

    def misdeed(year: Year) -> None:
        event, then = event_of(year, type, key), event_of(year, other, before)
        others = [e for e in year.events if e is not event]
        at = others.index(then)
        told = [*others[:at], replace(event, campaign_date=then.campaign_date), *others[at:]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(told)]

    return misdeed


#: The hand-over of the lawful year.
HANDED = "ward/handover/handover-1"


def handed_again(by: tuple[str, str, str] | None) -> Misdeed:
    """Just before the erasure everything is handed over once more, and receipted by somebody; None: by nobody."""

    def misdeed(year: Year) -> None:
        size = len(year.events)
        hand_over(year, "handover-2", HANDED_BACK)
        if by is not None:
            receipt(year, "handover-2", HANDED_BACK, by)
        at = event_of(year, "inventory_taken").sequence
        day = year.config.closing.handover_on.isoformat()
        added = [replace(e, campaign_date=day) for e in year.events[size:]]
        order = [*year.events[:at], *added, *year.events[at:size]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(order)]

    return misdeed


def handed_back(**counts: int) -> Misdeed:
    """The hand-over and its receipt say other numbers, and are one about them."""
    return all_of(
        counted("package_handed_over", HANDED, **counts), counted("handover_receipted", "handover-1", **counts)
    )


def holding(name: str) -> dict[str, Any]:
    kind, _, key = name.partition("/")
    return {"kind": kind, "key": key, "digest": "0" * 64, "rows": 1}


def uses(name: str) -> dict[str, Any]:
    return {"parents": {"0": holding(name)}}


def made_of(name: str, *parents: str, digest: str = "") -> Misdeed:
    """A holding names other parents than it had."""
    told = [{**holding(p), "digest": digest or sha256(p.encode())} for p in parents]

    def change(stored: Event) -> Event:
        return replace(stored, refs={**stored.refs, "parents": {str(i): p for i, p in enumerate(told)}})

    return lambda year: year.edit("snapshot_stored", change, name)


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


def event_of(year: Year, type: str, key: str | None = None) -> Event:
    return next(e for e in year.events if e.type == type and key in (None, e.key))


def changed(type: str, key: str | None = None, **parts: Any) -> Misdeed:
    """Fields of an event replaced."""
    return lambda year: year.edit(type, lambda e: replace(e, **parts), key)


def on(type: str, day: str, key: str | None = None) -> Misdeed:
    """An event happens on another day."""
    return changed(type, key, campaign_date=day)


def renamed_incident(key: str) -> Misdeed:
    """The incident of the year, told, reported and closed, under the key of another."""

    def misdeed(year: Year) -> None:
        year.events = [
            replace(e, key=e.key.replace("sheet-1", key)) if e.key.rpartition("/")[2] == "sheet-1" else e
            for e in year.events
        ]

    return misdeed


def refused_before(day: str, code: str, delivery: str) -> Misdeed:
    """A delivery was refused on an earlier day, right before the incident was opened."""

    def misdeed(year: Year) -> None:
        inserted(year, "incident_opened", "delivery_refused", delivery, {"delivery": delivery, "code": code})
        on("delivery_refused", day, delivery)(year)

    return misdeed


def lasting(name: str, until: str) -> Misdeed:
    """A holding is registered with another erase-by day."""
    return coded("snapshot_stored", name, erase_by=until)


def all_of(*deeds: Misdeed) -> Misdeed:
    def misdeed(year: Year) -> None:
        for deed in deeds:
            deed(year)

    return misdeed


def read_as(purpose: str, name: str = "roster/d01", by: tuple[str, str, str] = SYSTEM, **parts: Any) -> Misdeed:
    """Somebody reads a snapshot right after the one lawful reading."""

    def misdeed(year: Year) -> None:
        who = "system" if by[2] == "system" else by[1]
        refs = {"digest": parts.pop("digest", sha256(name.encode()))}
        key = parts.pop("key", f"{name}@{purpose}/{who}")
        added = year.add("snapshot_read", key, by, codes={"purpose": purpose}, refs=refs)
        at = event_of(year, "plan_made").sequence
        order = [*year.events[:at], added, *year.events[at:-1]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(order)]

    return misdeed


def left(handler: str, day: str) -> Misdeed:
    """A handler's registration ends."""

    def misdeed(year: Year) -> None:
        here = event_of(year, "handler_registered", handler)
        year.today = date.fromisoformat(day)
        codes = {**here.codes, "ended_on": day}
        added = year.add("handler_registered", f"{handler}/2", codes=codes, names=here.names)
        at = event_of(year, "plan_made").sequence
        order = [*year.events[:at], added, *year.events[at:-1]]
        year.events = [replace(e, sequence=i) for i, e in enumerate(order)]

    return misdeed


def certificate_says(field: str, value: Any) -> Misdeed:
    """A certificate that is signed and bound by the log, and says something else in one field."""

    def misdeed(year: Year) -> None:
        said = json.loads(year.finish())
        year.events.pop()
        year.lie = canonical_json({**said, field: value})

    return misdeed


def certificate_lacks(field: str) -> Misdeed:
    """The same, and one field is missing."""

    def misdeed(year: Year) -> None:
        said = json.loads(year.finish())
        year.events.pop()
        year.lie = canonical_json({name: value for name, value in said.items() if name != field})

    return misdeed


def certificate_in_another_form(year: Year) -> None:
    """Says what it must, in another form than the one that everybody makes of it."""
    said = json.loads(year.finish())
    year.events.pop()
    year.lie = json.dumps(said).encode()


def scan_of(places: Mapping[str, tuple[int, int]], needles: int = 99) -> Misdeed:
    """The scan looked elsewhere, or for something else, and counted properly what it did."""

    def misdeed(year: Year) -> None:
        scanned(year, "other", places, needles)
        told = year.events.pop()
        year.edit("residue_scanned", lambda e: replace(e, counts=told.counts, refs=told.refs), "scan-1")

    return misdeed


def scan_without(*left_out: str) -> Misdeed:
    return scan_of({place: told for place, told in PLACES.items() if place not in left_out})


def pending_at_an_interim(key: str, until: str) -> Misdeed:
    """A key service has a key until a day; what was erased beside it is certified meanwhile."""
    return all_of(only_scheduled(key, until), late("interim_certified", "interim-1"))


def scan_years_later_behind_an_interim(year: Year) -> None:
    """An interim certification right at the beginning, and everything after it on whatever day."""
    inserted(year, "seed_committed", "interim_certified", "interim", {})
    on("residue_scanned", "2030-05-01")(year)


def certified_years_later_behind_an_interim(year: Year) -> None:
    inserted(year, "seed_committed", "interim_certified", "interim", {})
    year.today = date(2030, 5, 1)


def countersigned(case: Case, ward: Ed25519PrivateKey) -> tuple[str, str]:
    """Name and text of the third checkpoint, which the ward has signed too."""
    return "countersigned/0000000003.txt", cosign(case.year.checkpoint(3), ward)


def with_a_countersignature(case: Case) -> bytes:
    name, text = countersigned(case, WARD)
    return with_file(case, name, text.encode())


def key_of(signer: Ed25519PrivateKey) -> bytes:
    """The ward's verifier key as a file."""
    return write_verifier_key("kansho/sumida_2027/ward", signer.public_key().public_bytes_raw()).encode()


def paper(case: Case) -> str:
    """Size and short root as the last paper printed them."""
    read = read_checkpoint(case.kept, case.year.public)
    return f"{read.size} {read.short_root}"


def rewritten(case: Case, deed: Misdeed) -> bytes:
    """The same year told otherwise, and signed by the same key."""
    case.year.events.pop()
    deed(case.year)
    return case.year.files(case.year.finish())


def other_side(case: Case) -> str:
    """A checkpoint of the same size over another log."""
    events, size = list(case.year.events), len(case.year.events)
    counted("call_list_made", listed=19)(case.year)
    text = case.year.checkpoint(size)
    case.year.events = events
    return text


def by_another_key(case: Case) -> bytes:
    case.year.signer = THIEF
    return case.year.files(case.certificate)


def with_the_wards(
    case: Case,
    registered: Ed25519PrivateKey,
    *,
    signs: Ed25519PrivateKey | None = None,
    keep: bool = True,
    drop: str = "",
) -> bytes:
    """A year whose third checkpoint came back countersigned."""
    year = case.year
    year.events.pop()
    name, text = countersigned(case, signs or registered)
    year.add("cosigner_registered", "ward", codes={"public": registered.public_key().public_bytes_raw().hex()})
    told = {"sha256": sha256(text.encode())}
    year.add("checkpoint_countersigned", "3", counts={"size": 3}, codes={"by": "ward"}, refs=told)
    files = dict(read_zip(year.files(year.finish())))
    if keep:
        files[name] = text.encode()
    files.pop(drop, None)
    return write_zip(files)


def amended(case: Case, deed: Misdeed) -> bytes:
    """A year that opened under another configuration, which the ward's officer of then approved to change."""
    config = case.year.config
    handlers = tuple(
        h.model_copy(update={"user": "kagurazaka"}) if h.user == "takanashi" else h for h in config.handlers
    )
    before = config.model_copy(update={"handlers": handlers})
    year = lawful_year(config, replaces=before, officer="kagurazaka")
    deed(year)
    return year.files(year.finish())


def on_another_decision(year: Year) -> None:
    year.edit("config_amended", lambda e: replace(e, codes={**e.codes, "authority": "dag/run/opening"}))


def after_the_end(case: Case) -> bytes:
    case.year.add("call_list_made", "late", counts={"listed": 0})
    return case.year.files(case.certificate)


def uncertified(case: Case) -> bytes:
    case.year.events.pop()
    return case.year.files(case.certificate)


def renamed(type: str, key: str, other: str) -> Misdeed:
    return lambda year: year.edit(type, lambda e: replace(e, key=other), key)


def certified_otherwise(party: str, change: Callable[[dict[str, Any]], None] | bytes) -> Misdeed:
    """A 丙's certificate said something else, and was taken in and issued as it came."""

    def misdeed(year: Year) -> None:
        words = words_of(year, party)
        if not isinstance(change, bytes):
            change(words)
        data = change if isinstance(change, bytes) else canonical_json(words)
        year.papers[sha256(data)] = data
        year.edit("document_issued", lambda e: replace(e, refs={"sha256": sha256(data)}), WORDS.format(party))
        year.edit("certificate_received", lambda e: replace(e, refs={**e.refs, "sha256": sha256(data)}), party)

    return misdeed


def passed_over(party: str) -> Misdeed:
    """A 丙's signed paper was never issued, and the log does not say what came."""

    def misdeed(year: Year) -> None:
        year.drop("document_issued", PAPER.format(party))
        year.edit("certificate_received", lambda e: replace(e, refs={"sha256": e.refs["sha256"]}), party)

    return misdeed


def shadowed(party: str) -> Misdeed:
    """A 丙's certificate says another deed; a second one, kinder, goes by the same name in the bundle."""

    def misdeed(year: Year) -> None:
        kinder = canonical_json(words_of(year, party))
        certified_otherwise(party, lambda words: words.update(method="other"))(year)
        year.issue(WORDS.format(party).removeprefix("documents/"), "subcontractor_certificate", kinder)

    return misdeed


def kept_by(party: str, target: str, paper: str) -> Misdeed:
    """The paper of a deed by hand was never issued; somebody is said to keep it."""

    def misdeed(year: Year) -> None:
        coded("manual_target_closed", target, document=f"held:{party}")(year)
        year.drop("document_issued", paper)

    return misdeed


def only_scheduled(key: str, until: str) -> Misdeed:
    """The deletion of a key is ordered, and nobody saw it done."""
    return lambda year: year.edit(
        "keys_destroyed", lambda e: replace(e, type="key_deletion_scheduled", codes={"until": until}), key
    )


def root_at(case: Case, size: int) -> str:
    return read_checkpoint(case.year.checkpoint(size), case.year.public).short_root


#: Modules that find something, or whose errors are told as findings.
_JUDGING = (
    *("access", "clock", "closing", "custody", "opening", "decision", "deadline", "handover", "oversight", "work"),
    *("copy", "ended", "finish", "hand", "incident", "order", "papers", "party", "protection", "release", "scan"),
)
_OTHER = (
    *("verify", "log_lines", "rules", "account", "conserved", "handover_account", "facts", "signed", "paper"),
    *("carried", "countersignatures", "certified", "strict", "checkpoint", "whole"),
)


def raised_codes() -> set[str]:
    """Every code that `kansho verify` can tell, from its source."""
    rooms = (*_OTHER, *(f"{room}_rules" for room in _JUDGING))
    source = "".join((EVIDENCE / f"{room}.py").read_text(encoding="utf-8") for room in rooms)
    return set(re.findall(r'"((?:[A-Z]+-)+[A-Z]+)"', source)) - {"UTF-8"} | {"KEPT-SIGNATURE"}
