"""The residue scans beside the certificate: place by place what was searched, what was found, what was not reached.

Belongs here: the rows, derived from the ledger; pure.  Does not belong here: scanning (`kansho.closing.residue`), the
certificate (`certificate`).  Places are folders of ours, stores and databases: no name of a file, and never a value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from kansho.evidence.events import Event

NAME = "documents/residue-scan.csv"
HEADINGS = ("検査", "日時 (UTC)", "場所", "ファイル等", "バイト", "検出", "検査できなかったもの", "探した値の数")
_COLUMNS = ("files", "bytes", "hits", "unread")


def scan_log(log: Sequence[Event]) -> bytes:
    """CSV (UTF-8 with mark, CRLF) over the certified part of the log; every scan, the last one is what is certified."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows(row for event in log if event.type == "residue_scanned" for row in _rows(event))
    return buffer.getvalue().encode("utf-8-sig", "replace")


def places_of(scanned: Event) -> dict[str, dict[str, int]]:
    """Place → files, bytes, hits, unread, as a scan recorded them; odd records give odd rows, never an error."""
    places = scanned.refs.get("places")
    told = places if isinstance(places, Mapping) else {}
    return {
        str(place): {c: n for c in _COLUMNS for n in (said.get(c, 0),) if isinstance(n, int)}
        for place, said in sorted(told.items())
        if isinstance(said, Mapping)
    }


def _rows(event: Event) -> Iterator[tuple[str, ...]]:
    needles = str(event.counts.get("needles", 0))
    for place, said in places_of(event).items():
        yield (event.key, event.recorded_at, place, *(str(said.get(c, 0)) for c in _COLUMNS), needles)
    yield (event.key, event.recorded_at, "計", *(str(event.counts.get(c, 0)) for c in _COLUMNS), needles)
