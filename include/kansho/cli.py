"""The command line: thin, each command calls one function.

Belongs here: arguments, printing, exit codes.  Does not belong here: any rule.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kansho.cli_clauses import add_clause_commands
from kansho.cli_close import add_close_commands
from kansho.cli_designs import add_design_commands
from kansho.cli_exceptions import add_commands
from kansho.cli_handlers import add_handler_commands
from kansho.cli_incident import add_incident_commands
from kansho.cli_keys import add_key_commands
from kansho.cli_ledger import add_ledger_commands
from kansho.cli_oversight import add_oversight_commands
from kansho.cli_plan import add_plan_commands
from kansho.cli_site import DEFAULT_CONFIG, DEFAULT_VAR, add_site
from kansho.cli_vault import add_vault_commands
from kansho.errors import KanshoError
from kansho.evidence.command import add_arguments, run


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused or failed, 2 wrong usage."""
    try:
        arguments = _parser().parse_args(argv)
        done = int(arguments.run(arguments))
        sys.stdout.flush()
        return done
    except KanshoError as error:
        print(error.text, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads has seen enough (``| head``); Python flushes once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _simulate_ward(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.simulation.plain import write_plain

    config = load_config(arguments.config)
    written = write_plain(config, arguments.people, arguments.seed, arguments.out, taken=arguments.taken)
    print(f"{written} people → {arguments.out}")
    return 0


def _intake_unlock(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.evidence.events import Actor
    from kansho.intake.passwords import enter_password
    from kansho.workspace import Workspace

    config = load_config(arguments.config)
    handler = config.handler_of_user(arguments.user)
    if handler is None or handler.role is None:
        raise KanshoError(
            "CLI-USER",
            "登録された取扱者ではありません",
            place=arguments.user,
            remedy="取扱者の利用者名を指定してください",
        )
    actor = Actor(handler.party, arguments.user, handler.role.value)
    # Never an argument: arguments stand in the process list and the shell's history.
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    ws = Workspace.open(config, arguments.var, arguments.date, actor=actor)
    enter_password(ws, arguments.delivery, password)
    print(f"{arguments.delivery}: 受け付けました。受領 (extract_intake) を実行してください。")
    return 0


def _intake_check(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.intake.check_report import as_json, as_text
    from kansho.intake.check_source import check_path, password_in

    def password() -> str:
        return password_in(arguments.password_file) if arguments.password_file else getpass.getpass("password: ")

    check = check_path(
        arguments.delivery,
        arguments.contract,
        load_config(arguments.ward_config),
        today=arguments.date or date.today(),
        password=password,
        target_list=arguments.target_list,
    )
    print(as_json(check) if arguments.json else as_text(check), end="")
    return check.exit_code


def _verifier(arguments: argparse.Namespace) -> int:
    import hashlib

    from kansho.evidence.takeaway import single_file

    data = single_file()
    arguments.out.write_bytes(data)
    print(f"→ {arguments.out} SHA-256 {hashlib.sha256(data).hexdigest()}")
    return 0


def _barcode(arguments: argparse.Namespace) -> int:
    from kansho.mailing.barcode import describe

    found = describe(arguments.postal, arguments.address)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(" ".join(found["symbols"]) if found["symbols"] else "バーコードは付きません")
    return 0


def _config_check(arguments: argparse.Namespace) -> int:
    from kansho.campaign.calendar import occasions
    from kansho.campaign.config import load_config
    from kansho.opening.admissible import bound_otherwise, require_admissible

    config = load_config(arguments.config)
    require_admissible(config)
    for party, carried, wanted in bound_otherwise(config):
        print(f"注意 {party}: 契約書の特記事項は {carried} です（あるべき版 {wanted}、乙13）", file=sys.stderr)
    print(f"{config.id} {config.digest}")
    for occasion in occasions(config):
        print(f"{occasion.on} {occasion.at:%H:%M} {occasion.stage} {occasion.subject}")
    return 0


def _contracts_show(arguments: argparse.Namespace) -> int:
    from kansho.contracts.listing import listing, machine_form, overview
    from kansho.contracts.registry import contract

    if arguments.kind is None:
        print(overview())
    else:
        show = machine_form if arguments.json else listing
        print(show(contract(arguments.kind), arguments.year))
    return 0


def _contracts_docs(arguments: argparse.Namespace) -> int:
    from kansho.contracts.docs import PAGE, check_page, render, write_page

    if arguments.check:
        check_page()
        print(f"{PAGE.name}: 登録内容と一致しています")
    elif arguments.write:
        write_page()
        print(f"→ {PAGE}")
    else:
        print(render(), end="")
    return 0


def _quality_explain(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.quality.reference import explain

    print(explain(arguments.rule, load_config(arguments.config) if arguments.config else None))
    return 0


def _quality_docs(arguments: argparse.Namespace) -> int:
    from kansho.quality.reference import PAGE, rules_page

    if arguments.write:
        PAGE.write_text(rules_page(), encoding="utf-8")
        return 0
    fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == rules_page()
    print(f"{PAGE.name}: {'一致しています' if fresh else '規則の一覧と違います（--write で作り直してください）'}")
    return 0 if fresh else 1


def _codes_docs(arguments: argparse.Namespace) -> int:
    from kansho.reference.pages import PAGE, check_page, render, write_page

    if arguments.check:
        check_page()
        print(f"{PAGE.name}: ソースと一致しています")
    elif arguments.write:
        write_page()
        print(f"→ {PAGE}")
    else:
        print(render(), end="")
    return 0


def _people(text: str) -> int | str:
    return text if text == "full" else int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kansho", description="勧奨: a ward's yearly screening outreach")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    simulate = commands.add_parser("simulate", help="the invented outside world").add_subparsers(required=True)
    ward = simulate.add_parser("ward", help="write the invented population in plain CSV")
    ward.add_argument("--people", type=_people, default=5000)
    ward.add_argument("--seed", type=int, default=1)
    ward.add_argument("--out", type=Path, required=True)
    taken_help = "values drawn again because a replay's baseline scan found them"
    ward.add_argument("--taken", type=Path, default=DEFAULT_VAR / "outside-world" / "taken.txt", help=taken_help)
    ward.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    ward.set_defaults(run=_simulate_ward)

    intake = commands.add_parser("intake", help="sealed deliveries").add_subparsers(required=True)
    unlock = intake.add_parser("unlock", help="enter a delivery's password once (asked for, or on standard input)")
    unlock.add_argument("delivery")
    unlock.add_argument("--user", required=True, help="user name of a registered handler")
    unlock.add_argument("--date", type=date.fromisoformat, required=True, help="campaign date")
    add_site(unlock)
    unlock.set_defaults(run=_intake_unlock)

    add_commands(commands, intake, add_site)
    dry = intake.add_parser(
        "check",
        help="dry run: 0 would pass, 1 refused or stopped, 2 rows held or quarantined; writes nothing",
        allow_abbrev=False,  # else --password would be taken for --password-file, and the password stand in the history
    )
    dry.add_argument("delivery", type=Path, help="a table, a sealed file, or a folder with a sealed file and 送付書")
    dry.add_argument("--contract", metavar="KIND", help="file kind (target_list, ...); of a folder, only this one")
    dry.add_argument("--ward-config", type=Path, required=True, metavar="FILE", help="the campaign file")
    dry.add_argument("--password-file", type=Path, metavar="FILE", help="else the password is asked for")
    dry.add_argument("--target-list", type=Path, metavar="FILE", help="a target list, for rules on known numbers")
    dry.add_argument("--date", type=date.fromisoformat, help="day of receipt; today by default")
    dry.add_argument("--json", action="store_true")
    dry.set_defaults(run=_intake_check)

    verify = commands.add_parser("verify", help="check an evidence bundle, offline and alone")
    add_arguments(verify)
    verify.set_defaults(run=run)
    verifier = commands.add_parser("verifier", help="write the verifier as a single file to take away")
    verifier.add_argument("--out", type=Path, default=Path("kansho-verify.pyz"))
    verifier.set_defaults(run=_verifier)

    add_ledger_commands(commands, add_site)
    add_clause_commands(commands, add_site, date.today)
    add_incident_commands(commands, add_site)
    add_handler_commands(commands, add_site)
    add_oversight_commands(commands, add_site)
    barcode = commands.add_parser("barcode", help="customer barcode of an address")
    barcode.add_argument("postal")
    barcode.add_argument("address")
    barcode.add_argument("--json", action="store_true")
    barcode.set_defaults(run=_barcode)

    add_design_commands(commands, DEFAULT_CONFIG)
    add_close_commands(commands, add_site)
    add_key_commands(commands, add_site)
    add_plan_commands(commands, add_site)
    add_vault_commands(commands)

    contracts = commands.add_parser("contracts", help="what each file may hold").add_subparsers(required=True)
    show = contracts.add_parser("show", help="every file kind, or the columns of one")
    show.add_argument("kind", nargs="?")
    show.add_argument("--year", type=int, help="only the columns and codes of a fiscal year")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=_contracts_show)
    page = contracts.add_parser("docs", help="the reference page of all contracts (printed, unless told otherwise)")
    what = page.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail when the page on file says something else")
    what.add_argument("--write", action="store_true", help="write the page on file")
    page.set_defaults(run=_contracts_docs)

    quality = commands.add_parser("quality", help="rules of the gates").add_subparsers(required=True)
    explained = quality.add_parser("explain", help="what a rule asks, what it does, what to do about it")
    explained.add_argument("rule", help="phone.valid, or target_list/phone.valid")
    explained.add_argument("--config", type=Path, help="as this campaign file tunes it")
    explained.set_defaults(run=_quality_explain)
    rules = quality.add_parser("docs", help="the reference page of all rules")
    how = rules.add_mutually_exclusive_group(required=True)
    how.add_argument("--write", action="store_true")
    how.add_argument("--check", action="store_true")
    rules.set_defaults(run=_quality_docs)

    codes = commands.add_parser("codes", help="every code of a refusal").add_subparsers(required=True)
    listed = codes.add_parser("docs", help="the reference page of all codes (printed, unless told otherwise)")
    way = listed.add_mutually_exclusive_group()
    way.add_argument("--check", action="store_true", help="fail when the page on file says something else")
    way.add_argument("--write", action="store_true", help="write the page on file")
    listed.set_defaults(run=_codes_docs)

    config = commands.add_parser("config", help="campaign files").add_subparsers(required=True)
    check = config.add_parser("check", help="check a campaign file and print its calendar")
    check.add_argument("config", type=Path)
    check.set_defaults(run=_config_check)
    return parser


if __name__ == "__main__":
    sys.exit(main())
