"""Airflow's own API takes codes only: conf, notes, form input, asset extras, XCom and variables.

Belongs here: refusing a request body before Airflow stores it (metadata and audit log keep it for good).
Does not belong here: who may call what (the auth manager).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from kansho.errors import KanshoError
from kansho_airflow.xcom_guard import check_plain

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: Where a person's words could come to rest.
_GUARDED_PATH = re.compile(
    r"/api/v2/(dags/.+/(dagRuns|taskInstances|xcomEntries)|assets/events|variables|connections|backfills)"
)
_GUARDED_FIELDS = (
    "dag_run_id",
    "partition_key",
    "conf",
    "note",
    "params_input",
    "extra",
    "value",
    "description",
    "dag_run_conf",
)
_LARGEST_BODY = 1_000_000


class PlainBodies:
    """ASGI middleware: 422 for a body that carries anything but references, counts and codes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check writing requests under `_GUARDED_PATH`; pass everything else untouched."""
        writes = scope["type"] == "http" and scope["method"] in ("POST", "PATCH", "PUT")
        if not writes or not _GUARDED_PATH.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        refusal = refusal_of(body)
        if refusal is not None:
            await _answer(send, refusal)
            return
        await self.app(scope, _replay(body, receive), send)


def refusal_of(body: bytes) -> str | None:
    """Why a body is refused, without quoting it; None when it may pass."""
    if len(body) > _LARGEST_BODY:
        return "API-REFUSED body too large"
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return "API-REFUSED body is not JSON"
    try:
        _check(parsed)
    except KanshoError as error:
        return f"API-REFUSED {error.place}: codes only"
    return None


def _check(parsed: Any) -> None:
    if isinstance(parsed, list):
        for item in parsed:
            _check(item)
    elif isinstance(parsed, dict):
        for field in _GUARDED_FIELDS:
            if parsed.get(field) is not None:
                check_plain(parsed[field], field)
        for action in parsed.get("actions") or []:
            _check(action)
        for entity in parsed.get("entities") or []:
            _check(entity)


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= _LARGEST_BODY + 1:
            parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _answer(send: Send, text: str) -> None:
    body = json.dumps({"detail": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 422, "headers": headers})
    await send({"type": "http.response.body", "body": body})
