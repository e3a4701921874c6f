"""Airflow's own API takes codes only, whatever writes: conf, notes, form input, asset extras, XCom, state, variables.

Belongs here: refusing a request body before Airflow stores it (metadata and audit log keep it for good).
Does not belong here: who may call what (the auth manager).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from kansho.errors import KanshoError
from kansho.evidence.approvals import OPTIONS
from kansho_airflow.xcom_guard import check_plain

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: Everything that writes: a list of paths would miss the next one (clear, materialize, state store, bulk …).
_GUARDED_PATH = re.compile(r"/(?:api/v2|ui)/")
_WRITING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
#: The answer of an approval's form is Japanese: these words and no others.
_OPTIONS_FIELD = "chosen_options"
_LARGEST_BODY = 1_000_000


class PlainBodies:
    """ASGI middleware: 422 for a body that carries anything but references, counts and codes."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check writing requests under `_GUARDED_PATH`; pass everything else untouched."""
        writes = scope["type"] == "http" and scope["method"] in _WRITING
        if not writes or not _GUARDED_PATH.search(scope["path"]):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        query = scope.get("query_string", b"").decode("utf-8", "replace")
        refusal = refusal_of_target(scope["path"], query) or refusal_of(body)
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


def refusal_of_target(path: str, query: str) -> str | None:
    """Why a path or query is refused (both come to rest in the audit log); None when they may pass."""
    try:
        for part in path.split("/"):
            check_plain(part, "path")
        for name, value in parse_qsl(query, keep_blank_values=True):
            check_plain({name: value}, "query")
    except KanshoError as error:
        return f"API-REFUSED {error.place}: codes only"
    return None


def _check(parsed: Any) -> None:
    if isinstance(parsed, dict) and _OPTIONS_FIELD in parsed:
        chosen = parsed[_OPTIONS_FIELD]
        if not isinstance(chosen, list) or not all(option in OPTIONS for option in chosen):
            raise KanshoError("API-REFUSED", "no such option", place=_OPTIONS_FIELD)
        parsed = {name: value for name, value in parsed.items() if name != _OPTIONS_FIELD}
    check_plain(parsed, "body")


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
