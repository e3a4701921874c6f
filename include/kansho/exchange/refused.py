"""Papers of other parties that do not fit: that one came, and why it was not believed, is a fact of its own.

Belongs here: the event ``paper_refused``.  Does not belong here: what fits (whoever reads the paper), or packages
(`kansho.exchange.door` records their refusal).

A paper that does not fit stays where it lies, and is read again at every look: it may fit once what it speaks of has
come.  It is told once for its bytes, so that a corrected paper that is wrong again is told again.  Its name, which the
party chose, stands nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kansho.errors import KanshoError
from kansho.evidence.short import short
from kansho.exchange.papers import digest_of
from kansho.workspace import Workspace

#: What is wrong with a paper; a fault of ours or of the disk is no refusal.
_OF_PAPERS = ("PAPER-", "LEAVER-", "CLOSING-MANUAL")


@contextmanager
def refusal_told(ws: Workspace, party: str, path: Path) -> Iterator[None]:
    """Record ``paper_refused`` with its code when the paper is refused, and let the refusal go on.

    Args:
        ws: the campaign.
        party: whose paper it is.
        path: where it lies: ``outgoing(<party>)/<kind of paper>/<any name>``.
    """
    try:
        yield
    except KanshoError as error:
        if error.code.startswith(_OF_PAPERS) and path.is_file():
            digest = digest_of(path)
            paper = path.parent.name
            codes = {"party": party, "paper": paper, "code": error.code}
            ws.record("paper_refused", f"{party}/{paper}/{short(digest)}", codes=codes, refs={"sha256": digest})
        raise
