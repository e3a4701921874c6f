"""What a person sees while the year runs: a live table on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from kansho_airflow.replay.clocks import StageClock


@dataclass
class StageLine:
    """One stage's line: runs so far, the last day and state, seconds."""

    runs: int = 0
    last: str = ""
    state: str = ""
    seconds: float = 0.0


class Display(Protocol):
    """What the driver tells."""

    def say(self, text: str) -> None:
        """A remark."""
        ...

    def known(self, stages: Mapping[str, StageClock]) -> None:
        """What ran before this sitting."""
        ...

    def began(self, on: date, stage: str) -> None:
        """A run starts."""
        ...

    def ended(self, on: date, stage: str, state: str, seconds: float, note: str = "") -> None:
        """A run ended."""
        ...

    def close(self) -> None:
        """No more."""
        ...


@dataclass
class PlainDisplay:
    """One line per run."""

    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """See `Display`."""
        print(f"[{time.monotonic() - self.started:6.1f}s] {text}", flush=True)

    def known(self, stages: Mapping[str, StageClock]) -> None:
        """See `Display`; the lines of an earlier sitting have been told."""

    def began(self, on: date, stage: str) -> None:
        """See `Display`; plain lines tell only what ended."""

    def ended(self, on: date, stage: str, state: str, seconds: float, note: str = "") -> None:
        """See `Display`."""
        self.say(f"{on}  {stage:<26} {state:<8} {seconds:5.1f}s  {note}".rstrip())

    def close(self) -> None:
        """See `Display`."""


class LiveDisplay:
    """A table of stages that fills as the year goes by; remarks and failures scroll by above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._lines: dict[str, StageLine] = {}
        self._live = Live(self._table(), console=console or Console(), refresh_per_second=4)
        self._live.start()

    def say(self, text: str) -> None:
        """See `Display`."""
        self._live.console.print(text)

    def known(self, stages: Mapping[str, StageClock]) -> None:
        """See `Display`."""
        self._lines = {name: StageLine(c.runs, "", c.state, c.seconds) for name, c in stages.items()}
        self._live.update(self._table())

    def began(self, on: date, stage: str) -> None:
        """See `Display`."""
        line = self._lines.setdefault(stage, StageLine())
        line.last, line.state = on.isoformat(), "…"
        self._live.update(self._table())

    def ended(self, on: date, stage: str, state: str, seconds: float, note: str = "") -> None:
        """See `Display`."""
        line = self._lines.setdefault(stage, StageLine())
        line.runs += 1
        line.last, line.state = on.isoformat(), state
        line.seconds += seconds
        if note:
            self._live.console.print(f"{on} {stage}: {note}")
        self._live.update(self._table())

    def close(self) -> None:
        """See `Display`."""
        self._live.stop()

    def _table(self) -> Table:
        table = Table(title="kansho", expand=False)
        for name in ("stage", "runs", "day", "state", "seconds"):
            table.add_column(name)
        for stage, line in self._lines.items():
            table.add_row(stage, str(line.runs), line.last, line.state, f"{line.seconds:.1f}")
        return table


def display() -> Display:
    """The display that suits where we are shown."""
    return LiveDisplay() if sys.stdout.isatty() else PlainDisplay()
