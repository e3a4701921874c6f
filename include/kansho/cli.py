"""The command line: thin, each command calls one function.

Belongs here: arguments, printing, exit codes.  Does not belong here: any rule.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kansho.errors import KanshoError

DEFAULT_CONFIG = Path(__file__).resolve().parents[1] / "campaigns" / "shinjuku" / "2026.yaml"
DEFAULT_VAR = Path(__file__).resolve().parents[2] / "var"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused or failed, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except KanshoError as error:
        print(error.text, file=sys.stderr)
        return 1


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


def _verify(arguments: argparse.Namespace) -> int:
    from kansho.evidence.verify import verify_command

    return verify_command(arguments.bundle, arguments.checkpoint)


def _barcode(arguments: argparse.Namespace) -> int:
    from kansho.mailing.barcode import describe

    found = describe(arguments.postal, arguments.address)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(" ".join(found["symbols"]) if found["symbols"] else "バーコードは付きません")
    return 0


def _close_finalise(arguments: argparse.Namespace) -> int:
    from kansho.campaign.config import load_config
    from kansho.closing.finalise import finalise

    result = finalise(load_config(arguments.config), arguments.var)
    print(json.dumps(result, ensure_ascii=False, indent=2))
    return 0


def _config_check(arguments: argparse.Namespace) -> int:
    from kansho.campaign.calendar import occasions
    from kansho.campaign.config import load_config

    config = load_config(arguments.config)
    print(f"{config.id} {config.digest}")
    for occasion in occasions(config):
        print(f"{occasion.on} {occasion.at:%H:%M} {occasion.stage} {occasion.subject}")
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
    _site(unlock)
    unlock.set_defaults(run=_intake_unlock)

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
    verify.add_argument("bundle", type=Path)
    verify.add_argument("--checkpoint", type=Path)
    verify.set_defaults(run=_verify)

    barcode = commands.add_parser("barcode", help="customer barcode of an address")
    barcode.add_argument("postal")
    barcode.add_argument("address")
    barcode.add_argument("--json", action="store_true")
    barcode.set_defaults(run=_barcode)

    close = commands.add_parser("close", help="the end of the year").add_subparsers(required=True)
    finalise = close.add_parser("finalise", help="purge Airflow's traces, scan, certify (components stopped)")
    _site(finalise)
    finalise.set_defaults(run=_close_finalise)

    config = commands.add_parser("config", help="campaign files").add_subparsers(required=True)
    check = config.add_parser("check", help="check a campaign file and print its calendar")
    check.add_argument("config", type=Path)
    check.set_defaults(run=_config_check)
    return parser


def _site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--var", type=Path, default=DEFAULT_VAR)


if __name__ == "__main__":
    sys.exit(main())
