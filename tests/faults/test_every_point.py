"""Death at every point of append, write, erase and certify: what is left tells no lie, and the work goes on to its end.

The points are not listed here: each run finds every change it makes to the disk (`effects`).  What every one of them
leaves is held against what it claims (`claims`); from each kind of place the work is taken up again by a new process's
eyes and must end as if nothing had happened.
"""

from __future__ import annotations

import errno
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import purging, stage
from kansho.closing.finalise import finalise
from kansho.errors import KanshoError
from kansho.evidence.events import Event
from kansho.evidence.ledger import BACKWARDS, Ledger, wall_clock
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace
from tests.faults import works
from tests.faults.claims import Left, named
from tests.faults.effects import Crash, Disk, Point, Tree, crashes, laid_out, watched
from tests.unit.closing_year import PEOPLE, ClosingYear, closing_year, plain_papers
from tests.unit.test_closing_finalise import with_traces

#: The work, the functions within which a death must have been tried, and what it must have changed.
APPEND = ({"append", "turn", "create", "sync_folder", "checkpoint"}, {"open", "fsync", "torn", "link", "unlink"})
WRITE = ({"store_table", "store_bytes", "put_bytes", "_register", "issue_document", "hand_over"}, {"link", "replace"})
ERASE = (
    {"take_slips", "close_targets", "keep_needles", "erase_target", "erase", "destroy_vault_keys", "destroy_key"},
    {"unlink", "link", "torn", "replace"},
)
CERTIFY = (
    {"require_erased", "record_attended", "purge_traces", "purge_logs", "_scan", "destroy_key"}
    | {"issue_paper", "write_files", "sign_checkpoint", "write_whole", "give_checkpoint"},
    {"unlink", "rmdir", "link", "replace", "torn"},
)


@dataclass
class Scene:
    """A piece of work from a known beginning, what a death at each point leaves, and the end without one."""

    left: Left
    work: Callable[[Path], object]
    begin: Tree
    deaths: list[Crash]
    end: list[tuple[str, str, str]]
    root: Path
    _there: Tree | None = field(default=None)

    def show(self, tree: Tree) -> Left:
        laid_out(tree, self.root, self._there)
        self._there = tree
        return replace(self.left, var=self.root)

    def resume(self, tree: Tree) -> Left:
        left = self.show(tree)
        self.work(self.root)
        self.shown()
        return left

    def shown(self) -> Tree:
        """What lies there now."""
        self._there = Disk(self.root).tree()
        return self._there


@pytest.fixture(scope="module")
def ward(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Scene]]:
    """Makes scenes; papers are blank, one process scans, and nothing waits for the machine's disk."""
    with pytest.MonkeyPatch.context() as patch:
        plain_papers(patch)
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(os, "cpu_count", lambda: 1)

        def scene(var: Path, work: Callable[[Path], object]) -> Scene:
            keys = Workspace.open(mini, var, mini.opening_on).keyring
            left = Left(mini, var, {k: keys.get(k) for k in KEY_NAMES if keys.has(k)}, PEOPLE["name_kanji"][1])
            begin = Disk(var).tree()
            deaths = crashes(var, lambda: work(var))
            return Scene(left, work, begin, deaths, named(left), tmp_path_factory.mktemp("left"))

        yield scene


@dataclass(frozen=True)
class Closing:
    """The year up to two approvals of the erasure's plan."""

    year: ClosingYear
    plan: dict[str, Any]

    def on(self, var: Path) -> Workspace:
        """As another process opens it."""
        return Workspace.open(self.year.ws.config, var, self.year.ws.today)

    def erase(self, var: Path) -> object:
        ws = self.on(var)
        return stage.execute_erasure(ws, stage.return_media(ws, self.plan))

    def certify(self, var: Path) -> object:
        return finalise(self.year.ws.config, var)


@pytest.fixture(scope="module")
def closing(ward: Callable[..., Scene], mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Closing:
    year, plan = closing_year(mini, tmp_path_factory.mktemp("year") / "var").until_plan()
    year.approve(plan, "erasure_ward", "yamanashi")
    year.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
    year.put_slips()
    return Closing(with_traces(year), plan)


@pytest.fixture(scope="module")
def scenes(ward: Callable[..., Scene], closing: Closing, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """Each kind of work once, in the order of a year."""
    config = closing.year.ws.config
    early = tmp_path_factory.mktemp("early") / "var"
    opened = closing_year(config, early).on(config.closing.handover_on)

    def on(var: Path) -> Workspace:
        return Workspace.open(config, var, opened.ws.today)

    var = closing.year.ws.layout.var
    return {
        "append": ward(early, lambda var: works.append(on(var))),
        "write": ward(early, lambda var: works.write(on(var))),
        "erase": ward(var, closing.erase),
        "certify": ward(var, closing.certify),
    }


def chosen(deaths: list[Crash]) -> list[Crash]:
    """Of each place from which something is changed, the deaths to wake from: every tree that differs, and of an
    append's several small steps two in turn, one before its event shows and one after.
    """
    groups: dict[tuple[object, ...], list[Crash]] = {}
    if len(deaths) < 25:
        return _different(deaths)
    for death in deaths:
        names = [name for _, name, _ in death.point.stack]
        inner = names.index("append") if "append" in names else len(names)
        change = () if "append" in names else (death.point.call,)
        groups.setdefault((death.point.stack[:inner], *change), []).append(death)
    found: dict[int, Crash] = {}
    for turn, group in enumerate(groups.values()):
        shows = next((n for n, d in enumerate(group) if d.point.within("sync_folder")), len(group))
        for part in (group[:shows], group[shows : shows + 2]):
            if part:
                found.setdefault(id(part[turn % len(part)]), part[turn % len(part)])
    return _different(found.values())


def _different(deaths: Iterable[Crash]) -> list[Crash]:
    kept: list[Crash] = []
    for death in deaths:
        if all(death.left != k.left for k in kept):
            kept.append(death)
    return kept


WORKS = {"append": APPEND, "write": WRITE, "erase": ERASE, "certify": CERTIFY}


@pytest.mark.parametrize("work", WORKS)
def test_every_step_is_among_the_points(work: str, scenes: dict[str, Scene]) -> None:
    functions, calls = WORKS[work]
    points = {death.point for death in scenes[work].deaths}
    assert {f for f in functions if not any(p.within(f) for p in points)} == set()
    assert calls - {p.call for p in points} == set()
    assert len(points) > 10


@pytest.mark.parametrize("work", WORKS)
def test_what_a_death_leaves_tells_no_lie_and_has_lost_nothing(work: str, scenes: dict[str, Scene]) -> None:
    scene = scenes[work]
    before: list[bytes] = []
    for death in scene.deaths:
        left = scene.show(death.left)
        assert left.lies() == [], death.point.step
        log = left.log()
        assert log[: len(before)] == before, death.point.step
        before = log


@pytest.mark.parametrize("work", WORKS)
def test_nothing_shows_under_its_name_before_its_bytes_are_flushed(work: str, scenes: dict[str, Scene]) -> None:
    assert [death.point.step for death in scenes[work].deaths if death.unflushed] == []


@pytest.mark.parametrize("work", WORKS)
def test_work_that_died_goes_on_to_the_same_end(work: str, scenes: dict[str, Scene]) -> None:
    scene = scenes[work]
    wakings = chosen(scene.deaths)
    assert len(wakings) > 10
    for death in wakings:
        log = scene.show(death.left).log()
        left = scene.resume(death.left)
        assert named(left) == scene.end, death.point.step
        assert left.log()[: len(log)] == log, death.point.step
        assert left.lies() == [], death.point.step


#: What a disk may say instead, and what of it is told.
REFUSALS = {errno.ENOSPC: "DISK-FULL", errno.EROFS: "DISK-READONLY", errno.EIO: "DISK-FAILED"}


def attempt(scene: Scene, tell: Callable[[Point, str], None]) -> KanshoError | None:
    """Do the work; what stopped it."""
    try:
        with watched(scene.root, tell):
            scene.work(scene.root)
    except KanshoError as stopped:
        return stopped
    return None


@pytest.mark.parametrize("work", WORKS)
def test_a_disk_that_refuses_at_every_point_is_told_and_the_work_goes_on_to_the_same_end(
    work: str, scenes: dict[str, Scene]
) -> None:
    """Each kind of change is refused once, in turn for want of room, for writing at all, and for a broken device."""
    scene = scenes[work]
    left, told = scene.show(scene.begin), Counter[str]()
    log, refused, met = left.log(), list[tuple[Point, int]](), set[tuple[object, ...]]()

    def tell(point: Point, path: str) -> None:
        if not point.kinds <= met:
            met.update(point.kinds)
            refused.append((point, list(REFUSALS)[len(refused) % len(REFUSALS)]))
            raise OSError(refused[-1][1], os.strerror(refused[-1][1]), path)

    for _ in range(len(scene.deaths)):
        before = len(refused)
        stopped = attempt(scene, tell)
        if stopped is None:
            break
        told[stopped.code] += 1
        step = refused[-1][0].step
        assert stopped.code in {REFUSALS[number] for _, number in refused[before:]}, step
        assert str(scene.root) not in str(stopped)
        assert left.lies() == [], step
        assert left.log()[: len(log)] == log, step
        log = left.log()
    scene.shown()
    assert set(told) == set(REFUSALS.values())
    assert sum(told.values()) >= 10
    assert named(left) == scene.end
    assert left.lies() == []


def test_numbers_of_a_purge_that_a_death_loses_are_seen(
    scenes: dict[str, Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that forgets what a killed attempt has removed ends well and verifies; only the numbers tell."""

    def forgetful(ws: Workspace, begun: Event, *_: object) -> None:
        left = {f"{name}.left": number for name, number in begun.counts.items()}
        ws.record("traces_purged", begun.key, counts=left, codes=begun.codes)

    scene = scenes["certify"]
    recording = [d for d in scene.deaths if d.point.within("purge_traces") and d.point.within("record")]

    def of(death: Crash) -> set[str]:
        return {e.type for e in scene.show(death.left).events()}

    killed = [d for d in recording if "traces_found" in of(d) and "traces_purged" not in of(d)][-1]
    assert named(scene.resume(killed.left)) == scene.end
    monkeypatch.setattr(purging, "_end_killed", forgetful)
    left = scene.resume(killed.left)
    assert left.lies() == []
    assert [fact[:2] for fact in named(left)] == [fact[:2] for fact in scene.end]
    assert named(left) != scene.end


@pytest.mark.parametrize("work", ["erase", "certify"])
def test_a_clock_that_jumps_a_year_ahead_and_back_is_told_and_changes_nothing_else(
    work: str, scenes: dict[str, Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scenes[work]
    left = scene.show(scene.begin)
    jumps = cycle([timedelta(days=366), timedelta(hours=-3), timedelta(days=-400), timedelta(0)])
    given = Ledger.__init__.__defaults__ or ()
    jumping = tuple((lambda: wall_clock() + next(jumps)) if it is wall_clock else it for it in given)
    monkeypatch.setattr(Ledger.__init__, "__defaults__", jumping)
    scene.work(scene.root)
    scene.shown()
    monkeypatch.undo()
    happened = named(left)
    assert len([fact for fact in happened if fact[0] == BACKWARDS]) > 3
    assert [fact for fact in happened if fact[0] != BACKWARDS] == scene.end
    assert left.lies() == []


#: Work, and after which share of its changes the process kills itself.
KILLS = [("append", 0.5), ("write", 0.4), ("erase", 0.3), ("erase", 0.8), ("certify", 0.4), ("certify", 0.97)]


@pytest.mark.parametrize(("work", "share"), KILLS)
def test_a_real_sigkill_leaves_what_was_foreseen(work: str, share: float, scenes: dict[str, Scene]) -> None:
    scene = scenes[work]
    deaths = [death for death in scene.deaths if death.point.call != "torn"]
    number = int(len(deaths) * share)
    left = scene.show(scene.begin)
    child = os.fork()
    if child == 0:
        _die_at(scene, number)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    shown = scene.shown()
    assert _names(shown) == _names(deaths[number].left)
    assert left.lies() == []
    scene.resume(shown)
    assert named(left) == scene.end


def _die_at(scene: Scene, number: int) -> None:
    """In a child: do the work and be killed before the change of that number; never returns."""
    signal.alarm(120)
    seen = 0

    def tell(point: Point, path: str) -> None:
        nonlocal seen
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    try:
        with watched(scene.root, tell):
            scene.work(scene.root)
    finally:
        os._exit(1)


def _names(tree: Tree) -> list[str]:
    """Names without what is random in them: a writer's number, and the day's digest of keys that were drawn."""
    return sorted(re.sub(r"\.tmp-[0-9]+-[0-9a-f]+", ".tmp", name) for name in tree)
