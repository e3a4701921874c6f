"""What certificate, erasure log and scan log say of a log, word by word: an auditor reads these and nothing else."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing.certificate_paper import _weakened
from kansho.evidence.certified import certified_facts, certified_part, open_manual, pending_keys, protection
from kansho.evidence.erasure_log import erasure_log
from kansho.evidence.events import Event
from kansho.evidence.merkle import leaf_hash, root_of
from kansho.evidence.methods import CRYPTO_ERASE, DELETE, KEY_SERVICE, OVERWRITE, how_it_was_done
from kansho.evidence.scan_log import scan_log
from tests.unit.evidence_year import CONTRACTOR, DELETED, MANAGER, OFFICER, Year

#: Keys that lay in files; the two others lay with a key service.
FILES = ("residents", "contacts", "papers", "secrets", "exchange", "needles")
PLAN, ARTEFACT = "a" * 64, "b" * 64
HAND = {"kind": "backup", "found": "present", "method": "degauss", "verified": "looked", "by": "h04", "witness": "h01"}


def moment(second: int) -> str:
    return f"2028-02-01T00:00:{second:02}.000000Z"


@pytest.fixture
def year(mini: CampaignConfig) -> Year:
    """Everything that a certificate can speak of, once in each form, and things that it must not speak of."""
    made = Year(mini)
    add = made.add
    add("campaign_opened", "c", codes={"simulation": "true"})
    add("inventory_taken", "1", counts={"holdings": 9}, refs={"digest": "0" * 64})
    add("inventory_taken", "2", counts={"holdings": 4}, refs={"digest": "1" * 64})
    add("erasure_planned", "1", counts={"targets": 7}, refs={"digest": "0" * 64, "manual": {"hand/old": "x"}})
    targets = {"roster/d01": "", "roster/d02": ""}
    refs = {"digest": PLAN, "artefact": {"digest": ARTEFACT}, "targets": targets, "manual": {"hand/disk": "backup"}}
    add("erasure_planned", "2", counts={"targets": 2}, refs=refs)
    for key, by, decision, digest in (
        ("one", CONTRACTOR, "approve", ARTEFACT),
        ("two", MANAGER, "approve", ARTEFACT),
        ("no", OFFICER, "reject", ARTEFACT),
        ("else", OFFICER, "approve", PLAN),
    ):
        add("approval_decided", key, by, codes={"decision": decision}, refs={"digest": digest})
    add("erasure_attended", "e", codes={"operator": "tsukumo"}, names={"operator": "九十九"})
    said = {"kind": "raw_target_list", "digest": "c" * 64, "rows": 3}
    add("snapshot_erased", "raw_target_list/d01", codes={"reason": "retention"} | DELETED, refs={"holding": said})
    add("manual_target_closed", "hand/disk", counts={"items": 2}, codes=HAND, refs={"sha256": "d" * 64})
    made.today = made.today.replace(day=2)
    for number, found in (("d01", "absent"), ("d02", "present")):
        said = {"kind": "roster", "digest": number, "rows": 5 if number == "d01" else "five"}
        add("snapshot_erased", f"roster/{number}", codes={"reason": "closing"} | DELETED, refs={"holding": said})
        add("holding_erased", f"roster/{number}", codes={"method": CRYPTO_ERASE, "verified": "absent", "found": found})
        made.today = made.today.replace(day=3)
    add("medium_returned", "d01")
    add("certificate_received", "printer", codes={"decision": "approve"}, refs={"digest": ARTEFACT})
    add("certificate_received", "call_centre")
    said = {"database": "sqlite"}
    add("traces_found", "attempt-1", counts={"rows": 500, "logs": 6, "pages": 2}, codes=said)
    add("traces_purged", "attempt-1", counts={"rows.removed": 500, "logs.removed": 6, "pages.left": 2}, codes=said)
    add("traces_found", "attempt-2", counts={"rows": 4, "pages": 2}, codes=said)
    add("traces_purged", "attempt-2", counts={"rows.removed": 4, "pages.removed": 2}, codes=said)
    add("residue_scanned", "scan-1", counts={"files": 1, "needles": 7})
    places: dict[str, Any] = {"vault": {"files": 4, "bytes": 10}, "keys": {"hits": 0, "unread": "no"}, "odd": 3}
    counts = {"files": 10, "bytes": 1000, "needles": 99, "hits": 0, "unread": 0}
    add("residue_scanned", "scan-2", counts=counts, refs={"places": places})
    add("key_deletion_scheduled", "health", codes={"until": "2028-02-09"})
    add("key_deletion_scheduled", "hmac", codes={"until": "2028-02-08"})
    for name in FILES:
        add("keys_destroyed", name, codes={"found": "present", "method": OVERWRITE, "verified": "absent"})
    add("keys_destroyed", "hmac", codes={"found": "present", "method": KEY_SERVICE, "verified": "absent"})
    add("document_issued", "after.pdf")
    made.events = [replace(e, recorded_at=moment(e.sequence)) for e in made.events]
    return made


def part(year: Year) -> list[Event]:
    return certified_part(year.events)


def test_the_certified_part_ends_with_the_last_key(year: Year, mini: CampaignConfig) -> None:
    assert [e.type for e in year.events if e not in part(year)] == ["document_issued"]
    assert certified_part(Year(mini).events) == []
    scheduled = next(e for e in year.events if e.type == "key_deletion_scheduled")
    assert certified_part(year.events[: scheduled.sequence + 1])[-1] is scheduled


def test_a_certificate_says_this_of_its_log(year: Year) -> None:
    log = part(year)
    leaves = [leaf_hash(e.canonical()) for e in log]
    said = certified_facts(log)
    scanned = [e for e in log if e.type == "residue_scanned"][-1]
    assert said == certified_facts(log, leaves)
    assert said.pop("attachments") == {
        "documents/erasure-log.csv": hashlib.sha256(erasure_log(log)).hexdigest(),
        "documents/residue-scan.csv": hashlib.sha256(scan_log(log)).hexdigest(),
    }
    assert said == {
        "simulation": "true",
        "state": "interim",
        "erased_on": "2027-04-03",
        "began_at": moment(13),
        "ended_at": moment(len(log) - 1),
        "issued_on": log[-1].campaign_date,
        "log_size": len(log),
        "log_root": root_of(leaves).hex(),
        "inventory": {"digest": "1" * 64, "counts": {"holdings": 4}},
        "protection": {"keeper": "", "lock": ""},
        "people": {"operator": "tsukumo", "names": {"operator": "九十九"}},
        "erasure": {
            "plan": PLAN,
            "planned": 2,
            "erased": 2,
            "erased_earlier": 1,
            "by_kind": {"raw_target_list": {"count": 1, "rows": 3}, "roster": {"count": 2, "rows": 5}},
            "keys": [*FILES, "hmac"],
            "keys_pending": {"health": "2028-02-09"},
            "media_returned": 1,
            "manual": [
                {
                    "target": "hand/disk",
                    "method": "degauss",
                    "on": "",
                    "place": "",
                    "by": "h04",
                    "witness": "h01",
                    "document": "d" * 64,
                    "by_name": "",
                    "witness_name": "",
                }
            ],
            "certificates": ["call_centre", "printer"],
            "traces": {
                "database": "sqlite",
                "attempts": 2,
                "found": {"rows": 504, "logs": 6, "pages": 2},
                "removed": {"rows": 504, "logs": 6, "pages": 2},
                "left": {"rows": 0, "logs": 0, "pages": 0},
            },
            "approvals": [
                {"role": "contractor_manager", "user": "watanuki", "on": "2027-04-01"},
                {"role": "ward_manager", "user": "yamanashi", "on": "2027-04-01"},
            ],
        },
        "scan": {
            "files": 10,
            "bytes": 1000,
            "needles": 99,
            "hits": 0,
            "unread": 0,
            "at": scanned.recorded_at,
            "on": scanned.campaign_date,
            "places": {
                "keys": {"files": 0, "bytes": 0, "hits": 0},
                "vault": {"files": 4, "bytes": 10, "hits": 0, "unread": 0},
            },
        },
    }


def test_a_certificate_says_no_more_of_the_opening_than_its_log(year: Year) -> None:
    year.edit("campaign_opened", lambda e: replace(e, codes={}))
    year.edit("erasure_planned", lambda e: replace(e, refs={**e.refs, "targets": {}}), "2")
    year.drop("holding_erased")
    said = certified_facts(part(year))
    assert (said["simulation"], said["erased_on"], said["began_at"], said["erasure"]["erased"]) == ("", "", "", 0)


def test_a_key_that_is_scheduled_after_it_was_called_destroyed_is_pending(year: Year) -> None:
    year.add("key_deletion_scheduled", "residents", codes={"until": "2028-02-10"})
    said = certified_facts(part(year))
    assert said["state"] == "interim"
    assert said["erasure"]["keys_pending"] == {"health": "2028-02-09", "residents": "2028-02-10"}
    assert said["erasure"]["keys"] == [*(name for name in FILES if name != "residents"), "hmac"]


def test_what_protected_keys_and_log_is_what_the_log_says_of_it(year: Year) -> None:
    year.add("keys_created", "c", codes={"keeper": "files", "lock": "COMPLIANCE"})
    assert protection(year.events) == {"keeper": "files", "lock": "COMPLIANCE"}
    year.add("keys_rotated", "rotation/1", codes={"keeper": "passphrase"})
    year.add("keys_destroyed", "papers", codes={"found": "present", "method": OVERWRITE, "verified": "absent"})
    assert certified_facts(part(year))["protection"] == {"keeper": "passphrase", "lock": "COMPLIANCE"}
    year.add("protection_weakened", "protection/1", codes={"keeper": "files", "weaker": "keeper"})
    year.add("protection_changed", "protection/2", codes={"keeper": "kms", "lock": "COMPLIANCE"})
    told = {"keeper": "kms", "lock": "COMPLIANCE", "weakened": "1"}
    assert protection(year.events) == told
    ((_, said),) = _weakened(told["weakened"])
    assert "1 回" in said
    assert _weakened("") == ()


def test_what_is_pending_or_open_is_so_until_its_end_is_in_the_log(year: Year) -> None:
    assert pending_keys(year.events) == {"health": "2028-02-09"}
    assert open_manual(year.events) == []
    year.drop("manual_target_closed")
    assert open_manual(year.events) == ["hand/disk"]
    assert open_manual([]) == []


def rows_of(table: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))]


def when(year: Year, type: str, key: str) -> str:
    return next(e.recorded_at for e in year.events if (e.type, e.key) == (type, key))


def test_the_erasure_log_has_a_row_for_each_target(year: Year) -> None:
    made = erasure_log(part(year))
    assert made.count(b"\r\n") == made.count(b"\n") == 20
    gone = "deleted, database compacted (sqlite)"
    headings = "対象|区分|要約値 (SHA-256)|行数・点数|発見|方法|消去・登録の日時 (UTC)|確認"
    assert rows_of(made) == [
        line.split("|")
        for line in (
            headings,
            f"raw_target_list/d01|vault|{'c' * 64}|3|present|delete-every-version (data-flow date)|{moment(10)}|absent",
            f"hand/disk|backup|{'d' * 64}|2|present|degauss|{moment(11)}|looked: h01",
            f"roster/d01|vault|d01|5|absent|crypto-erase+delete|{moment(12)}|absent",
            f"roster/d02|vault|d02|five|present|crypto-erase+delete|{moment(14)}|absent",
            f"airflow-metadata/attempt-1|traces||500|500|{gone}|{moment(20)}|counted again: 0",
            f"airflow-logs/attempt-1|traces||6|6|deleted|{moment(20)}|counted again: 0",
            f"data-docs/attempt-1|traces||0|2|looked for|{moment(20)}|counted again: 2",
            f"airflow-metadata/attempt-2|traces||4|4|{gone}|{moment(22)}|counted again: 0",
            f"airflow-logs/attempt-2|traces||0|0|deleted|{moment(22)}|counted again: 0",
            f"data-docs/attempt-2|traces||2|2|looked for|{moment(22)}|counted again: 0",
            f"health|key|||present|scheduled|{moment(25)}|pending until 2028-02-09",
            f"hmac|key|||present|scheduled|{moment(26)}|pending until 2028-02-08",
            *(f"{key}|key|||present|overwrite+unlink|{moment(27 + n)}|absent" for n, key in enumerate(FILES)),
            f"hmac|key|||present|key-service|{moment(33)}|absent",
        )
    ]
    assert when(year, "snapshot_erased", "roster/d01") == moment(12)


def test_a_holding_is_not_called_erased_by_its_key_while_that_key_is_there(year: Year) -> None:
    def methods(log: list[Event]) -> list[str]:
        return [row[5] for row in rows_of(erasure_log(log)) if row[0].startswith("roster/")]

    assert methods(year.events) == [CRYPTO_ERASE] * 2
    kept = [e for e in year.events if (e.type, e.key) != ("keys_destroyed", "residents")]
    assert methods(kept) == [DELETE] * 2
    year.add("key_deletion_scheduled", "residents", codes={"until": "2028-02-09"})
    assert methods(year.events) == [DELETE] * 2


def test_the_scan_log_has_a_row_for_each_place_and_one_for_all(year: Year) -> None:
    made = scan_log(part(year))
    assert made.count(b"\r\n") == made.count(b"\n") == 5
    first, second = (when(year, "residue_scanned", f"scan-{n}") for n in (1, 2))
    assert rows_of(made) == [
        ["検査", "日時 (UTC)", "場所", "ファイル等", "バイト", "検出", "検査できなかったもの", "探した値の数"],
        ["scan-1", first, "計", "1", "0", "0", "0", "7"],
        ["scan-2", second, "keys", "0", "0", "0", "0", "99"],
        ["scan-2", second, "vault", "4", "10", "0", "0", "99"],
        ["scan-2", second, "計", "10", "1000", "0", "0", "99"],
    ]


@pytest.mark.parametrize("table", [erasure_log, scan_log])
def test_a_text_that_is_no_text_gives_an_odd_row_and_never_an_error(table: Any, mini: CampaignConfig) -> None:
    odd = Year(mini)
    odd.add("keys_destroyed", "\ud800")
    odd.add("residue_scanned", "\ud800")
    assert b"\n?," in table(odd.events)


def _config(mini: CampaignConfig, **volumes: str | None) -> dict[str, Any]:
    value = mini.model_dump(mode="json")
    store = value["closing"]["storage"][0]
    value["closing"]["storage"] = [{**store, "id": name, "volume_encryption": how} for name, how in volumes.items()]
    value["closing"]["by_hand"] = [{"id": "copy", "kind": "key_copy"}, {"id": "disk", "kind": "backup"}]
    value["closing"]["by_hand"] = [{**h, "place": "head_office"} for h in value["closing"]["by_hand"]]
    return value


@pytest.mark.parametrize(
    ("volumes", "type_"),
    [
        ({}, "Clear"),
        ({"a": "XTS"}, "Purge"),
        ({"a": "XTS", "b": None}, "Clear"),
        ({"a": None}, "Clear"),
    ],
)
def test_purge_is_claimed_only_where_every_store_lies_on_an_encrypted_volume(
    volumes: dict[str, str | None], type_: str, mini: CampaignConfig
) -> None:
    erasure = {"keys": ["health"], "keys_pending": {"hmac": "2028-02-09"}}
    manual = [{"target": "hand/copy"}, {"target": "hand/disk"}, {"target": "medium/copy"}]
    said = how_it_was_done(_config(mini, **volumes), {**erasure, "manual": manual})
    assert said.pop("storage") == _config(mini, **volumes)["closing"]["storage"]
    assert said == {
        "data": {
            "confidentiality_before": "personal, with health-related attributes",
            "confidentiality_after": "none",
            "from": "2027-04-01",
            "to": "2028-01-29",
            "source_system": "kansho vault sumida_2027",
        },
        "method": {
            "standard": "NIST SP 800-88r2",
            "type": type_,
            "technique": "cryptographic erase, then deletion of every version",
            "verification": "full: every target looked up after deletion; every place named here searched "
            "for every value, in the listed forms of 8 bytes or more",
            "overwriting_claimed": "no",
        },
        "cryptographic_erase": {
            "algorithm": "AES-256-GCM",
            "strength_bits": 256,
            "keys": "a data key per object, wrapped by the campaign's key of its class of data",
            "encrypted_before_written": "yes",
            "keys_destroyed": ["health"],
            "keys_pending": {"hmac": "2028-02-09"},
            "key_copies_declared": ["copy"],
            "key_copies_destroyed": ["hand/copy"],
            "volumes": {name: how or "none" for name, how in volumes.items()},
        },
        "backups": {"disk": "head_office"},
        "not_covered": [
            *("memory_and_swap", "flash_blocks_beyond_the_file_system", "subcontractors_own_copies"),
            *("what_was_returned_or_handed_over", "backups_that_were_not_declared"),
            *("forms_of_less_than_eight_bytes", "spellings_beyond_the_list", "packing_that_does_not_say_so"),
            *("writing_in_pictures", "logs_of_a_database_server", "temporary_folders_and_logs_of_containers"),
            "letter_boxes",
        ],
    }
