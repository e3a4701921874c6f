"""Whether an S3 keeps what the vault and the log rely on: all probes in their order, and what an operator is told.

Belongs here: the list, the three ends of a probe (kept, not kept, could not check), cleaning up.  Does not belong
here: the calls (`kansho.vault.probes`), arguments (`kansho.cli_vault`).  "Could not check" is never a pass.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from kansho.errors import KanshoError
from kansho.vault import probes
from kansho.vault.places import encrypted
from kansho.vault.probes import Bench, Broken, Unasked
from kansho.vault.s3_calls import DEFAULT, Patience, client, code_of
from kansho.vault.s3_erasing import versions_below
from kansho.vault.s3_parts import abort_uploads, uploads_below

State = Literal["pass", "fail", "unknown"]

#: Everything that is written lies below it, in both buckets.
PREFIX = "kansho-probe"
#: A server that does not know a call at all does not keep what it is for.
_UNKNOWN_CALL = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})
_SERVER = "この機能を備えた製品・版に改めてください"


@dataclass(frozen=True)
class Probe:
    """One thing we rely on: its code, its words, how it is tried, and what to do when it is not kept."""

    code: str
    title: str
    run: Callable[[Bench], None]
    remedy: str


@dataclass(frozen=True)
class Result:
    """How a probe ended; ``said`` quotes nothing but codes and counts."""

    code: str
    title: str
    state: State
    said: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    """All results, and what could not be removed again (``bucket/name``)."""

    results: tuple[Result, ...]
    left: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """Whether every probe passed."""
        return all(result.state == "pass" for result in self.results)


PROBES: tuple[Probe, ...] = (
    Probe("CHECK-SETTINGS", "版管理とロックの設定", probes.settings, "二つのバケットの設定を改めてください"),
    Probe("CHECK-LOCK", "ロック（保持期間、GOVERNANCE）", probes.lock, _SERVER),
    Probe("CHECK-COMPLIANCE", "ロック（保持期間、COMPLIANCE）", probes.compliance, _SERVER),
    Probe("CHECK-VERSIONS", "版の一覧と版ごとの削除", probes.versions, _SERVER),
    Probe("CHECK-BULK", "版のまとめての削除", probes.bulk, _SERVER),
    Probe("CHECK-CREATE", "条件付き書込み", probes.create, _SERVER),
    Probe("CHECK-RACE", "同時の条件付き書込み", probes.race, _SERVER),
    Probe("CHECK-LOG", "証跡のバケットの条件付き書込み（ロックの下で）", probes.log, _SERVER),
    Probe("CHECK-CHECKSUM", "検査値の照合", probes.checksum, _SERVER),
    Probe("CHECK-PARTS", "条件付きの分割書込み", probes.parts, _SERVER),
    Probe("CHECK-UPLOADS", "終わっていない分割書込みの一覧", probes.uploads, _SERVER),
    Probe("CHECK-LISTING", "名前の一覧", probes.listing, _SERVER),
)
_TLS = ("CHECK-TLS", "通信の暗号化")


def check(
    endpoint: str,
    region: str,
    personal: str,
    evidence: str,
    *,
    clock: Callable[[], datetime],
    writers: int = 8,
    hold: int = 30,
    compliance: bool = False,
    patience: Patience = DEFAULT,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Try everything; an endpoint without TLS is told so and sent nothing.

    Args:
        endpoint: of the S3.
        region: of both buckets.
        personal: bucket of personal data.
        evidence: bucket of the evidence.
        clock: the real time, in UTC: a server compares it with its own.
        writers: how many race for a name.
        hold: seconds for which a few objects are locked (GOVERNANCE); they are removed afterwards.
        compliance: whether one more is, under COMPLIANCE, which nobody can lift before that; else that is not checked.
        patience: of calls that may be made again.
        sleep: until the lock has ended.
    """
    if not encrypted(endpoint):
        plain = Result(*_TLS, "fail", "暗号化されない接続先です", "https://ホスト名 の形にしてください")
        rest = [Result(p.code, p.title, "unknown", "接続していません", "通信を暗号化してください") for p in PROBES]
        return Report((plain, *rest), ())
    below = f"{PREFIX}/{secrets.token_hex(8)}"
    bench = Bench(client(endpoint, region), personal, evidence, below, writers, hold, compliance, patience, clock)
    try:
        results = [Result(*_TLS, "pass"), *(_tried(probe, bench) for probe in PROBES)]
    finally:
        left = _cleaned(bench, sleep)
    return Report(tuple(results), tuple(left))


def _tried(probe: Probe, bench: Bench) -> Result:
    try:
        probe.run(bench)
    except Broken as broken:
        return Result(probe.code, probe.title, "fail", str(broken), probe.remedy)
    except Unasked as unasked:
        remedy = "--compliance を付けて実行してください（--hold の秒数だけ、誰も消せない小さなオブジェクトができます）"
        return Result(probe.code, probe.title, "unknown", str(unasked), remedy)
    except KanshoError as error:
        state: State = "fail" if error.code.startswith("STORAGE-") else "unknown"
        return Result(probe.code, probe.title, state, f"{error.code} {error.message}", error.remedy or "")
    except ClientError as error:
        code = code_of(error)
        if code in _UNKNOWN_CALL:
            return Result(probe.code, probe.title, "fail", f"呼出しに対応していません: {code}", probe.remedy)
        return _unchecked(probe, code)
    except TimeoutError:
        return _unchecked(probe, "時間内に終わりません")
    except (BotoCoreError, KeyError) as error:
        return _unchecked(probe, type(error).__name__)
    return Result(probe.code, probe.title, "pass")


def _unchecked(probe: Probe, why: str) -> Result:
    remedy = "権限・接続先・稼働状況を確かめ、やり直してください"
    return Result(probe.code, probe.title, "unknown", f"確認できません: {why}", remedy)


def _cleaned(bench: Bench, sleep: Callable[[float], None]) -> list[str]:
    """Remove what was written; what is locked, once its lock has ended.  Returns what is left."""
    left = _swept(bench)
    if left:
        sleep(bench.hold + 1)
        left = _swept(bench)
    return left


def _swept(bench: Bench) -> list[str]:
    left: list[str] = []
    for bucket in (bench.personal, bench.evidence):
        below = f"{bench.prefix}/"
        try:
            uploads = list(uploads_below(bench.client, bucket, below, bench.patience))
            abort_uploads(bench.client, bucket, uploads, bench.patience)
            for key, version in list(versions_below(bench.client, bucket, below, bench.patience)):
                if not _removed(bench, bucket, key, version):
                    left.append(f"{bucket}/{key}")
        except (KanshoError, ClientError, BotoCoreError, KeyError):
            left.append(f"{bucket}/{below}")
    return sorted(set(left))


def _removed(bench: Bench, bucket: str, key: str, version: str) -> bool:
    try:
        bench.client.delete_object(Bucket=bucket, Key=key, VersionId=version)
    except (ClientError, BotoCoreError):
        return False
    return True


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    results = [{"code": r.code, "state": r.state, "said": r.said, "remedy": r.remedy} for r in report.results]
    return {"kept": report.kept, "results": results, "left": list(report.left)}


def as_text(report: Report) -> str:
    """The report as a table for people."""
    names = {"pass": "適合", "fail": "不適合", "unknown": "確認不能"}
    lines = [_line(names[r.state], r.code, r.title) + _more(r) for r in report.results]
    lines += [f"残ったもの: {name}（ロックが終わってから版ごと削除してください）" for name in report.left]
    return "\n".join([*lines, _summary(report.results)]) + "\n"


def _line(state: str, code: str, title: str) -> str:
    return f"{state:　<4}  {code:<16} {title}"


def _more(result: Result) -> str:
    return "" if result.state == "pass" else f"\n      {result.said}\n      → {result.remedy}"


def _summary(results: Sequence[Result]) -> str:
    passed = sum(r.state == "pass" for r in results)
    if passed == len(results):
        return f"全 {passed} 項目に適合しました。"
    return f"{len(results)} 項目のうち {passed} 項目に適合。適合しない保管先に個人情報・証跡を置かないでください。"
