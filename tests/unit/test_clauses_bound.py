"""The clauses are data that is bound: by the opening, by an approved amendment; an edited file is refused (C1, P7)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign import clauses as data
from kansho.campaign.clauses import CLAUSES, clauses_bound, clauses_of, read_clauses
from kansho.campaign.config import CampaignConfig, load_config
from kansho.campaign.opened import bound_clauses
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.evidence.registrations import newest
from kansho.exchange.papers import FINDINGS, InspectionFinding
from kansho.opening.admissible import bound_otherwise, require_admissible
from kansho.opening.amendment import bind_amendment, find_amendment, make_amendment
from kansho.opening.register import register_everything
from kansho.opening.stage import find_opening_work, open_campaign
from kansho.oversight.clauses import states
from kansho.oversight.deadlines import obligations
from kansho.oversight.monthly import monthly_document
from kansho.simulation.world import World
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import MINI

FILE = CLAUSES / "tokki-2022.toml"
START = {"triggered": {"simulation": True, "seed": 1}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clauses of this installation, to be edited."""
    copy = tmp_path / "clauses"
    shutil.copytree(CLAUSES, copy)
    for name in ("clauses_of", "clauses_bound", "clauses_in_force"):
        monkeypatch.setattr(getattr(data, name), "__defaults__", (copy,))
    return copy


@pytest.fixture
def ws(mini: CampaignConfig, tmp_path: Path) -> Workspace:
    World.open(mini, tmp_path / "var" / "outside-world", 5, 1)
    opened = Workspace.open(mini, tmp_path / "var", mini.opening_on)
    open_campaign(opened, find_opening_work(opened, START) or {})
    register_everything(opened)
    return opened


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def next_version(folder: Path, first: str = "2027-07-01") -> None:
    """A reworded text from July on, which binds 丙 by a new version."""
    path = folder / "tokki-2027.toml"
    path.write_text((folder / FILE.name).read_text(encoding="utf-8"), encoding="utf-8")
    edit(path, 'version = "tokki-2022"', 'version = "tokki-2027"')
    edit(path, "effective_from = 2022-04-01", f"effective_from = {first}")
    edit(path, "kansho-hei-v1", "kansho-hei-v2")


def under(config: CampaignConfig, version: str) -> CampaignConfig:
    return config.model_copy(update={"contract": config.contract.model_copy(update={"clause_version": version})})


def carrying(config: CampaignConfig, party: str, version: str) -> CampaignConfig:
    """The same, where the contract with one 丙 carries another version."""

    def changed(p: object) -> object:
        return p.model_copy(update={"consent": p.consent.model_copy(update={"clauses": version})})  # type: ignore[attr-defined]

    return config.model_copy(update={"parties": tuple(changed(p) if p.id == party else p for p in config.parties)})


def approve(ws: Workspace, shown: dict[str, object]) -> None:
    ref = SnapshotRef.from_json(shown["artefact"])  # type: ignore[arg-type]
    ws.record("approval_requested", "a/r/x", codes={"role": "ward_officer"}, refs={"artefact": ref})
    ws.record("approval_decided", "a/r/x", codes={"decision": "approve"}, refs={"digest": ref.digest})


def test_the_opening_binds_version_and_data(ws: Workspace) -> None:
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    codes = ws.ledger.events()[0].codes
    assert (codes["clauses"], codes["clauses_sha256"], codes["subcontract_clauses"]) == (
        "tokki-2022",
        digest,
        "kansho-hei-v1",
    )
    assert bound_clauses(ws.ledger.events()) == ("tokki-2022", digest)


Use = Callable[[Workspace], object]
USES: dict[str, Use] = {
    "deadlines": lambda ws: obligations(ws.ledger.events(), ws.config),
    "monthly report": lambda ws: monthly_document(
        ws.config, ws.ledger.events(), "2027-04", today=ws.today, simulation=True
    ),
    "amendment": lambda ws: make_amendment(ws, {"bound": "", "wanted": "x"}),
}


@pytest.mark.parametrize("use", USES)
def test_an_edited_file_is_refused_wherever_it_is_used(ws: Workspace, folder: Path, use: str) -> None:
    USES[use](ws)
    edit(folder / FILE.name, "effective_from = 2022-04-01", "effective_from = 2022-04-01  ")
    with pytest.raises(KanshoError, match="CLAUSES-CHANGED"):
        USES[use](ws)


def test_a_file_that_is_gone_is_refused(ws: Workspace, folder: Path) -> None:
    next_version(folder, "2022-04-02")
    (folder / FILE.name).unlink()
    with pytest.raises(KanshoError, match="CLAUSES-CHANGED"):
        clauses_bound(ws.ledger.events(), ws.config)


def test_the_command_refuses_an_edited_file(ws: Workspace, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = ["--config", str(MINI), "--var", str(ws.layout.var)]
    assert main(["clauses", *site]) == 0
    edit(folder / FILE.name, "days = 3", "days = 300")
    assert main(["clauses", *site]) == 1
    assert "CLAUSES-CHANGED" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "first", "code"),
    [
        ("tokki-1999", "2027-07-01", "CLAUSES-UNKNOWN"),
        ("tokki-2022", "2027-04-01", "CLAUSES-STALE"),
        ("tokki-2027", "2028-02-01", "CLAUSES-STALE"),
        ("tokki-2022", "2027-07-01", ""),
        ("tokki-2027", "2027-07-01", ""),
    ],
)
def test_the_contract_names_a_version_that_exists_and_is_of_its_time(
    mini: CampaignConfig, folder: Path, version: str, first: str, code: str
) -> None:
    next_version(folder, first)
    if code:
        with pytest.raises(KanshoError, match=code):
            require_admissible(under(mini, version))
    else:
        require_admissible(under(mini, version))
        assert clauses_of(under(mini, version)).version == version


def test_an_approved_amendment_binds_the_next_version_and_it_is_judged_by(
    mini: CampaignConfig, ws: Workspace, folder: Path
) -> None:
    next_version(folder)
    changed = Workspace.open(under(mini, "tokki-2027"), ws.layout.var, date(2027, 7, 1))
    shown = make_amendment(changed, find_amendment(changed, {}) or {})
    approve(changed, shown)
    bind_amendment(changed, shown)
    log = changed.ledger.events()
    assert bound_clauses(log) == ("tokki-2027", read_clauses(folder / "tokki-2027.toml").digest)
    found = states(log, changed.config, clauses_bound(log, changed.config), date(2027, 7, 1))
    assert {i.state for i in found if i.duty.id == "otsu13"} == {"due"}  # the contracts carry the version before
    assert all("示していない" in i.why for i in found if i.duty.id == "otsu13")


def test_data_that_changes_between_approval_and_binding_is_refused(
    mini: CampaignConfig, ws: Workspace, folder: Path
) -> None:
    next_version(folder)
    changed = Workspace.open(under(mini, "tokki-2027"), ws.layout.var, date(2027, 7, 1))
    shown = make_amendment(changed, find_amendment(changed, {}) or {})
    approve(changed, shown)
    edit(folder / "tokki-2027.toml", "days = 3", "days = 300")
    with pytest.raises(KanshoError, match="CLAUSES-CHANGED"):
        bind_amendment(changed, shown)
    assert not ws.ledger.events("config_amended")


def test_what_the_contract_of_a_subcontractor_carries_is_recorded_as_it_is_and_judged(
    mini: CampaignConfig, ws: Workspace, tmp_path: Path
) -> None:
    older = carrying(mini, "printer", "kansho-hei-v0")
    assert bound_otherwise(mini) == []
    assert bound_otherwise(older) == [("printer", "kansho-hei-v0", "kansho-hei-v1")]
    register_everything(replace(ws, config=older))
    last = newest(ws.ledger.events("party_registered"), "printer")
    assert last is not None
    assert (last.key, last.codes["clauses"], last.names["contract"]) == (
        "printer/2",
        "kansho-hei-v0",
        "再委託契約-印刷-01",
    )


@pytest.mark.parametrize("missing", ["clauses", "contract"])
def test_a_consent_without_the_contract_and_its_clauses_is_refused(tmp_path: Path, missing: str) -> None:
    given = {"clauses": ", clauses: kansho-hei-v1", "contract": ", contract: 再委託契約-印刷-01"}[missing]
    path = tmp_path / "ward.yaml"
    text = MINI.read_text(encoding="utf-8")
    assert given in text
    path.write_text(text.replace(given, "", 1), encoding="utf-8")
    with pytest.raises(KanshoError, match=rf"parties\.1?[0-9]?.*consent\.{missing}"):
        load_config(path)


def test_checking_a_file_tells_which_contract_carries_another_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ward.yaml"
    text = MINI.read_text(encoding="utf-8")
    path.write_text(text.replace("clauses: kansho-hei-v1", "clauses: kansho-hei-v0", 1), encoding="utf-8")
    assert main(["config", "check", str(path)]) == 0
    assert (
        "注意 printer: 契約書の特記事項は kansho-hei-v0 です（あるべき版 kansho-hei-v1、乙13）"
        in capsys.readouterr().err
    )


def test_the_pledge_of_a_handler_is_recorded(ws: Workspace) -> None:
    told = {e.key: e.codes["pledged_on"] for e in ws.ledger.events("handler_registered")}
    assert told == {h.id: h.pledged_on.isoformat() for h in ws.config.handlers}


def test_an_audit_can_find_that_a_work_was_passed_on() -> None:
    assert "subcontracting" in FINDINGS
    assert InspectionFinding(code="subcontracting", correct_by=date(2027, 6, 9)).code == "subcontracting"
