"""``kansho close finalise``: the end of the year outside Airflow, with its components stopped; resumable.

    a database of Airflow's? → stopped? → erased? → traces counted, purged, counted again (0 left)
        → residue scanned (0 hits) → needles and their key destroyed → the bundle that would be verifies
        → looked once more → certificate (JSON signed, PDF) → campaign_certified → last checkpoint → bundle
        → verified → the ward's

Belongs here: this order.  Every step is a ledger fact or repeats to the same result, so that it may be
killed anywhere and started again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from kansho.campaign.calendar import ZONE
from kansho.campaign.config import CampaignConfig
from kansho.closing import certificate
from kansho.closing.attended import Attended, record_attended
from kansho.closing.discovery import GX_HOME
from kansho.closing.erasure import NEEDLES
from kansho.closing.inventory import NEEDLES_KEY, open_snapshots, require_nothing_left, sweep
from kansho.closing.key_ends import destroy_key, destroy_vault_keys
from kansho.closing.manual import open_targets, take_slips
from kansho.closing.metadata import DATABASE, metadata_of
from kansho.closing.needles import from_table, secret_forms
from kansho.closing.purging import purge_traces, require_none_seen
from kansho.closing.rehearsal import require_none, require_verifies
from kansho.closing.residue import Place, ScanResult, scan
from kansho.closing.stopped import require_stopped
from kansho.closing.veiled import veiled
from kansho.closing.written_once import require_written_once
from kansho.errors import KanshoError
from kansho.evidence.certified import certified_part, open_manual
from kansho.evidence.erasure_log import NAME as ERASURE_LOG
from kansho.evidence.erasure_log import erasure_log
from kansho.evidence.facts import ConfigFacts
from kansho.evidence.ledger import Clock, wall_clock
from kansho.evidence.scan_log import NAME as SCAN_LOG
from kansho.evidence.scan_log import scan_log
from kansho.evidence.scan_rules import scan_findings
from kansho.evidence.verify import verify_bundle
from kansho.missed import record_missed
from kansho.vault.storage import elsewhere
from kansho.vault.store import ObjectStore
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

Say = Callable[[str], None]
#: The place under which what else lies under ``var`` is counted.
OTHERS = "var"


def finalise(
    config: CampaignConfig,
    var: Path,
    *,
    database: str | None = None,
    no_database: bool = False,
    also: Iterable[str] = (),
    attended: Attended | None = None,
    clock: Clock = wall_clock,
    say: Say = lambda line: None,
) -> dict[str, Any]:
    """Purge Airflow's traces, scan, certify, and write the evidence bundle.

    Args:
        config: the campaign.
        var: root of run-time files.
        database: SQLAlchemy URL of Airflow's metadata; the embedded file under ``var/airflow`` by default.
        no_database: whoever ends the year says that Airflow has no database here; the certificate does not cover it.
        also: further secrets to search for, such as the deliveries' passwords, which we no longer hold.
        attended: who erased, checked and attended; in a simulated year the first of each role.
        clock: the real clock, which tells heartbeats from old ones and gives the campaign date of a year that is not
            simulated.
        say: told each step.

    Returns:
        ``state``; paths of certificate, checkpoint and (once ``final``) bundle; counts of erasure and scan.  The state
        is ``interim`` while a key service has only scheduled the deletion of a key: run again after its day.

    Raises:
        KanshoError: ``TRACES-NO-DATABASE``, ``TRACES-NOT-AIRFLOW`` and their like before anything is done;
            ``CLOSING-RUNNING``, ``CLOSING-NOT-ERASED``, ``TRACES-LEFT``, ``CLOSING-RESIDUE``,
            ``CLOSING-UNREADABLE``, ``CLOSING-SCAN`` when something was not searched, ``CLOSING-UNREGISTERED``,
            ``CLOSING-KEY-COPY`` or ``CLOSING-UNKNOWN`` when something came after the inventory, ``CLOSING-STORE`` when
            a store still holds a version, ``LEDGER-VERSIONS`` when an object of the log was written twice,
            ``CERTIFY-*``, or ``CLOSING-EVIDENCE`` when the bundle would not verify.
    """
    airflow = var / "airflow"
    base = metadata_of(airflow, database, no_database=no_database)
    require_stopped(airflow, clock(), base.url)
    ws = Workspace.open(config, var, config.closing.erase_on)
    ws.ledger.confirm()
    ws = replace(ws, today=_today(ws, clock))
    require_none_seen(ws, base)
    require_erased(ws)
    record_attended(ws, attended)
    say("痕跡の除去")
    if not _scan_is_over(ws):
        purge_traces(ws, airflow, base)
    say("残存検査")
    _scan(ws, also, database)
    say("証明書と証跡")
    ws = replace(ws, today=_today(ws, clock))  # a key service may have ended a key on a later day
    require_verifies(ws)
    record_missed(ws, over=True)
    require_nothing_left(ws)
    written = _certify(ws)
    if written["state"] == "interim":
        return {**written, "erasure": _erasure(ws)}
    bundle, checkpoint = Path(written["bundle"]), Path(written["checkpoint"])
    require_none(verify_bundle(bundle, checkpoint), bundle.name)
    certificate.give_checkpoint(ws, checkpoint)
    return {**written, "erasure": _erasure(ws)}


def require_erased(ws: Workspace) -> None:
    """Every planned holding is erased, nothing else is held, the keys are destroyed.

    A run that was killed between the last holding and the keys is carried on here: the plan that two
    people approved covers the keys.

    Raises:
        KanshoError: ``CLOSING-NOT-ERASED``, ``CLOSING-MANUAL-OPEN``, ``CLOSING-STORE``.
    """
    planned = ws.ledger.events("erasure_planned")
    erased = {e.key for e in ws.ledger.events("holding_erased")}
    if not planned or set(planned[-1].refs["targets"]) - erased or open_snapshots(ws):
        raise KanshoError(
            "CLOSING-NOT-ERASED",
            "保管庫の消去が終わっていません",
            place=ws.config.id,
            remedy="media_return_and_erasure を完了してから実行してください",
        )
    take_slips(ws)
    waiting = sorted({*open_manual(ws.ledger.events()), *(t.key for t in open_targets(ws))})
    if waiting:
        raise KanshoError(
            "CLOSING-MANUAL-OPEN",
            f"人の手による消去・返却が終わっていない対象があります（{len(waiting)}件）",
            place=" ".join(waiting[:5]),
            remedy="終わったものは kansho close manual で登録し、区へ返したものは区の記録を待ってください",
        )
    destroy_vault_keys(ws)
    _require_empty(ws, ws.vault.store, "vault")
    shutil.rmtree(ws.layout.kansho / "vault" / ws.config.id, ignore_errors=True)


def _require_empty(ws: Workspace, store: ObjectStore, place: str) -> None:
    """Look once more, at every version: no log says what a bucket holds that nobody registered."""
    sweep(ws, place, store)
    left = store.remains()
    if left:
        raise KanshoError(
            "CLOSING-STORE",
            f"消去を終えた保管庫に、版が残っています（{sum(left.values())}件）",
            place=" ".join([place, *(veiled(ws, name) for name in sorted(left)[:5])]),
            remedy="事故として扱い、原因を確かめて消去し、再実行してください",
        )


def _scan_is_over(ws: Workspace) -> bool:
    """Whether nothing can be searched for any more: what would be purged now, no scan would ever follow."""
    needles = ws.find(NEEDLES, NEEDLES_KEY)
    return _scanned_clean(ws) and (needles is None or not ws.needles.store.exists(needles.name))


def _scan(ws: Workspace, also: Iterable[str], database: str | None) -> None:
    """Scan until a scan is clean; then destroy what it looked for."""
    if ws.ledger.find("keys_destroyed", "needles") is not None:
        return
    needles = ws.find(NEEDLES, NEEDLES_KEY)
    if needles is not None:
        # A run that was killed after erasing the needles and before recording it had scanned clean.
        if ws.needles.store.exists(needles.name) or not _scanned_clean(ws):
            _search(ws, needles, also, database)
            _require_whole(ws)  # while there still is what could be searched for
        ws.erase(needles, reason="closing")
    if not _scanned_clean(ws):
        raise KanshoError("CLOSING-UNSCANNED", "残存検査の記録がありません", remedy="事故として扱ってください")
    destroy_key(ws, "needles")
    _require_empty(ws, ws.needles.store, "needles")
    shutil.rmtree(ws.layout.kansho / "needles" / ws.config.id, ignore_errors=True)


def _search(ws: Workspace, needles: SnapshotRef, also: Iterable[str], database: str | None) -> None:
    """One scan and its record, clean or not."""
    kept = ws.for_purpose("residue_scan").read_table(needles)
    wanted = {*from_table(kept), *(form for secret in also for form in secret_forms(secret))}
    file, server = _database(database)
    folders = (ws.layout.kansho, ws.layout.airflow, GX_HOME)
    result = scan(
        folders,
        sorted(wanted),
        named={DATABASE: file, OTHERS: _others(ws)},
        stores=elsewhere(ws.config, ws.layout.kansho),
        databases=server,
        workers=os.cpu_count() or 1,
    )
    number = len(ws.ledger.events("residue_scanned")) + 1
    counts = {
        "files": result.files,
        "bytes": result.bytes,
        "needles": result.needles,
        "hits": result.hits,
        "unread": len(result.unread),
    }
    # A folder in which nothing lies was searched too, and the record says so.
    empty = {f.name: Place() for f in folders if not any(n.partition("/")[0] == f.name for n in result.places)}
    places = {name: place.to_json() for name, place in sorted({**result.places, **empty}.items())}
    ws.record("residue_scanned", f"scan-{number}", counts=counts, refs={"places": places})
    _require_clean(result, ws.layout.var)


def _others(ws: Workspace) -> list[Path]:
    """What else lies under ``var``, where everything of a run time is; other parties' premises are theirs."""
    known = {ws.layout.kansho, ws.layout.airflow, ws.layout.outside}
    return sorted(path for path in ws.layout.var.iterdir() if path not in known)


def _require_whole(ws: Workspace) -> None:
    """Nothing is found where nobody looked: the last scan searched what a verifier asks for, for as many values."""
    left_out = scan_findings(ws.ledger.events(), ConfigFacts.from_json(ws.config.model_dump(mode="json")))
    if left_out:
        raise KanshoError(
            "CLOSING-SCAN",
            f"残存検査が及んでいない場所・値があります（{len(left_out)}件）",
            place=" ".join(sorted({f.code for f in left_out})),
            remedy="保管先・データベースの指定を確かめて、再実行してください",
        )


def _database(url: str | None) -> tuple[list[Path], dict[str, str]]:
    """Where Airflow's metadata is to be searched: a file with its journals, or tables on a server."""
    if url is None:
        return [], {}
    said = make_url(url)
    if said.get_backend_name() != "sqlite":
        return [], {DATABASE: url}
    path = Path(said.database or "")
    return [p for p in sorted(path.parent.glob(f"{path.name}*")) if p.is_file()], {}


def _scanned_clean(ws: Workspace) -> bool:
    scans = ws.ledger.events("residue_scanned")
    return bool(scans) and not scans[-1].counts["hits"] and not scans[-1].counts["unread"]


def _require_clean(result: ScanResult, var: Path) -> None:
    """Name files, never values."""
    if result.hits:
        shown = [f"{_short(path, var)}({n})" for path, n in list(result.by_file.items())[:10]]
        raise KanshoError(
            "CLOSING-RESIDUE",
            f"個人情報が残っています（{len(result.by_file)}ファイル {result.hits}件）",
            place=" ".join(shown),
            remedy="事故として扱い、ファイルを消去し、原因を確かめてから再実行してください",
        )
    if result.unread:
        raise KanshoError(
            "CLOSING-UNREADABLE",
            f"検査できないファイルがあります（{len(result.unread)}件）",
            place=" ".join(_short(path, var) for path in result.unread[:10]),
            remedy="検査できない場合は合格になりません。ファイルを確認してください",
        )


def _certify(ws: Workspace) -> dict[str, Any]:
    require_written_once(ws)
    part = certified_part(ws.ledger.events())
    made = certificate.certificate_of(ws, part)
    issued = certificate.issue_paper(ws, made, part[-1])
    if certificate.state_of(made) == "interim":
        return certificate.write_interim(ws, made, issued, len(part))
    ws.issue_document(ERASURE_LOG, erasure_log(part), title="消去の記録", kind="erasure_log")
    ws.issue_document(SCAN_LOG, scan_log(part), title="残存検査の記録", kind="erasure_log")
    return certificate.write_files(ws, made)


def _erasure(ws: Workspace) -> dict[str, int]:
    inventory, scans = ws.ledger.events("inventory_taken"), ws.ledger.events("residue_scanned")
    return {
        "holdings": inventory[-1].counts["holdings"],
        "returned": len(ws.ledger.events("medium_returned")),
        "erased": len(ws.ledger.events("holding_erased")),
        "residue_hits": scans[-1].counts["hits"],
    }


def _today(ws: Workspace, clock: Clock) -> date:
    """The day of a real year is the clock's; a simulated year goes on at its last date."""
    if not ws.is_simulation:
        return clock().astimezone(ZONE).date()
    return max(date.fromisoformat(e.campaign_date) for e in ws.ledger.events())


def _short(path: str, var: Path) -> str:
    try:
        return Path(path).relative_to(var).as_posix()
    except ValueError:
        return path
