"""An invented ward's delivery of 特定健診 results as wide as they come: the 国保連 layout in CP932, 70 columns.

Belongs here: inventing people and results, and writing them as such a ward would (和暦, full-width digits, codes and
headings of its own, empty columns of the layout).  Does not belong here: measuring (`benchmarks.intake`).
Five fiscal years of each person come in one file, so 100,000 rows are 20,000 people.  Some rows are wrong.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.contracts.registry import CHECKUP_RESULTS, TARGET_LIST
from kansho.health import guidance_level, metabolic_level
from kansho.simulation.population import build

WIDTH = 70
YEARS = 5
_STEP = 50_000
#: Rows that no gate may let through, and rows whose level was reckoned otherwise.
_WRONG_SHARE, _DIFFERING_SHARE = 0.004, 0.02
#: People made one by one; a larger ward has them again under other numbers and addresses.
_MADE = 10_000
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
#: Our identifier → the ward's code for each of ours.
_CODES = {
    "urine_glucose": {"1": "（－）", "2": "（±）", "3": "（＋）", "4": "（２＋）", "5": "（３＋）"},
    "urine_protein": {"1": "（－）", "2": "（±）", "3": "（＋）", "4": "（２＋）", "5": "（３＋）"},
    "metabolic": {"1": "基準該当", "2": "予備群該当", "3": "非該当", "4": "判定不能"},
    "guidance_level": {"1": "積極的支援", "2": "動機付け支援", "3": "情報提供", "4": "判定不能"},
}
_ASKED = ("q01", "q02", "q03", "q04", "q05", "q06", "q07", "q09", "q10", "q11", "q12", "q15", "q17", "q20", "q22")
_YES_NO = {"1": "はい", "2": "いいえ"}
#: Item → mean, deviation, digits behind the point, share that was not measured.
_MEASURES = {
    "height": (160, 8.5, 1, 0.0),
    "waist": (84, 9.5, 1, 0.02),
    "visceral_fat": (90, 30, 0, 0.9),
    "systolic": (128, 16, 0, 0.0),
    "tg_fasting": (120, 60, 0, 0.2),
    "tg_casual": (140, 70, 0, 0.8),
    "hdl": (62, 15, 0, 0.0),
    "ldl": (122, 30, 0, 0.0),
    "non_hdl": (145, 32, 0, 0.3),
    "ast": (25, 9, 0, 0.0),
    "alt": (23, 12, 0, 0.0),
    "ggt": (36, 30, 0, 0.0),
    "glucose_fasting": (101, 18, 0, 0.2),
    "glucose_casual": (112, 25, 0, 0.8),
    "hba1c": (5.7, 0.6, 1, 0.05),
    "creatinine": (0.77, 0.2, 2, 0.1),
    "egfr": (71, 14, 1, 0.1),
    "hematocrit": (42, 4, 1, 0.3),
    "hemoglobin": (13.9, 1.4, 1, 0.3),
    "rbc": (455, 45, 0, 0.3),
}


def ward_of(base: CampaignConfig) -> CampaignConfig:
    """The base's campaign as a ward whose results come in this form."""
    codes = {name: {theirs: ours for ours, theirs in table.items()} for name, table in _CODES.items()}
    codes |= {name: {theirs: ours for ours, theirs in _YES_NO.items()} for name in _ASKED}
    mapping = {
        "kind": "checkup_results",
        "layout": "fkac167",
        "headers": {c.name: c.jlac10[0] for c in CHECKUP_RESULTS.columns if c.jlac10},
        "codes": codes,
        "blank": [f"予備{at}" for at in range(1, WIDTH - len(CHECKUP_RESULTS.columns) + 1)],
    }
    plain = base.model_dump(mode="json")
    plain["mappings"] = [mapping]
    items = (name for name in CHECKUP_RESULTS.names if name not in CHECKUP_RESULTS.key)
    plain["approved_analysis_items"] = list(dict.fromkeys((*plain["approved_analysis_items"], *items)))
    plain["gates"] = [g for g in plain["gates"] if g["gate"] != "target_list"] + [
        {"gate": gate, "max_quarantine_share": 0.02, "owner": Role.CONTRACTOR_MANAGER.value}
        for gate in ("target_list", "checkup_results")
    ]
    return CampaignConfig.model_validate(plain)


def invent_people(count: int, config: CampaignConfig) -> pd.DataFrame:
    """A target list of so many people, text columns of the contract."""
    made = build(config, min(count, _MADE), 1).people[list(TARGET_LIST.names)]
    rounds = np.arange(count) // len(made)
    people = made.iloc[np.arange(count) % len(made)].reset_index(drop=True)
    again = pd.Series(rounds, index=people.index).astype(str)
    people["address"] = people["address"].where(rounds == 0, people["address"] + "－" + again)
    people["inquiry_number"] = _inquiry_numbers(count)
    return people


def invent_results(rows: int, people: pd.DataFrame, config: CampaignConfig) -> pd.DataFrame:
    """So many results of those people, in the contract's form and columns."""
    chance = np.random.default_rng(1)
    person = np.arange(rows) // YEARS
    years_ago = YEARS - np.arange(rows) % YEARS
    out: dict[str, object] = {"inquiry_number": people["inquiry_number"].to_numpy()[person]}
    first = np.array([np.datetime64(f"{config.fiscal_year - ago}-04-01") for ago in range(YEARS + 1)])
    out["exam_date"] = (first[years_ago] + chance.integers(30, 330, rows)).astype(str)
    out["institution_code"] = np.array([f"13{n:08d}" for n in range(1, 181)])[chance.integers(0, 180, rows)]
    out["report_kind"] = _drawn(chance, rows, ("10", "40"), (0.998, 0.002))
    numbers = {name: _measured(chance, rows, *how[:3]) for name, how in _MEASURES.items()}
    numbers["bmi"] = np.round(np.clip(chance.normal(23.4, 3.4, rows), 15, 45), 1)
    numbers["weight"] = np.round(numbers["bmi"] * (numbers["height"] / 100) ** 2, 1)
    numbers["diastolic"] = np.round(numbers["systolic"] * chance.uniform(0.5, 0.75, rows))
    for name, values in numbers.items():
        digits = _MEASURES[name][2] if name in _MEASURES else 0 if name == "diastolic" else 1
        missing = chance.random(rows) < _MEASURES[name][3] if name in _MEASURES else np.zeros(rows, dtype=bool)
        out[name] = _text(values, digits, missing)
    out["post_meal"] = _drawn(chance, rows, ("2", "3", "4"), (0.8, 0.15, 0.05))
    for column in CHECKUP_RESULTS.columns:
        if column.name not in out and column.codes:
            # The first two answers of a question that changed are codes of either edition.
            answers = column.codes[:2] if column.editions else column.codes[:3]
            out[column.name] = _drawn(chance, rows, answers)
    frame = pd.DataFrame({name: pd.array(np.asarray(v, dtype=object), dtype="str") for name, v in out.items()})
    asked = people.iloc[person].reset_index(drop=True)
    judged = frame.assign(sex=asked["sex"])
    frame["metabolic"] = _doubted(chance, metabolic_level(judged))
    frame["guidance_level"] = _doubted(chance, guidance_level(judged, asked["age_at_year_end"]))
    wrong = chance.random(rows) < _WRONG_SHARE
    frame.loc[wrong, "diastolic"] = frame.loc[wrong, "systolic"]
    return frame[list(CHECKUP_RESULTS.names)]


def target_list_file(people: pd.DataFrame) -> bytes:
    """The list as a plain CSV of the contract, CP932."""
    return people.to_csv(index=False, header=list(TARGET_LIST.headers), lineterminator="\r\n").encode("cp932")


def results_file(frame: pd.DataFrame, config: CampaignConfig) -> bytes:
    """The results as the ward of `ward_of` writes them: control row, header row, 70 columns, CP932."""
    mapping = config.mapping("checkup_results")
    assert mapping is not None  # noqa: S101
    written = {mapping.headers.get(c, CHECKUP_RESULTS.column(c).header): _as_written(frame[c]) for c in frame.columns}
    told = pd.DataFrame({**written, **dict.fromkeys(mapping.blank, "")})
    control = ",".join(("1", "FKAC167", str(len(frame)), *[""] * (WIDTH - 3))) + "\r\n"
    starts = range(0, len(told), _STEP)
    parts = [told.iloc[a : a + _STEP].to_csv(index=False, header=a == 0, lineterminator="\r\n") for a in starts]
    return b"".join(text.encode("cp932") for text in (control, *parts))


def _as_written(values: pd.Series) -> pd.Series:
    """One column in the ward's own way of writing."""
    name = str(values.name)
    if name == "exam_date":
        return _each(values, _wareki)
    if name in ("weight", "waist", "post_meal"):
        return _each(values, lambda text: text.translate(_WIDE))
    table = _CODES.get(name, _YES_NO if name in _ASKED else None)
    return values if table is None else _each(values, table.__getitem__)


def _wareki(iso: str) -> str:
    """令和6年5月12日; what some institutions send reads R6.5.12."""
    year, month, day = (int(part) for part in iso.split("-"))
    era, letter, first = ("令和", "R", 2018) if iso >= "2019-05-01" else ("平成", "H", 1988)
    if day % 10 == 0:
        return f"{letter}{year - first}.{month}.{day}"
    return f"{era}{year - first}年{month}月{day}日"


def _each(values: pd.Series, told: Callable[[str], str]) -> pd.Series:
    codes, uniques = pd.factorize(values)
    written = np.array([*map(told, uniques), None], dtype=object)
    return pd.Series(pd.array(written[codes], dtype="str"), index=values.index)


def _inquiry_numbers(count: int) -> np.ndarray:
    """Numbers with a check digit, weights 10 to 2, modulus 11."""
    base = np.arange(300_000_000, 300_000_000 + 2 * count + 100, dtype=np.int64)
    digits = base[:, None] // 10 ** np.arange(8, -1, -1, dtype=np.int64) % 10
    check = -(digits @ np.arange(10, 1, -1)) % 11
    kept = check < 10
    pairs = zip(base[kept][:count], check[kept][:count], strict=True)
    return np.array([f"{n // 100_000:04d}-{n // 10 % 10_000:04d}-{n % 10}{c}" for n, c in pairs], dtype=object)


def _measured(chance: np.random.Generator, rows: int, mean: float, deviation: float, digits: int) -> np.ndarray:
    drawn: np.ndarray = np.round(np.clip(chance.normal(mean, deviation, rows), mean * 0.68, mean * 1.9), digits)
    return drawn


def _text(values: np.ndarray, digits: int, missing: np.ndarray) -> np.ndarray:
    codes, uniques = pd.factorize(values)
    out = np.array([f"{value:.{digits}f}" for value in uniques], dtype=object)[codes]
    out[missing] = None
    return out


def _drawn(
    chance: np.random.Generator, rows: int, codes: tuple[str, ...], shares: tuple[float, ...] | None = None
) -> np.ndarray:
    return np.array(codes, dtype=object)[chance.choice(len(codes), rows, p=shares)]


def _doubted(chance: np.random.Generator, levels: pd.Series) -> pd.Series:
    """Levels as delivered: some were reckoned by other rules."""
    return levels.mask(chance.random(len(levels)) < _DIFFERING_SHARE, "3")
