"""The papers in a bundle: each as the log issued it, and each 丙's own words against what it was given (P11, P12).

Belongs here: which issued documents a bundle carries, and whether they are those of the log: what "returned" and
"erased" rest on, which is our certificate and its two lists, every 丙's, the 返却書, the papers of deeds by hand.  Does
not belong here: the log's own word on them (`kansho.evidence.hand_rules`, `kansho.evidence.rules`), or the content of
our certificate (`kansho.evidence.whole`), of which the paper is the print.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.findings import Finding
from kansho.evidence.strict import read_json

CERTIFICATE = "certificate.json"
#: Kinds of document that a bundle carries; none of them names a resident.
KINDS = frozenset({"erasure_certificate", "erasure_log", "subcontractor_certificate", "media_return", "closing_slip"})
#: Where they lie in the bundle, under the name that the log has without its own folder.
FOLDER = "papers/"
#: No part begins with a point: an auditor unpacks a bundle that anybody may have made.
NAME = re.compile(r"papers/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})?\Z")
_DOCUMENTS = "documents/"
_PDF = b"%PDF-"
#: What a 丙 certifies with: its words, which a program reads, and its signed paper.
WORDS, PAPER = "documents/certificate-{}.json", "documents/certificate-{}.pdf"
#: Our certificate, printed and signed.
PRINTED = "documents/erasure-certificate.pdf"
#: What a 丙's words say besides campaign, party and packages; the log has each as it was closed.
DEED = ("method", "on", "place", "by", "witness")
FIELDS = frozenset({"campaign", "party", "packages", *DEED})


def name_in_bundle(document: str) -> str:
    """The name of an issued document in the bundle."""
    return f"{FOLDER}{document.removeprefix(_DOCUMENTS)}"


def carried(events: Iterable[Event]) -> dict[str, str]:
    """Document that the bundle carries → its digest in the log."""
    return {
        e.key: str(e.refs.get("sha256", ""))
        for e in events
        if e.type == "document_issued" and e.codes.get("kind") in KINDS
    }


def papers_of(events: Iterable[Event]) -> dict[str, str]:
    """Name in the bundle → digest in the log, of each paper that was issued under a name that a bundle has."""
    return {name_in_bundle(document): digest for document, digest in carried(events).items() if _fits(document)}


def _fits(document: str) -> bool:
    """Whether it lies in the documents' folder: else two could go by one name, and one would stand for the other."""
    return document.startswith(_DOCUMENTS) and NAME.match(name_in_bundle(document)) is not None


def carried_findings(files: Mapping[str, bytes], events: Sequence[Event], campaign: str) -> Iterator[Finding]:
    """Papers that are missing, changed or nobody's, and a 丙's words that are not what the log says of it.

    Args:
        files: the bundle's, by name.
        events: the log.
        campaign: its id.
    """
    attached = _attached(files.get(CERTIFICATE, b""))
    wanted = papers_of(events)
    for document in sorted(d for d in carried(events) if not _fits(d)):
        yield Finding("PAPERS-NAME", document[:100], "issued under a name that no bundle carries")
    for name in sorted(n for n in files if n.startswith(FOLDER) and n not in wanted):
        yield Finding("BUNDLE-EXTRA", name, "a paper that the log did not issue")
    for name, digest in sorted(wanted.items()):
        if name not in files:
            yield Finding("PAPERS-MISSING", name[:100], "the log issued this paper, and the bundle lacks it")
        elif _digest(files[name]) != digest:
            yield Finding("PAPERS-CHANGED", name[:100], "not the paper that the log issued")
        elif name.endswith(".pdf") and not files[name].startswith(_PDF):
            yield Finding("PAPERS-FORM", name[:100], "called a PDF, and it is none: nobody can read what it shows")
    if any(e.type == "campaign_certified" for e in events):
        for document in sorted({PRINTED, *attached}):
            issued = wanted.get(name_in_bundle(document))
            if issued is None:
                yield Finding("PAPERS-UNISSUED", document[:100], "certified without issuing this paper (P11)")
            elif issued != attached.get(document, issued):
                yield Finding("PAPERS-OTHER", document[:100], "not the list that the certificate goes with (P11)")
    shown = set(wanted.values())
    for closed in (e for e in events if e.type == "manual_target_closed" and str(e.refs.get("sha256")) not in shown):
        place = f"event {closed.sequence} {closed.key}"[:100]
        yield Finding("PAPERS-HAND", place, "closed by hand on a paper that the bundle does not carry (P11)")
    for received in (e for e in events if e.type == "certificate_received"):
        yield from _of_party(received, files, events, campaign)


def _attached(certificate: bytes) -> dict[str, str]:
    """Document → digest of what the certificate goes with; that it says so rightly is asked elsewhere (`whole`)."""
    try:
        said = read_json(certificate, CERTIFICATE)
    except KanshoError:
        return {}
    value = said.get("attachments") if isinstance(said, dict) else None
    return {name: str(digest) for name, digest in value.items()} if isinstance(value, dict) else {}


def _of_party(received: Event, files: Mapping[str, bytes], events: Sequence[Event], campaign: str) -> Iterator[Finding]:
    """A 丙's certificate: the words and the paper that came, about each package it was given, and nothing else."""
    party, place = received.key, f"event {received.sequence} {received.key}"[:100]
    issued = carried(events)
    for document, ref in ((WORDS, "sha256"), (PAPER, "sha256_pdf")):
        digest = issued.get(document.format(party))
        if digest is None or digest != received.refs.get(ref):
            yield Finding("PAPERS-PARTY", place, "the certificate that came was not issued as it came (P12)")
            return
    data = files.get(name_in_bundle(WORDS.format(party)))
    if data is None or _digest(data) != received.refs.get("sha256"):
        return  # told as missing or changed
    try:
        said = read_json(data, WORDS.format(party)[:100])
    except KanshoError as error:
        yield Finding(error.code, error.place, error.message)
        return
    right = _as_the_log_has_it(received, events, campaign)
    if not isinstance(said, dict) or said != right:
        value: Mapping[str, Any] = said if isinstance(said, dict) else {}
        fields = " ".join(sorted(name for name in FIELDS if value.get(name) != right[name])) or "fields"
        yield Finding("PAPERS-WORDS", f"{place}: {fields}", "this 丙 certified something else than the log says (P12)")


def _as_the_log_has_it(received: Event, events: Sequence[Event], campaign: str) -> dict[str, Any]:
    """What the certificate of a 丙 must say: every package it was given before, and the deed as it was closed."""
    party = received.key
    given = sorted(
        f"{e.codes.get('kind', '')}/{e.codes.get('package', '')}"
        for e in events
        if e.type == "package_handed_over" and e.codes.get("party") == party and e.sequence < received.sequence
    )
    closed = next((e for e in events if (e.type, e.key) == ("manual_target_closed", f"party/{party}")), None)
    deed = {name: closed.codes.get(name, "") if closed is not None else "" for name in DEED}
    return {"campaign": campaign, "party": party, "packages": given, **deed}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
