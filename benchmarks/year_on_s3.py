"""``python -m benchmarks.year_on_s3 [PEOPLE]``: the sample year on the local store and on S3, and all that differs.

Both years are played in this process through the DAG files as they stand, with the same people and seed; papers are
blank pages, cards are printed.  The endpoint is the tests' small one, or moto with ``--moto``.  Exit code 1 when
anything differs that `tests.same_evidence` does not name.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.__main__ import SAMPLE
from kansho.campaign.config import CampaignConfig, load_config
from kansho.evidence.verify import verify_bundle
from tests.played import Played, play
from tests.s3_server import PERSONAL, client_of, deploy, on_s3, s3_site, said, small_site
from tests.same_evidence import account_of, certificate_of, compare_events, compared, outputs_of
from tests.unit.closing_year import blank_documents

PEOPLE = 5_000


def main() -> None:
    """Play both years and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year_on_s3")
    parser.add_argument("people", nargs="?", type=int, default=PEOPLE)
    parser.add_argument("--config", type=Path, default=SAMPLE)
    parser.add_argument("--moto", action="store_true", help="moto as the endpoint")
    arguments = parser.parse_args()
    if not same(load_config(arguments.config), arguments.people, moto=arguments.moto):
        sys.exit(1)


def same(config: CampaignConfig, people: int, *, moto: bool = False) -> bool:
    """Whether both years leave the same evidence."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        blank_documents(patch)
        local = _played("local", config, Path(folder) / "local" / "var", people)
        if moto:
            with s3_site() as address:
                return _on(address, config, people, Path(folder) / "s3" / "var", local)
        with small_site() as cloud:
            return _on(cloud.address, config, people, Path(folder) / "s3" / "var", local)


def _on(address: str, config: CampaignConfig, people: int, var: Path, local: Played) -> bool:
    deploy(var, said(address))
    far = _played("S3", on_s3(config, address), var, people)
    made = compare_events(local.events, far.events)
    made.compare("certificate", certificate_of(local.outputs), certificate_of(far.outputs))
    accounts = compared("account", *(account_of(year.events, year.year.config) for year in (local, far)))
    left = client_of(address).list_object_versions(Bucket=PERSONAL)
    bundle = far.outputs / f"evidence-{far.year.config.id}.zip"
    checks = {
        "events, but for what may differ": not made.unlawful() and not made.torn,
        "counts, equations, clauses, obligations": not accounts.values and not accounts.torn,
        "outputs in number and kind": Counter(outputs_of(local.outputs)) == Counter(outputs_of(far.outputs)),
        "the bundle of the year on S3 verifies": not verify_bundle(bundle, far.outputs / "checkpoint.txt"),
        "nothing left in the personal bucket": not left.get("Versions") and not left.get("DeleteMarkers"),
    }
    for name, holds in checks.items():
        print(f"{name:<44} {'same' if holds else 'DIFFERS'}")
    print(f"what may differ and does: {len(made.values)} places, {len(made.digests)} of digests")
    for place, (one, other) in made.unlawful().items():
        print(f"  {place}: {one!r:.300} / {other!r:.300}")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    return all(checks.values())


def _played(name: str, config: CampaignConfig, var: Path, people: int) -> Played:
    began = time.process_time()
    ended = play(config, var, lambda year, number, day: None, people)
    print(f"{name:<8} {len(ended.events):>6,} events {time.process_time() - began:>8,.0f} s of processor", flush=True)
    return ended


if __name__ == "__main__":
    main()
