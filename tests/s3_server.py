"""A real S3 endpoint over HTTP on loopback for the tests, and clients that lose patience quickly.

Not a test.  Beside it, `Faults`: what a network and a server do to a call, by hooks in the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.server import ThreadedMotoServer

from kansho.vault import s3_calls
from kansho.vault.s3_calls import Patience

REGION = "ap-northeast-1"
#: Nothing waits.
QUICK = Patience(tries=4, sleep=lambda seconds: None)


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint's address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


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


class Faults:
    """Faults by operation (``PutObject``): each is used up by one call, in order."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []
        self._planned: dict[str, list[Callable[[], AWSResponse | None]]] = {}
        self._lost: dict[str, list[bool]] = {}
        client.meta.events.register("before-send.s3", self._before)
        client.meta.events.register_last("response-received.s3", self._after)

    def answer(self, operation: str, status: int, code: str, times: int = 1) -> None:
        """The server answers with an error and does nothing."""
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()
        self._planned.setdefault(operation, []).extend([lambda: _response(status, body)] * times)

    def close(self, operation: str, times: int = 1) -> None:
        """The connection closes before the server did anything."""

        def closed() -> AWSResponse | None:
            raise ConnectionClosedError(endpoint_url="http://lost")

        self._planned.setdefault(operation, []).extend([closed] * times)

    def lose(self, operation: str, times: int = 1) -> None:
        """The server does it, and its answer is lost."""
        self._lost.setdefault(operation, []).extend([True] * times)

    def _before(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.calls.append(operation)
        planned = self._planned.get(operation)
        return planned.pop(0)() if planned else None

    def _after(self, event_name: str, exception: Any = None, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if exception is None and self._lost.get(operation):
            self._lost[operation].pop()
            raise ConnectionClosedError(endpoint_url="http://lost")


def _response(status: int, body: bytes) -> AWSResponse:
    class Raw:
        def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
            yield body

    return AWSResponse("http://fault", status, {"content-type": "application/xml"}, Raw())
