"""Great Expectations as we use it: a valid project on file, no network, no stored result, no value in one."""

from __future__ import annotations

import inspect
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansho.contracts.registry import REGISTRY, STOP_LIST, TARGET_LIST
from kansho.errors import KanshoError
from kansho.quality import expectations, gate
from kansho.quality.expectations import suite_results
from kansho.quality.gate import confirm, evaluate
from kansho.quality.rules import look
from kansho.quality.suites import EXTRA_RULES, FOLDER, suite_of

PROJECT = FOLDER.parent
_ANY = st.one_of(
    st.none(), st.text(max_size=6), st.sampled_from(["1", "2", "3", "2027-09-30", "2027-02-30", "１", "1\n"])
)


def test_the_folder_is_a_project_that_great_expectations_opens(tmp_path: Path) -> None:
    import great_expectations as gx

    copied = tmp_path / "great_expectations"
    shutil.copytree(PROJECT, copied)
    context = gx.get_context(mode="file", context_root_dir=copied)
    names = {suite.name for suite in context.suites.all()}
    assert names == {p.stem for p in FOLDER.glob("*.json")}
    target = context.suites.get("target_list")
    assert len(target.expectations) == len(suite_of(TARGET_LIST)["expectations"])


def test_no_suite_holds_a_value_of_a_person_or_a_credential() -> None:
    for path in FOLDER.glob("*.json"):
        suite = json.loads(path.read_text(encoding="utf-8"))
        assert set(suite) == {"name", "expectations", "meta"}
        assert all(set(e["meta"]) == {"rule"} for e in suite["expectations"])
        assert {e["severity"] for e in suite["expectations"]} <= {"critical", "warning", "info"}


def test_a_gate_opens_no_connection_and_prints_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a gate opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    frame = _stops(("月見里 凛", "9", "昨日"))
    found = evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    assert found.broken
    told = "".join(capfd.readouterr()) + caplog.text
    assert "月見里" not in told
    assert "Calculating" not in told  # its progress bars


def test_importing_the_gate_does_not_import_great_expectations() -> None:
    code = "import sys, kansho.quality.gate, kansho.intake.validation; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_great_expectations_answers_is_reduced_to_yes_or_no() -> None:
    frame = _stops(("x", "9", "昨日"))
    extra = _extra(frame, "stop_list")
    results = suite_results(suite_of(STOP_LIST), STOP_LIST, look(frame, STOP_LIST, extra), extra)
    assert all(type(success) is bool for success in results.values())
    assert not results["stop_kind.code"]


def test_a_suite_that_disagrees_with_our_rules_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = suite_of(STOP_LIST)
    suite["expectations"] = [e for e in suite["expectations"] if e["meta"]["rule"] != "stop_kind.code"]
    monkeypatch.setattr(gate, "read_suite", lambda kind: suite)
    frame = _stops(("x", "9", None))
    with pytest.raises(KanshoError, match="GATE-DISAGREE"):
        evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)


def test_a_suite_that_cannot_be_run_is_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = suite_of(STOP_LIST)
    suite["expectations"].append(
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "absent", "value_set": ["1"]},
            "meta": {"rule": "x"},
        }
    )
    monkeypatch.setattr(gate, "read_suite", lambda kind: suite)
    frame = _stops(("x", "1", None))
    with pytest.raises(KanshoError, match="GATE-UNCHECKED"):
        evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)


def test_an_expectation_that_raises_is_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = suite_of(STOP_LIST)
    # A regular expression that does not compile: the expectation itself fails, the others are evaluated.
    broken = {"column": "stop_kind", "regex": "(["}
    suite["expectations"].append(
        {"type": "expect_column_values_to_match_regex", "kwargs": broken, "meta": {"rule": "stop_kind.code"}}
    )
    monkeypatch.setattr(gate, "read_suite", lambda kind: suite)
    frame = _stops(("1234-5678-90", "1", None))
    with pytest.raises(KanshoError, match="GATE-UNCHECKED"):
        evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    with pytest.raises(KanshoError, match="GATE-UNCHECKED"):
        confirm(frame, STOP_LIST)


def test_a_result_that_is_left_out_is_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.datasource.fluent.interfaces import Batch

    whole = Batch.validate

    def short(self: Batch, *args: Any, **kwargs: Any) -> Any:
        outcome = whole(self, *args, **kwargs)
        del outcome.results[-1]
        return outcome

    monkeypatch.setattr(Batch, "validate", short)
    monkeypatch.setattr(expectations, "_validate", inspect.unwrap(expectations._validate))  # no answer is known
    frame = _stops(("1234-5678-90", "1", None))
    with pytest.raises(KanshoError, match="GATE-UNCHECKED"):
        evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)


def test_a_fault_of_the_library_quotes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("月見里 凛")

    monkeypatch.setattr(expectations, "_validate", fails)
    frame = _stops(("x", "9", None))
    with pytest.raises(KanshoError, match="GATE-UNCHECKED") as caught:
        evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    assert "月見里" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_table_of_which_nothing_is_left_is_a_stop_and_a_doubt_is_a_hold() -> None:
    bad = _stops(("x", "9", None))
    assert evaluate("stop_list", "d", bad, STOP_LIST, _extra(bad, "stop_list"), threshold=1).result == "stop"
    good = _stops(("1234-5678-90", "1", None))
    found = evaluate(
        "stop_list", "d", good, STOP_LIST, _extra(good, "stop_list"), threshold=1, doubts={"STOP-SHRUNK": 3}
    )
    assert (found.result, found.broken) == ("hold", {"STOP-SHRUNK": 3})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_ANY, _ANY, _ANY), max_size=4))
def test_both_checks_agree_on_any_text(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    frame = _stops(*rows)
    found = evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    assert found.counts["rows"] == len(rows)


#: What a table must never hold and a gate must survive: numbers, booleans, bytes, lists, half a character.
_ILL_TYPED = st.sampled_from(
    [1, 1.0, True, 5.5, float("nan"), b"1", ["1"], "\ud800", "1\x00", "ＡＢ", "１２３-４５６７"]
)


@pytest.mark.parametrize("kind", sorted(EXTRA_RULES))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_both_checks_agree_on_every_kind_of_table(kind: str, data: st.DataObject) -> None:
    contract = REGISTRY[kind]
    values = {
        c.name: st.one_of(_ANY, st.sampled_from(["10", "-5", "1.5", "1e3", "0x1", " 7", "nan", *c.codes]), _ILL_TYPED)
        for c in contract.columns
    }
    rows = data.draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=4))
    frame = pd.DataFrame([{k: None if v == "" else v for k, v in row.items()} for row in rows], dtype=object)
    kept = st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))
    extra = {rule: pd.Series(data.draw(kept), index=frame.index, dtype=bool) for rule in EXTRA_RULES[kind]}
    found = evaluate(kind, "d", frame, contract, extra, threshold=1)
    assert found.counts["rows"] == len(rows)
    assert set(found.broken) == {rule for rule, rows_of in found.marks.items() if rows_of.any()}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_ANY, _ANY, _ANY), min_size=1, max_size=6))
def test_the_storage_of_text_changes_no_verdict(rows: list[tuple[str | None, str | None, str | None]]) -> None:
    plain = _stops(*rows)
    arrow = plain.astype("str")
    extra = _extra(plain, "stop_list")
    one, other = (evaluate("stop_list", "d", f, STOP_LIST, extra, threshold=1) for f in (plain, arrow))
    assert (one.broken, list(one.reasons), one.result) == (other.broken, list(other.reasons), other.result)


def test_distinct_values_and_rows_give_one_answer_above_the_size_of_a_short_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expectations, "FEW", 2)  # so that both tables are made of a few rows
    rows = [(f"1234-5678-{n:02d}", "1" if n else "9", None if n % 2 else "2027-02-30") for n in range(12)]
    frame = _stops(*rows)
    found = evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    assert found.broken == {"stop_kind.code": 1, "until.date": 6}


def test_rows_a_room_accepted_are_looked_at_once_more() -> None:
    confirm(_stops(("1234-5678-90", "1", None)), STOP_LIST)
    confirm(_stops(), STOP_LIST)
    with pytest.raises(KanshoError, match="GATE-DISAGREE 二つの検証が食い違います stop_kind.code"):
        confirm(_stops(("1234-5678-90", "9", None)), STOP_LIST)


def test_a_gate_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    frame = _stops(("x", "1", None))
    evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=1)
    assert list(tmp_path.iterdir()) == []
    assert not (PROJECT / "uncommitted").exists()


def _stops(*rows: tuple[str | None, str | None, str | None]) -> pd.DataFrame:
    cleaned = [[None if v == "" else v for v in row] for row in rows]
    return pd.DataFrame(cleaned, columns=list(STOP_LIST.names), dtype=object)


def _extra(frame: pd.DataFrame, kind: str) -> dict[str, pd.Series]:
    return {rule: pd.Series(True, index=frame.index, dtype=bool) for rule in EXTRA_RULES[kind]}
