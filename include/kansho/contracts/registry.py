"""The contracts of every file that comes in or leaves, collected: one registry for reader, gates, synthetic data, docs.

Belongs here: collecting, and looking up a kind.  Does not belong here: columns (the files by purpose that it imports),
code that reads or checks a file.  A ward's own headers are mapped in its config.
"""

from __future__ import annotations

from kansho.campaign.rights import PartyKind
from kansho.contracts.checkup import CHECKUP_RESULTS
from kansho.contracts.handover_files import (
    HANDOVER_ASIDE,
    HANDOVER_FILES,
    HANDOVER_GROUPS,
    HANDOVER_MAIL,
    HANDOVER_STOPS,
    HANDOVER_VISITS,
    MAIL_UNPRINTABLE,
)
from kansho.contracts.model import Contract
from kansho.contracts.outreach_files import (
    CALL_LIST,
    CALL_RESULTS,
    CALL_WITHDRAWAL,
    INBOUND_RECORDS,
    MAIL_RETURNS,
    OUTREACH_FILES,
    PRINT_LIST,
    VISIT_HALF_A,
    VISIT_HALF_B,
    VISIT_RESULTS,
)
from kansho.contracts.shared import INQUIRY_PATTERN, PHONE_PATTERN
from kansho.contracts.ward_files import (
    ANALYSIS_ITEMS,
    ATTENDANCE_UPDATE,
    PAST_ATTENDANCE,
    PAST_OUTREACH,
    SCREENING_HISTORY,
    STOP_LIST,
    TARGET_LIST,
    WARD_FILES,
)
from kansho.errors import KanshoError

__all__ = [
    "ANALYSIS_ITEMS",
    "ATTENDANCE_UPDATE",
    "CALL_LIST",
    "CALL_RESULTS",
    "CALL_WITHDRAWAL",
    "CHECKUP_RESULTS",
    "HANDOVER_ASIDE",
    "HANDOVER_GROUPS",
    "HANDOVER_MAIL",
    "HANDOVER_STOPS",
    "HANDOVER_VISITS",
    "INBOUND_RECORDS",
    "INQUIRY_PATTERN",
    "MAIL_RETURNS",
    "MAIL_UNPRINTABLE",
    "PAST_ATTENDANCE",
    "PAST_OUTREACH",
    "PHONE_PATTERN",
    "PRINT_LIST",
    "REGISTRY",
    "SCREENING_HISTORY",
    "STOP_LIST",
    "SUBCONTRACTOR_ITEMS",
    "TARGET_LIST",
    "VISIT_HALF_A",
    "VISIT_HALF_B",
    "VISIT_RESULTS",
    "contract",
]

REGISTRY: dict[str, Contract] = {c.kind: c for c in (*WARD_FILES, *OUTREACH_FILES, *HANDOVER_FILES)}


def contract(kind: str) -> Contract:
    """The contract of a file kind.

    Raises:
        KanshoError: ``CONTRACT-UNKNOWN`` for a kind outside the registry.
    """
    if kind not in REGISTRY:
        raise KanshoError(
            "CONTRACT-UNKNOWN",
            "契約にないファイル種別です",
            place=kind,
            remedy="docs/reference/contracts.md の種別から選んでください",
        )
    return REGISTRY[kind]


#: The 11 items of 丙 (D2), derived, never listed twice.
SUBCONTRACTOR_ITEMS = TARGET_LIST.allowed(PartyKind.SUBCONTRACTOR)
