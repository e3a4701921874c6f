"""Intake: passwords live once, deliveries become raw snapshots, a task killed anywhere ends the same."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig, Mapping
from kansho.campaign.rights import Role
from kansho.cli import main
from kansho.closing.inventory import _adopt_secrets, holdings, require_no_difference
from kansho.errors import KanshoError
from kansho.evidence.events import Actor
from kansho.intake import stage
from kansho.intake.cover_note import AnnouncedFile
from kansho.intake.passwords import enter_password, waiting_password
from kansho.intake.reading import is_my_number, read_delivered
from kansho.intake.stage import find_deliveries, take_in
from kansho.workspace import Workspace
from tests.conftest import MINI, without_keys
from tests.containers import sevenzip_of
from tests.deliveries import Delivery, csv_of, numbers, people, person, staff, whole

Open = Callable[[date], Workspace]
DAY = date(2027, 4, 20)


def test_a_delivery_becomes_raw_snapshots_and_events(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole().put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work == {"deliveries": ["d01"], "counts": {"ready": 1, "waiting_for_password": 0}}
    taken = take_in(ws, work)
    assert taken == {"accepted": ["d01"], "refused": [], "counts": {"accepted": 1, "refused": 0}}
    raw = ws.read_table(ws.latest("raw_target_list"))
    assert list(raw["inquiry_number"]) == numbers(3)
    assert raw["attendance_date"].isna().all()
    event = ws.ledger.find("delivery_accepted", "d01")
    assert event is not None
    assert event.counts == {"rows_target_list": 3, "rows_analysis_items": 3, "rows_stop_list": 0}
    assert event.codes == {
        "issued_on": "2027-04-20",
        "nil_return": "yes",
        "kinds": "analysis_items|stop_list|target_list",
        "encoding_analysis_items": "cp932",
        "encoding_stop_list": "cp932",
        "encoding_target_list": "cp932",
    }
    medium = ws.ledger.find("medium_registered", "CDR-d01")
    assert medium is not None
    hands = {"from": "ward", "to": "contractor", "place": "vault_site"}
    assert medium.codes == {"kind": "CD-R", "delivery": "d01", **hands}
    assert find_deliveries(ws, {}) is None


def test_every_delivery_has_its_line_in_the_register_also_when_a_medium_comes_again(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    medium = {"medium": {"kind": "CD-R", "serial": "CDR-1"}}
    for delivery in ("d01", "d02"):
        sent = whole(delivery)
        sent.note = dict(medium)
        sent.put(ws).unlock(ws)
    take_in(ws, find_deliveries(ws, {}) or {})
    registered = {e.key: e.codes["delivery"] for e in ws.ledger.events("medium_registered")}
    assert registered == {"CDR-1": "d01", "CDR-1/d02": "d02"}


def test_a_password_that_is_entered_by_the_command_opens_the_delivery(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ws = open_workspace(DAY)
    sent = whole().put(ws)
    ward = tmp_path / "ward.yaml"
    ward.write_text(without_keys(MINI.read_text(encoding="utf-8"), "mappings", "gaiji"), encoding="utf-8")

    def unlock(user: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{sent.password}\n"))
        where = ["--config", str(ward), "--var", str(ws.layout.var), "--date", DAY.isoformat()]
        return main(["intake", "unlock", "d01", "--user", user, *where])

    assert unlock("nobody") == 1
    assert "CLI-USER" in capsys.readouterr().err
    assert waiting_password(ws, "d01") is None
    assert unlock("teshigawara") == 0
    said = capsys.readouterr()
    assert "d01: 受け付けました" in said.out
    assert sent.password not in said.out + said.err
    assert take_in(ws, find_deliveries(ws, {}) or {})["accepted"] == ["d01"]


def test_a_delivery_without_its_password_waits(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole("d01").put(ws).unlock(ws)
    whole("d02").put(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    assert work["counts"] == {"ready": 1, "waiting_for_password": 1}


@pytest.mark.parametrize("medium", ["sealed.zip", "sealed.7z", "sealed.xlsx"])
def test_the_sealed_file_is_found_by_any_of_its_names_and_read_by_its_bytes(open_workspace: Open, medium: str) -> None:
    ws = open_workspace(DAY)
    delivery = whole()
    delivery.sealed = sevenzip_of({f"{kind}.csv": data for kind, data in delivery.files.items()})
    delivery.medium = (medium,)
    delivery.put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    assert take_in(ws, work)["accepted"] == ["d01"]


def test_two_sealed_files_in_one_delivery_are_refused_and_the_first_is_kept(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    delivery = whole()
    delivery.medium = ("sealed.zip", "sealed.7z")
    delivery.put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    assert take_in(ws, work)["refused"] == [{"delivery": "d01", "code": "INTAKE-NAMES"}]
    assert [ref.key for ref in ws.snapshots("sealed_delivery")] == ["d01"]
    assert ws.snapshots("raw_target_list") == []


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("target_list.csv", True),
        ("対象者一覧.csv", True),
        ("特定健診結果（令和７年度）①.TXT", True),
        ("受診 履歴.tsv", True),
        ("結果.xlsx", True),
        ("あ" * 76 + ".csv", True),
        ("あ" * 77 + ".csv", False),
        (".csv", False),
        ("target_list.zip", False),
        ("target_list.csv.exe", False),
        ("target_list.csv\n", False),
        ("../x.csv", False),
        ("a/x.csv", False),
        ("a\\x.csv", False),
        ("C:x.csv", False),
        ("a\x00.csv", False),
        ("vsc.\u202ecsv", False),
    ],
)
def test_the_cover_note_names_tables_and_no_paths(name: str, allowed: bool) -> None:
    read = {"name": name, "kind": "target_list", "rows": 0, "sha256": "0" * 64}
    if allowed:
        assert AnnouncedFile.model_validate(read).name == name
    else:
        with pytest.raises(ValueError, match="name"):
            AnnouncedFile.model_validate(read)


def test_a_task_run_again_ends_with_the_same(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole("d01").put(ws).unlock(ws)
    bad = Delivery("d02").add("target_list", people(), extra="世帯主氏名").put(ws)
    bad.unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    first = take_in(ws, work)
    size = ws.ledger.size
    assert take_in(ws, work) == first
    assert ws.ledger.size == size


@pytest.mark.parametrize("at", ["forget_password", "_accept", "open_container"])
def test_killed_anywhere_the_second_attempt_completes_it(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    ws = open_workspace(DAY)
    whole().put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(stage, at, die)
        with pytest.raises(SystemExit):
            take_in(ws, work)
    assert take_in(ws, work)["accepted"] == ["d01"]
    assert ws.snapshots("one_time_secret") == []
    assert len(ws.snapshots("raw_target_list")) == 1


@pytest.mark.parametrize("lost", ["snapshot_stored", "password_entered"])
def test_a_password_whose_entering_was_killed_half_way_is_entered_again_and_counts(
    open_workspace: Open, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    ws = open_workspace(DAY)
    delivery = whole().put(ws)
    real = Workspace.record

    def record(self: Workspace, type: str, *args: Any, **parts: Any) -> Any:
        if type == lost:
            raise SystemExit
        return real(self, type, *args, **parts)

    with monkeypatch.context() as killed:
        killed.setattr(Workspace, "record", record)
        with pytest.raises(SystemExit):
            enter_password(staff(ws), "d01", "mistyped")
    delivery.unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    assert take_in(ws, work)["accepted"] == ["d01"]
    _adopt_secrets(ws)
    for ref in ws.snapshots("one_time_secret"):
        ws.erase(ref, reason="closing")
    require_no_difference(ws, holdings(ws))


def test_what_was_erased_does_not_come_back_under_its_name(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    ref = ws.store_bytes("one_time_secret", "d01-1", b"x")
    ws.erase(ref, reason="retention")
    with pytest.raises(KanshoError, match="SNAPSHOT-ERASED"):
        ws.store_bytes("one_time_secret", "d01-1", b"x")
    assert list(ws.vault.names()) == []


def test_the_ward_is_told_of_a_refusal_and_over_provision_opens_an_incident(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    Delivery().add("target_list", people(), extra="世帯主氏名").put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    take_in(ws, work)
    notice = json.loads((ws.layout.received("ward") / "refusal--d01.json").read_text(encoding="utf-8"))
    assert notice["code"] == "INTAKE-COLUMN-FORBIDDEN"
    assert notice["refused_on"] == "2027-04-20"
    assert notice["place"] == "対象者一覧:14列目"
    assert "除いて" in notice["remedy"]
    opened = ws.ledger.find("incident_opened", "delivery-d01")
    assert opened is not None
    assert opened.codes == {"kind": "over_provision", "subject": "d01"}


def test_a_wrong_password_refuses_the_attempt_and_the_next_one_may_succeed(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    delivery = whole().put(ws)
    enter_password(staff(ws), "d01", "mistyped")
    work = find_deliveries(ws, {})
    assert work is not None
    assert take_in(ws, work)["refused"] == [{"delivery": "d01", "code": "INTAKE-PASSWORD"}]
    assert take_in(ws, work)["refused"] == [{"delivery": "d01", "code": "INTAKE-PASSWORD"}]  # the same attempt
    assert not (ws.layout.received("ward") / "refusal--d01.json").exists()
    assert find_deliveries(ws, {}) is None
    delivery.unlock(ws)
    assert take_in(ws, work)["accepted"] == ["d01"]


# -- passwords ------------------------------------------------------------------------------------


def test_a_password_is_sealed_used_once_and_erased(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole().put(ws).unlock(ws)
    assert waiting_password(ws, "d01") is not None
    home = ws.layout.kansho
    everything = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
    assert b"Tsukimi-7-dango" not in everything
    work = find_deliveries(ws, {})
    assert work is not None
    take_in(ws, work)
    assert waiting_password(ws, "d01") is None
    assert ws.ledger.find("password_used", "d01-1") is not None
    assert ws.ledger.find("snapshot_erased", "one_time_secret/d01-1") is not None
    assert ws.ledger.find("password_entered", "d01-1").actor["role"] == "contractor_staff"  # type: ignore[union-attr]


def test_a_password_expires_after_a_day_and_is_erased(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole().put(ws).unlock(ws)
    assert waiting_password(replace(ws, today=date(2027, 4, 21)), "d01") is not None
    late = replace(ws, today=date(2027, 4, 22))
    assert waiting_password(late, "d01") is None
    assert find_deliveries(late, {}) is None
    assert late.snapshots("one_time_secret") == []


def test_a_corrected_password_replaces_the_one_before(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    delivery = whole().put(ws)
    enter_password(staff(ws), "d01", "mistyped")
    delivery.unlock(ws)
    assert len(ws.snapshots("one_time_secret")) == 1
    work = find_deliveries(ws, {})
    assert work is not None
    assert take_in(ws, work)["accepted"] == ["d01"]


@pytest.mark.parametrize("role", [Role.WARD_OFFICER, Role.CONTRACTOR_ENGINEER, Role.CALL_STAFF])
def test_only_the_contractors_staff_may_enter_one(open_workspace: Open, role: Role) -> None:
    ws = open_workspace(DAY)
    whole().put(ws)
    with pytest.raises(KanshoError, match="PASSWORD-ROLE"):
        enter_password(staff(ws, role), "d01", "x")


def test_a_role_that_the_user_does_not_hold_is_not_believed(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    whole().put(ws)
    user = ws.config.users(Role.CALL_STAFF)[0].user or ""
    with pytest.raises(KanshoError, match="PASSWORD-ROLE"):
        enter_password(ws.acting_as(Actor("contractor", user, "contractor_staff")), "d01", "x")


@pytest.mark.parametrize(
    ("delivery", "password", "code"), [("d01", "", "PASSWORD-EMPTY"), ("d99", "x", "PASSWORD-DELIVERY")]
)
def test_it_must_be_for_a_delivery_that_waits(open_workspace: Open, delivery: str, password: str, code: str) -> None:
    ws = open_workspace(DAY)
    whole().put(ws)
    with pytest.raises(KanshoError, match=code):
        enter_password(staff(ws), delivery, password)


# -- tables ------------------------------------------------------------------------------------


def test_a_wards_own_headers_and_encoding_are_mapped(mini: CampaignConfig) -> None:
    mapping = Mapping(kind="stop_list", encoding="utf-8-sig", headers={"inquiry_number": "整理番号"})
    config = mini.model_copy(update={"mappings": (mapping,)})
    data = csv_of("stop_list", [], encoding="utf-8-sig").replace("お問い合わせ番号".encode(), "整理番号".encode())
    data += f'"{numbers(1)[0]}","1",""\r\n'.encode()
    frame = read_delivered(data, "stop_list", config).frame.replace({float("nan"): None})
    assert frame.to_dict("records") == [{"inquiry_number": numbers(1)[0], "stop_kind": "1", "until": None}]
    with pytest.raises(KanshoError, match="INTAKE-COLUMN-FORBIDDEN"):
        read_delivered(
            data, "stop_list", mini.model_copy(update={"mappings": (mapping.model_copy(update={"headers": {}}),)})
        )


def test_columns_may_come_in_another_order(mini: CampaignConfig) -> None:
    data = f"停止区分,期限,お問い合わせ番号\r\n2,2027-09-30,{numbers(1)[0]}\r\n".encode("cp932")
    assert read_delivered(data, "stop_list", mini).frame.iloc[0]["until"] == "2027-09-30"


def test_analysis_items_that_were_not_approved_are_not_expected(mini: CampaignConfig) -> None:
    config = mini.model_copy(update={"approved_analysis_items": ("bmi",)})
    data = f"お問い合わせ番号,BMI\r\n{numbers(1)[0]},23.4\r\n".encode("cp932")
    frame = read_delivered(data, "analysis_items", config).frame
    assert frame.iloc[0]["bmi"] == "23.4"
    assert frame["hba1c"].isna().all()


def test_gaiji_are_counted_not_hidden(mini: CampaignConfig, open_workspace: Open) -> None:
    gaiji = bytes.fromhex("f040").decode("cp932")
    ws = open_workspace(DAY)
    rows = [person(numbers(2)[0], name_kanji=f"渡{gaiji}　凛"), person(numbers(2)[1])]
    Delivery().add("target_list", rows).put(ws).unlock(ws)
    work = find_deliveries(ws, {})
    assert work is not None
    take_in(ws, work)
    assert ws.ledger.find("delivery_accepted", "d01").counts["gaiji_target_list"] == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("123456789018", True),
        ("123456789012", False),
        ("１２３４５６７８９０１８", True),
        ("12345678901", False),
        ("", False),
    ],
)
def test_individual_numbers_are_known_by_their_check_digit(text: str, is_one: bool) -> None:
    assert is_my_number(text) is is_one
