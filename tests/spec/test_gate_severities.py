"""What a gate does about what it finds, by the severity of the rule: a table that a ward's office can read."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from kansho.contracts.registry import STOP_LIST
from kansho.quality.catalogue import rules_of
from kansho.quality.definitions import Severity
from kansho.quality.gate import evaluate

ROWS = 10
#: severity, the rule's own threshold, rows that break it → result of the table, rows accepted, what the rule did
TABLE = [
    ("stop", None, 0, "pass", 10, None),
    ("stop", None, 1, "stop", 9, "stop"),
    ("stop", 0.2, 2, "pass", 10, "warn"),
    ("stop", 0.2, 3, "stop", 7, "stop"),
    ("hold", None, 0, "pass", 10, None),
    ("hold", None, 1, "hold", 10, "hold"),
    ("hold", 0.2, 2, "pass", 10, "warn"),
    ("hold", 0.2, 3, "hold", 10, "hold"),
    ("quarantine", None, 1, "pass", 9, "quarantine"),
    ("quarantine", None, 5, "pass", 5, "quarantine"),  # half: as much as the gate lets go by itself
    ("quarantine", None, 6, "hold", 4, "quarantine"),  # more than half: the gate's own threshold
    ("quarantine", 0.2, 2, "pass", 8, "quarantine"),
    ("quarantine", 0.2, 3, "hold", 7, "hold"),
    ("quarantine", None, 10, "stop", 0, "quarantine"),  # nothing is left
    ("warn", None, 10, "pass", 10, "warn"),
    ("warn", 0.2, 2, "pass", 10, "warn"),
    ("warn", 0.2, 3, "hold", 10, "hold"),
]


@pytest.mark.parametrize(("severity", "threshold", "breaking", "result", "accepted", "effect"), TABLE)
def test_a_severity_does_what_it_says(
    severity: Severity, threshold: float | None, breaking: int, result: str, accepted: int, effect: str | None
) -> None:
    rules = dict(rules_of("stop_list"))
    rules["until.given"] = dataclasses.replace(rules["until.given"], severity=severity, threshold=threshold)
    frame = pd.DataFrame(
        {
            "inquiry_number": [f"1234-5678-{n:02d}" for n in range(ROWS)],
            "stop_kind": ["1"] * ROWS,
            "until": [None] * ROWS,
        },
        dtype=object,
    )
    extra = {
        "number.check_digit": pd.Series(True, index=frame.index),
        "until.given": pd.Series([n >= breaking for n in range(ROWS)], index=frame.index),
    }
    found = evaluate("stop_list", "d", frame, STOP_LIST, extra, threshold=0.5, rules=rules)
    assert (found.result, found.counts["accepted"]) == (result, accepted)
    assert [f.effect for f in found.findings] == ([effect] if effect else [])
    assert list(found.marks) == (["until.given"] if breaking else [])  # listed, also when the row stays


#: table rule, its severity → result; a table rule removes no row
DOUBTS = [
    ("STOP-SHRUNK", "hold", 3, "hold"),
    ("STOP-SHRUNK", "stop", 3, "stop"),
    ("STOP-UNKNOWN", "hold", 1, "hold"),
    ("STOP-SHRUNK", "hold", 0, "pass"),  # asked, and well
]


@pytest.mark.parametrize(("rule", "severity", "rows", "result"), DOUBTS)
def test_a_doubt_about_the_whole_table(rule: str, severity: Severity, rows: int, result: str) -> None:
    rules = dict(rules_of("stop_list"))
    rules[rule] = dataclasses.replace(rules[rule], severity=severity)
    frame = pd.DataFrame({"inquiry_number": ["1234-5678-90"], "stop_kind": ["1"], "until": [None]}, dtype=object)
    extra = {r: pd.Series(True, index=frame.index) for r in ("number.check_digit", "until.given")}
    found = evaluate("stop_list", "d", frame, STOP_LIST, extra, threshold=0, doubts={rule: rows}, rules=rules)
    assert (found.result, found.counts["accepted"]) == (result, 1)
    assert found.broken == ({rule: rows} if rows else {})


def test_the_gravest_finding_decides() -> None:
    frame = pd.DataFrame({"inquiry_number": ["1234-5678-90"], "stop_kind": ["1"], "until": [None]}, dtype=object)
    extra = {r: pd.Series(True, index=frame.index) for r in ("number.check_digit", "until.given")}
    rules = dict(rules_of("stop_list"))
    rules["STOP-UNKNOWN"] = dataclasses.replace(rules["STOP-UNKNOWN"], severity="stop")
    doubts = {"STOP-SHRUNK": 1, "STOP-UNKNOWN": 1}
    found = evaluate("stop_list", "d", frame, STOP_LIST, extra, threshold=0, doubts=doubts, rules=rules)
    assert found.result == "stop"
    assert [role.value for role in found.owners] == ["contractor_manager"]
