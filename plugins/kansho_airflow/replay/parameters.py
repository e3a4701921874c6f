"""What a replay was asked for, and how far it came: one small file, so that an interrupted year resumes.

States: ``year`` → ``finalise`` → ``done``.  Parameters that differ from the file's begin a new year.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

Phase = Literal["year", "finalise", "done"]


@dataclass(frozen=True)
class Parameters:
    """The year to play: ``people`` is a number or ``full``; ``config_digest`` binds the campaign file."""

    config: str
    config_digest: str
    people: str
    seed: int


@dataclass(frozen=True)
class Progress:
    """How far it came; ``seconds`` of earlier sittings, ``stages`` as the driver's clocks, ``peak_rss_mb`` so far."""

    parameters: Parameters
    phase: Phase = "year"
    seconds: float = 0.0
    peak_rss_mb: int = 0
    stages: dict[str, dict[str, float]] = field(default_factory=dict)


def read(path: Path) -> Progress | None:
    """The progress on file, or None when there is none or it was cut off in writing."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Progress(**{**raw, "parameters": Parameters(**raw["parameters"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write(path: Path, progress: Progress) -> None:
    """Replace the file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(asdict(progress), indent=1), encoding="utf-8")
    temporary.replace(path)


def resumable(found: Progress | None, wanted: Parameters) -> Progress | None:
    """The progress to go on from: same parameters, and not yet done."""
    if found is None or found.phase == "done" or found.parameters != wanted:
        return None
    return replace(found)
