"""``make bench``: cards against plain WeasyPrint, gate and intake against bare reading, ledger and vault against files.

Each line compares two ways of one thing in the same run on this machine; what counts is the ratio.
"""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd

from kansho.campaign.config import CampaignConfig, load_config

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "include" / "campaigns" / "shinjuku" / "2026.yaml"


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def line(name: str, ours: float, other: float, unit: str) -> None:
    """One row: our rate, the other's rate, the ratio."""
    print(f"{name:<44} {ours:>12,.1f} {other:>12,.1f}  {ours / other:>8.2f}x  {unit}")


def cards() -> list[str]:
    """Two-faced cards with bars, six designs, against plain WeasyPrint setting a sample of the same; missed limits."""
    from benchmarks.cards import CARDS, report

    return report([CARDS])


def gate(config: CampaignConfig) -> None:
    """Rows a second through the target list's gate, against a bare read of the same table."""
    from kansho.contracts.registry import TARGET_LIST
    from kansho.intake.row_rules import target_list_rules
    from kansho.quality.gate import evaluate
    from kansho.simulation.population import build

    frame = build(config, 20_000, 1).people[list(TARGET_LIST.names)]
    text = frame.to_csv(index=False)

    def checked(table: pd.DataFrame) -> None:
        # Nobody was known before: whoever asks who is who has nothing to say.
        masks = {**target_list_rules(table, config), "identity.confusion": pd.Series(True, index=table.index)}
        evaluate("target_list", "bench", table, TARGET_LIST, masks, threshold=1)

    checked(frame.head(100))  # imports
    ours = len(frame) / timed(lambda: checked(frame))
    other = len(frame) / timed(lambda: pd.read_csv(io.StringIO(text), dtype=str))
    line("rows through the gate (against bare read)", ours, other, "rows/s")


def reading(config: CampaignConfig) -> None:
    """Rows a second of a delivered CSV (CP932, 70 columns), against a bare read of the same file."""
    from benchmarks.reading import ROWS, measured

    ours, other = measured(config, ROWS)
    line("rows of a delivery read (against bare read)", ROWS / ours, ROWS / other, "rows/s")


def intake() -> None:
    """Sealed deliveries to the core snapshot with all gates, of two sizes, against a bare read of the plain file."""
    from benchmarks.intake import LARGE, SMALL, report

    report([SMALL, LARGE])


def ledger(config: CampaignConfig, folder: Path) -> None:
    """Events a second, against writing the same objects without a log."""
    from kansho.evidence.events import Actor, Draft
    from kansho.evidence.ledger import Ledger
    from kansho.vault.store import LocalStore

    log = Ledger(config.id, LocalStore(folder / "ledger"))
    actor = Actor("contractor", "bench", "system")
    count = 400
    log.append(Draft("campaign_opened", config.id, config.opening_on, actor, {}))
    drafts = [Draft("stage_finished", f"bench/{i}", date(2026, 4, 1), actor, {"n": i}) for i in range(count)]
    ours = count / timed(lambda: [log.append(d) for d in drafts])
    bare = LocalStore(folder / "bare")
    data = [e.canonical() for e in log.events()[1:]]
    other = count / timed(lambda: [bare.create(f"o{i}", d) for i, d in enumerate(data)])
    line("events appended (against bare objects)", ours, other, "events/s")


def vault(config: CampaignConfig, folder: Path) -> None:
    """MB a second sealed and stored, against plain files."""
    from kansho.vault.keepers import FileKeeper
    from kansho.vault.keys import Keyring
    from kansho.vault.store import LocalStore
    from kansho.vault.vault import Vault

    keys = Keyring(FileKeeper(folder / "keys"))
    keys.create()
    made = Vault(config.id, LocalStore(folder / "vault"), keys)
    data = bytes(8 * 1024 * 1024)
    ours = 80 / timed(lambda: [made.put_bytes("bench", f"o{i}", data) for i in range(10)])
    plain = LocalStore(folder / "plain")
    other = 80 / timed(lambda: [plain.create(f"o{i}", data) for i in range(10)])
    line("MB sealed and stored (against plain files)", ours, other, "MB/s")


def verifying() -> None:
    """A bundle judged, against hashing and signature checks alone."""
    from benchmarks.verify import EVENTS, report

    report(EVENTS)


def apart(name: str) -> None:
    """A benchmark that measures the memory of its own process."""
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)  # noqa: S603 - our own module


def main() -> None:
    """Run every comparison; exit with an error when the cards miss a limit."""
    config = load_config(SAMPLE)
    print(f"{'':<44} {'ours':>12} {'other':>12}  {'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        missed = cards()
        gate(config)
        reading(config)
        intake()
        ledger(config, Path(folder))
        vault(config, Path(folder))
    verifying()
    sys.stdout.flush()
    apart("ledger")
    apart("residue")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
