"""When an answer counts: one table of everything that must fail closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.approvals import (
    check_decision,
    decision_of_options,
    reason_code,
    request_key,
    unapproved,
)
from kansho.evidence.events import Event

RUN = "shinjuku_2026__segmentation/replay__2026-06-08"
KEY = f"{RUN}/plan"
DIGEST = "a" * 64
OFFICER, WARD_MANAGER, MANAGER = "takanashi", "yamanashi", "watanuki"
ASKED, OPENED, ANSWERED = "2026-06-08T00:00:00.000000Z", "2026-06-08T00:01:00.000000Z", "2026-06-08T00:02:00+00:00"


def event(type: str, key: str, user: str = "system", role: str = "system", at: str = ASKED, **parts: Any) -> Event:
    return Event(
        sequence=0,
        campaign="shinjuku_2026",
        type=type,
        key=key,
        recorded_at=at,
        campaign_date="2026-06-08",
        actor={"party": "ward", "user": user, "role": role},
        counts=parts.get("counts", {}),
        codes=parts.get("codes", {}),
        refs=parts.get("refs", {}),
        names={},
    )


def requested(key: str = KEY, role: str = "ward_officer", rows: int = 0, **codes: str) -> Event:
    artefact = {"kind": "plan_document", "key": "plan", "digest": DIGEST, "rows": rows}
    return event("approval_requested", key, codes={"role": role, **codes}, refs={"artefact": artefact})


def opened(user: str = OFFICER, digest: str = DIGEST, at: str = OPENED, key: str = KEY) -> Event:
    return event("artefact_opened", f"{key}/{user}", user, "ward_officer", at, refs={"digest": digest})


def page(number: int, first: int, last: int, of: int = 9_499, at: str = OPENED) -> Event:
    """The n-th opening of a list: rows ``first`` to ``last``."""
    key = f"{KEY}/{OFFICER}" + (f"/{number}" if number > 1 else "")
    counts = {"first": first, "last": last, "of": of}
    return event("artefact_opened", key, OFFICER, "ward_officer", at, refs={"digest": DIGEST}, counts=counts)


def answered(
    user: str = OFFICER,
    decision: str = "approve",
    reason: str = "none",
    at: str = ANSWERED,
    key: str = KEY,
    turn: int = 1,
) -> Event:
    codes = {"decision": decision, "reason": reason, "answered_at": at}
    return event("approval_answered", f"{key}/{turn}", user, "ward_officer", ANSWERED, codes=codes)


def decided(user: str, role: str, decision: str = "approve", digest: str = DIGEST, key: str = f"{RUN}/other") -> Event:
    return event("approval_decided", key, user, role, codes={"decision": decision}, refs={"digest": digest})


def test_an_opened_and_approved_request_counts(sample: CampaignConfig) -> None:
    made = check_decision([requested(), opened(), answered()], KEY, sample, digest_now=DIGEST)
    assert made.approved
    assert made.user == OFFICER
    assert made.party == "ward"
    assert made.digest == DIGEST


def test_a_rejection_counts_even_unread_and_without_reason(sample: CampaignConfig) -> None:
    made = check_decision([requested(), answered(decision="reject")], KEY, sample, digest_now="")
    assert not made.approved
    assert made.code == "reject"


def test_the_newest_answer_is_the_answer(sample: CampaignConfig) -> None:
    log = [requested(), opened(), answered(decision="reject"), answered(turn=2)]
    assert check_decision(log, KEY, sample, digest_now=DIGEST).approved


LONG = [requested(rows=9_499), answered()]
LATE = "2026-06-08T00:03:00.000000Z"


@pytest.mark.parametrize(
    "pages",
    [
        [page(1, 1, 9_499)],
        [page(1, 1, 5_000), page(2, 5_001, 9_499)],
        [page(1, 5_001, 9_499), page(2, 1, 5_000)],
        [page(1, 1, 5_000), page(2, 1, 5_000), page(3, 4_000, 9_499), page(4, 1, 5_000, at=LATE)],
    ],
)
def test_a_list_counts_once_every_page_was_opened_in_whatever_order(sample: CampaignConfig, pages: list[Event]) -> None:
    assert check_decision([*LONG, *pages], KEY, sample, digest_now=DIGEST).approved


@pytest.mark.parametrize(
    "pages",
    [
        [page(1, 1, 2_000)],
        [page(1, 1, 2_000), page(2, 2_002, 9_499)],
        [page(1, 2, 9_499)],
        [page(1, 1, 9_498)],
        [page(1, 1, 2_000, of=2_000)],  # the request knows how many rows there are
        [page(1, 1, 5_000), page(2, 5_001, 9_499, at=LATE)],
        [opened()],
        [page(1, 1, 5_000), replace(page(2, 5_001, 9_499), actor={"party": "ward", "user": "x", "role": "x"})],
        [page(1, 1, 5_000), replace(page(2, 5_001, 9_499), refs={"digest": "c" * 64})],
    ],
)
def test_a_list_of_which_a_page_was_not_opened_before_the_answer_is_unread(
    sample: CampaignConfig, pages: list[Event]
) -> None:
    with pytest.raises(KanshoError, match="APPROVAL-UNREAD"):
        check_decision([*LONG, *pages], KEY, sample, digest_now=DIGEST)


def test_sheets_of_a_document_count_by_what_the_openings_say_there_are(sample: CampaignConfig) -> None:
    log = [requested(), answered(), page(1, 1, 50, of=70)]
    with pytest.raises(KanshoError, match="APPROVAL-UNREAD"):
        check_decision(log, KEY, sample, digest_now=DIGEST)
    assert check_decision([*log, page(2, 51, 70, of=70)], KEY, sample, digest_now=DIGEST).approved


FAIL_CLOSED: dict[str, tuple[str, list[Event], str]] = {
    "nothing was asked": ("NO-REQUEST", [opened(), answered()], DIGEST),
    "marked by hand": ("NO-ANSWER", [requested(), opened()], DIGEST),
    "answered after it had timed out": (
        "VOIDED",
        [requested(), event("approval_voided", KEY, codes={"reason": "timeout"}), opened(), answered()],
        DIGEST,
    ),
    "an answer to another request": ("NO-ANSWER", [requested(), opened(), answered(key=f"{RUN}/plan2")], DIGEST),
    "a user of another role": ("USER", [requested(), opened(MANAGER), answered(MANAGER)], DIGEST),
    "a user of a higher role of the same party": (
        "USER",
        [requested(), opened(WARD_MANAGER), answered(WARD_MANAGER)],
        DIGEST,
    ),
    "a user nobody registered": ("USER", [requested(), opened("nobody"), answered("nobody")], DIGEST),
    "an option that was not offered": ("OPTION", [requested(), opened(), answered(decision="invalid")], DIGEST),
    "another artefact in the vault": ("CHANGED", [requested(), opened(), answered()], "b" * 64),
    "the artefact is gone": ("CHANGED", [requested(), opened(), answered()], ""),
    "never opened": ("UNREAD", [requested(), answered()], DIGEST),
    "opened by somebody else": ("UNREAD", [requested(), opened(WARD_MANAGER), answered()], DIGEST),
    "opened under the user's key by another": (
        "UNREAD",
        [requested(), replace(opened(), actor={"party": "ward", "user": "x", "role": "ward_officer"}), answered()],
        DIGEST,
    ),
    "opened another digest": ("UNREAD", [requested(), opened(digest="c" * 64), answered()], DIGEST),
    "opened after answering": ("UNREAD", [requested(), opened(at="2026-06-08T00:03:00.000000Z"), answered()], DIGEST),
    "an answer without a readable time": ("UNREAD", [requested(), opened(), answered(at="soon")], DIGEST),
    "a time without its offset": ("UNREAD", [requested(), opened(), answered(at="2026-06-08T00:02:00")], DIGEST),
    "prose as a reason": ("REASON", [requested(), opened(), answered(reason="invalid")], DIGEST),
    "a gate decision without a reason": (
        "REASON",
        [requested(reason_required="yes"), opened(), answered()],
        DIGEST,
    ),
    "four eyes, the other has not decided": (
        "FOUR-EYES",
        [requested(distinct_from=f"{RUN}/other"), opened(), answered()],
        DIGEST,
    ),
    "four eyes, the other rejected": (
        "FOUR-EYES",
        [
            requested(distinct_from=f"{RUN}/other"),
            opened(),
            answered(),
            decided(MANAGER, "contractor_manager", "reject"),
        ],
        DIGEST,
    ),
    "four eyes, the same user": (
        "FOUR-EYES",
        [requested(distinct_from=f"{RUN}/other"), opened(), answered(), decided(OFFICER, "ward_manager")],
        DIGEST,
    ),
    "four eyes, the same role": (
        "FOUR-EYES",
        [requested(distinct_from=f"{RUN}/other"), opened(), answered(), decided("second", "ward_officer")],
        DIGEST,
    ),
    "four eyes, another artefact": (
        "FOUR-EYES",
        [
            requested(distinct_from=f"{RUN}/other"),
            opened(),
            answered(),
            decided(MANAGER, "contractor_manager", digest="d" * 64),
        ],
        DIGEST,
    ),
}


@pytest.mark.parametrize("case", FAIL_CLOSED)
def test_every_doubt_fails_closed(sample: CampaignConfig, case: str) -> None:
    code, log, digest_now = FAIL_CLOSED[case]
    with pytest.raises(KanshoError) as refused:
        check_decision(log, KEY, sample, digest_now=digest_now)
    assert refused.value.code == f"APPROVAL-{code}"


def test_four_eyes_of_two_roles_count(sample: CampaignConfig) -> None:
    log = [requested(distinct_from=f"{RUN}/other"), opened(), answered(), decided(MANAGER, "contractor_manager")]
    assert check_decision(log, KEY, sample, digest_now=DIGEST).approved


def test_a_run_is_unapproved_until_each_of_its_requests_is_approved() -> None:
    log = [requested(), requested(f"{RUN}/other"), decided(OFFICER, "ward_officer"), requested("else/run/plan")]
    assert unapproved(log, RUN) == ["plan"]
    assert unapproved([*log, decided(OFFICER, "ward_officer", "reject", key=KEY)], RUN) == ["plan"]
    assert unapproved([*log, decided(OFFICER, "ward_officer", key=KEY)], RUN) == []


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        (["承認"], "approve"),
        (["差戻し"], "reject"),
        ([], "invalid"),
        (["承認", "差戻し"], "invalid"),
        (["Approve"], "invalid"),
    ],
)
def test_exactly_one_offered_option_is_a_decision(chosen: list[str], code: str) -> None:
    assert decision_of_options(chosen) == code


def test_reasons_are_codes() -> None:
    assert reason_code({}) == "none"
    assert reason_code({"reason": "wrong_counts"}) == "wrong_counts"
    assert reason_code({"reason": "見本さんのため"}) == "invalid"
    assert reason_code({"reason": None}) == "invalid"


def test_keys_name_dag_run_and_approval() -> None:
    assert request_key("c__s", "r", "plan") == "c__s/r/plan"
    assert request_key("c__s", "r", "plan", 2) == "c__s/r/plan.2"
    with pytest.raises(KanshoError, match="APPROVAL-NAME"):
        request_key("c__s", "r", "a/b")
