"""The page of a gate run (our Data Docs): rules, counts and what to do, in Japanese, without any value.

Belongs here: turning one ``gate_evaluated`` event into a self-contained HTML page, and issuing it as evidence.
Does not belong here: judging anything; the page tells what the event and the catalogue say, so that it can be made
again from the ledger alone.  Why not Great Expectations' own pages: docs/decisions/0009-data-docs.md.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kansho.campaign.config import CampaignConfig
from kansho.campaign.rights import Role
from kansho.contracts.registry import REGISTRY
from kansho.evidence.events import Event
from kansho.quality.catalogue import kinds, rules_of
from kansho.quality.definitions import RuleDef
from kansho.quality.gate_words import GATES, OTHER_RULES, OWNERS, RESULTS, SEVERITY_WORDS
from kansho.workspace import Workspace

#: ``document_issued`` code of these pages, and their folder among the outputs.
PAGE_KIND = "gate_page"
FOLDER = "gates"
RULE = "rule."
_STYLE = Path(__file__).with_name("gate_page.css")


@dataclass(frozen=True)
class Line:
    """One rule on the page; ``last`` is its count in the run before, None when there was none."""

    id: str
    columns: str
    severity: str
    effect: str
    rows: int
    last: int | None
    message: str
    remedy: str
    owner: str


def page_name(event_key: str) -> str:
    """Where the page of a gate run lies among the outputs."""
    return f"{FOLDER}/{event_key}.html"


def issue_gate_page(ws: Workspace, event: Event) -> Path | None:
    """Issue the page of a gate run once; None when it was issued before (a page is never changed)."""
    name = page_name(event.key)
    if ws.ledger.find("document_issued", name) is not None:
        return None
    before = [e for e in ws.ledger.events("gate_evaluated") if e.sequence < event.sequence]
    last = next((e for e in reversed(before) if gate_of(e) == gate_of(event)), None)
    data = gate_page(event, last, ws.config, simulation=ws.is_simulation)
    return ws.issue_document(name, data, title=f"検証の記録（{gate_title(event)}）", kind=PAGE_KIND)


def gate_page(event: Event, last: Event | None, config: CampaignConfig, *, simulation: bool) -> bytes:
    """The page as UTF-8 HTML: one file, no script, nothing loaded from anywhere.

    Args:
        event: ``gate_evaluated``.
        last: the run of the same gate before it.
        config: names, and the tuning of the rules.
        simulation: marks the page 「模擬」.
    """
    lines = _lines(event, last, config)
    html = (
        _environment()
        .get_template("gate_page.html.j2")
        .render(
            style=_STYLE.read_text(encoding="utf-8"),
            title=gate_title(event),
            event=event,
            last=last,
            config=config,
            result=RESULTS.get(event.codes.get("result", ""), event.codes.get("result", "")),
            suite=event.refs.get("suite", {}),
            found=[line for line in lines if line.rows],
            kept=[line for line in lines if not line.rows],
            simulation=simulation,
        )
    )
    return html.encode()


def style_hash() -> str:
    """The page's one style block as a source of a Content-Security-Policy."""
    digest = hashlib.sha256(_STYLE.read_bytes()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def gate_of(event: Event) -> str:
    """Name of the gate of a run."""
    return event.key.partition("/")[0]


def gate_title(event: Event) -> str:
    """What was checked, in Japanese."""
    gate = gate_of(event)
    return REGISTRY[gate].title if gate in REGISTRY else GATES.get(gate, gate)


def broken_rules(event: Event) -> dict[str, int]:
    """Rule → rows of a gate run (0 when only the name was recorded)."""
    found = {name.removeprefix(RULE): n for name, n in event.counts.items() if name.startswith(RULE)}
    for told in filter(None, event.codes.get("rules", "").split("|")):
        name, _, n = told.partition(":")
        found.setdefault(name, int(n) if n.isdigit() else 0)
    return found


def _lines(event: Event, last: Event | None, config: CampaignConfig) -> list[Line]:
    kind = str(event.refs.get("suite", {}).get("kind", gate_of(event)))
    known = rules_of(kind, config) if kind in kinds() else {}
    found, before = broken_rules(event), broken_rules(last) if last else {}
    # A rule of rows is always asked; one of the table only when the event says so.
    named = [name for name, definition in known.items() if definition.of_rows or name in found]
    named += [name for name in found if name not in known]
    return [_line(name, known.get(name), event, found, before if last else None) for name in named]


def _line(
    name: str, definition: RuleDef | None, event: Event, found: dict[str, int], before: dict[str, int] | None
) -> Line:
    effect = event.codes.get(RULE + name, "")
    rows = found.get(name, 0)
    last = None if before is None else before.get(name, 0)
    if definition is None:
        told = OTHER_RULES.get(name, "引渡し・受入れの条件に合わないものがありました")
        # Some rooms tell the code alone: then there was at least one.
        return Line(name, "", "", SEVERITY_WORDS.get(effect, ""), rows or 1, last, told, "", "")
    contract = REGISTRY[definition.contract]
    return Line(
        name,
        "、".join(contract.column(c).header for c in definition.columns if c in contract.names),
        SEVERITY_WORDS[definition.severity],
        SEVERITY_WORDS.get(effect, SEVERITY_WORDS[definition.severity]),
        rows,
        last,
        definition.message,
        definition.remedy,
        OWNERS[Role(definition.owner)],
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = _number
    return made


def _number(value: Any) -> str:
    return f"{value:,}"
