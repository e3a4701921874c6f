"""S3 and KMS in memory behind one small HTTP server: a whole year on S3 costs seconds, and its state can be put back.

Not a test.  It is held to the same behaviour as moto (``tests/unit/test_store_behaviour.py``) and does what the vault
asks for and no more: versions, delete markers, conditional create, checksums, Object Lock, bulk deletes, parts; keys
whose deletion is scheduled.  Any other request is answered with an error.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: What a listing shows at once.
PAGE = 1000
_DAY = 24 * 3600
_META = "x-amz-meta-"
_LOCK = "x-amz-object-lock-"
_CHECKSUM = "x-amz-checksum-sha256"
#: The one region and account whose keys it holds.
_ARN = "arn:aws:kms:ap-northeast-1:123456789012:key/"


@dataclass(frozen=True)
class Version:
    """One version of an object; a delete marker has no body."""

    id: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def locked(self) -> bool:
        """Whether a retention still stands (until a day to come) or a legal hold."""
        until = self.headers.get(f"{_LOCK}retain-until-date", "")
        return until > time.strftime("%Y-%m-%d", time.gmtime()) or self.headers.get(f"{_LOCK}legal-hold") == "ON"


@dataclass(frozen=True)
class Key:
    """A KMS key; ``deleted_at`` is when a scheduled deletion ends (epoch seconds)."""

    secret: bytes = field(repr=False)
    tags: tuple[Mapping[str, str], ...] = ()
    deleted_at: float | None = None

    @property
    def usable(self) -> bool:
        """Whether it is not gone: a scheduled deletion can be cancelled."""
        return self.deleted_at is None or self.deleted_at > time.time()


@dataclass(frozen=True)
class Call:
    """One request, as a fault sees it."""

    operation: str
    bucket: str = ""
    key: str = ""

    @property
    def changes(self) -> bool:
        """Whether it changes what is kept."""
        return not self.operation.startswith(("Get", "Head", "List", "Describe", "Decrypt"))


@dataclass
class State:
    """All that is kept; values are never changed in place, so a copy of the maps is a picture of it."""

    buckets: dict[str, bool] = field(default_factory=dict)  # name → whether objects can be locked
    versions: dict[str, dict[str, tuple[Version, ...]]] = field(default_factory=dict)  # the newest last
    uploads: dict[str, tuple[str, str, Mapping[str, str], Mapping[int, bytes]]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    def copy(self) -> State:
        """A picture of it."""
        versions = {name: dict(objects) for name, objects in self.versions.items()}
        return State(dict(self.buckets), versions, dict(self.uploads), dict(self.keys))


class LostAnswer(Exception):
    """Raised by a hook: the connection closes without an answer."""


class Refused(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Cloud:
    """The server's memory, and hooks before and after each request (which may raise `LostAnswer` or `Refused`)."""

    state: State = field(default_factory=State)
    before: Callable[[Call], None] = lambda call: None
    after: Callable[[Call], None] = lambda call: None
    calls: list[Call] = field(default_factory=list)
    address: str = ""
    _one: threading.Lock = field(default_factory=threading.Lock)

    def let_days_pass(self) -> None:
        """Every deletion that was scheduled is done."""
        keys = self.state.keys.items()
        self.state.keys |= {id_: replace(key, deleted_at=0.0) for id_, key in keys if key.deleted_at is not None}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """One request at a time."""
        with self._one:
            asked = _Asked(self.state, method, target, headers, body)
            try:
                call, work = asked.work()
                self.calls.append(call)
                self.before(call)
                answer = work()
                self.after(call)
            except Refused as refused:
                return asked.refusal(refused)
            return answer


@dataclass(frozen=True)
class _Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def small_cloud() -> Iterator[Cloud]:
    """A cloud that begins empty, at ``address``."""
    cloud = Cloud()

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while line := self.rfile.readline().split():
                headers: dict[str, str] = {}
                while field_ := self.rfile.readline().strip().decode("latin-1"):
                    name, _, value = field_.partition(":")
                    headers[name.lower()] = value.strip()
                if headers.get("expect", "").lower() == "100-continue":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = self.rfile.read(int(headers.get("content-length", 0)))
                method = line[0].decode()
                try:
                    answer = cloud.answer(method, line[1].decode(), headers, body)
                except LostAnswer:
                    return
                head = {"content-length": str(len(answer.body)), **answer.headers}
                told = "".join(f"{name}: {value}\r\n" for name, value in head.items())
                shown = b"" if method == "HEAD" else answer.body
                self.wfile.write(f"HTTP/1.1 {answer.status} told\r\n{told}\r\n".encode() + shown)

    class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
        daemon_threads = True
        request_queue_size = 64
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        cloud.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield cloud
        finally:
            server.shutdown()


class _Asked:
    """One request: what it asks for, and the answer."""

    def __init__(self, state: State, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        self.state, self.method, self.headers, self.body = state, method, headers, body
        parts = urlsplit(target)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.bucket, _, self.key = unquote(parts.path).lstrip("/").partition("/")

    def work(self) -> tuple[Call, Callable[[], _Answer]]:
        """Which call it is, and how it is done."""
        if target := self.headers.get("x-amz-target"):
            operation = target.rpartition(".")[2]
            return Call(operation, key=str(json.loads(self.body).get("KeyId", ""))), lambda: self.kms(operation)
        for method, at_key, marks, operation, done in self._known():
            if method == self.method and at_key == bool(self.key) and all(mark in self.query for mark in marks):
                return Call(operation, self.bucket, self.key), done
        raise Refused(501, "NotImplemented")

    def _known(self) -> list[tuple[str, bool, tuple[str, ...], str, Callable[[], _Answer]]]:
        """Method, whether a key is named, words of the query, operation, and how it is done; the special ones first."""
        return [
            ("PUT", True, ("uploadId", "partNumber"), "UploadPart", self.put_part),
            ("PUT", True, (), "PutObject", self.put),
            ("GET", True, (), "GetObject", self.get),
            ("HEAD", True, (), "HeadObject", self.get),
            ("DELETE", True, ("uploadId",), "AbortMultipartUpload", self.abort),
            ("DELETE", True, (), "DeleteObject", lambda: self.delete(self.key, self.query.get("versionId"))),
            ("POST", True, ("uploads",), "CreateMultipartUpload", self.begin),
            ("POST", True, ("uploadId",), "CompleteMultipartUpload", self.complete),
            ("POST", False, ("delete",), "DeleteObjects", self.delete_many),
            ("PUT", False, ("versioning",), "PutBucketVersioning", _Answer),
            ("PUT", False, (), "CreateBucket", self.make),
            ("GET", False, ("versioning",), "GetBucketVersioning", self.versioning),
            ("GET", False, ("object-lock",), "GetObjectLockConfiguration", self.lock),
            ("GET", False, ("list-type",), "ListObjectsV2", self.names),
            ("GET", False, ("versions",), "ListObjectVersions", self.all_versions),
            ("GET", False, ("uploads",), "ListMultipartUploads", self.unfinished),
        ]

    def refusal(self, refused: Refused) -> _Answer:
        """An error in the form of S3, or of KMS."""
        if "x-amz-target" in self.headers:
            return _Answer(refused.status, json.dumps({"__type": refused.code}).encode())
        return _Answer(refused.status, f"<Error><Code>{refused.code}</Code><Message>m</Message></Error>".encode())

    # -- objects --------------------------------------------------------------------------------------

    @property
    def objects(self) -> dict[str, tuple[Version, ...]]:
        if self.bucket not in self.state.buckets:
            raise Refused(404, "NoSuchBucket")
        return self.state.versions[self.bucket]

    def newest(self) -> Version | None:
        found = self.objects.get(self.key, ())
        return found[-1] if found and found[-1].body is not None else None

    def put(self) -> _Answer:
        if self.headers.get("if-none-match") and self.newest():
            raise Refused(412, "PreconditionFailed")
        self.check(self.body)
        kept = {name: value for name, value in self.headers.items() if name.startswith((_META, _LOCK))}
        return self.add(self.body, kept)

    def check(self, body: bytes) -> None:
        told = self.headers.get(_CHECKSUM)
        if told and base64.b64decode(told) != hashlib.sha256(body).digest():
            raise Refused(400, "BadDigest")

    def add(self, body: bytes | None, kept: Mapping[str, str]) -> _Answer:
        if any(name.startswith(_LOCK) for name in kept) and not self.state.buckets[self.bucket]:
            raise Refused(400, "InvalidRequest")
        made = Version(os.urandom(12).hex(), body, {**kept, "etag": f'"{hashlib.md5(body or b"").hexdigest()}"'})  # noqa: S324
        self.objects[self.key] = (*self.objects.get(self.key, ()), made)
        return _Answer(headers={"etag": made.headers["etag"], "x-amz-version-id": made.id})

    def get(self) -> _Answer:
        wanted = self.query.get("versionId")
        found = next((v for v in self.objects.get(self.key, ()) if v.id == wanted), None) if wanted else self.newest()
        if found is None:
            raise Refused(404, "NoSuchKey")
        if found.body is None:
            raise Refused(405, "MethodNotAllowed")
        if self.headers.get("if-match", found.headers["etag"]) != found.headers["etag"]:
            raise Refused(412, "PreconditionFailed")
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        body = found.body[int(part[1]) : int(part[2]) + 1] if part else found.body
        return _Answer(206 if part else 200, body, {**found.headers, "x-amz-version-id": found.id})

    def delete(self, key: str, version: str | None) -> _Answer:
        self.key = key
        if version is None:
            return self.add(None, {})
        found = self.objects.get(key, ())
        if any(v.id == version and v.locked for v in found):
            raise Refused(403, "AccessDenied")
        left = tuple(v for v in found if v.id != version)
        if left:
            self.objects[key] = left
        else:
            self.objects.pop(key, None)
        return _Answer(204)

    def delete_many(self) -> _Answer:
        errors = []
        for entry in ElementTree.fromstring(self.body):  # noqa: S314 - our own client's
            told = {child.tag.rpartition("}")[2]: child.text or "" for child in entry}
            if "Key" in told:
                try:
                    self.delete(told["Key"], told.get("VersionId"))
                except Refused as refused:
                    errors.append(_xml("Error", {**told, "Code": refused.code, "Message": "m"}))
        return _listing("DeleteResult", errors)

    # -- parts ----------------------------------------------------------------------------------------

    def begin(self) -> _Answer:
        upload = os.urandom(12).hex()
        kept = {name: value for name, value in self.headers.items() if name.startswith((_META, _LOCK))}
        self.state.uploads[upload] = (self.bucket, self.key, kept, {})
        return _listing("InitiateMultipartUploadResult", [f"<UploadId>{upload}</UploadId>"])

    def upload(self) -> tuple[str, str, Mapping[str, str], Mapping[int, bytes]]:
        found = self.state.uploads.get(self.query["uploadId"])
        if found is None or found[:2] != (self.bucket, self.key):
            raise Refused(404, "NoSuchUpload")
        return found

    def put_part(self) -> _Answer:
        *where, parts = self.upload()
        self.check(self.body)
        self.state.uploads[self.query["uploadId"]] = (*where, {**parts, int(self.query["partNumber"]): self.body})  # type: ignore[assignment]
        return _Answer(headers={"etag": f'"{hashlib.md5(self.body).hexdigest()}"'})  # noqa: S324

    def complete(self) -> _Answer:
        _, _, kept, parts = self.upload()
        if self.headers.get("if-none-match") and self.newest():
            raise Refused(412, "PreconditionFailed")
        self.add(b"".join(parts[number] for number in sorted(parts)), kept)
        del self.state.uploads[self.query["uploadId"]]
        return _listing("CompleteMultipartUploadResult", [])

    def abort(self) -> _Answer:
        self.upload()
        del self.state.uploads[self.query["uploadId"]]
        return _Answer(204)

    # -- buckets and listings -----------------------------------------------------------------------------

    def make(self) -> _Answer:
        self.state.buckets[self.bucket] = self.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true"
        self.state.versions[self.bucket] = {}
        return _Answer()

    def versioning(self) -> _Answer:
        return _listing("VersioningConfiguration", ["<Status>Enabled</Status>"])

    def lock(self) -> _Answer:
        if not self.state.buckets[self.bucket]:
            raise Refused(404, "ObjectLockConfigurationNotFoundError")
        return _listing("ObjectLockConfiguration", ["<ObjectLockEnabled>Enabled</ObjectLockEnabled>"])

    def names(self) -> _Answer:
        prefix, after = self.query.get("prefix", ""), self.query.get("continuation-token", "")
        found = sorted(k for k, v in self.objects.items() if k.startswith(prefix) and v[-1].body is not None)
        if delimiter := self.query.get("delimiter"):
            tops = {k[: k.index(delimiter) + 1] for k in found if delimiter in k}
            return _listing("ListBucketResult", [_xml("CommonPrefixes", {"Prefix": top}) for top in sorted(tops)])
        page = [k for k in found if k > after][: PAGE + 1]
        more = {"NextContinuationToken": page[PAGE - 1]} if len(page) > PAGE else {}
        return _listing("ListBucketResult", [_xml("Contents", {"Key": k}) for k in page[:PAGE]], more)

    def all_versions(self) -> _Answer:
        prefix = self.query.get("prefix", "")
        after = (self.query.get("key-marker"), self.query.get("version-id-marker"))
        found = [(k, v) for k in sorted(self.objects) if k.startswith(prefix) for v in reversed(self.objects[k])]
        start = next((n for n, (k, v) in enumerate(found, 1) if (k, v.id) == after), 0)
        if delimiter := self.query.get("delimiter"):
            tops = {top for k, _ in found if (top := _top(k, prefix, delimiter)) != k}
            found = [(k, v) for k, v in found if _top(k, prefix, delimiter) == k]
            kinds = [("Version" if v.body is not None else "DeleteMarker", k, v) for k, v in found]
            listed = [_xml(t, {"Key": k, "VersionId": v.id}) for t, k, v in kinds]
            return _listing("ListVersionsResult", [*listed, *_folders(tops)])
        page = found[start : start + PAGE]
        more = {"NextKeyMarker": page[-1][0], "NextVersionIdMarker": page[-1][1].id} if found[start + PAGE :] else {}
        kinds = [("Version" if v.body is not None else "DeleteMarker", k, v) for k, v in page]
        return _listing("ListVersionsResult", [_xml(t, {"Key": k, "VersionId": v.id}) for t, k, v in kinds], more)

    def unfinished(self) -> _Answer:
        prefix = self.query.get("prefix", "")
        found = [(k, u) for u, (b, k, *_) in self.state.uploads.items() if b == self.bucket and k.startswith(prefix)]
        delimiter = self.query.get("delimiter", "")
        tops = {top for k, _ in found if (top := _top(k, prefix, delimiter)) != k}
        found = [(k, u) for k, u in found if _top(k, prefix, delimiter) == k]
        entries = [_xml("Upload", {"Key": k, "UploadId": u}) for k, u in sorted(found)]
        return _listing("ListMultipartUploadsResult", [*entries, *_folders(tops)])

    # -- keys -----------------------------------------------------------------------------------------

    def kms(self, operation: str) -> _Answer:
        said = json.loads(self.body)
        if operation == "CreateKey":
            id_ = os.urandom(16).hex()
            self.state.keys[id_] = Key(os.urandom(32), tuple(said.get("Tags", ())))
            return _json({"KeyMetadata": {"KeyId": id_, "Arn": _ARN + id_}})
        if operation == "ListKeys":
            known = sorted(id_ for id_, key in self.state.keys.items() if key.usable)
            page = [id_ for id_ in known if id_ > said.get("Marker", "")][: PAGE + 1]
            more = {"Truncated": True, "NextMarker": page[PAGE - 1]} if len(page) > PAGE else {}
            return _json({"Keys": [{"KeyId": id_, "KeyArn": _ARN + id_} for id_ in page[:PAGE]], **more})
        id_ = said["KeyId"].removeprefix(_ARN)
        key = self.state.keys.get(id_)
        if key is None or not key.usable:
            raise Refused(400, "NotFoundException")
        bound = json.dumps(said.get("EncryptionContext", {}), sort_keys=True).encode()
        match operation:
            case "DescribeKey":
                when = {} if key.deleted_at is None else {"DeletionDate": key.deleted_at}
                state = "PendingDeletion" if when else "Enabled"
                return _json({"KeyMetadata": {"KeyId": id_, "Arn": _ARN + id_, "KeyState": state, **when}})
            case "ListResourceTags":
                return _json({"Tags": key.tags})
            case _ if key.deleted_at is not None:
                raise Refused(400, "KMSInvalidStateException")
            case "ScheduleKeyDeletion":
                ends = time.time() + said["PendingWindowInDays"] * _DAY
                self.state.keys[id_] = replace(key, deleted_at=ends)
                return _json({"KeyId": id_, "DeletionDate": ends})
            case "Encrypt":
                nonce = os.urandom(12)
                sealed = nonce + AESGCM(key.secret).encrypt(nonce, base64.b64decode(said["Plaintext"]), bound)
                return _json({"KeyId": id_, "CiphertextBlob": base64.b64encode(sealed).decode()})
            case "Decrypt":
                sealed = base64.b64decode(said["CiphertextBlob"])
                try:
                    plain = AESGCM(key.secret).decrypt(sealed[:12], sealed[12:], bound)
                except InvalidTag:
                    raise Refused(400, "InvalidCiphertextException") from None
                return _json({"KeyId": id_, "Plaintext": base64.b64encode(plain).decode()})
        raise Refused(400, "UnsupportedOperationException")


def _xml(tag: str, fields: Mapping[str, str]) -> str:
    return f"<{tag}>{''.join(f'<{name}>{escape(value)}</{name}>' for name, value in fields.items())}</{tag}>"


def _top(key: str, prefix: str, delimiter: str) -> str:
    """A key's folder below a prefix, or the key itself where it lies there directly."""
    rest = key.removeprefix(prefix)
    return prefix + rest[: rest.index(delimiter) + 1] if delimiter and delimiter in rest else key


def _folders(tops: set[str]) -> list[str]:
    return [_xml("CommonPrefixes", {"Prefix": top}) for top in sorted(tops)]


def _listing(tag: str, entries: list[str], more: Mapping[str, str] | None = None) -> _Answer:
    told = {**more, "IsTruncated": "true"} if more else {}
    rest = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    return _Answer(
        body=f"<{tag}>{''.join(entries)}{rest}</{tag}>".encode(), headers={"content-type": "application/xml"}
    )


def _json(value: Mapping[str, Any]) -> _Answer:
    return _Answer(body=json.dumps(value).encode(), headers={"content-type": "application/x-amz-json-1.1"})
