"""The certificate's PDF is signed with the campaign's own key, and the smallest change shows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kansho.closing.pdf_signature import pdf_signature_holds, sign_pdf
from kansho.documents.render import render_html

WHEN = datetime(2028, 1, 29, 9, tzinfo=UTC)
SIGNER = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = SIGNER.public_key().public_bytes_raw()


def signed(text: str = "消去証明書") -> bytes:
    pdf = render_html(f"<p>{text}</p>")
    return sign_pdf(pdf, SIGNER, name="sumida_2027", moment=WHEN, until=date(2033, 3, 31))


@pytest.fixture(scope="module")
def document() -> bytes:
    return signed()


def test_it_holds_for_the_key_that_signed_and_for_no_other(document: bytes) -> None:
    assert pdf_signature_holds(document, PUBLIC)
    assert not pdf_signature_holds(document, Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def test_the_same_document_key_and_moment_give_the_same_bytes(document: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert signed() == document
    assert b"/ModDate" not in document


def test_a_changed_byte_anywhere_fails(document: bytes) -> None:
    gap = document.index(b"<3082")  # what no signature covers is written in one way only
    for at in (*range(0, len(document), len(document) // 60), *range(gap, gap + 1400, 17)):
        changed = bytearray(document)
        changed[at] ^= 1
        assert not pdf_signature_holds(bytes(changed), PUBLIC), at


def test_what_is_added_behind_the_signature_fails(document: bytes) -> None:
    assert not pdf_signature_holds(document + b"\n% more", PUBLIC)


def test_an_unsigned_document_and_no_document_fail() -> None:
    assert not pdf_signature_holds(render_html("<p>消去証明書</p>"), PUBLIC)
    assert not pdf_signature_holds(b"", PUBLIC)
