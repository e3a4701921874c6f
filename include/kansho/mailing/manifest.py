"""What a design's ``manifest.yaml`` may say: the card's form, its fonts and its texts.

Belongs here: the typed model.  Does not belong here: reading, rendering or refusing a design (`designs`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

#: What is laid over the faces for each person, by the press (`kansho.mailing.face`).
Variable = Literal["postal_code", "address", "name", "barcode", "number", "serial", "mark"]
Text = Literal["headline", "lead", "action", "cost", "bring"]


class Face(BaseModel):
    """One face: ``size_mm`` (width, height) sets the template's page; ``variable`` is what is laid on it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    size_mm: tuple[float, float]
    variable: tuple[Variable, ...] = ()


class Faces(BaseModel):
    """The address face and the spread inside, of a pressure-sealed V-fold postcard."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    outer: Face
    inner: Face


class Manifest(BaseModel):
    """What a designer sets; ``revisions`` maps a revision number (from 2) to the texts it changes.

    ``faces`` is the card's form.  A line break in ``headline`` is kept; ``cost`` and ``bring`` stand in the table of
    the right page; ``fonts`` are all that the faces may be set in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    title: str
    frame: str
    accent: str
    faces: Faces
    headline: str
    lead: str
    points: tuple[str, ...]
    action: str
    cost: str
    bring: str
    steps: tuple[str, ...] = ()
    fonts: tuple[str, ...]
    revisions: dict[int, dict[Text, str]] = {}
