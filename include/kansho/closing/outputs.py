"""Whether a file among the outputs is what its name says: outputs are shared by the wards, and given to people.

Belongs here: documents by the digest that a ledger issued, and what the end of a year writes by what it must be: a
certificate that a log has, a note or a slip that a key of a campaign here has signed, a bundle of such a log.  Does not
belong here: whether a campaign's evidence is right (`kansho.evidence.verify`), or other places
(`kansho.closing.discovery`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kansho.closing.neighbours import Neighbour, issued
from kansho.closing.packing import is_readable_pdf
from kansho.closing.pdf_signature import pdf_signature_holds
from kansho.errors import KanshoError
from kansho.evidence import bundle, carried, erasure_log, scan_log
from kansho.evidence.bundle import sha256, signature_holds
from kansho.evidence.certified import certified_part
from kansho.evidence.checkpoint import cosigner_of, origin_of, read_checkpoint, read_verifier_key
from kansho.evidence.events import Event
from kansho.evidence.strict import read_json, read_zip

_SUMMARY = re.compile(r"summary\.json\Z")
_FINAL = re.compile(r"certificate\.(json|sig)\Z")
_INTERIM = re.compile(r"certificate-([a-z0-9_]+)-interim-(\d+)\.(json|sig)\Z")
_CHECKPOINT = re.compile(r"checkpoint(-([a-z0-9_]+)-interim-\d+)?\.txt\Z")
_BUNDLE = re.compile(r"evidence-([a-z0-9_]+)\.zip\Z")
_LATE_MAIL = re.compile(r"late-mail/([a-z0-9_]+)/(\d{4})(-receipt|-ward)?\.(json|sig|pdf)\Z")
#: What a certification that was killed may have written before it was recorded.
_PAPER = re.compile(r"documents/erasure-certificate(-[a-z0-9_]+-interim-\d+)?\.pdf\Z")
_LOGS = {erasure_log.NAME: erasure_log.erasure_log, scan_log.NAME: scan_log.scan_log}
#: A write of a certification that was killed (`kansho.vault.disk.write_whole`): the next run writes the same anew.
_PART = re.compile(
    r"(documents/)?\.(erasure-certificate(-[a-z0-9_]+-interim-\d+)?\.pdf|(erasure-log|residue-scan)\.csv|checkpoint\.txt"
    r"|certificate(-[a-z0-9_]+-interim-\d+)?\.(json|sig)|checkpoint-[a-z0-9_]+-interim-\d+\.txt|evidence-[a-z0-9_]+\.zip)"
    r"\.part\Z"
)
#: Entries of a bundle beside the fixed ones.
_ENTRY = re.compile(r"((checkpoints|countersigned)/\d{10}\.txt|timestamps/\d{10}\.tsr|configs/[0-9a-f]{64}\.json)\Z")


class Outputs:
    """The outputs, and the campaigns in whose name files may lie there."""

    def __init__(self, folder: Path, campaigns: Mapping[str, Neighbour]) -> None:
        self._folder, self._campaigns = folder, campaigns
        self._issued = issued(campaigns.values())

    def kind(self, name: str) -> str | None:
        """Class of a file, by its name and its bytes; None when it is not what it must be."""
        path = self._folder / name
        if _PART.match(name):
            return "unfinished"
        if sha256(path.read_bytes()) in self._issued.get(name, ()):
            return "documents"
        try:
            return "evidence" if self._is_evidence(name, path) else None
        except (KanshoError, ValueError, TypeError, AttributeError, KeyError):  # it cannot be read as what it must be
            return None

    def _is_evidence(self, name: str, path: Path) -> bool:
        data = path.read_bytes()
        if _SUMMARY.match(name):
            return isinstance(read_json(data, name, floats=True), dict)
        if _FINAL.match(name):
            return self._is_final(path, data)
        if (found := _INTERIM.match(name)) is not None:
            return self._is_interim(path, data, found[1], found[2])
        if (found := _CHECKPOINT.match(name)) is not None:
            among = [c for c in self._campaigns.values() if found[2] in (None, c.id)]
            return any(_is_checkpoint(data.decode(), c) for c in among)
        if (found := _BUNDLE.match(name)) is not None:
            return found[1] in self._campaigns and is_bundle(data, self._campaigns[found[1]])
        if (found := _LATE_MAIL.match(name)) is not None:
            return found[1] in self._campaigns and _is_late_mail(path, data, self._campaigns[found[1]])
        return self._was_to_be_issued(name, data)

    def _is_final(self, path: Path, data: bytes) -> bool:
        """The certificate of a campaign here, or its signature; after a kill, that of one certified before."""
        if path.suffix == ".json":
            return any(sha256(data) in _certificates(c) for c in self._campaigns.values())
        certificate = _read(path.with_suffix(".json"))
        return any(_holds(c, certificate, data) for c in self._campaigns.values()) or any(
            data == _signature_in(_read(self._folder / f"evidence-{id_}.zip")) for id_ in self._campaigns
        )

    def _is_interim(self, path: Path, data: bytes, campaign: str, size: str) -> bool:
        of = self._campaigns.get(campaign)
        if of is None:
            return False
        certificate = _read(path.with_suffix(".json"))
        known = of.digests("interim_certified", f"interim-{size}", "certificate")
        return sha256(certificate) in known and (path.suffix == ".json" or _holds(of, certificate, data))

    def _was_to_be_issued(self, name: str, data: bytes) -> bool:
        if _PAPER.match(name):
            return any(c.public is not None and pdf_signature_holds(data, c.public) for c in self._campaigns.values())
        made = _LOGS.get(name)
        ended = (c for c in self._campaigns.values() if c.has_ended)
        return made is not None and any(made(certified_part(c.events)) == data for c in ended)


def is_bundle(data: bytes, of: Neighbour) -> bool:
    """Whether it is a bundle of this campaign: its log as far as it went, its certificate, and nothing beside."""
    files = read_zip(data)
    log = [Event.from_json(read_json(line, bundle.EVENTS)) for line in files[bundle.EVENTS].splitlines()]
    configs = {e.codes.get("config_digest") for e in log}
    papers = carried.papers_of(log)
    certificate = files[bundle.CERTIFICATE]
    return (
        all(name in bundle.FIXED or _ENTRY.match(name) or carried.NAME.match(name) for name in files)
        and list(of.events[: len(log)]) == log
        and sha256(certificate) in _certificates(of)
        and _holds(of, certificate, files[bundle.SIGNATURE])
        and read_verifier_key(files[bundle.PUBLIC_KEY], origin_of(of.id)) == of.public
        and all(_is_entry(name, content, of, configs) for name, content in files.items())
        and all(papers.get(name) == sha256(files[name]) for name in files if name.startswith(carried.FOLDER))
    )


def _is_entry(name: str, content: bytes, of: Neighbour, configs: set[str | None]) -> bool:
    if name == bundle.CONFIG or name.startswith(bundle.EARLIER):
        return sha256(content) in configs
    if name.startswith((bundle.CHECKPOINTS, bundle.COUNTERSIGNED)):
        return _is_checkpoint(content.decode(), of)
    return True


def _is_checkpoint(text: str, of: Neighbour) -> bool:
    """A note that the campaign's key has signed, and beside it at most the ward; nothing else stands in it."""
    if of.public is None:
        return False
    try:
        read = read_checkpoint(text, of.public)
    except KanshoError:
        return False
    signatures = text.partition("\n\n")[2].splitlines()
    names = [line.split(" ")[1] for line in signatures]
    origin = origin_of(of.id)
    short = all(len(line) < len(origin) + 120 for line in signatures)
    return read.origin == origin and read.size <= len(of.events) and short and names in _signers(origin)


def _signers(origin: str) -> tuple[list[str], list[str]]:
    return [origin], [origin, cosigner_of(origin)]


def _is_late_mail(path: Path, data: bytes, of: Neighbour) -> bool:
    """A slip or receipt with our signature, its paper, or the ward's signature over the slip."""
    stem, ward = path.stem, path.stem.endswith("-ward")
    record = _read(path.with_name(f"{stem.removesuffix('-ward')}.json"))
    if ward:
        return path.suffix == ".sig" and any(signature_holds(record, data, key) for key in of.wards)
    signed = _holds(of, record, _read(path.with_name(f"{stem}.sig")))
    if path.suffix != ".pdf":
        return signed
    if not signed or not is_readable_pdf(data):
        return False
    return not stem.endswith("-receipt") or _object(record).get("sha256_paper") == sha256(data)


def _certificates(of: Neighbour) -> set[str]:
    return of.digests("campaign_certified", "certificate", "certificate")


def _holds(of: Neighbour, data: bytes, signature: bytes) -> bool:
    return of.public is not None and signature_holds(data, signature, of.public)


def _signature_in(data: bytes) -> bytes | None:
    try:
        return read_zip(data).get(bundle.SIGNATURE)
    except KanshoError:
        return None


def _object(data: bytes) -> dict[str, Any]:
    said = read_json(data, "json")
    return said if isinstance(said, dict) else {}


def _read(path: Path) -> bytes:
    """Bytes of a file; none where it is not there."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
