"""Charts for reports as SVG text: the same data gives the same bytes.

Belongs here: the two pictures the reports need.  Does not belong here: suppression (the caller's duty
before any number comes here).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

_INK = "#24527a"
_FONT = "Noto Sans CJK JP"


def bars(labels: Sequence[str], values: Sequence[float], *, unit: str) -> str:
    """Horizontal bars, one per label, in the given order from the top."""
    figure, axes = _canvas(height=0.9 + 0.32 * len(labels))
    places = range(len(labels))
    axes.barh(list(places), list(values), color=_INK, height=0.6)
    axes.set_yticks(list(places), list(labels))
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    for place, value in zip(places, values, strict=True):
        axes.text(value, place, f" {value:,.0f}", va="center", fontsize=8)
    return _svg(figure)


def intervals(labels: Sequence[str], estimates: Sequence[tuple[float, float, float]], *, unit: str) -> str:
    """Point and 95 % interval per label (estimate, low, high), with the line of no effect."""
    figure, axes = _canvas(height=1.0 + 0.36 * len(labels))
    places = range(len(labels))
    for place, (estimate, low, high) in zip(places, estimates, strict=True):
        axes.plot([low, high], [place, place], color=_INK, linewidth=1.6)
        axes.plot([estimate], [place], "o", color=_INK, markersize=5)
    axes.axvline(0, color="#888", linewidth=0.8, linestyle=":")
    axes.set_yticks(list(places), list(labels))
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    return _svg(figure)


def _canvas(*, height: float) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    mpl.rcParams.update(
        {
            "svg.hashsalt": "kansho",
            "svg.fonttype": "path",
            "font.family": [_FONT, "IPAexGothic", "DejaVu Sans"],
            "font.size": 8,
        }
    )
    figure = Figure(figsize=(6.4, height))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Any) -> str:
    figure.tight_layout()
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return re.sub(r"^.*?(?=<svg)", "", text, count=1, flags=re.S)
