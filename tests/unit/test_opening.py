"""Opening and amending: what is registered, refused, bound; a changed file stops everything until approved."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from kansho.bound import bound_config, bound_of, config_document
from kansho.campaign.binding import require_bound_config, require_ready
from kansho.campaign.config import CampaignConfig, Mapping, RuleTuning
from kansho.campaign.opened import bound_digest, opening_approved
from kansho.campaign.rights import Role
from kansho.cli import main
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.evidence.registrations import id_of, newest
from kansho.evidence.short import short
from kansho.opening.amendment import bind_amendment, changes, find_amendment, make_amendment
from kansho.opening.register import register_tuning
from kansho.opening.stage import find_opening_work, finish_opening, make_handler_report, open_campaign, register_parties
from kansho.simulation.world import World
from kansho.vault import keepers
from kansho.vault.deployed import Settings, write_settings
from kansho.vault.keys import new_identity, recipient_of
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.s3_server import deploy, on_s3, said, small_site

ON = date(2027, 4, 1)
START = {"triggered": {"simulation": True, "seed": 1}}


def _mapped(**mapping: object) -> dict[str, object]:
    return {"mappings": (Mapping.model_validate({"kind": "target_list", **mapping}),)}


def _workspace(config: CampaignConfig, tmp_path: Path, on: date = ON) -> Workspace:
    World.open(config, tmp_path / "var" / "outside-world", 5, 1)
    return Workspace.open(config, tmp_path / "var", on)


def _open(ws: Workspace) -> dict[str, object]:
    work = find_opening_work(ws, START)
    assert work is not None
    return make_handler_report(ws, register_parties(ws, open_campaign(ws, work)))


def _approve(ws: Workspace, work: dict[str, object], key: str, decision: str = "approve") -> None:
    artefact = SnapshotRef.from_json(work["artefact"])  # type: ignore[arg-type]
    ws.record("approval_requested", key, codes={"role": "ward_officer"}, refs={"artefact": artefact})
    officer = ws.acting_as(Actor("ward", "takanashi", "ward_officer"))
    officer.record(
        "approval_decided", key, codes={"decision": decision, "reason": "none"}, refs={"digest": artefact.digest}
    )


def test_the_first_event_declares_the_simulation_and_binds_the_configuration(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    ws = _workspace(mini, tmp_path)
    _open(ws)
    first = ws.ledger.events()[0]
    assert (first.type, first.codes["simulation"], first.codes["config_digest"]) == (
        "campaign_opened",
        "true",
        mini.digest,
    )


def test_every_register_is_filled_once_however_often_it_runs(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    _open(ws)
    size = ws.ledger.size
    _open(ws)
    assert ws.ledger.size == size
    for type_, wanted in (
        ("party_registered", len(mini.parties)),
        ("handler_registered", len(mini.handlers)),
        ("training_recorded", len(mini.handlers)),
        ("briefing_recorded", len(mini.handlers)),
        ("place_designated", len(mini.places)),
        ("flow_approved", len(mini.data_flow)),
        ("recipient_registered", len(mini.parties) - 1),
        ("holdout_consented", 1),
        ("seed_committed", 1),
    ):
        assert len(ws.ledger.events(type_)) == wanted, type_


def test_the_seed_repeats_for_a_simulation_and_not_for_a_real_campaign(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed_of(name: str, start: dict[str, object]) -> object:
        ws = _workspace(mini, tmp_path / name)
        work = find_opening_work(ws, {"triggered": start})
        assert work is not None
        open_campaign(ws, work)
        return ws.ledger.events("seed_committed")[0].refs["sha256"]

    simulated = {"simulation": True, "seed": 1}
    assert seed_of("a", simulated) == seed_of("b", simulated)
    for real in ("c", "d"):
        _behind_a_passphrase(tmp_path / real / "var", mini, monkeypatch)
    assert seed_of("c", {"seed": 1}) != seed_of("d", {"seed": 1})


def _behind_a_passphrase(var: Path, config: CampaignConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "MEMORY_KIB", 256)
    words = var / "words"
    words.parent.mkdir(parents=True, exist_ok=True)
    words.touch(0o600)
    words.write_text("correct horse battery")
    write_settings(var / "kansho" / "keys", config.id, Settings("passphrase", str(words)))


def test_a_real_year_does_not_begin_with_keys_in_plain_files_and_a_rehearsal_says_so(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = _workspace(mini, tmp_path)
    with pytest.raises(KanshoError, match="OPENING-KEYS") as refused:
        open_campaign(ws, find_opening_work(ws, {}) or {})
    assert refused.value.remedy
    assert (ws.ledger.size, ws.keyring.names()) == (0, []), "before anything is made"

    _open(ws)
    (created,) = ws.ledger.events("keys_created")
    assert (created.codes["keeper"], created.codes["lock"]) == ("files", "none")

    _behind_a_passphrase(tmp_path / "real" / "var", mini, monkeypatch)
    real = _workspace(mini, tmp_path / "real")
    open_campaign(real, find_opening_work(real, {}) or {})
    (created,) = real.ledger.events("keys_created")
    assert (real.is_simulation, created.codes["keeper"], created.codes["lock"]) == (False, "passphrase", "none")


def test_a_real_year_does_not_begin_under_a_lock_that_can_be_lifted(
    mini: CampaignConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = tmp_path / "var"
    _behind_a_passphrase(var, mini, monkeypatch)
    with small_site() as cloud:
        config = on_s3(mini, cloud.address)
        deploy(var, said(cloud.address, lock="GOVERNANCE"))
        ws = _workspace(config, tmp_path)
        with pytest.raises(KanshoError, match="OPENING-LOCK") as refused:
            open_campaign(ws, find_opening_work(ws, {}) or {})
        assert refused.value.remedy
        assert ws.ledger.size == 0

        deploy(var, said(cloud.address, lock="COMPLIANCE"))
        ws = _workspace(config, tmp_path)
        open_campaign(ws, find_opening_work(ws, {}) or {})
        (created,) = ws.ledger.events("keys_created")
        assert (created.codes["keeper"], created.codes["lock"]) == ("passphrase", "COMPLIANCE")


def test_an_untrained_handler_cannot_be_registered(mini: CampaignConfig, tmp_path: Path) -> None:
    late = [h.model_copy(update={"trained_on": date(2027, 5, 1)}) for h in mini.handlers]
    ws = _workspace(mini.model_copy(update={"handlers": tuple(late)}), tmp_path)
    with pytest.raises(KanshoError, match="OPENING-UNTRAINED"):
        _open(ws)


def test_a_party_without_a_public_key_stops_the_opening(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    (ws.layout.outgoing("printer") / "recipient.txt").unlink()
    with pytest.raises(KanshoError, match="OPENING-RECIPIENT"):
        _open(ws)


def test_nothing_is_issued_without_the_wards_approval(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    work = _open(ws)
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        finish_opening(ws, work)
    _approve(ws, work, "opening/run/opening")
    finish_opening(ws, work)
    assert (ws.layout.outputs / "documents" / "handler-report.pdf").read_bytes().startswith(b"%PDF")
    assert find_opening_work(ws, START) is None


@pytest.mark.parametrize(
    ("stage", "unapproved", "approved"),
    [
        ("campaign_opening", True, True),
        ("config_amendment", True, True),
        ("incident", True, True),
        ("extract_intake", False, True),
        ("validation", False, True),
        ("mailing_production", False, True),
        ("media_return_and_erasure", False, True),
    ],
)
def test_what_may_run_before_and_after_the_ward_approved_the_opening(
    mini: CampaignConfig, tmp_path: Path, stage: str, unapproved: bool, approved: bool
) -> None:
    def runs(ws: Workspace) -> bool:
        try:
            require_ready(ws.ledger.events(), mini, stage)
        except KanshoError as error:
            return error.code != "OPENING-UNAPPROVED"
        return True

    ws = _workspace(mini, tmp_path)
    work = _open(ws)
    assert runs(ws) is unapproved
    _approve(ws, work, "opening/run-1/opening", "reject")
    assert runs(ws) is unapproved
    _approve(ws, work, "opening/run-2/opening")
    assert runs(ws) is approved
    _approve(ws, work, "opening/run-3/opening", "reject")
    assert runs(ws) is unapproved


def test_another_than_the_ward_does_not_approve_the_opening(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    artefact = SnapshotRef.from_json(_open(ws)["artefact"])  # type: ignore[arg-type]
    ws.record("approval_requested", "o/r/x", codes={"role": "contractor_manager"}, refs={"artefact": artefact})
    ws.record("approval_decided", "o/r/x", codes={"decision": "approve"}, refs={"digest": artefact.digest})
    assert not opening_approved(ws.ledger.events())


@pytest.fixture
def amended(mini: CampaignConfig) -> CampaignConfig:
    return mini.model_copy(update={"costs": mini.costs.model_copy(update={"call": 500})})


def test_a_changed_file_stops_every_stage_until_the_change_is_approved(
    mini: CampaignConfig, amended: CampaignConfig, tmp_path: Path
) -> None:
    _open(_workspace(mini, tmp_path))
    ws = Workspace.open(amended, tmp_path / "var", date(2027, 5, 1))
    with pytest.raises(KanshoError, match="CONFIG-UNBOUND"):
        require_bound_config(ws.ledger.events(), amended)
    work = find_amendment(ws, {})
    assert work is not None
    shown = make_amendment(ws, work)
    assert shown["counts"] == {"changes": 1}
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        bind_amendment(ws, shown)
    _approve(ws, shown, "amendment/run/amendment")
    bind_amendment(ws, shown)
    require_bound_config(ws.ledger.events(), amended)
    assert bound_digest(ws.ledger.events()) == amended.digest
    assert find_amendment(ws, {}) is None


def test_the_design_of_the_hold_outs_stays_once_a_wave_was_drawn_by_it(mini: CampaignConfig, tmp_path: Path) -> None:
    other = "nested" if mini.targeting.holdout_design == "independent" else "independent"
    targeting = mini.targeting.model_copy(update={"holdout_design": other})
    _open(_workspace(mini, tmp_path))
    ws = Workspace.open(mini.model_copy(update={"targeting": targeting}), tmp_path / "var", date(2027, 5, 1))
    work = find_amendment(ws, {}) or {}
    make_amendment(ws, work)
    ws.record("wave_selected", "mailing_1")
    with pytest.raises(KanshoError, match="AMENDMENT-HOLDOUT"):
        make_amendment(ws, work)


def test_the_evidence_is_not_kept_for_a_shorter_time_by_an_amendment(mini: CampaignConfig, tmp_path: Path) -> None:
    _open(_workspace(mini, tmp_path))
    for days, code in ((-1, "AMENDMENT-RETENTION"), (1, "")):
        until = mini.contract.evidence_retained_until + timedelta(days=days)
        contract = mini.contract.model_copy(update={"evidence_retained_until": until})
        ws = Workspace.open(mini.model_copy(update={"contract": contract}), tmp_path / "var", date(2027, 5, 1))
        work = find_amendment(ws, {}) or {}
        if not code:
            assert make_amendment(ws, work)["counts"] == {"changes": 1}
            continue
        with pytest.raises(KanshoError, match=code):
            make_amendment(ws, work)


def test_a_rejected_change_leaves_the_old_file_bound(
    mini: CampaignConfig, amended: CampaignConfig, tmp_path: Path
) -> None:
    _open(_workspace(mini, tmp_path))
    ws = Workspace.open(amended, tmp_path / "var", date(2027, 5, 1))
    shown = make_amendment(ws, find_amendment(ws, {}) or {})
    _approve(ws, shown, "amendment/run/amendment", "reject")
    with pytest.raises(KanshoError, match="EXCHANGE-AUTHORITY"):
        bind_amendment(ws, shown)
    assert bound_digest(ws.ledger.events()) == mini.digest


def _amended(ws: Workspace, config: CampaignConfig) -> Workspace:
    changed = Workspace.open(config, ws.layout.var, ws.today)
    shown = make_amendment(changed, find_amendment(changed, {}) or {})
    _approve(changed, shown, f"amendment/{config.digest[:8]}/amendment")
    bind_amendment(changed, shown)
    return changed


def _with_handler(config: CampaignConfig, id_: str, **change: object) -> CampaignConfig:
    handlers = tuple(h.model_copy(update=change) if h.id == id_ else h for h in config.handlers)
    return config.model_copy(update={"handlers": handlers})


def test_a_changed_file_does_not_decide_who_approves_it(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    _open(ws)
    officer = mini.users(Role.WARD_OFFICER)[0]
    changed = Workspace.open(_with_handler(mini, officer.id, user="intruder"), ws.layout.var, ON)
    assert bound_config(changed) == mini
    assert bound_of(changed.config, ws.layout.var) == mini
    assert bound_of(mini, ws.layout.var) is mini


def test_a_rewritten_base_of_the_comparison_is_noticed(
    mini: CampaignConfig, amended: CampaignConfig, tmp_path: Path
) -> None:
    ws = _workspace(mini, tmp_path)
    _open(ws)
    path = ws.layout.outputs / config_document(mini.digest)
    path.write_text(path.read_text(encoding="utf-8").replace('"call": 420', '"call": 500'), encoding="utf-8")
    changed = Workspace.open(amended, ws.layout.var, ON)
    with pytest.raises(KanshoError, match="AMENDMENT-BASE"):
        make_amendment(changed, find_amendment(changed, {}) or {})
    path.unlink()
    with pytest.raises(KanshoError, match="AMENDMENT-BASE"):
        make_amendment(changed, find_amendment(changed, {}) or {})


def test_an_amendment_registers_what_changed_and_nothing_else(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    _open(ws)
    handler = mini.handlers[0]
    before = {e.type: len(ws.ledger.events(e.type)) for e in ws.ledger.events()}
    rotated = recipient_of(new_identity())
    (ws.layout.outgoing("printer") / "recipient.txt").write_text(rotated, encoding="ascii")
    changed = _amended(ws, _with_handler(mini, handler.id, post="主任"))
    told = newest(changed.ledger.events("handler_registered"), handler.id)
    assert told is not None
    assert (told.key, told.names["post"]) == (f"{handler.id}/2", "主任")
    recipient = newest(changed.ledger.events("recipient_registered"), "printer")
    assert recipient is not None
    assert recipient.codes["recipient"] == rotated
    grown = {t: n for t in before if (n := len(changed.ledger.events(t)) - before[t]) and t.endswith("_registered")}
    assert grown == {"handler_registered": 1, "recipient_registered": 1}
    issued = {e.key for e in changed.ledger.events("document_issued")}
    assert f"documents/handler-report-{short(changed.config.digest)}.pdf" in issued


def _with_rules(config: CampaignConfig, *rules: RuleTuning) -> CampaignConfig:
    return config.model_copy(update={"rules": rules})


def test_the_ledger_tells_how_rules_are_tuned_and_each_change_of_it(mini: CampaignConfig, tmp_path: Path) -> None:
    first = RuleTuning(rule="target_list/phone.valid", severity="hold", threshold=0.1)
    kept = RuleTuning(rule="postal.town", threshold=0.2)
    ws = _workspace(_with_rules(mini, first, kept), tmp_path)
    _open(ws)
    assert _tuned(ws) == {
        "target_list:phone.valid": {"tuned": "yes", "severity": "hold", "threshold": "0.1"},
        "postal.town": {"tuned": "yes", "threshold": "0.2"},
    }
    looser = RuleTuning(rule="target_list/phone.valid", threshold=0.3, owner=Role.CONTRACTOR_MANAGER)
    changed = _amended(ws, _with_rules(mini, looser))
    assert _tuned(changed) == {
        "target_list:phone.valid": {"tuned": "yes", "threshold": "0.3", "owner": "contractor_manager"},
        "postal.town": {"tuned": "no"},
    }
    register_tuning(changed)
    assert len(changed.ledger.events("rule_tuned")) == 4  # what did not change is not told again


def _tuned(ws: Workspace) -> dict[str, dict[str, str]]:
    """The newest registration of every tuned rule, without its name."""
    found = {id_of(e): dict(e.codes) for e in ws.ledger.events("rule_tuned")}
    return {key: {k: v for k, v in codes.items() if k != "rule"} for key, codes in found.items()}


#: What a campaign file asks for → the code with which opening, amendment and ``kansho config check`` refuse it.
INADMISSIBLE: list[tuple[dict[str, object], str, str]] = [
    ({"rules": (RuleTuning(rule="phone.vaild"),)}, "RULE-UNKNOWN", "phone.vaild"),
    ({"rules": (RuleTuning(rule="key.unique", severity="warn"),)}, "RULE-SEVERITY", "rules.target_list/key.unique"),
    ({"rules": (RuleTuning(rule="serial.known", severity="warn"),)}, "RULE-FIXED", "rules.serial.known"),
    ({"approved_analysis_items": ("bmi", "hba1")}, "CONFIG-ITEMS", "approved_analysis_items: hba1"),
    (_mapped(headers={"phonee": "電話"}), "CONFIG-MAPPING", "mappings.target_list.headers.phonee"),
    (_mapped(positions={"tel": 3}), "CONFIG-MAPPING", "mappings.target_list.positions.tel"),
    (_mapped(codes={"gender": {"男": "1"}}), "CONFIG-MAPPING", "mappings.target_list.codes.gender"),
    (_mapped(codes={"sex": {"男": "3"}}), "CONFIG-MAPPING", "mappings.target_list.codes.sex"),
    (_mapped(codes={"screening_kinds": {"大腸": "3"}}), "CONFIG-MAPPING", "mappings.target_list.codes.screening_kinds"),
    (_mapped(headers={"phone": " "}), "CONFIG-MAPPING", "mappings.target_list.headers.phone"),
    (_mapped(headers={"phone": "ＴＥＬ", "sex": "tel"}), "CONFIG-MAPPING", "mappings.target_list.headers"),
    (_mapped(positions={"phone": 3, "sex": 3}), "CONFIG-MAPPING", "mappings.target_list.positions"),
    (_mapped(headers={"phone": "人間ドックの結果"}), "CONFIG-MAPPING", "mappings.target_list.headers.phone"),
]


@pytest.mark.parametrize(("change", "code", "place"), INADMISSIBLE)
def test_a_campaign_that_contracts_or_rules_do_not_allow_is_neither_opened_nor_changed_to(
    mini: CampaignConfig, tmp_path: Path, change: dict[str, object], code: str, place: str
) -> None:
    wrong = mini.model_copy(update=change)
    ws = _workspace(wrong, tmp_path / "new")
    with pytest.raises(KanshoError) as refused:
        open_campaign(ws, find_opening_work(ws, START) or {})
    assert (refused.value.code, refused.value.place) == (code, place)
    assert ws.ledger.size == 0
    opened = _workspace(mini, tmp_path / "open")
    _open(opened)
    changed = Workspace.open(wrong, opened.layout.var, ON)
    with pytest.raises(KanshoError, match=code):
        make_amendment(changed, find_amendment(changed, {}) or {})


def test_the_command_line_refuses_such_a_campaign_file(
    mini: CampaignConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.yaml"
    wrong = mini.model_copy(update={"rules": (RuleTuning(rule="key.unique", severity="warn"),)})
    path.write_text(json.dumps(wrong.model_dump(mode="json")), encoding="utf-8")
    assert main(["config", "check", str(path)]) == 1
    assert "RULE-SEVERITY" in capsys.readouterr().err
    path.write_text(json.dumps(mini.model_dump(mode="json")), encoding="utf-8")
    assert main(["config", "check", str(path)]) == 0


def test_an_opening_sent_back_is_corrected_by_an_amendment_and_shown_anew(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    _approve(ws, _open(ws), "opening/run-1/opening", "reject")
    changed = _amended(ws, _with_handler(mini, mini.handlers[0].id, post="主任"))
    work = _open(changed)
    assert SnapshotRef.from_json(work["artefact"]).key == f"handler-report-{short(changed.config.digest)}"  # type: ignore[arg-type]
    assert not opening_approved(changed.ledger.events())
    _approve(changed, work, "opening/run-2/opening")
    finish_opening(changed, work)
    assert find_opening_work(changed, START) is None


def test_the_unchanged_file_needs_no_amendment(mini: CampaignConfig, tmp_path: Path) -> None:
    ws = _workspace(mini, tmp_path)
    with pytest.raises(KanshoError, match="AMENDMENT-UNOPENED"):
        find_amendment(ws, {})
    _open(ws)
    assert find_amendment(ws, {}) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "1", "2")]),
        ({"a": {"b": "x"}}, {"a": {"b": None}}, [("a.b", "x", "—")]),
        (
            {"w": [{"id": "x", "n": 1}, {"id": "y", "n": 2}]},
            {"w": [{"id": "z", "n": 0}, {"id": "x", "n": 1}, {"id": "y", "n": 3}]},
            [("w.y.n", "2", "3"), ("w.z", "—", '{"id": "z", "n": 0}')],
        ),
        (
            {"rules": [{"rule": "a", "threshold": 0.1}, {"rule": "b", "threshold": 0.1}]},
            {"rules": [{"rule": "b", "threshold": 0.2}]},
            [("rules.a", '{"rule": "a", "threshold": 0.1}', "—"), ("rules.b.threshold", "0.1", "0.2")],
        ),
        ({"days": ["2027-01-01"]}, {"days": ["2027-01-02"]}, [("days", '["2027-01-01"]', '["2027-01-02"]')]),
    ],
)
def test_changes_are_told_path_by_path(before: object, after: object, expected: list[tuple[str, str, str]]) -> None:
    assert list(changes(before, after)) == expected
