"""`python -m oneword_client`, and the same commands for the studio's own program `oneword`."""

import inspect
from collections.abc import Callable
from functools import wraps
from importlib.metadata import version
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import httpx
import typer

from oneword_client.client import Client
from oneword_client.commands import COMMANDS, Session
from oneword_client.errors import JobFailed, NotAllowed, OnewordError, Problem, Unreachable
from oneword_client.login import LOCAL
from oneword_client.output import Output, fail

P = ParamSpec("P")

REFUSED: Final = 1
USAGE: Final = 2
NOT_ALLOWED: Final = 3
UNREACHABLE: Final = 4
JOB_FAILED: Final = 5
INTERRUPTED: Final = 130
RETRIES: Final = 2  # somebody waits for the answer

EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 refused, or a file cannot be used; 2 the command line is wrong; 3 not signed in, or not "
    "allowed; 4 no studio answers; 5 the job failed or was cancelled; 130 interrupted (the job goes on)."
)
PANEL: Final = "Commands that ask a studio"

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", envvar="ONEWORD_URL", help="Address of the studio.", rich_help_panel="Studio"),
]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="TOKEN", envvar="ONEWORD_TOKEN", help="Bearer token.", rich_help_panel="Studio"),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel="Studio")]


def main() -> int:
    """The program `oneword-client`."""
    return run(program("oneword-client", "oneword-client"), "oneword-client")


def program(name: str, distribution: str, local: Callable[[], str] = lambda: LOCAL) -> typer.Typer:
    """A program with the commands that ask a studio. `local` finds the address of the studio of this machine."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Teach a text-to-image model one new word from a few pictures, and draw with it.",
        epilog=EXIT_CODES,
    )

    def print_version(wanted: bool) -> None:
        if wanted:
            print(f"{distribution} {version(distribution)}")
            raise typer.Exit

    @app.callback()
    def root(
        _: Annotated[
            bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit.")
        ] = False,
    ) -> None:
        pass

    for each, function in COMMANDS.items():
        app.command(each, rich_help_panel=PANEL)(_with_studio(function, name, local))
    return app


def run(app: typer.Typer, name: str) -> int:
    """Run the command that the command line names. Of an expected error only its sentence is printed."""
    try:
        code = typer.main.get_command(app).main(prog_name=name, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        return _usage(error, name)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return REFUSED
    except OnewordError as error:
        fail(name, _sentence(error, name))
        return next((code for kind, code in _CODES.items() if isinstance(error, kind)), REFUSED)
    except httpx.HTTPError as error:
        fail(name, f"The studio's answer cannot be read ({error}).")
        return UNREACHABLE
    except OSError as error:
        fail(name, f"{error.filename}: {error.strerror}." if error.filename else f"{error}")
        return REFUSED


_CODES: Final[dict[type[OnewordError], int]] = {
    NotAllowed: NOT_ALLOWED,
    Unreachable: UNREACHABLE,
    JobFailed: JOB_FAILED,
}


def _sentence(error: OnewordError, name: str) -> str:
    if isinstance(error, NotAllowed) and error.status == 401:
        return (
            "The studio does not know who is asking: no token was sent, or it has ended. `oneword token NAME` on the "
            f"studio's machine prints one; give it to `{name} login`, or set ONEWORD_TOKEN."
        )
    if isinstance(error, Unreachable):
        return f"{error} Name another with --url, ONEWORD_URL or `{name} login`; `oneword serve` starts one here."
    if isinstance(error, Problem):
        faults = [f"{each.get('name', '')}: {each.get('detail', '')}" for each in error.pictures]
        return " ".join([str(error), *(each for each in faults if each.partition(": ")[2] not in str(error))])
    return str(error)


def _usage(error: typer.TyperException, name: str) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if message and type(error).__name__ != "NoArgsIsHelpError":
        path = context.command_path if context is not None else name
        fail(name, f"{message.rstrip('.')}. `{path} --help` shows what is possible.")
    return error.exit_code


def _with_studio(
    command: Callable[Concatenate[Session, P], None], name: str, local: Callable[[], str]
) -> Callable[..., None]:
    """The command with the options `--url`, `--token` and `--json` in place of its session."""
    signature = inspect.signature(command)
    added = {"url": (Url, None), "token": (Token, None), "json": (Json, False)}

    @wraps(command)
    def called(*, url: str | None, token: str | None, json: bool, **arguments: Any) -> None:
        with Client(url, token, retries=RETRIES, local=local) as studio:
            command(Session(name, studio, Output(json), token), **arguments)  # type: ignore[call-arg]

    keywords = [each.replace(kind=each.KEYWORD_ONLY) for each in list(signature.parameters.values())[1:]]
    keywords += [
        inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for each, (kind, default) in added.items()
    ]
    called.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in keywords}
    return called
