"""The page of a gate run: from its event alone, value-free, offline, in Japanese, issued once, shown at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from campaign_desk.app import app
from campaign_desk.session import current_user
from kansho.campaign.config import CampaignConfig
from kansho.contracts.registry import STOP_LIST
from kansho.quality.gate import GateResult, run_gate
from kansho.quality.pages import broken_rules, gate_page, issue_gate_page
from kansho.workspace import Workspace
from kansho_airflow.gatelink import GatePages, gate_pages_path
from kansho_airflow.xcom_guard import check_plain
from tests.conftest import MINI

DAY = date(2027, 4, 20)
NAME = "月見里　凛"
BAD = [("1234-5678-90", "1", None), (NAME, "9", "昨日"), ("1234-5678-92", "2", None)]


@pytest.fixture
def ws(mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("KANSHO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    opened = Workspace.open(mini, tmp_path / "var", DAY)
    opened.keyring.create()
    opened.record("campaign_opened", "opening", codes={"simulation": "true", "config_digest": mini.digest})
    return opened


def _run(
    ws: Workspace, subject: str, rows: list[tuple[str | None, str | None, str | None]], **doubts: int
) -> GateResult:
    frame = pd.DataFrame(rows, columns=list(STOP_LIST.names), dtype=object)
    kept = pd.Series([r[0] != NAME for r in rows], index=frame.index, dtype=bool)
    given = frame["stop_kind"].ne("2") | frame["until"].notna()
    extra = {"number.check_digit": kept, "until.given": given}
    told = {name.replace("_", "-"): n for name, n in doubts.items()}
    return run_gate(ws, "stop_list", subject, frame, STOP_LIST, extra=extra, doubts=told)


def _page(ws: Workspace, subject: str) -> str:
    return (ws.layout.outputs / "gates" / "stop_list" / f"{subject}.html").read_text(encoding="utf-8")


def test_the_event_tells_every_rule_with_its_rows_and_what_it_did(ws: Workspace) -> None:
    found = _run(ws, "d01", BAD, STOP_UNKNOWN=1, STOP_SHRUNK=0)
    event = ws.ledger.find("gate_evaluated", "stop_list/d01")
    assert event is not None
    told = {name.removeprefix("rule."): n for name, n in event.counts.items() if name.startswith("rule.")}
    assert told == {**found.broken, "STOP-SHRUNK": 0}
    assert {name: event.codes[f"rule.{name}"] for name in found.broken} == {
        "inquiry_number.pattern": "quarantine",
        "stop_kind.code": "quarantine",
        "until.shape": "quarantine",
        "number.check_digit": "quarantine",
        "until.given": "quarantine",
        "STOP-UNKNOWN": "hold",
    }
    assert event.counts["rows"] == event.counts["accepted"] + event.counts["quarantined"]
    assert re.fullmatch("[0-9a-f]{64}", event.refs["suite"]["sha256"])
    assert "rules" not in event.codes  # a list that could be cut off


def test_a_page_tells_what_was_found_and_what_to_do(ws: Workspace) -> None:
    _run(ws, "d01", BAD, STOP_UNKNOWN=1)
    text = _page(ws, "d01")
    for word in (
        "模擬",
        "墨田区",
        "勧奨停止一覧",
        "保留（判断待ち）",
        "延期なのに期限がありません。",
        "いつまで控えるかを入れて送り直してください。",
        "受託者 取扱責任者",
        "なし（初回）",
    ):
        assert word in text
    # A rule that held stands among those that were asked; a rule that nobody asked stands nowhere.
    assert "inquiry_number.required" in text
    assert "STOP-SHRUNK" not in text


def test_a_page_holds_no_value_and_loads_nothing(ws: Workspace) -> None:
    _run(ws, "d01", BAD)
    text = _page(ws, "d01")
    for value in (NAME, "月見里", "1234-5678", "昨日"):
        assert value not in text
    assert not re.search(r"https?://|<script|<img|<link|url\(|@import|\bon\w+=", text)


def test_a_page_compares_with_the_run_before(ws: Workspace) -> None:
    _run(ws, "d01", BAD)
    _run(ws, "d02", [("1234-5678-90", "1", None)])
    text = _page(ws, "d02")
    assert "stop_list/d01" in text
    assert re.search(r"受け取った行</th><td class=\"n\">1</td><td class=\"n\">3<", text)
    assert re.search(r"until\.given</code></td><td>[^<]*</td><td>隔離</td><td class=\"n\">1<", text)


def test_a_page_is_issued_once_and_made_again_from_the_ledger_alone(ws: Workspace) -> None:
    _run(ws, "d01", BAD)
    size, first = ws.ledger.size, _page(ws, "d01")
    later = replace(ws, today=date(2027, 5, 20))
    _run(later, "d01", BAD)  # the same piece of work, after a decision
    assert (ws.ledger.size, _page(ws, "d01")) == (size, first)
    event = ws.ledger.find("gate_evaluated", "stop_list/d01")
    assert event is not None
    assert gate_page(event, None, ws.config, simulation=True).decode() == first
    issued = ws.ledger.find("document_issued", "gates/stop_list/d01.html")
    assert issued is not None
    assert issued.codes == {"kind": "gate_page"}
    assert "勧奨停止一覧" in issued.names["title"]


def test_a_run_of_a_gate_without_a_contract_has_a_page_too(ws: Workspace) -> None:
    codes = {"gate": "print_release", "result": "stop", "rules": "read_back:2|held_out:1"}
    event = ws.record(
        "gate_evaluated", "print_release/m1", counts={"rows": 5, "accepted": 0, "quarantined": 0}, codes=codes
    )
    assert broken_rules(event) == {"read_back": 2, "held_out": 1}
    path = issue_gate_page(ws, event)
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "印刷データの引渡し" in text
    assert "勧奨しない群（保留群）の方が含まれています" in text


# -- at the desk -------------------------------------------------------------------------------

As = Callable[[str], TestClient]


@pytest.fixture
def as_user(ws: Workspace) -> Iterator[As]:
    def signed_in(user: str) -> TestClient:
        app.dependency_overrides[current_user] = lambda: user
        return TestClient(app, base_url="http://desk.test", root_path="/desk", follow_redirects=False)

    yield signed_in
    app.dependency_overrides.clear()


@pytest.mark.parametrize(
    ("user", "status"),
    [
        ("takanashi", 200),
        ("yamanashi", 200),
        ("watanuki", 200),
        ("tsukumo", 200),
        ("mitarai", 403),
        ("domeki", 403),
        ("imoarai", 403),
        ("airflow_admin", 403),
    ],
)
def test_the_ward_and_the_contractor_see_pages_and_no_subcontractor(
    ws: Workspace, as_user: As, user: str, status: int
) -> None:
    _run(ws, "d01", BAD)
    client = as_user(user)
    for path in ("", "of/d01", "stop_list/d01.html"):
        assert client.get(f"/desk/sumida_2027/gates/{path}").status_code == status


def test_the_desk_serves_the_issued_bytes_under_a_policy_that_allows_their_style_only(
    ws: Workspace, as_user: As
) -> None:
    _run(ws, "d01", BAD)
    answer = as_user("watanuki").get("/desk/sumida_2027/gates/stop_list/d01.html")
    assert answer.text == _page(ws, "d01")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]+';", policy)
    assert answer.headers["Cache-Control"] == "no-store, max-age=0"


def test_only_issued_unchanged_pages_are_served(ws: Workspace, as_user: As) -> None:
    _run(ws, "d01", BAD)
    ws.issue_document("gates/other.html", b"x", title="t", kind="plan")
    client = as_user("watanuki")
    for name in ("stop_list/d99.html", "other.html", "../outputs/other.html", "%2e%2e/%2e%2e/keys/sumida_2027"):
        assert client.get(f"/desk/sumida_2027/gates/{name}").status_code == 404
    (ws.layout.outputs / "gates" / "stop_list" / "d01.html").write_text("changed", encoding="utf-8")
    answer = client.get("/desk/sumida_2027/gates/stop_list/d01.html")
    assert answer.status_code == 409
    assert "DESK-DOCUMENT" in answer.text


def test_the_list_is_narrowed_to_what_a_task_checked(ws: Workspace, as_user: As) -> None:
    _run(ws, "d01", BAD)
    _run(ws, "d02", [("1234-5678-90", "1", None)])
    client = as_user("watanuki")
    assert client.get("/desk/sumida_2027/gates/").text.count("開く</a>") == 2
    narrowed = client.get("/desk/sumida_2027/gates/of/d02").text
    assert narrowed.count("開く</a>") == 1
    assert "すべての記録を見る" in narrowed


def test_the_link_of_a_gate_task_is_plain_enough_for_airflow() -> None:
    assert gate_pages_path("sumida_2027", {"deliveries": ["d01", "d02-r2"]}) == "/desk/sumida_2027/gates/of/d01.d02-r2"
    assert gate_pages_path("sumida_2027", None) == "/desk/sumida_2027/gates/"
    check_plain(gate_pages_path("sumida_2027", {"deliveries": ["d01", "d02-r2"]}), "link")

    class Task:
        dag_id, task_id = "sumida_2027__validation", "check_raw"

    class Instance:
        def xcom_pull(self, task_ids: str) -> dict[str, list[str]]:
            return {"deliveries": [task_ids]}

    assert GatePages().get_link(Task(), ti_key=Instance()) == "/desk/sumida_2027/gates/of/check_raw"
    assert GatePages().get_link(Task(), ti_key=object()) == "/desk/sumida_2027/gates/"
