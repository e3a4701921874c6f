"""Calls to S3: the client, what may be tried again and how long, and what an answer means in our words.

Belongs here: retries, for every call of this room.  Does not belong here: what is called.  The client retries nothing
by itself: whether a second try may write twice is for the caller to know, so every try is one of ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from kansho.errors import KanshoError

T = TypeVar("T")

ABSENT = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchVersion", "NoSuchUpload"})
TAKEN = frozenset({"PreconditionFailed", "412"})
#: Another call about the same name or bucket is under way: whether a write of it succeeds is not known yet.
UNDER_WAY = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
#: Answers of a server that is busy or broken for a moment, and of a clock or body that went wrong on the way.
PASSING = UNDER_WAY | frozenset(
    {"InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "Throttling", "ThrottlingException"}
    | {"TooManyRequestsException", "RequestTimeTooSkewed", "IncompleteBody", "BadDigest", "500", "502", "503", "504"}
)
#: No answer, or half of one: whether the call was done is not known.
NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseParserError)
_CONNECTIONS = 32


@dataclass(frozen=True)
class Patience:
    """How often a call is made at most, and the pause after its n-th failure (from 0), in seconds."""

    tries: int = 6
    first: float = 0.1
    longest: float = 5.0
    sleep: Callable[[float], None] = time.sleep

    def pause(self, failure: int) -> None:
        """Wait: each time twice as long, up to the longest."""
        self.sleep(min(self.longest, self.first * 2**failure))


DEFAULT = Patience()


def client(endpoint: str, region: str, **credentials: str) -> Any:
    """A client for one endpoint; credentials are boto3's own chain unless given (tests)."""
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=_CONNECTIONS,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        user_agent="kansho",  # else each request computes, and tells, what machine this is
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = boto3.session.Session(**credentials)
    return session.client("s3", endpoint_url=endpoint, region_name=region, config=config)


def tried(what: str, call: Callable[[], T], patience: Patience = DEFAULT) -> T:
    """The answer of a call that may be made any number of times; ``what`` names the call in a refusal.

    Raises:
        KanshoError: ``S3-REFUSED``, or ``S3-UNANSWERED`` when the last try failed too.  Absence and a taken name are
            the caller's business: their `ClientError` passes.
    """
    for failure in range(patience.tries):
        try:
            return call()
        except ClientError as error:
            if code_of(error) in ABSENT | TAKEN:
                raise
            if not passing(error):
                raise refused(what, error) from None
            last: Exception = error
        except NO_ANSWER as error:
            last = error
        except BotoCoreError as error:
            raise refused(what, error) from None
        if failure + 1 < patience.tries:
            patience.pause(failure)
    raise unanswered(what, last) from None


def passing(error: ClientError) -> bool:
    """Whether the same call may go better a moment later: the server is busy or broken."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return code_of(error) in PASSING or status >= 500


def code_of(error: ClientError) -> str:
    """The error's code in the answer's body, or its status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def refused(what: str, error: Exception) -> KanshoError:
    """A refusal that trying again does not change; nothing of the answer but its code is told."""
    return KanshoError(
        "S3-REFUSED",
        f"オブジェクトストレージに断られました: {_said(error)}",
        place=what,
        remedy="接続先・権限・バケットの設定を確かめてください（docs/how-to/run-on-s3.md）",
    )


def unanswered(what: str, error: Exception) -> KanshoError:
    """Tried as often as allowed, and no answer that tells anything."""
    return KanshoError(
        "S3-UNANSWERED",
        f"オブジェクトストレージから応答を得られません: {_said(error)}",
        place=what,
        remedy="稼働状況と通信を確かめ、やり直してください（同じものを二度書くことはありません）",
    )


def _said(error: Exception) -> str:
    return code_of(error) if isinstance(error, ClientError) else type(error).__name__
