"""A migrated database is the database that the tables describe, and every single revision can be undone."""

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event, inspect, select, text

from app.accounts.models import Team, User
from app.concepts.models import Concept, SearchTerm, Version
from app.core.database import Database
from app.jobs.models import Job
from app.ops.migrate import downgrade, is_current, revisions, upgrade
from app.rooms import metadata
from tests.support.databases import database_of


@pytest.fixture
def empty(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table, of the same engine as `database`."""
    if database_url.startswith("sqlite"):
        database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
        yield database
        database.dispose()
        return
    with database_of(request.getfixturevalue("postgres"), "template1") as url:
        database = Database(url)
        yield database
        database.dispose()


def test_sqlite_recreates_a_table_once_in_a_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    made: Counter[tuple[str, str]] = Counter()

    @event.listens_for(database.engine, "before_cursor_execute")
    def count(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if "CREATE TABLE _alembic_tmp_" in statement:
            revision = MigrationContext.configure(connection).get_current_revision() or ""
            made[revision, statement.split()[2]] += 1

    upgrade(database)
    database.dispose()
    assert made
    assert [each for each, count in made.items() if count > 1] == []


def schema(database: Database) -> dict[str, Any]:
    """Everything that a database says of its tables."""
    with database.engine.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        return {name: _table(connection, name) for name in names}


def _table(connection: Connection, name: str) -> dict[str, Any]:
    seen = inspect(connection)
    columns = {
        each["name"]: (str(each["type"]), each["nullable"], each["default"], each.get("autoincrement"))
        for each in seen.get_columns(name)
    }
    keys = {
        (tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]), str(key["options"]))
        for key in seen.get_foreign_keys(name)
    }
    indexes = {
        (index["name"], tuple(index["column_names"]), index["unique"], _where(index))
        for index in seen.get_indexes(name)
    }
    unique = {tuple(each["column_names"]) for each in seen.get_unique_constraints(name)}
    return {
        "columns": columns,
        "primary key": seen.get_pk_constraint(name)["constrained_columns"],
        "foreign keys": keys,
        "indexes": indexes,
        "unique": unique,
        "checks": {each["sqltext"] for each in seen.get_check_constraints(name)},
    }


def _where(index: Any) -> str:
    options = index.get("dialect_options", {})
    return str(options.get("postgresql_where", options.get("sqlite_where", "")))


def test_a_migrated_schema_equals_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migrated_schema_equals_a_fresh_one_in_everything_that_the_database_knows(
    database: Database, empty: Database
) -> None:
    metadata.create_all(empty.engine)
    assert schema(database) == schema(empty)


def test_every_revision_can_be_undone_and_applied_again(empty: Database) -> None:
    before = "base"
    for revision in revisions():
        lower = schema(empty)
        upgrade(empty, revision)
        higher = schema(empty)
        downgrade(empty, before)
        assert schema(empty) == lower, f"{revision} is not undone"
        upgrade(empty, revision)
        assert schema(empty) == higher, f"{revision} does not come back"
        before = revision
    assert is_current(empty)


def test_all_revisions_can_be_undone_at_once_and_leave_nothing(database: Database) -> None:
    downgrade(database, "base")
    assert schema(database) == {}
    assert not is_current(database)


@pytest.mark.parametrize(
    ("imported", "version", "stays"),
    [
        ("failed", "failed", False),
        ("cancelled", "cancelled", False),
        ("succeeded", "ready", True),
        ("failed", "ready", True),  # it was taught later
    ],
)
def test_a_word_whose_import_failed_has_left_the_library_unless_there_is_something_to_draw_with(
    database: Database, imported: str, version: str, stays: bool
) -> None:
    with database.transaction() as session:
        team, user = Team(name="team"), User(name="user")
        session.add_all([team, user])
        session.flush()
        concept = Concept(
            team_id=team.id, owner_id=user.id, name="mug", placeholder="<mug>", initializer="mug", kind="object",
            base_model="demo", family="sd1",
        )  # fmt: skip
        session.add(concept)
        session.flush()
        session.add(
            Version(
                team_id=team.id, concept_id=concept.id, number=1, state=version, base_model="demo", initializer="mug",
                vectors=1,
            )
        )  # fmt: skip
        session.add(
            Job(
                team_id=team.id, user_id=user.id, kind="import", state=imported, title="<mug>", spec={}, attempts_max=3,
                concept_id=concept.id,
            )
        )  # fmt: skip
    downgrade(database, "0006")
    upgrade(database)
    with database.reading() as session:
        assert (session.scalars(select(Concept.deleted_at)).one() is None) == stays


def test_tags_of_an_older_studio_are_found_without_case_and_two_that_become_one_are_one(database: Database) -> None:
    with database.transaction() as session:
        team, user = Team(name="team"), User(name="user")
        session.add_all([team, user])
        session.flush()
        stored = {"mug": ["#Desk", "#desk", "#STRASSE", "Mug"], "cup": ["#DESK", "#Straße", "#white"]}
        for name, tags in stored.items():
            concept = Concept(
                team_id=team.id, owner_id=user.id, name=name, placeholder=f"<{name}>", initializer="mug",
                kind="object", base_model="demo", family="sd1",
            )  # fmt: skip
            session.add(concept)
            session.flush()
            session.add_all(SearchTerm(concept_id=concept.id, term=term, team_id=team.id) for term in tags)
    downgrade(database, "0012")
    upgrade(database)
    with database.reading() as session:
        found = session.execute(
            select(Concept.name, SearchTerm.term).join(SearchTerm, SearchTerm.concept_id == Concept.id)
        )
        terms = sorted(tuple(row) for row in found)
    assert [row for row in terms if row[1].startswith("#")] == [
        ("cup", "#desk"), ("cup", "#strasse"), ("cup", "#white"), ("mug", "#desk"), ("mug", "#strasse"),
    ]  # fmt: skip
    assert ("mug", "Mug") in terms  # no tag


def test_two_processes_that_migrate_at_once_both_end_well(empty: Database) -> None:
    failed: list[BaseException] = []

    def migrate() -> None:
        own = Database(empty.engine.url.render_as_string(hide_password=False))
        try:
            upgrade(own)
        except BaseException as error:
            failed.append(error)
        own.dispose()

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert is_current(empty)


def test_processes_that_open_a_fresh_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def use(path: Path, together: threading.Barrier) -> None:
        own = Database(f"sqlite:///{path}")
        together.wait()
        try:
            with own.transaction() as session:
                session.execute(text("CREATE TABLE IF NOT EXISTS things (name TEXT)"))
        except BaseException as error:
            failed.append(error)
        own.dispose()

    for number in range(60):  # without waiting, one file in ten failed
        together = threading.Barrier(4)
        threads = [threading.Thread(target=use, args=(tmp_path / str(number), together)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_a_newer_schema_than_this_version_knows_is_not_current(database: Database) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not is_current(database)
