"""``python -m benchmarks.residue [PEOPLE]``: the residue scan against SHA-256 over the same files, in the same run.

Needles are every value of that many invented people, in every form and encoding; the files are what a campaign leaves
behind: logs, a database, papers, bundles, encrypted objects.  First nothing is found in them; then a canary is planted
in every listed encoding in every listed place among them, a different person in each, and every one must be found.  It
ends with an error when a canary is missed, something is found that is not there, or a limit is not kept.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import random
import resource
import sqlite3
import sys
import tarfile
import tempfile
import time
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import jaconv
import pandas as pd
import pikepdf

from benchmarks.memory import watched
from kansho.campaign.config import load_config
from kansho.closing.needles import Needle, needles_of
from kansho.closing.residue import scan
from kansho.documents.render import render_html
from kansho.simulation.population import build

PEOPLE = 50_000
#: Bytes of each kind of file; real campaigns leave mostly logs and ciphertext.
MEGABYTES = {"logs": 240, "objects": 240, "database": 90, "zip": 20, "gzip": 20}
PAPERS = 40
CORES = os.cpu_count() or 1
#: The scan must be at least this part of SHA-256's speed, and stay below so many megabytes.
PART, MEMORY = 20, 2_000


def corpus(folder: Path, chance: random.Random) -> None:
    """Files of the kinds that lie under ``var/kansho`` and ``var/airflow`` after a year; no needle is in them."""
    lines = "".join(_log_line(n, chance) for n in range(20_000))
    for number in range(MEGABYTES["logs"] * 10):
        (folder / f"task-{number}.log").write_text((lines * 2)[number * 50 :][:100_000], encoding="utf-8")
    for number in range(MEGABYTES["objects"] * 4):
        (folder / f"object-{number}").write_bytes(chance.randbytes(250_000))
    base = sqlite3.connect(folder / "airflow.db")
    base.execute("CREATE TABLE task_instance (id INTEGER PRIMARY KEY, dag_id TEXT, state TEXT, extra TEXT)")
    rows = ((f"ward__stage_{n % 12}", "success", json.dumps({"counts": {"rows": n}})) for n in range(60_000))
    base.executemany("INSERT INTO task_instance (dag_id, state, extra) VALUES (?, ?, ?)", rows)
    base.execute("CREATE TABLE big (data BLOB)")
    blobs = ((chance.randbytes(500_000),) for _ in range(MEGABYTES["database"] * 2 - 12))
    base.executemany("INSERT INTO big VALUES (?)", blobs)
    base.commit()
    base.close()
    with zipfile.ZipFile(folder / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(MEGABYTES["zip"]):
            archive.writestr(f"events-{number}.jsonl", lines[: 1024 * 1024])
    (folder / "old.log.gz").write_bytes(
        gzip.compress((lines * MEGABYTES["gzip"])[: 1024**2 * MEGABYTES["gzip"]].encode())
    )
    paper = "<h1>月次報告書</h1>" + "<p>件数の報告です。個人の情報はありません。</p>" * 200
    for number in range(PAPERS):
        (folder / f"paper-{number}.pdf").write_bytes(render_html(f"<html lang=ja><body>{number}{paper}</body></html>"))


def _log_line(number: int, chance: random.Random) -> str:
    value = {
        "timestamp": f"2026-10-{number % 28 + 1:02}T09:{number % 60:02}:11Z",
        "event": "task finished",
        "n": number,
    }
    value["digest"] = chance.randbytes(16).hex()
    return json.dumps(value, ensure_ascii=False) + "\n"


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def digest(folder: Path) -> None:
    """SHA-256 over every file."""
    for path in sorted(folder.iterdir()):
        with path.open("rb") as handle:
            hashlib.file_digest(handle, "sha256")


#: How a value is written …
ENCODINGS: dict[str, Callable[[dict[str, str]], bytes]] = {
    "UTF-8": lambda person: person["name_kanji"].encode(),
    "UTF-16": lambda person: person["name_kanji"].encode("utf-16-le"),
    "UTF-16, big-endian": lambda person: person["address"].encode("utf-16-be"),
    "CP932": lambda person: person["address"].encode("cp932"),
    "half-width": lambda person: jaconv.z2h(person["name_kana"].replace("\u3000", " ")).encode("cp932"),
    "base64": lambda person: base64.b64encode(f"宛名 {person['name_kanji']} 様".encode()),
    "percent": lambda person: urllib.parse.quote(person["address"]).encode(),
    "number": lambda person: f" {person['inquiry_number']} ".encode(),
    "phone": lambda person: f" {person['phone']} ".encode(),
    "phone, full-width": lambda person: jaconv.h2z(person["phone"], ascii=True, digit=True).encode("cp932"),
    "birth date": lambda person: f" {person['birth_date'].replace('-', '/')} ".encode(),
}


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", data)
    return out.getvalue()


def _pdf(data: bytes) -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    made.Root.Extra = made.make_stream(zlib.compress(data), Filter=pikepdf.Name.FlateDecode)
    made.save(out)
    return out.getvalue()


def _sqlite(data: bytes) -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE t (a, b)")
    base.executemany("INSERT INTO t VALUES (?, ?)", [(b"x" * 3000, data if n == 7 else b"y") for n in range(20)])
    base.commit()
    return base.serialize()


def _parquet(data: bytes) -> bytes:
    out = io.BytesIO()
    pd.DataFrame({"a": [b"x" * 100, data] * 20}).to_parquet(out, compression="zstd")
    return out.getvalue()


def _tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("inner.gz")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


#: … and in what it lies.
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "zip": _zip,
    "gzip": gzip.compress,
    "PDF": _pdf,
    "SQLite": _sqlite,
    "Parquet": _parquet,
    "tar of gzip": lambda data: _tar(gzip.compress(data)),
    "base64 of gzip": lambda data: base64.b64encode(gzip.compress(data)),
}


def plant(folder: Path, people: pd.DataFrame) -> dict[str, str]:
    """A canary in each encoding in each place, and one in the text of a rendered paper: path → what it is."""
    folder.mkdir()
    rows = people[people["name_kana"].str.len() >= 8].dropna(subset=["address", "phone"])
    rows = rows.iloc[:: max(1, len(rows) // 150)]
    columns = ["name_kanji", "name_kana", "address", "inquiry_number", "phone", "birth_date"]
    persons = ({c: str(row[c]) for c in columns} for _, row in rows.iterrows())
    planted: dict[str, str] = {}
    for place, lay in PLACES.items():
        for encoding, write in ENCODINGS.items():
            path = folder / f"canary-{len(planted):03}"
            written = write(next(persons))
            path.write_bytes(lay(b"." * 4096 + written + b"." * 4096))
            planted[str(path)] = f"{encoding} in {place}"
    path = folder / "canary-paper"
    path.write_bytes(render_html(f"<html lang=ja><body><p>宛先　{next(persons)['inquiry_number']}</p></body></html>"))
    planted[str(path)] = "text of a rendered PDF"
    return planted


def report(people: int) -> None:
    """Print one line; exit when the scan misses a canary, finds what is not there, or a limit is not kept."""
    config = load_config(Path(__file__).resolve().parent.parent / "include" / "campaigns" / "shinjuku" / "2026.yaml")
    crowd = build(config, people, 1).people
    needles: list[Needle] = sorted(needles_of(crowd))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        corpus(folder, random.Random(1))
        size = sum(path.stat().st_size for path in folder.iterdir())
        bare = min(timed(lambda: digest(folder)) for _ in range(3))
        alone = timed(lambda: scan([folder], needles))
        ours = min(timed(lambda: scan([folder], needles, workers=CORES)) for _ in range(2))
        with watched(os.getpid()) as together:
            found = scan([folder], needles, workers=CORES)
        if found.hits or found.unread:
            raise SystemExit(f"found {found.hits} where nothing is, {len(found.unread)} unread: {found.by_file}")
        planted = plant(folder / "canaries", crowd)
        found = scan([folder], needles, workers=CORES)
        missed = sorted(what for path, what in planted.items() if path not in found.by_file)
        if missed or found.unread or set(found.by_file) - set(planted):
            raise SystemExit(
                f"canaries missed: {missed}; unread: {len(found.unread)}; in all {len(found.by_file)} files"
            )
    ours_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = max(together)
    print(
        f"residue scan, {people:,} people, {len(needles):,} values, {size / 1e6:,.0f} MB: "
        f"{size / 1e6 / ours:,.1f} MB/s, "
        f"SHA-256 {size / 1e6 / bare:,.0f} MB/s: 1/{ours / bare:.1f} of its speed (at least 1/{PART}) "
        f"with {CORES} processes, 1/{alone / bare:.1f} with one; "
        f"peak of one process {ours_peak:,.0f} MB, of all together {peak:,.0f} MB (at most {MEMORY:,}); "
        f"{len(planted)} canaries found"
    )
    missed_limits = [
        *([f"1/{ours / bare:.1f} of SHA-256's speed"] if ours > PART * bare else []),
        *([f"{peak:,.0f} MB"] if peak > MEMORY else []),
    ]
    if missed_limits:
        raise SystemExit(f"beyond the limits: {', '.join(missed_limits)}")


if __name__ == "__main__":
    report(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
