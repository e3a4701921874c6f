"""差戻し依頼: what the ward is asked to send again, and who may read it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import openpyxl
import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansho.campaign.config import CampaignConfig
from kansho.evidence.register import exceptions
from kansho.exchange.package import unpack
from kansho.intake.send_back import Wrong, ask_back, spreadsheet
from kansho.intake.stage import find_deliveries, take_in
from kansho.intake.validation import accept_validated, check_raw, find_raw
from kansho.workspace import Workspace
from tests.deliveries import Delivery, numbers, people, person

Open = Callable[..., Workspace]
DAY = date(2027, 4, 20)
N = numbers(4)


@pytest.fixture
def asked(open_workspace: Open, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, pyrage.x25519.Identity]:
    """A workspace whose first delivery left two rows behind, and the ward's own key."""
    monkeypatch.setattr("kansho.intake.validation.authority_of", lambda ws, summary: "decided")
    ws = open_workspace(DAY)
    identity = pyrage.x25519.Identity.generate()
    ws.record("recipient_registered", "ward/test", codes={"recipient": str(identity.to_public())})
    rows = [*people(2), person(N[2], sex="9"), person(N[3], postal_code="000-0000")]
    Delivery().add("target_list", rows).put(ws).unlock(ws)
    take_in(ws, find_deliveries(ws, {}) or {})
    accepted = accept_validated(ws, check_raw(ws, find_raw(ws, {}) or {}))
    assert ask_back(ws, accepted) == {"deliveries": ["d01"], "counts": {"asked": 2}}
    return ws, identity


def _files(ws: Workspace, identity: pyrage.x25519.Identity) -> dict[str, bytes]:
    sealed = (ws.layout.received("ward") / "send_back--sb-d01.age").read_bytes()
    return dict(unpack(pyrage.decrypt(sealed, [identity])).files)


def test_the_ward_reads_which_rows_under_which_rule(asked: tuple[Workspace, pyrage.x25519.Identity]) -> None:
    ws, identity = asked
    sheet = openpyxl.load_workbook(io.BytesIO(_files(ws, identity)["send_back.xlsx"])).active
    assert sheet is not None
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)]
    assert {(row[0], row[3], row[4]) for row in rows} == {
        ("sb-d01", N[2], "sex.code"),
        ("sb-d01", N[3], "postal.ward"),
    }
    assert all(row[5] and row[6] for row in rows)  # what is wrong, and what to do


def test_the_letter_that_is_filed_names_nobody(asked: tuple[Workspace, pyrage.x25519.Identity]) -> None:
    import pypdfium2

    ws, identity = asked
    filed = (ws.layout.outputs / "documents" / "sb-d01.pdf").read_bytes()
    assert filed == _files(ws, identity)["letter.pdf"]
    text = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(filed))
    assert "sb-d01" in text
    assert "差戻し依頼" in text
    assert not re.search(r"\d{4}-\d{4}-\d{2}", text)
    assert "月見里" not in text


def test_nothing_is_asked_twice(asked: tuple[Workspace, pyrage.x25519.Identity]) -> None:
    ws, _ = asked
    assert ask_back(ws, {"deliveries": ["d01"]}) is None
    assert len(ws.ledger.events("package_handed_over")) == 1
    assert {c.state for c in exceptions(ws.ledger.events())} == {"asked"}
    assert {c.request for c in exceptions(ws.ledger.events())} == {"sb-d01"}


def test_a_delivery_without_fault_asks_nothing(open_workspace: Open) -> None:
    assert ask_back(open_workspace(DAY), {"deliveries": ["d01"]}) is None


@given(st.text(alphabet="=+-@0123456789ABC\t", max_size=12))
def test_no_cell_becomes_a_formula_or_loses_its_zeros(mini: CampaignConfig, number: str) -> None:
    data = spreadsheet("sb-d01", [Wrong("target_list", "d01", "sex.code", number)], mini)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    cell = sheet.cell(2, 4)
    assert (cell.value or "").strip() == number.strip()
    assert cell.data_type in ("s", "inlineStr", "n")
    assert cell.value is None or isinstance(cell.value, str)
