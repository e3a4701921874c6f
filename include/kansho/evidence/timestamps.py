"""Time stamps of checkpoints by an authority that is nobody's party (RFC 3161), asked for and checked.

Belongs here: the request, and what an answer proves; pure over bytes.  Does not belong here: the network
(`kansho.exchange.timestamping`) or the offline verifier, which stands on the standard library and cryptography: it
checks that the log binds the answer's bytes, and `read_timestamp` (or ``openssl ts -verify``) checks the answer itself.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, pem, tsp, x509
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from kansho.errors import KanshoError

#: Bytes of an answer at most; a token with its chain is a few thousand.
MAX_ANSWER = 64 * 1024
_GRANTED = frozenset({"granted", "granted_with_mods"})


@dataclass(frozen=True)
class Timestamp:
    """What an authority says: that these bytes existed at ``at``, under its serial number."""

    at: datetime
    serial: int
    digest: str


def request_timestamp(data: bytes, nonce: int) -> bytes:
    """DER of a ``TimeStampReq`` over SHA-256 of ``data``, asking for the authority's certificate (RFC 3161, 2.4.1).

    Args:
        data: what is to be stamped, such as the text of a checkpoint.
        nonce: 64 random bits, which the answer must repeat.
    """
    made = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(data).digest(),
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    return bytes(made.dump())


def read_timestamp(answer: bytes, data: bytes, authority: bytes, *, nonce: int | None = None) -> Timestamp:
    """Check an authority's answer to the end: granted, signed by it, for these bytes, for time stamping.

    Args:
        answer: DER of the ``TimeStampResp``.
        data: what was stamped.
        authority: certificate (PEM or DER) that we trust for it: the authority's own or its issuer's.
        nonce: of the request, when the answer has just come; later the kept answer is checked without.

    Raises:
        KanshoError: ``TIMESTAMP-FORM``, ``TIMESTAMP-REFUSED``, ``TIMESTAMP-NONCE``, ``TIMESTAMP-OTHER`` when it stamps
            other bytes, ``TIMESTAMP-SIGNATURE`` when it is not the authority's or was changed.
    """
    signed, info = _token(answer)
    if nonce is not None and info["nonce"].native != nonce:
        raise KanshoError(
            "TIMESTAMP-NONCE", "時刻の証明が、この要求への答えではありません", remedy="要求し直してください"
        )
    at = info["gen_time"].native
    if info["message_imprint"]["hash_algorithm"]["algorithm"].native != "sha256":
        raise KanshoError("TIMESTAMP-OTHER", "時刻の証明の要約方式が SHA-256 ではありません")
    if info["message_imprint"]["hashed_message"].native != hashlib.sha256(data).digest():
        raise KanshoError("TIMESTAMP-OTHER", "時刻の証明は別の内容に対するものです", remedy="台帳と照合してください")
    if not _holds(signed, authority, at, data):
        raise KanshoError(
            "TIMESTAMP-SIGNATURE",
            "時刻の証明の署名が、登録した時刻認証局のものではありません",
            remedy="時刻認証局の証明書を確かめてください",
        )
    return Timestamp(at, int(info["serial_number"].native), hashlib.sha256(answer).hexdigest())


def _token(answer: bytes) -> tuple[cms.SignedData, tsp.TSTInfo]:
    try:
        if len(answer) > MAX_ANSWER:
            raise ValueError
        # A refusal has no token, which the library's form of an answer wants: its status is read by itself first.
        head = core.Sequence.load(answer, strict=True).contents
        if tsp.PKIStatusInfo.load(head)["status"].native in _GRANTED:
            signed = tsp.TimeStampResp.load(answer, strict=True)["time_stamp_token"]["content"]
            content = signed["encap_content_info"]["content"]
            info = content.parsed if isinstance(content, core.ParsableOctetString) else None
            if not isinstance(info, tsp.TSTInfo):
                raise ValueError
            info.native  # noqa: B018 - parses every field now, so that nothing fails later
            return signed, info
    except (ValueError, TypeError, KeyError, AttributeError):
        raise KanshoError("TIMESTAMP-FORM", "時刻の証明として読めません", remedy="要求し直してください") from None
    raise KanshoError("TIMESTAMP-REFUSED", "時刻認証局が証明を断りました", remedy="時刻認証局に問い合わせてください")


def _holds(signed: cms.SignedData, authority: bytes, at: datetime, data: bytes) -> bool:
    # Certificates are judged at the time that is stamped: an authority's key may have ended since.  Nothing is fetched.
    context = ValidationContext(trust_roots=[_certificate(authority)], moment=at, allow_fetching=False)

    def imprint(algorithm: str) -> bytes:
        return hashlib.new(algorithm, data).digest()

    try:
        said = asyncio.run(validate_tst_signed_data(signed, context, imprint))
    except Exception:  # the library fails in many ways on hostile bytes; whatever it was, the answer does not hold
        return False
    return bool(said.get("intact") and said.get("valid") and said.get("trust_problem_indic") is None)


def _certificate(data: bytes) -> x509.Certificate:
    try:
        der = pem.unarmor(data)[2] if pem.detect(data) else data
        return x509.Certificate.load(der, strict=True)
    except ValueError:
        raise KanshoError(
            "TIMESTAMP-AUTHORITY", "時刻認証局の証明書として読めません", remedy="PEM の証明書を設定してください"
        ) from None
