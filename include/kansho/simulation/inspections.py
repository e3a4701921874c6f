"""Inspections and audits of the year as the other parties record them, and what the inspected do about findings.

甲 inspects 乙 and checks each 丙; 乙's auditor visits each 丙.  Mishap: the first audit finds something; the first word
about it comes without a paper that shows it, and does not count, the whole one comes before its day.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from kansho.campaign.config import CampaignConfig
from kansho.exchange.papers import (
    Correction,
    Inspection,
    InspectionFinding,
    InspectionKind,
    correction_path,
    inspection_path,
    write_paper,
)
from kansho.simulation.premises import put

_FINDING: Literal["logs"] = "logs"
_CORRECT_WITHIN = timedelta(days=30)
_CORRECTED_AFTER = timedelta(days=20)
_TOLD_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Inspections:
    """Everybody who inspects or is inspected; ``outside`` is ``var/outside-world``."""

    config: CampaignConfig
    outside: Path
    mishaps: bool

    def act(self, day: date) -> None:
        """Record what took place up to a day, once."""
        first = next((p.id for p in self.config.subcontractors if p.audit_on), None)
        for kind, party, inspector, on in self._planned():
            if on <= day:
                self._inspect(kind, party, inspector, on, found=self.mishaps and kind == "audit" and party == first)
            if self.mishaps and kind == "audit" and party == first and on + _TOLD_AFTER <= day:
                self._correct(kind, party, on + _TOLD_AFTER, whole=on + _CORRECTED_AFTER <= day)

    def _planned(self) -> list[tuple[InspectionKind, str, str, date]]:
        config = self.config
        ward, contractor = config.ward_party.id, config.contractor.id
        planned: list[tuple[InspectionKind, str, str, date]] = [
            ("ward_inspection", contractor, ward, config.oversight.ward_inspection_on)
        ]
        for party in config.subcontractors:
            if party.ward_check_on:
                planned.append(("ward_check", party.id, ward, party.ward_check_on))
            if party.audit_on:
                planned.append(("audit", party.id, contractor, party.audit_on))
        return planned

    def _inspect(self, kind: InspectionKind, party: str, inspector: str, on: date, *, found: bool) -> None:
        path = inspection_path(self.outside / inspector / "outgoing", kind, party)
        if path.is_file():
            return
        findings = (InspectionFinding(code=_FINDING, correct_by=on + _CORRECT_WITHIN),) if found else ()
        paper = Inspection(kind=kind, party=party, on=on, inspector=self._handler(inspector), findings=findings)
        write_paper(path, paper)

    def _correct(self, kind: InspectionKind, party: str, on: date, *, whole: bool) -> None:
        """Say what was done; only a ``whole`` paper names the document that shows it."""
        path = correction_path(self.outside / party / "outgoing", kind, party, _FINDING)
        by = self._handler(party)
        said = {"kind": kind, "party": party, "finding": _FINDING, "corrected_on": on.isoformat(), "reported_by": by}
        said |= {"action": "procedure_changed", "done_by": by}
        if whole:
            said["evidence"] = hashlib.sha256(f"correction {kind} {party}".encode()).hexdigest()
            text = Correction.model_validate(said).model_dump_json(indent=1)
        else:
            text = json.dumps(said)
        if not path.is_file() or (whole and path.read_text(encoding="utf-8") != text):
            put(path, text.encode())

    def _handler(self, party: str) -> str:
        return next(h.id for h in self.config.handlers if h.party == party)
