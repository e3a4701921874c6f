"""Stage functions of extract_intake.

States of a delivery: waiting for password → (taken in) accepted | refused.  A refused delivery keeps nothing but
its sealed original; the ward is told and sends another.  A wrong password refuses the attempt, not the delivery:
it waits for a password again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from kansho.contracts.characters import unprintable_rows
from kansho.contracts.registry import REGISTRY, contract
from kansho.errors import KanshoError
from kansho.evidence.incidents_shown import REFUSAL_KINDS
from kansho.intake.containers import open_container
from kansho.intake.cover_note import CoverNote, read_cover_note
from kansho.intake.delivery import read_announced, require_seal, several_seals
from kansho.intake.exceptions import open_for_refusal, resolve_refusals
from kansho.intake.medium import sealed_files
from kansho.intake.passwords import erase_stale, forget_password, use_password, waiting_password
from kansho.intake.reading import Delivered
from kansho.vault.disk import write_whole
from kansho.vault.vault import SnapshotRef
from kansho.workspace import Workspace

#: The attempt failed, not the delivery.
WRONG_PASSWORD = "INTAKE-PASSWORD"  # noqa: S105
#: Refusals that are incidents in themselves: over-provision (D1), individual numbers (D7).
INCIDENTS = REFUSAL_KINDS


def settled_deliveries(ws: Workspace) -> frozenset[str]:
    """Deliveries accepted, or refused for another reason than the password."""
    events = ws.ledger.events()
    accepted = {e.key for e in events if e.type == "delivery_accepted"}
    refused = {e.key for e in events if e.type == "delivery_refused" and e.codes["code"] != WRONG_PASSWORD}
    return frozenset(accepted | refused)


def open_deliveries(ws: Workspace) -> list[str]:
    """Ids of what the ward has put out and is not settled, sorted."""
    folder = ws.layout.outgoing(ws.config.ward_party.id)
    settled = settled_deliveries(ws)
    found = sorted(p.name for p in folder.iterdir() if sealed_files(p)) if folder.is_dir() else []
    return [delivery for delivery in found if delivery not in settled]


def find_deliveries(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Deliveries with a password waiting; None when there are none.  Stale secrets are erased here."""
    erase_stale(ws, settled_deliveries(ws))
    waiting = open_deliveries(ws)
    ready = [d for d in waiting if waiting_password(ws, d) is not None]
    if not ready:
        return None
    return {"deliveries": ready, "counts": {"ready": len(ready), "waiting_for_password": len(waiting) - len(ready)}}


def take_in(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Take in every ready delivery, each on its own; one refused does not hold up another.

    Raises:
        KanshoError: ``PASSWORD-MISSING`` when a secret went away between finding and taking in.
    """
    accepted: list[str] = []
    refused: list[dict[str, str]] = []
    for delivery in work["deliveries"]:
        code = _known_result(ws, delivery)
        if code is None:
            code = _take_one(ws, delivery)
        if code:
            refused.append({"delivery": delivery, "code": code})
        else:
            accepted.append(delivery)
    erase_stale(ws, settled_deliveries(ws))
    counts = {"accepted": len(accepted), "refused": len(refused)}
    return {"accepted": accepted, "refused": refused, "counts": counts}


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


@dataclass(frozen=True)
class _Opened:
    """A delivery that is as its note says."""

    note: CoverNote
    delivered: dict[str, Delivered]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Table by file kind."""
        return {kind: found.frame for kind, found in self.delivered.items()}


def _known_result(ws: Workspace, delivery: str) -> str | None:
    """'' accepted, the code when refused, None when this attempt is still to be made (a task run again)."""
    if ws.ledger.find("delivery_accepted", delivery) is not None:
        return ""
    refused = [e for e in ws.ledger.events("delivery_refused") if e.codes["delivery"] == delivery]
    if refused and (refused[-1].codes["code"] != WRONG_PASSWORD or waiting_password(ws, delivery) is None):
        return refused[-1].codes["code"]
    return None


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
    original = _keep_original(ws, delivery, folder)
    try:
        opened = _open(ws, delivery, folder, ws.read_bytes(original), secret)
    except KanshoError as error:
        _refuse(ws, delivery, secret, original, error)
        forget_password(ws, secret)
        return error.code
    _accept(ws, delivery, original, opened)
    forget_password(ws, secret)
    return ""


def _keep_original(ws: Workspace, delivery: str, folder: Path) -> SnapshotRef:
    """The sealed original as it came first (of several the first); it is sealed once more by the vault."""
    known = ws.find("sealed_delivery", delivery)
    return known or ws.store_bytes("sealed_delivery", delivery, next(iter(sealed_files(folder))).read_bytes())


def _open(ws: Workspace, delivery: str, folder: Path, sealed: bytes, secret: SnapshotRef) -> _Opened:
    note = read_cover_note(folder / "cover_note.json", delivery=delivery, campaign=ws.config.id, today=ws.today)
    _register_medium(ws, note)
    if len(sealed_files(folder)) > 1:
        raise several_seals(delivery)
    require_seal(sealed, note)
    contents = open_container(sealed, use_password(ws, secret), [f.name for f in note.files])
    return _Opened(note, {f.kind: read_announced(f, contents[f.name], ws.config) for f in note.files})


def _register_medium(ws: Workspace, note: CoverNote) -> None:
    """The medium register (D3): every delivery has its line, also when a medium comes a second time."""
    known = ws.ledger.find("medium_registered", note.medium.serial)
    again = known is not None and known.codes["delivery"] != note.delivery
    key = f"{note.medium.serial}/{note.delivery}" if again else note.medium.serial
    flow = ws.config.flow("sealed_delivery")
    hands = {"from": ws.config.ward_party.id, "to": ws.config.contractor.id, "place": flow.place if flow else ""}
    ws.record("medium_registered", key, codes={"kind": note.medium.kind, "delivery": note.delivery, **hands})


def _accept(ws: Workspace, delivery: str, original: SnapshotRef, opened: _Opened) -> None:
    refs = {
        kind: ws.store_table(f"raw_{kind}", delivery, table, parents=[original])
        for kind, table in opened.tables.items()
    }
    rows = {f"rows_{kind}": len(table) for kind, table in opened.tables.items()}
    gaiji = {f"gaiji_{kind}": _rows_with_gaiji(table) for kind, table in opened.tables.items()}
    ws.record(
        "delivery_accepted",
        delivery,
        counts={**rows, **{name: n for name, n in gaiji.items() if n}},
        codes={
            "issued_on": opened.note.issued_on.isoformat(),
            "nil_return": "yes" if any(f.nil_return for f in opened.note.files) else "no",
            "kinds": "|".join(sorted(opened.tables)),
            **_said_of_changes(opened.note),
            **{f"encoding_{kind}": found.codes["encoding"] for kind, found in opened.delivered.items()},
        },
        refs={"sealed": original, **refs},
    )
    resolve_refusals(ws, delivery)


def _rows_with_gaiji(table: pd.DataFrame) -> int:
    return int(unprintable_rows(table, table.columns).eq("gaiji").sum())


def _said_of_changes(note: CoverNote) -> dict[str, str]:
    """Which files only add and correct, and the 差戻し依頼 that the delivery answers."""
    only = "|".join(sorted(f.kind for f in note.files if f.scope == "changes"))
    return {name: code for name, code in (("changes_only", only), ("answers", note.answers or "")) if code}


def _refuse(ws: Workspace, delivery: str, secret: SnapshotRef, original: SnapshotRef, error: KanshoError) -> None:
    wrong = error.code == WRONG_PASSWORD
    ws.record(
        "delivery_refused",
        secret.key if wrong else delivery,
        codes={"code": error.code, "delivery": delivery},
        refs={"sealed": original},
        names={"message": error.message, "place": error.place, "remedy": error.remedy},
    )
    if not wrong:
        open_for_refusal(ws, delivery, error.code)
    if error.code in INCIDENTS:
        codes = {"kind": INCIDENTS[error.code], "subject": delivery}
        ws.record("incident_opened", f"delivery-{delivery}", codes=codes)
    if not wrong:
        _tell_ward(ws, delivery, error)


def _in_words(place: str) -> str:
    """A place as an officer reads it: the file's Japanese name for our identifier."""
    kind, colon, rest = place.partition(":")
    return f"{contract(kind).title}{colon}{rest}" if kind in REGISTRY else place


def _tell_ward(ws: Workspace, delivery: str, error: KanshoError) -> None:
    """A notice of the refusal into the ward's letter box: codes and our own words, nothing of the file."""
    notice = {
        "campaign": ws.config.id,
        "delivery": delivery,
        "refused_on": ws.today.isoformat(),
        "code": error.code,
        "message": error.message,
        "place": _in_words(error.place),
        "remedy": error.remedy,
    }
    path = ws.layout.received(ws.config.ward_party.id) / f"refusal--{delivery}.json"
    write_whole(path, json.dumps(notice, ensure_ascii=False, indent=1).encode())
    ws.record("report_submitted", f"refusal/{delivery}", codes={"to": ws.config.ward_party.id, "code": error.code})
