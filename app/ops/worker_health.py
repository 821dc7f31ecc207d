"""Checks that this host's (or container's) workers are alive: `python -m app.ops.worker_health [KIND…]`."""

import socket
import sys

from sqlalchemy.exc import SQLAlchemyError

from app.core.database import Database, now
from app.core.settings import Settings
from app.workers import queries
from app.workers.models import Worker

KINDS = ("training", "generation")


def main(kinds: list[str]) -> int:
    """0 if each kind has a worker on this host whose heartbeat is at most 30 s old, otherwise 1."""
    database = Database(Settings().resolved_database_url)
    try:
        ours = _ours(database)
    except SQLAlchemyError as error:
        sys.stderr.write(f"the database does not answer: {error}\n")
        return 1
    finally:
        database.dispose()
    missing = set(kinds or KINDS) - {kind for each in ours for kind in each.kinds}
    if missing:
        sys.stderr.write(f"no living worker on this host for: {', '.join(sorted(missing))}\n")
    return 1 if missing else 0


def _ours(database: Database) -> list[Worker]:
    here = f"{socket.gethostname()}:"
    with database.reading() as session:
        return [each for each in queries.alive(session, now(session)) if each.name.startswith(here)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
