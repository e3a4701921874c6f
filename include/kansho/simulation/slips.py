"""What people outside do by hand at the end: destroy, shred, receipt what comes back; with a witness and a paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kansho.campaign.config import CampaignConfig, Handler
from kansho.documents.model import Document
from kansho.documents.render import render
from kansho.exchange.papers import read_paper, write_paper
from kansho.exchange.slips import Asked, Method, Slip, read_asked, slips_folder
from kansho.simulation.premises import Premises, put

#: How each kind is destroyed by whoever holds it; what goes back to the ward is returned.
_HOW: dict[str, Method] = {"paper": "dissolution", "backup": "physical_destruction", "key_copy": "physical_destruction"}
_NAMES = {"return": "返却・受領の記録", "dissolution": "溶解処理の記録", "physical_destruction": "破壊処理の記録"}


@dataclass(frozen=True)
class Slips:
    """One party that is asked to do something by hand."""

    config: CampaignConfig
    premises: Premises

    def act(self, day: date) -> None:
        """Do what the party is asked and has not done yet, all of one method as one deed."""
        asked, done = read_asked(self.premises.received), self._done()
        by_method: dict[Method, list[Asked]] = {}
        for target in [t for t in asked.targets if t.target not in done] if asked else ():
            by_method.setdefault(self._method(target), []).append(target)
        for method, targets in sorted(by_method.items()):
            self._do(method, tuple(sorted(t.target for t in targets)), day)

    def _done(self) -> set[str]:
        """Targets of the slips that are out."""
        found = [read_paper(path, Slip) for path in slips_folder(self.premises.outgoing).glob("*.json")]
        return {target for slip in found if slip for target in slip.targets}

    def _method(self, target: Asked) -> Method:
        if self.premises.party == self.config.ward_party.id:
            return "return"
        return _HOW.get(target.kind, "physical_destruction")

    def _do(self, method: Method, targets: tuple[str, ...], day: date) -> None:
        folder = slips_folder(self.premises.outgoing)
        number = len(list(folder.glob("*.json"))) + 1 if folder.is_dir() else 1
        by, witness = self._people()
        slip = Slip(targets=targets, method=method, on=day, place=by.place, by=by.id, witness=witness.id)
        # The paper first: what is taken in has its paper beside it.
        put(folder / f"{number:02d}-{method}.pdf", self._paper(slip, by, witness))
        write_paper(folder / f"{number:02d}-{method}.json", slip)

    def _people(self) -> tuple[Handler, Handler]:
        """One of the holder's does it; somebody of the ward looks on, or receipts."""
        of, ward, party = self.config.handlers, self.config.ward_party.id, self.premises.party
        holder = self.config.contractor.id if party == ward else party
        return next(h for h in of if h.party == holder), next(h for h in of if h.party == ward)

    def _paper(self, slip: Slip, by: Handler, witness: Handler) -> bytes:
        facts = (("実施者", by.name), ("立会者・受領者", witness.name), ("点数", str(len(slip.targets))))
        return render(
            Document(
                title=_NAMES[slip.method],
                contract_title=self.config.contract.title,
                contract_number=self.config.contract.number,
                issued_on=slip.on,
                issuer=self.config.contractor.name,
                facts=facts,
                signatures=("実施者", "立会者"),
                simulation=True,
            )
        )
