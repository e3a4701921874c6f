"""A time-stamp authority of our own for tests: a certificate authority, a stamping key, an HTTP server on loopback.

Not a test.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from asn1crypto import keys, tsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

_SIGNS = {"digital_signature": True, "key_cert_sign": False}
_CERTIFIES = {"digital_signature": False, "key_cert_sign": True}


@dataclass
class Authority:
    """``root`` is the PEM that somebody who trusts it has; ``stamps`` whether it may stamp at all."""

    stamps: bool = True
    _root_key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))
    _key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))

    def __post_init__(self) -> None:
        top = _certificate("見本認証局", self._root_key, self._root_key, None, stamps=False)
        mine = _certificate("見本時刻認証局", self._key, self._root_key, top, stamps=self.stamps)
        self.root = top.public_bytes(Encoding.PEM)
        private = self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._stamper = DummyTimeStamper(
            x509.Certificate.load(mine.public_bytes(Encoding.DER)), keys.PrivateKeyInfo.load(private)
        )

    def answer(self, request: bytes) -> bytes:
        return bytes(self._stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump())


@contextmanager
def served(authority: Authority, status: int = 200) -> Iterator[str]:
    """``host:port`` of a server that answers for the authority."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def _certificate(
    name: str, key: RSAPrivateKey, by: RSAPrivateKey, issuer: pyca.Certificate | None, *, stamps: bool
) -> pyca.Certificate:
    named = pyca.Name([pyca.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = {
        **dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False),
        **dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False),
        **(_CERTIFIES if issuer is None else _SIGNS),
    }
    made = (
        pyca.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer.subject if issuer else named)
        .public_key(key.public_key())
        .serial_number(pyca.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2080, 1, 1, tzinfo=UTC))
        .add_extension(pyca.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(pyca.KeyUsage(**usage), critical=True)
    )
    if stamps:
        made = made.add_extension(pyca.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(by, hashes.SHA256())
