"""The pack for an inspection: what it says of whom, that it names nobody of the ward's people, and its digests."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.opening.register import register_handler, register_party, register_places_and_flow
from kansho.oversight.pack import issue_pack, pack_of, packs_due
from kansho.workspace import Workspace
from tests.conftest import MINI, opened

DAY = date(2027, 9, 16)


@pytest.fixture(scope="module")
def ws(mini_as_filed: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A year up to the day on which 甲 checks each 丙."""
    made = opened(mini_as_filed, tmp_path_factory.mktemp("pack") / "var", DAY)
    for party in mini_as_filed.parties:
        register_party(made, party)
    for handler in mini_as_filed.handlers:
        register_handler(made, handler)
    register_places_and_flow(made)
    made.store_bytes("roster", "d01", b"x", rows=50_000)
    made.erase(made.store_bytes("call_list", "call_1-a1", b"x", rows=20), reason="retention")
    for party, kind, package in (("printer", "print_package", "mailing_1"), ("call_centre", "call_list", "call_1-a1")):
        codes = {"party": party, "kind": kind, "package": package}
        made.record("package_handed_over", f"{party}/{kind}/{package}", counts={"rows": 321}, codes=codes)
    for key, party in (("i1", "printer"), ("i2", "visitors")):
        made.record("incident_opened", key, codes={"kind": "print_mismatch", "party": party})
    found = {"on": "2027-06-02", "inspector": "h03", "findings": "logs=2027-07-02|other=2027-10-01"}
    made.record("audit_recorded", "audit/printer", counts={"findings": 2}, codes=found)
    mended = {"on": "2027-06-22", "reported_by": "h06", "action": "trained", "done_by": "h06"}
    made.record("inspection_recorded", "correction/audit/printer/logs", codes=mended, refs={"evidence": "e" * 64})
    attested = {"attested_on": "2027-05-01", "attested_by": "h06", "findings": "updates_current"}
    made.record("attestation_recorded", "printer/2027-04", codes=attested)
    return made


def test_a_pack_of_a_subcontractor_answers_what_an_inspector_asks(ws: Workspace) -> None:
    said = pack_of(ws.ledger.events(), ws.config, "ward_check", "printer", DAY).to_json()
    handling = said["handling"]
    assert [(p["way"], p["kind"], p["rows"]) for p in handling["packages"]] == [("out", "print_package", 321)]
    assert [(h["id"], h["trained_on"], h["briefed_on"]) for h in handling["handlers"]] == [
        ("h06", "2027-03-27", "2027-03-27")
    ]
    assert said["consent"] == {
        "works": "addressing|sealing",
        "consented_on": "2027-04-01",
        "clauses": "kansho-hei-v1",
        "document": "承諾-印刷-01",
        "contract": "再委託契約-印刷-01",
    }
    assert [i["incident"] for i in said["incidents"]] == ["i1"]
    assert [(f["code"], f["state"], f["action"], f["done_by"]) for f in said["findings"]] == [
        ("logs", "corrected", "trained", "h06"),
        ("other", "open", "", ""),
    ]
    assert (said["findings_open"], said["attestations"][0]["findings"]) == (1, "updates_current")


def test_the_contractors_own_pack_has_what_it_holds_and_erased_and_every_incident(ws: Workspace) -> None:
    said = pack_of(ws.ledger.events(), ws.config, "ward_inspection", "contractor", DAY).to_json()
    assert [h["name"] for h in said["handling"]["holdings"]] == ["roster/d01"]
    assert said["handling"]["ended"] == {"retention": 1}
    assert [i["incident"] for i in said["incidents"]] == ["i1", "i2"]
    assert pack_of(ws.ledger.events(), ws.config, "audit", "visitors", DAY).findings == ()


def test_a_pack_is_issued_as_json_and_pdf_that_name_one_another(ws: Workspace) -> None:
    assert ("ward_check", "printer") in packs_due(ws)
    data, pdf = issue_pack(ws, "ward_check", "printer")
    size = ws.ledger.size
    assert issue_pack(ws, "ward_check", "printer") == (data, pdf)
    assert ws.ledger.size == size
    assert ("ward_check", "printer") not in packs_due(ws)
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    name = str(data.relative_to(ws.layout.outputs))
    assert ws.ledger.find("document_issued", name).refs["sha256"] == digest  # type: ignore[union-attr]
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf.read_bytes()))
    flat = "".join(text.split())
    for told in (
        digest,
        "区による再委託先の確認の資料",
        "承諾-印刷-01",
        "再委託契約-印刷-01",
        "御手洗凪",
        "未了",
        "教育を行った",
        "eeeeeeeeeeeeeeee",
    ):
        assert told in flat


@pytest.mark.parametrize(
    ("kind", "party", "code"),
    [
        ("visit", "printer", "PACK-KIND"),
        ("audit", "contractor", "PACK-PARTY"),
        ("ward_inspection", "printer", "PACK-PARTY"),
    ],
)
def test_what_nobody_inspects_so_has_no_pack(ws: Workspace, kind: str, party: str, code: str) -> None:
    with pytest.raises(KanshoError, match=code):
        pack_of(ws.ledger.events(), ws.config, kind, party, DAY)


def test_a_pack_is_made_by_command_also_without_recording_it(
    ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str, user: str = "takanashi") -> int:
        site = ["--date", DAY.isoformat(), "--config", str(MINI), "--var", str(ws.layout.var)]
        return main(["oversight", *words, *site, *(["--user", user] if words[0] == "pack" else [])])

    before = ws.ledger.size
    assert run("pack", "audit", "printer", "--out", str(tmp_path)) == 0
    assert (ws.ledger.size, sorted(p.suffix for p in tmp_path.iterdir())) == (before, [".json", ".pdf"])
    assert json.loads((tmp_path / f"audit-printer-{DAY}.json").read_bytes())["kind"] == "audit"
    assert run("pack", "audit", "printer", user="mitarai") == 1  # a 丙 asks for no pack
    assert run("pack", "audit", "printer") == 0
    assert ws.ledger.events("document_issued")[-1].actor["user"] == "takanashi"
    assert run("show") == 1
    assert "audit/printer/other" in capsys.readouterr().out
