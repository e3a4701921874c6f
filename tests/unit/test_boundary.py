"""The task boundary, the XCom guard and the guard of the API: what must not get out."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from hypothesis import example, given
from hypothesis import strategies as st

from kansho.errors import KanshoError
from kansho.evidence.short import short
from kansho_airflow.apiguard import PlainBodies, refusal_of
from kansho_airflow.boundary import StepFailed, StepInterrupted, contained
from kansho_airflow.xcom_guard import GuardedXCom, check_plain

PERSON = "見本 太郎"


def _int() -> Any:
    return int(PERSON)


def _chained() -> Any:
    try:
        return int(PERSON)
    except ValueError as error:
        raise RuntimeError(PERSON) from error


def _ours_in_a_handler() -> Any:
    try:
        return int(PERSON)
    except ValueError:
        raise KanshoError("TOY-REFUSED", "行に不備があります", place="target_list") from None


def _exit() -> Any:
    sys.exit(PERSON)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (_int, "TASK-FAILED ValueError at "),
        (_chained, "TASK-FAILED RuntimeError at "),
        (_ours_in_a_handler, "TOY-REFUSED "),
        (_exit, "TASK-FAILED SystemExit at "),
    ],
)
def test_only_our_own_words_leave(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(StepFailed) as failed:
        contained(call)
    error = failed.value
    assert str(error).startswith(text)
    assert isinstance(error, AirflowFailException)  # not retried
    assert error.__context__ is None
    assert error.__cause__ is None
    assert PERSON not in repr(error)


def test_transient_faults_may_be_tried_again() -> None:
    def call() -> None:
        raise ConnectionResetError(PERSON)

    with pytest.raises(StepInterrupted) as interrupted:
        contained(call)
    assert PERSON not in str(interrupted.value)
    assert not isinstance(interrupted.value, AirflowFailException)


def test_a_skip_stays_a_skip_without_its_text() -> None:
    def call() -> None:
        raise AirflowSkipException(PERSON)

    with pytest.raises(AirflowSkipException) as skipped:
        contained(call)
    assert PERSON not in str(skipped.value)


def test_prints_and_log_messages_are_dropped(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def call() -> str:
        print(PERSON)
        print(PERSON, file=sys.stderr)
        logging.getLogger("somebody").error("row %s", PERSON, exc_info=ValueError(PERSON))
        return "done"

    with caplog.at_level(logging.DEBUG):
        assert contained(call) == "done"
    logging.getLogger("after").error("kept")
    written = capsys.readouterr()
    assert PERSON not in caplog.text + written.out + written.err
    assert "somebody ERROR at test_boundary:" in caplog.text
    assert "kept" in caplog.text


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.5,
        "replay__2026-06-08",
        "shinjuku_2026__plan/manual__2026-06-01T00:00:00.123456+00:00_aB3/plan",
        {"artefact": {"kind": "roster", "key": "d01", "digest": "0312345678" + "a" * 54, "rows": 5000}},
        {"counts": {"cards": 50_000}, "shards": [{"from": 0}, {"from": 1000}], "kinds": "03|04"},
        "2026-04-01",
    ],
)
def test_references_counts_and_codes_pass(value: Any) -> None:
    check_plain(value)
    GuardedXCom.serialize_value(value, key="return_value")


@given(digest=st.text("0123456789abcdef", min_size=64, max_size=64))
@example(digest="006146815505" + "a" * 52)  # of a plan that could not be shown to those who approve it
@example(digest="19520401" + "b" * 56)
@example(digest="0" * 64)
def test_no_digest_looks_like_a_person_in_a_key(digest: str) -> None:
    for key in (f"erasure-{short(digest)}", f"2027-01-29-{short(digest)}", f"visitors/letter/{short(digest)}"):
        check_plain({"plan": key})


def test_no_moment_at_which_a_run_was_made_looks_like_a_person() -> None:
    """Of the million parts of a second, 20,000 read as a day of 1800 to 1999."""
    for part in range(1_000_000):
        if 180_000 <= part < 200_000 or not part % 997:
            check_plain(
                f"sumida_2027__segmentation/asset_triggered__2026-11-30T14:08:23.{part:06d}+00:00_FwfJjluv/plan"
            )


@pytest.mark.parametrize(
    "value",
    [
        PERSON,
        "MIHON TARO",
        "090-1234-5678",
        "03-1234-5678",
        "09012345678",
        "+819012345678",
        "1234-5678-90",
        "160-0022",
        "1951-04-01",
        "1951/4/1",
        "19510401",
        "S26.4.1",
        "1951-04-01T00:00:00.123456+00:00",
        "19510401/2026-11-30T14:08:23.199034+00:00",
        "195104012026-11-30T14:08:23.199034+00:00",
        "x" * 301,
        9012345678,
        float("nan"),
        b"bytes",
        date(2026, 4, 1),
        {"見本": 1},
        {"a b": 1},
        {1: 2},
        {"rows": [{"note": {"x": "a@b c"}}]},
        {"090-1234-5678": 1},
        {"1951-04-01": 1},
    ],
)
def test_everything_else_is_refused_without_being_quoted(value: Any) -> None:
    with pytest.raises(KanshoError) as refused:
        GuardedXCom.serialize_value(value, key="return_value")
    assert refused.value.code == "XCOM-REFUSED"
    for part in ("見本", "MIHON", "1234", "1951", "0022"):
        assert part not in refused.value.text


def test_the_answer_of_a_form_passes_only_in_its_own_shape() -> None:
    answer = {
        "chosen_options": ["承認"],
        "params_input": {"reason": "none"},
        "responded_at": datetime.fromisoformat("2026-06-08T00:00:00+00:00"),
        "responded_by_user": {"id": "3", "name": "takanashi"},
    }
    GuardedXCom.serialize_value(answer, key="return_value")
    for part in ({"chosen_options": [PERSON]}, {"params_input": {"reason": PERSON}}, {"more": 1}):
        with pytest.raises(KanshoError):
            GuardedXCom.serialize_value({**answer, **part}, key="return_value")


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "",
        '{"conf": {"campaign_date": "2026-04-01"}}',
        '{"new_state": "success"}',
        '{"params_input": {"reason": "none"}}',
    ],
)
def test_the_api_takes_codes(body: str) -> None:
    assert refusal_of(body.encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"note": "見本さん"}',
        '{"dag_run_id": "見本さんの件", "conf": {}}',
        '{"conf": {"name": "MIHON TARO"}}',
        '{"params_input": {"reason": "090-1234-5678"}}',
        '{"actions": [{"entities": [{"note": "\\u898b\\u672c"}]}]}',
        '[{"value": "160-0022"}]',
        "not json",
        '{"note": "' + "x" * 1_000_001 + '"}',
    ],
)
def test_the_api_refuses_prose_without_quoting_it(body: str) -> None:
    refusal = refusal_of(body.encode())
    assert refusal is not None
    assert refusal.startswith("API-REFUSED")
    assert "見本" not in refusal
    assert "MIHON" not in refusal
    assert "0022" not in refusal


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "passes"),
    [
        ("POST", "/api/v2/dags/mini__validation/dagRuns", "", '{"conf": {}, "logical_date": null}', True),
        ("POST", "/api/v2/dags/mini__validation/clearTaskInstances", "", '{"task_ids": ["a"], "dry_run": true}', True),
        ("POST", "/api/v2/dags/mini__validation/clearTaskInstances", "", '{"note": "見本さん"}', False),
        ("POST", "/api/v2/dags/mini__validation/dagRuns/clearDagRuns", "", '{"note": "見本さん"}', False),
        ("POST", "/api/v2/assets/4/materialize", "", '{"note": "MIHON TARO"}', False),
        ("PUT", "/api/v2/assets/4/state-store/k", "", '{"value": "160-0022"}', False),
        ("PATCH", "/api/v2/dags/d/dagRuns/r/taskInstances/t/state-store/k", "", '{"value": "090-1234-5678"}', False),
        ("PATCH", "/api/v2/pools/p", "", '{"description": "見本さん"}', False),
        ("POST", "/ui/anything", "", '{"whatever": {"deep": ["見本"]}}', False),
        ("DELETE", "/api/v2/variables/見本", "", "", False),
        ("PATCH", "/api/v2/dags/d", "update_mask=is_paused", '{"is_paused": true}', True),
        ("PATCH", "/api/v2/dags/d", "reason=%E8%A6%8B%E6%9C%AC", '{"is_paused": true}', False),
        ("PATCH", "/api/v2/dags/d/dagRuns/r/taskInstances/t/hitlDetails", "", '{"chosen_options": ["承認"]}', True),
        ("PATCH", "/api/v2/dags/d/dagRuns/r/taskInstances/t/hitlDetails", "", '{"chosen_options": ["見本"]}', False),
        ("GET", "/api/v2/dags", "tags=%E8%A6%8B", "", True),
        ("POST", "/auth/login", "", "username=x&password=見本", True),
    ],
)
def test_whatever_writes_through_the_api_carries_codes(
    method: str, path: str, query: str, body: str, passes: bool
) -> None:
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append((await receive())["body"].decode())

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
    asyncio.run(PlainBodies(app)(scope, receive, send))
    assert reached == ([body] if passes else [])
    if not passes:
        assert sent[0]["status"] == 422
        assert "見本" not in sent[1]["body"].decode()
