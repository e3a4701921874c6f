"""Every kind of call to S3 and KMS that append, write, erase and certify make: refused, unanswered, its answer lost,
or the last thing that a process did.  What is left tells no lie, nothing is written twice, and the work goes on to its
end.

The calls are not listed here: each run finds them.  Files on the disk are `test_every_point`'s.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from kansho.campaign.config import CampaignConfig
from kansho.closing import stage
from kansho.closing.finalise import finalise
from kansho.errors import KanshoError
from kansho.evidence.custody_rules import custody_findings
from kansho.vault import s3_calls, storage
from kansho.vault.deployed import Settings, write_settings
from kansho.vault.keys import KEY_NAMES
from kansho.workspace import Workspace
from tests.faults import works
from tests.faults.claims import named
from tests.faults.effects import Disk, Point, Tree, laid_out, stack_of
from tests.faults.on_cloud import OnCloud
from tests.s3_server import PERSONAL, REGION, deploy, on_s3, said, small_site
from tests.small_cloud import Call, Cloud, LostAnswer, Refused, State
from tests.unit.closing_year import PEOPLE, closing_year, plain_papers

#: The work, and the calls that must be among those it makes.
WORKS = {
    "append": {"GetObject", "PutObject"},
    "write": {"GetObject", "PutObject", "Decrypt", "DescribeKey"},
    "erase": {"PutObject", "ListObjectVersions", "ListMultipartUploads", "DeleteObjects", "ScheduleKeyDeletion"},
    "certify": {"PutObject", "ListObjectVersions", "DeleteObjects", "ScheduleKeyDeletion", "DescribeKey"},
}


#: A server that answers with an error at every try; a call to KMS is tried once here.
BROKEN = s3_calls.DEFAULT.tries
OF_KEYS = {"CreateKey", "DescribeKey", "Encrypt", "Decrypt", "ListKeys", "ListResourceTags", "ScheduleKeyDeletion"}
#: Through these everybody asks.
ROOMS = ("vault/", "evidence/ledger.py", "workspace.py", "admission.py")


@dataclass(frozen=True)
class Picture:
    """All there is: this machine's files, and what the cloud keeps."""

    tree: Tree
    state: State


@dataclass
class Scene:
    """A piece of work from a known beginning, and the end without a fault."""

    left: OnCloud
    work: Callable[[], object]
    begin: Picture
    end: list[tuple[str, str, str]]
    points: list[Point]

    def show(self, picture: Picture) -> OnCloud:
        """As another process finds it."""
        laid_out(picture.tree, self.left.var)
        self.left.cloud.state = picture.state.copy()
        storage._on_s3.cache_clear()
        return self.left

    def attempt(self, before: Hook = lambda point: None, after: Hook = lambda point: None) -> KanshoError | None:
        """Do the work with hooks at each call; what stopped it."""
        cloud = self.left.cloud
        cloud.before, cloud.after = (lambda call: before(point_of(call))), (lambda call: after(point_of(call)))
        try:
            self.work()
        except KanshoError as stopped:
            return stopped
        finally:
            cloud.before = cloud.after = lambda call: None
        return None


Hook = Callable[[Point], None]


def point_of(call: Call) -> Point:
    """The call, and who of the library makes it: the work is done by the main thread, which waits for the answer."""
    return Point(call.operation, stack_of(sys._current_frames()[threading.main_thread().ident or 0]))


def picture(var: Path, cloud: Cloud) -> Picture:
    return Picture(Disk(var).tree(), cloud.state.copy())


def changing(point: Point) -> bool:
    return Call(point.call).changes


class Met:
    """Kinds of calls that a fault fell on.

    A change is of a kind by all who called on the way to it (`Point.kinds`).  A read that failed leaves what the change
    before it left, so reads are fewer: of a kind by operation and by the module that asked through the vault, the log
    or the workspace, which hand any fault on alike.
    """

    def __init__(self) -> None:
        self._met: set[tuple[object, ...]] = set()
        self.number = 0

    def first(self, point: Point) -> bool:
        """Whether it is the first of its kind."""
        asked = [file for file, _, _ in point.stack if not file.startswith(ROOMS)]
        kinds = point.kinds if changing(point) else {(point.call, *asked[-1:])}
        new = not kinds <= self._met
        self._met.update(kinds)
        self.number += new
        return new


@pytest.fixture(scope="module")
def scenes(mini: CampaignConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scene]]:
    """Each kind of work once, in the order of a year."""
    with small_site() as cloud, pytest.MonkeyPatch.context() as patch:
        plain_papers(patch)
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(os, "cpu_count", lambda: 1)
        patch.setitem(vars(s3_calls.DEFAULT), "sleep", lambda seconds: None)
        patch.setenv("AWS_MAX_ATTEMPTS", "1")  # of the client for KMS, which would wait between its tries
        config, var = on_s3(mini, cloud.address), tmp_path_factory.mktemp("cloud") / "var"
        deploy(var, said(cloud.address))
        kms = Settings(keeper="kms", place="vault_site", region=REGION, endpoint=cloud.address)
        write_settings(var / "kansho" / "keys", config.id, kms)
        year = closing_year(config, var).on(config.closing.handover_on)
        keys = {name: year.ws.keyring.get(name) for name in KEY_NAMES}
        left = OnCloud(config, var, keys, PEOPLE["name_kanji"][1], cloud)
        found: dict[str, Scene] = {}

        def scene(name: str, work: Callable[[Workspace], object], day: date) -> None:
            made = Scene(left, lambda: work(Workspace.open(config, var, day)), picture(var, cloud), [], [])
            made.attempt(before=made.points.append)
            made.end = named(left)
            found[name] = made

        scene("append", works.append, year.ws.today)
        scene("write", works.write, year.ws.today)
        found["append"].show(found["append"].begin)
        closed, plan = replace(year, ws=Workspace.open(config, var, year.ws.today)).until_plan()
        closed.approve(plan, "erasure_ward", "yamanashi")
        closed.approve(plan, "erasure_contractor", "watanuki", distinct_from="erasure_ward")
        closed.put_slips()
        day = closed.ws.today
        scene("erase", lambda ws: stage.execute_erasure(ws, stage.return_media(ws, plan)), day)
        scene("certify", lambda ws: certify(ws, cloud), day)
        yield found


def certify(ws: Workspace, cloud: Cloud) -> None:
    """As often as it takes: KMS deletes keys days after it was told to."""
    for _ in range(2):
        if finalise(ws.config, ws.layout.var, no_database=True)["state"] == "final":
            return
        cloud.let_days_pass()


@pytest.mark.parametrize("work", WORKS)
def test_every_call_is_among_the_points(work: str, scenes: dict[str, Scene]) -> None:
    assert WORKS[work] - {point.call for point in scenes[work].points} == set()


@pytest.mark.parametrize("work", WORKS)
def test_a_call_whose_answer_is_lost_is_done_once_and_the_work_goes_on(work: str, scenes: dict[str, Scene]) -> None:
    """Of every kind of call, reads too, the first answer is lost."""
    scene = scenes[work]
    left, met = scene.show(scene.begin), Met()

    def lose(point: Point) -> None:
        if met.first(point):
            raise LostAnswer

    stops = until_done(scene, after=lose)
    assert set(stops) <= {"KEY-SERVICE"}  # a call to S3 is tried again at once, one to KMS by whoever asked for it
    assert met.number > 3
    assert named(left) == scene.end
    assert left.lies() == []


@pytest.mark.parametrize("work", WORKS)
def test_a_call_that_is_refused_stops_the_work_which_goes_on_to_the_same_end(
    work: str, scenes: dict[str, Scene]
) -> None:
    """Every kind of call, in turn: not allowed, or answered with an error as often as it is tried."""
    scene = scenes[work]
    left, met, failing = scene.show(scene.begin), Met(), [0]

    def refuse(point: Point) -> None:
        if failing[0]:
            failing[0] -= 1
            raise Refused(500, "InternalError")
        if met.first(point):
            if met.number % 2:
                raise Refused(403, "AccessDenied")
            failing[0] = 0 if point.call in OF_KEYS else BROKEN - 1
            raise Refused(500, "InternalError")

    stops = until_done(scene, before=refuse)
    # A scan that could not read everything is no pass, and stops the certificate by a name of its own.
    assert set(stops) <= {"S3-REFUSED", "S3-UNANSWERED", "S3-NOT-ERASED", "KEY-SERVICE", "CLOSING-UNREADABLE"}
    assert len(stops) > 3
    assert named(left) == scene.end
    assert left.lies() == []


def until_done(scene: Scene, **hooks: Hook) -> list[str]:
    """The codes of what stopped the work, until nothing does; no claim is untrue (every eighth time)."""
    stops: list[str] = []
    log = scene.left.log()
    while (stopped := scene.attempt(**hooks)) is not None:
        stops.append(stopped.code)
        assert len(stops) % 8 or scene.left.lies() == [], stops
        assert scene.left.log()[: len(log)] == log, stops
        assert len(stops) <= len(scene.points), stops  # each kind of call stops it once at most
        log = scene.left.log()
    return stops


@pytest.mark.parametrize("work", WORKS)
def test_a_process_that_died_after_a_call_is_followed_by_one_that_ends_the_work(
    work: str, scenes: dict[str, Scene]
) -> None:
    """Each process dies after the first change of a kind that none before it died after; the last one ends the work.

    What lies there when the answer comes is what a death leaves; so the picture is taken then, and whatever the same
    process does afterwards is undone.
    """
    scene = scenes[work]
    left, met, there = scene.show(scene.begin), Met(), list[Picture]()

    def die(point: Point) -> None:
        if there:
            raise Refused(403, "AccessDenied")
        if changing(point) and met.first(point):
            there.append(picture(left.var, left.cloud))

    for deaths in range(len(scene.points)):  # noqa: B007
        log = left.log()
        stopped = scene.attempt(after=die)
        if not there:
            break
        scene.show(there.pop())
        assert left.lies() == [], deaths
        assert left.log()[: len(log)] == log, deaths
    assert stopped is None
    assert deaths == met.number > 1
    assert named(left) == scene.end
    assert left.lies() == []


def test_a_key_whose_deletion_nobody_lived_to_record_ends_when_the_days_are_over(scenes: dict[str, Scene]) -> None:
    """Each order in turn is the last thing that a process did; the next one comes when KMS knows that key no more."""
    scene = scenes["erase"]
    left, there, orders = scene.show(scene.begin), list[Picture](), [0]

    def die(point: Point) -> None:
        if there:
            raise Refused(403, "AccessDenied")
        if point.call == "ScheduleKeyDeletion":
            there.append(picture(left.var, left.cloud))

    while (stopped := scene.attempt(after=die)) is not None:
        assert there, stopped
        scene.show(there.pop())
        left.cloud.let_days_pass()
        orders[0] += 1
        assert left.lies() == []
    assert stopped is None
    assert orders[0] > 1
    by = {e.key: e.codes.get("by") for e in left.events() if e.type == "keys_destroyed"}
    assert len(by) == orders[0]
    assert "key_deletion_ordered" in by.values()
    assert list(custody_findings(left.events())) == []
    assert left.lies() == []


def test_a_version_under_a_lock_stops_the_erasure_and_no_more_is_claimed_than_was_erased(
    scenes: dict[str, Scene],
) -> None:
    scene = scenes["erase"]
    left = scene.show(scene.begin)
    prefix = f"{left.config.id}/vault/"
    wanted = sorted(name for e in left.events() if e.type == "erasure_planned" for name in e.refs["targets"])
    held = wanted[len(wanted) // 2]
    _hold(left.cloud, prefix + held, "ON")
    stopped = scene.attempt()
    assert stopped is not None
    assert (stopped.code, stopped.place) == ("S3-LOCKED", prefix + held)
    erased = {e.key for e in left.events() if e.type == "holding_erased"}
    assert erased
    assert held not in erased
    assert [e for e in left.events() if e.type == "keys_destroyed"] == []
    assert left.lies() == []
    with pytest.raises(KanshoError, match="CLOSING-NOT-ERASED"):
        finalise(left.config, left.var, no_database=True)
    _hold(left.cloud, prefix + held, "OFF")
    assert scene.attempt() is None
    assert named(left) == scene.end
    assert left.lies() == []


def _hold(cloud: Cloud, key: str, state: str) -> None:
    """What somebody with more rights than ours does to an object."""
    objects, said = cloud.state.versions[PERSONAL], {"x-amz-object-lock-legal-hold": state}
    objects[key] = tuple(replace(version, headers={**version.headers, **said}) for version in objects[key])
