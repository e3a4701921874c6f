"""What the ward knows of the years before: results of 特定健診, attendance, cancer screenings, answers to outreach.

Belongs here: the same past that the population carries in wide columns, as the long tables that municipal systems
hold.  Does not belong here: spelling or files (`spelling`, `municipal`).
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.codes import SCREENING_KINDS
from kansho.contracts.registry import REGISTRY
from kansho.simulation.draws import uniforms

_YEARS = range(1, 6)
#: Fiscal year from which the questionnaire asks about smoking in three answers (第4期).
_THREE_ANSWERS = 2024
#: Health institutions of the ward, invented: prefecture, kind, running number.
_INSTITUTIONS = tuple(f"131{n:07d}" for n in (2210015, 2210114, 2210213, 2210312, 2210411))


def checkup_results(people: pd.DataFrame, config: CampaignConfig, seed: int) -> pd.DataFrame:
    """The last examination of everybody who was examined; columns of the contract, those not measured empty."""
    examined = people[people["bmi"].notna()].reset_index(drop=True)
    ago = _last_attended(examined)
    height = 148 + 24 * uniforms(seed, "height", examined["inquiry_number"])
    weight = (examined["bmi"].astype(float) * (height / 100) ** 2).round(1)
    day = (uniforms(seed, "exam-day", examined["inquiry_number"]) * 240).astype(int)
    year = config.fiscal_year - ago
    known = {
        "inquiry_number": examined["inquiry_number"],
        "exam_date": [(date(y, 6, 1) + timedelta(days=int(d))).isoformat() for y, d in zip(year, day, strict=True)],
        "institution_code": [_INSTITUTIONS[int(d) % len(_INSTITUTIONS)] for d in day],
        "report_kind": "10",
        "height": pd.Series(height).round(1).map("{:.1f}".format),
        "weight": weight.map("{:.1f}".format),
        "bmi": (weight / (pd.Series(height).round(1) / 100) ** 2).map("{:.1f}".format),
        "systolic": examined["systolic"],
        "diastolic": examined["diastolic"],
        "ldl": examined["ldl"],
        "hba1c": examined["hba1c"],
        "q08": examined["smoking"].where(year >= _THREE_ANSWERS, examined["smoking"].replace({"3": "2"})),
    }
    return _permitted("checkup_results", pd.DataFrame(known, dtype=object), config)


def past_attendance(people: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """One row per person and known year, none for the years before the person was of age."""
    age = people["age_at_year_end"].astype(int)
    parts = []
    for n in _YEARS:
        attended = people[f"attended_{n}y_ago"]
        known = people[attended.notna() & (age - n >= config.targeting.min_age)]
        year = str(config.fiscal_year - n)
        parts.append(_rows(known["inquiry_number"], fiscal_year=year, attended=attended[known.index]))
    out = pd.concat(parts, ignore_index=True)
    return _permitted("past_attendance", out, config)


def screening_history(people: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """The last screening of each kind."""
    age = people["age_at_year_end"].astype(int)
    youngest = {s.code: s.min_age for s in config.targeting.screenings}
    parts = []
    for kind in SCREENING_KINDS:
        if f"last_fy_{kind}" in people.columns:
            last = pd.to_numeric(people[f"last_fy_{kind}"])
            old_enough = age - (config.fiscal_year - last) >= youngest[kind]
            had = people[last.notna() & old_enough]
            parts.append(_rows(had["inquiry_number"], screening_kind=kind, fiscal_year=had[f"last_fy_{kind}"]))
    out = pd.concat(parts, ignore_index=True)
    return _permitted("screening_history", out, config)


def past_outreach(people: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """What last year's outreach learnt, of whom it learnt anything."""
    said = {c.name: people[item] for c in REGISTRY["past_outreach"].columns for item in c.serves}
    out = _rows(people["inquiry_number"], fiscal_year=str(config.fiscal_year - 1), **said)
    told = out[list(said)].notna().any(axis=1)
    return _permitted("past_outreach", out[told].reset_index(drop=True), config)


def _permitted(kind: str, frame: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """Only the columns that the year's approved list names: the ward delivers nothing else."""
    contract = REGISTRY[kind]
    names = [
        n for n in contract.permitted(config.approved_analysis_items) if contract.column(n).in_year(config.fiscal_year)
    ]
    return frame.reindex(columns=names).astype(object)


def _rows(numbers: pd.Series, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"inquiry_number": numbers, **columns}, dtype=object)


def _last_attended(people: pd.DataFrame) -> pd.Series:
    """Years since the last attended year, 1 to 5."""
    came = pd.DataFrame({n: people[f"attended_{n}y_ago"].eq("1") for n in _YEARS})
    return came.idxmax(axis=1).astype(int)
