"""Keys wrapped by AWS KMS: one KMS key for each key of a campaign, so that each can be deleted by itself.

Belongs here: KMS calls.  Does not belong here: files of keys without a service (`kansho.vault.keepers`).

    created → wrapped file beside → … → deletion scheduled (pending until a day) → gone once KMS knows it no more

The wrapped file names the KMS key.  It stays until KMS has forgotten the key: it is what we ask after, and opens
nothing without KMS.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, date
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from kansho.errors import KanshoError
from kansho.vault.keepers import FileKeeper

#: Days that KMS waits before it deletes; the shortest it allows.
WAIT_DAYS = 7
_GONE = frozenset({"NotFoundException"})
#: States in which KMS still decrypts, or could again.
_PENDING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


class KmsKeeper:
    """Named keys of one campaign under KMS.

    Args:
        client: a boto3 KMS client for the approved endpoint and region.
        files: where the wrapped keys lie.
        campaign: bound, with the key's name, as the encryption context.
    """

    def __init__(self, client: Any, files: FileKeeper, campaign: str) -> None:
        self._client, self._files, self._campaign = client, files, campaign
        self._opened: dict[str, bytes] = {}

    def create(self, name: str, key: bytes) -> None:
        """See `KeyKeeper.create`; a kill between the two steps leaves an unused KMS key, which its tags name."""
        if self._files.has(name):
            return
        tags = [{"TagKey": "kansho-campaign", "TagValue": self._campaign}, {"TagKey": "kansho-key", "TagValue": name}]
        made = self._call("create_key", name, Description=f"kansho {self._campaign} {name}", Tags=tags)
        id_ = made["KeyMetadata"]["KeyId"]
        sealed = self._call("encrypt", name, KeyId=id_, Plaintext=key, EncryptionContext=self._context(name))
        wrapped = {"kms_key": id_, "sealed": base64.b64encode(sealed["CiphertextBlob"]).decode()}
        self._files.create(name, json.dumps(wrapped).encode())

    def read(self, name: str) -> bytes:
        """See `KeyKeeper.read`; opened once for each process."""
        if name not in self._opened:
            kept = json.loads(self._files.read(name))
            if self._deletion(name, kept) is not None:
                raise KeyError(name)
            self._opened[name] = self._call(
                "decrypt",
                name,
                KeyId=kept["kms_key"],
                CiphertextBlob=base64.b64decode(kept["sealed"]),
                EncryptionContext=self._context(name),
            )["Plaintext"]
        return self._opened[name]

    def has(self, name: str) -> bool:
        """Whether KMS still knows the key: also while its deletion is only scheduled, which can be cancelled."""
        if not self._files.has(name):
            return False
        return self._deletion(name, json.loads(self._files.read(name))) is not True

    def pending(self, name: str) -> date | None:
        """The day KMS will delete the key; None when it is present, or gone."""
        if not self._files.has(name):
            return None
        told = self._deletion(name, json.loads(self._files.read(name)))
        return told if isinstance(told, date) else None

    def destroy(self, name: str) -> None:
        """Schedule the deletion; once KMS knows the key no more, remove what named it."""
        self._opened.pop(name, None)
        if not self._files.has(name):
            return
        kept = json.loads(self._files.read(name))
        told = self._deletion(name, kept)
        if told is None:
            self._call("schedule_key_deletion", name, KeyId=kept["kms_key"], PendingWindowInDays=WAIT_DAYS)
        elif told is True:
            self._files.destroy(name)

    def _deletion(self, name: str, kept: dict[str, str]) -> date | bool | None:
        """None: present; a day: pending until then; True: gone."""
        try:
            told = self._client.describe_key(KeyId=kept["kms_key"])["KeyMetadata"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return True
            raise _failed(name) from None
        except BotoCoreError:
            raise _failed(name) from None
        if told["KeyState"] not in _PENDING:
            return None
        return told["DeletionDate"].astimezone(UTC).date()  # type: ignore[no-any-return]

    def _call(self, operation: str, name: str, **arguments: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(**arguments)  # type: ignore[no-any-return]
        except (ClientError, BotoCoreError):
            raise _failed(name) from None

    def _context(self, name: str) -> dict[str, str]:
        return {"campaign": self._campaign, "name": name}


def _failed(name: str) -> KanshoError:
    return KanshoError(
        "KEY-SERVICE",
        "鍵の管理サービスが応じません",
        place=name,
        remedy="権限・接続先を確認してからやり直してください",
    )
