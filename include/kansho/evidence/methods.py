"""How the data was erased, in the words of NIST SP 800-88r2 and of the certificate (domain notes 7); pure.

Belongs here: the closed lists of what ends a holding, a key, a thing in somebody's hands; what is claimed of the
method, on what it rests, and what is not covered; from the bound configuration and the log, so that the verifier makes
the same claims again and compares.  Does not belong here: who did it and what was found (`kansho.evidence.certified`),
whether a scan searched what it must (`kansho.evidence.scan_rules`), or the paper (`kansho.closing.certificate_paper`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.purges import NO_DATABASE

STANDARD = "NIST SP 800-88r2"
#: How the closing ends a holding, whose key goes next: true of a file, and of an object with all its versions.
CRYPTO_ERASE = "crypto-erase+delete"
#: How the store lets go of one, by the closing or before it by the data flow: the key of its class may live on.
DELETE = "delete-every-version"
#: How a key ends: its file, or the key service that held it.
OVERWRITE, KEY_SERVICE = "overwrite+unlink", "key-service"
#: Type of event → the methods that end what it names; nothing else was ever done by us.
METHODS: Mapping[str, frozenset[str]] = {
    "snapshot_erased": frozenset({DELETE}),
    "holding_erased": frozenset({CRYPTO_ERASE}),
    "keys_destroyed": frozenset({OVERWRITE, KEY_SERVICE}),
}
#: Said of what was looked for and was there, or was not: before its end (a run that was killed may have ended it
#: already), and after it.
PRESENT, ABSENT = "present", "absent"
#: And of what people ended: somebody else looked on.
WITNESSED = "witnessed"
#: What people do: `RETURN` gives a thing back, the others end it (`kansho.exchange.slips.Method`).
RETURN = "return"
BY_HAND = frozenset(
    {RETURN, "shredding", "dissolution", "physical_destruction", "overwrite", "block_erase", "crypto_erase"}
)
#: Kind of thing → how people can end it: paper has no blocks to overwrite, and a disk does not dissolve.
BY_HAND_OF: Mapping[str, frozenset[str]] = {
    "medium": BY_HAND - {"dissolution"},
    "paper": frozenset({RETURN, "shredding", "dissolution", "physical_destruction"}),
    "pc": BY_HAND - {"dissolution"},
    "backup": BY_HAND - {"dissolution"},
    "key_copy": BY_HAND,
}
#: What no statement of ours covers; the paper spells each out.
NOT_COVERED = (
    "memory_and_swap",
    "flash_blocks_beyond_the_file_system",
    "subcontractors_own_copies",
    "what_was_returned_or_handed_over",
    "backups_that_were_not_declared",
    "forms_of_less_than_eight_bytes",
    "spellings_beyond_the_list",
    "packing_that_does_not_say_so",
    "writing_in_pictures",
    "logs_of_a_database_server",
    "temporary_folders_and_logs_of_containers",
    "letter_boxes",
)
#: What was looked at afterwards: of a value, each form on `kansho.closing.needles`' list that cannot occur by chance.
VERIFICATION = (
    "full: every target looked up after deletion; every place named here searched for every value, "
    "in the listed forms of 8 bytes or more"
)
#: And where somebody said that Airflow has no database here.
NO_METADATA = "airflow_metadata_said_not_to_exist"


def ended_well(event: Event) -> bool:
    """Whether a holding or a key that is called erased ended by a method of ours, and was looked for afterwards.

    The log says as well whether it was there: `PRESENT` or `ABSENT`.
    """
    methods, looked = METHODS.get(event.type, frozenset()), event.codes.get("found") in (PRESENT, ABSENT)
    return looked and event.codes.get("verified") == ABSENT and event.codes.get("method") in methods


def how_it_was_done(config: Mapping[str, Any], erasure: Mapping[str, Any]) -> dict[str, Any]:
    """Fields ``data``, ``storage``, ``method``, ``cryptographic_erase``, ``backups``, ``not_covered``.

    Args:
        config: the bound configuration as JSON; names the machines and stores (``closing.storage``).
        erasure: what the log says of the erasure (`kansho.evidence.certified.certified_facts`).

    Raises:
        KanshoError: ``CONFIG-FORM`` when the configuration has another shape.
    """
    try:
        return _claims(config, erasure)
    except (KeyError, TypeError, AttributeError):
        raise KanshoError("CONFIG-FORM", "設定の形が違います", place="config.json closing") from None


def _claims(config: Mapping[str, Any], erasure: Mapping[str, Any]) -> dict[str, Any]:
    campaign = f"{config['ward']['slug']}_{config['fiscal_year']}"
    return {
        "data": {
            "confidentiality_before": "personal, with health-related attributes",
            "confidentiality_after": "none",
            "from": config["contract"]["start"],
            "to": config["closing"]["erase_on"],
            "source_system": f"kansho vault {campaign}",
        },
        "storage": list(config["closing"]["storage"]),
        "method": {
            "standard": STANDARD,
            "type": method_type(config),
            "technique": "cryptographic erase, then deletion of every version",
            # Made only over a log that shows it: `kansho.evidence.whole` refuses any other.
            "verification": VERIFICATION,
            "overwriting_claimed": "no",
        },
        "cryptographic_erase": cryptographic_erase(config, erasure),
        "backups": {h["id"]: h["place"] for h in config["closing"]["by_hand"] if h["kind"] == "backup"},
        "not_covered": [*NOT_COVERED, *([NO_METADATA] if _said_to_be_none(erasure) else [])],
    }


def _said_to_be_none(erasure: Mapping[str, Any]) -> bool:
    return bool(erasure.get("traces", {}).get("database") == NO_DATABASE)


def method_type(config: Mapping[str, Any]) -> str:
    """``Purge`` only where a lost key cannot be read back from the medium it lay on; else ``Clear``.

    A key file that was overwritten on flash media may survive in blocks that no program reaches.  Under an encrypted
    volume they are of no use; without one, or with no store declared, Purge is not claimed.
    """
    stores = config["closing"]["storage"]
    return "Purge" if stores and all(s["volume_encryption"] for s in stores) else "Clear"


def cryptographic_erase(config: Mapping[str, Any], erasure: Mapping[str, Any]) -> dict[str, Any]:
    """The statement and each of its preconditions, as far as the log shows it."""
    copies = [h["id"] for h in config["closing"]["by_hand"] if h["kind"] == "key_copy"]
    return {
        "algorithm": "AES-256-GCM",
        "strength_bits": 256,
        "keys": "a data key per object, wrapped by the campaign's key of its class of data",
        "encrypted_before_written": "yes",
        "keys_destroyed": list(erasure["keys"]),
        "keys_pending": dict(erasure["keys_pending"]),
        "key_copies_declared": copies,
        "key_copies_destroyed": [c["target"] for c in erasure["manual"] if c["target"].removeprefix("hand/") in copies],
        "volumes": {s["id"]: s["volume_encryption"] or "none" for s in config["closing"]["storage"]},
    }
