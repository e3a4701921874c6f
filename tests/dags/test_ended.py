"""A certified campaign does not come back: no DAG of it is built, its desk is closed, the others go on (P11)."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from campaign_desk.app import app
from campaign_desk.session import current_user
from kansho.campaign.config import CampaignConfig
from kansho.closing.finalise import finalise
from kansho.ended import has_ended
from kansho.errors import KanshoError
from kansho.evidence.ledger import Ledger
from kansho.vault.store import LocalStore
from kansho_airflow import settings
from kansho_airflow.wiring import campaigns
from tests.conftest import MINI, REPOSITORY, SAMPLE
from tests.unit.closing_year import closing_year, plain_papers

ENDED, GOES_ON = "sumida_2027", "shinjuku_2026"
ALSO_ENDED = "sumida_2026"
FILES = os.pathsep.join([str(SAMPLE), str(MINI)])


@dataclass(frozen=True)
class Site:
    """A deployment with two campaigns, one of them erased."""

    config: CampaignConfig
    var: Path
    built_before: list[list[str]] = field(default_factory=list)

    @property
    def bundle(self) -> Path:
        return self.var / "kansho" / "outputs" / f"evidence-{ENDED}.zip"

    @property
    def log(self) -> Path:
        return self.var / "kansho" / "ledger" / ENDED

    @property
    def built(self) -> list[str]:
        return [c.id for c in campaigns()]


@pytest.fixture(scope="module")
def closed(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """As ``kansho close finalise`` left it."""
    var = tmp_path_factory.mktemp("closed") / "var"
    with pytest.MonkeyPatch.context() as patch:
        plain_papers(patch)
        patch.setenv("KANSHO_VAR", str(var))
        patch.setenv("KANSHO_CAMPAIGNS", FILES)
        site = Site(mini, var)
        site.built_before.append(site.built)  # nothing on disk yet
        closing_year(mini, var).until_erased()
        site.built_before.append(site.built)  # erased, and its DAG must still be able to say so
        finalise(mini, var, no_database=True)
    return site


@pytest.fixture(autouse=True)
def _campaign_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KANSHO_CAMPAIGNS", FILES)
    monkeypatch.setenv("KANSHO_REPLAY", "0")


def at(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("KANSHO_VAR", str(site.var))
    return site


def test_the_dags_of_a_campaign_are_there_until_it_is_certified(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert closed.built_before == [[GOES_ON, ENDED], [GOES_ON, ENDED]]
    assert at(closed, monkeypatch).built == [GOES_ON]


def test_no_dag_of_a_certified_campaign_is_built_from_the_files(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    at(closed, monkeypatch)
    bag = DagBag(dag_folder=str(REPOSITORY / "dags" / "s11_oversight.py"))
    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{GOES_ON}__oversight"}


def test_it_stays_away_when_the_bundle_was_carried_off(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    at(closed, monkeypatch)
    away = closed.bundle.rename(closed.bundle.with_name("carried-off.zip"))
    try:
        assert closed.built == [GOES_ON]
    finally:
        away.rename(closed.bundle)


def test_it_stays_away_where_only_the_outputs_are_kept(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log on S3 is not looked at for every reading of a file."""
    at(closed, monkeypatch)
    away = closed.log.rename(closed.log.with_name("elsewhere"))
    try:
        assert closed.built == [GOES_ON]
    finally:
        away.rename(closed.log)


def test_little_is_read_to_know_it(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = LocalStore.read
    monkeypatch.setattr(LocalStore, "read", lambda store, name: read.append(name) or real(store, name))
    assert has_ended(ENDED, closed.var)
    assert read == []
    closed.bundle.rename(closed.bundle.with_name("away.zip"))
    try:
        assert has_ended(ENDED, closed.var)
    finally:
        closed.bundle.with_name("away.zip").rename(closed.bundle)
    newest = Ledger(ENDED, LocalStore(closed.log)).size - 1
    assert read[:1] == [f"events/{newest:010d}.json"]


def test_tasks_and_desk_say_that_it_is_over(closed: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    at(closed, monkeypatch)
    with pytest.raises(KanshoError, match="CAMPAIGN-ENDED"):
        settings.campaign(ENDED)
    app.dependency_overrides[current_user] = lambda: "takanashi"
    try:
        client = TestClient(app, base_url="http://desk.test", root_path="/desk")
        answer = client.get(f"/desk/{ENDED}/")
        assert answer.status_code == 409
        assert "この業務は終了し、消去が証明されています" in answer.text
        assert client.get("/desk/nowhere_2099/").status_code == 404
        before = Ledger(ENDED, LocalStore(closed.log)).size
        client.post(f"/desk/{ENDED}/enquiries", data={"number": "4821-7390-66"}, headers={"Origin": "http://desk.test"})
        assert Ledger(ENDED, LocalStore(closed.log)).size == before  # nothing follows the certification
    finally:
        app.dependency_overrides.clear()


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ({"campaign": ENDED, "state": "final"}, True),
        ({"campaign": ENDED, "state": "interim"}, True),
        ({"campaign": GOES_ON, "state": "final"}, False),
        ({"campaign": ENDED}, False),
        (["campaign", ENDED], False),
        (None, False),
    ],
)
def test_what_a_bundle_says_decides_and_not_its_name(tmp_path: Path, said: Any, ended: bool) -> None:
    path = tmp_path / "kansho" / "outputs" / f"evidence-{ENDED}.zip"
    path.parent.mkdir(parents=True)
    if said is None:
        path.write_bytes(b"not a bundle")
    else:
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("certificate.json", json.dumps(said))
    assert has_ended(ENDED, tmp_path) is ended


def test_an_interim_certificate_keeps_it_away_while_a_key_service_waits(tmp_path: Path) -> None:
    outputs = tmp_path / "kansho" / "outputs"
    outputs.mkdir(parents=True)
    for campaign in (ENDED, ALSO_ENDED):  # of wards that share the outputs
        said = json.dumps({"campaign": campaign, "state": "interim"})
        (outputs / f"certificate-{campaign}-interim-2860.json").write_text(said)
    assert has_ended(ENDED, tmp_path)
    assert has_ended(ALSO_ENDED, tmp_path)
    assert not has_ended(GOES_ON, tmp_path)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9, 100])
def test_the_newest_event_of_a_log_is_found_whatever_its_length(tmp_path: Path, size: int) -> None:
    events = tmp_path / "kansho" / "ledger" / ENDED / "events"
    events.mkdir(parents=True)
    for number in range(size):
        kind = "campaign_certified" if number == size - 1 else "plan_made"
        (events / f"{number:010d}.json").write_text(json.dumps({"type": kind}))
    assert has_ended(ENDED, tmp_path)
    (events / f"{size:010d}.json").write_text(json.dumps({"type": "plan_made"}))
    assert not has_ended(ENDED, tmp_path)
