"""The desk in a real browser, inside a real Airflow: sign in, see what waits, open it, answer.

One small campaign at its opening; one Airflow for the file.  With ``KANSHO_SCREENSHOTS`` set to a folder, the
pictures of the way are kept there.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from kansho.campaign.config import load_config
from kansho.campaign.rights import Role
from kansho_airflow.client import AirflowClient
from kansho_airflow.replay.site import Site
from kansho_airflow.rolenames import ADMIN
from tests.conftest import MINI, REPOSITORY
from tests.e2e.toys import wait_until

pytestmark = pytest.mark.timeout(300)
expect.set_options(timeout=30_000)  # other tests share the machine

CAMPAIGN = "sumida_2027"
OFFICER, STAFF, PRINTER = "takanashi", "teshigawara", "mitarai"
HITL = "/dags/~/dagRuns/~/hitlDetails?response_received=false"
DAG, RUN = f"{CAMPAIGN}__campaign_opening", "browser__1"
KEY = f"{DAG}/{RUN}/opening"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running Airflow whose opening waits for the ward's officer, and a delivery that waits for its password."""
    found = Site.at(load_config(MINI), MINI, tmp_path_factory.mktemp("browser") / "var", "200", 7)
    try:
        found.airflow.start(timeout=150)
        found.world().advance(found.config.deliveries[0].on)
        engine = found.client(ADMIN)
        engine.wait_for_dags({DAG}, timeout=120)
        day = found.config.opening_on.isoformat()
        engine.trigger(DAG, RUN, {"campaign_date": day, "simulation": True, "seed": 7})
        wait_until(lambda: engine.open_approvals(), 120)
        yield found
    finally:
        found.airflow.stop(grace=5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    program = shutil.which("chromium")  # else the one that playwright installed (see scripts/setup.sh)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


def sign_in(browser: Browser, site: Site, user: str) -> Page:
    """A Japanese browser in which the user has signed in by Airflow's own form."""
    context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(f"{site.airflow.installation.url}/auth/login/")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(site.airflow.passwords()[user])
    page.locator("input[type=submit], button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    return page


def keep(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for it."""
    folder = os.environ.get("KANSHO_SCREENSHOTS")
    if folder:
        page.wait_for_timeout(800)  # the frame is painted a moment after it can be read
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def desk_in_airflow(page: Page, site: Site) -> FrameLocator:
    """The desk as the menu of Airflow's own UI opens it: in a frame."""
    page.goto(f"{site.airflow.installation.url}/")
    page.get_by_role("button", name="閲覧").click()
    page.get_by_role("menuitem", name="承認デスク").click()
    # Airflow appends the frame's own path once the frame has loaded, which may be at once.
    page.wait_for_url(re.compile(r"/plugin/desk(/|$)"))
    return page.frame_locator("iframe[title='承認デスク']")


#: Whose name stands under an approval of the stage, or who gives the ward's instruction.
OF_WARD = {
    "ward_officer": {
        *("campaign_opening", "config_amendment", "segmentation", "mailing_production", "visit_wave", "incident"),
    },
    "ward_manager": {"media_return_and_erasure"},
}
STAGES = {re.sub(r"^s\d+_", "", path.stem) for path in (REPOSITORY / "dags").glob("s*.py")}
#: The roles of 乙 see every stage of their campaign; those of a 丙 none.
SEEN: dict[Role, set[str] | None] = {
    Role.WARD_OFFICER: OF_WARD["ward_officer"],
    Role.WARD_MANAGER: OF_WARD["ward_manager"],
    Role.CONTRACTOR_MANAGER: STAGES,
    Role.CONTRACTOR_STAFF: STAGES,
    Role.CONTRACTOR_ENGINEER: STAGES,
    Role.PRINT_STAFF: None,
    Role.CALL_STAFF: None,
    Role.VISIT_STAFF: None,
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_of_the_campaign_sees_and_answers_only_what_is_theirs(site: Site, role: Role) -> None:
    """By REST, on the DAG files as they stand, while the opening waits for the ward's officer."""
    (user,) = {str(handler.user) for handler in site.config.users(role)[:1]}
    client, wanted = site.client(user), SEEN[role]
    if wanted is None:
        assert client.call("GET", "/dags", accept=(403,)).status_code == 403
        assert client.call("GET", HITL, accept=(403,)).status_code == 403
    else:
        site.client(ADMIN).wait_for_dags({f"{CAMPAIGN}__{stage}" for stage in wanted}, timeout=120)
        assert set(client.dag_ids()) == {f"{CAMPAIGN}__{stage}" for stage in wanted}
        seen = [detail["task_instance"]["dag_id"] for detail in client.open_approvals()]
        assert seen == ([DAG] if "campaign_opening" in wanted else [])
    if role is not Role.WARD_OFFICER:
        assert client.answer(DAG, RUN, "ask_opening", ["承認"], {"reason": "none"}) == 403
        assert client.desk_get(f"/desk/{CAMPAIGN}/artefacts/{KEY}") == 403
    assert site.ledger().events("approval_answered") == []


def test_the_officer_sees_opens_and_approves_the_opening(browser: Browser, site: Site) -> None:
    page = sign_in(browser, site, OFFICER)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)

    desk = desk_in_airflow(page, site)
    desk.get_by_role("link", name="開く").click()
    expect(desk.get_by_role("heading", name="あなたを待っている承認")).to_be_visible()
    expect(desk.get_by_role("cell", name="業務開始の承認", exact=True)).to_be_visible()
    keep(page, "desk-list")

    desk.get_by_role("link", name="業務開始の承認を確認する").click()
    expect(desk.get_by_text("開いた記録がないと、承認は無効になります。")).to_be_visible()
    request = site.ledger().find("approval_requested", KEY)
    assert request is not None
    expect(desk.get_by_text(request.refs["artefact"]["digest"])).to_be_visible()
    keep(page, "desk-approval")

    desk.get_by_role("link", name="対象を開く").click()
    sheet = desk.locator("img.sheet").first
    expect(sheet).to_be_visible()
    wait_until(lambda: sheet.evaluate("picture => picture.complete && picture.naturalWidth") == 1240, 30)
    keep(page, "desk-artefact")
    opened = site.ledger().find("artefact_opened", f"{KEY}/{OFFICER}")
    assert opened is not None
    assert opened.refs["digest"] == request.refs["artefact"]["digest"]

    desk.get_by_role("link", name="承認の画面へ戻る").first.click()
    expect(desk.get_by_text("すべて開いた記録があります。")).to_be_visible()
    desk.get_by_role("link", name="回答の画面へ").click()
    page.wait_for_url(f"**/dags/{DAG}/runs/{RUN}/tasks/ask_opening/required_actions")
    expect(page.get_by_role("link", name="承認ページで対象を開く").first).to_be_visible()
    keep(page, "airflow-answer")
    page.get_by_role("button", name="承認", exact=True).click()

    engine = site.client(ADMIN)
    assert wait_until(lambda: _ended(engine), 90) == "success"
    decided = site.ledger().find("approval_decided", KEY)
    assert decided is not None
    assert decided.actor["user"] == OFFICER
    assert decided.codes["decision"] == "approve"
    assert problems == []
    page.context.close()


def test_the_contractors_staff_enter_a_password(browser: Browser, site: Site) -> None:
    delivery = site.config.deliveries[0].id
    page = sign_in(browser, site, STAFF)
    desk = desk_in_airflow(page, site)
    desk.get_by_role("link", name="開く").click()
    field = desk.get_by_label(delivery)
    field.fill((site.layout.outside / "ward" / "passwords" / f"{delivery}.txt").read_text())
    keep(page, "desk-password")
    desk.get_by_role("button", name="入力する").first.click()
    expect(field).to_have_count(0)
    entered = site.ledger().events("password_entered")
    assert [event.actor["user"] for event in entered] == [STAFF]
    page.context.close()


def test_a_printer_sees_an_empty_desk_and_no_approval(browser: Browser, site: Site) -> None:
    page = sign_in(browser, site, PRINTER)
    url = site.airflow.installation.url
    page.goto(f"{url}/desk/{CAMPAIGN}/")
    expect(page.get_by_text("いま待っている承認はありません。")).to_be_visible()
    answer = page.goto(f"{url}/desk/{CAMPAIGN}/artefacts/{KEY}")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("alert")).to_contain_text("権限がありません")
    keep(page, "desk-refused")
    page.context.close()


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="ja-JP")
    page = context.new_page()
    page.goto(f"{site.airflow.installation.url}/desk/{CAMPAIGN}/")
    page.get_by_role("link", name="サインインする").click()
    page.locator("input[name=username]").fill(OFFICER)
    page.locator("input[name=password]").fill(site.airflow.passwords()[OFFICER])
    page.locator("input[type=submit], button[type=submit]").first.click()
    page.wait_for_url(f"**/desk/{CAMPAIGN}/")
    context.close()


def _ended(engine: AirflowClient) -> Any:
    state = engine.run(DAG, RUN)["state"]
    return state if state in ("success", "failed") else None
