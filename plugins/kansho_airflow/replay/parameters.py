"""What a replay was asked for, and how far it came: one small file, so that an interrupted year resumes.

States: ``year`` → ``finalise`` → ``summary`` → ``done``, which is saved last.  Parameters that differ from the file's
begin a new year.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Phase = Literal["year", "finalise", "summary", "done"]


@dataclass(frozen=True)
class Parameters:
    """The year to play: ``people`` is a number or ``full``; ``config_digest`` binds the campaign file."""

    config: str
    config_digest: str
    people: str
    seed: int


@dataclass(frozen=True)
class Progress:
    """How far it came; ``seconds`` of all sittings, ``peak_rss_mb`` so far, ``stages`` as Airflow's runs told last."""

    parameters: Parameters
    phase: Phase = "year"
    seconds: float = 0.0
    peak_rss_mb: int = 0
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)


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


def arguments_of(program: str) -> argparse.ArgumentParser:
    """The arguments that a year and `make up` have in common."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--people", type=people_of, default="5000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--var", type=Path, default=Path("var"))
    return parser


def people_of(text: str) -> str:
    """A number of people as it stands in the parameters.

    Raises:
        argparse.ArgumentTypeError: neither a number from 1 nor ``full``.
    """
    if text == "full":
        return text
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"PEOPLE is a number from 1, or full; not {text!r}")
    return str(int(text))
