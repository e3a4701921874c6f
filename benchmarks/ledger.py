"""``python -m benchmarks.ledger [EVENTS]``: eight workers appending to one log, against one writing bare objects.

Both sides write the very same bytes to the same kind of store in the same run: a directory, and S3 over HTTP.  The
rate is events a second of the whole, by the clock: what counts is how long eight workers wait for each other.  After
each turn the log is read by one that took no part: every event once, no gap, no fork.

The log is opened as a deployment opens it: the eight are workers of one machine, and share what each read or wrote
(`kansho.vault.nearby`).  The S3 endpoint answers as late as a real one does and does nothing else (``--latency MS``).
The tests' own (moto, with ``--moto``) computes for some milliseconds at each request, one request after the other, so
there eight workers are measured by the number of their requests alone.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kansho.evidence.events import Actor, Draft
from kansho.evidence.ledger import Ledger
from kansho.vault.store import LocalStore, ObjectStore

WORKERS, EVENTS, LATENCY = 8, 800, 20
LEAST_RATIO = 1 / 3
#: Seconds that the workers wait for each other to begin.
PATIENCE = 60
METADATA = "x-amz-meta-"
CAMPAIGN = "bench_log"
_ACTOR = Actor("contractor", "bench", "system")
_DAY = date(1, 1, 1)
#: Makes a store of that name; called in the process that uses it.
Open = Callable[[str], ObjectStore]
#: What the endpoint keeps of an object: its bytes, and the headers that were told with them.
Stored = tuple[bytes, dict[str, str]]


def main() -> None:
    """Measure every store and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger")
    parser.add_argument("events", nargs="?", type=int, default=EVENTS)
    parser.add_argument("--latency", type=int, default=LATENCY, help="milliseconds until the endpoint answers")
    parser.add_argument("--moto", action="store_true", help="the tests' endpoint too")
    arguments = parser.parse_args()
    least = report(arguments.events, latency=arguments.latency, moto=arguments.moto)
    if least < LEAST_RATIO:
        raise SystemExit(f"{least:.2f} is less than a third")


def report(events: int, *, latency: int = LATENCY, moto: bool = False) -> float:
    """Print rates and ratios; the least ratio of them."""
    print(f"{'store':<28} {'8 workers':>12} {'bare, one':>12} {'ratio':>8}  events/s")
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        least = _line("local directory", events, lambda name: LocalStore(here / name))
        with late_endpoint(latency / 1000) as url:
            least = min(
                least, _line(f"S3, answers after {latency} ms", events, lambda name: _s3(url, name, here / "late"))
            )
        if moto:
            with moto_endpoint() as url:
                least = min(least, _line("S3, moto", events, lambda name: _s3(url, name, here / "moto")))
    return least


def measured(events: int, store: Open) -> tuple[float, float]:
    """Seconds of all workers together, and of one worker writing the same objects without the log."""
    Ledger(CAMPAIGN, store("log")).append(Draft("campaign_opened", CAMPAIGN, _DAY, _ACTOR))
    context = multiprocessing.get_context("fork")
    each = events // WORKERS
    barrier = context.Barrier(WORKERS + 1)
    workers = [context.Process(target=_work, args=(store, number, each, barrier)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        barrier.wait(PATIENCE)
    except threading.BrokenBarrierError:
        raise SystemExit("not every worker came to the start; what stopped it is told above") from None
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    ours = time.perf_counter() - began
    log = Ledger(CAMPAIGN, store("log")).events()
    wanted = {f"{number}/{n}" for number in range(WORKERS) for n in range(each)}
    whole = [e.sequence for e in log] == list(range(len(log))) and {e.key for e in log[1:]} == wanted
    if any(w.exitcode for w in workers) or not whole or len(log) != len(wanted) + 1:
        raise SystemExit("the log is not whole")
    data = [e.canonical() for e in log[1:]]
    bare = store("bare")
    began = time.perf_counter()
    for number, entry in enumerate(data):
        bare.create(f"events/{number:010d}.json", entry)
    return ours, time.perf_counter() - began


def _line(name: str, events: int, store: Open) -> float:
    ours, bare = measured(events, store)
    print(f"{name:<28} {events / ours:>12,.1f} {events / bare:>12,.1f} {bare / ours:>7.2f}x")
    return bare / ours


def _work(store: Open, number: int, each: int, barrier: Any) -> None:
    log = Ledger(CAMPAIGN, store("log"))
    log.refresh()
    barrier.wait(PATIENCE)
    for n in range(each):
        log.append(Draft("stage_finished", f"{number}/{n}", _DAY, _ACTOR, {"n": n}))


def _s3(url: str, name: str, copies: Path) -> ObjectStore:
    import boto3
    from botocore.config import Config

    from kansho.vault.ahead import ReadAhead
    from kansho.vault.nearby import Nearby
    from kansho.vault.s3 import S3Store

    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="ap-northeast-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=Config(s3={"addressing_style": "path"}),
    )
    store = S3Store(client, "bench", name)
    return ReadAhead(store, Nearby(copies / name)) if name == "log" else store


@contextmanager
def moto_endpoint() -> Iterator[str]:
    """The tests' S3, in a process of its own."""
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    server = context.Process(target=_serve_moto, args=(told,), daemon=True)
    server.start()
    try:
        yield told.get()
    finally:
        server.terminate()
        server.join()


def _serve_moto(told: Any) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    place = {"LocationConstraint": "ap-northeast-1"}
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": "ap-northeast-1"}
    boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="bench", CreateBucketConfiguration=place)
    told.put(url)
    threading.Event().wait()


@contextmanager
def late_endpoint(seconds: float) -> Iterator[str]:
    """Objects and their metadata in memory: PUT with If-None-Match, GET; each answer after a time, all side by side."""
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    server = context.Process(target=_serve_late, args=(told, seconds), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{told.get()}"
    finally:
        server.terminate()
        server.join()


def _serve_late(told: Any, seconds: float) -> None:
    kept: dict[str, Stored] = {}
    one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_PUT(self) -> None:
            told = {name: value for name, value in self.headers.items() if name.lower().startswith(METADATA)}
            put = (self._body(), told)
            time.sleep(seconds)
            with one:
                taken = kept.setdefault(self.path, put) is not put
            self._answer(412 if taken else 200, b"<Error><Code>PreconditionFailed</Code></Error>" if taken else b"")

        def do_GET(self) -> None:
            time.sleep(seconds)
            found = kept.get(self.path)
            self._answer(*((404, b"<Error><Code>NoSuchKey</Code></Error>") if found is None else (200, *found)))

        def _body(self) -> bytes:
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.send_response_only(100)
                self.end_headers()
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)

        def _answer(self, status: int, data: bytes, told: Mapping[str, str] = MappingProxyType({})) -> None:
            self.send_response_only(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        told.put(server.server_address[1])
        server.serve_forever()


if __name__ == "__main__":
    main()
