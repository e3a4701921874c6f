"""The catalogue: every rule has words and an owner, is tuned by a ward's file, and refuses what nobody may tune."""

from __future__ import annotations

import re

import pytest

from kansho.campaign.config import CampaignConfig, RuleTuning
from kansho.campaign.rights import Role
from kansho.contracts.registry import REGISTRY
from kansho.errors import KanshoError
from kansho.quality.catalogue import catalogue, check_tuning, kinds, rule, rules_of
from kansho.quality.definitions import SEVERITIES, RuleDef
from kansho.quality.listed_rules import SETTLED_ELSEWHERE
from kansho.quality.suites import EXTRA_RULES, suite_of

ALL = [r for rules in catalogue().values() for r in rules.values()]
_JAPANESE = re.compile(r"[ぁ-んァ-ン一-龯]")


def _tuned(config: CampaignConfig, *tunings: RuleTuning) -> CampaignConfig:
    return config.model_copy(update={"rules": tunings})


@pytest.mark.parametrize("found", ALL, ids=lambda r: f"{r.contract}/{r.id}")
def test_every_rule_tells_staff_what_is_wrong_and_what_to_do(found: RuleDef) -> None:
    for text in (found.message, found.remedy):
        assert _JAPANESE.search(text)
        assert not text.endswith("。")  # the page ends the sentence
        assert not re.search(r"\d{3}-\d{4}", text)  # no example that looks like a person's value
    assert found.severity in found.allowed
    assert set(found.allowed) <= set(SEVERITIES)
    assert set(found.columns) <= set(REGISTRY[found.contract].names)


@pytest.mark.parametrize("kind", kinds())
def test_the_suite_asks_exactly_the_rules_of_rows(kind: str) -> None:
    asked = {e["meta"]["rule"] for e in suite_of(REGISTRY[kind])["expectations"]}
    assert asked == {r.id for r in rules_of(kind).values() if r.of_rows}
    assert set(EXTRA_RULES[kind]) == {r.id for r in rules_of(kind).values() if r.of_rows and r.kind != "column"}


def test_a_ward_tunes_severity_threshold_and_owner(mini: CampaignConfig) -> None:
    tuned = _tuned(mini, RuleTuning(rule="phone.valid", severity="hold", threshold=0.3, owner=Role.WARD_OFFICER))
    check_tuning(tuned)
    found = rule("target_list", "phone.valid", tuned)
    assert (found.severity, found.threshold, found.owner) == ("hold", 0.3, Role.WARD_OFFICER)
    assert rule("target_list", "phone.valid", mini).severity == "warn"
    assert rule("target_list", "postal.town", tuned) == rule("target_list", "postal.town", mini)


def test_what_is_said_for_one_contract_goes_before_what_is_said_for_all(mini: CampaignConfig) -> None:
    tuned = _tuned(
        mini,
        RuleTuning(rule="number.known", threshold=0.5),
        RuleTuning(rule="analysis_items/number.known", threshold=0.1),
    )
    check_tuning(_tuned(mini, RuleTuning(rule="analysis_items/number.known", threshold=0.1)))
    assert rule("analysis_items", "number.known", tuned).threshold == 0.1
    assert rule("attendance_update", "number.known", tuned).threshold == 0.5


def test_the_owner_of_a_gate_owns_its_rules(mini: CampaignConfig) -> None:
    gate = mini.gates[0].model_copy(update={"gate": "target_list", "owner": Role.WARD_MANAGER})
    found = rule("target_list", "sex.code", mini.model_copy(update={"gates": (gate,)}))
    assert found.owner is Role.WARD_MANAGER


@pytest.mark.parametrize(
    ("name", "severity", "code"),
    [
        ("no.rule", None, "RULE-UNKNOWN"),
        ("stop_list/phone.valid", None, "RULE-UNKNOWN"),
        ("no_kind/phone.valid", None, "RULE-UNKNOWN"),
        ("STOP-SHRUNK", "warn", "RULE-SEVERITY"),  # a stop list fails closed
        ("STOP-UNKNOWN", "warn", "RULE-SEVERITY"),
        ("contact.rules", "warn", "RULE-FIXED"),  # what must not be collected is not for a ward to allow
        ("sex.code", "warn", "RULE-SEVERITY"),  # a fact is as its contract says
        ("key.unique", "hold", "RULE-SEVERITY"),
        ("drift.rows", "quarantine", "RULE-SEVERITY"),  # a table has no rows to set aside
    ],
)
def test_a_tuning_that_cannot_be_is_refused(mini: CampaignConfig, name: str, severity: str | None, code: str) -> None:
    tuning = RuleTuning.model_validate({"rule": name, "severity": severity, "threshold": 0.1})
    with pytest.raises(KanshoError) as caught:
        check_tuning(_tuned(mini, tuning))
    assert caught.value.code == code
    assert name.rpartition("/")[2] in caught.value.place


def test_rules_of_rooms_that_settle_by_themselves_cannot_be_tuned_in_vain(mini: CampaignConfig) -> None:
    for kind in SETTLED_ELSEWHERE:
        for name in rules_of(kind):
            with pytest.raises(KanshoError, match="RULE-FIXED"):
                check_tuning(_tuned(mini, RuleTuning(rule=f"{kind}/{name}", threshold=0.1)))
    everywhere = _tuned(mini, RuleTuning(rule="number.check_digit", severity="stop"))
    check_tuning(everywhere)
    assert rule("stop_list", "number.check_digit", everywhere).severity == "stop"
    assert rule("call_results", "number.check_digit", everywhere).severity == "quarantine"


def test_the_campaign_files_name_known_rules(mini: CampaignConfig, sample: CampaignConfig) -> None:
    check_tuning(mini)
    check_tuning(sample)


def test_a_rule_is_found_or_refused_by_name() -> None:
    assert rule("target_list", "key.unique").columns == ("inquiry_number",)
    for kind, name in (("target_list", "x"), ("print_list", "key.unique")):
        with pytest.raises(KanshoError, match="RULE-UNKNOWN"):
            rule(kind, name)
