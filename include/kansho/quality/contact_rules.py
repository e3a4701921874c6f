"""What a contact result may hold (D4, D5): pure row rules over call and visit results.

Intention, wish and reasons are accepted only from the person; when somebody answered, the purpose of use
was stated; an outcome "本人" needs that the person answered.
"""

from __future__ import annotations

import pandas as pd

from kansho.contracts.model import Contract

_SAID = ("intention", "reason", "wish")


def check_contacts(frame: pd.DataFrame, contract: Contract, person_outcomes: frozenset[str]) -> pd.Series:
    """Reason code per row, '' when the row may be kept.

    Codes: ``not_from_person`` (intention, wish or reason not from the person), ``purpose_unstated``,
    ``person_mismatch`` (a 本人 outcome without the person, or nobody answered and yet an answer).

    Args:
        frame: ``outcome``, ``answered_by``, ``purpose_stated`` and the contract's further columns, as text.
        contract: whose columns the frame has.
        person_outcomes: outcome codes that only the person can give.
    """
    person = frame["answered_by"].eq("self")
    said = pd.Series(False, index=frame.index)
    for column in _SAID:
        if column in contract.names:
            said |= frame[column].notna()
    answered = frame["answered_by"].isin(["self", "family", "other"])
    checks = (
        ("not_from_person", said & ~person),
        ("purpose_unstated", answered & frame["purpose_stated"].ne("1")),
        ("person_mismatch", frame["outcome"].isin(person_outcomes) & ~person),
    )
    reasons = pd.Series("", index=frame.index, dtype=object)
    for code, hit in checks:
        reasons = reasons.mask(reasons.eq("") & hit, code)
    return reasons
