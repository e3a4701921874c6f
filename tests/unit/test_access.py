"""Who reads what for which purpose: refused, or in the ledger (P8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from kansho import admission
from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.errors import KanshoError
from kansho.evidence.access_rules import PURPOSES, TASK, access_findings
from kansho.evidence.events import Actor, Event
from kansho.opening.register import end_registrations, register_handler
from kansho.vault.classes import CLASSES, class_of
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace
from tests.conftest import opened
from tests.immediate import DAGS

ON = date(2027, 6, 1)


@pytest.fixture(autouse=True)
def _the_door_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kansho.workspace.admit", admission.admit)


@pytest.fixture
def ws(mini: CampaignConfig, tmp_path: Path) -> Workspace:
    """A campaign with its handlers registered, at work for the segmentation."""
    made = opened(mini, tmp_path / "var", ON)
    for handler in mini.handlers:
        register_handler(made, handler)
    return made.for_purpose("segmentation")


def stored(ws: Workspace, kind: str = "roster", key: str = "d01") -> SnapshotRef:
    return ws.store_table(kind, key, pd.DataFrame({"inquiry_number": ["1"]}))


def person(ws: Workspace, role: Role) -> Workspace:
    handler = ws.config.users(role)[0]
    return ws.acting_as(Actor(handler.party, str(handler.user), role.value))


def without(ws: Workspace, role: Role) -> Workspace:
    """The campaign after an amendment that names nobody of this role any more."""
    left = tuple(h for h in ws.config.handlers if h.role is not role)
    after = replace(ws, config=ws.config.model_copy(update={"handlers": left}))
    end_registrations(after)
    return after


def test_a_reading_is_recorded_once_for_each_snapshot_who_and_purpose(ws: Workspace) -> None:
    ref = stored(ws)
    for task in ("a", "b"):
        ws.acting_as(Actor("contractor", f"segmentation.{task}", TASK)).read_table(ref)
    ws.for_purpose("call_wave").read_bytes(ref)
    person(ws, Role.CONTRACTOR_MANAGER).for_purpose("desk_review").read_bytes(ref)
    read = ws.ledger.events("snapshot_read")
    assert [e.key for e in read] == [
        "roster/d01@segmentation/system",
        "roster/d01@call_wave/system",
        "roster/d01@desk_review/watanuki",
    ]
    assert {e.refs["digest"] for e in read} == {ref.digest}
    assert read[0].actor["user"] == "segmentation.a"


@pytest.mark.parametrize(
    ("purpose", "role", "kind", "code"),
    [
        ("", None, "roster", "READ-PURPOSE"),
        ("curiosity", None, "roster", "READ-PURPOSE"),
        ("desk_review", None, "roster", "READ-ROLE"),
        ("segmentation", Role.CONTRACTOR_ENGINEER, "roster", "READ-ROLE"),
        ("desk_review", Role.CALL_STAFF, "roster", "READ-ROLE"),
        ("desk_review", Role.CONTRACTOR_MANAGER, "one_time_secret", "READ-CLASS"),
        ("oversight", None, "roster", "READ-CLASS"),
        ("attendance_refresh", None, "call_results", "READ-CLASS"),
    ],
)
def test_a_reading_that_is_not_lawful_is_refused_and_the_attempt_recorded(
    ws: Workspace, purpose: str, role: Role | None, kind: str, code: str
) -> None:
    ref = stored(ws, kind)
    reader = ws if role is None else person(ws, role)
    for _ in range(2):
        with pytest.raises(KanshoError, match=code):
            reader.for_purpose(purpose).read_bytes(ref)
    (refused,) = ws.ledger.events("read_refused")
    assert refused.codes == {"code": code, "purpose": purpose}
    assert refused.actor["user"] == reader.actor.user
    assert ws.ledger.events("snapshot_read") == []


def test_who_is_not_registered_reads_nothing(ws: Workspace, mini: CampaignConfig, tmp_path: Path) -> None:
    ref = stored(ws)
    stranger = ws.acting_as(Actor("contractor", "stranger", "contractor_manager")).for_purpose("desk_review")
    with pytest.raises(KanshoError, match="READ-UNREGISTERED"):
        stranger.read_bytes(ref)
    with pytest.raises(KanshoError, match="READ-UNREGISTERED"):
        ws.acting_as(Actor("printer", "task", TASK)).read_bytes(ref)
    nobody = opened(mini, tmp_path / "other", ON)
    with pytest.raises(KanshoError, match="READ-UNREGISTERED"):
        nobody.for_purpose("segmentation").read_bytes(stored(nobody))


def test_a_registration_that_ended_reads_no_more_and_neither_do_the_tasks_it_answered_for(ws: Workspace) -> None:
    ref = stored(ws)
    officer = person(ws, Role.WARD_OFFICER).for_purpose("desk_review")
    officer.read_bytes(ref)
    left = without(ws, Role.WARD_OFFICER)
    with pytest.raises(KanshoError, match="READ-ENDED"):
        officer.read_bytes(ref)
    ws.read_bytes(ref)
    without(left, Role.CONTRACTOR_MANAGER)
    with pytest.raises(KanshoError, match="READ-ENDED"):
        ws.read_bytes(ref)
    register_handler(ws, ws.config.users(Role.CONTRACTOR_MANAGER)[0])
    ws.read_bytes(ref)


def test_ending_a_registration_twice_is_one_event(ws: Workspace) -> None:
    after = without(ws, Role.WARD_OFFICER)
    size = after.ledger.size
    end_registrations(replace(after, today=date(2027, 6, 2)))
    assert after.ledger.size == size


def test_what_was_erased_is_not_recorded_as_read(ws: Workspace) -> None:
    ref = stored(ws)
    ws.erase(ref, reason="closing")
    with pytest.raises(KanshoError, match="VAULT-ABSENT"):
        ws.read_bytes(ref)
    assert ws.ledger.events("snapshot_read") == []


def test_the_opening_reads_its_seed_before_anybody_is_registered_and_nothing_of_a_resident(
    mini: CampaignConfig, tmp_path: Path
) -> None:
    ws = opened(mini, tmp_path / "var", ON).for_purpose("campaign_opening")
    assert ws.read_bytes(ws.store_bytes("randomisation_seed", "seed", b"s")) == b"s"
    with pytest.raises(KanshoError, match="READ-CLASS"):
        ws.read_bytes(stored(ws))


def test_every_stage_has_a_purpose_of_its_name() -> None:
    stages = {path.stem.partition("_")[2] for path in DAGS.glob("s*.py")}
    assert stages <= set(PURPOSES)
    assert all(PURPOSES[stage].roles == {TASK} for stage in stages)


def test_every_kind_of_the_years_data_flow_has_one_class(sample: CampaignConfig) -> None:
    kinds = [kind for of in CLASSES.values() for kind in of]
    assert len(kinds) == len(set(kinds))
    assert {flow.kind for flow in sample.data_flow} <= set(kinds)
    assert class_of("something_new") == "residents"


# -- the verifier's rule -------------------------------------------------------------------------------


def lawful(ws: Workspace) -> list[Event]:
    """A log in which a task and a person read a snapshot that is erased afterwards."""
    ref = stored(ws)
    ws.read_bytes(ref)
    person(ws, Role.WARD_OFFICER).for_purpose("desk_review").read_bytes(ref)
    ws.erase(ref, reason="closing")
    return ws.ledger.events()


def findings(events: list[Event]) -> list[str]:
    return [f.code for f in access_findings([replace(e, sequence=i) for i, e in enumerate(events)])]


def changed(events: list[Event], type: str, **parts: object) -> list[Event]:
    """The log with one thing told otherwise in the last event of that type."""
    at = max(i for i, e in enumerate(events) if e.type == type)
    return [*events[:at], replace(events[at], **parts), *events[at + 1 :]]  # type: ignore[arg-type]


def test_lawful_readings_are_no_findings(ws: Workspace) -> None:
    assert findings(lawful(ws)) == []


def test_what_retention_erases_is_read_once_for_the_scan_and_that_is_told(ws: Workspace) -> None:
    ref = stored(ws)
    ws.erase(ref, reason="retention")
    (read,) = ws.ledger.events("snapshot_read")
    assert (read.codes["purpose"], read.actor["role"]) == ("residue_scan", TASK)
    assert findings(ws.ledger.events()) == []


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ({"actor": {"party": "ward", "user": "nobody", "role": "ward_officer"}}, ["KEY", "UNREGISTERED"]),
        ({"actor": {"party": "printer", "user": "takanashi", "role": "ward_officer"}}, ["UNREGISTERED"]),
        ({"actor": {"party": "ward", "user": "takanashi", "role": "print_staff"}}, ["ROLE"]),
        ({"codes": {"purpose": "anything"}}, ["KEY", "PURPOSE"]),
        ({"codes": {}}, ["KEY", "PURPOSE"]),
        ({"key": "residue_needles/year@desk_review/takanashi"}, ["CLASS", "UNKNOWN"]),
        ({"key": "roster/d09@desk_review/takanashi"}, ["UNKNOWN"]),
        ({"refs": {"digest": "0" * 64}}, ["UNKNOWN"]),
        ({"refs": {}}, ["UNKNOWN"]),
    ],
)
def test_a_reading_told_otherwise_is_found(ws: Workspace, parts: dict[str, object], codes: list[str]) -> None:
    assert findings(changed(lawful(ws), "snapshot_read", **parts)) == [f"STATE-READ-{code}" for code in codes]


def test_a_reading_after_the_erasure_before_the_registration_or_after_its_end_is_found(ws: Workspace) -> None:
    events = lawful(ws)
    erased = next(e for e in events if e.type == "snapshot_erased")
    early = [e for e in events if e is not erased]
    first = next(i for i, e in enumerate(early) if e.type == "snapshot_read")
    assert findings([*early[:first], erased, *early[first:]]) == ["STATE-READ-ERASED"] * 2
    registered = [e for e in events if e.type == "handler_registered"]
    others = [e for e in events if e.type != "handler_registered"]
    assert findings([*others, *registered]) == ["STATE-READ-UNREGISTERED"] * 2
    officer = next(e for e in registered if e.codes["role"] == "ward_officer")
    ended = replace(officer, codes={**officer.codes, "ended_on": "2027-05-31"}, key=f"{officer.key}/2")
    assert findings([*events[:first], ended, *events[first:]]) == ["STATE-READ-ENDED"]
