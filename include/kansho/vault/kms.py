"""Keys wrapped by AWS KMS: one KMS key for each key of a campaign, so that each can be deleted by itself.

Belongs here: KMS calls.  Does not belong here: files of keys without a service (`kansho.vault.keepers`).

    created → wrapped file beside → … → deletion scheduled (pending until a day) → gone once KMS knows it no more

The wrapped file names the KMS key by its ARN: partition, region, account.  It stays until KMS has forgotten the key: it
is what we ask after, and opens nothing without KMS.  A KMS of another region or account knows none of our keys, and is
not believed when it says so: only one that knows another key of the campaign says of a key that it is gone.  A run
that is killed between making a KMS key and writing the file leaves one that nothing names: its tags say whose it is,
and it ends with the key that it was made for.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import UTC, date
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from kansho.errors import KanshoError
from kansho.vault.keepers import FileKeeper

#: Days that KMS waits before it deletes; the shortest it allows.
WAIT_DAYS = 7
_KEY = "kansho-key"
#: Never destroyed, so that there is always one by which the right service is known.
_STAYS = "signing"
_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):key/[A-Za-z0-9-]+\Z")
_GONE = frozenset({"NotFoundException"})
#: States in which KMS still decrypts, or could again.
_PENDING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


def client(endpoint: str, region: str) -> Any:
    """A client for one endpoint, which the caller has held against the approved places; credentials are boto3's own."""
    # The agent: else each request computes, and tells, what machine this is.
    retries = {"total_max_attempts": 4, "mode": "standard"}
    config = Config(connect_timeout=10, read_timeout=60, retries=retries, user_agent="kansho")
    return boto3.session.Session().client("kms", endpoint_url=endpoint, region_name=region, config=config)


class KmsKeeper:
    """Named keys of one campaign under KMS.

    Args:
        client: a boto3 KMS client for the approved endpoint and region.
        files: where the wrapped keys lie.
        campaign: bound, with the key's name, as the encryption context.
        owner: the deployment's word in the tags of its keys.
    """

    kind: ClassVar[str] = "kms"
    waits: ClassVar[int] = WAIT_DAYS

    def __init__(self, client: Any, files: FileKeeper, campaign: str, owner: str) -> None:
        self._client, self._files, self._campaign, self._owner = client, files, campaign, owner
        self._opened: dict[str, bytes] = {}
        self._ours: dict[str, list[str]] | None = None
        self._account = ""  # of a key of ours that this service was seen to know

    def create(self, name: str, key: bytes) -> bool:
        """See `KeyKeeper.create`; a kill between the steps leaves an unused KMS key (`strays`)."""
        if self._files.has(name):
            return False
        id_ = self._new(name)
        sealed = self._call("encrypt", name, KeyId=id_, Plaintext=key, EncryptionContext=self._context(name))
        kept = self._files.create(name, _written(id_, sealed["CiphertextBlob"]))
        if not kept:
            self._schedule(name, id_)  # another worker was first: its key counts
        return kept

    def read(self, name: str) -> bytes:
        """See `KeyKeeper.read`; opened once for each process."""
        if name not in self._opened:
            kept = self._kept(name)
            if self._deletion(name, kept["kms_key"]) is not None:
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
        """Whether KMS still knows the key, or one made for it: also while a deletion is only scheduled."""
        return any(told is not True for told in self._deletions(name).values())

    def pending(self, name: str) -> date | None:
        """The day KMS will have deleted the key and those it replaced; None when it is present, or gone."""
        told = list(self._deletions(name).values())
        days = [day for day in told if isinstance(day, date)]
        return max(days) if days and None not in told else None

    def destroy(self, name: str) -> None:
        """Schedule the deletion, strays included; once KMS knows none of them any more, remove what named it."""
        self._opened.pop(name, None)
        self._name_whole(name)
        told = self._deletions(name)
        for id_, state in told.items():
            if state is None:
                self._schedule(name, id_)
        if told and all(state is True for state in told.values()):
            self._files.destroy(name)

    def names(self) -> list[str]:
        """See `KeyKeeper.names`."""
        return self._files.names()

    def strays(self, name: str) -> list[str]:
        """See `KeyKeeper.strays`: keys whose tags say that they are ours, and that the file does not name.

        Every key of the account and region is asked for its tags, once for each process.

        Raises:
            KanshoError: ``KEY-SERVICE`` also when a key's tags may not be seen: it might be one of ours.
        """
        if self._ours is None:
            self._ours = self._tagged()
        named = self._named(name)
        return [id_ for id_ in self._ours.get(name, []) if id_ not in named and self._deletion(name, id_) is not True]

    def turn(self, name: str, rotation: int) -> bool:
        """See `KeyKeeper.turn`: a key is wrapped under a new KMS key, the deletion of the former scheduled.

        KMS re-encrypts by itself: the key does not leave it in the clear.  The file names the former KMS key until it
        is gone, for a copy of the former file would open with it.
        """
        kept = self._kept(name)
        if self._deletion(name, kept["kms_key"]) is not None:
            return False
        former = [id_ for id_ in kept.get("former", []) if self._deletion(name, id_) is not True]
        turned = int(kept.get("rotation", 0)) < rotation
        if turned:
            id_, context = self._new(name), self._context(name)
            sealed = self._call(
                "re_encrypt",
                name,
                CiphertextBlob=base64.b64decode(kept["sealed"]),
                SourceKeyId=kept["kms_key"],
                SourceEncryptionContext=context,
                DestinationKeyId=id_,
                DestinationEncryptionContext=context,
            )
            former.append(kept["kms_key"])
            self._files.replace(name, _written(id_, sealed["CiphertextBlob"], rotation=rotation, former=former))
        for id_ in (*former, *self.strays(name)):
            if self._deletion(name, id_) is None:
                self._schedule(name, id_)
        return turned

    def _kept(self, name: str) -> dict[str, Any]:
        """What the file says, every KMS key by its ARN."""
        said: dict[str, Any] = json.loads(self._files.read(name))
        former = [self._arn(name, id_) for id_ in said.get("former", [])]
        return {**said, "kms_key": self._arn(name, said["kms_key"]), "former": former}

    def _arn(self, name: str, id_: str) -> str:
        """An earlier form kept the bare id, which any region may be asked for: the service says whose it is."""
        if id_.startswith("arn:"):
            return id_
        told = self._described(name, id_)
        if told is None:
            raise _elsewhere(name)
        return str(told["Arn"])

    def _name_whole(self, name: str) -> None:
        """Write the ARN where a bare id stands, while the service still knows it: afterwards nobody could say."""
        if self._files.has(name):
            said, whole = json.loads(self._files.read(name)), self._kept(name)
            if (whole["kms_key"], whole["former"]) != (said["kms_key"], said.get("former", [])):
                self._files.replace(name, json.dumps(whole).encode())

    def _new(self, name: str) -> str:
        tags = [{"TagKey": key, "TagValue": value} for key, value in {**self._tags, _KEY: name}.items()]
        made = self._call("create_key", name, Description=f"kansho {self._campaign} {name}", Tags=tags)
        return str(made["KeyMetadata"]["Arn"])

    def _schedule(self, name: str, id_: str) -> None:
        self._call("schedule_key_deletion", name, KeyId=id_, PendingWindowInDays=WAIT_DAYS)

    def _deletions(self, name: str) -> dict[str, date | bool | None]:
        """KMS key → its state, for the one in use, those it replaced, and strays."""
        found = {id_: self._deletion(name, id_) for id_ in (*self._named(name), *self.strays(name))}
        if not found and self._files.names():
            self._require_home(name)  # elsewhere there would be no stray either
        return found

    def _named(self, name: str) -> list[str]:
        """The KMS keys that the file names, the one in use first."""
        if not self._files.has(name):
            return []
        kept = self._kept(name)
        return [kept["kms_key"], *kept.get("former", [])]

    @property
    def _tags(self) -> dict[str, str]:
        return {"kansho-campaign": self._campaign, "kansho-deployment": self._owner}

    def _tagged(self) -> dict[str, list[str]]:
        """Name → KMS keys whose tags say that this deployment made them for it."""
        found: dict[str, list[str]] = {}
        marker: dict[str, str] = {}
        while True:
            page = self._call("list_keys", "list_keys", **marker)
            for id_ in (entry["KeyArn"] for entry in page["Keys"]):
                tags = self._tags_of(id_)
                if self._tags.items() <= tags.items():
                    found.setdefault(tags.get(_KEY, ""), []).append(id_)
            if not page.get("Truncated"):
                return found
            marker = {"Marker": page["NextMarker"]}

    def _tags_of(self, id_: str) -> dict[str, str]:
        """A key's tags; none of a key that is gone meanwhile."""
        try:
            told = self._client.list_resource_tags(KeyId=id_)["Tags"]  # ours have three, one answer holds fifty
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return {}
            raise _failed("list_resource_tags") from None
        except BotoCoreError:
            raise _failed("list_resource_tags") from None
        return {tag["TagKey"]: tag["TagValue"] for tag in told}

    def _deletion(self, name: str, id_: str) -> date | bool | None:
        """None: present; a day: pending until then; True: gone, as a service says that knows another key of ours."""
        told = self._described(name, id_)
        if told is None:
            self._require_home(name, id_)
            return True
        if told["KeyState"] not in _PENDING:
            return None
        return told["DeletionDate"].astimezone(UTC).date()  # type: ignore[no-any-return]

    def _described(self, name: str, id_: str) -> dict[str, Any] | None:
        """What the service says of a key; None when it does not know it.

        Raises:
            KanshoError: ``KEY-ELSEWHERE`` when the key lies in another partition or region than the service asked.
        """
        whole, asked = id_.startswith("arn:"), self._client.meta
        if whole and _parts(name, id_)[:2] != (asked.partition, asked.region_name):
            raise _elsewhere(name)
        try:
            told: dict[str, Any] = self._client.describe_key(KeyId=id_)["KeyMetadata"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE:
                return None
            raise _failed(name) from None
        except BotoCoreError:
            raise _failed(name) from None
        if whole and told["Arn"] != id_:
            raise _elsewhere(name)
        return told

    def _require_home(self, name: str, id_: str = "") -> None:
        """The service knows a key of this campaign, in the account of the one that it is asked about.

        Raises:
            KanshoError: ``KEY-ELSEWHERE``.
        """
        if not self._account:
            for other in dict.fromkeys((_STAYS, *self._files.names())):
                kept = json.loads(self._files.read(other))["kms_key"] if self._files.has(other) else None
                told = self._described(other, kept) if kept is not None else None
                if told is not None:
                    self._account = _parts(other, told["Arn"])[2]
                    break
        if not self._account or (id_ and _parts(name, id_)[2] != self._account):
            raise _elsewhere(name)

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


def _parts(name: str, arn: str) -> tuple[str, str, str]:
    """Partition, region and account of an ARN."""
    found = _ARN.match(arn)
    if found is None:
        raise _elsewhere(name)
    return found["partition"], found["region"], found["account"]


def _elsewhere(name: str) -> KanshoError:
    return KanshoError(
        "KEY-ELSEWHERE",
        "この接続先・地域・アカウントの鍵の管理サービスは、鍵を作ったものと違います（鍵が消えたとはみなしません）",
        place=name,
        remedy="keeper.json の endpoint・region と、役割のアカウントを、鍵を作ったときのものに戻してください",
    )


def _written(id_: str, sealed: bytes, *, rotation: int = 0, former: Sequence[str] = ()) -> bytes:
    said = {"kms_key": id_, "sealed": base64.b64encode(sealed).decode(), "rotation": rotation, "former": list(former)}
    return json.dumps(said).encode()
