"""A real S3 endpoint over HTTP on loopback for the tests, and clients that lose patience quickly.

Not a test.  Beside it, `Faults`: what a network and a server do to a call, by hooks in the client.
"""

from __future__ import annotations

import io
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

from kansho.campaign.config import CampaignConfig
from kansho.vault import s3_calls
from kansho.vault.s3_calls import Patience
from kansho.vault.storage import NAME
from tests.small_cloud import Cloud, small_cloud

REGION = "ap-northeast-1"
PERSONAL, EVIDENCE = "kansho-personal", "kansho-evidence"
#: Nothing waits.
QUICK = Patience(tries=4, sleep=lambda seconds: None)


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint's address; it begins empty (servers of one process share what they hold)."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    try:
        with _one_write_at_a_time():
            yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def _one_write_at_a_time() -> Iterator[None]:
    """The server asks whether a name is free and then takes it, in two steps: of two threads both may win."""
    one, put = threading.Lock(), S3Response.put_object

    def put_alone(response: S3Response) -> Any:
        with one:
            return put(response)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "put_object", put_alone)
        yield


def client_of(endpoint: str) -> Any:
    """A client as the vault makes it."""
    return s3_calls.client(endpoint, REGION, aws_access_key_id="test", aws_secret_access_key="test")


def bucket(client: Any, name: str, *, versioned: bool = True, lock: bool = False) -> str:
    """Make a bucket."""
    client.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        **({"ObjectLockEnabledForBucket": True} if lock else {}),
    )
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@contextmanager
def s3_site() -> Iterator[str]:
    """An endpoint with the two buckets of a deployment, and credentials as a machine's role gives them."""
    with s3_server() as address, _deployed(address):
        yield address


@contextmanager
def small_site() -> Iterator[Cloud]:
    """The same on the small server, which is quicker and can be looked into."""
    with small_cloud() as cloud, _deployed(cloud.address):
        yield cloud


@contextmanager
def _deployed(address: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        client = client_of(address)
        bucket(client, PERSONAL)
        bucket(client, EVIDENCE, lock=True)
        yield


def on_s3(config: CampaignConfig, address: str) -> CampaignConfig:
    """The config with its data at an S3 of ours that the ward designated."""
    value = config.model_dump(mode="json")
    (place,) = [p for p in value["places"] if p["id"] == "vault_site"]
    place |= {"endpoints": [address.partition("://")[2]], "regions": [REGION]}
    machine = value["closing"]["storage"][0]
    value["closing"]["storage"] = [{**machine, "id": "bucket", "kind": "object_storage", "serial": PERSONAL}]
    return CampaignConfig.model_validate(value)


def said(address: str, /, **changed: str) -> dict[str, str]:
    """What a deployment says."""
    return {
        "place": "vault_site",
        "endpoint": address,
        "region": REGION,
        "personal_bucket": PERSONAL,
        "evidence_bucket": EVIDENCE,
        "lock": "GOVERNANCE",
        **changed,
    }


def deploy(var: Path, value: object) -> Path:
    """Write it where it is looked for; returns that folder."""
    home = var / "kansho"
    home.mkdir(parents=True, exist_ok=True)
    (home / NAME).write_text(json.dumps(value))
    return home


class Faults:
    """Faults by operation (``PutObject``): each is used up by one call, in order."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []
        self._planned: dict[str, list[Callable[[], AWSResponse | None]]] = {}
        self._lost: dict[str, int] = {}
        self._damaged: dict[str, int] = {}
        self._refusing = ("", 1, 0)
        self._spared = 0
        self._kept_back: list[dict[str, str]] = []
        client.meta.events.register("before-send.s3", self._before)
        client.meta.events.register("before-parameter-build.s3.DeleteObjects", self._narrow)
        client.meta.events.register("after-call.s3", self._after)

    def answer(self, operation: str, status: int, code: str, times: int = 1) -> None:
        """The server answers with an error and does nothing."""
        self._planned.setdefault(operation, []).extend([lambda: error_response(status, code)] * times)

    def close(self, operation: str, times: int = 1) -> None:
        """The connection closes before the server did anything."""

        def closed() -> AWSResponse | None:
            raise ConnectionClosedError(endpoint_url="http://lost")

        self._planned.setdefault(operation, []).extend([closed] * times)

    def lose(self, operation: str, times: int = 1) -> None:
        """The server does it, and its answer is lost."""
        self._lost[operation] = self._lost.get(operation, 0) + times

    def damage(self, operation: str, times: int = 1) -> None:
        """The body arrives with a bit flipped."""
        self._damaged[operation] = self._damaged.get(operation, 0) + times

    def refuse_some(self, code: str, *, every: int, times: int = 1, after: int = 0) -> None:
        """Bulk deletes (after so many) are not done for every n-th version, and say so in their answers alone."""
        self._refusing, self._spared = (code, every, times), after

    def forget(self) -> None:
        """No more faults."""
        self._planned, self._lost, self._damaged, self._refusing = {}, {}, {}, ("", 1, 0)

    def _before(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.calls.append(operation)
        planned = self._planned.get(operation)
        return planned.pop(0)() if planned else None

    def _narrow(self, params: dict[str, Any], **_: Any) -> None:
        """Take away what the server shall refuse before the call is sent."""
        code, every, times = self._refusing
        self._kept_back = []
        if self._spared:
            self._spared -= 1
        elif times:
            self._refusing = (code, every, times - 1)
            objects = params["Delete"]["Objects"]
            self._kept_back = [{**o, "Code": code} for o in objects[::every]]
            rest = [o for n, o in enumerate(objects) if n % every]
            params["Delete"] = {**params["Delete"], "Objects": rest or [{"Key": "nothing", "VersionId": "null"}]}

    def _after(self, parsed: dict[str, Any], event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation == "DeleteObjects" and self._kept_back:
            parsed["Errors"] = [*parsed.get("Errors", []), *self._kept_back]
        if self._damaged.get(operation):
            self._damaged[operation] -= 1
            body = bytearray(parsed["Body"].read())
            body[0] ^= 1
            parsed["Body"] = io.BytesIO(bytes(body))
        if self._lost.get(operation):
            self._lost[operation] -= 1
            raise ConnectionClosedError(endpoint_url="http://lost")


def error_response(status: int, code: str) -> AWSResponse:
    """What a server answers that refuses."""
    body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()

    class Raw:
        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield body

    return AWSResponse("http://fault", status, {"content-type": "application/xml"}, Raw())
