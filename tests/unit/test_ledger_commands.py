"""``kansho ledger``: read by a person, chosen by clause, person and thing, proven to anybody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.cli import main
from kansho.evidence.events import EVENT_TYPES
from kansho.evidence.reading import Wanted, choose
from kansho.evidence.titles import TITLES
from kansho.oversight.handling import require_not_ahead
from kansho.vault.store import LocalStore
from tests.refusals import refused
from tests.unit.evidence_year import Year, lawful_year

CONFIG = Path(__file__).parents[1] / "campaigns" / "sumida_2027.yaml"
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def year(mini: CampaignConfig) -> Year:
    made = lawful_year(mini)
    hand = mini.handlers[0]
    codes = {"party": hand.party, "user": "another"}
    made.add("handler_registered", "h99", codes=codes, names={"name": "九十九 環"})
    made.add("training_recorded", "h99", codes={"on": "2027-04-01", "party": hand.party})
    made.add("comment_left", "proof/x/1", ("contractor", "another", "contractor_engineer"))
    made.add("medium_registered", "CDR-9", codes={"kind": "CD-R", "delivery": "d99"})
    made.add("medium_returned", "CDR-9", codes={"kind": "CD-R", "delivery": "d99", "to": "ward"})
    return made


@pytest.fixture(scope="module")
def var(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("var")
    store = LocalStore(root / "kansho" / "ledger" / year.config.id)
    for event in year.events:
        store.create(f"events/{event.sequence:010d}.json", event.canonical())
    for size in (9, len(year.events)):
        store.create(f"checkpoints/{size:010d}.txt", year.checkpoint(size).encode())
    return root


@pytest.fixture
def run(var: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def running(*arguments: object) -> tuple[int, str]:
        site = [] if arguments[0] == "check-proof" else ["--config", CONFIG, "--var", var]
        code = main(["ledger", *map(str, [*arguments, *site])])
        said = capsys.readouterr()
        return code, said.out + said.err

    return running


def test_every_type_of_event_has_a_title_and_no_other() -> None:
    assert set(TITLES) == set(EVENT_TYPES)
    assert len(set(TITLES.values())) == len(TITLES)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (Wanted(object="CDR-9"), ["CDR-9", "CDR-9"]),
        (Wanted(object="d99"), ["CDR-9", "CDR-9"]),
        (Wanted(object="d99", clause="P11"), ["CDR-9"]),
        (Wanted(person="another"), ["h99", "h99", "proof/x/1"]),
        (Wanted(person="h99"), ["h99", "h99", "proof/x/1"]),
        (Wanted(person="九十九 環", types=("comment_left",)), ["proof/x/1"]),
        (Wanted(object="proof/x"), ["proof/x/1"]),
        (Wanted(object="roof"), []),
        (Wanted(person="nobody"), []),
        (Wanted(types=("campaign_opened",), until=date(2027, 4, 1)), ["sumida_2027"]),
        (Wanted(types=("campaign_opened",), since=date(2027, 4, 2)), []),
    ],
)
def test_events_are_chosen_by_every_field(year: Year, wanted: Wanted, keys: list[str]) -> None:
    assert [e.key for e in choose(year.events, wanted)] == keys


def test_a_holding_is_found_with_what_was_made_from_it_and_its_end(year: Year) -> None:
    found = {e.type for e in choose(year.events, Wanted(object="roster/d01"))}
    assert {"snapshot_stored", "snapshot_erased", "holding_erased"} <= found
    assert len(choose(year.events, Wanted(object="roster"))) >= 3


def test_choosing_nothing_in_particular_shows_all(year: Year) -> None:
    assert choose(year.events, Wanted()) == year.events


def test_a_line_tells_number_day_title_key_clause_and_who(run: Run) -> None:
    code, said = run("show", "--object", "CDR-9")
    assert code == 0
    assert "媒体の受領  CDR-9  [D3]  contractor:system" in said
    assert "2 件" in said
    assert "contractor:九十九 環（contractor_engineer）" in run("show", "--type", "comment_left")[1]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("--clause", "P99"), "LEDGER-SHOW-CLAUSE"),
        (("--clause", "p3"), "LEDGER-SHOW-CLAUSE"),
        (("--person", "nobody"), "LEDGER-SHOW-PERSON"),
        (("--type", "medium"), "LEDGER-SHOW-TYPE"),
    ],
)
def test_what_no_log_could_hold_is_refused_and_not_counted_as_none(run: Run, asked: tuple[str, str], code: str) -> None:
    for command in ("show", "tail"):
        ended, said = run(command, *asked)
        assert (ended, code in said) == (1, True)


def test_a_reader_who_has_seen_enough_ends_the_command_quietly(var: Path) -> None:
    words = [sys.executable, "-m", "kansho.cli", "ledger", "show", "--config", str(CONFIG), "--var", str(var)]
    made = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert made.stdout is not None
    assert made.stderr is not None
    made.stdout.close()
    assert (made.stderr.read(), made.wait(60)) == (b"", 0)


def test_no_day_is_told_before_it_has_come(year: Year) -> None:
    last = max(e.campaign_date for e in year.events)
    now = datetime(2030, 1, 1, 20, tzinfo=UTC)  # the next day in Japan
    require_not_ahead(year.events, date.fromisoformat(last), now)
    with refused("HANDLING-AHEAD", place="2029-12-31"):
        require_not_ahead(year.events, date(2029, 12, 31), now)
    first = year.events[0]
    real = [replace(first, codes={**first.codes, "simulation": "false"}), *year.events[1:]]
    require_not_ahead(real, date(2030, 1, 2), now)
    with refused("HANDLING-AHEAD"):
        require_not_ahead(real, date(2030, 1, 3), now)
    require_not_ahead([], date(2030, 1, 3), now)


def test_tail_tells_the_newest_of_those_that_fit(run: Run, year: Year) -> None:
    code, said = run("tail", "-n", 1, "--json")
    assert (code, said) == (0, year.events[-1].canonical().decode() + "\n")
    assert run("tail", "-n", 1, "--type", "medium_registered", "--json")[1] == (
        year.events[-2].canonical().decode() + "\n"
    )
    assert run("tail", "-n", 0, "--json")[1] == ""


def test_one_event_is_told_whole(run: Run, year: Year) -> None:
    said = run("show", len(year.events) - 1)[1]
    for part in ("媒体の返却（medium_returned）", "CDR-9", "delivery = d99", "to = ward"):
        assert part in said
    assert json.loads(run("show", 3, "--json")[1])["sequence"] == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", 99999), "LEDGER-SHOW-RANGE"),
        (("show", "--type", "nothing"), "LEDGER-SHOW-TYPE"),
        (("prove",), "LEDGER-PROOF-WHAT"),
        (("prove", 1, "--consistency", 1, 9), "LEDGER-PROOF-WHAT"),
        (("prove", 99999), "LEDGER-SHOW-RANGE"),
        (("prove", "--consistency", 1, 8), "LEDGER-PROOF-UNSIGNED"),
        (("prove", 1, "--checkpoint", "/nowhere"), "LEDGER-SHOW-FILE"),
        (("check-proof", "/nowhere"), "LEDGER-SHOW-FILE"),
    ],
)
def test_what_cannot_be_told_is_refused(run: Run, arguments: tuple[object, ...], code: str) -> None:
    refused, said = run(*arguments)
    assert refused == 1
    assert code in said


def test_a_proof_goes_out_as_a_file_and_is_checked_without_the_campaign(run: Run, year: Year, tmp_path: Path) -> None:
    kept, key, proof = tmp_path / "kept.txt", tmp_path / "public-key.txt", tmp_path / "proof.json"
    kept.write_text(year.checkpoint(9), encoding="utf-8")
    from kansho.evidence.bundle import verifier_key

    key.write_text(verifier_key(year.config.id, year.public), encoding="ascii")
    assert run("prove", 4, "--checkpoint", kept, "--out", proof)[0] == 0
    code, said = run("check-proof", proof, "--checkpoint", kept, "--key", key)
    assert (code, said.startswith("OK 4 番の記録は、9 件の台帳")) == (0, True)
    assert "手元のもの" in run("check-proof", proof)[1]
    assert run("prove", "--consistency", kept, len(year.events), "--out", proof)[0] == 0
    assert run("check-proof", proof, "--checkpoint", kept)[0] == 0
    proof.write_text(proof.read_text(encoding="utf-8").replace('"size": 9', '"size": 8'), encoding="utf-8")
    assert run("check-proof", proof)[0] == 1


def test_a_checkpoint_of_another_log_is_told_at_once(
    run: Run, year: Year, mini: CampaignConfig, tmp_path: Path
) -> None:
    forged = Year(mini, signer=year.signer, events=[year.events[0], *year.events[2:]])
    other = tmp_path / "other.txt"
    other.write_text(forged.checkpoint(9), encoding="utf-8")
    for arguments in (("prove", 4, "--checkpoint", other), ("prove", "--consistency", other, len(year.events))):
        code, said = run(*arguments)
        assert (code, "LEDGER-PROOF-FORK" in said) == (1, True)
