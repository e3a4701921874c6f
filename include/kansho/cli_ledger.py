"""Commands about the ledger: reading it, proving from it, checking a proof, the report of a day.

Belongs here: arguments and printing.  Does not belong here: filters and lines (`kansho.evidence.reading`), proofs
(`kansho.evidence.proofs`), how data was handled on a day (`kansho.oversight.handling`).
All of them only read; ``check-proof`` needs no campaign at all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kansho.errors import KanshoError

_Site = Callable[[argparse.ArgumentParser], None]


def add_ledger_commands(commands: Any, site: _Site) -> None:
    """Add ``ledger show|tail|prove|report|check-proof`` to ``commands``."""
    ledger = commands.add_parser("ledger", help="the campaign's log").add_subparsers(required=True)
    show = ledger.add_parser("show", help="events in the order of the log, or one event whole")
    show.add_argument("sequence", nargs="?", type=int, help="number of an event: everything it says")
    _filters(show)
    _common(show, site, _show)
    tail = ledger.add_parser("tail", help="the newest events")
    tail.add_argument("-n", "--number", type=int, default=20)
    _filters(tail)
    _common(tail, site, _tail)
    prove = ledger.add_parser("prove", help="a proof as a file of its own, which anybody can check offline")
    prove.add_argument("sequence", nargs="?", type=int, help="the event that is to be shown to stand in the log")
    prove.add_argument(
        "--consistency",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="that one log continues another: sizes, or files with checkpoints",
    )
    prove.add_argument("--checkpoint", type=Path, metavar="FILE", help="lead the proof to this one (else the newest)")
    prove.add_argument("--out", type=Path, metavar="FILE", help="else the proof is printed")
    _common(prove, site, _prove)
    report = ledger.add_parser("report", help="取扱状況: how data was handled on a day (P13)")
    report.add_argument("--on", type=date.fromisoformat, required=True, metavar="DATE", help="campaign date")
    report.add_argument("--party", default="", help="only what this party handles")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--pdf", type=Path, metavar="FILE", help="write the paper instead of printing")
    _common(report, site, _report)
    check = ledger.add_parser("check-proof", help="check a proof offline; 0 when it holds")
    check.add_argument("proof", type=Path)
    check.add_argument("--checkpoint", type=Path, metavar="FILE", help="one that you have kept")
    check.add_argument("--key", type=Path, metavar="FILE", help="public-key.txt of the campaign, as you know it")
    check.set_defaults(run=_check)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clause", default="", help="requirement: P3, D6, ...")
    parser.add_argument("--person", default="", help="person in charge: user name, handler's id or name")
    parser.add_argument("--object", default="", help="key, holding (kind or kind/key), medium, package, delivery")
    parser.add_argument("--type", action="append", default=[], help="event type; may be given again")
    parser.add_argument("--since", type=date.fromisoformat, help="campaign date")
    parser.add_argument("--until", type=date.fromisoformat, help="campaign date")
    parser.add_argument("--json", action="store_true", help="canonical events, one a line")


def _common(parser: argparse.ArgumentParser, site: _Site, run: Callable[[argparse.Namespace], int]) -> None:
    site(parser)
    parser.set_defaults(run=run)


def _show(arguments: argparse.Namespace) -> int:
    from kansho.evidence.reading import people, whole

    if arguments.sequence is None:
        return _print(arguments, None)
    log = _ledger(arguments).events()
    if not 0 <= arguments.sequence < len(log):
        raise _no_event(arguments.sequence, len(log))
    event = log[arguments.sequence]
    print(event.canonical().decode() if arguments.json else "\n".join(whole(event, people(log))))
    return 0


def _tail(arguments: argparse.Namespace) -> int:
    return _print(arguments, max(arguments.number, 0))


def _print(arguments: argparse.Namespace, newest: int | None) -> int:
    from kansho.evidence.events import EVENT_TYPES
    from kansho.evidence.reading import Wanted, choose, line, people

    unknown = sorted(set(arguments.type) - set(EVENT_TYPES))
    if unknown:
        raise KanshoError(
            "LEDGER-SHOW-TYPE",
            "知らない種類です",
            place=" ".join(unknown)[:100],
            remedy="docs/reference/ledger.md の一覧から指定してください",
        )
    if arguments.clause and not any(arguments.clause in clauses for clauses in EVENT_TYPES.values()):
        raise KanshoError(
            "LEDGER-SHOW-CLAUSE",
            "知らない条項です",
            place=arguments.clause[:20],
            remedy="P3、D6 のように、docs/reference/ledger.md の一覧から指定してください",
        )
    log = _ledger(arguments).events()
    if arguments.person and not choose(log, Wanted(person=arguments.person)):
        raise KanshoError(
            "LEDGER-SHOW-PERSON",
            "台帳にない人です",
            remedy="利用者名、取扱者の番号、又は登録された氏名を指定してください（一覧は --type handler_registered）",
        )
    wanted = Wanted(
        arguments.clause, arguments.person, arguments.object, tuple(arguments.type), arguments.since, arguments.until
    )
    chosen = choose(log, wanted)
    shown = chosen if newest is None else chosen[max(len(chosen) - newest, 0) :]
    names = people(log)
    for event in shown:
        print(event.canonical().decode() if arguments.json else line(event, names))
    if not arguments.json:
        print(f"{len(shown):,} 件（台帳 {len(log):,} 件）")
    return 0


def _prove(arguments: argparse.Namespace) -> int:
    from kansho.evidence.proofs import prove_consistency, prove_inclusion, signing_key
    from kansho.workspace import Workspace

    ws: Workspace = _workspace(arguments)
    log = ws.ledger.events()
    public = signing_key(log)
    if (arguments.sequence is None) == (arguments.consistency is None):
        raise KanshoError(
            "LEDGER-PROOF-WHAT",
            "番号か --consistency のどちらか一つを指定してください",
            remedy="kansho ledger prove -h",
        )
    if arguments.consistency:
        old, new = arguments.consistency
        begins = int(old) if old.isdigit() else _signed(ws, old, public)
        made = prove_consistency(ws.config.id, log, begins, _signed(ws, new, public), public)
    else:
        if not 0 <= arguments.sequence < len(log):
            raise _no_event(arguments.sequence, len(log))
        kept = _signed(ws, str(arguments.checkpoint or ""), public)
        made = prove_inclusion(ws.config.id, log, arguments.sequence, kept, public)
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
        print(f"→ {arguments.out}")
    else:
        print(text, end="")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from kansho.evidence.ledger import wall_clock
    from kansho.oversight.handling import handling_on, require_not_ahead
    from kansho.oversight.handling_paper import as_text, handling_report

    log = _ledger(arguments).events()
    require_not_ahead(log, arguments.on, wall_clock())
    found = handling_on(log, arguments.on, arguments.party)
    if arguments.pdf:
        arguments.pdf.write_bytes(handling_report(found, issued_on=arguments.on))
        print(f"→ {arguments.pdf}")
    else:
        print(
            json.dumps(found.to_json(), ensure_ascii=False, indent=1) + "\n" if arguments.json else as_text(found),
            end="",
        )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from kansho.evidence.checkpoint import read_verifier_key
    from kansho.evidence.proofs import check_proof
    from kansho.evidence.strict import read_json

    value = read_json(_read(arguments.proof).encode(), arguments.proof.name)
    public = None
    if arguments.key:
        log = value.get("log", "") if isinstance(value, dict) else ""
        public = read_verifier_key(_read(arguments.key).encode(), str(log))
    kept = _read(arguments.checkpoint) if arguments.checkpoint else None
    print(f"OK {check_proof(value, public=public, kept=kept)}")
    if public is None and kept is None:
        print("（証明の中の公開鍵で確かめました。誰の鍵かは --key か --checkpoint で手元のものと照合してください）")
    return 0


def _signed(ws: Any, said: str, public: bytes) -> Any:
    """The checkpoint of a file, of a size, or the newest one."""
    from kansho.evidence.checkpoint import read_checkpoint

    if said and not said.isdigit():
        return read_checkpoint(_read(Path(said)), public)
    texts = {int(text.split("\n")[1]): text for text in ws.ledger.checkpoints()}
    size = int(said) if said else max(texts, default=-1)
    if size not in texts:
        raise KanshoError(
            "LEDGER-PROOF-UNSIGNED",
            "この件数のチェックポイントはありません",
            place=said,
            remedy="あるもの: " + " ".join(map(str, sorted(texts)[-10:])),
        )
    return read_checkpoint(texts[size], public)


def _no_event(sequence: int, size: int) -> KanshoError:
    return KanshoError(
        "LEDGER-SHOW-RANGE", "この番号の記録はありません", place=str(sequence), remedy=f"0 から {size - 1} まで"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise KanshoError(
            "LEDGER-SHOW-FILE", "ファイルが読めません", place=path.name, remedy="場所を確かめてください"
        ) from None


def _ledger(arguments: argparse.Namespace) -> Any:
    return _workspace(arguments).ledger


def _workspace(arguments: argparse.Namespace) -> Any:
    from kansho.campaign.config import load_config
    from kansho.workspace import Workspace

    config = load_config(Path(arguments.config))
    return Workspace.open(config, arguments.var, config.contract.start, only_log=True)
