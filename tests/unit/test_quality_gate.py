"""Gates: suites follow the contracts, both checks agree, and nothing personal is in a result."""

from __future__ import annotations

import pandas as pd
import pytest

from kansho.contracts.registry import STOP_LIST, TARGET_LIST
from kansho.errors import KanshoError
from kansho.quality.contact_rules import check_contacts
from kansho.quality.gate import evaluate
from kansho.quality.suites import EXTRA_RULES, FOLDER, render_suites

GOOD = {
    "postal_code": "130-0001",
    "address": "墨田区吾妻橋一丁目",
    "address_extra": None,
    "name_kanji": "見本　一郎",
    "name_kana": "ミホン　イチロウ",
    "age_at_year_end": "50",
    "sex": "1",
    "birth_date": "1977-06-01",
    "phone": None,
    "inquiry_number": "1234-5678-96",
    "screening_kinds": "03|04",
    "outreach_result": None,
    "attendance_date": None,
}


def _table(*changes: dict[str, object]) -> pd.DataFrame:
    rows = [{**GOOD, "inquiry_number": f"1234-5678-{i:02d}", **change} for i, change in enumerate(changes)]
    return pd.DataFrame(rows, dtype=object)


def _extra(frame: pd.DataFrame, kind: str, **broken: list[int]) -> dict[str, pd.Series]:
    return {
        rule: pd.Series([i not in broken.get(rule.replace(".", "_"), []) for i in range(len(frame))], index=frame.index)
        for rule in EXTRA_RULES[kind]
    }


def test_every_suite_on_file_is_what_its_contract_gives() -> None:
    on_file = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.json")}
    assert on_file == render_suites()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"postal_code": "1300001"}, "postal_code.pattern"),
        ({"sex": "3"}, "sex.code"),
        ({"name_kanji": None}, "name_kanji.required"),
        ({"birth_date": "1977-02-30"}, "birth_date.date"),
        ({"birth_date": "S52.6.1"}, "birth_date.shape"),
        ({"age_at_year_end": "fifty"}, "age_at_year_end.shape"),
        ({"age_at_year_end": "200"}, "age_at_year_end.range"),
        ({"phone": "0312345678"}, "phone.pattern"),
        ({"inquiry_number": "1234-5678-00"}, "key.unique"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_by_it(change: dict[str, object], rule: str) -> None:
    frame = _table({}, {}, change)
    found = evaluate("target_list", "d", frame, TARGET_LIST, _extra(frame, "target_list"), threshold=0.9)
    assert found.reasons.iloc[2] == rule
    assert found.result == "pass"


def test_rows_are_accepted_plus_quarantined() -> None:
    frame = _table({}, {"sex": "9"}, {"sex": None})
    found = evaluate("target_list", "d", frame, TARGET_LIST, _extra(frame, "target_list"), threshold=1)
    assert found.counts == {"rows": 3, "accepted": 1, "quarantined": 2}


def test_more_than_the_threshold_holds_for_a_decision() -> None:
    frame = _table({}, {}, {}, {"sex": "9"})
    extra = _extra(frame, "target_list")
    assert evaluate("target_list", "d", frame, TARGET_LIST, extra, threshold=0.25).result == "pass"
    assert evaluate("target_list", "d", frame, TARGET_LIST, extra, threshold=0.24).result == "hold"


def test_a_rule_between_columns_is_checked_by_the_suite_too() -> None:
    frame = _table({}, {})
    found = evaluate("target_list", "d", frame, TARGET_LIST, _extra(frame, "target_list", age_rule=[1]), threshold=1)
    assert list(found.reasons) == ["", "age.rule"]


def test_a_missing_rule_is_not_a_pass() -> None:
    with pytest.raises(KanshoError, match="GATE-RULES"):
        evaluate("target_list", "d", _table({}), TARGET_LIST, {}, threshold=1)


def test_an_explicit_nil_stop_list_passes_the_gate_empty() -> None:
    frame = pd.DataFrame({c: pd.Series(dtype=object) for c in STOP_LIST.names})
    found = evaluate("stop_list", "d", frame, STOP_LIST, _extra(frame, "stop_list"), threshold=0)
    assert (found.result, found.counts["rows"]) == ("pass", 0)


CONTACTS = [
    # answered_by, outcome, purpose, intention, reason → code
    ("self", "10", "1", "1", "05", ""),
    ("family", "20", "1", None, None, ""),
    ("none", "30", "0", None, None, ""),
    ("family", "20", "1", "1", None, "not_from_person"),
    ("family", "20", "1", None, "05", "not_from_person"),
    ("self", "10", "0", "1", None, "purpose_unstated"),
    ("family", "10", "1", None, None, "person_mismatch"),
]


@pytest.mark.parametrize(("who", "outcome", "purpose", "intention", "reason", "code"), CONTACTS)
def test_contact_results_hold_only_what_may_be_collected(
    who: str, outcome: str, purpose: str, intention: str | None, reason: str | None, code: str
) -> None:
    from kansho.contracts.codes import CALL_PERSON_OUTCOMES
    from kansho.contracts.registry import CALL_RESULTS

    row = dict.fromkeys(CALL_RESULTS.names) | {
        "answered_by": who,
        "outcome": outcome,
        "purpose_stated": purpose,
        "intention": intention,
        "reason": reason,
    }
    frame = pd.DataFrame([row], dtype=object)
    assert check_contacts(frame, CALL_RESULTS, CALL_PERSON_OUTCOMES).iloc[0] == code
