"""The program `oneword`: the commands of the studio's own machine, and those of `oneword_client` for any studio.

Each command is a few lines that call the module that does the work.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.scopes import SCOPES, TOKEN_DAYS_MAX, USUAL_SCOPES
from app.core.database import Database, utc_now
from app.core.errors import OnewordError
from app.core.private_folder import keep_private
from app.core.settings import Settings
from oneword_client.command_line import REFUSED, USAGE, program, run
from oneword_client.output import fail

PANEL: Final = "Commands for the studio's own machine"
ScopeName = StrEnum("ScopeName", list(SCOPES))  # type: ignore[misc]
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", file_okay=False, help="Data folder of the studio. Setting: ONEWORD_DATA_DIR."),
]


def main() -> int:
    """Run one command. Of an expected error only its text is printed."""
    try:
        return run(app, "oneword")
    except OnewordError as error:
        fail("oneword", error.detail)
        return REFUSED
    except ValidationError as error:
        faults = (f"ONEWORD_{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
        fail("oneword", f"A setting cannot be used. {'; '.join(faults)}. docs/settings.md has every setting.")
        return USAGE
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        fail("oneword", f"The database does not answer ({cause}). `oneword doctor` looks at every part.")
        return REFUSED


def _local() -> str:
    from app.ops.supervisor import local_address

    return local_address(Settings())


app = program("oneword", "oneword", _local)


@app.command(rich_help_panel=PANEL)
def serve(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the web service. Setting: ONEWORD_PORT.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address it listens on. Setting: ONEWORD_HOST.", metavar="ADDRESS")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Run the whole studio on this machine."""
    from app.ops.studio_database import upgrade
    from app.ops.supervisor import serve as supervise

    settings = _settings(port=port, host=host, data_dir=data)

    def prepare() -> str:
        upgrade(settings)
        return _link(settings)

    supervise(settings, prepare)


@app.command(rich_help_panel=PANEL)
def doctor(data: DataFolder = None) -> None:
    """Check every part, and say what to do about what is ill."""
    from app.ops.doctor import examine

    findings = examine(_settings(data_dir=data))
    for finding in findings:
        print(f"{'ok  ' if finding.well else 'ILL '} {finding.part}: {finding.detail}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(REFUSED)


@app.command(rich_help_panel=PANEL)
def migrate(data: DataFolder = None) -> None:
    """Bring the database to the newest schema."""
    from app.ops.studio_database import upgrade

    upgrade(_settings(data_dir=data))


@app.command(rich_help_panel=PANEL)
def sweep() -> int:
    """Re-send lost wake-ups and reclaim dead leases, forever."""
    # The sweep is part of `worker`, which `app` never imports.
    return subprocess.run([sys.executable, "-m", "worker.maintenance.sweep"], check=False).returncode


@app.command(rich_help_panel=PANEL)
def openapi() -> None:
    """Print the OpenAPI schema."""
    from app.main import create_app

    with TemporaryDirectory() as folder:  # an application opens its storage, and the schema needs none
        of_nothing = Settings().model_copy(update={"data_dir": Path(folder), "database_url": "", "storage_url": ""})
        print(json.dumps(create_app(of_nothing).openapi(), indent=1))


class WorkerKind(StrEnum):
    """Kinds of jobs for which workers are started apart."""

    training = "training"
    generation = "generation"


@app.command(rich_help_panel=PANEL)
def worker(
    only: Annotated[WorkerKind | None, typer.Option(help="Leave the other kind to other workers.")] = None,
) -> None:
    """Run the workers of one GPU."""
    from app.core.log import configure_logging
    from app.ops.worker_processes import work

    settings = Settings()
    configure_logging(settings)
    keep_private(settings.data_dir)
    work(settings, only)


@app.command("sign-in", rich_help_panel=PANEL)
def sign_in(
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="Sign this person in instead; a name, or an id.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Print a link that signs the first administrator in once."""
    print(_link(_settings(data_dir=data), person))


@app.command(rich_help_panel=PANEL)
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.", show_default=False)],
    scope: Annotated[
        list[ScopeName] | None,
        typer.Option(help="What it may do, once for each.", show_default=", ".join(USUAL_SCOPES)),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=TOKEN_DAYS_MAX, help="Days until it expires; without it never.")
    ] = None,
    data: DataFolder = None,
) -> None:
    """Print a bearer token of the first administrator."""
    from app.accounts import service
    from app.audit import service as audit

    with _database(_settings(data_dir=data)).transaction() as session:
        user, team = service.first_administrator(session)
        scopes = [each for each in SCOPES if each in scope] if scope else USUAL_SCOPES
        expires_at = None if days is None else utc_now() + timedelta(days=days)
        made, secret = service.create_token(session, user.id, team.id, name[:100], scopes, expires_at)
        audit.record(session, audit.command_line(team.id), "token.created", made.id, made.name, person=user.name)
    print(secret)


@app.command(rich_help_panel=PANEL)
def mcp(data: DataFolder = None) -> None:
    """Speak MCP over stdin and stdout, for agents on a desktop. ONEWORD_URL and ONEWORD_TOKEN name another studio."""
    from app.ops.agent_bridge import serve as bridge

    bridge(_settings(data_dir=data))


@app.command(rich_help_panel=PANEL)
def backup(
    folder: Annotated[Path, typer.Argument(help="Folder of the copy, outside the data folder; created if missing.")],
    data: DataFolder = None,
) -> None:
    """Copy the studio of this machine into a folder, also while it runs."""
    from app.ops.backup import back_up

    settings = _settings(data_dir=data)
    _database(settings).dispose()
    copied = back_up(settings, folder)
    print(f"{folder} is a copy of this studio now; {copied} files were new.")


@app.command(rich_help_panel=PANEL)
def pull(
    model: Annotated[str, typer.Argument(help="org/name@revision, as in ONEWORD_BASE_MODELS.", show_default=False)],
) -> None:
    """Fetch an allowed hub model, once."""
    from app.base_models.fetching import fetch

    print(fetch(Settings(), model))


def _settings(**given: Path | str | int | None) -> Settings:
    """The settings, with those that the command line gives instead of the environment, also for child processes."""
    os.environ |= {f"ONEWORD_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    return Settings()


def _link(settings: Settings, person: str | None = None) -> str:
    from app.accounts import people, service
    from app.audit import service as audit

    with _database(settings).transaction() as session:
        user, team = service.first_administrator(session) if person is None else people.find(session, person)
        audit.record(session, audit.command_line(team.id), "member.link-made", user.id, user.name)
        return service.sign_in_link(session, settings, user.id, team.id)


def _database(settings: Settings) -> Database:
    from app.ops.studio_database import opened

    return opened(settings)


if __name__ == "__main__":
    sys.exit(main())
