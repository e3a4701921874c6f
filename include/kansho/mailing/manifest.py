"""What a design's ``manifest.yaml`` may say: the card's form, its fonts and its texts.

Belongs here: the typed model.  Does not belong here: reading, rendering or refusing a design (`designs`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from kansho.mailing.wording import is_marked_well

#: What is laid over the faces for each person, by the press (`kansho.mailing.face`).
Variable = Literal["postal_code", "address", "name", "barcode", "number", "serial", "mark"]
#: The four panels of the sheet, each half a side: folded, ``inner_left`` and ``inner_right`` face each other.
Panel = Literal["outer_back", "address", "inner_left", "inner_right"]
Text = Literal["headline", "lead", "action", "cost", "bring"]


def _marked(text: str) -> str:
    if not is_marked_well(text):
        raise ValueError("a reading is written ｜word《よみ》")
    return text


#: A text with the marks of `kansho.mailing.wording`.
Words = Annotated[str, AfterValidator(_marked)]


class Face(BaseModel):
    """One side of the sheet.

    ``size_mm`` (width, height) is what it is cut to and sets the template's page; ``panels`` stand on it from left to
    right; ``variable`` is what is laid on it, all of it on the panel ``address``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    size_mm: tuple[float, float]
    panels: tuple[Panel, ...]
    variable: tuple[Variable, ...] = ()


class Faces(BaseModel):
    """Both sides of the sheet of a pressure-sealed V-fold postcard, flat."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    outer: Face
    inner: Face


class Manifest(BaseModel):
    """What a designer sets; ``revisions`` maps a revision number (from 2) to the texts it changes.

    ``faces`` is the card's form; ``programme`` says whose period the card tells.  ``by_sex`` names the design that a
    person of that sex gets in place of this one.  A line break in ``headline`` is kept; ``cost`` and ``bring`` stand in
    the table of the right page; ``fonts`` are all that the faces may be set in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    title: str
    frame: str
    accent: str
    faces: Faces
    programme: Literal["checkup", "cancer"] = "checkup"
    sex: Literal["1", "2"] | None = None
    by_sex: dict[Literal["1", "2"], str] = {}
    headline: Words
    lead: Words
    points: tuple[Words, ...]
    action: Words
    cost: Words
    bring: Words
    steps: tuple[Words, ...] = ()
    fonts: tuple[str, ...]
    revisions: dict[int, dict[Text, Words]] = {}
