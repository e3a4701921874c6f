"""``python -m benchmarks.reading [ROWS]``: a delivered CSV of 70 columns (CP932) against one bare ``pandas.read_csv``.

The same plain file, in the same run; what counts is the ratio.  ``make bench`` prints its line for 100,000 rows.
"""

from __future__ import annotations

import io
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd

from kansho.campaign.config import CampaignConfig
from kansho.contracts.model import Column, Contract
from kansho.contracts.registry import REGISTRY, TARGET_LIST

ROWS = 100_000
#: So many columns of results and answers stand behind the target list's own.
MORE = 70 - len(TARGET_LIST.columns)
_FAMILIES = ("月見里", "小鳥遊", "四月一日", "見本", "八月朔日")
_GIVEN = ("凛", "花子", "太郎", "一")


def _row(number: int, chance: random.Random) -> str:
    lot = chance.random()
    person = (
        f"160-00{number % 90 + 10}",
        f"新宿区見本町{number % 9 + 1}丁目{number % 31 + 1}番{number % 20 + 1}号",
        f"見本荘{number % 300}号室" if lot < 0.4 else "",
        f"{_FAMILIES[number % 5]}　{_GIVEN[number % 4]}",
        "ヤマナシ　リン",
        str(40 + number % 35),
        str(1 + number % 2),
        f"19{52 + number % 30}-0{1 + number % 9}-1{number % 10}",
        f"03-0000-{number % 10000:04d}" if lot < 0.8 else "",
        f"{3000 + number // 10000:04d}-{number % 10000:04d}-{number % 97:02d}",
        "03|04|07",
        "",
        "",
    )
    values = (f"{100 * lot + at:.1f}" if at % 2 else str(1 + (number + at) % 4) for at in range(MORE))
    return ",".join((*person, *values))


def delivered_file(rows: int) -> bytes:
    """An invented target list with results behind it, as CP932."""
    chance = random.Random(1)
    out = io.BytesIO()
    out.write(",".join((*TARGET_LIST.headers, *(f"検査{at}" for at in range(MORE)))).encode("cp932") + b"\r\n")
    for at in range(0, rows, 10_000):
        lines = (_row(number, chance) for number in range(at, min(at + 10_000, rows)))
        out.write(("\r\n".join(lines) + "\r\n").encode("cp932"))
    return out.getvalue()


@contextmanager
def wide_contract() -> Iterator[None]:
    """The target list with 70 columns, for as long as it is measured."""
    more = tuple(Column(f"test_{at}", f"検査{at}", nullable=True) for at in range(MORE))
    wide = Contract(TARGET_LIST.kind, TARGET_LIST.title, (*TARGET_LIST.columns, *more), TARGET_LIST.key, "D1")
    REGISTRY[TARGET_LIST.kind] = wide
    try:
        yield
    finally:
        REGISTRY[TARGET_LIST.kind] = TARGET_LIST


def plain(config: CampaignConfig) -> CampaignConfig:
    """The campaign of a ward that delivers under the contract's own headings, as `delivered_file` is written."""
    return config.model_copy(update={"mappings": ()})


def measured(config: CampaignConfig, rows: int) -> tuple[float, float]:
    """Seconds of our reader and of one bare ``pandas.read_csv`` with its own types."""
    from kansho.intake.reading import read_delivered

    data, config = delivered_file(rows), plain(config)
    with wide_contract():
        read_delivered(delivered_file(100), "target_list", config)  # imports
        ours = _timed(lambda: read_delivered(data, "target_list", config))
    return ours, _timed(lambda: pd.read_csv(io.BytesIO(data), encoding="cp932"))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print the ratio, and the peak after our reader alone."""
    from benchmarks.__main__ import SAMPLE
    from kansho.campaign.config import load_config
    from kansho.intake.reading import read_delivered

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    config = plain(load_config(SAMPLE))
    data = delivered_file(rows)
    before = _peak()
    with wide_contract():
        read_delivered(delivered_file(100), "target_list", config)  # imports
        ours = _timed(lambda: read_delivered(data, "target_list", config))
    peak = _peak()
    bare = _timed(lambda: pd.read_csv(io.BytesIO(data), encoding="cp932"))
    print(f"{rows:,} rows, {len(data) / 1e6:,.0f} MB: ours {ours:.2f} s, bare {bare:.2f} s, ratio {ours / bare:.2f}x")
    print(f"peak memory {peak:,.0f} MB (before reading {before:,.0f} MB)")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
