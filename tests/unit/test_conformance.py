"""Whether an S3 keeps what we rely on is told an operator: against a real endpoint, sound and unsound."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from kansho import cli
from kansho.evidence.ledger import wall_clock
from kansho.vault import conformance, probes
from kansho.vault.conformance import PROBES, Report
from tests.conftest import REPOSITORY
from tests.s3_server import EVIDENCE, PERSONAL, QUICK, REGION, Faults, bucket, client_of, error_response, s3_site

CODES = ["CHECK-TLS", *(probe.code for probe in PROBES)]
Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_site() as address:
        yield address


def checked(endpoint: str, monkeypatch: pytest.MonkeyPatch, change: Change, **asked: Any) -> Report:
    """The report on the endpoint as it is after a change to the client's calls."""
    client = client_of(endpoint)
    if change is not ignores_checksums:
        client.meta.events.register("before-send.s3.PutObject", refuses_other_bytes)
    if change not in (lets_compliance_be_shortened, lets_compliance_become_governance):
        client.meta.events.register("before-send.s3.PutObjectRetention", refuses_weaker_retention)
    change(client)
    monkeypatch.setattr(conformance, "client", lambda *_: client)
    asked.setdefault("compliance", True)
    asked.setdefault("hold", 3600)  # so that no slow machine sees the lock end
    buckets = (asked.pop("personal", PERSONAL), asked.pop("evidence", EVIDENCE))
    return conformance.check(
        endpoint, REGION, *buckets, clock=wall_clock, patience=QUICK, sleep=lambda _: None, **asked
    )


def states(report: Report) -> dict[str, str]:
    return {result.code: result.state for result in report.results if result.state != "pass"}


# -- endpoints that are wrong in one thing ------------------------------------------------------------------


def before(client: Any, operation: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a call asks for, as if the server had not read it."""

    def changed(params: dict[str, Any], **_: Any) -> None:
        change(params)

    client.meta.events.register(f"before-parameter-build.s3.{operation}", changed)


def after(client: Any, operation: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a call answers."""

    def changed(parsed: dict[str, Any], **_: Any) -> None:
        change(parsed)

    client.meta.events.register(f"after-call.s3.{operation}", changed)


def without(*names: str) -> Callable[[dict[str, Any]], object]:
    return lambda params: [params.pop(name, None) for name in names]


def only_the_newest(parsed: dict[str, Any]) -> None:
    parsed["Versions"] = [v for v in parsed.get("Versions", []) if v.get("IsLatest")]


def ignores_conditions(client: Any) -> None:
    before(client, "PutObject", without("IfNoneMatch"))


def answers_every_writer_that_it_won(client: Any) -> None:
    """As a server that looks first and writes then: each of those who came together is told that it made the object."""

    def told(http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context.get("racing") and "Error" in parsed:
            parsed.pop("Error")
            parsed["ResponseMetadata"]["HTTPStatusCode"] = http_response.status_code = 200

    def marked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["racing"] = "/race-" in params["Key"]

    client.meta.events.register("before-parameter-build.s3.PutObject", marked)
    client.meta.events.register("after-call.s3.PutObject", told)


def ignores_conditions_of_the_log(client: Any) -> None:
    before(client, "PutObject", lambda params: params["Bucket"] == EVIDENCE and params.pop("IfNoneMatch", None))


def tells_every_writer_of_the_log_that_it_won(client: Any) -> None:
    def told(http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context.get("racing") and "Error" in parsed:
            parsed.pop("Error")
            parsed["ResponseMetadata"]["HTTPStatusCode"] = http_response.status_code = 200

    def marked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["racing"] = "/log-race-" in params["Key"]

    client.meta.events.register("before-parameter-build.s3.PutObject", marked)
    client.meta.events.register("after-call.s3.PutObject", told)


def lets_compliance_be_shortened(client: Any) -> None:
    """As the endpoint of the tests does by itself."""


def lets_compliance_become_governance(client: Any) -> None:
    def weaker(request: Any, **_: Any) -> AWSResponse | None:
        return None if b"GOVERNANCE" in request.body else error_response(403, "AccessDenied")

    client.meta.events.register("before-send.s3.PutObjectRetention", weaker)


def refuses_weaker_retention(**_: Any) -> AWSResponse:
    """What a real server says to whoever would end a retention sooner."""
    return error_response(403, "AccessDenied")


def ignores_conditions_at_the_end_of_parts(client: Any) -> None:
    before(client, "CompleteMultipartUpload", without("IfNoneMatch"))


def hides_old_versions(client: Any) -> None:
    after(client, "ListObjectVersions", only_the_newest)


def hides_delete_markers(client: Any) -> None:
    after(client, "ListObjectVersions", without("DeleteMarkers"))


def hides_unfinished_uploads(client: Any) -> None:
    after(client, "ListMultipartUploads", without("Uploads"))


def ignores_the_version_of_a_deletion(client: Any) -> None:
    before(client, "DeleteObject", without("VersionId"))


def ignores_locks(client: Any) -> None:
    before(client, "PutObject", without("ObjectLockMode", "ObjectLockRetainUntilDate"))


def lets_compliance_be_passed_by(client: Any) -> None:
    """It tells of COMPLIANCE, and keeps what GOVERNANCE would."""
    asked: list[str] = []

    def weaker(params: dict[str, Any]) -> None:
        if params.get("ObjectLockMode") == "COMPLIANCE":
            params["ObjectLockMode"] = "GOVERNANCE"

    def told(parsed: dict[str, Any]) -> None:
        if asked[-1].endswith("/compliance") and "ObjectLockMode" in parsed:
            parsed["ObjectLockMode"] = "COMPLIANCE"

    before(client, "PutObject", weaker)
    before(client, "HeadObject", lambda params: asked.append(params["Key"]))
    after(client, "HeadObject", told)


def joins_parts_backwards(client: Any) -> None:
    """As they came last, first; what is of one part is right."""

    def joined(parsed: dict[str, Any]) -> None:
        if "Body" in parsed:
            body = parsed["Body"].read()
            parsed["Body"] = io.BytesIO(body[5 * 2**20 :] + body[: 5 * 2**20])

    after(client, "GetObject", joined)


def deletes_one_of_many(client: Any) -> None:
    def narrowed(params: dict[str, Any]) -> None:
        params["Delete"] = {**params["Delete"], "Objects": params["Delete"]["Objects"][:1]}

    before(client, "DeleteObjects", narrowed)


def tells_of_locks_and_does_not_keep_them(client: Any) -> None:
    before(client, "DeleteObject", lambda params: params.update(BypassGovernanceRetention=True))


def ignores_checksums(client: Any) -> None:
    """As the endpoint of the tests is by itself."""


def refuses_other_bytes(request: Any, **_: Any) -> AWSResponse | None:
    """What a real server does about a checksum, before the endpoint of the tests sees the call."""
    told = request.headers.get("x-amz-checksum-sha256")
    body = request.body if isinstance(request.body, bytes | bytearray) else request.body.getvalue()
    if told is None or base64.b64decode(told) == hashlib.sha256(body).digest():
        return None
    return error_response(400, "BadDigest")


def lists_neighbours(client: Any) -> None:
    before(client, "ListObjectsV2", lambda params: params.update(Prefix=params["Prefix"].rstrip("/")))


def lists_one_page(client: Any) -> None:
    after(client, "ListObjectsV2", lambda parsed: parsed.update(IsTruncated=False))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda client: None, set()),
        (ignores_conditions, {"CHECK-CREATE", "CHECK-RACE", "CHECK-LOG"}),
        (ignores_conditions_of_the_log, {"CHECK-LOG"}),
        (tells_every_writer_of_the_log_that_it_won, {"CHECK-LOG"}),
        (lets_compliance_be_shortened, {"CHECK-COMPLIANCE"}),
        (lets_compliance_become_governance, {"CHECK-COMPLIANCE"}),
        (answers_every_writer_that_it_won, {"CHECK-RACE"}),
        (ignores_conditions_at_the_end_of_parts, {"CHECK-PARTS"}),
        (joins_parts_backwards, {"CHECK-PARTS"}),
        (deletes_one_of_many, {"CHECK-BULK"}),
        (lets_compliance_be_passed_by, {"CHECK-COMPLIANCE"}),
        (hides_old_versions, {"CHECK-VERSIONS"}),
        (hides_delete_markers, {"CHECK-VERSIONS"}),
        (ignores_the_version_of_a_deletion, {"CHECK-VERSIONS", "CHECK-LOCK", "CHECK-COMPLIANCE"}),
        (hides_unfinished_uploads, {"CHECK-UPLOADS"}),
        (ignores_locks, {"CHECK-LOCK", "CHECK-COMPLIANCE"}),
        (tells_of_locks_and_does_not_keep_them, {"CHECK-LOCK"}),
        (ignores_checksums, {"CHECK-CHECKSUM"}),
        (lists_neighbours, {"CHECK-LISTING"}),
        (lists_one_page, {"CHECK-LISTING"}),
    ],
)
def test_what_an_endpoint_does_not_keep_is_told_and_nothing_else(
    change: Change, codes: set[str], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = checked(endpoint, monkeypatch, change)
    assert [result.code for result in report.results] == CODES
    assert states(report) == dict.fromkeys(codes, "fail")
    assert report.kept == (not codes)
    assert all(result.said and result.remedy for result in report.results if result.state != "pass")


def test_a_lock_that_nobody_can_lift_is_tried_only_when_it_is_asked_for_and_is_else_not_checked(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[str | None] = []

    def seen(client: Any) -> None:
        before(client, "PutObject", lambda params: modes.append(params.get("ObjectLockMode")))

    report = checked(endpoint, monkeypatch, seen, compliance=False)
    (result,) = [result for result in report.results if result.state != "pass"]
    assert (result.code, result.state, report.kept) == ("CHECK-COMPLIANCE", "unknown", False)
    assert "--compliance" in result.remedy
    assert "確認不能" in conformance.as_text(report)
    assert {mode for mode in modes if mode} == {"GOVERNANCE"}


def test_parts_are_as_large_as_real_ones_and_there_are_two(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []

    def seen(client: Any) -> None:
        before(client, "UploadPart", lambda params: sizes.append((params["PartNumber"], len(params["Body"]))))

    assert checked(endpoint, monkeypatch, seen).kept
    assert sizes == [(1, 5 * 2**20), (2, 18)] * 2


# -- what could not be checked, what is left, what is told -------------------------------------------------


def test_nothing_is_sent_to_an_endpoint_without_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "client", lambda *_: pytest.fail("a client was made"))
    report = conformance.check("http://s3.example.jp", REGION, PERSONAL, EVIDENCE, clock=wall_clock)
    assert states(report) == {"CHECK-TLS": "fail", **dict.fromkeys(CODES[1:], "unknown")}


@pytest.mark.parametrize(("answer", "uploads"), [((403, "AccessDenied"), "unknown"), ((501, "NotImplemented"), "fail")])
def test_what_could_not_be_checked_is_no_pass_and_what_is_not_there_is_a_failure(
    answer: tuple[int, str], uploads: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = checked(
        endpoint, monkeypatch, lambda client: Faults(client).answer("CreateMultipartUpload", *answer, times=50)
    )
    assert states(report) == {"CHECK-PARTS": "unknown", "CHECK-UPLOADS": uploads}
    assert not report.kept


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"personal": EVIDENCE}, "STORAGE-LOCK"), ({"evidence": PERSONAL}, "STORAGE-NO-LOCK")],
)
def test_buckets_that_are_set_otherwise_fail_with_the_code_of_the_start(
    asked: dict[str, str], code: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = checked(endpoint, monkeypatch, lambda _: None, **asked)
    (settings,) = [result for result in report.results if result.code == "CHECK-SETTINGS"]
    assert settings.state == "fail"
    assert code in settings.said


def test_a_bucket_that_is_not_there_is_nothing_that_was_checked(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = checked(endpoint, monkeypatch, lambda _: None, personal="nobodys")
    assert set(states(report).values()) == {"unknown"}
    assert "CHECK-SETTINGS" in states(report)


def test_everything_is_cleaned_up_but_what_a_lock_keeps_and_that_is_named(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(endpoint)
    bucket(client, "cleaned")
    bucket(client, "cleaned-evidence", lock=True)
    report = checked(
        endpoint, monkeypatch, lambda _: None, personal="cleaned", evidence="cleaned-evidence", compliance=False
    )
    assert "Versions" not in client.list_object_versions(Bucket="cleaned")
    assert not client.list_multipart_uploads(Bucket="cleaned").get("Uploads")
    kept = {version["Key"] for version in client.list_object_versions(Bucket="cleaned-evidence")["Versions"]}
    assert report.left == tuple(f"cleaned-evidence/{key}" for key in sorted(kept))
    races = (f"log-race-{number}" for number in range(probes.ROUNDS))
    assert {key.rpartition("/")[2] for key in kept} == {"lock", "log-create", *races}
    assert all(key.startswith(f"{conformance.PREFIX}/") for key in kept)
    assert report.left[0] in conformance.as_text(report)
    assert conformance.as_json(report)["left"] == list(report.left)


def test_the_command_tells_a_table_or_json_and_ends_with_one_unless_all_is_kept(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = checked(endpoint, monkeypatch, ignores_checksums)
    asked: list[Any] = []
    monkeypatch.setattr(conformance, "check", lambda *where, **how: asked.append((where, how)) or report)
    words = ["vault", "check", "--endpoint", endpoint, "--region", REGION]
    words += ["--personal-bucket", PERSONAL, "--evidence-bucket", EVIDENCE]
    assert cli.main([*words, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {r["code"]: r["state"] for r in told["results"] if r["state"] != "pass"} == {"CHECK-CHECKSUM": "fail"}
    assert asked[0] == (
        (endpoint, REGION, PERSONAL, EVIDENCE),
        {"clock": wall_clock, "writers": 8, "hold": 30, "compliance": False},
    )
    assert cli.main(words) == 1
    table = capsys.readouterr().out
    assert all(code in table for code in CODES)
    assert "不適合" in table
    sound = Report(tuple(r for r in report.results if r.state == "pass"), ())
    monkeypatch.setattr(conformance, "check", lambda *_, **__: sound)
    assert cli.main(words) == 0
    assert "全 12 項目に適合しました" in capsys.readouterr().out


def test_every_check_is_explained_to_who_runs_it() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "run-on-s3.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"`{code}`" not in page] == []
