"""Documents as a ward expects them: one typed model, one template, one style sheet, PDF by WeasyPrint.

Belongs here: how a document looks.  Does not belong here: what it says; each stage builds its `Document`.
No resident stands in any of them, but for what lies in the vault (proofs, custody sheets).
"""

from kansho.documents.model import Document, Figure, Section, Table
from kansho.documents.render import render
from kansho.documents.stamp import Stamp
from kansho.documents.warm import warm

__all__ = ["Document", "Figure", "Section", "Stamp", "Table", "render", "warm"]
