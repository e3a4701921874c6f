"""Great Expectations at work: a reviewed suite over one look at a table, reduced to yes or no per rule.

Belongs here: running the suite, and nothing else of the gate.  Only this file imports great_expectations.
No result is stored, no value is in one, nothing goes to a network.  What cannot be run is ``GATE-UNCHECKED``.

A rule on single values is asked of the distinct values, not of the rows: the answer is the same, and a million rows
cost what their values cost.  Only the key is asked row by row, as numbers that stand for its values.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kansho.contracts.model import Contract
from kansho.errors import KanshoError
from kansho.quality.rules import DATE_SUFFIX, KEY_RULE, NUMBER_SUFFIX, Looked, has_range, is_date, numeric

#: Columns with more distinct values than this lie in a table of their own, so that the others stay short.
FEW = 10_000
_SUFFIXES = (DATE_SUFFIX, NUMBER_SUFFIX)


def suite_results(
    suite: Mapping[str, Any], contract: Contract, looked: Looked, extra: Iterable[str]
) -> dict[str, bool]:
    """Success per rule name, as Great Expectations sees it.

    Args:
        suite: the suite on file.
        contract: of the table.
        looked: our look at the table; its distinct values and key numbers are what is checked.
        extra: names of the caller's rules; ``looked.broken`` tells which of them any row breaks.

    Raises:
        KanshoError: ``GATE-UNCHECKED`` when an expectation could not be evaluated, or was not.
    """
    columns = _columns(contract, looked, extra)
    absent = {c.name + s for c in contract.columns if c.name not in looked.values for s in ("", *_SUFFIXES)}
    keys = [e for e in suite["expectations"] if e["meta"]["rule"] == KEY_RULE]
    of_values = [e for e in suite["expectations"] if e not in keys and _column_of(e) not in absent]
    many = {name for name, values in columns.items() if len(values) > FEW}
    parts = [(keys, pd.DataFrame(dict(looked.keys)))]
    for long in (False, True):
        table = _table({name: values for name, values in columns.items() if (name in many) is long})
        parts.append(([e for e in of_values if (_column_of(e) in many) is long], table))
    try:
        return _validate(suite, [(asked, table) for asked, table in parts if asked])
    except KanshoError:
        raise
    except Exception as error:
        raise KanshoError(
            "GATE-UNCHECKED",
            f"検証できませんでした ({type(error).__name__})",
            place=contract.kind,
            remedy="原因を除いて再実行",
        ) from None


def _columns(contract: Contract, looked: Looked, extra: Iterable[str]) -> dict[str, pd.Series]:
    out: dict[str, pd.Series] = {}
    for column in contract.columns:
        values = looked.values.get(column.name)
        if values is None:
            continue
        out[column.name] = values
        if column.type == "date":
            known = values.notna()
            day = pd.Series(True, index=values.index)
            day[known] = is_date(values[known]).astype(bool)
            out[column.name + DATE_SUFFIX] = _flags(day)
        if has_range(column):
            out[column.name + NUMBER_SUFFIX] = numeric(values)
    for name in extra:
        rows = looked.broken.get(name)
        kept = pd.Series([] if looked.rows == 0 else [True] if rows is None else [not r for r in np.unique(rows)])
        out[name] = _flags(kept)
    return out


def _flags(kept: pd.Series) -> pd.Series:
    return kept.astype(object).map({True: "1", False: "0"}).astype(object)


def _table(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Columns of different lengths side by side: a shorter one repeats its last value, which adds nothing to it."""
    longest = max((len(v) for v in columns.values()), default=0)
    rows = np.arange(longest)
    return pd.DataFrame(
        {name: v.take(np.minimum(rows, len(v) - 1)).reset_index(drop=True) for name, v in columns.items()}
    )


def _column_of(expectation: Mapping[str, Any]) -> str:
    return str(expectation["kwargs"]["column"])


def _validate(suite: Mapping[str, Any], parts: list[tuple[list[dict[str, Any]], pd.DataFrame]]) -> dict[str, bool]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    results: dict[str, bool] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        import great_expectations as gx

        # No store on a disk ever sees a result, and no temporary folder is made.
        nowhere = DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False), analytics_enabled=False
        )
        context = gx.get_context(mode="ephemeral", project_config=nowhere)
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        source = context.data_sources.add_pandas("memory")
        for number, (expectations, table) in enumerate(parts):
            asset = source.add_dataframe_asset(f"table_{number}")
            batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table})
            made = gx.ExpectationSuite(
                name=f"{suite['name']}_{number}", expectations=list(expectations), meta=suite["meta"]
            )
            outcome = batch.validate(made, result_format="BOOLEAN_ONLY")
            if len(outcome.results) != len(expectations):
                raise _unchecked(suite["name"])
            for result in outcome.results:
                rule, success = _told(suite["name"], result)
                results[rule] = results.get(rule, True) and success
    return results


def _told(suite: str, result: Any) -> tuple[str, bool]:
    config = result.expectation_config
    if _raised(result.exception_info) or config is None or not config.meta or type(result.success) is not bool:
        raise _unchecked(suite)
    return str(config.meta["rule"]), result.success


def _raised(info: Any) -> bool:
    """Whether an expectation could not be evaluated: told flat, or once more per metric."""
    if not isinstance(info, Mapping):
        return False
    return bool(info.get("raised_exception")) or any(_raised(part) for part in info.values())


def _unchecked(suite: str) -> KanshoError:
    return KanshoError("GATE-UNCHECKED", "検証できない規則があります", place=suite, remedy="原因を除いて再実行")
