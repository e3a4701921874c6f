"""Envelope encryption of one object: a fresh data key each, wrapped by the key of its class of data.

Layout (bytes): ``KV1`` · 12 nonce of the wrap · 48 wrapped data key · 12 nonce · ciphertext+tag.
AES-256-GCM (NIST SP 800-38D); campaign and object name are bound as associated data, so an
object moved or renamed does not open.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kansho.errors import KanshoError

_MAGIC = b"KV1"
_NONCE = 12
_WRAPPED = 48


def seal(data: bytes, *, key: bytes, campaign: str, name: str) -> bytes:
    """Encrypt ``data`` under a new data key; ``key`` is the 32 bytes of the class's key."""
    bound = _bound(campaign, name)
    data_key = AESGCM.generate_key(256)
    wrap_nonce, nonce = os.urandom(_NONCE), os.urandom(_NONCE)
    wrapped = AESGCM(key).encrypt(wrap_nonce, data_key, bound)
    return _MAGIC + wrap_nonce + wrapped + nonce + AESGCM(data_key).encrypt(nonce, data, bound)


def unseal(sealed: bytes, *, key: bytes, campaign: str, name: str) -> bytes:
    """Decrypt what `seal` wrote.

    Raises:
        KanshoError: ``VAULT-SEAL`` when key, campaign, name or a byte differs.
    """
    bound = _bound(campaign, name)
    head = len(_MAGIC)
    wrap_nonce = sealed[head : head + _NONCE]
    wrapped = sealed[head + _NONCE : head + _NONCE + _WRAPPED]
    rest = sealed[head + _NONCE + _WRAPPED :]
    try:
        if sealed[:head] != _MAGIC:
            raise InvalidTag
        data_key = AESGCM(key).decrypt(wrap_nonce, wrapped, bound)
        return AESGCM(data_key).decrypt(rest[:_NONCE], rest[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise KanshoError(
            "VAULT-SEAL",
            "保管庫の封緘が一致しません",
            place=name,
            remedy="鍵と保管庫の版を確かめ、事故として報告してください",
        ) from None


def _bound(campaign: str, name: str) -> bytes:
    return f"kansho/{campaign}/{name}".encode()
