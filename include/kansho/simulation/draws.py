"""Draws that depend on what is drawn for, not on the order of drawing: the same world however it is played.

Uniforms come from BLAKE2b over (seed, purpose, subject).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_SCALE = float(2**64)


def uniform(seed: int, purpose: str, subject: str) -> float:
    """One uniform in [0, 1)."""
    digest = hashlib.blake2b(f"{seed}\x1f{purpose}\x1f{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _SCALE


def uniforms(seed: int, purpose: str, subjects: Iterable[str]) -> np.ndarray:
    """`uniform` for each subject."""
    return np.array([uniform(seed, purpose, subject) for subject in subjects])


def choice(seed: int, purpose: str, subject: str, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """One option, by weight."""
    point = uniform(seed, purpose, subject)
    shares = weights or [1.0] * len(options)
    total, reached = sum(shares), 0.0
    for option, share in zip(options, shares, strict=True):
        reached += share / total
        if point < reached:
            return option
    return options[-1]
