"""Great Expectations suites written from the contracts; they lie in ``great_expectations/expectations`` for review.

A test fails when a suite on file differs from what its contract gives.  Every expectation carries the
name of our rule in its ``meta``, so that both can be compared rule by rule.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY
from kansho.quality.rules import DATE_SUFFIX, NUMBER_SUFFIX, SHAPES

FOLDER = Path(__file__).resolve().parents[3] / "great_expectations" / "expectations"

#: Rules between columns per kind: masks that the stage computes (``extra`` of `run_gate`), true by "1".
EXTRA_RULES: dict[str, tuple[str, ...]] = {
    "target_list": ("number.check_digit", "age.rule", "postal.ward", "kana.letters", "kinds.sex", "identity.confusion"),
    "analysis_items": ("number.check_digit", "number.known"),
    "stop_list": ("number.check_digit", "until.given"),
    "attendance_update": ("number.check_digit", "number.known", "date.plausible"),
    "call_results": ("number.check_digit", "number.known", "contact.rules"),
    "visit_results": ("token.known", "contact.rules"),
    "inbound_records": ("number.check_digit",),
    "mail_returns": ("serial.known",),
}


def suite_of(contract: Contract) -> dict[str, Any]:
    """The suite as the JSON Great Expectations reads."""
    expectations: list[dict[str, Any]] = []
    for column in contract.columns:
        expectations += _column_expectations(column)
    if len(contract.key) == 1:
        expectations.append(_one("expect_column_values_to_be_unique", "key.unique", column=contract.key[0]))
    else:
        expectations.append(_one("expect_compound_columns_to_be_unique", "key.unique", column_list=list(contract.key)))
    for rule in EXTRA_RULES.get(contract.kind, ()):
        expectations.append(_one("expect_column_values_to_be_in_set", rule, column=rule, value_set=["1"]))
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


def _column_expectations(column: Column) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    name = column.name
    if not column.nullable:
        out.append(_one("expect_column_values_to_not_be_null", f"{name}.required", column=name))
    if column.codes:
        out.append(_one("expect_column_values_to_be_in_set", f"{name}.code", column=name, value_set=list(column.codes)))
    if column.pattern:
        out.append(_matches(name, column.pattern, f"{name}.pattern"))
    if column.type in SHAPES:
        out.append(_matches(name, SHAPES[column.type], f"{name}.shape"))
    if column.type == "date":
        out.append(
            _one("expect_column_values_to_be_in_set", f"{name}.date", column=name + DATE_SUFFIX, value_set=["1"])
        )
    if column.type in ("int", "float") and column.low is not None:
        out.append(
            _one(
                "expect_column_values_to_be_between",
                f"{name}.range",
                column=name + NUMBER_SUFFIX,
                min_value=column.low,
                max_value=column.high,
            )
        )
    return out


def _matches(column: str, pattern: str, rule: str) -> dict[str, Any]:
    return _one("expect_column_values_to_match_regex", rule, column=column, regex=rf"^(?:{pattern})\Z")


def _one(kind: str, rule: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "meta": {"rule": rule}}
