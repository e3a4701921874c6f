"""Processes in sessions of their own: fork, find again after a crash, stop whole sessions.

Belongs here: Linux processes and pid files.  Does not belong here: Airflow.

A component that is killed leaves children that keep its ports.  Every component therefore leads a
session, and a session is stopped by its members.  Process numbers are used again, so the pid file also
holds the boot and the leader's start time: a leader that started at another time is somebody else's.
While a member of the old session lives, the kernel gives its number to nobody.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sessions:
    """The sessions of one installation; ``run`` holds a pid file per component."""

    run: Path

    def fork(self, name: str, log: Path) -> bool:
        """Go on as two processes; True in the new one, which leads a session and appends its output to ``log``.

        It has imported what this process has.  The pid file is there, and the session is, when this returns False.
        """
        self.run.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # what was imported stays one copy in memory for all
        pid = os.fork()
        if pid == 0:
            os.setsid()
            # It says itself who it is: whoever forked it may be killed at any moment.
            started = (_stat(os.getpid()) or [])[_STARTED]
            (self.run / f"{name}.pid").write_text(f"{os.getpid()} {started} {_boot()}")
            with open(os.devnull, "rb") as nothing, log.open("ab") as output:
                for source, target in ((nothing, 0), (output, 1), (output, 2)):
                    os.dup2(source.fileno(), target)
            return True
        while self._pid(name) != pid and (now := _stat(pid)) is not None and now[_STATE] != "Z":
            time.sleep(0.001)
        return False

    def names(self) -> list[str]:
        """Components that run, in order of their names."""
        return [name for name in self._known() if self.alive(name)]

    def alive(self, name: str) -> bool:
        """Whether the component's leading process runs."""
        pid = self._pid(name)
        return pid is not None and pid in self._members(pid)

    def leader(self, name: str) -> int | None:
        """The component's leading process, if it runs."""
        return self._pid(name) if self.alive(name) else None

    def ask_to_end(self, name: str) -> None:
        """Ask the component's leader to end (SIGTERM), without waiting."""
        pid = self._pid(name)
        if pid is not None and pid in self._members(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def wait_ended(self, name: str, deadline: float) -> None:
        """Wait for the leader until ``deadline`` (`time.monotonic`), then end whatever is left of the session."""
        pid = self._pid(name)
        while pid is not None and time.monotonic() < deadline and pid in self._members(pid):
            time.sleep(0.05)
        self.kill(name)

    def kill(self, name: str) -> None:
        """End every process of the session at once and forget the component.

        Of a leader that had to be killed the pid file stays until the next start: the heartbeat that it left in the
        metadata database is told from a living one's by it (`kansho.closing.stopped`).
        """
        pid, forced = self._pid(name), self.alive(name)
        deadline = time.monotonic() + 10
        while pid is not None and time.monotonic() < deadline and (members := self._members(pid)):
            for member in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)
            time.sleep(0.02)
        if not forced:
            (self.run / f"{name}.pid").unlink(missing_ok=True)

    def rss_mb(self) -> dict[int, float]:
        """Resident memory of every process of every component, in MB, by pid."""
        page = os.sysconf("SC_PAGE_SIZE")
        out: dict[int, float] = {}
        for name in self._known():
            for member in self._members(self._pid(name) or -1):
                with contextlib.suppress(OSError, IndexError, ValueError):
                    out[member] = int(Path(f"/proc/{member}/statm").read_text().split()[1]) * page / 1e6
        return out

    def _known(self) -> list[str]:
        """Components with a pid file."""
        return sorted(path.stem for path in self.run.glob("*.pid"))

    def _pid(self, name: str) -> int | None:
        """The session of a component, unless its number belongs to somebody else by now."""
        try:
            pid, started, boot = (self.run / f"{name}.pid").read_text().split()
        except (OSError, ValueError):
            return None
        now = _stat(int(pid))
        taken_over = now is not None and now[_STARTED] != started
        return None if boot != _boot() or taken_over else int(pid)

    @staticmethod
    def _members(session: int) -> list[int]:
        """Living processes of a session."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            stat = _stat(int(entry.name))
            if stat is not None and stat[_SESSION] == str(session) and stat[_STATE] != "Z":
                found.append(int(entry.name))
        return found


def die_with(parent: int) -> None:
    """From now on this process is killed when ``parent``, which started it, ends; those that it forks are not.

    An orphan of a replay that was killed would else start components beside those of the replay that goes on.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had ended before
        os.kill(os.getpid(), signal.SIGKILL)


_PR_SET_PDEATHSIG = 1

#: Fields of ``/proc/<pid>/stat`` after the name.
_STATE, _SESSION, _STARTED = 0, 3, 19


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
