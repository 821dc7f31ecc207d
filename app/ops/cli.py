"""The program `oneword`. Each command is a few lines that call the module that does the work."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from app.accounts.scopes import SCOPES, TOKEN_DAYS_MAX, USUAL_SCOPES
from app.core.database import Database, utc_now
from app.core.errors import OnewordError
from app.core.private_folder import keep_private
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
        ("doctor", _doctor, "check every part, and say what to do about what is ill"),
        ("migrate", _migrate, "bring the database to the newest schema"),
        ("sweep", _sweep, "re-send lost wake-ups and reclaim dead leases, forever"),
        ("openapi", _openapi, "print the OpenAPI schema"),
        (
            "mcp",
            _mcp,
            "speak MCP over stdin and stdout, for desktop agents; ONEWORD_URL and ONEWORD_TOKEN name a studio",
        ),
    ):
        commands.add_parser(name, help=help_).set_defaults(command=command)
    worker = commands.add_parser("worker", help="run the workers of one GPU")
    worker.add_argument("--only", choices=("training", "generation"), help="leave the other kind to other workers")
    worker.set_defaults(command=_worker)
    sign_in = commands.add_parser("sign-in", help="print a link that signs the first administrator in once")
    sign_in.add_argument("--person", metavar="NAME", help="sign this person in instead; a name, or an id")
    sign_in.set_defaults(command=_sign_in)
    token = commands.add_parser("token", help="print a bearer token of the first administrator")
    token.add_argument("name", help="what the token is for")
    token.add_argument(
        "--scope", action="append", choices=SCOPES, help="what it may do, once for each; without it read, draw, teach"
    )
    token.add_argument("--days", type=_days, help="days until it expires; without it never")
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
    keep_private(settings.data_dir)
    work(settings, arguments.only)
    return 0


def _sign_in(settings: Settings, arguments: argparse.Namespace) -> int:
    print(_link(settings, arguments.person))
    return 0


def _token(settings: Settings, arguments: argparse.Namespace) -> int:
    from app.accounts import service
    from app.audit import service as audit

    with _database(settings).transaction() as session:
        user, team = service.first_administrator(session)
        scopes = arguments.scope or USUAL_SCOPES
        expires_at = None if arguments.days is None else utc_now() + timedelta(days=arguments.days)
        token, secret = service.create_token(session, user.id, team.id, arguments.name[:100], scopes, expires_at)
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

    keep_private(settings.data_dir)
    database = Database(settings.resolved_database_url)
    upgrade(database)
    database.dispose()
    return 0


def _sweep(settings: Settings, _: argparse.Namespace) -> int:
    # The sweep is part of `worker`, which `app` never imports.
    return subprocess.run([sys.executable, "-m", "worker.maintenance.sweep"], check=False).returncode


def _openapi(settings: Settings, _: argparse.Namespace) -> int:
    from app.main import create_app

    with TemporaryDirectory() as folder:  # an application opens its storage, and the schema needs none
        of_nothing = settings.model_copy(update={"data_dir": Path(folder), "database_url": "", "storage_url": ""})
        print(json.dumps(create_app(of_nothing).openapi(), indent=1))
    return 0


def _mcp(settings: Settings, _: argparse.Namespace) -> int:
    from app.ops.agent_bridge import serve

    serve(settings)
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


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= TOKEN_DAYS_MAX:
        raise argparse.ArgumentTypeError(f"give a whole number of days, 1 to {TOKEN_DAYS_MAX}")
    return int(text)


def _link(settings: Settings, person: str | None = None) -> str:
    from app.accounts import people, service
    from app.audit import service as audit

    with _database(settings).transaction() as session:
        user, team = service.first_administrator(session) if person is None else people.find(session, person)
        audit.record(session, audit.command_line(team.id), "member.link-made", user.id, user.name)
        return service.sign_in_link(session, settings, user.id, team.id)


def _database(settings: Settings) -> Database:
    from app.ops.migrate import is_current

    keep_private(settings.data_dir)
    database = Database(settings.resolved_database_url)
    if not is_current(database):
        _migrate(settings, argparse.Namespace())
    return database


if __name__ == "__main__":
    sys.exit(main())
