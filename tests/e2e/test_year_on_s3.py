"""The same year on S3 as on the local store: the same evidence, but for places, times and what keys make.

The people and the seed are those of ``test_year_without_airflow.py``; the papers of both are blank pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.residue import ScanResult, scan
from kansho.evidence.verify import verify_bundle
from kansho.vault.storage import elsewhere
from tests.immediate import ImmediateYear
from tests.played import Played, canaries, play
from tests.s3_server import EVIDENCE, PERSONAL, client_of, deploy, on_s3, said, small_site
from tests.same_evidence import (
    BY_CHANCE,
    DIGESTS,
    LAWFUL,
    account_of,
    certificate_of,
    compare_events,
    compared,
    outputs_of,
)
from tests.small_cloud import Cloud
from tests.unit.closing_year import blank_documents

pytestmark = pytest.mark.timeout(900)


@dataclass
class OnS3(Played):
    """A year on S3 that has ended, and the cloud it was played on."""

    cloud: Cloud


@pytest.fixture(scope="module")
def on_bucket(
    played: Played, mini_as_filed: CampaignConfig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OnS3]:
    """``played`` comes first, for the faces of its cards are kept and used again."""
    with small_site() as cloud, pytest.MonkeyPatch.context() as patch:
        blank_documents(patch)
        config, var = on_s3(mini_as_filed, cloud.address), tmp_path_factory.mktemp("s3") / "var"
        deploy(var, said(cloud.address))

        def look(year: ImmediateYear, number: int, day: date) -> ScanResult | None:
            wanted = day == config.closing.handover_on
            return scan([], canaries(year), stores=elsewhere(config, var / "kansho")) if wanted else None

        ended = play(config, var, look)
        yield OnS3(ended.year, ended.scans, ended.pulled, ended.printed, ended.kills, cloud)


def test_the_same_tasks_were_killed(played: Played, on_bucket: OnS3) -> None:
    assert on_bucket.kills == played.kills > 60


def test_every_event_is_the_same(played: Played, on_bucket: OnS3) -> None:
    made = compare_events(played.events, on_bucket.events)
    assert made.unlawful() == {}
    assert made.torn == set()
    assert len(made.digests) > 20  # the two years' keys differ, so this compared something


def test_counts_equations_clauses_and_obligations_are_the_same(played: Played, on_bucket: OnS3) -> None:
    one, other = (account_of(year.events, year.year.config) for year in (played, on_bucket))
    assert one["counts"] == other["counts"]
    assert one["reconciliations"] == other["reconciliations"]
    assert len(one["reconciliations"]) > 30
    assert one["clauses"] == other["clauses"]
    owed = compared("obligation", one["obligations"], other["obligations"])
    assert (owed.values, owed.torn) == ({}, set())  # the name of one ends in the digest of its plan
    assert len(one["obligations"]) > 200


def test_the_same_papers_are_left_and_the_same_certificate(played: Played, on_bucket: OnS3) -> None:
    assert Counter(outputs_of(played.outputs)) == Counter(outputs_of(on_bucket.outputs))
    assert compared("certificate", *map(certificate_of, (played.outputs, on_bucket.outputs))).unlawful() == {}


def test_what_may_differ_is_named_and_nothing_is_named_in_vain(played: Played, on_bucket: OnS3) -> None:
    made = compare_events(played.events, on_bucket.events)
    made.compare("certificate", *map(certificate_of, (played.outputs, on_bucket.outputs)))
    places = {*made.values, *made.digests}
    named = {*LAWFUL, *DIGESTS} - BY_CHANCE
    assert {name for name in named if not any(fnmatchcase(place, name) for place in places)} == set()


def test_the_evidence_of_the_year_on_s3_verifies(on_bucket: OnS3) -> None:
    bundle = on_bucket.outputs / f"evidence-{on_bucket.year.config.id}.zip"
    assert [f.line for f in verify_bundle(bundle, on_bucket.outputs / "checkpoint.txt")] == []


def test_nothing_is_left_in_the_personal_bucket_and_the_log_was_written_once(on_bucket: OnS3) -> None:
    client, state = client_of(on_bucket.cloud.address), on_bucket.cloud.state
    assert not {"Versions", "DeleteMarkers"} & client.list_object_versions(Bucket=PERSONAL).keys()
    assert "Uploads" not in client.list_multipart_uploads(Bucket=PERSONAL)
    written = {call.key for call in on_bucket.cloud.calls if call.operation == "PutObject" and call.bucket == PERSONAL}
    assert len(written) > 100  # the personal data did lie there
    kept = state.versions[EVIDENCE]
    assert {len(versions) for versions in kept.values()} == {1}
    assert all(version.locked for versions in kept.values() for version in versions)
    assert not {"vault", "needles", "ledger"} & {path.name for path in (on_bucket.year.var / "kansho").iterdir()}


def test_nothing_of_a_resident_is_in_the_evidence_bucket_nor_ever_was_unsealed(on_bucket: OnS3, tmp_path: Path) -> None:
    """What the cloud itself keeps is searched, not what the library thinks is there."""
    assert [s.by_file for s in on_bucket.scans] == [{}]
    assert on_bucket.scans[0].files > 500
    kept = [version.body for versions in on_bucket.cloud.state.versions[EVIDENCE].values() for version in versions]
    for number, body in enumerate(kept):
        (tmp_path / str(number)).write_bytes(body or b"")
    found = scan([on_bucket.year.var / "kansho", tmp_path], canaries(on_bucket.year))
    assert found.clean
    assert found.files > len(on_bucket.events)
