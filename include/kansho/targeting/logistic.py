"""Logistic regression by statsmodels, and what a prediction is worth.  Pure, over arrays.

Belongs here: the fit, its refusals, scores of predictions.  Does not belong here: whom it is about (`propensity`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
#: Bands of an order and rows of a calibration table.
BANDS = 10
#: Digits that are kept, so that the same data gives the same bands on every processor.
DIGITS = 6
#: Log odds beyond which an estimate is a separation in disguise: e^10 is odds of 22,000 to 1.
_SEPARATED = 10.0
_STEPS = 50


@dataclass(frozen=True)
class CalibrationBin:
    """People of like prediction: how many, how many of them attended, the mean that was predicted."""

    people: int
    attended: int
    predicted: float


def with_intercept(x: pd.DataFrame) -> Numbers:
    """The design matrix: a column of ones first."""
    return np.column_stack([np.ones(len(x)), x.to_numpy(dtype=float)])


def fit(x: Numbers, y: Numbers, groups: NDArray[np.integer] | None = None) -> tuple[Numbers, Numbers] | None:
    """Coefficients and their standard errors; None where there is no finite maximum or it was not reached."""
    # Half a second and more to import: only who fits pays for it.
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.tools.sm_exceptions import ModelWarning, PerfectSeparationError

    by_home = {} if groups is None else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelWarning)
        warnings.simplefilter("error", RuntimeWarning)
        try:
            result = Logit(y, x).fit(method="newton", maxiter=_STEPS, disp=False, **by_home)
        except (ModelWarning, RuntimeWarning, PerfectSeparationError, np.linalg.LinAlgError):
            return None
    value, error = np.asarray(result.params), np.asarray(result.bse)
    sound = np.isfinite(value).all() and np.isfinite(error).all() and np.abs(value).max() < _SEPARATED
    return (value, error) if sound and result.mle_retvals["converged"] else None


def explained(column: Numbers, others: Numbers) -> bool:
    """Whether the others say all that the column says."""
    solved = np.linalg.lstsq(others, column, rcond=None)[0]
    return bool(np.var(column - others @ solved) < 1e-9 * np.var(column))


def out_of_fold(x: Numbers, y: Numbers, fold: Numbers) -> Numbers | None:
    """What each person was predicted by a fit that saw neither them nor their household."""
    out = np.full(len(y), np.nan)
    for n in np.unique(fold):
        there = fold == n
        found = fit(x[~there], y[~there])
        if found is None:
            return None
        out[there] = probability(x[there], found[0])
    return out


def probability(x: Numbers, value: Numbers) -> Numbers:
    """Of an attendance, by row of the design matrix; NaN where a row has one."""
    return np.round(1 / (1 + np.exp(-(x @ value))), DIGITS)


def auc(predicted: Numbers, y: Numbers) -> float:
    """Share of pairs, one who attended and one who did not, that are in the right order; a tie counts half."""
    came = y.sum()
    above = pd.Series(predicted).rank()[y > 0].sum() - came * (came + 1) / 2
    return round(float(above / (came * (len(y) - came))), DIGITS)


def tenths(values: pd.Series) -> pd.Series:
    """1 to `BANDS` from the lowest value on; equal values share a band, so a band may be large, small or absent."""
    middle = (values.rank(method="average") - 0.5) / max(len(values), 1)
    return (middle * BANDS // 1 + 1).astype("Int64")


def calibration(predicted: Numbers, y: Numbers) -> tuple[CalibrationBin, ...]:
    """Predicted beside observed, in tenths of the prediction from the lowest on."""
    rows = pd.DataFrame({"predicted": predicted, "came": y}).groupby(tenths(pd.Series(predicted)))
    return tuple(
        CalibrationBin(len(part), int(part["came"].sum()), round(float(part["predicted"].mean()), DIGITS))
        for _, part in rows
    )
