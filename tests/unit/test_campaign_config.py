"""The year's configuration refuses what the contract forbids and names the path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from kansho.campaign.config import CampaignConfig, _Loader, load_config
from kansho.errors import KanshoError
from tests.conftest import MINI


def _edited(tmp_path: Path, edit: Callable[[dict], None]) -> Path:
    data = yaml.load(MINI.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    edit(data)
    path = tmp_path / "campaign.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def _segment(d: dict, name: str) -> dict:
    return next(s for s in d["targeting"]["segments"] if s["id"] == name)


def _flow(d: dict, kind: str) -> dict:
    return next(f for f in d["data_flow"] if f["kind"] == kind)


def _party(data: dict, party: str) -> dict:
    return next(p for p in data["parties"] if p["id"] == party)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.update(colour="red"), "colour: Extra inputs"),
        (lambda d: d["ward"].update(colour="red"), "ward.colour: Extra inputs"),
        (lambda d: _party(d, "printer")["works"].append("effect_analysis"), "may not leave 乙"),
        (lambda d: _party(d, "printer")["works"].append("overall_management"), "may not leave 乙"),
        (lambda d: _party(d, "printer").update(subcontracts_to=["other"]), "丙 may subcontract nothing"),
        (lambda d: _party(d, "printer").update(consent=None), "甲's consent is required"),
        (lambda d: d.update(opening_on="2027-03-31"), "outside the contract period"),
        (lambda d: d["closing"].update(erase_on="2028-02-01"), "outside the contract period"),
        (lambda d: d["capacity"].update(cards=10), "capacity.cards"),
        (lambda d: d["targeting"].update(holdout_consent=None), "hold-outs need 甲's consent"),
        (lambda d: d["handlers"][0].update(party="nobody"), "unknown party"),
        (lambda d: d["handlers"][0].update(place="nowhere"), "unknown place"),
        (lambda d: d["handlers"][0].update(role="call_staff"), "is not of a ward handler"),
        (lambda d: d["waves"]["visits"][0].update(k_anonymity=1), "waves.visits.0.k_anonymity"),
        (lambda d: d["data_flow"].append(dict(d["data_flow"][0])), "data_flow: ids must be unique"),
        (lambda d: _flow(d, "call_results").update(erase_after_days=90), "data_flow.call_results.erase_after_days"),
        (lambda d: _flow(d, "wave_assignment").update(erase_after_days=300), "after 甲 has receipted them (P11)"),
        (lambda d: _flow(d, "quarantine").update(erase_after_days=90), "data_flow.quarantine.erase_after_days"),
        (lambda d: _segment(d, "flagged").update(merge_into="nobody"), "segments.flagged.merge_into: unknown segment"),
        (lambda d: _segment(d, "flagged").update(merge_into="cancer_men"), "a segment of another group"),
        (lambda d: _segment(d, "continuous").update(merge_into="never"), "the chain of merges never ends"),
        (lambda d: d["gates"][0].update(owner="ward_officer"), "every gate must name the same owner"),
    ],
)
def test_a_breach_of_the_contract_is_refused_with_its_path(
    tmp_path: Path, edit: Callable[[dict], None], said: str
) -> None:
    with pytest.raises(KanshoError) as caught:
        load_config(_edited(tmp_path, edit))
    assert caught.value.code == "CONFIG-INVALID"
    assert said in caught.value.text


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text("fiscal_year: 2027\nfiscal_year: 2028\n", encoding="utf-8")
    with pytest.raises(KanshoError, match="CONFIG-INVALID"):
        load_config(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KanshoError, match="WARD_CONFIG"):
        load_config(tmp_path / "none.yaml")


def test_the_digest_follows_the_content_not_the_layout(tmp_path: Path, mini_as_filed: CampaignConfig) -> None:
    same = load_config(_edited(tmp_path, lambda d: None))
    other = load_config(_edited(tmp_path, lambda d: d["costs"].update(call=421)))
    assert same.digest == mini_as_filed.digest
    assert other.digest != mini_as_filed.digest
