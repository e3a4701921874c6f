"""Stage functions of a toy stage: an artefact to approve, a gate, a leak."""

from __future__ import annotations

import base64
import logging
import os
import signal
from collections.abc import Mapping
from typing import Any

from kansho.campaign.opened import HANDLER_REPORT, OPENS
from kansho.campaign.rights import Role
from kansho.evidence.events import Actor
from kansho.opening.register import register_handler
from kansho.workspace import Workspace

#: What the leaky function lets fall; the test looks for it in every byte that Airflow wrote.
LEAK = "見本漏 太郎 ﾐﾎﾝﾓﾚ 09012345678"
#: Another person, whom the spilling functions let out where no boundary can hold anything.
SPILT = "溢見本 花枝 ｱﾌﾚﾐﾎﾝ 08087654321"


def open_campaign(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The first event, as a simulation, and the ward's approval of it."""
    ws.keyring.create()
    ws.record("campaign_opened", "opening", codes={"simulation": "true", "config_digest": ws.config.digest})
    for handler in ws.config.handlers:
        register_handler(ws, handler)
    report = {"kind": "handler_report", "key": HANDLER_REPORT, "digest": "0" * 64}
    ws.record("approval_requested", "toy/opening", codes={"role": OPENS}, refs={"artefact": report})
    officer = ws.config.users(Role(OPENS))[0]
    ward = ws.acting_as(Actor(officer.party, str(officer.user), OPENS))
    ward.record("approval_decided", "toy/opening", codes={"decision": "approve", "reason": "none"})
    return {"today": ws.today.isoformat()}


def find(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any] | None:
    """Nothing to do when told so."""
    return None if work["triggered"].get("nothing") else {"gate_result": "pass", **work["triggered"]}


def make(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Something to approve."""
    ref = ws.store_bytes("plan_document", f"plan-{work['case']}", b"%PDF- " + work["case"].encode())
    return {**work, "artefact": ref.to_json(), "counts": {"cards": 1234}}


def finish(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """What must not happen without approval."""
    ws.record("document_issued", f"released-{work['case']}", refs={"sha256": "0"})
    return {"case": work["case"]}


def die_once(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Be killed at the first attempt, after half of the work is done."""
    marker = ws.layout.kansho / "died-once"
    ws.store_bytes("plan_document", "before-death", b"half")
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"stored": ws.store_bytes("plan_document", "before-death", b"half").to_json()}


def leak(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Do everything a careless function does."""
    print(LEAK)
    logging.getLogger("somebody").error("row %s", LEAK)
    try:
        int(LEAK)
    except ValueError as error:
        raise KeyError(LEAK) from error
    return {}


def leak_result(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a person."""
    return {"name": LEAK}


def spill_descriptor(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Write past every stream of Python, to the descriptors themselves; what goes to 1 is below the log's level."""
    for descriptor in (1, 2):
        os.write(descriptor, f"row {SPILT}\n".encode())
    return {"spilt": 1}


def spill_encoded(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """The same as base64 of CP932."""
    os.write(2, base64.b64encode(f"row {SPILT}".encode("cp932")) + b"\n")
    return {"spilt": 1}


def spill_file(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Leave a file beside Airflow's own, in UTF-16."""
    (ws.layout.airflow / "cache").mkdir(exist_ok=True)
    (ws.layout.airflow / "cache" / "rows.bin").write_bytes(SPILT.encode("utf-16-le"))
    return {"spilt": 1}


def shards(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Three batches."""
    return {"wave": "w1", "shards": [{"shard": n} for n in range(3)]}


def one_shard(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """One batch."""
    return {"wave": work["wave"], "cards": work["shard"] * 10}


def join(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """All batches."""
    return {"counts": {"cards": sum(shard["cards"] for shard in work["shards"])}}


def woken(ws: Workspace, work: Mapping[str, Any]) -> dict[str, Any]:
    """Woken by an asset: the campaign date came with it."""
    ws.record("plan_made", f"woken-{ws.today.isoformat()}", counts={"roster": 0})
    return {"today": ws.today.isoformat()}
