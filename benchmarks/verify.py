"""``python -m benchmarks.verify [EVENTS ...]``: judging a bundle against hashing it and checking its signatures alone.

Invented logs of a lawful year made longer with visiting days (sheets out and in, checklists, a checkpoint each) and
working files; both sides in the same run, the best of several turns, processor time (it is one thread of work).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kansho.campaign.config import load_config
from kansho.evidence.checkpoint import read_checkpoint
from kansho.evidence.merkle import leaf_hash, prefix_roots
from kansho.evidence.oversight_rules import PRECAUTIONS
from kansho.evidence.strict import read_zip, write_zip
from kansho.evidence.verify import verify_files
from tests.conftest import MINI
from tests.unit.evidence_year import Year, lawful_year

EVENTS = 10_000
#: Events from one checkpoint to the next: a 授受簿 is printed for each visiting day.
EVERY = 40
TURNS = 5
#: Times of hashing and signatures alone that judging may take.
LIMIT = 10


def long_year(events: int) -> tuple[Year, bytes]:
    """A lawful year of about that many events, and its certificate."""
    year = lawful_year(load_config(MINI))
    tail = [
        e for e in year.events if e.sequence >= next(i for i, x in enumerate(year.events) if x.type == "sheets_out")
    ]
    year.events = year.events[: tail[0].sequence]
    day = year.today = tail[0].campaign_date and year.config.waves.visits[0].select_on
    number = 0
    while len(year.events) + len(tail) < events:
        key = f"visit_1/{day + timedelta(days=number // 50)}/{number}"
        year.add("sheets_out", key, counts={"sheets": 4, "rows": 0})  # the list has no more people
        year.add("checklist_recorded", key, codes=dict.fromkeys(PRECAUTIONS, "yes"))
        year.add("artefact_opened", f"{key}/desk", codes={"kind": "visit_sheets"}, refs={"digest": f"{number:064x}"})
        year.add("sheets_in", key, counts={"sheets": 4})
        number += 1
    year.events += [replace(e, sequence=len(year.events) + i) for i, e in enumerate(tail)]
    # Every sheet that came in is destroyed at the end.
    sheets = sum(e.counts["sheets"] for e in year.events if e.type == "sheets_in")
    year.edit("manual_target_closed", lambda e: replace(e, counts={"items": sheets}), "paper/visit-sheets")
    return year, year.finish()


def alone(files: Mapping[str, bytes], key: bytes) -> None:
    """Leaves, the roots of every checkpoint, their signatures and the certificate's: what no check can do without."""
    leaves = [leaf_hash(line) for line in files["events.jsonl"][:-1].split(b"\n")]
    read = [read_checkpoint(files[n].decode(), key) for n in files if n.startswith("checkpoints/")]
    roots = prefix_roots(leaves, [c.size for c in read])
    if any(roots[c.size] != c.root for c in read):
        raise SystemExit("the invented bundle is broken")
    Ed25519PublicKey.from_public_bytes(key)


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the processor in the fastest turn: what the machine's other work did not take."""
    found = []
    for _ in range(TURNS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def report(events: int) -> float:
    """Print one line; the ratio."""
    year, certificate = long_year(events)
    data = year.files(certificate, range(EVERY, len(year.events) - 1, EVERY))
    files = read_zip(data)
    if verify_files(files):
        raise SystemExit(f"the invented bundle is not lawful: {verify_files(files)[:3]}")
    whole, bare = fastest(lambda: verify_files(read_zip(data))), fastest(lambda: alone(files, year.public))
    print(
        f"bundle of {len(year.events):,} events judged {whole:8.3f} s, hashing and signatures alone {bare:8.3f} s: "
        f"{whole / bare:5.1f} times (at most {LIMIT})"
    )
    assert write_zip(files) == data
    return whole / bare


if __name__ == "__main__":
    ratios = [report(wanted) for wanted in [int(a) for a in sys.argv[1:]] or [EVENTS]]
    if max(ratios) > LIMIT:
        raise SystemExit(f"beyond the limit: {max(ratios):.1f} times, at most {LIMIT}")
