"""The program `oneword`. Each command is a few lines that call the module that does the work."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.core.database import Database
from app.core.errors import OnewordError
from app.core.settings import Settings


def main() -> int:
    """Run one command. Of an expected error only its text is printed."""
    arguments = _parser().parse_args()
    command: Callable[[Settings, argparse.Namespace], int] = arguments.command
    try:
        return command(Settings(), arguments)
    except OnewordError as error:
        print(f"oneword: {error.detail}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="oneword", description="Teach a text-to-image model one new word.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, help_ in (
        ("serve", _serve, "run the whole studio on this machine"),
        ("sign-in", _sign_in, "print a link that signs the first administrator in once"),
        ("doctor", _doctor, "check every part, and say what to do about what is ill"),
        ("migrate", _migrate, "bring the database to the newest schema"),
        ("sweep", _sweep, "re-send lost wake-ups and reclaim dead leases, forever"),
        ("openapi", _openapi, "print the OpenAPI schema"),
    ):
        commands.add_parser(name, help=help_).set_defaults(command=command)
    worker = commands.add_parser("worker", help="run the workers of one GPU")
    worker.add_argument("--only", choices=("training", "generation"), help="leave the other kind to other workers")
    worker.set_defaults(command=_worker)
    token = commands.add_parser("token", help="print a bearer token of the first administrator")
    token.add_argument("name", help="what the token is for")
    token.set_defaults(command=_token)
    backup = commands.add_parser("backup", help="copy the studio of this machine into a folder, also while it runs")
    backup.add_argument("folder", type=Path, help="where the copy is, or shall be; outside the data folder")
    backup.set_defaults(command=_backup)
    pull = commands.add_parser("pull", help="fetch an allowed hub model, once")
    pull.add_argument("model", help="org/name@revision, as in ONEWORD_BASE_MODELS")
    pull.set_defaults(command=_pull)
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from app.ops.supervisor import serve

    def prepare() -> str:
        _migrate(settings, _)
        return _link(settings)

    serve(settings, prepare)
    return 0


def _worker(settings: Settings, arguments: argparse.Namespace) -> int:
    from app.core.log import configure_logging
    from app.ops.worker_processes import work

    configure_logging(settings)
    work(settings, arguments.only)
    return 0


def _sign_in(settings: Settings, _: argparse.Namespace) -> int:
    print(_link(settings))
    return 0


def _token(settings: Settings, arguments: argparse.Namespace) -> int:
    from app.accounts import service
    from app.audit import service as audit

    with _database(settings).transaction() as session:
        user, team = service.first_administrator(session)
        token, secret = service.create_token(session, user.id, team.id, arguments.name[:100])
        audit.record(session, audit.command_line(team.id), "token.created", token.id, token.name, person=user.name)
    print(secret)
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    from app.ops.doctor import examine

    findings = examine(settings)
    for finding in findings:
        print(f"{'ok  ' if finding.well else 'ILL '} {finding.part}: {finding.detail}")
    return 0 if all(finding.well for finding in findings) else 1


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from app.ops.migrate import upgrade

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.resolved_database_url)
    upgrade(database)
    database.dispose()
    return 0


def _sweep(settings: Settings, _: argparse.Namespace) -> int:
    # The sweep is part of `worker`, which `app` never imports.
    return subprocess.run([sys.executable, "-m", "worker.maintenance.sweep"], check=False).returncode


def _openapi(settings: Settings, _: argparse.Namespace) -> int:
    from app.main import create_app

    print(json.dumps(create_app(settings).openapi(), indent=1))
    return 0


def _backup(settings: Settings, arguments: argparse.Namespace) -> int:
    from app.ops.backup import back_up

    copied = back_up(settings, arguments.folder)
    print(f"{arguments.folder} is a copy of this studio now; {copied} files were new.")
    return 0


def _pull(settings: Settings, arguments: argparse.Namespace) -> int:
    from app.base_models.fetching import fetch

    print(fetch(settings, arguments.model))
    return 0


def _link(settings: Settings) -> str:
    from app.accounts import service
    from app.audit import service as audit

    with _database(settings).transaction() as session:
        user, team = service.first_administrator(session)
        audit.record(session, audit.command_line(team.id), "member.link-made", user.id, user.name)
        return service.sign_in_link(session, settings, user.id, team.id)


def _database(settings: Settings) -> Database:
    from app.ops.migrate import is_current

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.resolved_database_url)
    if not is_current(database):
        _migrate(settings, argparse.Namespace())
    return database


if __name__ == "__main__":
    sys.exit(main())
