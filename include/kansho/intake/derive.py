"""The year's analysis items out of results and histories: pure.

Belongs here: one row per person from tables with several.  Does not belong here: which items the ward approved for
the year (the config), judging a value (`kansho.health`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.codes import KENSHIN_KIND
from kansho.contracts.registry import ANALYSIS_ITEMS, CHECKUP_RESULTS, PAST_OUTREACH

#: Column of the results → the analysis item that it is, or that it serves under another name.
_OF_RESULTS = {c.name: c.name for c in CHECKUP_RESULTS.columns if c.name in ANALYSIS_ITEMS.names} | {
    c.name: item for c in CHECKUP_RESULTS.columns for item in c.serves
}
_MEASURED = tuple(name for name in _OF_RESULTS if name != "inquiry_number")
#: Column of what last year's outreach learnt → the analysis item that it is.
_TOLD = {c.name: item for c in PAST_OUTREACH.columns for item in c.serves}
#: Kinds that together say what an ``analysis_items`` file would, and the columns that are needed of each.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "checkup_results": ("inquiry_number", "exam_date", *_MEASURED),
    "past_attendance": ("inquiry_number", "fiscal_year", "attended"),
    "screening_history": ("inquiry_number", "screening_kind", "fiscal_year"),
    "past_outreach": ("inquiry_number", "fiscal_year", *_TOLD),
}


def analysis_items(tables: Mapping[str, pd.DataFrame], config: CampaignConfig) -> pd.DataFrame:
    """Analysis items (contract ``analysis_items``), approved ones filled, one row per person of any table.

    Of several examinations the last counts as a whole; a year without a row of past attendance is unknown, not a
    year of absence; of screenings the last fiscal year by kind; of outreach what the year before learnt.

    Args:
        tables: accepted rows by file kind, any of `SOURCES`.
        config: the year and its approved items.
    """
    numbers = pd.concat([t["inquiry_number"] for t in tables.values()] or [pd.Series(dtype=object)]).drop_duplicates()
    out = pd.DataFrame(index=pd.Index(numbers.astype(object), name="inquiry_number"))
    if "past_attendance" in tables:
        out = out.join(_attended(tables["past_attendance"], config.fiscal_year))
    if "checkup_results" in tables:
        out = out.join(_measured(tables["checkup_results"]))
    if "screening_history" in tables:
        out = out.join(_last_years(tables["screening_history"]))
    if "past_outreach" in tables:
        out = out.join(_last_told(tables["past_outreach"], config.fiscal_year - 1))
    approved = {"inquiry_number", *config.approved_analysis_items}
    out = out.reindex(columns=[n for n in ANALYSIS_ITEMS.names if n != "inquiry_number"]).astype(object)
    out.loc[:, [c for c in out.columns if c not in approved]] = None
    out = out.where(out.notna(), None).reset_index()
    return out[list(ANALYSIS_ITEMS.names)]


def _attended(history: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    ago = fiscal_year - pd.to_numeric(history["fiscal_year"], errors="coerce")
    kept = history.assign(ago=ago)[ago.between(1, 5)].drop_duplicates(["inquiry_number", "ago"], keep="last")
    wide = kept.pivot(index="inquiry_number", columns="ago", values="attended")
    return wide.rename(columns=lambda n: f"attended_{int(n)}y_ago")


def _measured(results: pd.DataFrame) -> pd.DataFrame:
    day, days = pd.factorize(results["exam_date"], sort=True)
    person, numbers = pd.factorize(results["inquiry_number"], use_na_sentinel=False)
    by_day = np.argsort(np.where(day < 0, len(days), day), kind="stable")
    last = np.zeros(len(numbers), dtype=np.int64)
    last[person[by_day]] = by_day  # of several rows of a person the last one written stays
    wanted = [name for name in _MEASURED if name in results.columns]
    return results.iloc[last].set_index("inquiry_number")[wanted].rename(columns=_OF_RESULTS)


def _last_years(history: pd.DataFrame) -> pd.DataFrame:
    cancer = history[history["screening_kind"].ne(KENSHIN_KIND)]
    last = cancer.groupby(["inquiry_number", "screening_kind"])["fiscal_year"].max()
    return last.unstack("screening_kind").rename(columns=lambda kind: f"last_fy_{kind}")


def _last_told(history: pd.DataFrame, fiscal_year: int) -> pd.DataFrame:
    year = pd.to_numeric(history["fiscal_year"], errors="coerce")
    last = history[year.eq(fiscal_year)].drop_duplicates("inquiry_number", keep="last")
    return last.set_index("inquiry_number")[[n for n in _TOLD if n in last.columns]].rename(columns=_TOLD)
