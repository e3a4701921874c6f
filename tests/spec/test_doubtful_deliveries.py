"""What the door takes in and a gate doubts: which rule, how many rows, and that nothing doubtful becomes a fact.

The corpus is data: `tests/corpus/doubts.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kansho.errors import KanshoError
from kansho.intake.stage import find_deliveries, take_in
from kansho.intake.validation import ACCEPTED, accept_validated, check_raw, find_raw
from kansho.standing import require_fresh_stop_list
from kansho.workspace import Workspace
from tests.corpus.doubts import DOUBTED, PEOPLE, Doubted, N
from tests.corpus.model import CANARIES, Spoil
from tests.deliveries import Delivery, people, stops

Open = Callable[[date], Workspace]
FIRST, DAY = date(2027, 4, 20), date(2027, 4, 27)
CANARY = "別役"


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name) for e in DOUBTED])
def test_is_doubted_by_its_rule(open_workspace: Open, entry: Doubted) -> None:
    ws = open_workspace(DAY)
    if entry.mapping:
        ws = replace(ws, config=ws.config.model_copy(update={"mappings": (entry.mapping,)}))
    if entry.before:
        first = replace(ws, today=FIRST)
        accept_validated(first, _checked(first, "d01", entry.before))
    facts = {kind: len(ws.snapshots(kind)) for kind in ACCEPTED.values()}

    checked = _checked(ws, "d02", entry.spoil)

    gate = ws.ledger.find("gate_evaluated", f"{entry.table}/d02")
    assert gate is not None
    assert gate.counts[f"rule.{entry.rule}"] == entry.rows
    assert gate.codes[f"rule.{entry.rule}"] == entry.effect
    assert (gate.codes["result"], gate.counts["quarantined"]) == (entry.result, entry.aside)
    assert checked["gate_result"] == entry.result
    said = json.dumps([e.to_json() for e in ws.ledger.events()], ensure_ascii=False)
    said += ws.read_table(ws.latest("gate_summary")).to_csv()
    assert [value for value in (*CANARIES, CANARY) if value in said] == []
    if entry.result == "pass":
        _the_others_become_facts(ws, entry, checked)
    else:
        with pytest.raises(KanshoError, match={"stop": "GATE-STOPPED", "hold": "EXCHANGE-AUTHORITY"}[entry.result]):
            accept_validated(ws, checked)
        assert {kind: len(ws.snapshots(kind)) for kind in ACCEPTED.values()} == facts
        assert ws.find("quarantine", f"{entry.table}-d02") is None


def _the_others_become_facts(ws: Workspace, entry: Doubted, checked: dict[str, Any]) -> None:
    accept_validated(ws, checked)
    kept = ws.find(ACCEPTED[entry.table], "d02")
    gate = ws.ledger.find("gate_evaluated", f"{entry.table}/d02")
    assert kept is not None
    assert gate is not None
    assert kept.rows == gate.counts["rows"] - entry.aside
    aside = ws.find("quarantine", f"{entry.table}-d02")
    assert (0 if aside is None else aside.rows) == entry.aside
    if aside is not None:
        assert ws.read_table(aside)["reason"].tolist() == [entry.rule] * entry.aside


def _checked(ws: Workspace, name: str, spoil: Spoil) -> dict[str, Any]:
    """What the gates say of a delivery that the door has taken in."""
    delivery = Delivery(name, issued_on=ws.today)
    spoil(delivery)
    delivery.put(ws).unlock(ws)
    found = find_deliveries(ws, {})
    assert found is not None
    assert take_in(ws, found)["accepted"] == [name]
    work = find_raw(ws, {})
    assert work is not None
    return check_raw(ws, work)


# -- stop lists that no gate can see through -----------------------------------------------------------


def _old(d: Delivery) -> None:
    d.issued_on = date(2027, 2, 1)
    d.add("target_list", people(3)).add("stop_list", stops((N[0], "1", "")))


def _good(d: Delivery) -> None:
    d.add("target_list", people(3)).add("stop_list", stops((N[0], "1", "")))


def _spoiled(d: Delivery) -> None:
    d.add("stop_list", stops((N[0], "1", "")), extra="世帯主氏名")


def test_a_stop_list_that_is_too_old_stops_every_contact(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    accept_validated(ws, _checked(ws, "d01", _old))
    with pytest.raises(KanshoError, match="STOP-STALE"):
        require_fresh_stop_list(ws)


def test_behind_a_stop_list_that_was_refused_the_one_before_is_not_used(open_workspace: Open) -> None:
    ws = open_workspace(DAY)
    accept_validated(ws, _checked(ws, "d01", _good))
    require_fresh_stop_list(ws)
    bad = Delivery("d02")
    _spoiled(bad)
    bad.put(ws).unlock(ws)
    found = find_deliveries(ws, {})
    assert found is not None
    assert [r["code"] for r in take_in(ws, found)["refused"]] == ["INTAKE-COLUMN-FORBIDDEN"]
    with pytest.raises(KanshoError, match="STOP-UNDECIDED"):
        require_fresh_stop_list(ws)


def test_the_people_of_the_corpus_keep_every_rule(open_workspace: Open) -> None:
    """Else an entry might be doubted for another reason than its own."""
    ws = open_workspace(DAY)
    checked = _checked(ws, "d01", lambda d: d.add("target_list", people(PEOPLE)))
    assert checked["gate_result"] == "pass"
    assert checked["counts"] == {"rows": PEOPLE, "accepted": PEOPLE, "quarantined": 0}
