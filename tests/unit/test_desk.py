"""The desk: each role sees its own, the opening is recorded before the thing is shown, nothing is kept or quoted."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pypdfium2
import pytest
from fastapi.testclient import TestClient

from campaign_desk import words
from campaign_desk.app import _answer_path, app
from campaign_desk.artefacts import Span
from campaign_desk.readings import progress, record_opening
from campaign_desk.session import current_user
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.casework import open_case
from kansho.errors import KanshoError
from kansho.evidence.access_rules import access_findings
from kansho.evidence.approvals import Decision, check_decision
from kansho.evidence.events import Actor
from kansho.intake.passwords import use_password, waiting_password
from kansho.opening.register import end_registrations, register_handler
from kansho.oversight.clocks import clocks
from kansho.oversight.incident_items import PURPOSE, fill_item
from kansho.oversight.incident_report import ITEMS
from kansho.quality.catalogue import rule
from kansho.standing import undecided_stop_list
from kansho.targeting.plan import make_plan
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from kansho_airflow.countwords import count_word
from tests.conftest import MINI
from tests.deliveries import numbers, person
from tests.unit.outreach_people import fill

CAMPAIGN = "sumida_2027"
DAY = date(2027, 10, 6)
OFFICER, WARD_MANAGER, MANAGER, STAFF, ENGINEER = "takanashi", "yamanashi", "watanuki", "teshigawara", "tsukumo"
PRINTER, CALLER, VISITOR = "mitarai", "domeki", "imoarai"
NAME = "月見里　凛"
ORIGIN = {"Origin": "http://desk.test"}

As = Callable[[str], TestClient]


def pdf(pages: int = 2) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(595, 842)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def key_of(stage: str, name: str) -> str:
    return f"{CAMPAIGN}__{stage}/asset_triggered__2027-10-06T00:00:00+00:00_x1/{name}"


PLAN, LIST, GATE = key_of("segmentation", "plan"), key_of("visit_wave", "visit_list"), key_of("validation", "gate")


@pytest.fixture
def ws(mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A simulated campaign with three requests waiting and one delivery locked."""
    monkeypatch.setenv("KANSHO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("KANSHO_CAMPAIGNS", str(MINI))
    opened = Workspace.open(mini, tmp_path / "var", DAY)
    opened.keyring.create()
    opened.record("campaign_opened", "opening", codes={"simulation": "true", "config_digest": mini.digest})
    for handler in mini.handlers:
        register_handler(opened, handler)
    visits = pd.DataFrame({"inquiry_number": numbers(2), "name_kanji": [NAME, None]})
    artefacts = {
        PLAN: (Role.WARD_OFFICER, opened.store_bytes("plan_document", "p1", pdf())),
        LIST: (Role.WARD_OFFICER, opened.store_table("visit_list", "visit_1", visits)),
        GATE: (Role.CONTRACTOR_MANAGER, opened.store_bytes("gate_summary", "d01", b'{"rows": 1234}')),
    }
    for key, (role, ref) in artefacts.items():
        codes = {"role": role.value, "kind": ref.kind, "ask": "ask"}
        opened.record("approval_requested", key, counts={"rows": 1234}, codes=codes, refs={"artefact": ref})
    delivery = opened.layout.outgoing("ward") / "d09"
    delivery.mkdir(parents=True)
    (delivery / "sealed.zip").write_bytes(b"sealed")
    return opened


@pytest.fixture
def as_user(ws: Workspace) -> As:
    """The desk as the named user sees it, mounted at /desk like in Airflow."""

    def signed_in(user: str) -> TestClient:
        app.dependency_overrides[current_user] = lambda: user
        return TestClient(app, base_url="http://desk.test", root_path="/desk", follow_redirects=False)

    yield signed_in  # type: ignore[misc]
    app.dependency_overrides.clear()


# -- comments --------------------------------------------------------------------------------------

WORDS = "2ページ目の電話番号が\r\n違います。"


def opened_by(client: TestClient, key: str = PLAN) -> TestClient:
    assert client.get(f"/desk/{CAMPAIGN}/artefacts/{key}").status_code == 200
    return client


def say(client: TestClient, text: str = WORDS, key: str = PLAN) -> int:
    return client.post(f"/desk/{CAMPAIGN}/comments/{key}", data={"text": text}, headers=ORIGIN).status_code


def test_a_comment_is_kept_in_the_vault_and_the_ledger_knows_that_it_was_left(as_user: As, ws: Workspace) -> None:
    officer = opened_by(as_user(OFFICER))
    assert say(officer) == 303
    (left,) = ws.ledger.events("comment_left")
    assert left.codes["of"] == "plan_document/p1"
    assert left.actor["user"] == OFFICER
    assert left.counts == {"characters": len("2ページ目の電話番号が\n違います。")}
    assert "電話番号" not in "".join(str(e.to_json()) for e in ws.ledger.events())
    for path in (f"approvals/{PLAN}", "proofs"):
        assert "2ページ目の電話番号が\n違います。" in officer.get(f"/desk/{CAMPAIGN}/{path}").text
    assert "電話番号" in as_user(STAFF).get(f"/desk/{CAMPAIGN}/proofs").text
    stored = b"".join(p.read_bytes() for p in ws.layout.kansho.rglob("*") if p.is_file())
    assert "電話番号".encode() not in stored


def test_the_same_words_sent_twice_are_one_comment_and_others_are_more(as_user: As, ws: Workspace) -> None:
    officer = opened_by(as_user(OFFICER))
    assert [say(officer, text) for text in (WORDS, WORDS, "色が濃い")] == [303] * 3
    assert [e.key.rpartition("/")[2] for e in ws.ledger.events("comment_left")] == ["001", "002"]


@pytest.mark.parametrize(
    ("text", "code"), [("　 \n", "COMMENT-EMPTY"), ("あ" * 2001, "COMMENT-LONG"), ("\x07ベル", "COMMENT-CHARACTER")]
)
def test_a_comment_that_cannot_be_kept_is_refused_and_not_repeated(
    as_user: As, ws: Workspace, text: str, code: str
) -> None:
    officer = opened_by(as_user(OFFICER))
    answer = officer.post(f"/desk/{CAMPAIGN}/comments/{PLAN}", data={"text": text}, headers=ORIGIN)
    assert answer.status_code == 409
    assert code in answer.text
    assert "ベル" not in answer.text
    assert ws.ledger.events("comment_left") == []


@pytest.mark.parametrize("user", [WARD_MANAGER, MANAGER, PRINTER, CALLER])
def test_nobody_else_comments_on_what_one_role_is_asked(as_user: As, ws: Workspace, user: str) -> None:
    assert say(as_user(user)) == 403
    assert ws.ledger.events("comment_left") == []


def test_after_the_answer_nothing_more_is_said(as_user: As, ws: Workspace) -> None:
    officer = opened_by(as_user(OFFICER))
    ws.record("approval_decided", PLAN, codes={"decision": "reject", "reason": "see_desk"}, refs={"digest": "0" * 64})
    assert say(officer) == 404


@pytest.mark.parametrize("user", [PRINTER, CALLER, VISITOR])
def test_a_subcontractor_does_not_read_the_rounds(as_user: As, user: str) -> None:
    assert as_user(user).get(f"/desk/{CAMPAIGN}/proofs").status_code == 403


def test_the_rounds_of_a_proof_are_shown_with_their_ends(as_user: As, ws: Workspace) -> None:
    proofs = [ws.store_bytes("proof", f"mailing_1-r0{n}", pdf(n)) for n in (1, 2)]
    for n, ref in enumerate(proofs, start=1):
        ws.record("proof_made", ref.key, refs={"proof": ref, "changed": {"loss_frame": 2} if n == 2 else {}})
    key = key_of("mailing_production", "proof")
    ws.record("approval_requested", key, codes={"role": "ward_officer"}, refs={"artefact": proofs[0]})
    ws.record("approval_decided", key, codes={"decision": "reject", "reason": "wrong_content"}, refs={"digest": "0"})
    shown = as_user(STAFF).get(f"/desk/{CAMPAIGN}/proofs").text
    assert [w for w in ("初校　差戻し（内容の誤り）", "再校　回答待ち", "loss_frame（2か所）") if w not in shown] == []


# -- who sees what ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "seen", "unseen"),
    [
        (OFFICER, ["勧奨計画の承認", "訪問リストの確認"], ["検証結果の判断", "パスワード", "問合せ"]),
        (WARD_MANAGER, ["いま待っている承認はありません"], ["勧奨計画", "検証結果の判断"]),
        (MANAGER, ["検証結果の判断", "パスワードの入力"], ["勧奨計画", "訪問リスト"]),
        (STAFF, ["いま待っている承認はありません", "d09", "問合せ"], ["勧奨計画"]),
        (ENGINEER, ["いま待っている承認はありません"], ["d09", "問合せ"]),
        (PRINTER, ["いま待っている承認はありません"], ["d09", "問合せ", "訪問リスト"]),
        (VISITOR, ["いま待っている承認はありません"], ["d09", "問合せ", "訪問リスト"]),
    ],
)
def test_the_list_holds_what_waits_for_this_role_and_no_more(
    as_user: As, user: str, seen: list[str], unseen: list[str]
) -> None:
    answer = as_user(user).get(f"/desk/{CAMPAIGN}/")
    assert answer.status_code == 200
    assert [word for word in seen if word not in answer.text] == []
    assert [word for word in unseen if word in answer.text] == []


@pytest.mark.parametrize("user", [WARD_MANAGER, MANAGER, STAFF, ENGINEER, PRINTER, CALLER, VISITOR])
@pytest.mark.parametrize("path", ["approvals/{}", "artefacts/{}", "sheets/1/{}"])
def test_another_role_sees_neither_the_request_nor_the_thing(as_user: As, ws: Workspace, user: str, path: str) -> None:
    answer = as_user(user).get(f"/desk/{CAMPAIGN}/{path.format(PLAN)}")
    assert answer.status_code == 403
    assert "権限がありません" in answer.text
    assert not ws.ledger.events("artefact_opened")


@pytest.mark.parametrize("path", ["", f"approvals/{PLAN}", f"artefacts/{PLAN}", f"sheets/1/{PLAN}", "enquiries"])
def test_a_user_who_is_no_handler_sees_nothing(as_user: As, path: str) -> None:
    assert as_user("airflow_admin").get(f"/desk/{CAMPAIGN}/{path}").status_code == 403


@pytest.mark.parametrize("path", ["", f"approvals/{PLAN}", f"artefacts/{PLAN}", f"sheets/1/{PLAN}", "enquiries"])
def test_an_unknown_campaign_is_not_there(as_user: As, path: str) -> None:
    assert as_user(OFFICER).get(f"/desk/nowhere_2099/{path}").status_code == 404


def test_an_unknown_request_is_not_there(as_user: As) -> None:
    assert as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/a/b/c").status_code == 404


def test_every_route_with_a_campaign_asks_who_it_is(ws: Workspace) -> None:
    app.dependency_overrides.clear()
    client = TestClient(app, base_url="http://desk.test", root_path="/desk")
    for path in ("", *(f"{CAMPAIGN}/{of}" for of in ("", f"approvals/{PLAN}", f"artefacts/{PLAN}", "incidents"))):
        answer = client.get(f"/desk/{path}")
        assert answer.status_code == 401, path
        assert "サインイン" in answer.text
    for path in (f"{CAMPAIGN}/passwords", f"{CAMPAIGN}/enquiries", f"{CAMPAIGN}/incidents/x"):
        assert client.post(f"/desk/{path}", data={"number": "x"}, headers=ORIGIN).status_code == 401


def test_home_lists_the_campaigns_of_the_user(as_user: As) -> None:
    assert "墨田区" in as_user(PRINTER).get("/desk/").text
    assert "登録された業務はありません" in as_user("airflow_admin").get("/desk/").text


# -- opening the thing -----------------------------------------------------------------------------


def test_the_opening_of_a_document_is_recorded_and_its_pages_are_drawn(as_user: As, ws: Workspace) -> None:
    client = as_user(OFFICER)
    assert client.get(f"/desk/{CAMPAIGN}/sheets/1/{PLAN}").status_code == 403  # nobody looks unrecorded
    assert "開いた記録がないと" in client.get(f"/desk/{CAMPAIGN}/approvals/{PLAN}").text

    answer = client.get(f"/desk/{CAMPAIGN}/artefacts/{PLAN}")
    assert answer.status_code == 200
    assert "全 2 ページ" in answer.text

    event = ws.ledger.find("artefact_opened", f"{PLAN}/{OFFICER}")
    assert event is not None
    digest = ws.ledger.find("approval_requested", PLAN).refs["artefact"]["digest"]  # type: ignore[union-attr]
    assert event.refs == {"digest": digest}
    assert event.counts == {"first": 1, "last": 2, "of": 2}
    assert event.actor == {"party": "ward", "user": OFFICER, "role": "ward_officer"}
    assert event.campaign_date == DAY.isoformat()

    drawn = client.get(f"/desk/{CAMPAIGN}/sheets/2/{PLAN}")
    assert drawn.headers["content-type"] == "image/png"
    assert drawn.content.startswith(b"\x89PNG")
    assert "no-store" in drawn.headers["cache-control"]
    assert client.get(f"/desk/{CAMPAIGN}/sheets/3/{PLAN}").status_code == 404
    assert client.get(f"/desk/{CAMPAIGN}/sheets/0/{PLAN}").status_code == 404
    assert "すべて開いた記録があります" in client.get(f"/desk/{CAMPAIGN}/approvals/{PLAN}").text


def test_a_table_is_shown_under_its_japanese_headings(as_user: As, ws: Workspace) -> None:
    answer = as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{LIST}")
    assert "全 2 件" in answer.text
    assert NAME in answer.text
    assert "お問い合わせ番号" in answer.text or "問合せ番号" in answer.text
    assert "None" not in answer.text
    assert "nan" not in answer.text
    assert ws.ledger.find("artefact_opened", f"{LIST}/{OFFICER}") is not None
    assert as_user(OFFICER).get(f"/desk/{CAMPAIGN}/sheets/1/{LIST}").status_code == 404


# -- page by page ------------------------------------------------------------------------------------

LONG = key_of("visit_wave3", "visit_list")
ROWS = 9_499


@pytest.fixture
def long_list(ws: Workspace) -> Workspace:
    """A visit list of the largest size waits for the officer."""
    frame = pd.DataFrame({"token": [f"ROW-{n}-" for n in range(1, ROWS + 1)], "name_kanji": NAME})
    ref = ws.store_table("visit_list", "visit_3", frame)
    codes = {"role": "ward_officer", "kind": "visit_list", "ask": "ask_visit_list"}
    ws.record("approval_requested", LONG, counts={"listed": ROWS}, codes=codes, refs={"artefact": ref})
    return ws


def turn(client: TestClient, number: int, key: str = LONG) -> str:
    answer = client.get(f"/desk/{CAMPAIGN}/artefacts/{key}?page={number}")
    assert answer.status_code == 200
    return answer.text


def approve(ws: Workspace, user: str = OFFICER, key: str = LONG) -> Decision:
    """The guard's question after an approval by the user at this moment."""
    officer = ws.acting_as(Actor("ward", user, "ward_officer"))
    codes = {"decision": "approve", "reason": "none", "answered_at": datetime.now(UTC).isoformat()}
    officer.record("approval_answered", f"{key}/{len(ws.ledger.events('approval_answered')) + 1}", codes=codes)
    digest = ws.ledger.find("approval_requested", key).refs["artefact"]["digest"]  # type: ignore[union-attr]
    return check_decision(ws.ledger.events(), key, ws.config, digest_now=digest)


def test_a_long_list_is_shown_page_by_page_and_every_row_stands_on_one_of_them(
    as_user: As, long_list: Workspace
) -> None:
    client = as_user(OFFICER)
    first = turn(client, 1)
    assert "全 9,499 件のうち 1〜500 件目です（1 / 19 ページ）" in first
    assert long_list.ledger.find("approval_requested", LONG).refs["artefact"]["digest"] in first  # type: ignore[union-attr]
    assert "まだ開いていないページがあります" in first
    texts = [first, *(turn(client, number) for number in range(2, 20))]
    assert "全 9,499 件のうち 9,001〜9,499 件目です（19 / 19 ページ）" in texts[-1]
    assert "すべてのページを開きました" in texts[-1]
    shown = [row for text in texts for row in re.findall(r"ROW-(\d+)-", text)]
    assert [int(row) for row in shown] == list(range(1, ROWS + 1))


@pytest.mark.parametrize("number", ["0", "-1", "20", "9999999999999999999999", "x"])
def test_a_page_that_is_not_there_is_not_recorded_as_opened(as_user: As, long_list: Workspace, number: str) -> None:
    assert as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{LONG}?page={number}").status_code in (404, 422)
    assert long_list.ledger.events("artefact_opened") == []


def test_a_page_that_a_browser_fetched_ahead_is_neither_shown_nor_opened(as_user: As, long_list: Workspace) -> None:
    ahead = {"Sec-Purpose": "prefetch;prerender"}
    answer = as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{LONG}", headers=ahead)
    assert answer.status_code == 403
    assert "ROW-" not in answer.text
    assert long_list.ledger.events("artefact_opened") == []


def test_nobody_approves_a_list_of_which_a_page_was_not_opened(as_user: As, long_list: Workspace) -> None:
    client = as_user(OFFICER)
    with pytest.raises(KanshoError, match="APPROVAL-UNREAD"):
        approve(long_list)
    for number in (19, *range(1, 7), *range(8, 19)):
        turn(client, number)
    page = client.get(f"/desk/{CAMPAIGN}/approvals/{LONG}").text
    assert "19 ページのうち 1 ページをまだ開いていません" in page
    assert f'/artefacts/{LONG}?page=7"' in page
    with pytest.raises(KanshoError, match="APPROVAL-UNREAD"):
        approve(long_list)
    turn(client, 7)
    assert "すべて開いた記録があります" in client.get(f"/desk/{CAMPAIGN}/approvals/{LONG}").text
    assert approve(long_list).approved


def test_what_was_opened_is_known_to_another_process_and_one_event_for_each_page(
    as_user: As, long_list: Workspace, mini: CampaignConfig
) -> None:
    """Nothing but the ledger remembers: a restarted api-server, or another one, goes on where the person stopped."""
    for number in range(1, 20):
        turn(as_user(OFFICER), number)
    again = Workspace.open(mini, long_list.layout.var, DAY)
    spans = [(e.counts["first"], e.counts["last"], e.counts["of"]) for e in again.ledger.events("artefact_opened")]
    assert spans == [(n * 500 + 1, min(n * 500 + 500, ROWS), ROWS) for n in range(19)]
    assert approve(again).approved


def test_two_pages_opened_at_the_same_moment_are_both_recorded(
    long_list: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = long_list.ledger.find("approval_requested", LONG)
    assert asked is not None
    officer = long_list.acting_as(Actor("ward", OFFICER, "ward_officer"))
    record_opening(officer, asked, Span(1, ROWS, 500))
    monkeypatch.setattr("campaign_desk.readings.openings", lambda *_: iter(()))  # read before the other wrote
    record_opening(officer, asked, Span(2, ROWS, 500))
    monkeypatch.undo()
    assert progress(officer, asked).left == tuple(range(3, 20))


def test_what_one_officer_opened_does_not_count_for_another(as_user: As, long_list: Workspace) -> None:
    for number in range(1, 20):
        turn(as_user(OFFICER), number)
    asked = long_list.ledger.find("approval_requested", LONG)
    assert asked is not None
    assert progress(long_list.acting_as(Actor("ward", OFFICER, "ward_officer")), asked).whole
    assert not progress(long_list.acting_as(Actor("ward", "somebody", "ward_officer")), asked).begun


def test_a_long_document_is_turned_over_and_no_sheet_is_drawn_before_its_page_was_opened(
    as_user: As, ws: Workspace
) -> None:
    key = key_of("closing", "erasure_ward")
    ref = ws.store_bytes("plan_document", "erasure-1", pdf(51))
    codes = {"role": "ward_officer", "kind": "plan_document", "ask": "ask"}
    ws.record("approval_requested", key, codes=codes, refs={"artefact": ref})
    client = as_user(OFFICER)
    assert "全 51 ページのうち 1〜50 ページ目です（1 / 2 画面）" in turn(client, 1, key)
    assert client.get(f"/desk/{CAMPAIGN}/sheets/50/{key}").status_code == 200
    assert client.get(f"/desk/{CAMPAIGN}/sheets/51/{key}").status_code == 403
    with pytest.raises(KanshoError, match="APPROVAL-UNREAD"):
        approve(ws, key=key)
    assert "すべての画面を開きました" in turn(client, 2, key)
    assert client.get(f"/desk/{CAMPAIGN}/sheets/51/{key}").status_code == 200
    assert approve(ws, key=key).approved


def test_a_request_that_timed_out_waits_no_more_and_says_so(as_user: As, ws: Workspace) -> None:
    client = opened_by(as_user(OFFICER))
    ws.record("approval_voided", PLAN, codes={"reason": "timeout"})
    assert "勧奨計画" not in client.get(f"/desk/{CAMPAIGN}/").text
    page = client.get(f"/desk/{CAMPAIGN}/approvals/{PLAN}").text
    assert "期限までに回答がなく、無効になりました" in page
    assert "回答の画面へ" not in page
    assert say(client) == 404


def test_a_summary_is_shown_as_text(as_user: As) -> None:
    answer = as_user(MANAGER).get(f"/desk/{CAMPAIGN}/artefacts/{GATE}")
    assert "1234" in answer.text


def test_what_a_table_says_is_never_markup(as_user: As, ws: Workspace) -> None:
    key = key_of("visit_wave2", "visit_list")
    frame = pd.DataFrame({"name_kanji": ["<script>alert(1)</script>"]})
    ref = ws.store_table("visit_list", "visit_2", frame)
    ws.record("approval_requested", key, codes={"role": "ward_officer", "kind": "visit_list"}, refs={"artefact": ref})
    assert "<script>alert" not in as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{key}").text


def test_an_artefact_that_is_gone_is_refused_and_no_opening_is_recorded(as_user: As, ws: Workspace) -> None:
    ref = SnapshotRef.from_json(ws.ledger.find("approval_requested", PLAN).refs["artefact"])  # type: ignore[union-attr]
    ws.vault.erase(ref.name)
    answer = as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{PLAN}")
    assert answer.status_code == 409
    assert ws.ledger.find("artefact_opened", f"{PLAN}/{OFFICER}") is None


def test_an_artefact_that_was_changed_is_refused(as_user: As, ws: Workspace) -> None:
    ref = SnapshotRef.from_json(ws.ledger.find("approval_requested", PLAN).refs["artefact"])  # type: ignore[union-attr]
    ws.vault.erase(ref.name)
    ws.vault.put_bytes("plan_document", "p1", pdf(3))
    assert as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{PLAN}").status_code == 409


def test_the_request_shows_digest_counts_and_the_way_to_the_answer(as_user: As, ws: Workspace) -> None:
    answer = as_user(OFFICER).get(f"/desk/{CAMPAIGN}/approvals/{PLAN}").text
    assert ws.ledger.find("approval_requested", PLAN).refs["artefact"]["digest"] in answer  # type: ignore[union-attr]
    assert "1,234" in answer
    assert 'href="/dags/sumida_2027__segmentation/runs/' in answer


def test_a_decided_request_waits_no_more_and_says_how_it_ended(as_user: As, ws: Workspace) -> None:
    officer = ws.acting_as(Actor("ward", OFFICER, "ward_officer"))
    officer.record("approval_decided", PLAN, codes={"decision": "reject", "reason": "wrong_counts"})
    client = as_user(OFFICER)
    assert "勧奨計画" not in client.get(f"/desk/{CAMPAIGN}/").text
    page = client.get(f"/desk/{CAMPAIGN}/approvals/{PLAN}").text
    assert "差戻し" in page
    assert "回答の画面へ" not in page


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("d/r/plan", "/dags/d/runs/r/tasks/ask_plan/required_actions"),
        ("d/r/plan.3", "/dags/d/runs/r/tasks/ask_plan/mapped/3/required_actions"),
    ],
)
def test_the_answer_is_given_in_airflows_own_form(key: str, path: str) -> None:
    assert _answer_path(key) == path


def test_every_opening_is_recorded_and_the_first_keeps_its_key(as_user: As, ws: Workspace) -> None:
    for _ in range(3):
        as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{PLAN}")
    assert [e.key for e in ws.ledger.events("artefact_opened")] == [
        f"{PLAN}/{OFFICER}",
        f"{PLAN}/{OFFICER}/2",
        f"{PLAN}/{OFFICER}/3",
    ]


# -- passwords and enquiries -----------------------------------------------------------------------


def test_the_contractors_staff_enter_a_password_once(as_user: As, ws: Workspace) -> None:
    form = {"delivery": "d09", "password": "Tsukimi-7"}
    answer = as_user(STAFF).post(f"/desk/{CAMPAIGN}/passwords", data=form, headers=ORIGIN)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/desk/{CAMPAIGN}/"
    waiting = waiting_password(ws, "d09")
    assert waiting is not None
    assert use_password(ws, waiting) == "Tsukimi-7"
    assert ws.ledger.events("password_entered")[-1].actor["user"] == STAFF
    page = as_user(STAFF).get(f"/desk/{CAMPAIGN}/").text
    assert "d09" not in page
    assert "Tsukimi-7" not in page


@pytest.mark.parametrize("user", [OFFICER, WARD_MANAGER, ENGINEER, PRINTER, CALLER, VISITOR])
def test_nobody_else_enters_a_password(as_user: As, ws: Workspace, user: str) -> None:
    form = {"delivery": "d09", "password": "Tsukimi-7"}
    assert as_user(user).post(f"/desk/{CAMPAIGN}/passwords", data=form, headers=ORIGIN).status_code == 403
    assert waiting_password(ws, "d09") is None


def test_a_password_for_an_unknown_delivery_is_refused_and_not_quoted(as_user: As) -> None:
    form = {"delivery": "../x", "password": "Tsukimi-7"}
    answer = as_user(STAFF).post(f"/desk/{CAMPAIGN}/passwords", data=form, headers=ORIGIN)
    assert answer.status_code == 404
    assert "Tsukimi-7" not in answer.text
    short = as_user(STAFF).post(f"/desk/{CAMPAIGN}/passwords", data={"password": "Tsukimi-7"}, headers=ORIGIN)
    assert short.status_code == 422
    assert "Tsukimi-7" not in short.text


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://elsewhere.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_form_from_elsewhere_is_refused(as_user: As, ws: Workspace, headers: dict[str, str]) -> None:
    form = {"delivery": "d09", "password": "Tsukimi-7"}
    assert as_user(STAFF).post(f"/desk/{CAMPAIGN}/passwords", data=form, headers=headers).status_code == 403
    assert waiting_password(ws, "d09") is None


# -- exceptions ------------------------------------------------------------------------------------

CASE = "d01/target_list/characters.unmapped"


@pytest.fixture
def held(ws: Workspace) -> Workspace:
    """Rows held back, a delivery refused, and a stop list that came after the one in force and was refused."""
    opened = replace(ws, today=date(2027, 9, 1))
    open_case(opened, CASE, "rows", "characters.unmapped", rows=3, owner="contractor_manager")
    open_case(ws, "d02/-/INTAKE-DIGEST", "delivery", "INTAKE-DIGEST", rows=0, owner="contractor_manager")
    ws.record("stop_list_accepted", "d01", codes={"issued_on": DAY.isoformat()})
    ws.record("delivery_refused", "d03", codes={"delivery": "d03", "code": "STOP-EMPTY"})
    return ws


def test_open_exceptions_are_told_in_words_with_what_is_to_be_done(as_user: As, held: Workspace) -> None:
    text = as_user(MANAGER).get(f"/desk/{CAMPAIGN}/exceptions").text
    for said in ("INTAKE-DIGEST", "期限超過", "未対応", "受託者 取扱責任者", rule("target_list", CASE[16:]).message):
        assert said in text
    assert text.count("了承する</button>") == 2
    assert "前の一覧を継続して使う" in text


@pytest.mark.parametrize(
    ("user", "status", "buttons"), [(OFFICER, 200, 0), (ENGINEER, 200, 0), (CALLER, 403, 0), (PRINTER, 403, 0)]
)
def test_others_see_counts_and_rules_and_decide_nothing(
    as_user: As, held: Workspace, user: str, status: int, buttons: int
) -> None:
    client = as_user(user)
    answer = client.get(f"/desk/{CAMPAIGN}/exceptions")
    assert answer.status_code == status
    assert answer.text.count("了承する</button>") == buttons
    form = {"key": CASE, "reason": "not_needed"}
    assert client.post(f"/desk/{CAMPAIGN}/exceptions", data=form, headers=ORIGIN).status_code in (403, 409)
    assert not held.ledger.events("exception_resolved")


def test_its_owner_accepts_an_exception_with_a_reason(as_user: As, held: Workspace) -> None:
    client = as_user(MANAGER)
    for reason in ("", "because"):
        form = {"key": CASE, "reason": reason}
        assert client.post(f"/desk/{CAMPAIGN}/exceptions", data=form, headers=ORIGIN).status_code in (409, 422)
    form = {"key": CASE, "reason": "not_needed"}
    assert client.post(f"/desk/{CAMPAIGN}/exceptions", data=form, headers=ORIGIN).status_code == 303
    (resolved,) = held.ledger.events("exception_resolved")
    assert (resolved.key, resolved.actor["user"], resolved.codes["reason"]) == (CASE, MANAGER, "not_needed")
    text = client.get(f"/desk/{CAMPAIGN}/exceptions").text
    assert "了承（今年度は使わない）" in text
    assert text.count("了承する</button>") == 1


@pytest.mark.parametrize(("user", "status"), [(MANAGER, 303), (OFFICER, 303), (STAFF, 403), (CALLER, 403)])
def test_a_named_person_decides_to_go_on_with_the_stop_list_in_force(
    as_user: As, held: Workspace, user: str, status: int
) -> None:
    client = as_user(user)
    form = {"delivery": "d03", "reason": "ward_confirmed"}
    assert client.post(f"/desk/{CAMPAIGN}/stop-list", data=form, headers=ORIGIN).status_code == status
    assert (undecided_stop_list(held) is None) is (status == 303)
    if status == 303:
        assert held.ledger.events("stop_list_decided")[-1].actor["user"] == user
        assert "前の一覧を継続して使う" not in client.get(f"/desk/{CAMPAIGN}/exceptions").text
        assert client.post(f"/desk/{CAMPAIGN}/stop-list", data=form, headers=ORIGIN).status_code == 404


@pytest.fixture
def listed(ws: Workspace) -> str:
    """A number on the roster, of a person who attended."""
    one, two = numbers(2)
    roster = pd.DataFrame([person(one, attendance_date="2027-07-01"), person(two)])
    ws.store_table("roster", "d01", roster)
    posted = {"inquiry_number": one, "serial": "M1-000001", "wave": "mailing_1", "posted_on": "2027-06-24"}
    ws.store_table("postings", "mailing_1", pd.DataFrame([posted]))
    return one


@pytest.mark.parametrize(("user", "attended"), [(STAFF, True), (MANAGER, True), (CALLER, False)])
def test_an_enquiry_tells_the_standing_and_the_attendance_to_the_contractor_only(
    as_user: As, listed: str, user: str, attended: bool
) -> None:
    answer = as_user(user).post(f"/desk/{CAMPAIGN}/enquiries", data={"number": f" {listed} "}, headers=ORIGIN)
    assert answer.status_code == 200
    assert "勧奨停止" in answer.text
    assert ("受診済" in answer.text) is attended
    assert listed not in answer.text
    assert NAME not in answer.text


@pytest.mark.parametrize(
    ("number", "said"),
    [("1", "番号が正しくありません"), (numbers(9)[8], "名簿にありません"), ("<b>", "正しくありません")],
)
def test_an_enquiry_by_another_number_says_what_to_do(as_user: As, listed: str, number: str, said: str) -> None:
    answer = as_user(STAFF).post(f"/desk/{CAMPAIGN}/enquiries", data={"number": number}, headers=ORIGIN)
    assert said in answer.text
    assert "<b>" not in answer.text


def _ask(as_user: As, user: str, number: str) -> str:
    return as_user(user).post(f"/desk/{CAMPAIGN}/enquiries", data={"number": number}, headers=ORIGIN).text


def test_the_call_centre_learns_nothing_of_whom_nobody_wrote_or_called(as_user: As, ws: Workspace, listed: str) -> None:
    silent = numbers(2)[1]
    assert "名簿にありません" in _ask(as_user, CALLER, silent)
    assert "勧奨停止" in _ask(as_user, STAFF, silent)
    called = pd.DataFrame({"inquiry_number": [silent]})
    ws.store_table("call_list", "call_1-a1", called)
    assert "名簿にありません" in _ask(as_user, CALLER, silent)  # made, and not yet handed over
    codes = {"party": "call_centre", "kind": "call_list", "package": "call_1-a1", "authority": "x"}
    ws.record("package_handed_over", "call_centre/call_list/call_1-a1", codes=codes)
    assert "勧奨停止" in _ask(as_user, CALLER, silent)


def test_every_look_up_leaves_a_trace_without_the_number(as_user: As, ws: Workspace, listed: str) -> None:
    for _ in range(2):
        _ask(as_user, CALLER, listed)
    _ask(as_user, STAFF, numbers(9)[8])
    traces = ws.ledger.events("number_looked_up")
    assert [(e.actor["user"], e.codes["known"]) for e in traces] == [(CALLER, "yes"), (CALLER, "yes"), (STAFF, "no")]
    assert len({e.codes["mark"] for e in traces}) == 2
    assert not any(n.replace("-", "") in str(e).replace("-", "") for e in traces for n in (listed, numbers(9)[8]))


@pytest.mark.parametrize(
    ("user", "role", "purpose", "health"),
    [
        (STAFF, "contractor_staff", "desk_lookup", True),
        (MANAGER, "contractor_manager", "desk_lookup", True),
        (CALLER, "call_staff", "desk_lookup_calls", False),
    ],
)
def test_what_is_read_for_a_look_up_is_read_by_the_person_who_asks(
    as_user: As, ws: Workspace, listed: str, user: str, role: str, purpose: str, health: bool
) -> None:
    attended = pd.DataFrame({"inquiry_number": [listed], "screening_kind": ["90"], "attendance_date": ["2027-07-01"]})
    ws.store_table("attendance_facts", "d02", attended)
    _ask(as_user, user, listed)
    readings = ws.ledger.events("snapshot_read")
    assert {(e.actor["user"], e.actor["role"], e.codes["purpose"]) for e in readings} == {(user, role, purpose)}
    read = {e.key.partition("@")[0] for e in readings}
    assert {"roster/d01", "postings/mailing_1"} <= read
    assert ("attendance_facts/d02" in read) is health  # who attended is never an item of 丙
    assert list(access_findings(ws.ledger.events())) == []


def test_of_the_roster_a_subcontractors_look_up_reads_no_birth_date_and_no_attendance(
    as_user: As, ws: Workspace, listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, object]] = []
    real = Workspace.read_table

    def noted(ws: Workspace, ref: SnapshotRef, columns: Sequence[str] | None = None) -> pd.DataFrame:
        read.append((ref.kind, columns))
        return real(ws, ref, columns)

    changed = {"inquiry_number": listed, "change": "changed", "fields": "address", "listed_in": ""}
    ws.store_table("roster_changes", "d02", pd.DataFrame([changed]))
    back = {"inquiry_number": listed, "serial": "M1-000001", "return_reason": "1", "returned_on": "2027-07-01"}
    ws.store_table("mail_returns", "r1", pd.DataFrame([back]))
    monkeypatch.setattr(Workspace, "read_table", noted)
    assert "勧奨停止" in _ask(as_user, CALLER, listed)
    assert dict(read)["roster"] == ["inquiry_number", "phone"]
    assert [kind for kind, columns in read if columns is None] == []


def test_whose_registration_has_ended_looks_up_nobody(
    as_user: As, ws: Workspace, listed: str, mini: CampaignConfig
) -> None:
    others = tuple(h for h in mini.handlers if h.user != STAFF)
    end_registrations(replace(ws, config=mini.model_copy(update={"handlers": others})))
    assert "READ-ENDED" in _ask(as_user, STAFF, listed)
    assert ws.ledger.events("number_looked_up") == []
    assert ws.ledger.events("read_refused")[-1].actor["user"] == STAFF


def test_who_asks_too_often_is_refused_until_the_next_day(
    as_user: As, ws: Workspace, listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kansho.standing.questions.A_DAY", 2)
    for _ in range(2):
        assert "勧奨停止" in _ask(as_user, STAFF, listed)
    assert "DESK-LOOKUPS" in _ask(as_user, STAFF, listed)
    assert "勧奨停止" in _ask(as_user, CALLER, listed)
    replace(ws, today=DAY + timedelta(days=1)).record("returns_recorded", "r1")
    assert "勧奨停止" in _ask(as_user, STAFF, listed)


@pytest.mark.parametrize("user", [OFFICER, WARD_MANAGER, ENGINEER, PRINTER, VISITOR])
def test_nobody_else_looks_up_a_number(as_user: As, listed: str, user: str) -> None:
    assert as_user(user).get(f"/desk/{CAMPAIGN}/enquiries").status_code == 403
    answer = as_user(user).post(f"/desk/{CAMPAIGN}/enquiries", data={"number": listed}, headers=ORIGIN)
    assert answer.status_code == 403


# -- why the plan says of a person what it says ------------------------------------------------------


@pytest.fixture
def in_the_plan(ws: Workspace) -> str:
    """A number of the newest plan."""
    then = replace(ws, today=DAY - timedelta(days=100))
    people = fill(then, 30)
    make_plan(then, {"key": "plan-1"})
    return str(people["inquiry_number"][1])


def test_an_officer_sees_why_the_plan_says_of_a_person_what_it_says(
    as_user: As, ws: Workspace, in_the_plan: str
) -> None:
    user = OFFICER
    client = as_user(user)
    assert "/plan/why" in client.get(f"/desk/{CAMPAIGN}/").text
    assert client.get(f"/desk/{CAMPAIGN}/plan/why").status_code == 200
    answer = client.post(f"/desk/{CAMPAIGN}/plan/why", data={"number": f" {in_the_plan} "}, headers=ORIGIN)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    assert "勧奨停止（stopped" in answer.text
    assert ws.latest("plan").digest in answer.text
    assert in_the_plan not in answer.text
    (asked,) = ws.ledger.events("number_looked_up")
    assert (asked.actor["user"], asked.codes["about"]) == (user, "plan_why")
    read = ws.ledger.events("snapshot_read")
    assert {(e.actor["user"], e.codes["purpose"]) for e in read} == {(user, "plan_why")}
    assert list(access_findings(ws.ledger.events())) == []


def test_nobody_else_asks_why(as_user: As, ws: Workspace) -> None:
    for user in (STAFF, ENGINEER, PRINTER, CALLER, VISITOR):
        client = as_user(user)
        assert "/plan/why" not in client.get(f"/desk/{CAMPAIGN}/").text
        assert client.get(f"/desk/{CAMPAIGN}/plan/why").status_code == 403
        answer = client.post(f"/desk/{CAMPAIGN}/plan/why", data={"number": numbers(1)[0]}, headers=ORIGIN)
        assert answer.status_code == 403
    assert ws.ledger.events("snapshot_read") == ws.ledger.events("number_looked_up") == []
    assert all("/plan/why" in as_user(user).get(f"/desk/{CAMPAIGN}/").text for user in (WARD_MANAGER, MANAGER))


def test_why_is_asked_by_a_form_of_our_own_only_and_a_wrong_number_is_not_repeated(
    as_user: As, in_the_plan: str
) -> None:
    client = as_user(OFFICER)
    assert client.post(f"/desk/{CAMPAIGN}/plan/why", data={"number": in_the_plan}).status_code == 403
    answer = client.post(f"/desk/{CAMPAIGN}/plan/why", data={"number": "<b>12"}, headers=ORIGIN)
    assert (answer.status_code, "PLAN-NUMBER" in answer.text, "<b>12" in answer.text) == (409, True, False)
    answer = client.post(f"/desk/{CAMPAIGN}/plan/why", data={"number": numbers(99)[98]}, headers=ORIGIN)
    assert "この番号の方は計画にありません" in answer.text


# -- incidents -------------------------------------------------------------------------------------

LOST, OVER = "sheet-visit_1-2027-10-05-t01", "over_provision-d01"
INCIDENT = f"/desk/{CAMPAIGN}/incidents/{LOST}"


@pytest.fixture
def incidents(ws: Workspace) -> Workspace:
    """Sheets that are missing, one incident that is over, and a roster."""
    ws.store_table("roster", "d01", pd.DataFrame([person(numbers(1)[0], name_kanji=NAME)]))
    codes = {"kind": "sheet_missing", "subject": "visit_1/2027-10-05/t01"}
    ws.record("incident_opened", LOST, counts={"sheets_out": 4, "sheets_returned": 3}, codes=codes)
    ws.record("incident_opened", OVER, codes={"kind": "over_provision", "subject": "d01"})
    ws.record("incident_closed", OVER, codes={"kind": "over_provision"})
    return ws


def fill_in(client: TestClient, item: str, text: str, key: str = LOST, **headers: str) -> Any:
    form = {"item": item, "text": text}
    return client.post(f"/desk/{CAMPAIGN}/incidents/{key}", data=form, headers=headers or ORIGIN)


def test_the_staff_see_open_incidents_first_with_their_days_and_what_is_left(as_user: As, incidents: Workspace) -> None:
    client = as_user(STAFF)
    assert "/incidents" in client.get(f"/desk/{CAMPAIGN}/").text
    text = client.get(f"/desk/{CAMPAIGN}/incidents").text
    assert text.index(LOST) < text.index(OVER)
    days = clocks(DAY, "sheet_missing")
    for said in ("訪問票の所在不明", "報告前", "終結", str(days.final), str(days.written_report)):
        assert said in text
    shown = client.get(INCIDENT).text
    assert [name for name in ITEMS.values() if name not in shown] == []
    assert shown.count("記載する</button>") == len(ITEMS)
    assert "次の報告書は<strong>速報</strong>です。まだ確定していない項目：本人の数、" in shown
    assert "返却時の数え漏れ又は所在不明" in shown  # a draft of ours, to be confirmed


def test_an_item_filled_at_the_desk_is_the_event_of_the_command(as_user: As, incidents: Workspace) -> None:
    client = as_user(STAFF)
    answer = fill_in(client, "cause", "　数え漏れ。\r\n二重に確かめた。 ")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{INCIDENT}#cause")
    (filled,) = incidents.ledger.events("incident_item_filled")
    assert (filled.key, filled.actor["user"]) == (f"{LOST}/cause/001", STAFF)
    assert (filled.codes, filled.counts) == ({"incident": LOST, "item": "cause"}, {"characters": 14})
    assert "数え漏れ" not in "".join(str(e.to_json()) for e in incidents.ledger.events())
    shown = client.get(INCIDENT).text
    assert "数え漏れ。\n二重に確かめた。" in shown
    assert f"{DAY}　{STAFF}" in shown
    manager = incidents.acting_as(Actor("contractor", MANAGER, "contractor_manager")).for_purpose(PURPOSE)
    assert fill_item(manager, LOST, "cause", "数え漏れ。").key == f"{LOST}/cause/002"  # the command's, after it
    assert f"{DAY}　{MANAGER}" in client.get(INCIDENT).text
    stored = b"".join(p.read_bytes() for p in incidents.layout.kansho.rglob("*") if p.is_file())
    assert "数え漏れ".encode() not in stored
    assert list(access_findings(incidents.ledger.events())) == []


def test_when_all_nine_are_filled_the_desk_says_how_the_final_report_is_asked_for(
    as_user: As, incidents: Workspace
) -> None:
    client = as_user(MANAGER)
    assert [fill_in(client, item, f"{name}について").status_code for item, name in ITEMS.items()] == [303] * len(ITEMS)
    shown = client.get(INCIDENT).text
    assert "九つの項目は全て記載しました" in shown
    assert f"&#34;final&#34;: &#34;{LOST}&#34;" in shown or f'{{"final": "{LOST}"}}' in shown
    assert "九つ" not in client.get(f"/desk/{CAMPAIGN}/incidents/{OVER}").text


@pytest.mark.parametrize(
    ("key", "item", "text", "code"),
    [
        (LOST, "cause", f"{NAME} 様の票", "INCIDENT-TEXT-RESIDENT"),
        (LOST, "cause", "あ" * 2001, "INCIDENT-TEXT"),
        (LOST, "cause", "　 \n", "INCIDENT-TEXT"),
        (LOST, "blame", "誰か", "INCIDENT-ITEM"),
        (OVER, "cause", "終わった後", "INCIDENT-CLOSED"),
        ("unheard-of", "cause", "なし", "DESK-404"),
    ],
)
def test_what_cannot_be_filled_in_is_refused_and_not_repeated(
    as_user: As, incidents: Workspace, key: str, item: str, text: str, code: str
) -> None:
    answer = fill_in(as_user(STAFF), item, text, key)
    assert answer.status_code == (404 if code == "DESK-404" else 409)
    assert f">{code}<" in answer.text
    assert text.strip() == "" or text not in answer.text
    assert incidents.ledger.events("incident_item_filled") == []


def test_a_closed_incident_is_shown_without_a_field(as_user: As, incidents: Workspace) -> None:
    shown = as_user(STAFF).get(f"/desk/{CAMPAIGN}/incidents/{OVER}").text
    assert "終結しました" in shown
    assert "<textarea" not in shown


def test_nobody_else_sees_or_fills_an_incident_and_no_form_from_elsewhere_does(
    as_user: As, incidents: Workspace
) -> None:
    for user in (OFFICER, WARD_MANAGER, ENGINEER, PRINTER, CALLER, VISITOR):
        client = as_user(user)
        assert "/incidents" not in client.get(f"/desk/{CAMPAIGN}/").text
        assert [client.get(path).status_code for path in (f"/desk/{CAMPAIGN}/incidents", INCIDENT)] == [403, 403]
        assert fill_in(client, "cause", "なし").status_code == 403
    assert fill_in(as_user(STAFF), "cause", "なし", Origin="https://elsewhere.test").status_code == 403
    assert incidents.ledger.events("incident_item_filled") == []


# -- what goes with every answer -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "",
        f"{CAMPAIGN}/",
        f"{CAMPAIGN}/approvals/{PLAN}",
        f"{CAMPAIGN}/artefacts/{PLAN}",
        f"{CAMPAIGN}/incidents",
        "nowhere/",
        "x/y/z",
    ],
)
def test_no_answer_may_be_kept_sniffed_or_framed_elsewhere(as_user: As, path: str) -> None:
    headers = as_user(OFFICER).get(f"/desk/{path}").headers
    assert "no-store" in headers["cache-control"]
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "same-origin"


def test_style_and_script_come_from_the_desk_itself(as_user: As) -> None:
    client = as_user(OFFICER)
    text = client.get(f"/desk/{CAMPAIGN}/").text
    assert "<style" not in text
    assert "style=" not in text
    assert client.get("/desk/static/desk.css").status_code == 200
    assert client.get("/desk/static/desk.js").status_code == 200


def test_a_failure_quotes_nothing_on_the_page_or_in_the_log(
    as_user: As, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fall(*_: object) -> None:
        raise ValueError(NAME)

    monkeypatch.setattr("campaign_desk.app.show", fall)
    with caplog.at_level(logging.DEBUG):
        answer = as_user(OFFICER).get(f"/desk/{CAMPAIGN}/artefacts/{PLAN}")
    assert answer.status_code == 500
    assert NAME not in answer.text
    assert NAME not in caplog.text
    assert "DESK-FAILED ValueError" in caplog.text


def test_without_a_simulation_the_real_day_counts_and_no_other(
    as_user: As, mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KANSHO_VAR", str(tmp_path / "real"))
    real = Workspace.open(mini, tmp_path / "real", DAY)
    real.keyring.create()
    real.record("campaign_opened", "opening", codes={"config_digest": mini.digest})
    (real.layout.outgoing("ward") / "d09").mkdir(parents=True)
    (real.layout.outgoing("ward") / "d09" / "sealed.zip").write_bytes(b"sealed")
    form = {"delivery": "d09", "password": "x", "campaign_date": "2027-01-01"}
    assert as_user(STAFF).post(f"/desk/{CAMPAIGN}/passwords", data=form, headers=ORIGIN).status_code == 303
    assert real.ledger.events("password_entered")[-1].campaign_date != "2027-01-01"


def test_every_role_has_a_word_and_a_code_without_one_is_shown_as_it_is() -> None:
    assert set(words.ROLES) == set(Role)
    assert count_word("k_a_10_49") == "名簿Aで当てはまる世帯が10〜49"
    assert count_word("unheard_of") == "unheard_of"
    assert words.approval("d/r/plan.1") == "勧奨計画の承認 2"
