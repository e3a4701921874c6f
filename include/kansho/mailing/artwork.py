"""版下: a design's two faces, rendered once, shown in the proof, and printed from; kept in the vault.

Belongs here: making, finding and comparing artwork.  Does not belong here: designs and their checks
(`kansho.mailing.designs`), anybody's address (`kansho.mailing.shard`).  It names nobody.
"""

from __future__ import annotations

import difflib
from datetime import date

import pypdfium2

from kansho.evidence.short import short
from kansho.mailing.designs import Design, background, digest
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

KIND = "artwork"


def artwork(ws: Workspace, design: Design, *, as_of: date) -> SnapshotRef:
    """The design's artwork, rendered unless the vault has it: its key follows from what the faces say.

    Args:
        ws: the campaign at work.
        design: at its revision.
        as_of: day of the facts (`background`).

    Raises:
        KanshoError: what `background` refuses.
    """
    key = artwork_key(design.id, digest(design, ws.config, as_of=as_of))
    found = ws.find(KIND, key)
    return found or ws.store_bytes(KIND, key, background(design, ws.config, as_of=as_of))


def artwork_key(design: str, faces: str) -> str:
    """Key of the artwork of a design whose faces have this digest (`kansho.mailing.designs.digest`)."""
    return f"{design}-{short(faces)}"


def differences(before: bytes, after: bytes) -> tuple[tuple[str, str], ...]:
    """What reads otherwise in the newer of two artworks: (earlier lines, newer lines), '' where there are none.

    Two that read the same but look different give nothing; their digests tell.
    """
    old, new = lines_of(before), lines_of(after)
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    return tuple(
        ("\n".join(old[a:b]), "\n".join(new[c:d])) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"
    )


def lines_of(pdf: bytes) -> list[str]:
    """The lines of both faces, as they are read."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
