"""Jobs are claimed by virtual finish tags, from the cost of what is left of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (("team_start_tag", "team_finish_tag"), ("user_start_tag", "user_finish_tag"))
QUEUED = sa.text("state = 'queued'")
# Indexes of waiting jobs: old name, new name, columns but for `start` or `finish`.
QUEUE_INDEXES = (
    ("ix_jobs_start_tags", "ix_jobs_finish_tags", ["kind", "team_{}_tag", "id"]),
    ("ix_jobs_team_start_tags", "ix_jobs_team_finish_tags", ["team_id", "kind", "team_{}_tag", "id"]),
    ("ix_jobs_user_start_tags", "ix_jobs_user_finish_tags", ["team_id", "kind", "user_{}_tag", "id"]),
)
USERS_LAST = ["team_id", "kind", "user_id", "user_start_tag"]


def upgrade() -> None:
    """Apply. A job that waits or runs keeps its start tag, and finishes its whole cost later."""
    op.add_column("jobs", sa.Column("cost", sa.BigInteger(), server_default="1", nullable=False))
    scale = "CASE kind WHEN 'generation' THEN 1000000 ELSE 1 END"
    op.execute(f"""
        UPDATE jobs SET cost = CAST(units * {scale} AS BIGINT)
        WHERE state IN ('queued', 'running') AND units * {scale} >= 1
    """)  # noqa: S608 (nothing from outside)
    op.execute("""
        UPDATE jobs SET team_start_tag = team_start_tag + cost, user_start_tag = user_start_tag + cost
        WHERE state IN ('queued', 'running')
    """)
    op.drop_index("ix_jobs_user_last_start_tag", "jobs")
    for old, new in COLUMNS:
        op.execute(f"ALTER TABLE jobs RENAME COLUMN {old} TO {new}")
    for old, new, columns in QUEUE_INDEXES:
        _replace_index(old, new, [column.format("finish") for column in columns])


def downgrade() -> None:
    """Undo. The finish tags become start tags, which keep the order."""
    for new, old in COLUMNS:
        op.execute(f"ALTER TABLE jobs RENAME COLUMN {old} TO {new}")
    for old, new, columns in QUEUE_INDEXES:
        _replace_index(new, old, [column.format("start") for column in columns])
    op.create_index("ix_jobs_user_last_start_tag", "jobs", USERS_LAST, sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.drop_column("jobs", "cost")


def _replace_index(old: str, new: str, columns: list[str]) -> None:
    op.drop_index(old, "jobs")
    op.create_index(new, "jobs", columns, sqlite_where=QUEUED, postgresql_where=QUEUED)
