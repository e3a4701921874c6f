"""Proofs as files: they stand alone, and nothing about them can be changed unnoticed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from kansho.evidence.proofs import check_proof, prove_consistency, prove_inclusion, signing_key
from tests.unit.evidence_year import Year, lawful_year

SIZE = 20


@pytest.fixture(scope="module")
def year(mini: CampaignConfig) -> Year:
    return lawful_year(mini)


def signed(year: Year, size: int) -> Checkpoint:
    return read_checkpoint(year.checkpoint(size), year.public)


def included(year: Year, index: int = 7, size: int = SIZE) -> dict[str, Any]:
    made = prove_inclusion(year.config.id, year.events, index, signed(year, size), year.public)
    return dict(json.loads(json.dumps(made)))


def continued(year: Year, old: int = 7, size: int = SIZE) -> dict[str, Any]:
    made = prove_consistency(year.config.id, year.events, old, signed(year, size), year.public)
    return dict(json.loads(json.dumps(made)))


def test_every_event_is_proven_to_whoever_keeps_a_checkpoint(year: Year) -> None:
    for index in range(SIZE):
        proof = included(year, index)
        shown = check_proof(proof, public=year.public, kept=year.checkpoint(SIZE))
        assert f"{index} 番" in shown
        assert proof["event"] == year.events[index].canonical().decode()


def test_every_earlier_checkpoint_is_proven_to_be_a_beginning(year: Year) -> None:
    for old in range(1, SIZE + 1):
        proof = continued(year, old)
        assert f"{old} 件" in check_proof(proof, kept=year.checkpoint(old))
        assert check_proof(proof, kept=year.checkpoint(SIZE))


def test_the_key_is_the_one_the_log_bound(year: Year) -> None:
    assert signing_key(year.events) == year.public
    with pytest.raises(KanshoError, match="LEDGER-PROOF-UNBOUND"):
        signing_key(year.events[:1])


def changed(proof: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return proof | {name: value}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("schema", 2, "LEDGER-PROOF-FORM"),
        ("kind", "other", "LEDGER-PROOF-FORM"),
        ("kind", ["inclusion"], "LEDGER-PROOF-FORM"),
        ("log", "kansho/other_2027", "KEY-FORM"),
        ("log", 3, "LEDGER-PROOF-FORM"),
        ("more", 1, "LEDGER-PROOF-FORM"),
        ("index", 8, "LEDGER-PROOF-PATH"),
        ("index", -1, "LEDGER-PROOF-PATH"),
        ("index", True, "LEDGER-PROOF-FORM"),
        ("event", "{}", "LEDGER-PROOF-PATH"),
        ("event", None, "LEDGER-PROOF-FORM"),
        ("path", [], "LEDGER-PROOF-PATH"),
        ("path", ["AA=="], "LEDGER-PROOF-FORM"),
        ("path", "x", "LEDGER-PROOF-FORM"),
        ("checkpoint", "", "CHECKPOINT-FORM"),
        ("checkpoint", 1, "LEDGER-PROOF-FORM"),
        ("public_key", "a+b+c", "KEY-FORM"),
    ],
)
def test_a_changed_inclusion_proof_is_refused(year: Year, name: str, value: Any, code: str) -> None:
    with pytest.raises(KanshoError) as refused:
        check_proof(changed(included(year), name, value))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("old", "code"),
    [
        ({"size": 8}, "PATH"),
        ({"size": 0}, "FORM"),
        ({"size": "7"}, "FORM"),
        ({"size": True}, "FORM"),
        ({"size": 7.0}, "FORM"),
        ({"root": "A" * 43 + "="}, "PATH"),
        ({"root": 1}, "FORM"),
    ],
)
def test_a_changed_beginning_is_refused(year: Year, old: dict[str, Any], code: str) -> None:
    proof = continued(year)
    with pytest.raises(KanshoError, match=f"LEDGER-PROOF-{code}"):
        check_proof(changed(proof, "old", proof["old"] | old))


@pytest.mark.parametrize("value", [None, [], "", 3, {}])
def test_what_is_no_proof_is_refused(value: Any) -> None:
    with pytest.raises(KanshoError, match="LEDGER-PROOF-FORM"):
        check_proof(value)


def test_a_proof_signed_by_another_key_is_no_proof_to_whoever_knows_the_key(year: Year, mini: CampaignConfig) -> None:
    forged = lawful_year(mini)
    assert check_proof(included(forged))  # whole in itself: only the holder's key or checkpoint tells
    with pytest.raises(KanshoError, match="LEDGER-PROOF-KEY") as refused:
        check_proof(included(forged), public=year.public)
    assert refused.value.place == "public_key"
    with pytest.raises(KanshoError, match="CHECKPOINT-SIGNATURE"):
        check_proof(included(forged), kept=year.checkpoint(SIZE))


def test_a_proof_to_another_checkpoint_than_the_kept_one_is_told(year: Year) -> None:
    with pytest.raises(KanshoError, match="LEDGER-PROOF-KEPT"):
        check_proof(included(year), kept=year.checkpoint(SIZE + 1))
    with pytest.raises(KanshoError, match="LEDGER-PROOF-KEPT"):
        check_proof(continued(year, 7), kept=year.checkpoint(8))
    of_another_log = sign_checkpoint("other_2027", SIZE, signed(year, SIZE).root, year.signer).text
    with pytest.raises(KanshoError, match="LEDGER-PROOF-KEPT"):
        check_proof(included(year), kept=of_another_log)


def test_a_log_that_was_rewritten_cannot_prove_against_the_kept_checkpoint(year: Year, mini: CampaignConfig) -> None:
    rewritten = Year(mini, signer=year.signer, events=year.events[:3] + year.events[4:])
    for prove in (
        lambda: prove_inclusion(mini.id, rewritten.events, 7, signed(year, SIZE), year.public),
        lambda: prove_consistency(mini.id, rewritten.events, signed(year, 7), signed(rewritten, SIZE), year.public),
        lambda: prove_inclusion(mini.id, year.events[:10], 7, signed(year, SIZE), year.public),
    ):
        with pytest.raises(KanshoError, match="LEDGER-PROOF-FORK"):
            prove()


def test_what_the_checkpoint_does_not_reach_cannot_be_proven(year: Year) -> None:
    with pytest.raises(KanshoError, match="LEDGER-PROOF-RANGE"):
        included(year, SIZE)
    for old in (0, SIZE + 1):
        with pytest.raises(KanshoError, match="LEDGER-PROOF-RANGE"):
            continued(year, old)
