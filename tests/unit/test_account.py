"""The account: every count named in the summary, every equation, and what is left out while the year runs."""

from __future__ import annotations

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.account import counts, reconciliations
from kansho.evidence.facts import ConfigFacts
from tests.unit.evidence_year import Year, lawful_year


@pytest.fixture
def year(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


def test_every_count_of_the_year(year: Year) -> None:
    made = counts(year.events)
    assert {k: made[k] for k in ("delivered", "accepted", "quarantined")} == {
        "delivered": 100, "accepted": 97, "quarantined": 3,
    }  # fmt: skip
    assert made["files"]["stop_list"] == {"delivered": 5, "accepted": 5, "quarantined": 0}
    assert made["eligible"] == {"kenshin": 80, "cancer": 14}
    assert (made["stopped"], made["held_out"], made["attended"], made["incidents"]) == (5, 8, 5, 1)
    assert made["cards"] == {
        "selected": 60, "unprintable": 2, "withdrawn": 1, "reprinted": 2, "printed": 59, "pulled": 3, "spoiled": 1,
        "posted": 55, "returned": 2,
    }  # fmt: skip
    assert made["calls"] == {"listed": 20, "attempted": 18, "reached": 9}
    assert made["visits"] == {"listed": 10, "made": 0}
    assert made["sheets"] == {"out": 4, "in": 4}


def test_an_empty_log_counts_nothing() -> None:
    assert counts([])["cards"]["posted"] == 0
    assert reconciliations([]) == []


def test_a_whole_year_balances(year: Year) -> None:
    year.finish()
    made = reconciliations(year.events)
    assert [r.name for r in made if not r.ok] == []
    names = {r.name.partition(" [")[0] for r in made}
    assert names == {
        "cards returned = cards in custody",
        "paper in custody = closed by hand",
        "delivered = accepted + quarantined",
        "accepted + added = roster",
        "accepted = stored",
        "put aside by the gate = stored",
        "days of sheets = days of halves",
        "stored = rows of the holding",
        "candidates <= roster",
        "held out <= held out by the plan",
        "printable = handed over",
        "pulls listed = handed over",
        "called = handed over + withdrawn",
        "halves <= rows on sheets",
        "pulls listed = withdrawn + pulled",
        "returned <= posted",
        "called <= assigned",
        "call results <= handed over",
        "rows on sheets <= listed",
        "reached <= accepted",
        "refused <= accepted",
        "stops <= records",
        "attendance accepted = counted",
        "attended + unknown <= rows",
        "moved <= attended",
        "roster = sum of outcomes",
        "candidates = assigned + held_out + not_contactable + over_capacity",
        "assigned = selected",
        "selected = printable + unprintable",
        "printable = printable reported",
        "printed = printable - withdrawn + reprinted",
        "printed = posted + pulled + spoiled",
        "selected = listed + not_visited",
        "rows = accepted + quarantined",
        "sheets out = sheets in",
        "inventory = sum of its kinds",
        "holdings in the vault = planned",
        "planned = erased",
        "media = returned",
        "keys = destroyed",
        "packages at others = inventoried",
        "packages handed over = certified",
        "traces found = removed + left",
        "snapshots stored = erased",
        "told = stored",
        "stored = handed back",
        "put aside = handed back",
        "refused = handed back",
        "notes held = told",
    }


@pytest.mark.parametrize(
    ("type", "name"),
    [
        ("print_reported", "printable = printable reported [mailing_1]"),
        ("sheets_in", "sheets out = sheets in [visit_1/2027-10-13/1]"),
        ("gate_evaluated", "delivered = accepted + quarantined [d01/stop_list]"),
    ],
)
def test_what_is_still_to_come_is_left_out_until_the_end(year: Year, type: str, name: str) -> None:
    year.drop(type)
    assert name not in {r.name for r in reconciliations(year.events)}
    year.finish()
    assert [r.ok for r in reconciliations(year.events) if r.name == name] == [False]


def test_facts_come_from_the_configs_own_json(mini: CampaignConfig) -> None:
    facts = ConfigFacts.from_json(mini.model_dump(mode="json"))
    assert facts.campaign == mini.id
    assert facts.subcontractors == ("call_centre", "printer", "visitors")
    assert facts.users["watanuki"].role == "contractor_manager"
    assert (facts.contract_start, facts.contract_end) == ("2027-04-01", "2028-01-31")


@pytest.mark.parametrize("value", [None, [], {}, {"ward": 1}, {"ward": {"slug": "x"}, "fiscal_year": 1}])
def test_what_is_no_config_has_no_facts(value: object) -> None:
    with pytest.raises(KanshoError, match="CONFIG-FORM"):
        ConfigFacts.from_json(value)
