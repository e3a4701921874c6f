"""The end of a year whose objects lie on S3: what listings hide is found, nothing is certified before it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import stage
from kansho.closing.finalise import finalise
from kansho.closing.inventory import differences, holdings
from kansho.errors import KanshoError
from kansho.evidence.verify import verify_bundle
from kansho.vault.s3 import S3Store
from tests.s3_server import EVIDENCE, PERSONAL, Faults, client_of, deploy, on_s3, said, small_site
from tests.unit.closing_year import ClosingYear, closing_year, plain_papers


@pytest.fixture
def endpoint() -> Iterator[str]:
    with small_site() as cloud:
        yield cloud.address


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
