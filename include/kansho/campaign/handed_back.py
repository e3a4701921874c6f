"""Which working files are results, which 甲 gets back before anything of them is erased (P11): closed lists.

Belongs here: names, for the configuration, the hand-over, the retention and the offline verifier alike, on the standard
library alone.  Does not belong here: making the hand-over (`kansho.closing`), or judging it (`kansho.evidence`).
"""

from __future__ import annotations

#: Kinds of working files whose rows the hand-over gives back.
RESULT_KINDS = frozenset(
    {"postings", "mail_returns", "call_results", "visit_results", "inbound_records", "wave_assignment"}
)
#: Kinds of results of which single rows may have been put aside, in `QUARANTINE` under the name of their own kind.
PUT_ASIDE = ("call_results", "visit_results", "inbound_records")
QUARANTINE = "quarantine"
#: Kinds that have no day of their own before the closing: all of them, or some of their rows, are handed back first.
KEPT_TO_THE_END = RESULT_KINDS | {QUARANTINE, "comment"}
#: Kinds of package in which results go back to 甲, and in which its receipt comes.
HAND_OVER, RECEIPT = "handover", "handover_receipt"


def put_aside(name: str) -> str:
    """The kind of results whose rows this holding (``<kind>/<key>``) has put aside; '' when it has none."""
    kind, _, key = name.partition("/")
    return next((of for of in PUT_ASIDE if kind == QUARANTINE and key.startswith(f"{of}-")), "")


def is_result(name: str) -> bool:
    """Whether a holding (``<kind>/<key>``) has rows that 甲 gets back."""
    return name.partition("/")[0] in RESULT_KINDS or put_aside(name) != ""
