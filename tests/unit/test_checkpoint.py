"""Signed checkpoints: the C2SP form, and every way in which a text is not one."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.errors import KanshoError
from kansho.evidence.bundle import verifier_key
from kansho.evidence.checkpoint import (
    cosign,
    key_id,
    origin_of,
    read_checkpoint,
    read_cosigned,
    sign_checkpoint,
)

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SIGNER.public_key().public_bytes_raw()
ROOT = hashlib.sha256(b"root").digest()


def signed() -> str:
    return sign_checkpoint("sumida_2027", 42, ROOT, SIGNER).text


def test_the_text_is_a_signed_note() -> None:
    origin, size, root, empty, signature, end = signed().split("\n")
    assert (origin, size, base64.b64decode(root), empty, end) == ("kansho/sumida_2027", "42", ROOT, "", "")
    mark, name, blob = signature.split(" ")
    assert (mark, name) == ("—", "kansho/sumida_2027")
    assert base64.b64decode(blob)[:4] == key_id(origin_of("sumida_2027"), PUBLIC)
    SIGNER.public_key().verify(base64.b64decode(blob)[4:], f"{origin}\n{size}\n{root}\n".encode())


def test_it_reads_back() -> None:
    read = read_checkpoint(signed(), PUBLIC)
    assert (read.origin, read.size, read.root) == ("kansho/sumida_2027", 42, ROOT)


def test_signatures_of_others_beside_ours_are_passed_over() -> None:
    other = sign_checkpoint("sumida_2027", 42, ROOT, Ed25519PrivateKey.generate()).text.split("\n\n")[1]
    head, own = signed().split("\n\n")
    assert read_checkpoint(f"{head}\n\n{other}{own}", PUBLIC).size == 42


def test_the_verifier_key_names_log_id_and_key() -> None:
    name, digest, encoded = verifier_key("sumida_2027", PUBLIC).strip().split("+", 2)
    assert name == "kansho/sumida_2027"
    assert digest == key_id(name, PUBLIC).hex()
    assert base64.b64decode(encoded) == b"\x01" + PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kansho/x\n42\n",
        signed().replace("\n42\n", "\n042\n"),
        signed().replace("\n42\n", "\n-1\n"),
        signed().replace(base64.b64encode(ROOT).decode(), "AAAA"),
        signed().replace("— ", "- "),
        signed().replace("— kansho/sumida_2027", "— kansho/other"),
        signed()[:-12] + "!!\n",
    ],
    ids=["empty", "half", "zero-led", "negative", "short root", "dash", "name", "base64"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(KanshoError, match="CHECKPOINT-FORM"):
        read_checkpoint(text, PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        signed().replace("\n42\n", "\n43\n"),
        signed().replace("sumida_2027", "sumida_2026"),
        sign_checkpoint("sumida_2027", 42, ROOT, Ed25519PrivateKey.generate()).text,
        signed().split("\n\n")[0] + "\n\n",
    ],
    ids=["size", "origin", "key", "unsigned"],
)
def test_what_the_key_did_not_sign_is_refused(text: str) -> None:
    with pytest.raises(KanshoError, match="CHECKPOINT-SIGNATURE"):
        read_checkpoint(text, PUBLIC)


WARD = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WARD_PUBLIC = WARD.public_key().public_bytes_raw()


def test_the_ward_signs_the_same_note_beside_us() -> None:
    both = cosign(signed(), WARD)
    assert both.startswith(signed())
    assert read_checkpoint(both, PUBLIC).size == read_cosigned(both, WARD_PUBLIC).size == 42
    assert both.splitlines()[-1].startswith("— kansho/sumida_2027/ward ")


@pytest.mark.parametrize(
    ("text", "public"),
    [
        (signed(), WARD_PUBLIC),
        (cosign(signed(), WARD), PUBLIC),
        (cosign(signed(), SIGNER), WARD_PUBLIC),
        (cosign(signed(), WARD).replace("\n42\n", "\n43\n"), WARD_PUBLIC),
        (signed() + cosign(signed().replace("\n42\n", "\n43\n"), WARD).splitlines()[-1] + "\n", WARD_PUBLIC),
        (sign_checkpoint("sumida_2027", 42, ROOT, WARD).text, WARD_PUBLIC),
    ],
    ids=["unsigned", "our key", "signed by us as the ward", "another size", "moved", "the ward under our name"],
)
def test_what_the_ward_did_not_sign_is_refused(text: str, public: bytes) -> None:
    with pytest.raises(KanshoError, match="CHECKPOINT-COSIGNATURE"):
        read_cosigned(text, public)


def test_the_wards_signature_is_not_ours() -> None:
    head, _ = signed().split("\n\n")
    theirs = cosign(signed(), WARD).splitlines()[-1]
    with pytest.raises(KanshoError, match="CHECKPOINT-SIGNATURE"):
        read_checkpoint(f"{head}\n\n{theirs}\n", PUBLIC)
    with pytest.raises(KanshoError, match="CHECKPOINT-SIGNATURE"):
        read_checkpoint(f"{head}\n\n{theirs}\n", WARD_PUBLIC)
