"""A key whose deletion is only scheduled is not erased: an interim certificate first, the final one after its day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import certificate_paper, stage
from kansho.closing.finalise import finalise
from kansho.closing.key_ends import destroy_key
from kansho.closing.pdf_signature import pdf_signature_holds
from kansho.documents.model import Document
from kansho.ended import has_ended
from kansho.errors import KanshoError
from kansho.evidence.bundle import signature_holds
from kansho.evidence.verify import verify_bundle
from kansho.vault.classes import PERSONAL_KEYS
from kansho.vault.keys import KeyName, Keyring
from kansho.vault.kms import WAIT_DAYS, KmsKeeper
from kansho.workspace import Workspace
from tests.kms_server import deploy_kms, forget, forget_all, forget_pending, kms_server, with_service
from tests.refusals import refused
from tests.unit.closing_year import ClosingYear, closing_year, plain_papers

REST = ("residents", "contacts", "secrets")
DUE = date(2028, 2, 5)  # after the contract's end: the key service keeps its own waiting days
PENDING: dict[str, date] = {"health": DUE, "papers": date(2028, 2, 1)}


class Service:
    """A key service that deletes the keys of two classes only after its waiting days."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: set[str] = set()
        self.over: set[str] = set()
        destroy, has = Keyring.destroy, Keyring.has

        def destroyed(ring: Keyring, name: KeyName) -> None:
            if name not in PENDING or name in self.over:  # what named a key that is over is removed
                destroy(ring, name)
                return
            assert name not in self.asked - self.over, "a deletion that is scheduled is not scheduled again"
            self.asked.add(name)

        def there(ring: Keyring, name: KeyName) -> bool:
            return name not in self.over if name in PENDING else has(ring, name)

        monkeypatch.setattr(Keyring, "destroy", destroyed)
        monkeypatch.setattr(Keyring, "pending", self.pending)
        monkeypatch.setattr(Keyring, "has", there)

    def pending(self, name: KeyName) -> date | None:
        return PENDING[name] if name in self.asked - self.over else None


@pytest.fixture
def year(begun_year: ClosingYear) -> ClosingYear:
    return begun_year


def test_first_an_interim_certificate_then_the_final_one(year: ClosingYear, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(monkeypatch)
    year = year.until_erased()
    ws = year.ws
    assert [e.key for e in ws.ledger.events("keys_destroyed")] == [*REST, "hmac", "exchange"]
    scheduled = {e.key: e.codes["until"] for e in ws.ledger.events("key_deletion_scheduled")}
    assert scheduled == {name: day.isoformat() for name, day in PENDING.items()}
    assert stage.find_closing_work(ws, {}) is None

    for _ in range(2):  # asked again before the day, it says the same
        interim = finalise(ws.config, ws.layout.var, no_database=True)
        assert interim["state"] == "interim"
        value = json.loads(Path(interim["certificate"]).read_bytes())
        assert value["erasure"]["keys_pending"] == scheduled
        assert value["cryptographic_erase"]["keys_destroyed"] == [*REST, "hmac", "exchange", "needles"]
        assert pdf_signature_holds(Path(interim["document"]).read_bytes(), ws.keyring.public_key())
        assert ws.ledger.events("campaign_certified") == []
        assert not (ws.layout.outputs / f"evidence-{ws.config.id}.zip").exists()

    service.over = {"papers"}
    later = finalise(ws.config, ws.layout.var, no_database=True)
    value = json.loads(Path(later["certificate"]).read_bytes())
    assert value["erasure"]["keys_pending"] == {"health": DUE.isoformat()}
    for told, pending in ((interim, set(PENDING)), (later, {"health"})):  # the later replaced nothing of the earlier
        path = Path(told["certificate"])
        value = json.loads(path.read_bytes())
        of = f"{ws.config.id}-interim-{value['log_size']}"
        assert (path.stem, Path(told["document"]).stem) == (f"certificate-{of}", f"erasure-certificate-{of}")
        assert set(value["erasure"]["keys_pending"]) == pending
        assert signature_holds(path.read_bytes(), path.with_suffix(".sig").read_bytes(), ws.keyring.public_key())
        assert f"-{ws.config.id}-interim-" in Path(told["checkpoint"]).name
    assert has_ended(ws.config.id, ws.layout.var)

    service.over = set(PENDING)
    final = finalise(ws.config, ws.layout.var, no_database=True)
    assert final["state"] == "final"
    assert verify_bundle(Path(final["bundle"]), Path(final["checkpoint"])) == []
    assert json.loads(Path(final["certificate"]).read_bytes())["erasure"]["keys_pending"] == {}
    gone = ws.ledger.find("keys_destroyed", "health")
    assert gone
    assert (gone.campaign_date, gone.codes["method"]) == (DUE.isoformat(), "key-service")
    assert len(ws.ledger.events("interim_certified")) == 2


def test_an_interim_certificate_is_not_given_of_a_log_that_could_never_verify(
    year: ClosingYear, monkeypatch: pytest.MonkeyPatch
) -> None:
    Service(monkeypatch)
    ws = year.until_erased().ws
    ws.record("sheets_out", "visit_1/2027-10-13/1", counts={"sheets": 4, "rows": 4})
    with refused("CLOSING-EVIDENCE", "COUNT-SHEETS"):
        finalise(ws.config, ws.layout.var, no_database=True)
    assert ws.ledger.events("interim_certified") == []
    assert not list(ws.layout.outputs.glob("*interim*"))
    assert not (ws.layout.received("ward") / "checkpoint.txt").exists()


def test_a_year_whose_keys_lie_with_a_key_service_is_final_only_when_the_service_forgot_them(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_papers(monkeypatch)
    shown: list[Document] = []
    blank = certificate_paper.render
    monkeypatch.setattr(certificate_paper, "render", lambda document: shown.append(document) or blank(document))
    var = tmp_path / "var"
    with kms_server() as address:
        forget_all()
        deploy_kms(var / "kansho" / "keys", mini.id, address)
        ws = closing_year(with_service(mini, address), var).until_erased().ws
        assert ws.ledger.events("keys_destroyed") == []
        interim = finalise(ws.config, var, no_database=True)
        value = json.loads(Path(interim["certificate"]).read_bytes())
        assert (interim["state"], value["cryptographic_erase"]["keys_destroyed"]) == ("interim", [])
        assert set(value["erasure"]["keys_pending"]) == set(PERSONAL_KEYS)
        assert value["protection"] == {"keeper": "kms", "lock": "none"}
        told = dict(row for s in shown[-1].sections if s.heading == "暗号化消去の前提" for row in s.tables[0].rows)
        assert told["鍵の保管"] == "鍵管理サービス（KMS）で包んだファイル"
        assert told["証跡のロック"].startswith("なし")
        assert ws.ledger.events("campaign_certified") == []

        forget_pending()
        final = finalise(ws.config, var, no_database=True)
        assert final["state"] == "final"
        assert verify_bundle(Path(final["bundle"]), Path(final["checkpoint"])) == []
        assert ws.keyring.names() == ["signing"]
        gone = {e.key: e.codes["method"] for e in ws.ledger.events("keys_destroyed")}
        assert gone == dict.fromkeys(PERSONAL_KEYS, "key-service")
        due = {e.key: e.codes["until"] for e in ws.ledger.events("key_deletion_scheduled")}
        assert value["erasure"]["keys_pending"] == due


def test_a_key_that_its_service_lost_unasked_or_too_early_is_not_recorded_as_destroyed(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    with kms_server() as address:
        forget_all()
        deploy_kms(tmp_path / "kansho" / "keys", mini.id, address)
        ws = Workspace.open(with_service(mini, address), tmp_path, datetime.now(UTC).date())
        ws.record("campaign_opened", mini.id, codes={"simulation": "false"})
        ws.keyring.create()
        forget(kms_key(ws, "health"))
        with pytest.raises(KanshoError, match="KEY-UNSCHEDULED") as refused:
            destroy_key(ws, "health")
        assert refused.value.remedy
        assert "health" in ws.keyring.names(), "what names it stays for whoever looks into it"

        destroy_key(ws, "papers")
        (scheduled,) = ws.ledger.events("key_deletion_scheduled")
        forget(kms_key(ws, "papers"))
        with pytest.raises(KanshoError, match="KEY-UNSCHEDULED"):
            destroy_key(ws, "papers")  # in a year that is real the day has to come
        assert ws.ledger.events("keys_destroyed") == []
        due = date.fromisoformat(scheduled.codes["until"])
        destroy_key(replace(ws, today=due), "papers")
        (gone,) = ws.ledger.events("keys_destroyed")
        assert (gone.key, gone.codes["method"]) == ("papers", "key-service")


def test_a_run_that_was_killed_before_it_read_the_answer_leaves_its_order_and_the_key_ends_when_the_days_are_over(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kms_server() as address:
        forget_all()
        deploy_kms(tmp_path / "kansho" / "keys", mini.id, address)
        ws = Workspace.open(with_service(mini, address), tmp_path, datetime.now(UTC).date())
        ws.record("campaign_opened", mini.id, codes={"simulation": "false"})
        ws.keyring.create()
        schedule = KmsKeeper._schedule

        def killed(keeper: KmsKeeper, name: str, id_: str) -> None:
            schedule(keeper, name, id_)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(KmsKeeper, "_schedule", killed)
            with pytest.raises(KeyboardInterrupt):
                destroy_key(ws, "health")
        (ordered,) = ws.ledger.events("key_deletion_ordered")
        assert ordered.codes["until"] == (ws.today + timedelta(days=WAIT_DAYS)).isoformat()
        assert ws.ledger.events("key_deletion_scheduled") == []

        forget(kms_key(ws, "health"))  # nobody came back before KMS had done it
        with pytest.raises(KanshoError, match="KEY-UNSCHEDULED"):
            destroy_key(ws, "health")  # not before the order can have been done
        destroy_key(replace(ws, today=ws.today + timedelta(days=WAIT_DAYS)), "health")
        (gone,) = ws.ledger.events("keys_destroyed")
        told = {"found": "present", "method": "key-service", "verified": "absent"}
        assert gone.codes == {**told, "by": "key_deletion_ordered"}


def kms_key(ws: Workspace, name: str) -> str:
    path = ws.layout.kansho / "keys" / ws.config.id / name
    return str(json.loads(path.read_bytes())["kms_key"])
