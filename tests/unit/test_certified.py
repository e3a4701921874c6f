"""A certificate cannot be made while anything is unknown, failed, pending or not verified; rules say the same later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.bundle import sha256
from kansho.evidence.certified import certified_facts, certified_part, manual_closed
from kansho.evidence.closing_rules import closing_findings
from kansho.evidence.events import Event, canonical_json
from kansho.evidence.verify import verify_bundle
from kansho.vault.classes import PERSONAL_KEYS
from tests.unit.evidence_year import Year, lawful_year, printed

Edit = Callable[[Year], None]
BY_HAND = {
    "kind": "paper",
    "method": "dissolution",
    "on": "2028-01-28",
    "place": "vault_site",
    "by": "h04",
    "witness": "h01",
}
#: The paper of the year's dissolution.
SHOWN = sha256(printed("dissolution"))
HELD = {
    "document": f"documents/closing/{SHOWN[:16]}.pdf",
    "holder": "contractor",
    "found": "present",
    "verified": "witnessed",
}
#: Sheets that came after the first of them had gone.
LATER = "paper/visit-sheets/n2"


PAPER = {"sha256": SHOWN}


def deed(year: Year, codes: dict[str, str], refs: dict[str, str] = PAPER) -> None:
    """One more closing by hand, of three sheets, under the names that its people are registered by."""
    called = {h.id: h.name for h in year.config.handlers}
    names = {name: called[codes[name]] for name in ("by", "witness") if name in codes}
    year.add("manual_target_closed", LATER, counts={"items": 3}, codes=codes, refs=refs, names=names)


def changed(type: str, **parts: Any) -> Edit:
    """Edit the first event of a type: each part is merged into what the event has."""

    def change(event: Event) -> Event:
        return replace(event, **{name: {**getattr(event, name), **value} for name, value in parts.items()})

    return lambda year: year.edit(type, change)


def dropped(type: str, key: str | None = None) -> Edit:
    return lambda year: year.drop(type, key)


def coded(type: str, key: str, **codes: str) -> Edit:
    return lambda year: year.edit(type, lambda e: replace(e, codes={**e.codes, **codes}), key)


def uncounted(name: str) -> Edit:
    return lambda year: year.edit(
        "residue_scanned", lambda e: replace(e, counts={n: c for n, c in e.counts.items() if n != name})
    )


def counted_last(**counts: int) -> Edit:
    """Edit what the last attempt at the traces tells."""
    return lambda year: year.edit("traces_purged", lambda e: replace(e, counts={**e.counts, **counts}), "attempt-2")


NOT_DONE: dict[str, tuple[Edit, str]] = {
    "a target was never erased": (dropped("holding_erased", "roster/d01"), "roster/d01"),
    "a target was not verified": (
        changed("holding_erased", codes={"verified": "failed"}),
        "quarantine/target_list-d01",
    ),
    "a target was erased by no method": (
        changed("holding_erased", codes={"method": "none"}),
        "quarantine/target_list-d01",
    ),
    **{
        f"the key {name} is kept": (dropped("keys_destroyed", name), name)
        for name in PERSONAL_KEYS
        if name != "needles"
    },
    **{
        f"the key {name} is still there": (coded("keys_destroyed", name, verified="present"), name)
        for name in PERSONAL_KEYS
    },
    **{
        f"the key {name} ended by no method": (coded("keys_destroyed", name, method="none"), name)
        for name in PERSONAL_KEYS
    },
    "a target is not closed by hand": (changed("erasure_planned", refs={"manual": {"hand/x": "0"}}), "hand/x"),
    "something was found": (changed("residue_scanned", counts={"hits": 1}), "residue_scanned"),
    "something was not read": (changed("residue_scanned", counts={"unread": 1}), "residue_scanned"),
    "nobody counted what was not read": (uncounted("unread"), "residue_scanned"),
    "nobody counted what was found": (uncounted("hits"), "residue_scanned"),
    "nobody is named": (dropped("erasure_attended"), "erasure_attended"),
    "nothing was counted": (dropped("inventory_taken"), "inventory_taken"),
    "traces were not purged": (dropped("traces_purged"), "traces_purged"),
    "rows were left": (counted_last(**{"rows.left": 1}), "airflow-metadata"),
    "logs were left": (counted_last(**{"logs.left": 1}), "airflow-logs"),
    "nobody counted again": (dropped("traces_purged", "attempt-2"), "airflow-metadata"),
    "nobody counted before": (dropped("traces_found", "attempt-2"), "airflow-metadata"),
}


@pytest.mark.parametrize("case", NOT_DONE)
def test_nothing_is_certified_while(case: str, mini: CampaignConfig) -> None:
    edit, place = NOT_DONE[case]
    year = lawful_year(mini)
    assert certified_facts(certified_part(year.events))["state"] == "final"
    edit(year)
    with pytest.raises(KanshoError, match="CERTIFY-INCOMPLETE") as caught:
        certified_facts(certified_part(year.events))
    assert place in caught.value.place


def codes_of(year: Year) -> set[str]:
    return {f.code for f in closing_findings(year.events, year.facts)}


def certified(config: CampaignConfig, *edits: Edit) -> Year:
    year = lawful_year(config)
    for edit in edits:
        edit(year)
    year.add("campaign_certified", "certificate")
    return year


def database(key: str, kind: str) -> Edit:
    return lambda year: year.edit("traces_purged", lambda e: replace(e, codes={"database": kind}), key)


def without_a_database(year: Year) -> None:
    for type in ("inventory_taken", "traces_found", "traces_purged"):
        for key in [e.key for e in year.events if e.type == type]:
            said = "unseen" if type == "inventory_taken" else "none"
            year.edit(type, lambda e, said=said: replace(e, codes={"database": said}), key)  # type: ignore[misc]


def test_a_year_that_never_had_a_database_may_say_so(mini: CampaignConfig) -> None:
    assert codes_of(certified(mini, without_a_database)) == set()


UNLAWFUL: dict[str, tuple[Edit, str]] = {
    "nobody is named": (dropped("erasure_attended"), "STATE-UNATTENDED"),
    "one person erased and checked": (changed("erasure_attended", codes={"verifier": "tsukumo"}), "STATE-ATTENDED"),
    "the witness is one of ours": (changed("erasure_attended", codes={"witness": "watanuki"}), "STATE-ATTENDED"),
    "somebody unknown erased": (changed("erasure_attended", codes={"operator": "ghost"}), "STATE-ATTENDED"),
    "a target by hand is open": (changed("erasure_planned", refs={"manual": {"hand/x": "0"}}), "STATE-MANUAL-OPEN"),
    "a medium's receipt is missing": (dropped("manual_target_closed", "medium/d01"), "STATE-MANUAL-OPEN"),
    "returned cards were not given back": (
        dropped("manual_target_closed", "paper/returned-cards"),
        "STATE-MANUAL-OPEN",
    ),
    "visit sheets were not destroyed": (dropped("manual_target_closed", "paper/visit-sheets"), "STATE-MANUAL-OPEN"),
    "丙's machines were not erased": (dropped("manual_target_closed", "party/printer"), "STATE-MANUAL-OPEN"),
    "a declared backup is left": (dropped("manual_target_closed", "hand/backup_disk"), "STATE-MANUAL-OPEN"),
    "traces were left": (counted_last(**{"rows.left": 1}), "STATE-TRACES-LEFT"),
    "traces were not counted again": (dropped("traces_purged", "attempt-2"), "STATE-TRACES-LEFT"),
    "nobody says where rows were": (database("attempt-2", ""), "STATE-TRACES-DATABASE"),
    "rows were in something strange": (database("attempt-2", "a-file"), "STATE-TRACES-DATABASE"),
    "a database that was seen is said not to be there": (database("attempt-2", "none"), "STATE-TRACES-DATABASE"),
    "a key is pending": (
        lambda year: (
            dropped("keys_destroyed", "health")(year),
            year.add("key_deletion_scheduled", "health", codes={"until": "2028-02-05"}),
            None,
        )[-1],
        "STATE-KEY-PENDING",
    ),
}


@pytest.mark.parametrize("case", UNLAWFUL)
def test_the_verifier_refuses_a_certification_where(case: str, mini: CampaignConfig) -> None:
    edit, code = UNLAWFUL[case]
    assert codes_of(certified(mini)) == set()
    assert codes_of(certified(mini, edit)) == {code}


def test_a_year_without_a_witness_is_lawful_and_says_so(mini: CampaignConfig) -> None:

    def alone(year: Year) -> None:
        changed("erasure_attended", codes={"witness": "none"})(year)
        year.edit("erasure_attended", lambda e: replace(e, names={n: e.names[n] for n in ("operator", "verifier")}))

    assert codes_of(certified(mini, alone)) == set()


@pytest.mark.parametrize("field", [*BY_HAND, "sha256"])
def test_a_closing_by_hand_says_everything(field: str, mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    deed(year, {**BY_HAND, **HELD})
    assert codes_of(year) == set()
    assert manual_closed(year.events)[-1]["witness"] == "h01"
    year = lawful_year(mini)
    deed(year, {name: value for name, value in BY_HAND.items() if name != field}, {} if field == "sha256" else PAPER)
    beside = {"STATE-MANUAL-DATE"} if field == "on" else set()
    assert codes_of(year) == {"STATE-MANUAL-FORM", *beside}


def test_nobody_witnesses_themselves(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    deed(year, {**BY_HAND, **HELD, "witness": BY_HAND["by"]})
    assert codes_of(year) == {"STATE-MANUAL-FORM"}


def test_a_scheduled_deletion_gives_an_interim_statement_only(mini: CampaignConfig) -> None:
    year = lawful_year(mini)
    year.edit(
        "keys_destroyed", lambda e: replace(e, type="key_deletion_scheduled", codes={"until": "2028-02-05"}), "health"
    )
    said = certified_facts(certified_part(year.events))
    assert said["state"] == "interim"
    assert said["erasure"]["keys_pending"] == {"health": "2028-02-05"}
    assert "health" not in said["erasure"]["keys"]


CLAIMS: dict[str, Callable[[dict[str, Any]], None]] = {
    "a better method": lambda said: said["method"].update(type="Purge"),
    "another medium": lambda said: said["storage"][0].update(serial="SN-OTHER"),
    "an encrypted volume": lambda said: said["cryptographic_erase"]["volumes"].update(vault_disk="AES-256-XTS"),
    "wider cover": lambda said: said["not_covered"].pop(),
    "another witness": lambda said: said["people"].update(witness="yamanashi"),
    "another log of targets": lambda said: said["attachments"].update({"documents/erasure-log.csv": "0" * 64}),
    "nothing by hand": lambda said: said["inventory"].update(digest="0" * 64),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_signed_certificate_that_claims_more_than_config_and_log_is_refused(
    claim: str, mini: CampaignConfig, tmp_path: Path
) -> None:
    plain = mini.closing.storage[0].model_copy(update={"volume_encryption": None})
    year = lawful_year(mini.model_copy(update={"closing": mini.closing.model_copy(update={"storage": (plain,)})}))
    honest = year.finish()
    said = json.loads(honest)
    assert said["method"]["type"] == "Clear"
    assert codes_in(tmp_path, year.files(honest)) == []
    CLAIMS[claim](said)
    forged = canonical_json(said)
    year.edit("campaign_certified", lambda e: replace(e, refs={"certificate": sha256(forged)}))
    beside = ["PAPERS-OTHER"] if claim == "another log of targets" else []
    assert codes_in(tmp_path, year.files(forged)) == ["CERTIFICATE-FACTS", *beside]


def codes_in(folder: Path, bundle: bytes) -> list[str]:
    path = folder / "evidence.zip"
    path.write_bytes(bundle)
    return sorted({f.code for f in verify_bundle(path)})
