"""The end's course, rule by rule, on logs of a few events: what is told, and above all what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.evidence.finish_rules import finish_findings
from kansho.evidence.past import Past
from tests.unit.evidence_year import Year

_Log = Callable[[Year], object]


def told(year: Year) -> list[str]:
    """``CODE type key`` of each finding."""
    found = finish_findings(Past(year.events, year.facts, {}))
    return [f"{f.code} {f.place.partition(' ')[2].partition(' ')[2]}" for f in found]


def scanned(year: Year, places: Any) -> None:
    year.add("residue_scanned", "scan-1", refs={"places": places})


def place(files: int, size: int) -> dict[str, int]:
    return {"files": files, "bytes": size, "hits": 0, "unread": 0}


def certified(year: Year) -> None:
    year.add("inventory_taken", "i", codes={"database": "sqlite"}) if not year.events else None
    year.add("campaign_certified", "certificate")


def from_a_service(year: Year) -> None:
    """A key that its service was told to delete before the scan, and that is gone long after it."""
    year.add("inventory_taken", "i", codes={"database": "unseen"})
    year.add("holding_erased", "roster/d01")
    year.add("key_deletion_ordered", "residents")
    year.add("key_deletion_scheduled", "residents")
    year.add("key_deletion_scheduled", "health")
    scanned(year, {"kansho/keys": place(1, 9)})
    for name in ("residents", "health"):
        year.add("keys_destroyed", name)
    certified(year)


def ordered_late(type: str) -> _Log:
    """A service is told of a key only when everything was searched."""

    def log(year: Year) -> None:
        year.add("inventory_taken", "i", codes={"database": "unseen"})
        scanned(year, {})
        year.add(type, "residents")
        year.add("keys_destroyed", "residents")
        certified(year)

    return log


def of_the_scan(year: Year) -> None:
    """The scan's own values and key end after it; and a key that opens nobody's data is no matter of it."""
    scanned(year, {})
    for type_ in ("snapshot_erased", "holding_erased"):
        year.add(type_, "residue_needles/year")
    year.add("keys_destroyed", "needles")
    year.add("keys_destroyed", "signing")
    certified(year)


def searched(places: Any, events: int = 0) -> _Log:
    def log(year: Year) -> None:
        for number in range(events):
            year.add("stage_finished", f"s{number}")
        scanned(year, places)
        certified(year)

    return log


def returned(*keys: str) -> _Log:
    """Media come back and papers go out in this order."""

    def log(year: Year) -> None:
        for key in keys:
            if key.startswith("documents/"):
                year.add("document_issued", key, codes={"kind": "media_return"})
            else:
                year.add("medium_returned", key)
        certified(year)

    return log


PAPER = "documents/media-return.pdf"
FEW = ["STATE-SCAN-FEW residue_scanned scan-1"]
LOGS: dict[str, tuple[_Log, list[str]]] = {
    "nothing": (lambda y: None, []),
    "a certification alone": (certified, []),
    "holdings, and no key yet": (lambda y: y.add("holding_erased", "roster/d01"), []),
    "a key service that takes its time": (from_a_service, []),
    "a service told after the scan": (
        ordered_late("key_deletion_ordered"),
        ["STATE-SCAN-EARLY key_deletion_ordered residents"],
    ),
    "a service that said so after the scan": (
        ordered_late("key_deletion_scheduled"),
        ["STATE-SCAN-EARLY key_deletion_scheduled residents"],
    ),
    "what the scan needed": (of_the_scan, []),
    "no scan": (lambda y: (y.add("keys_destroyed", "residents"), certified(y)), []),
    "places that are no places": (searched("kansho"), []),
    "a place that says nothing": (searched({"kansho/keys": "searched", "kansho/ledger": 9}), []),
    "an empty folder": (searched({"airflow": place(0, 0)}), []),
    "as many files as events": (searched({"kansho/ledger": place(5, 9)}, 5), []),
    "fewer files than events": (searched({"kansho/ledger": place(4, 9)}, 5), FEW),
    "fewer objects than events": (searched({"s3:ledger": place(4, 9)}, 5), FEW),
    "files without a number": (searched({"s3:ledger": {"files": "many"}}, 1), FEW),
    "a file of no byte": (searched({"kansho/keys": place(1, 0)}), FEW),
    "media, and then their paper": (returned("d01", "d02", PAPER), []),
    "a medium after the paper": (returned("d01", PAPER, "d02"), ["STATE-RETURN-PAPER medium_returned d02"]),
    "a paper of no medium": (returned(PAPER), []),
    "counted again before the erasure": (
        lambda y: [y.add("inventory_taken", f"i{n}", codes={"database": "none"}) for n in range(2)],
        [],
    ),
    "counted again after it": (
        lambda y: (y.add("traces_purged", "attempt-1"), y.add("inventory_taken", "i2"), y.add("erasure_planned", "p2")),
        ["STATE-PLAN-AGAIN inventory_taken i2", "STATE-PLAN-AGAIN erasure_planned p2"],
    ),
    "what went to the ward": (
        lambda y: (y.add("package_handed_over", "ward/handover/h", codes={"party": "ward"}), certified(y)),
        [],
    ),
    "what went to nobody": (lambda y: (y.add("package_handed_over", "x/y/z"), certified(y)), []),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_the_end_is_told_and_nothing_else(name: str, mini: CampaignConfig) -> None:
    log, expected = LOGS[name]
    year = Year(mini)
    log(year)
    assert told(year) == expected
