"""取扱状況: what the ward may ask for any day, from the ledger as it stood that day (P13)."""

from __future__ import annotations

import json
from datetime import date

import pypdfium2
import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.oversight.handling import handling_on
from kansho.oversight.handling_paper import as_text, handling_report
from tests.unit.evidence_year import Year


@pytest.fixture(scope="module")
def year(mini: CampaignConfig) -> Year:
    """A registration on each of the first days of a month, a thing that comes and goes in each."""
    made = Year(mini)
    add = made.add

    def on(month: int, day: int) -> None:
        made.today = date(2027, month, day)

    on(4, 1)
    add("campaign_opened", mini.id, codes={"simulation": "true"}, names={"title": "委託", "number": "第1号"})
    for party, kind in (("ward", "ward"), ("contractor", "contractor"), ("printer", "subcontractor")):
        add("party_registered", party, codes={"kind": kind}, names={"name": f"{party}社"})
    add("party_registered", "visitors", codes={"kind": "subcontractor"}, names={"name": "visitors社"})
    add("place_designated", "office", codes={"party": "contractor"}, names={"name": "本社"})
    for key, party in (("h01", "contractor"), ("h02", "printer")):
        codes = {"party": party, "place": "office", "responsible": "yes"}
        add("handler_registered", key, codes=codes, names={"name": f"係{key}", "post": "係"})
        add("training_recorded", key, codes={"on": "2027-03-01"})
    add("flow_approved", "roster", names={"purpose": "名簿の管理"})
    on(5, 1)
    held = {"holder": "contractor", "place": "office", "erase_by": "2027-08-01"}
    add("snapshot_stored", "roster/d01", counts={"rows": 1234}, codes=held)
    add("medium_registered", "CDR-1", codes={"kind": "CD-R", "delivery": "d01"})
    add("handler_registered", "h01/2", codes={"party": "contractor", "place": "office"}, names={"name": "後任"})
    on(6, 1)
    for party, kind in (("printer", "print_package"), ("visitors", "visit_halves")):
        codes = {"party": party, "kind": kind, "package": "p1"}
        add("package_handed_over", f"{party}/{kind}/p1", counts={"rows": 10}, codes=codes)
    add("sheets_out", "visit_1/2027-06-01/t01", counts={"sheets": 4})
    add("incident_opened", "i1", codes={"kind": "sheet_missing"})
    on(7, 1)
    add("sheets_in", "visit_1/2027-06-01/t01", counts={"sheets": 4})
    add("incident_closed", "i1")
    add("snapshot_erased", "roster/d01", codes={"reason": "retention"})
    add("medium_returned", "CDR-1", codes={"to": "ward"})
    add("certificate_received", "printer", counts={"packages": 1})
    return made


@pytest.mark.parametrize(
    ("on", "held", "media", "sheets", "incidents", "certified"),
    [
        (date(2027, 4, 30), [], [], [], [], []),
        (date(2027, 5, 1), ["roster/d01"], [("CDR-1", "")], [], [], []),
        (date(2027, 6, 30), ["roster/d01"], [("CDR-1", "")], [4], ["opened"], ["", ""]),
        (date(2027, 7, 1), [], [("CDR-1", "2027-07-01")], [], ["closed"], ["2027-07-01", ""]),
    ],
)
def test_a_day_is_told_as_it_stood_that_day(
    year: Year,
    on: date,
    held: list[str],
    media: list[tuple[str, str]],
    sheets: list[int],
    incidents: list[str],
    certified: list[str],
) -> None:
    told = handling_on(year.events, on)
    assert [h["name"] for h in told.holdings] == held
    assert [(m["medium"], m["returned_on"]) for m in told.media] == media
    assert [s["sheets"] for s in told.sheets] == sheets
    assert [i["state"] for i in told.incidents] == incidents
    assert [p["certified_on"] for p in told.packages] == certified


def test_a_holding_is_told_with_holder_place_purpose_and_end(year: Year) -> None:
    (held,) = handling_on(year.events, date(2027, 5, 1)).holdings
    assert held == {
        "name": "roster/d01",
        "purpose": "名簿の管理",
        "rows": 1234,
        "holder": "contractor",
        "place": "本社",
        "since": "2027-05-01",
        "erase_by": "2027-08-01",
    }


def test_the_handler_of_that_day_is_told_not_the_one_after(year: Year) -> None:
    def names(on: date) -> list[str]:
        return [h["name"] for h in handling_on(year.events, on).handlers]

    assert names(date(2027, 4, 30)) == ["係h01", "係h02"]
    assert names(date(2027, 5, 1)) == ["後任", "係h02"]


def test_each_party_reports_what_it_handles(year: Year) -> None:
    day = date(2027, 6, 30)
    printer, visitors = handling_on(year.events, day, "printer"), handling_on(year.events, day, "visitors")
    assert [h["id"] for h in printer.handlers] == ["h02"]
    assert [p["kind"] for p in printer.packages] == ["print_package"]
    assert (printer.holdings, printer.media, printer.sheets) == ((), (), ())
    assert len(visitors.sheets) == 1
    assert len(handling_on(year.events, day, "contractor").media) == 1


def test_erased_holdings_are_counted_by_reason(year: Year) -> None:
    assert handling_on(year.events, date(2027, 7, 1)).ended == {"retention": 1}
    assert handling_on(year.events, date(2027, 7, 1), "printer").ended == {}


@pytest.mark.parametrize(
    ("on", "party", "code"),
    [(date(2027, 3, 31), "", "HANDLING-BEFORE"), (date(2027, 4, 1), "nobody", "HANDLING-PARTY")],
)
def test_what_cannot_be_told_is_refused(year: Year, on: date, party: str, code: str) -> None:
    with pytest.raises(KanshoError, match=code):
        handling_on(year.events, on, party)


def test_the_text_is_for_people_and_the_json_for_machines(year: Year) -> None:
    told = handling_on(year.events, date(2027, 6, 30))
    text = as_text(told)
    for said in ("【模擬】", "係h02", "roster/d01", "1,234", "本社", "2027-08-01", "未返却", "訪問票の所在不明"):
        assert said in text
    assert json.loads(json.dumps(told.to_json()))["holdings"][0]["rows"] == 1234


def test_the_paper_is_marked_and_goes_from_each_to_the_one_it_answers_to(year: Year) -> None:
    def text(party: str) -> str:
        told = handling_on(year.events, date(2027, 6, 30), party)
        pdf = pypdfium2.PdfDocument(handling_report(told, issued_on=date(2027, 7, 1)))
        return "".join(page.get_textpage().get_text_range() for page in pdf)

    whole, printer = text(""), text("printer")
    assert "模擬" in whole.replace(" ", "").replace("\r\n", "")
    assert "ward社　御中" in whole
    assert "roster/d01" in whole
    assert "contractor社　御中" in printer
    assert "該当はありません" in printer
