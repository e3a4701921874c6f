"""Small cells of the plan: what a table may show, so that nobody is found in it.  Pure.

A cell that is hidden alone in a table with its sum could be computed from the rest; so a second one is hidden with it.
"""

from __future__ import annotations

from collections.abc import Mapping


def suppress(count: int, min_cell: int) -> int | None:
    """None in place of a count from 1 to ``min_cell`` - 1."""
    return None if 0 < count < min_cell else count


def suppress_parts(counts: Mapping[str, int], min_cell: int) -> dict[str, int | None]:
    """The parts of a sum that is shown: small ones hidden, and the next larger one too when only one is.

    Args:
        counts: part → people, 0 or more; together they are a number that the reader knows.
        min_cell: the smallest count from 1 on that may be shown.
    """
    out = {name: suppress(count, min_cell) for name, count in counts.items()}
    if sum(value is None for value in out.values()) == 1:
        shown = sorted((count, name) for name, count in counts.items() if out[name] is not None and count)
        if shown:
            out[shown[0][1]] = None
    return out
