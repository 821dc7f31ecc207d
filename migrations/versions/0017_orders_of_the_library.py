"""The library can be read by name and by score."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AT_ONCE = 500
CONCEPTS = sa.table("concepts", sa.column("id"), sa.column("name"), sa.column("sort_name"))
VERSIONS = sa.table("versions", sa.column("id"), sa.column("report", sa.JSON), sa.column("score", sa.Double))


def upgrade() -> None:
    """Apply, and fill in names and scores."""
    connection = op.get_bind()
    kind = sa.String(200, collation="C") if connection.dialect.name == "postgresql" else sa.String(200)
    op.add_column("concepts", sa.Column("sort_name", kind, nullable=False, server_default=""))
    op.add_column("versions", sa.Column("score", sa.Double(), nullable=True))
    for found in _pages(connection, CONCEPTS):
        for row in found:
            change = sa.update(CONCEPTS).where(CONCEPTS.c.id == row.id)
            connection.execute(change.values(sort_name=row.name.strip().casefold()[:200]))
    for found in _pages(connection, VERSIONS):
        for row in found:
            score = _score(row.report)
            if score is not None:
                connection.execute(sa.update(VERSIONS).where(VERSIONS.c.id == row.id).values(score=score))
    op.create_index("ix_concepts_team_name", "concepts", ["team_id", "sort_name", "id"])


def _pages(connection: sa.Connection, table: sa.TableClause) -> Any:
    after = ""
    while True:
        query = sa.select(table).where(table.c.id > after).order_by(table.c.id).limit(AT_ONCE)
        found = connection.execute(query).all()
        yield found
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def _score(report: dict[str, Any] | None) -> float | None:
    """Likeness times editability of the checkpoint that a report chose."""
    for each in (report or {}).get("checkpoints", ()):
        if each["step"] == (report or {})["chosen"] and each.get("likeness") is not None:
            return float(each["likeness"] * each["editability"])
    return None


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_concepts_team_name", "concepts")
    op.drop_column("versions", "score")
    op.drop_column("concepts", "sort_name")
