"""The ways in that the command line of the studio's machine offers: links and tokens."""

import json
import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import Membership, SignInCode, Team, Token, User
from app.accounts.secrets import hash_of
from app.core.database import Database, utc_now
from app.core.settings import Settings
from app.ops import cli, supervisor


@pytest.fixture
def database(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database of the studio that the commands run on."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(migrated, folder / "oneword.sqlite3")
    monkeypatch.setenv("ONEWORD_DATA_DIR", str(folder))
    database = Database(f"sqlite:///{folder / 'oneword.sqlite3'}")
    with database.transaction() as session:
        _, team = accounts.first_administrator(session)
        for name, role in (("Ada", "member"), ("Grace", "viewer"), ("Grace", "admin")):
            user = User(name=name)
            session.add(user)
            session.flush()
            session.add(Membership(team_id=team.id, user_id=user.id, role=role))
        assert isinstance(team, Team)
    return database


@pytest.fixture
def oneword(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Runs a command. Returns its exit status, and what it prints."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["oneword", *arguments])
        capsys.readouterr()
        status = cli.main()
        printed = capsys.readouterr()
        return status, (printed.out + printed.err).strip()

    return run


def who(database: Database, link: str) -> str:
    """The id of the person whom a link signs in."""
    with database.reading() as session:
        return session.get_one(SignInCode, hash_of(link.partition("#")[2])).user_id


def ids_of(database: Database, name: str) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(User.id).where(User.name == name)))


def test_without_a_name_the_first_administrator_is_signed_in(database: Database, oneword) -> None:  # type: ignore[no-untyped-def]
    status, printed = oneword("sign-in")
    assert status == 0
    assert who(database, printed) == ids_of(database, "Administrator")[0]


@pytest.mark.parametrize("name", ["Ada", "ada", " ADA "])
def test_a_person_is_signed_in_by_name(database: Database, oneword, name: str) -> None:  # type: ignore[no-untyped-def]
    status, printed = oneword("sign-in", "--person", name)
    assert status == 0
    assert who(database, printed) == ids_of(database, "Ada")[0]


def test_of_several_people_with_one_name_the_ids_are_listed_and_an_id_chooses(database: Database, oneword) -> None:  # type: ignore[no-untyped-def]
    status, printed = oneword("sign-in", "--person", "Grace")
    graces = ids_of(database, "Grace")
    assert status == 1
    assert "2 people" in printed
    assert all(id_ in printed for id_ in graces)
    assert "viewer of Studio" in printed
    assert not any(id_ in printed for id_ in ids_of(database, "Ada"))
    status, printed = oneword("sign-in", "--person", graces[1])
    assert (status, who(database, printed)) == (0, graces[1])


def test_an_unknown_name_lists_everybody(database: Database, oneword) -> None:  # type: ignore[no-untyped-def]
    status, printed = oneword("sign-in", "--person", "Nobody")
    assert status == 1
    assert "'Nobody'" in printed
    assert all(id_ in printed for name in ("Ada", "Grace", "Administrator") for id_ in ids_of(database, name))


def test_a_token_of_the_command_line_has_scopes_and_an_expiry(database: Database, oneword) -> None:  # type: ignore[no-untyped-def]
    secrets = [
        oneword("token", "usual")[1],
        oneword("token", "small", "--scope", "admin", "--scope", "read", "--days", "30")[1],
    ]
    with database.reading() as session:
        usual, small = (session.scalars(select(Token).where(Token.hash == hash_of(each))).one() for each in secrets)
    assert (usual.scopes, usual.expires_at) == ("read draw teach", None)
    assert small.scopes == "read admin"
    assert small.expires_at is not None
    assert (small.expires_at - utc_now()).days == 29


@pytest.mark.parametrize("arguments", [("--scope", "write"), ("--days", "0"), ("--days", "9" * 400), ("--days", "1.5")])
def test_scopes_and_days_that_do_not_exist_are_refused(database: Database, oneword, arguments: tuple[str, str]) -> None:  # type: ignore[no-untyped-def]
    status, printed = oneword("token", "x", *arguments)
    assert status == 2
    assert arguments[0] in printed
    assert "\n" not in printed


@pytest.mark.parametrize("arguments", [("token", "x"), ("sign-in",), ("backup", "copy"), ("doctor",), ("mcp",)])
def test_where_there_is_no_studio_a_command_says_where_it_looked_and_creates_nothing(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oneword, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed = oneword(*arguments)
    assert status == 1
    assert f"no studio in {tmp_path / 'data'}" in printed
    assert "oneword serve" in printed
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_of_a_command_may_be_named(
    database: Database, monkeypatch: pytest.MonkeyPatch, oneword
) -> None:  # type: ignore[no-untyped-def]
    folder = os.environ["ONEWORD_DATA_DIR"]
    monkeypatch.setenv("ONEWORD_DATA_DIR", "/nowhere")  # also restores it after the test
    status, printed = oneword("token", "x", "--data", folder)
    assert status == 0
    assert printed.startswith("owt_")


def test_a_setting_that_cannot_be_used_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch, oneword) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ONEWORD_PORT", "many")
    status, printed = oneword("token", "x")
    assert status == 2
    assert printed.startswith("oneword: A setting cannot be used. ONEWORD_PORT: ")


def test_serve_takes_port_host_and_folder_and_its_address_is_found_in_the_folder(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oneword
) -> None:
    for name in ("PORT", "HOST", "DATA_DIR"):
        monkeypatch.setenv(f"ONEWORD_{name}", "")  # restored after the test
        monkeypatch.delenv(f"ONEWORD_{name}")
    served: list[Settings] = []
    monkeypatch.setattr(supervisor, "serve", lambda settings, _: served.append(settings))
    folder = tmp_path / "studio"
    assert oneword("serve", "--port", "8123", "--host", "0.0.0.0", "--data", str(folder)) == (0, "")
    (settings,) = served
    assert (settings.port, settings.host, settings.data_dir) == (8123, "0.0.0.0", folder)
    assert os.environ["ONEWORD_PORT"] == "8123"  # for the processes that it starts
    assert supervisor.local_address(settings) == "http://127.0.0.1:8123"
    folder.mkdir()
    (folder / "serve.lock").write_text("4711 http://127.0.0.1:8999")
    assert supervisor.local_address(Settings(data_dir=folder)) == "http://127.0.0.1:8999"


@pytest.mark.parametrize(
    ("shell", "line"),
    [("bash", "complete -o default -F"), ("zsh", "#compdef oneword"), ("fish", "complete --command oneword")],
)
def test_shells_complete_commands(monkeypatch: pytest.MonkeyPatch, oneword, capsys, shell: str, line: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("_ONEWORD_COMPLETE", f"source_{shell}")
    with pytest.raises(SystemExit, match="0"):
        oneword()
    assert line in capsys.readouterr().out


def test_printing_the_schema_leaves_nothing_behind(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, oneword
) -> None:
    monkeypatch.setenv("ONEWORD_DATA_DIR", str(tmp_path / "data"))
    status, printed = oneword("openapi")
    assert (status, json.loads(printed)["info"]["title"]) == (0, "Oneword")
    assert not (tmp_path / "data").exists()
