"""The database of the studio on this machine, for commands that need one. They never make a new one."""

from app.core.database import Database
from app.core.errors import OnewordError
from app.core.private_folder import keep_private
from app.core.settings import Settings
from app.ops.migrate import exists, is_current
from app.ops.migrate import upgrade as upgrade_schema


class NoStudio(OnewordError):
    """There is no studio where one was looked for; the message says where, and what to do."""


def opened(settings: Settings) -> Database:
    """The database, upgraded if its schema is an older one. Raises NoStudio if there is none, and creates nothing."""
    if not exists(settings.resolved_database_url):
        if settings.database_url:
            raise NoStudio("The database of ONEWORD_DATABASE_URL has no studio yet. `oneword migrate` makes one in it.")
        raise NoStudio(
            f"There is no studio in {settings.data_dir.resolve()}. Name the data folder of yours with --data or "
            "ONEWORD_DATA_DIR, or start a new studio with `oneword serve`."
        )
    keep_private(settings.data_dir)
    database = Database(settings.resolved_database_url)
    if not is_current(database):
        upgrade_schema(database)
    return database


def upgrade(settings: Settings) -> None:
    """Bring the database to the newest schema, and make it if it is not there."""
    keep_private(settings.data_dir)
    database = Database(settings.resolved_database_url)
    upgrade_schema(database)
    database.dispose()
