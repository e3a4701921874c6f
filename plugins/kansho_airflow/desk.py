"""The door to the desk: its pages are imported at the first request, so that no other component loads them.

Belongs here: the lazy door.  Does not belong here: a page (`campaign_desk`).
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from threading import Lock
from typing import Any

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LazyDesk:
    """An ASGI application that becomes `campaign_desk.app.app` at the first request."""

    def __init__(self, module: str = "campaign_desk.app") -> None:
        self._module = module
        self._lock = Lock()
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve by the desk, or say that it is not installed."""
        app = self._load()
        if app is not None:
            await app(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"DESK-ABSENT campaign_desk has no app"})

    def _load(self) -> Any:
        with self._lock:
            if self._app is None:
                package, _, _ = self._module.partition(".")
                if importlib.util.find_spec(package) is None or importlib.util.find_spec(self._module) is None:
                    log.error("DESK-ABSENT %s is not installed", self._module)
                    return None
                self._app = importlib.import_module(self._module).app
            return self._app
