"""What subcontractors send beside results: monthly attestations and, in the end, certificates; one is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kansho.campaign.config import CampaignConfig
from kansho.documents.model import Document
from kansho.documents.render import render
from kansho.exchange.papers import ATTESTED, Attestation, attestation_path, write_paper
from kansho.simulation.premises import Premises, as_json


@dataclass(frozen=True)
class Papers:
    """The paperwork of one 丙 (or of 乙 itself, for attestations)."""

    config: CampaignConfig
    premises: Premises
    late: bool

    def act(self, day: date) -> None:
        """Attest every month that has ended; certify after the hand-over."""
        month = self.config.contract.start.replace(day=1)
        while (following := (month + timedelta(days=32)).replace(day=1)) <= day:
            name = f"{month:%Y-%m}"
            path = attestation_path(self.premises.outgoing, name)
            if not path.is_file():
                write_paper(path, self._attestation(name, following))
            month = following
        due = self.config.closing.handover_on + timedelta(days=1)
        if self.late:
            due = self.config.closing.certificates_due + timedelta(days=1)
        if self.premises.party != self.config.contractor.id and due <= day:
            self._certify(due)

    def _attestation(self, month: str, on: date) -> Attestation:
        items = [{"item": item, "kept": True, "evidence": f"{item}-{month}"} for item in ATTESTED]
        signer = next(h.id for h in self.config.handlers if h.party == self.premises.party)
        said = {"party": self.premises.party, "month": month, "attested_on": on, "attested_by": signer, "items": items}
        return Attestation.model_validate(said)

    def _certify(self, on: date) -> None:
        if self.premises.answered("erasure_certificate", "final"):
            return
        packages = sorted(p.stem.replace("--", "/", 1) for p in self.premises.received.glob("*--*.age"))
        by = next(h for h in self.config.handlers if h.party == self.premises.party)
        witness = next(h for h in self.config.handlers if h.party == self.config.contractor.id)
        said = {
            "campaign": self.config.id,
            "party": self.premises.party,
            "packages": packages,
            "method": "physical_destruction",
            "on": on.isoformat(),
            "place": by.place,
            "by": by.id,
            "witness": witness.id,
        }
        party = self.config.party(self.premises.party)
        pdf = render(
            Document(
                title="消去証明書",
                contract_title=self.config.contract.title,
                contract_number=self.config.contract.number,
                issued_on=on,
                issuer=party.name,
                addressee=f"{self.config.ward_party.name}・{self.config.contractor.name}",
                facts=(
                    ("受領した荷の数", str(len(packages))),
                    ("消去の方法", "論理消去及び媒体の裁断"),
                    ("消去日", on.isoformat()),
                    ("実施者", by.name),
                    ("立会者", witness.name),
                ),
                signatures=("取扱責任者", "立会者"),
                simulation=True,
            )
        )
        self.premises.send("erasure_certificate", "final", {"certificate.json": as_json(said), "certificate.pdf": pdf})
