"""``kansho verify``: whether a bundle is whole, signed, unforked, orderly and balanced; offline.

Belongs here: the checks from bytes upwards, each with its own code.  Stands on the standard library,
cryptography and this room alone: no network, no Airflow, no pandas, no vault key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from kansho.errors import KanshoError
from kansho.evidence import bundle as names
from kansho.evidence.account import unbalanced
from kansho.evidence.carried import NAME as PAPER_NAME
from kansho.evidence.carried import carried_findings
from kansho.evidence.certified import certified_part
from kansho.evidence.checkpoint import cosigner_of, origin_of, read_verifier_key
from kansho.evidence.clock_rules import clock_findings
from kansho.evidence.countersignatures import NAME as COUNTERSIGNED
from kansho.evidence.countersignatures import countersignature_findings, ward_key_findings
from kansho.evidence.events import Event, check_content, day_in_japan
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.findings import Finding
from kansho.evidence.log_lines import read_log
from kansho.evidence.lookalike import imitates
from kansho.evidence.paper import paper_findings
from kansho.evidence.rules import violations
from kansho.evidence.signed import CHECKPOINT_NAME, STAMP_NAME, kept_checkpoints, own_checkpoints, timestamps
from kansho.evidence.strict import read_json, read_zip
from kansho.evidence.whole import differences, whole_certificate

_EARLIER_NAME = re.compile(r"configs/[0-9a-f]{64}\.json\Z")
_OTHER_NAMES = (CHECKPOINT_NAME, _EARLIER_NAME, STAMP_NAME, COUNTERSIGNED, PAPER_NAME)


def verify_bundle(path: Path, *checkpoints: Path, papers: Iterable[str] = ()) -> list[Finding]:
    """Everything that does not hold; an empty list is a pass.

    ``checkpoints`` are those that the ward kept: with them a cut or rewritten log is found, and a log signed anew by
    another key.  ``papers`` are the same as printed (`kansho.evidence.paper`).
    """
    return judge_bundle(path, checkpoints, papers=papers)[1]


def judge_bundle(
    path: Path, checkpoints: Iterable[Path] = (), ward_key: Path | None = None, papers: Iterable[str] = ()
) -> tuple[list[Event], list[Finding]]:
    """The log of a bundle, as far as it can be read, and everything that does not hold.

    ``ward_key`` is a file with the ward's verifier key (C2SP signed note) as the ward itself gave it.
    """
    try:
        files = read_zip(path.read_bytes())
    except KanshoError as error:
        return [], [_finding(error)]
    except OSError:
        return [], [Finding("BUNDLE-ABSENT", path.name, "no readable file")]
    kept = []
    for checkpoint in checkpoints:
        try:
            kept.append((checkpoint.name, checkpoint.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            return [], [Finding("CHECKPOINT-ABSENT", checkpoint.name, "no readable file")]
    wards = None
    if ward_key is not None:
        try:
            wards = ward_key.read_bytes()
        except OSError:
            return [], [Finding("WARD-KEY-ABSENT", ward_key.name, "no readable file")]
    return judge_files(files, kept, wards, papers)


def verify_files(files: Mapping[str, bytes], kept: Iterable[tuple[str, str]] = ()) -> list[Finding]:
    """Everything that does not hold in the bundle's files; see `verify_bundle`."""
    return judge_files(files, kept)[1]


def judge_files(
    files: Mapping[str, bytes],
    kept: Iterable[tuple[str, str]] = (),
    ward_key: bytes | None = None,
    papers: Iterable[str] = (),
) -> tuple[list[Event], list[Finding]]:
    """See `judge_bundle`; ``kept`` are (name, text) of checkpoints, ``ward_key`` a verifier key as text."""
    kept = list(kept)
    found = _inventory(files)
    if any(f.code == "BUNDLE-MISSING" for f in found):
        return [], found
    try:
        config = read_json(files[names.CONFIG], names.CONFIG, floats=True)
        facts = ConfigFacts.from_json(config)
        in_force = {**_earlier(files), names.sha256(files[names.CONFIG]): facts}
        key = read_verifier_key(files[names.PUBLIC_KEY], origin_of(facts.campaign))
        wards = None if ward_key is None else read_verifier_key(ward_key, cosigner_of(origin_of(facts.campaign)))
        events, leaves = read_log(files[names.EVENTS], facts.campaign)
    except KanshoError as error:
        return [], [*found, _finding(error)]
    found += _log(events)
    found += own_checkpoints(files, key, facts.campaign, leaves)
    found += timestamps(files)
    found += kept_checkpoints(kept, key, facts.campaign, leaves)
    found += paper_findings(papers, facts.campaign, leaves)
    found += _bindings(files, events, key)
    found += _certificate(files, events, leaves, key, facts)
    found += carried_findings(files, events, facts.campaign)
    found += countersignature_findings(files, events, key)
    found += clock_findings(events)
    if wards is not None:
        found += ward_key_findings(files, events, kept, wards)
    found += violations(events, facts, in_force)
    found += unbalanced(events)
    return events, found


def _finding(error: KanshoError) -> Finding:
    return Finding(error.code, error.place, error.message)


def _inventory(files: Mapping[str, bytes]) -> list[Finding]:
    found = [Finding("BUNDLE-MISSING", n, "the bundle lacks this file") for n in sorted(names.FIXED - set(files))]
    for name in sorted(n for n in files if n not in names.FIXED and not any(p.match(n) for p in _OTHER_NAMES)):
        if imitates(name):
            found.append(Finding("BUNDLE-LOOKALIKE", "name", "a file whose name only looks like another's"))
        else:
            place = name if name.isascii() and len(name) < 100 else "name"
            found.append(Finding("BUNDLE-EXTRA", place, "no part of a bundle"))
    if files.get(names.README, names.README_TEXT.encode()) != names.README_TEXT.encode():
        found.append(Finding("BUNDLE-README", names.README, "not the text this version writes"))
    return found


def _earlier(files: Mapping[str, bytes]) -> dict[str, ConfigFacts]:
    """Facts of the configurations that amendments replaced, by their digest."""
    found = {}
    for name in sorted(n for n in files if _EARLIER_NAME.match(n)):
        if name != f"{names.EARLIER}{names.sha256(files[name])}.json":
            raise KanshoError("CONFIG-NAME", "設定の要約値が名前と違います", place=name)
        found[names.sha256(files[name])] = ConfigFacts.from_json(read_json(files[name], name, floats=True))
    return found


def _log(events: Sequence[Event]) -> list[Finding]:
    """What a writer of the ledger would have refused."""
    found: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for event in events:
        name = (event.type, event.key)
        if name in seen:
            found.append(Finding("EVENT-TWICE", _place(event), "type and key occur twice"))
        seen.add(name)
        if event.counts and min(event.counts.values()) < 0:
            found.append(Finding("COUNT-NEGATIVE", _place(event), "a count is below zero"))
        try:
            check_content(event.type, event.key, event.actor, event.counts, event.codes)
        except KanshoError as error:
            said = (event.key, *event.actor.values(), *event.codes.values())
            code = "EVENT-LOOKALIKE" if any(map(imitates, said)) else "EVENT-CONTENT"
            found.append(Finding(code, _place(event), error.message))
    simulated = bool(events) and events[0].codes.get("simulation") == "true"
    for event in events if not simulated else ():
        if event.campaign_date != _day(event.recorded_at):
            found.append(Finding("STATE-CLOCK", f"event {event.sequence}", "campaign date is not the clock's day"))
    return found


def _place(event: Event) -> str:
    return f"event {event.sequence} {event.type}"


def _day(recorded_at: str) -> str:
    """The civil day in Japan of a recorded moment; '' for what is none."""
    try:
        return day_in_japan(datetime.fromisoformat(recorded_at)).isoformat()
    except ValueError:
        return ""


def _bindings(files: Mapping[str, bytes], events: Sequence[Event], key: bytes) -> list[Finding]:
    """Key, config and documents as the log bound them."""
    found = []
    created = next((e for e in events if e.type == "keys_created"), None)
    if created is None or created.codes.get("signing_public") != key.hex():
        found.append(Finding("KEY-UNBOUND", names.PUBLIC_KEY, "not the key that the log bound at opening"))
    bound = [e.codes.get("config_digest") for e in events if e.type in ("campaign_opened", "config_amended")]
    for name in sorted(n for n in files if _EARLIER_NAME.match(n) and names.sha256(files[n]) not in bound):
        found.append(Finding("BUNDLE-EXTRA", name, "a configuration that the log never bound"))
    if not bound or bound[-1] != names.sha256(files[names.CONFIG]):
        found.append(Finding("CONFIG-DIGEST", names.CONFIG, "not the config that the log bound (C1)"))
    if files[names.DOCUMENTS] != names.documents_json(events):
        found.append(Finding("DOCUMENTS-DIFFER", names.DOCUMENTS, "not the documents that the log issued"))
    return found


def _certificate(
    files: Mapping[str, bytes], events: Sequence[Event], leaves: Sequence[bytes], key: bytes, facts: ConfigFacts
) -> list[Finding]:
    data = files[names.CERTIFICATE]
    found = []
    if not names.signature_holds(data, files[names.SIGNATURE], key):
        found.append(Finding("CERTIFICATE-SIGNATURE", names.SIGNATURE, "not signed by the campaign's key"))
    certified = next((e for e in events if e.type == "campaign_certified"), None)
    if certified is not None and certified.refs.get("certificate") != names.sha256(data):
        found.append(Finding("CERTIFICATE-DIGEST", names.CERTIFICATE, "not the certificate that the log bound"))
    try:
        value = read_json(data, names.CERTIFICATE)
    except KanshoError as error:
        return [*found, _finding(error)]
    if not isinstance(value, dict) or value.get("campaign") != facts.campaign:
        return [*found, Finding("CERTIFICATE-CAMPAIGN", names.CERTIFICATE, "a certificate of another campaign")]
    part = certified_part(events)
    try:
        config = read_json(files[names.CONFIG], names.CONFIG, floats=True)
        expected = whole_certificate(part, config, leaves[: len(part)])
    except KanshoError as error:
        return [*found, _finding(error)]
    return [*found, *differences(data, value, expected)]
