"""差戻し依頼: what the ward is asked to send again, as a spreadsheet and a covering letter, sealed to the ward.

Belongs here: the two papers and handing them over.  Does not belong here: which rows are wrong (`validation`) or
the life of an exception (`exceptions`).  The spreadsheet names people by their number only and leaves sealed; the
letter holds counts and can be filed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from kansho import exchange
from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import contract
from kansho.documents import Document, Section, Table, render
from kansho.documents.render import japanese_date
from kansho.evidence.register import ExceptionCase, unasked
from kansho.quality.catalogue import rule
from kansho.workspace import Workspace

KIND = "send_back"
_HEADINGS = ("整理番号", "ファイル", "提供", "お問い合わせ番号", "規則", "内容", "お願い")


@dataclass(frozen=True)
class Wrong:
    """One row to be sent again: ``number`` is the お問い合わせ番号, '' when the row has none."""

    table: str
    delivery: str
    rule: str
    number: str


def ask_back(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Ask the ward for every quarantined row not asked for yet, in one request for each delivery (``sb-<delivery>``).

    None when nothing is wrong.  Run again, it finds the request made and hands over nothing twice.
    """
    asked = 0
    for delivery in work["deliveries"]:
        cases = unasked(ws.ledger.events(), delivery)
        if cases:
            _ask(ws, delivery, cases)
            asked += sum(c.rows for c in cases)
    return {"deliveries": list(work["deliveries"]), "counts": {"asked": asked}} if asked else None


def spreadsheet(request: str, rows: Sequence[Wrong], config: CampaignConfig) -> bytes:
    """The rows as xlsx, every cell a text (a number keeps its zeros, nothing becomes a formula)."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet("差戻し")
    sheet.freeze_panes(1, 0)
    for column, width in enumerate((16, 16, 12, 18, 24, 44, 44)):
        sheet.set_column(column, column, width, text)
    lines = [_HEADINGS, *(_line(request, row, config) for row in rows)]
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            sheet.write_string(y, x, cell, text)
    book.close()
    return buffer.getvalue()


def letter(ws: Workspace, request: str, cases: Sequence[ExceptionCase]) -> bytes:
    """The covering letter as PDF: files, rules, counts, what to do; no person."""
    rows = []
    for case in cases:
        told = rule(case.table, case.rule, ws.config)
        rows.append((contract(case.table).title, case.rule, told.message, told.remedy, f"{case.rows:,}"))
    due = min(case.due for case in cases)
    return render(
        Document(
            title="提供データの差戻し依頼",
            contract_title=ws.config.contract.title,
            contract_number=ws.config.contract.number,
            issued_on=ws.today,
            issuer=ws.config.contractor.name,
            addressee=ws.config.ward_party.name,
            facts=(
                ("整理番号", request),
                ("対象の提供", cases[0].delivery),
                ("ご回答の期限", japanese_date(ws.today.fromisoformat(due))),
            ),
            sections=(
                Section(
                    "お願い",
                    (
                        "次の行は検証の規則に合わないため、受け入れずに保留しています。"
                        "別添の表（暗号化）でお問い合わせ番号をご確認のうえ、訂正した行だけを改めてご提供ください。",
                        "送付書の「回答する差戻し依頼」に整理番号を、ファイルの範囲に「追加・訂正分のみ」をご記入ください。",
                    ),
                    (Table(("ファイル", "規則", "内容", "お願い", "件数"), tuple(rows), (4,)),),
                ),
            ),
            simulation=ws.is_simulation,
            footnotes=("個人を特定する内容はこの書面に含みません。表は区の鍵で封緘してお渡しします。",),
        )
    )


def _ask(ws: Workspace, delivery: str, cases: Sequence[ExceptionCase]) -> None:
    request = f"sb-{delivery}"
    paper = letter(ws, request, cases)
    ws.issue_document(f"documents/{request}.pdf", paper, title="差戻し依頼", kind=KIND)
    exchange.hand_over(
        ws,
        party=ws.config.ward_party.id,
        work=None,
        package=request,
        kind=KIND,
        files={"send_back.xlsx": spreadsheet(request, _rows(ws, cases), ws.config), "letter.pdf": paper},
        counts={"rows": sum(c.rows for c in cases)},
        authority="contract",
    )
    for case in cases:
        ws.record("exception_asked", case.key, counts={"rows": case.rows}, codes={"request": request})


def _rows(ws: Workspace, cases: Sequence[ExceptionCase]) -> list[Wrong]:
    out: list[Wrong] = []
    for case in cases:
        ref = ws.find("quarantine", f"{case.table}-{case.delivery}")
        if ref is None:
            continue
        wrong = ws.read_table(ref)
        numbers = wrong.loc[wrong["reason"].eq(case.rule), "inquiry_number"]
        out += [Wrong(case.table, case.delivery, case.rule, n if isinstance(n, str) else "") for n in numbers]
    return out


def _line(request: str, row: Wrong, config: CampaignConfig) -> tuple[str, ...]:
    told = rule(row.table, row.rule, config)
    return (request, contract(row.table).title, row.delivery, row.number, row.rule, told.message, told.remedy)
