"""A checkpoint on paper: what a person types and a camera gives is read, and everything else is refused."""

from __future__ import annotations

import base64

import pytest

from kansho.errors import KanshoError
from kansho.evidence.lookalike import imitates
from kansho.evidence.paper import Paper, read_paper

ROOT = bytes(range(160, 192))
SHORT, WHOLE, B64 = ROOT.hex()[:16], ROOT.hex(), base64.b64encode(ROOT).decode()
GROUPS = " ".join(SHORT[at : at + 4] for at in range(0, 16, 4))
LOG = "kansho/sumida_2027"

READ = [
    (f"1200 {GROUPS}", Paper("", 1200, SHORT)),
    (f"1200 {SHORT}", Paper("", 1200, SHORT)),
    (f"1200 {SHORT.upper()}", Paper("", 1200, SHORT)),
    (f"件数 1200　根 {GROUPS}", Paper("", 1200, SHORT)),
    (f"台帳 {LOG}　件数 1200　根 {GROUPS}", Paper(LOG, 1200, SHORT)),
    (f"{LOG} 1200 {WHOLE}", Paper(LOG, 1200, WHOLE)),
    (f"1200 {WHOLE[:40]}", Paper("", 1200, WHOLE[:40])),
    (f"{LOG}\n1200\n{B64}\n", Paper(LOG, 1200, WHOLE)),
    (f"{LOG} 1200 {B64}", Paper(LOG, 1200, WHOLE)),
    (f"0 {SHORT}", Paper("", 0, SHORT)),
]


@pytest.mark.parametrize(("text", "said"), READ)
def test_a_paper_is_read_as_it_stands(text: str, said: Paper) -> None:
    assert read_paper(text) == said


REFUSED = [
    "",
    "1200",
    SHORT,
    f"1200 {SHORT[:15]}",
    f"1200 {WHOLE}0",
    f"01200 {SHORT}",
    f"-1 {SHORT}",
    f"１２００ {SHORT}",
    f"1,200 {SHORT}",
    f"1200 {SHORT[:-1]}g",
    f"1200 {B64}",
    f"{LOG} 1200 {B64[:-4]}",
    f"{LOG} 1200 {B64} {B64}",
    f"{LOG} 1200",
    f"{LOG} {LOG} 1200 {SHORT}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_paper_is_refused(text: str) -> None:
    with pytest.raises(KanshoError, match="KEPT-FORM"):
        read_paper(text)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("takanashi", False),
        ("", False),
        ("合格", False),
        ("かな", False),
        ("tаkanashi", True),  # Cyrillic а
        ("οfficer", True),  # Greek ο
        ("２０２７", True),
        ("𝐚", True),
        ("a\u0301", True),
        ("a\u200bb", True),
        ("ａ合格", True),
        ("é", True),
    ],
)
def test_a_character_that_only_looks_like_one_of_a_code_is_recognised(text: str, does: bool) -> None:
    assert imitates(text) is does
