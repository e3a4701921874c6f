"""The erasure certificate's PDF signed with the campaign's own key (PAdES, Ed25519), and read back (P11).

Belongs here: the self-signed certificate over the signing key, signing, checking.  Does not belong here: what the
document says (`kansho.closing.certificate_paper`), or the JSON original with its detached signature.
The key that signs is the one that the ledger bound at opening (``keys_created``): whoever holds the evidence bundle
needs no authority to know whose signature it is.  The same bytes, key and moment give the same signed bytes.
"""

from __future__ import annotations

import hashlib
import io
import logging
from datetime import date, datetime, time
from typing import Any

from asn1crypto import cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD = "ErasureCertificate"


class _SignerAt(signers.PdfSigner):
    """A signer whose moment is passed in: nothing here reads a clock."""

    moment: datetime

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.moment
        return session


class _Writer(IncrementalPdfFileWriter):
    """Adds the signature and nothing else: no day of change, no drawn identifier, so a lost file is made again."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(io.BytesIO(pdf))
        first = hashlib.sha256(pdf).digest()
        parts = [generic.ByteStringObject(first[:16]), generic.ByteStringObject(first[16:])]
        self._document_id = generic.ArrayObject(parts)

    def _update_meta(self) -> None:
        return


def certificate_over(signer: Ed25519PrivateKey, name: str, moment: datetime, until: date) -> bytes:
    """Self-signed X.509 certificate (DER) over the campaign's signing key.

    Args:
        signer: the campaign's signing key.
        name: who signs, such as the campaign's id and the contractor's name.
        moment: from when it is valid; with a time zone.
        until: last day of its validity: as long as the evidence is kept.
    """
    public = signer.public_key()
    serial = int.from_bytes(hashlib.sha256(public.public_bytes_raw()).digest()[:15], "big")
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(moment)
        .not_valid_after(datetime.combine(until, time(23, 59, 59), moment.tzinfo))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(signer, None)
    )
    return made.public_bytes(serialization.Encoding.DER)


def sign_pdf(pdf: bytes, signer: Ed25519PrivateKey, *, name: str, moment: datetime, until: date) -> bytes:
    """The PDF with one PAdES signature over all of it; see `certificate_over` for the arguments."""
    certificate = asn1_x509.Certificate.load(certificate_over(signer, name, moment, until))
    private = signer.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    by = signers.SimpleSigner(
        signing_cert=certificate,
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha512",
        subfilter=SigSeedSubFilter.PADES,
        name=name,
        reason="消去証明書",
    )
    at = _SignerAt(meta, signer=by)
    at.moment = moment
    return bytes(at.sign_pdf(_Writer(pdf)).getvalue())


def pdf_signature_holds(pdf: bytes, public_key: bytes) -> bool:
    """Whether the whole PDF carries one valid signature by this key, unchanged since.

    Args:
        pdf: the signed document.
        public_key: the 32 raw bytes that the ledger bound at opening.
    """
    # The library logs why a signature fails, and could quote the document.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if len(embedded) != 1:
            return False
        (signature,) = embedded
        certificate = signature.signer_cert
        if bytes(certificate.public_key["public_key"].native) != public_key:
            return False
        trusted = ValidationContext(
            trust_roots=[certificate], moment=certificate["tbs_certificate"]["validity"]["not_before"].native
        )
        status = validate_pdf_signature(signature, signer_validation_context=trusted)
        canonical = _is_canonical(pdf, signature)
    except Exception:  # whatever a damaged file makes the library say: it is no valid signature
        return False
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return bool(canonical and whole and status.bottom_line and status.intact and status.valid)


def _is_canonical(pdf: bytes, signature: Any) -> bool:
    """Whether the gap that no signature covers is written in the one way that we write it.

    Its parts without a signature of their own (versions, lists of algorithms, padding) are made again from the parts
    that have one, and compared.
    """
    _, start, end, _ = (int(n) for n in signature.byte_range)
    content = bytes(signature.pkcs7_content)
    signer = signature.signer_info
    digest = {"algorithm": "sha512"}
    again = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "data"},
            "certificates": [signature.signer_cert],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": signer["sid"],
                    "digest_algorithm": digest,
                    "signed_attrs": signer["signed_attrs"],
                    "signature_algorithm": {"algorithm": "ed25519"},
                    "signature": signer["signature"],
                }
            ],
        }
    )
    der = cms.ContentInfo({"content_type": "signed_data", "content": again}).dump()
    padded = der + bytes(len(content) - len(der))
    return bool(pdf[start:end] == b"<" + padded.hex().upper().encode() + b">")
