"""What a scan must have searched, by the configuration and by the log: nothing is found where nobody looked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.certified import certified_part
from kansho.evidence.methods import BY_HAND
from kansho.evidence.scan_rules import scan_findings
from kansho.evidence.whole import whole_certificate
from kansho.exchange.slips import Method
from tests.unit.attacks import changed, coded, counted, dropped, event_of, late
from tests.unit.evidence_year import PLACES, Year, lawful_year, scanned

FAR = {"s3:ledger": (90, 9000), "s3:needles": (1, 700), "s3:vault": (0, 0)}
HERE = {place: told for place, told in PLACES.items() if place not in ("kansho/ledger", "kansho/needles")}


def told(year: Year) -> set[tuple[str, str]]:
    """Code, and the place or count that it is about."""
    return {(f.code, f.text.rpartition(": ")[2].partition(" ")[0]) for f in scan_findings(year.events, year.facts)}


@pytest.fixture
def year(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


def with_objects(config: CampaignConfig) -> CampaignConfig:
    """The same campaign, whose objects lie in a declared bucket."""
    bucket = config.closing.storage[0].model_copy(update={"id": "bucket", "kind": "object_storage"})
    return config.model_copy(update={"closing": config.closing.model_copy(update={"storage": (bucket,)})})


def test_a_declared_object_store_is_searched_in_all_its_parts(mini: CampaignConfig) -> None:
    year = lawful_year(with_objects(mini))
    assert told(year) == {("STATE-SCAN-PLACES", place) for place in FAR}
    scanned(year, "scan-2", {**HERE, **FAR})
    assert told(year) == set()
    scanned(year, "scan-3", {**PLACES, **FAR, "s3:ledger": (0, 0)})  # the log is never empty
    assert told(year) == {("STATE-SCAN-PLACES", "s3:ledger")}


def test_nothing_is_certified_on_a_scan_that_left_something_out(year: Year) -> None:
    config = year.config.model_dump(mode="json")
    assert whole_certificate(certified_part(year.events), config)["state"] == "final"
    changed("residue_scanned", refs={})(year)
    with pytest.raises(KanshoError, match="CERTIFY-INCOMPLETE") as caught:
        whole_certificate(certified_part(year.events), config)
    assert caught.value.place == "residue_scanned"


def test_only_the_last_scan_counts_and_no_scan_is_found_elsewhere(year: Year) -> None:
    scanned(year, "scan-2", {})
    assert {code for code, _ in told(year)} == {"STATE-SCAN-PLACES"}
    scanned(year, "scan-3")
    assert told(year) == set()
    dropped("residue_scanned")(year)
    assert told(year) == set()


def test_a_home_without_files_was_searched_unless_something_was_purged_there(year: Year) -> None:
    scanned(year, "scan-2", {**PLACES, "airflow": (0, 0)})
    assert told(year) == {("STATE-SCAN-PLACES", "airflow")}
    year.events = [replace(e, counts={}) if e.type == "traces_found" else e for e in year.events]
    assert told(year) == set()
    scanned(year, "scan-3", {place: n for place, n in PLACES.items() if place != "airflow"})
    assert told(year) == {("STATE-SCAN-PLACES", "airflow")}
    scanned(year, "scan-4", {**{place: n for place, n in PLACES.items() if place != "airflow"}, "airflow/logs": (1, 1)})
    assert told(year) == set()


def test_a_database_elsewhere_is_a_place_of_its_own(year: Year) -> None:
    coded("traces_purged", "attempt-2", place="database")(year)
    assert told(year) == {("STATE-SCAN-PLACES", "database")}
    scanned(year, "scan-2", {**PLACES, "database": (40, 4000)})
    assert told(year) == set()
    changed("traces_purged", "attempt-2", codes={})(year)  # as a log wrote it that does not say where
    assert told(year) == set()


def test_without_a_document_there_may_be_no_outputs(year: Year) -> None:
    scanned(year, "scan-2", {place: n for place, n in PLACES.items() if place != "kansho/outputs"})
    assert told(year) == {("STATE-SCAN-PLACES", "kansho/outputs")}
    dropped("document_issued")(year)
    assert told(year) == set()


def test_there_is_a_value_for_each_person_of_the_largest_roster(year: Year) -> None:
    counted("residue_scanned", needles=97)(year)
    assert told(year) == set()
    counted("residue_scanned", needles=96)(year)
    assert {code for code, _ in told(year)} == {"STATE-SCAN-NEEDLES"}
    late("snapshot_stored", "roster/d02", refs={"holding": {"kind": "roster", "rows": True}})(year)
    counted("residue_scanned", needles=97)(year)
    assert told(year) == set()
    by_another_name = {"holding": {"kind": "artwork", "rows": 98}}
    late("snapshot_stored", "roster/d03", refs=by_another_name)(year)
    assert {code for code, _ in told(year)} == {"STATE-SCAN-NEEDLES"}


@pytest.mark.parametrize("name", ["files", "bytes", "hits", "unread"])
def test_each_count_is_the_sum_of_its_places(name: str, year: Year) -> None:
    scan = event_of(year, "residue_scanned")
    places = {place: dict(said) for place, said in scan.refs["places"].items()}
    for wrong in (None, True, "1", -1, 7):
        said = {**places, "kansho/outputs": {**places["kansho/outputs"], name: wrong}}
        changed("residue_scanned", refs={"places": said})(year)
        assert ("STATE-SCAN-FORM", name) in told(year), wrong
    for odd in (3, None, ["files"]):
        changed("residue_scanned", refs={"places": {**places, "odd": odd}})(year)
        assert ("STATE-SCAN-FORM", name) in told(year), odd
    changed("residue_scanned", refs=scan.refs, counts={n: c for n, c in scan.counts.items() if n != name})(year)
    assert told(year) == {("STATE-SCAN-FORM", name)}


def test_an_odd_roster_is_no_number_of_people(year: Year) -> None:
    for refs in ({}, {"holding": 3}, {"holding": {"kind": "roster", "rows": "many"}}):
        year.events.append(replace(event_of(year, "snapshot_stored"), key="roster/odd", refs=refs))
        assert told(year) == set()


@pytest.mark.parametrize("wrong", [None, 3, [None], "x"])
@pytest.mark.parametrize("part", ["ward", "contract", "parties", "places"])
def test_a_configuration_of_another_shape_certifies_nothing(part: str, wrong: Any, year: Year) -> None:
    config = year.config.model_dump(mode="json")
    with pytest.raises(KanshoError, match="CONFIG-FORM"):
        whole_certificate(certified_part(year.events), {**config, part: wrong})


def test_the_list_of_methods_is_that_of_the_slips() -> None:
    assert set(Method.__args__) == BY_HAND  # type: ignore[attr-defined]
