"""Stage functions of extract_intake.

States of a delivery: waiting for password → (taken in) accepted | refused.  A refused delivery keeps nothing but
its sealed original; the ward sends another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError
from kansho.intake.cover_note import AnnouncedFile, CoverNote, read_cover_note
from kansho.intake.passwords import forget_password, use_password, waiting_password
from kansho.intake.sealed import open_sealed
from kansho.intake.tables import read_table
from kansho.workspace import Workspace


def open_deliveries(ws: Workspace) -> list[str]:
    """Ids of what the ward has put out and we neither accepted nor refused, sorted."""
    folder = ws.layout.outgoing(ws.config.ward_party.id)
    settled = {e.key for t in ("delivery_accepted", "delivery_refused") for e in ws.ledger.events(t)}
    found = sorted(p.parent.name for p in folder.glob("*/cover_note.json")) if folder.is_dir() else []
    return [delivery for delivery in found if delivery not in settled]


def find_deliveries(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Deliveries with a password waiting; None when there are none."""
    waiting = open_deliveries(ws)
    ready = [d for d in waiting if waiting_password(ws, d) is not None]
    if not ready:
        return None
    return {"deliveries": ready, "counts": {"ready": len(ready), "waiting_for_password": len(waiting) - len(ready)}}


def take_in(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Take in every ready delivery, each on its own; one refused does not hold up another."""
    accepted: list[str] = []
    refused: list[dict[str, str]] = []
    for delivery in work["deliveries"]:
        done = ws.ledger.find("delivery_refused", delivery)
        if ws.ledger.find("delivery_accepted", delivery) is not None:
            accepted.append(delivery)
        elif done is not None:
            refused.append({"delivery": delivery, "code": done.codes["code"]})
        else:
            code = _take_one(ws, delivery)
            if code:
                refused.append({"delivery": delivery, "code": code})
            else:
                accepted.append(delivery)
    return {"accepted": accepted, "refused": refused}


def settle_intake(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Make the run red when anything was refused, after everything else was done.

    Raises:
        KanshoError: ``INTAKE-REFUSED`` naming deliveries and codes.
    """
    if work["refused"]:
        told = " ".join(f"{r['delivery']}:{r['code']}" for r in work["refused"])
        raise KanshoError(
            "INTAKE-REFUSED",
            f"差し戻した提供があります {told}",
            remedy="台帳の対処に従い、区に再提供を依頼してください",
        )
    return {"counts": {"accepted": len(work["accepted"])}}


def _take_one(ws: Workspace, delivery: str) -> str:
    """'' when accepted, else the code of the refusal."""
    folder = ws.layout.outgoing(ws.config.ward_party.id) / delivery
    secret = waiting_password(ws, delivery)
    if secret is None:
        raise KanshoError(
            "PASSWORD-MISSING",
            "パスワードがまだ入力されていません",
            place=delivery,
            remedy="入力してから実行してください",
        )
    sealed = _sealed_original(folder)
    original = ws.store_bytes("sealed_delivery", delivery, sealed)
    try:
        note = read_cover_note(folder / "cover_note.json", delivery=delivery, campaign=ws.config.id)
        _register_medium(ws, note)
        if hashlib.sha256(sealed).hexdigest() != note.sealed_sha256:
            raise KanshoError(
                "INTAKE-SEALED-DIGEST", "封緘ファイルの要約値が送付書と違います", place=delivery, remedy="再提供を依頼"
            )
        contents = open_sealed(sealed, use_password(ws, secret), [f.name for f in note.files])
        tables = {f.kind: _read_one(ws, f, contents[f.name]) for f in note.files}
    except KanshoError as error:
        ws.record(
            "delivery_refused",
            delivery,
            codes={"code": error.code},
            refs={"sealed": original},
            names={"message": error.message, "place": error.place, "remedy": error.remedy},
        )
        forget_password(ws, secret)
        return error.code
    refs = {kind: ws.store_table(f"raw_{kind}", delivery, table, parents=[original]) for kind, table in tables.items()}
    ws.record(
        "delivery_accepted",
        delivery,
        counts={f"rows_{kind}": len(table) for kind, table in tables.items()},
        codes={
            "issued_on": note.issued_on.isoformat(),
            "nil_return": "yes" if any(f.nil_return for f in note.files) else "no",
            "kinds": "|".join(sorted(tables)),
        },
        refs={"sealed": original, **refs},
    )
    forget_password(ws, secret)
    return ""


def _sealed_original(folder: Path) -> bytes:
    path = folder / "sealed.zip"
    return path.read_bytes() if path.is_file() else b""


def _register_medium(ws: Workspace, note: CoverNote) -> None:
    ws.record("medium_registered", note.medium.serial, codes={"kind": note.medium.kind, "delivery": note.delivery})


def _read_one(ws: Workspace, announced: AnnouncedFile, data: bytes) -> Any:
    if hashlib.sha256(data).hexdigest() != announced.sha256:
        raise KanshoError(
            "INTAKE-DIGEST", "要約値が送付書と違います", place=announced.kind, remedy="再提供を依頼してください"
        )
    table = read_table(data, announced.kind, ws.config)
    if len(table) != announced.rows:
        raise KanshoError(
            "INTAKE-COUNT",
            f"件数が送付書と違います（送付書 {announced.rows}、実際 {len(table)}）",
            place=announced.kind,
            remedy="件数を確認し、再提供を依頼してください",
        )
    if announced.kind == "target_list" and table.empty:
        raise KanshoError("INTAKE-EMPTY", "対象者一覧が空です", place=announced.kind, remedy="再提供を依頼してください")
    if announced.kind == "stop_list" and table.empty and not announced.nil_return:
        raise KanshoError(
            "STOP-EMPTY",
            "勧奨停止一覧が空です",
            place=announced.kind,
            remedy="該当なしなら送付書に明記して再提供を依頼",
        )
    return table
