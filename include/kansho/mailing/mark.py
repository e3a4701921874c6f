"""The machine-readable mark of a card: its serial as a Micro QR code (M3, level M), and nothing else.

A camera at the printing machine reads it to tell that every card came out once; a serial says nothing of a person.

segno takes 0.3 ms for a symbol, more than a whole card takes otherwise.  With size, level and mask fixed, a symbol is
a linear function of its text over GF(2): so the symbol of a serial is put together, by exclusive or, from symbols that
differ in one pair of characters (the code's unit in alphanumeric mode), and a print run needs some 200 of them.

Source: ISO/IEC 18004 (JIS X 0510), 7.4.4 (alphanumeric mode), 7.5 (error correction), 7.8 (masking).
"""

from __future__ import annotations

from functools import lru_cache

#: Modules on a side, and what stays white around the symbol.
MODULES, QUIET = 15, 2
#: Characters that a symbol takes.
CAPACITY = 11
#: Any mask may be used; a fixed one keeps symbols linear.
_MASK = 1


def mark(serial: str) -> int:
    """The symbol as an integer of ``MODULES``² bits, row after row from the top left; 1 is dark.

    Args:
        serial: at most `CAPACITY` characters of QR's alphanumeric set.
    """
    blank = "0" * len(serial)
    made = base = _symbol(blank)
    for at in range(0, len(serial), 2):
        pair = serial[at : at + 2]
        made ^= base ^ _symbol(blank[:at] + pair + blank[at + len(pair) :])
    return made


@lru_cache(maxsize=4096)
def _symbol(text: str) -> int:
    import segno

    made = segno.make_micro(text, version="M3", error="M", mode="alphanumeric", mask=_MASK, boost_error=False)
    return int("".join(str(module) for row in made.matrix for module in row), 2)
