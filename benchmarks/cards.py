"""``python -m benchmarks.cards [CARDS ...]``: two-faced cards of six designs against plain WeasyPrint, per core.

What is timed is what a print run does: each design's background, then its files through `kansho.mailing.press`, the
PDFs taken and thrown away.  Against it stands WeasyPrint setting a sample of the very same cards, both faces, with
their text and bars but no mark.  Rates are cards for a second of processor time, ours with that of all children: on a
shared machine a clock says little.  Every size is a process of its own, so that its peak is its own; the peak told is
the greatest of that process and its children.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kansho.campaign.config import MailingWave, load_config
from kansho.mailing import face
from kansho.mailing.face import Card

SAMPLE = Path(__file__).resolve().parent.parent / "include" / "campaigns" / "shinjuku" / "2026.yaml"
DESIGNS = ("loss_frame", "social_norm", "three_steps", "results_based", "cancer_set", "reminder_deadline")
CARDS = 50_000
#: Cards in one file, unless a campaign says otherwise.
FILE: int = MailingWave.model_fields["cards_per_file"].default
#: Cards of each design that WeasyPrint sets.
PLAIN = 20
LEAST_RATIO, MOST_BYTES, MOST_MEMORY = 150, 3_000, 1_000
#: 第一水準 without its rarer half: so many different characters make a file's fonts as large as a ward's.
_KANJI = [bytes((row, cell)).decode("euc_jp") for row in range(0xB0, 0xC4) for cell in range(0xA1, 0xFF)]


def main() -> None:
    """Measure every size, or be one of the measurements (``ours`` or ``plain``)."""
    if len(sys.argv) > 2 and sys.argv[1] in _PARTS:
        print(json.dumps(_PARTS[sys.argv[1]](int(sys.argv[2]))))
    else:
        missed = report([int(size) for size in sys.argv[1:]] or [CARDS])
        if missed:
            sys.exit("\n".join(missed))


def report(sizes: list[int]) -> list[str]:
    """Print one line for each size: rates, their ratio, bytes a card, peak, a card's time against the first size's.

    Returns:
        What missed its limit, one text each.
    """
    missed = []
    plain = _apart("plain", PLAIN)
    first = 0.0
    for size in sizes:
        ours = _apart("ours", size)
        each = ours["seconds"] / size
        first = first or each
        rate, other = size / ours["seconds"], plain["cards"] / plain["seconds"]
        print(
            f"{f'cards rendered, {size:,}, six designs':<44} {rate:>12,.1f} {other:>12,.1f}  {rate / other:>8.1f}x  "
            f"plain WeasyPrint ({plain['cards']} cards) (at least {LEAST_RATIO}), per core; "
            f"{ours['bytes'] / size:,.0f} B a card (at most {MOST_BYTES:,}), peak {ours['peak_mb']:,.0f} MB "
            f"(at most {MOST_MEMORY:,}), {ours['clock']:.0f} s by the clock, {each / first:.2f} times the first; "
            f"read back {ours['checked'] / ours['check_seconds']:,.0f} cards/s, {ours['faults']} faults"
        )
        missed += beyond(size, rate / other, ours["bytes"] / size, ours["peak_mb"], ours["faults"])
    return missed


def beyond(size: int, ratio: float, bytes_a_card: float, peak_mb: float, faults: int) -> list[str]:
    """The limits that a measurement of ``size`` cards misses."""
    told = (
        (ratio < LEAST_RATIO, f"{ratio:.1f} times plain WeasyPrint, at least {LEAST_RATIO}"),
        (bytes_a_card > MOST_BYTES, f"{bytes_a_card:,.0f} B a card, at most {MOST_BYTES:,}"),
        (peak_mb > MOST_MEMORY, f"peak {peak_mb:,.0f} MB, at most {MOST_MEMORY:,}"),
        (faults > 0, f"{faults} faults read back"),
    )
    return [f"cards, {size:,}: {text}" for missed, text in told if missed]


def _apart(part: str, size: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.cards", part, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def invented(count: int, first: int) -> list[Card]:
    """Cards of people who live nowhere, each with bars, from a running number on."""
    from kansho.mailing.barcode import bars_of, symbols_of

    chance = random.Random(first)
    made = []
    for number in range(first, first + count):
        block, lot, house = chance.randint(1, 8), chance.randint(1, 40), chance.randint(1, 30)
        flat = f"{chance.randint(1, 20)}0{number % 9}"
        made.append(
            Card(
                f"M1-{number:06d}",
                f"{3000 + number // 10000:04d}-{number % 10000:04d}-{number % 97:02d}",
                f"160-{number % 90 + 10:04d}",
                (
                    f"東京都新宿区{_word(chance, 3)}町{block}丁目{lot}番{house}号",
                    f"{_word(chance, 4)}マンション{flat}号室",
                ),
                f"{_word(chance, 2)} {_word(chance, 2)}",
                bars_of(symbols_of(f"160{number % 90 + 10:04d}", f"{block}-{lot}-{house}-{flat}")),
            )
        )
    return made


def _word(chance: random.Random, length: int) -> str:
    return "".join(chance.choices(_KANJI, k=length))


# -- parts, each a process of its own ----------------------------------------------------------------


def ours(size: int) -> dict[str, Any]:
    """The whole run through the press; its first file is read back."""
    from kansho.mailing.designs import background, load
    from kansho.mailing.press import Job, Printed, check, press

    config = load_config(SAMPLE)
    making = 0.0

    def jobs() -> Iterator[Job]:
        nonlocal making
        for at, design in enumerate(DESIGNS):
            ground = background(load(design), config)
            mine = size // len(DESIGNS) + (at < size % len(DESIGNS))
            for number, begin in enumerate(range(0, mine, FILE)):
                began = time.process_time()
                cards = tuple(invented(min(FILE, mine - begin), at * mine + begin + 1))
                making += time.process_time() - began
                yield Job(f"{design}-{number}", cards, ground)

    taken, stored = 0, 0
    first: Printed | None = None
    clock, began = time.perf_counter(), _processor()
    for job, pdf in press(jobs()):
        taken += len(job.cards)
        stored += len(pdf)
        first = first or Printed(job.key, job.cards, pdf, job.background)
    laid = {"seconds": _processor() - began - making, "clock": time.perf_counter() - clock, "bytes": stored}
    assert first is not None
    assert taken == size, taken
    began = _processor()
    wrong = check([first])
    checked = {"checked": len(first.cards), "check_seconds": _processor() - began, "faults": wrong.total()}
    return {**laid, **checked, "peak_mb": _peak_mb()}


def plain(each: int) -> dict[str, Any]:
    """WeasyPrint setting ``each`` whole cards of every design; imports and fonts are loaded before."""
    from kansho.documents.render import render_html
    from kansho.mailing.designs import faces_html, load

    config = load_config(SAMPLE)
    pages = []
    for at, design in enumerate(DESIGNS):
        outer, inner = faces_html(load(design), config)
        head, face_ = outer.split("<body>")
        inner_head, inside = inner.split("<body>")
        both = head.removesuffix("</style></head>") + inner_head.partition("<style>")[2] + "<body>"
        of_one, inside = (part.strip().removesuffix("</body></html>") for part in (face_, inside))
        cards = (
            of_one.replace('<div class="face">', '<div class="face">' + _whole(card)) + inside
            for card in invented(each, at * each + 1)
        )
        pages.append(both + "".join(cards))
        render_html(both + of_one + inside)
    began = _processor()
    for page in pages:
        render_html(page)
    return {"cards": each * len(DESIGNS), "seconds": _processor() - began}


def _whole(card: Card) -> str:
    """What our setting draws, as a designer would write it: lines and one drawing of all bars."""
    at = '<div style="position:absolute;white-space:nowrap;left:{}mm;top:{}mm;font:{}pt IPAexGothic">{}</div>'
    lines = "".join(at.format(spot.left, spot.top - 1, spot.size, text) for spot, text in face.lines(card))
    left, top = face.BARS
    bars = "".join(
        f"M{n * face.PITCH:.2f} {face.KINDS[kind][0]}h{face.BAR}v{face.KINDS[kind][1]}h-{face.BAR}z"
        for n, kind in enumerate(card.bars)
    )
    size = 'viewBox="0 0 72 3.24" width="72mm" height="3.24mm"'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><path d="{bars}"/></svg>'
    return f'{lines}<div style="position:absolute;left:{left}mm;top:{top}mm">{drawing}</div>'


_PARTS: dict[str, Callable[[int], dict[str, Any]]] = {"ours": ours, "plain": plain}


def _processor() -> float:
    """Processor seconds of this process and of all children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _peak_mb() -> float:
    both = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(both) / 1024


if __name__ == "__main__":
    main()
