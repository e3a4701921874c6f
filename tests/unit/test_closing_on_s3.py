"""The end of a year whose objects lie on S3: what listings hide is found, nothing is certified before it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import stage
from kansho.closing.discovery import discover
from kansho.closing.finalise import finalise
from kansho.closing.inventory import differences, holdings, require_nothing_unknown
from kansho.closing.written_once import SAMPLE, sample
from kansho.errors import KanshoError
from kansho.evidence.events import Draft
from kansho.evidence.ledger import Ledger
from kansho.evidence.verify import verify_bundle
from kansho.vault.s3 import S3Store
from kansho.vault.s3_folders import level
from tests.s3_server import EVIDENCE, PERSONAL, Faults, client_of, deploy, on_s3, s3_site, said, small_site
from tests.small_cloud import Cloud
from tests.unit.closing_year import ClosingYear, closing_year, plain_papers


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with small_site() as made:
        yield made


@pytest.fixture
def endpoint(cloud: Cloud) -> str:
    return cloud.address


@pytest.fixture
def year(mini: CampaignConfig, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> ClosingYear:
    plain_papers(monkeypatch)
    deploy(tmp_path / "var", said(endpoint))
    return closing_year(on_s3(mini, endpoint), tmp_path / "var")


def test_a_year_on_s3_is_erased_to_its_last_version_and_its_evidence_verifies(year: ClosingYear, endpoint: str) -> None:
    client, campaign = client_of(endpoint), year.ws.config.id
    hidden = {"Bucket": PERSONAL, "Key": f"{campaign}/vault/roster/d01-copy"}
    half = {"Bucket": PERSONAL, "Key": f"{campaign}/vault/roster/d01"}

    client.put_object(**hidden, Body=b"sealed")
    client.delete_object(**hidden)  # as somebody would who thinks that this erases
    found = differences(year.ws, holdings(year.ws))
    assert found == {"unregistered": ["roster/d01-copy"], "vanished": []}
    year.ws.vault.store.erase("roster/d01-copy")

    client.create_multipart_upload(**half)
    year.until_erased()
    assert not client.list_multipart_uploads(Bucket=PERSONAL).get("Uploads")

    left = "residue_needles/roster/d01"  # as a task that was killed before it could register it would leave it
    for planted, store, code in (
        (hidden, year.ws.vault.store, "CLOSING-UNREGISTERED"),
        ({"Bucket": PERSONAL, "Key": f"{campaign}/needles/{left}"}, year.ws.needles.store, "CLOSING-STORE"),
    ):
        client.put_object(**planted, Body=b"sealed")
        client.delete_object(**planted)
        with pytest.raises(KanshoError, match=code):
            finalise(year.ws.config, year.ws.layout.var, no_database=True)
        assert year.ws.ledger.events("campaign_certified") == []
        for name in store.remains():
            store.erase(name)
    finalise(year.ws.config, year.ws.layout.var, no_database=True)
    outputs = year.ws.layout.outputs
    assert verify_bundle(outputs / f"evidence-{campaign}.zip", outputs / "checkpoint.txt") == []
    there = client.list_object_versions(Bucket=PERSONAL)
    assert not there.get("Versions")
    assert not there.get("DeleteMarkers")
    kept = client.list_object_versions(Bucket=EVIDENCE)["Versions"]
    assert len(kept) == len({version["Key"] for version in kept}) > year.ws.ledger.size
    assert not any((year.ws.layout.kansho / part).exists() for part in ("vault", "needles", "ledger"))


def test_what_lies_in_the_buckets_and_belongs_to_no_campaign_stops_the_closing(
    year: ClosingYear, endpoint: str
) -> None:
    """As beside the local store: folders and loose objects of nobody, hidden and half uploaded ones too."""
    client = client_of(endpoint)
    other = Ledger("katsushika_2027", S3Store(client, EVIDENCE, "katsushika_2027/ledger"))
    opening = Draft("campaign_opened", "katsushika_2027", year.ws.today, year.ws.actor, codes={"simulation": "true"})
    other.append(opening)
    for part in ("vault/roster/d01", "needles/residue_needles/year"):
        client.put_object(Bucket=PERSONAL, Key=f"katsushika_2027/{part}", Body=b"sealed")
    assert discover(year.ws).unknown == ()

    def marked(key: str) -> None:
        client.put_object(Bucket=PERSONAL, Key=key, Body=b"x")
        client.delete_object(Bucket=PERSONAL, Key=key)

    planted: dict[str, Callable[[], object]] = {
        "s3:personal/backup": lambda: client.put_object(Bucket=PERSONAL, Key="backup/2027/roster.csv", Body=b"x"),
        "s3:personal/copy.zip": lambda: client.put_object(Bucket=PERSONAL, Key="copy.zip", Body=b"x"),
        "s3:personal/hidden": lambda: marked("hidden/roster.csv"),
        "s3:personal/half": lambda: client.create_multipart_upload(Bucket=PERSONAL, Key="half/roster.csv"),
        "s3:personal/katsushika_2027": lambda: client.put_object(Bucket=PERSONAL, Key="katsushika_2027", Body=b"x"),
        "s3:personal/katsushika_2027/export": lambda: client.put_object(
            Bucket=PERSONAL, Key="katsushika_2027/export/a.csv", Body=b"x"
        ),
        "s3:evidence/dump": lambda: client.put_object(Bucket=EVIDENCE, Key="dump/ledger/events/a.json", Body=b"x"),
        "s3:evidence/katsushika_2027/roster.csv": lambda: client.put_object(
            Bucket=EVIDENCE, Key="katsushika_2027/roster.csv", Body=b"x"
        ),
    }
    for number, (place, plant) in enumerate(planted.items(), 1):
        plant()
        assert discover(year.ws).unknown == tuple(sorted([*planted][:number])), place
    with pytest.raises(KanshoError, match="CLOSING-UNKNOWN") as refused:
        require_nothing_unknown(year.ws)
    assert "ほか3件" in str(refused.value.place)
    assert "export" not in str(refused.value.place)


def test_folders_of_a_bucket_are_seen_page_by_page() -> None:
    with s3_site() as address:
        client = client_of(address)
        for number in range(7):
            client.put_object(Bucket=PERSONAL, Key=f"ward{number}/vault/a", Body=b"x")
        for number in range(3):
            client.put_object(Bucket=PERSONAL, Key="loose", Body=str(number).encode())
        listed = client.list_object_versions
        pages: list[int] = []

        def two(**asked: Any) -> Any:
            pages.append(1)
            return listed(**asked, MaxKeys=2)

        client.list_object_versions = two
        assert level(client, PERSONAL, uploads=True) == ["loose", *(f"ward{number}/" for number in range(7))]
        assert level(client, PERSONAL, "ward3/") == ["vault/"]
        assert len(pages) > 4


def test_an_erasure_that_s3_refuses_half_way_is_recorded_for_what_was_done_and_goes_on(year: ClosingYear) -> None:
    year, plan = year.until_plan()
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
    year.put_slips()
    work = stage.return_media(year.ws, plan)
    store = year.ws.vault.store
    assert isinstance(store, S3Store)
    faults = Faults(store._client)
    faults.refuse_some("AccessDenied", every=1, after=3)
    with pytest.raises(KanshoError, match="S3-NOT-ERASED"):
        stage.execute_erasure(year.ws, work)
    erased = {e.key for e in year.ws.ledger.events("holding_erased")}
    assert len(erased) == 3
    assert not any(store.residue(name) for name in erased)
    assert year.ws.ledger.events("keys_destroyed") == []
    with pytest.raises(KanshoError, match="CLOSING-NOT-ERASED"):
        finalise(year.ws.config, year.ws.layout.var, no_database=True)
    faults.forget()
    stage.execute_erasure(year.ws, work)
    assert store.remains() == {}
    gone = [e.key for e in year.ws.ledger.events("holding_erased")]
    assert sorted(gone) == sorted(year.ws.ledger.events("erasure_planned")[-1].refs["targets"])


def overwritten(client: Any, key: str) -> None:
    """As somebody who may write: the very same bytes, so that no digest and no signature tells."""
    found = client.get_object(Bucket=EVIDENCE, Key=key)
    client.put_object(Bucket=EVIDENCE, Key=key, Body=found["Body"].read(), Metadata=found["Metadata"])


def hidden(client: Any, key: str) -> None:
    """Deleted, and written again: the marker between the two stays."""
    found = client.get_object(Bucket=EVIDENCE, Key=key)
    client.delete_object(Bucket=EVIDENCE, Key=key)
    client.put_object(Bucket=EVIDENCE, Key=key, Body=found["Body"].read(), Metadata=found["Metadata"])


@pytest.mark.parametrize(
    ("name", "value"), [("retain-until-date", "2028-01-01T00:00:00Z"), ("mode", "NONE"), ("mode", "")]
)
def test_a_log_of_which_anything_stands_under_a_weaker_lock_is_not_certified(
    name: str, value: str, year: ClosingYear, cloud: Cloud
) -> None:
    """Shorter, of another mode, or none that may be seen; once it is put right, the year ends."""
    year.until_erased()
    key, objects = f"{year.ws.config.id}/ledger/events/0000000003.json", cloud.state.versions[EVIDENCE]
    right = objects[key]
    headers = {**right[0].headers, f"x-amz-object-lock-{name}": value}
    objects[key] = (replace(right[0], headers={n: v for n, v in headers.items() if v}),)
    with pytest.raises(KanshoError, match="LEDGER-LOCK") as refused:
        finalise(year.ws.config, year.ws.layout.var, no_database=True)
    assert refused.value.place == "events/0000000003.json"
    assert year.ws.ledger.events("campaign_certified") == []
    objects[key] = right
    assert finalise(year.ws.config, year.ws.layout.var, no_database=True)["state"] == "final"


def test_of_a_long_log_the_lock_is_asked_for_of_a_sample_with_both_its_ends() -> None:
    names = [f"events/{number:010d}.json" for number in range(10_000)]
    asked = sample(names)
    assert (len(asked), asked[0], asked[-1], len(set(asked))) == (SAMPLE, names[0], names[-1], SAMPLE)
    assert sample(names[:SAMPLE]) == names[:SAMPLE]


@pytest.mark.parametrize("tamper", [overwritten, hidden])
def test_a_log_of_which_anything_was_written_twice_is_not_certified(
    tamper: Callable[[Any, str], None], year: ClosingYear, endpoint: str
) -> None:
    year.until_erased()
    tamper(client_of(endpoint), f"{year.ws.config.id}/ledger/events/0000000003.json")
    with pytest.raises(KanshoError, match="LEDGER-VERSIONS") as refused:
        finalise(year.ws.config, year.ws.layout.var, no_database=True)
    assert refused.value.place == "events/0000000003.json"
    assert year.ws.ledger.events("campaign_certified") == []
    assert not (year.ws.layout.outputs / "certificate.json").exists()
