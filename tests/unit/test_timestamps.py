"""Time stamps of checkpoints: asked for over HTTP, checked to the end, never a reason to stop (RFC 3161)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from pydantic import ValidationError

from kansho.campaign.config import CampaignConfig
from kansho.errors import KanshoError
from kansho.evidence import bundle as names
from kansho.evidence.strict import read_zip, write_zip
from kansho.evidence.timestamps import read_timestamp, request_timestamp
from kansho.evidence.verify import verify_files
from kansho.exchange.timestamping import sign_checkpoint
from kansho.workspace import Workspace
from tests.unit.evidence_year import lawful_year
from tests.unit.timestamp_authority import Authority, served

DATA = "kansho/見本\n7\n".encode()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def other() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def answer(authority: Authority) -> bytes:
    return authority.answer(request_timestamp(DATA, 77))


def with_authority(config: CampaignConfig, host: str, certificate: bytes) -> CampaignConfig:
    """The campaign with an authority at an approved place."""
    value = config.model_dump(mode="json")
    value["places"][0]["endpoints"] = [host]
    value["timestamps"] = {
        "place": value["places"][0]["id"],
        "url": f"http://{host}/stamp",
        "certificate": certificate.decode(),
    }
    return CampaignConfig.model_validate(value)


def test_an_answer_says_when_the_bytes_existed(authority: Authority, answer: bytes) -> None:
    stamp = read_timestamp(answer, DATA, authority.root, nonce=77)
    assert stamp.at.tzinfo is not None
    assert stamp.serial > 0
    assert stamp == read_timestamp(answer, DATA, authority.root)


SPOILED: list[tuple[str, Callable[[bytes], bytes], bytes, int, str]] = [
    ("other bytes were stamped", lambda a: a, DATA + b"!", 77, "TIMESTAMP-OTHER"),
    ("an answer to another request", lambda a: a, DATA, 78, "TIMESTAMP-NONCE"),
    ("its last byte changed", lambda a: a[:-1] + bytes([a[-1] ^ 1]), DATA, 77, "TIMESTAMP-SIGNATURE"),
    ("cut short", lambda a: a[:-1], DATA, 77, "TIMESTAMP-FORM"),
    ("bytes behind its end", lambda a: a + b"\0", DATA, 77, "TIMESTAMP-FORM"),
    ("no answer at all", lambda a: b"<html>", DATA, 77, "TIMESTAMP-FORM"),
    ("far too long", lambda a: a + bytes(65_536), DATA, 77, "TIMESTAMP-FORM"),
    ("a refusal", lambda a: bytes.fromhex("30053003020102"), DATA, 77, "TIMESTAMP-REFUSED"),
]


@pytest.mark.parametrize(("change", "data", "nonce", "code"), [s[1:] for s in SPOILED], ids=[s[0] for s in SPOILED])
def test_an_answer_that_does_not_hold_is_refused(
    authority: Authority, answer: bytes, change: Callable[[bytes], bytes], data: bytes, nonce: int, code: str
) -> None:
    with pytest.raises(KanshoError, match=code):
        read_timestamp(change(answer), data, authority.root, nonce=nonce)


def test_every_single_changed_byte_of_a_token_is_noticed_or_means_the_same(authority: Authority, answer: bytes) -> None:
    real = read_timestamp(answer, DATA, authority.root, nonce=77)
    for at in range(0, len(answer), 41):
        spoiled = answer[:at] + bytes([answer[at] ^ 0x10]) + answer[at + 1 :]
        try:
            read = read_timestamp(spoiled, DATA, authority.root, nonce=77)
        except KanshoError:
            continue
        assert (read.at, read.serial) == (real.at, real.serial)


def test_another_authority_is_not_trusted(other: Authority, answer: bytes) -> None:
    with pytest.raises(KanshoError, match="TIMESTAMP-SIGNATURE"):
        read_timestamp(answer, DATA, other.root)


def test_a_certificate_that_is_not_for_time_stamping_is_refused() -> None:
    plain = Authority(stamps=False)
    with pytest.raises(KanshoError, match="TIMESTAMP-SIGNATURE"):
        read_timestamp(plain.answer(request_timestamp(DATA, 1)), DATA, plain.root)


def test_something_else_than_a_certificate_is_refused(answer: bytes) -> None:
    with pytest.raises(KanshoError, match="TIMESTAMP-AUTHORITY"):
        read_timestamp(answer, DATA, b"no certificate")


def test_only_an_approved_place_may_be_asked(mini: CampaignConfig, authority: Authority) -> None:
    value = with_authority(mini, "127.0.0.1:1", authority.root).model_dump(mode="json")
    value["timestamps"]["url"] = "https://elsewhere.example/stamp"
    with pytest.raises(ValidationError, match="P14"):
        CampaignConfig.model_validate(value)
    value["timestamps"]["url"] = "http://plain.example/stamp"
    with pytest.raises(ValidationError, match="timestamps.url"):
        CampaignConfig.model_validate(value)


def test_a_checkpoint_is_stamped_once_and_kept(
    mini: CampaignConfig, open_workspace: Callable[[date], Workspace], authority: Authority
) -> None:
    ws = open_workspace(mini.contract.start)
    with served(authority) as host:
        stamped = replace(ws, config=with_authority(mini, host, authority.root))
        made = sign_checkpoint(stamped)
        kept = ws.ledger.timestamps()
        assert list(kept) == [made.size]
        read_timestamp(kept[made.size], made.text.encode(), authority.root)
        assert sign_checkpoint(stamped) == made
        assert ws.ledger.timestamps() == kept


@pytest.mark.parametrize("trouble", ["absent", "error", "another authority"])
def test_trouble_with_the_authority_never_stops_the_year(
    mini: CampaignConfig,
    open_workspace: Callable[[date], Workspace],
    authority: Authority,
    other: Authority,
    trouble: str,
) -> None:
    ws = open_workspace(mini.contract.start)
    ws.record("campaign_opened", mini.id)
    with served(authority, status=500 if trouble == "error" else 200) as host:
        host = "127.0.0.1:9" if trouble == "absent" else host
        root = (other if trouble == "another authority" else authority).root
        made = sign_checkpoint(replace(ws, config=with_authority(mini, host, root)))
    assert made.text in ws.ledger.checkpoints()
    assert ws.ledger.timestamps() == {}
    (missing,) = ws.ledger.events("timestamp_missing")
    code = {"another authority": "TIMESTAMP-SIGNATURE"}.get(trouble, "TIMESTAMP-UNREACHABLE")
    assert (missing.key, missing.codes) == ("1", {"code": code})


def test_nothing_follows_the_certification_not_even_a_missing_stamp(
    mini: CampaignConfig, open_workspace: Callable[[date], Workspace], authority: Authority
) -> None:
    ws = open_workspace(mini.contract.start)
    ws.record("campaign_opened", mini.id)
    ws.record("campaign_certified", "certificate")
    sign_checkpoint(replace(ws, config=with_authority(mini, "127.0.0.1:9", authority.root)))
    assert ws.ledger.events()[-1].type == "campaign_certified"


def test_a_bundle_carries_the_stamps_of_its_checkpoints_and_no_others(
    mini: CampaignConfig, authority: Authority, answer: bytes
) -> None:
    year = lawful_year(mini)
    files = read_zip(year.files(year.finish()))
    name = next(n for n in files if n.startswith(names.CHECKPOINTS))
    stamp = name.replace(names.CHECKPOINTS, names.TIMESTAMPS).replace(".txt", ".tsr")
    good = {**files, stamp: authority.answer(request_timestamp(files[name], 1))}
    assert verify_files(read_zip(write_zip(good))) == []
    assert [f.code for f in verify_files({**files, stamp: answer})] == ["TIMESTAMP-STRAY"]
    stray = f"{names.TIMESTAMPS}0000099999.tsr"
    assert [f.code for f in verify_files({**files, stray: answer})] == ["TIMESTAMP-STRAY"]
