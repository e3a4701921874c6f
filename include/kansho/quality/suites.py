"""Great Expectations suites written from the contracts; they lie in ``great_expectations/expectations`` for review.

A test fails when a suite on file differs from what its contract gives.  Every expectation carries the
name of our rule in its ``meta``, so that both can be compared rule by rule.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY
from kansho.quality.catalogue import catalogue, kinds, rule_ids
from kansho.quality.rules import DATE_SUFFIX, KEY_RULE, NUMBER_SUFFIX, checks_of

FOLDER = Path(__file__).resolve().parents[3] / "great_expectations" / "expectations"

#: Rules between columns and tables per kind: masks that the stage computes (``extra`` of `run_gate`), true by "1".
EXTRA_RULES: dict[str, tuple[str, ...]] = {kind: rule_ids(kind, of_rows=True, derived=False) for kind in kinds()}

#: How grave a rule is, in the words of Great Expectations; a ward's tuning is in its campaign file, not here.
_SEVERITY = {"stop": "critical", "hold": "critical", "quarantine": "warning", "warn": "info"}


def suite_of(contract: Contract) -> dict[str, Any]:
    """The suite as the JSON Great Expectations reads."""
    expectations: list[dict[str, Any]] = []
    for column in contract.columns:
        expectations += [_of_column(column, check) for check in checks_of(column)]
    if len(contract.key) == 1:
        expectations.append(_one("expect_column_values_to_be_unique", KEY_RULE, column=contract.key[0]))
    else:
        expectations.append(_one("expect_compound_columns_to_be_unique", KEY_RULE, column_list=list(contract.key)))
    for rule in EXTRA_RULES.get(contract.kind, ()):
        expectations.append(_in_set(rule, rule, ["1"]))
    rules = catalogue().get(contract.kind, {})
    for expectation in expectations:
        definition = rules.get(expectation["meta"]["rule"])
        if definition is not None:
            expectation["severity"] = _SEVERITY[definition.severity]
    return {
        "name": contract.kind,
        "expectations": expectations,
        "meta": {"contract": contract.kind, "clause": contract.clause},
    }


def render_suites() -> dict[str, str]:
    """File name → JSON text of the suite of every kind that has a gate."""
    return {
        f"{kind}.json": json.dumps(suite_of(REGISTRY[kind]), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for kind in EXTRA_RULES
    }


def read_suite(kind: str) -> dict[str, Any]:
    """The reviewed suite on file."""
    suite: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return suite


def suite_digest(kind: str) -> str:
    """SHA-256 (hex) of the suite on file, by which a result names what it was checked with."""
    return hashlib.sha256((FOLDER / f"{kind}.json").read_bytes()).hexdigest()


def _of_column(column: Column, check: str) -> dict[str, Any]:
    name = column.name
    rule = f"{name}.{check}"
    if check == "required":
        return _one("expect_column_values_to_not_be_null", rule, column=name)
    if check == "code":
        return _in_set(name, rule, list(column.codes))
    if check == "pattern":
        return _matches(name, column.pattern or "", rule)
    if check == "shape":
        return _matches(name, column.shape or "", rule)
    if check == "date":
        return _in_set(name + DATE_SUFFIX, rule, ["1"])
    number = name + NUMBER_SUFFIX
    between = "expect_column_values_to_be_between"
    return _one(between, rule, column=number, min_value=column.low, max_value=column.high)


def _in_set(column: str, rule: str, values: list[str]) -> dict[str, Any]:
    return _one("expect_column_values_to_be_in_set", rule, column=column, value_set=values)


def _matches(column: str, pattern: str, rule: str) -> dict[str, Any]:
    return _one("expect_column_values_to_match_regex", rule, column=column, regex=rf"^(?:{pattern})\Z")


def _one(kind: str, rule: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "meta": {"rule": rule}}
