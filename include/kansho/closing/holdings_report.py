"""The inventory as people read it, on any day of the year: what is held, by whom, until when, and what does not fit.

Belongs here: gathering and wording.  It goes to the terminal of who runs the closing, and so tells the names of what
nobody knows, each by the mark that a refusal told instead.  Does not belong here: what counts as held
(`kansho.closing.inventory`), looking at the disk (`kansho.closing.discovery`), stopping the closing for a difference.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from kansho.closing.airflow_rows import count_rows, count_traces
from kansho.closing.certificates import missing_certificates
from kansho.closing.discovery import discover
from kansho.closing.inventory import differences, holdings, open_snapshots
from kansho.closing.manual import KIND_NAMES, open_targets
from kansho.closing.metadata import for_reading
from kansho.closing.veiled import mark
from kansho.workspace import Workspace

_DIFFERENCES = {
    "unregistered": "台帳にない保管庫の保有物",
    "vanished": "台帳にあるのに保管庫にない保有物",
    "unknown": "どの区分にも当たらないファイル",
    "key_copies": "そのうち、鍵の写しであるファイル",
}


def report(ws: Workspace, database: str | None = None) -> dict[str, Any]:
    """Every holding of every party on the workspace's day; ``differences`` is empty where ledger and disk agree.

    ``database`` is the URL of Airflow's metadata where it is neither what the deployment names nor the embedded file.
    """
    base = for_reading(ws.layout.airflow) if database is None else None
    database = base.url if base is not None else database
    held, seen = holdings(ws), discover(ws)
    by_kind: dict[str, dict[str, Any]] = {}
    for event in open_snapshots(ws):
        entry = by_kind.setdefault(event.refs["holding"]["kind"], {"count": 0, "rows": 0, "erase_by": "", "holder": ""})
        entry["count"] += 1
        entry["rows"] += event.counts.get("rows", 0)
        entry["erase_by"] = max(entry["erase_by"], event.codes.get("erase_by", ""))
        entry["holder"] = event.codes.get("holder", "")
    stores = {"vault": ws.vault.store, "needles": ws.needles.store}
    found = {**differences(ws, held), "unknown": list(seen.unknown), "key_copies": list(seen.key_copies)}
    packages = Counter(key.partition("/")[0] for key in held.packages)
    return {
        "campaign": ws.config.id,
        "on": ws.today.isoformat(),
        "counts": held.counts(count_traces(ws.config.id, ws.layout.airflow, database)),
        "vault": dict(sorted(by_kind.items())),
        "versions": {name: sum(store.remains().values()) for name, store in stores.items()},
        "unfinished": {name: store.unfinished() for name, store in stores.items()},
        "keys": list(held.keys),
        "packages": dict(sorted(packages.items())),
        "certificates_missing": missing_certificates(ws),
        "by_hand": [{"target": t.key, "kind": t.kind, "holder": t.holder, "items": t.items} for t in open_targets(ws)],
        "airflow_rows": count_rows(ws.config.id, ws.layout.airflow, database),
        "files": seen.files,
        "differences": {name: places for name, places in found.items() if places},
    }


def as_text(ws: Workspace, said: dict[str, Any]) -> str:
    """The report in Japanese lines."""
    names = {p.id: p.name for p in ws.config.parties}
    lines = [f"{said['campaign']}　保有物の棚卸し　{said['on']}", "", "保管庫:"]
    for kind, entry in said["vault"].items():
        flow = ws.config.flow(kind)
        purpose = flow.purpose if flow else "情報の流れにない種別"
        lines.append(f"  {kind}（{purpose}） {entry['count']}件 {entry['rows']:,}行　{entry['erase_by']} までに消去")
    versions, unfinished = (" ".join(f"{n} {c}" for n, c in said[k].items()) for k in ("versions", "unfinished"))
    lines.append(f"  版（削除の印に隠れたものを含む）: {versions}　書きかけ: {unfinished}")
    lines += [f"鍵: {' '.join(said['keys']) or 'なし'}", "再委託先へ渡した荷:"]
    for party, number in said["packages"].items():
        waits = "証明書 未着" if party in said["certificates_missing"] else "証明書 受領"
        lines.append(f"  {names[party]} {number}件（{waits}）")
    lines.append("人の手で消去・返却するもの（未了）:")
    for target in said["by_hand"]:
        kind, holder = KIND_NAMES[target["kind"]], names[target["holder"]]
        lines.append(f"  {target['target']}　{kind}　{holder}　{target['items']}点")
    rows = said["airflow_rows"]
    lines.append(f"Airflow の記録: {sum(rows.values()):,}行（{len(rows)}表）")
    lines.append("ファイル: " + " ".join(f"{name} {number}" for name, number in said["files"].items()))
    for name, places in said["differences"].items():
        lines.append(f"相違: {_DIFFERENCES[name]}（{len(places)}件）")
        lines += [f"  {f'#{made}' if (made := mark(ws, place)) else ''}　{place}" for place in places]
    if not said["differences"]:
        lines.append("相違: なし")
    return "\n".join(lines) + "\n"
