"""The task boundary: no text of another exception, log record or print leaves a task.

Belongs here: containing one call.  Does not belong here: what the call does.

- A `KanshoError` passes with its own text (ours, value-free), as a failure that is not retried.
- Any other exception becomes ``TASK-FAILED <type> at <module>:<line>``; its text, its chain and its
  traceback are dropped, because int(), strptime, pandas and SQLAlchemy quote values.
- Transient faults (network, locks) are retried under the same kind of text.
- Log records made inside keep logger, level and line, never the message; what is printed is dropped.
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from kansho.errors import KanshoError

_TRANSIENT_TYPES = (ConnectionError, TimeoutError, InterruptedError, BlockingIOError)
_TRANSIENT_ERRNO = frozenset({errno.EAGAIN, errno.EBUSY, errno.ETIMEDOUT, errno.ESTALE, errno.EIO})
_TRANSIENT_NAMES = frozenset(
    {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}
)


class StepFailed(AirflowFailException):
    """The task failed for good; the text is safe to show."""


class StepInterrupted(AirflowException):
    """A transient fault; the task may be tried again; the text is safe to show."""


def contained(call: Callable[[], Any]) -> Any:
    """Run ``call``; let nothing out but its result, a skip, or a sanitised failure.

    Raises:
        StepFailed: for a refusal or a fault, without text of the original.
        StepInterrupted: for a transient fault, likewise.
        AirflowSkipException: as raised, without its text.
    """
    fault: Exception
    try:
        with _quiet():
            return call()
    except AirflowSkipException:
        fault = AirflowSkipException("nothing to do")
    except KanshoError as error:
        fault = StepFailed(error.text)
    except (Exception, SystemExit) as error:
        text = f"TASK-FAILED {type(error).__name__} at {_place(error)}"
        fault = StepInterrupted(text) if _is_transient(error) else StepFailed(text)
    raise fault  # outside the handler, so that the original is not even its context


def _place(error: BaseException) -> str:
    """``module:line`` of the innermost frame of ours, else of the innermost frame."""
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [f for f in frames if str(f[0]).startswith(("kansho.", "campaign_desk."))]
    module, line = (ours or frames or [("?", 0)])[-1]
    return f"{module}:{line}"


def _is_transient(error: BaseException) -> bool:
    return (
        isinstance(error, _TRANSIENT_TYPES)
        or (isinstance(error, OSError) and error.errno in _TRANSIENT_ERRNO)
        or type(error).__name__ in _TRANSIENT_NAMES
    )


class _Discard(io.TextIOBase):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop prints; reduce log records to logger, level and line."""
    factory = logging.getLogRecordFactory()

    def reduced(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        record.msg = f"{record.name} {record.levelname} at {record.module}:{record.lineno}"
        record.args, record.exc_info, record.exc_text, record.stack_info = (), None, None, None
        return record

    logging.setLogRecordFactory(reduced)
    try:
        with contextlib.redirect_stdout(_Discard()), contextlib.redirect_stderr(_Discard()):
            yield
    finally:
        logging.setLogRecordFactory(factory)
