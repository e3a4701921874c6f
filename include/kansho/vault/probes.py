"""What is tried on an S3 to see whether it keeps what the vault and the log rely on; each probe is a call or a few.

Belongs here: the probes, each of which returns, or says in `Broken` what was not kept.  Does not belong here: their
order, what they are called, what an operator is told (`kansho.vault.conformance`).  Nothing personal is written: bytes
that say what they are, under a prefix of their own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from kansho.vault.buckets import require_settings
from kansho.vault.s3_calls import ABSENT, TAKEN, UNDER_WAY, Patience, code_of
from kansho.vault.s3_erasing import versions_below
from kansho.vault.s3_parts import put_in_parts, uploads_below

#: Rounds of the race, each for another name: a server that is only sometimes wrong is wrong.
ROUNDS = 5
BODY, OTHER = b"kansho vault check", b"kansho vault check, other"
#: The least that S3 takes for a part that is not the last: with a byte more there are two.
PART = 5 * 2**20


class Broken(Exception):
    """The endpoint did otherwise than we rely on; the text is for the operator."""


class Unasked(Exception):
    """Nothing was tried, for it was not asked for; the text is for the operator."""


@dataclass(frozen=True)
class Bench:
    """Where the probes write.

    Args:
        client: of `kansho.vault.s3_calls.client`.
        personal: bucket of personal data.
        evidence: bucket of the evidence.
        prefix: of everything that is written, without a trailing slash; new for each run.
        writers: how many race for a name.
        hold: seconds for which the probes of the lock ask to be kept.
        compliance: whether an object may be locked so that nobody can lift it before those seconds are over.
        patience: of calls that may be made again.
        clock: that says until when the lock is asked for.
    """

    client: Any
    personal: str
    evidence: str
    prefix: str
    writers: int
    hold: int
    compliance: bool
    patience: Patience
    clock: Callable[[], datetime]

    def put(self, name: str, body: bytes = BODY, *, bucket: str = "", **more: Any) -> Any:
        """One plain write."""
        return self.client.put_object(Bucket=bucket or self.personal, Key=f"{self.prefix}/{name}", Body=body, **more)

    def body(self, name: str, bucket: str = "") -> bytes | None:
        """What a reader gets now; None when there is nothing."""
        place = {"Bucket": bucket or self.personal, "Key": f"{self.prefix}/{name}"}
        try:
            return bytes(self.client.get_object(**place)["Body"].read())
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise

    def versions(self, name: str, bucket: str = "") -> list[str]:
        """Versions and delete markers of one object."""
        key = f"{self.prefix}/{name}"
        return [v for k, v in versions_below(self.client, bucket or self.personal, key, self.patience) if k == key]


def settings(bench: Bench) -> None:
    """The buckets are set as the start of every process demands."""
    require_settings(bench.client, bench.personal, bench.evidence, bench.patience)


def versions(bench: Bench) -> None:
    """Nothing is ever overwritten or hidden without being listed, and what is deleted by version is gone."""
    bench.put("versions")
    bench.put("versions", OTHER)
    if len(bench.versions("versions")) != 2:
        raise Broken("上書きした前の版が一覧に出ません")
    bench.client.delete_object(Bucket=bench.personal, Key=f"{bench.prefix}/versions")
    if len(bench.versions("versions")) != 3:
        raise Broken("削除の印（delete marker）が一覧に出ません")
    if bench.body("versions") is not None:
        raise Broken("削除した後も、版を指定せずに読めます")
    for version in bench.versions("versions"):
        bench.client.delete_object(Bucket=bench.personal, Key=f"{bench.prefix}/versions", VersionId=version)
    if bench.versions("versions"):
        raise Broken("版を指定して削除しても、版が残ります")


def create(bench: Bench) -> None:
    """A name that is taken stays with what took it."""
    _one_of_two(bench, bench.personal, "create", {})


def race(bench: Bench) -> None:
    """Of many who write the same name at once, exactly one is told that it did, and its bytes are there."""
    _one_of_many(bench, bench.personal, "race", {})


def log(bench: Bench) -> None:
    """Both in the bucket of the log, which stands on it most of all, each object under a lock as the log's are."""
    until = bench.clock().replace(microsecond=0) + timedelta(seconds=bench.hold)
    for name, tried in (("log-create", _one_of_two), ("log-race", _one_of_many)):
        tried(bench, bench.evidence, name, {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until})


def _one_of_two(bench: Bench, bucket: str, name: str, lock: Mapping[str, Any]) -> None:
    more = {"bucket": bucket, "IfNoneMatch": "*", **lock}
    bench.put(name, **more, **_checksum(BODY, lock))
    if not _refused(lambda: bench.put(name, OTHER, **more, **_checksum(OTHER, lock)), TAKEN):
        raise Broken("既にある名前への条件付き書込み（If-None-Match）が断られません")
    if bench.body(name, bucket) != BODY or len(bench.versions(name, bucket)) != 1:
        raise Broken("断られた書込みが、内容又は版を残しました")


def _checksum(body: bytes, lock: Mapping[str, Any]) -> dict[str, Any]:
    """S3 demands one of whatever is written under a lock."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": digest} if lock else {}


def _one_of_many(bench: Bench, bucket: str, called: str, lock: Mapping[str, Any]) -> None:
    with ThreadPoolExecutor(bench.writers) as pool:
        for number in range(ROUNDS):
            name = f"{called}-{number}"

            def write(writer: int, name: str = name) -> bool:
                body = f"{writer}".encode()
                more = {"bucket": bucket, "IfNoneMatch": "*", **lock, **_checksum(body, lock)}
                return not _refused(lambda: bench.put(name, body, **more), TAKEN | UNDER_WAY)

            won = [writer for writer, did in enumerate(pool.map(write, range(bench.writers))) if did]
            if len(won) != 1:
                raise Broken(f"同時に書いた {bench.writers} のうち {len(won)} が成功を告げられました")
            if bench.body(name, bucket) != f"{won[0]}".encode() or len(bench.versions(name, bucket)) != 1:
                raise Broken("成功を告げられた書込みと、残った内容又は版の数が違います")


def checksum(bench: Bench) -> None:
    """Bytes that arrive otherwise than they were sent are not kept."""
    wrong = base64.b64encode(hashlib.sha256(OTHER).digest()).decode()
    try:
        bench.put("checksum", ChecksumAlgorithm="SHA256", ChecksumSHA256=wrong)
    except ClientError as error:
        if not 400 <= int(error.response["ResponseMetadata"]["HTTPStatusCode"]) < 500 or code_of(error) in _DENIED:
            raise
    else:
        raise Broken("内容と合わない検査値（SHA-256）の書込みが断られません")
    if bench.versions("checksum"):
        raise Broken("断られた書込みが版を残しました")


def bulk(bench: Bench) -> None:
    """Versions and delete markers that are named in one call are gone after it, all of them."""
    name, key = "bulk", f"{bench.prefix}/bulk"
    made = [bench.put(name)["VersionId"], bench.put(name, OTHER)["VersionId"]]
    made.append(bench.client.delete_object(Bucket=bench.personal, Key=key)["VersionId"])
    wanted = {"Objects": [{"Key": key, "VersionId": version} for version in made], "Quiet": True}
    answer = bench.client.delete_objects(Bucket=bench.personal, Delete=wanted)
    if answer.get("Errors") or bench.versions(name):
        raise Broken("まとめて削除した版が残るか、削除できないと告げられます")


def parts(bench: Bench) -> None:
    """An object in two parts comes to be whole and in order, and only where its name is free."""

    def put(body: bytes) -> None:
        put_in_parts(bench.client, bench.personal, f"{bench.prefix}/parts", body, {}, PART, bench.patience)

    # No stretch of it is like another: parts that were exchanged, doubled or cut show.
    body, other = (hashlib.shake_256(seed).digest(PART + len(BODY)) for seed in (BODY, OTHER))
    put(body)
    if bench.body("parts") != body:
        raise Broken("分割して書いたものが、書いたとおりに読めません")
    if not _refused(lambda: put(other), TAKEN):
        raise Broken("既にある名前への分割書込みの完了（If-None-Match）が断られません")
    if bench.body("parts") != body or len(bench.versions("parts")) != 1:
        raise Broken("断られた分割書込みが、内容又は版を残しました")


def uploads(bench: Bench) -> None:
    """What was begun in parts and not finished is listed until it is aborted."""
    key = f"{bench.prefix}/uploads/half"
    upload = bench.client.create_multipart_upload(Bucket=bench.personal, Key=key)["UploadId"]

    def listed() -> bool:
        found = uploads_below(bench.client, bench.personal, f"{bench.prefix}/uploads/", bench.patience)
        return (key, upload) in list(found)

    if not listed():
        raise Broken("終わっていない分割書込みが一覧に出ません")
    bench.client.abort_multipart_upload(Bucket=bench.personal, Key=key, UploadId=upload)
    if listed():
        raise Broken("取り消した分割書込みが一覧に残ります")


def listing(bench: Bench) -> None:
    """A listing by folder holds that folder, all of it, in order, over several pages."""
    wanted = [f"{bench.prefix}/list/ward1/{name}" for name in ("a", "b", "c")]
    for name in ("ward1/c", "ward1/a", "ward1/b", "ward10/a", "ward1"):
        bench.put(f"list/{name}")
    found: list[str] = []
    asked: dict[str, Any] = {"Bucket": bench.personal, "Prefix": f"{bench.prefix}/list/ward1/", "MaxKeys": 2}
    for _ in range(len(wanted)):
        page = bench.client.list_objects_v2(**asked)
        found += [entry["Key"] for entry in page.get("Contents", ())]
        if not page.get("IsTruncated"):
            break
        asked["ContinuationToken"] = page["NextContinuationToken"]
    if found != wanted:
        raise Broken("一覧が、指定した名前で始まるもの全て（そしてそれだけ）になりません")


def lock(bench: Bench) -> None:
    """A version under a retention is kept as asked, and not deleted before it ends, by one or in bulk."""
    _kept_under(bench, "GOVERNANCE", "lock")


def compliance(bench: Bench) -> None:
    """The same of the mode that a real year's evidence stands under, which no right may pass by.

    Raises:
        Unasked: a lock that nobody can lift is put only on who asks for it.
    """
    if not bench.compliance:
        raise Unasked("求められていないため、試していません（本番の証跡はこのロックに依ります）")
    _kept_under(bench, "COMPLIANCE", "compliance")


def _kept_under(bench: Bench, mode: str, name: str) -> None:
    until = bench.clock().replace(microsecond=0) + timedelta(seconds=bench.hold)
    asked = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}
    more: dict[str, Any] = {**asked, **_checksum(BODY, asked)}
    made = bench.put(name, bucket=bench.evidence, IfNoneMatch="*", **more)
    one = {"Key": f"{bench.prefix}/{name}", "VersionId": made["VersionId"]}
    head = bench.client.head_object(Bucket=bench.evidence, **one)
    if (head.get("ObjectLockMode"), head.get("ObjectLockRetainUntilDate")) != (mode, until):
        raise Broken("保持の種類・期日が、求めたとおりに付きません")
    if mode == "COMPLIANCE":
        _require_not_weaker(bench, one, until)
    # Of the mode that may be lifted with a right to it, only whoever has none is to be refused.
    lifts: dict[str, Any] = {"BypassGovernanceRetention": True} if mode == "COMPLIANCE" else {}
    refused = [
        _refused(partial(bench.client.delete_object, Bucket=bench.evidence, **one, **more), _DENIED)
        for more in ({}, *([lifts] if lifts else []))
    ]
    answer = bench.client.delete_objects(Bucket=bench.evidence, Delete={"Objects": [one]})
    kept = one["VersionId"] in bench.versions(name, bench.evidence)
    if bench.clock() >= until:
        raise TimeoutError  # too slow to say: the retention may have ended meanwhile
    if not all(refused) or not answer.get("Errors") or not kept:
        raise Broken("保持期間中の版が削除できるか、削除の拒否が告げられません")


def _require_not_weaker(bench: Bench, one: Mapping[str, str], until: datetime) -> None:
    """Nobody brings the last day forward or the mode down: who could, could then delete."""
    earlier = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(seconds=bench.hold // 2)}
    for wanted in (earlier, {"Mode": "GOVERNANCE", "RetainUntilDate": until}):
        asked = {"Bucket": bench.evidence, **one, "Retention": wanted}
        if not _refused(partial(bench.client.put_object_retention, **asked), _DENIED):
            raise Broken("保持の期日を早めるか、種類を弱めることができます")


_DENIED = frozenset({"AccessDenied", "403", "ObjectLocked", "InvalidRequest"})


def _refused(call: Callable[[], Any], codes: frozenset[str]) -> bool:
    """Whether the call was refused with one of these codes; any other error passes."""
    try:
        call()
    except ClientError as error:
        if code_of(error) in codes:
            return True
        raise
    return False
