"""What `make up` leaves for people, in a real Airflow and a real browser: sign in, see what waits, open it, answer.

One small campaign, part-way: a request for each of two roles and a locked delivery; `make down` leaves nothing of it
running.  Its calls begin on the day after the first mailing, so that little has to be played before people wait.
With ``KANSHO_SCREENSHOTS`` set to a folder, the pictures of the way are kept there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from kansho.campaign.config import load_config
from kansho.campaign.rights import Role
from kansho_airflow.replay.driver import first_run
from kansho_airflow.replay.site import Site
from kansho_airflow.replay.waiting import Waiting, what_waits
from kansho_airflow.rolenames import ADMIN
from tests.conftest import MINI, REPOSITORY
from tests.e2e.toys import wait_until

pytestmark = pytest.mark.timeout(600)
expect.set_options(timeout=30_000)  # other tests share the machine

CAMPAIGN = "sumida_2027"
OFFICER, MANAGER, STAFF, PRINTER = "takanashi", "watanuki", "teshigawara", "mitarai"
HITL = "/dags/~/dagRuns/~/hitlDetails?response_received=false"


@dataclass(frozen=True)
class Left:
    """What runs and waits, and what `make up` told on its end."""

    site: Site
    waiting: Waiting
    told: str

    @property
    def proof(self) -> tuple[str, str]:
        """The run (DAG, id) whose proof waits for the ward's officer."""
        return first_run(self.site.config, self.waiting.asked[0])

    @property
    def key(self) -> str:
        """The name of that request in the ledger and on the desk."""
        return "/".join((*self.proof, "proof"))


def _replay(program: str, var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "KANSHO"))}
    line = [sys.executable, "-m", f"kansho_airflow.replay.{program}", "--var", str(var), *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """`make up`, on a year of which people are asked early."""
    folder = tmp_path_factory.mktemp("left")
    text = MINI.read_text(encoding="utf-8")
    early = text.replace("2027-08-16, 2027-08-23", "2027-06-10, 2027-06-17").replace("2027-08-30", "2027-06-24")
    path, var = folder / "early.yaml", folder / "var"
    path.write_text(early, encoding="utf-8")
    config = load_config(path)
    site = Site.at(config, path, var, "60", 7)
    try:
        made = _replay("up", var, "--config", str(path), "--people", "60", "--seed", "7")
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
        site = Site.at(config, path, var, "60", 7)
        yield Left(site, what_waits(config), made.stdout)
    finally:
        site.airflow.kill()


@pytest.fixture(scope="module")
def site(left: Left) -> Site:
    """The running Airflow, its campaign and its people."""
    return left.site


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


def test_up_leaves_each_role_its_work_and_tells_where_it_is(left: Left) -> None:
    url, passwords = left.site.airflow.installation.url, left.site.airflow.passwords()
    assert [o.stage for o in left.waiting.asked] == ["mailing_production", "call_wave"]
    for user, task in ((OFFICER, "ask_proof"), (MANAGER, "ask_call_list")):
        client = left.site.client(user)
        mine = [d["task_instance"]["task_id"] for d in client.open_approvals() if user in str(d["assigned_users"])]
        assert mine == [task]
        (told,) = [line for line in left.told.splitlines() if f"/{task.removeprefix('ask_')}" in line]
        assert client.desk_get(told.rpartition(url)[2]) == 200
    assert left.waiting.locked == "d02"
    assert str(left.site.layout.outside / "ward" / "passwords" / "d02.txt") in left.told
    assert all(str(handler.user) in left.told for handler in left.site.config.handlers if handler.role)
    assert not [word for word in passwords.values() if word in left.told]


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
def test_each_role_of_the_campaign_sees_and_answers_only_what_is_theirs(left: Left, role: Role) -> None:
    """By REST, on the DAG files as they stand, while a proof waits for the ward's officer."""
    site = left.site
    (user,) = {str(handler.user) for handler in site.config.users(role)[:1]}
    client, wanted = site.client(user), SEEN[role]
    if wanted is None:
        assert client.call("GET", "/dags", accept=(403,)).status_code == 403
        assert client.call("GET", HITL, accept=(403,)).status_code == 403
    else:
        site.client(ADMIN).wait_for_dags({f"{CAMPAIGN}__{stage}" for stage in wanted}, timeout=120)
        assert set(client.dag_ids()) == {f"{CAMPAIGN}__{stage}" for stage in wanted}
        seen = {detail["task_instance"]["dag_id"] for detail in client.open_approvals()}
        assert seen == {f"{CAMPAIGN}__{o.stage}" for o in left.waiting.asked if o.stage in wanted}
    if role is not Role.WARD_OFFICER:
        assert client.answer(*left.proof, "ask_proof", ["承認"], {"reason": "none"}) == 403
        assert client.desk_get(f"/desk/{CAMPAIGN}/artefacts/{left.key}") == 403
    assert not [e for e in site.ledger().events("approval_answered") if e.key.startswith(left.key)]


def test_the_contractors_staff_enter_a_password(browser: Browser, left: Left) -> None:
    site, delivery = left.site, left.waiting.locked
    before = len(site.ledger().events("password_entered"))
    page = sign_in(browser, site, STAFF)
    desk = desk_in_airflow(page, site)
    desk.get_by_role("link", name="開く").click()
    field = desk.get_by_label(delivery)
    field.fill((site.layout.outside / "ward" / "passwords" / f"{delivery}.txt").read_text())
    keep(page, "desk-password")
    desk.get_by_role("button", name="入力する").first.click()
    expect(field).to_have_count(0)
    entered = site.ledger().events("password_entered")[before:]
    assert [event.actor["user"] for event in entered] == [STAFF]
    page.context.close()


def test_a_printer_sees_an_empty_desk_and_no_approval(browser: Browser, left: Left) -> None:
    site = left.site
    page = sign_in(browser, site, PRINTER)
    url = site.airflow.installation.url
    page.goto(f"{url}/desk/{CAMPAIGN}/")
    expect(page.get_by_text("いま待っている承認はありません。")).to_be_visible()
    answer = page.goto(f"{url}/desk/{CAMPAIGN}/artefacts/{left.key}")
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


def test_the_officer_sees_opens_and_approves_the_proof(browser: Browser, left: Left) -> None:
    site, key = left.site, left.key
    page = sign_in(browser, site, OFFICER)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)

    desk = desk_in_airflow(page, site)
    desk.get_by_role("link", name="開く").click()
    expect(desk.get_by_role("heading", name="あなたを待っている承認")).to_be_visible()
    expect(desk.get_by_role("cell", name="校了（通知の校正）", exact=True)).to_be_visible()
    keep(page, "desk-list")

    desk.get_by_role("link", name="校了（通知の校正）を確認する").click()
    expect(desk.get_by_text("開いた記録がないと、承認は無効になります。")).to_be_visible()
    request = site.ledger().find("approval_requested", key)
    assert request is not None
    expect(desk.get_by_text(request.refs["artefact"]["digest"])).to_be_visible()
    keep(page, "desk-approval")

    desk.get_by_role("link", name="対象を開く").click()
    sheet = desk.locator("img.sheet").first
    expect(sheet).to_be_visible()
    wait_until(lambda: sheet.evaluate("picture => picture.complete && picture.naturalWidth") == 1240, 30)
    keep(page, "desk-artefact")
    opened = site.ledger().find("artefact_opened", f"{key}/{OFFICER}")
    assert opened is not None
    assert opened.refs["digest"] == request.refs["artefact"]["digest"]

    pages = len(desk.locator("ul.pages a").all())
    assert pages > 0, "the proof has one page only: that all must be opened is not seen"
    for number in range(2, pages + 2):
        desk.get_by_role("link", name="次の画面").first.click()
        expect(desk.locator("nav.turn span").first).to_contain_text(f"{number} / ")
    desk.get_by_role("link", name="承認の画面へ戻る").first.click()
    expect(desk.get_by_text("すべて開いた記録があります。")).to_be_visible()
    desk.get_by_role("link", name="回答の画面へ").click()
    page.wait_for_url("**/dags/{}/runs/{}/tasks/ask_proof/required_actions".format(*left.proof))
    expect(page.get_by_role("link", name="承認ページで対象を開く").first).to_be_visible()
    keep(page, "airflow-answer")
    page.get_by_role("button", name="承認", exact=True).click()

    decided = wait_until(lambda: site.ledger().find("approval_decided", key), 90)
    assert decided.actor["user"] == OFFICER
    assert decided.codes["decision"] == "approve"
    assert problems == []
    page.context.close()


def test_down_leaves_nothing_running(left: Left) -> None:
    ended = _replay("down", left.site.layout.var)
    assert (ended.returncode, left.site.airflow.sessions.names()) == (0, [])
