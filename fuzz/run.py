"""The loop: cases by number from one seed, until the time is over or something came out that may not.

Every case has a generator of its own, made of seed, target and number; so one case repeats without those before it.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from types import FrameType

from fuzz.targets import Target
from kansho.errors import KanshoError

#: Seconds of one case (the slowest key derivation we allow takes one), and memory over that at the start.
MAX_SECONDS = 20
MAX_KIB = 1536 * 1024

Builder = Callable[[random.Random], Target]


class TooSlow(BaseException):  # noqa: N818 - not an Exception: what is under test must not swallow it
    """A case that does not come to an end."""


def fuzz(builders: Mapping[str, Builder], seed: int, seconds: float, only: int | None = None) -> int:
    """Run cases in turn over the targets; with ``only`` just the case of that number.

    Returns:
        0, or 1 after the first failure, which is printed with what repeats it.
    """
    print(f"seed {seed}, {seconds:g} s, targets {' '.join(builders)}", flush=True)
    ends = time.monotonic() + seconds
    targets = {name: build(random.Random(f"{seed}:{name}")) for name, build in builders.items()}
    tally: dict[str, Counter[str]] = {name: Counter() for name in targets}
    number = 0 if only is None else only
    while only is not None or time.monotonic() < ends:
        for name, target in targets.items():
            outcome = _case(target, random.Random(f"{seed}:{name}:{number}"))
            if outcome is None:
                print(f"FAILED {name}, repeat with: python -m fuzz --target {name} --seed {seed} --case {number}")
                return 1
            tally[name][outcome] += 1
        number += 1
        if only is not None:
            break
    for name, outcomes in tally.items():
        told = ", ".join(f"{outcome} {count}" for outcome, count in sorted(outcomes.items()))
        print(f"{name}: {outcomes.total()} cases: {told}")
    return 0


def _case(target: Target, rng: random.Random) -> str | None:
    """The code of the refusal, ``read``, or None when something else came out."""
    before = _peak_kib()
    data = target.case(rng)
    signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        target.trial(data)
        outcome = "read"
    except KanshoError as error:
        outcome = error.code
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever it is, it is the finding
        traceback.print_exc(file=sys.stdout)
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if _peak_kib() - before > MAX_KIB:
        print(f"took {(_peak_kib() - before) // 1024} MiB")
        return None
    return outcome


def _too_slow(signum: int, frame: FrameType | None) -> None:
    raise TooSlow(f"more than {MAX_SECONDS} s")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
