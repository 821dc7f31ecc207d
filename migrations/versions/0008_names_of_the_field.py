"""Tables and columns get the names that the field uses: start tags, search terms, usage counters, worker metrics."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    ("jobs", "turn", "team_start_tag"),
    ("jobs", "seat", "user_start_tag"),
    ("workers", "figures", "metrics"),
    ("concept_words", "word", "term"),
)
TABLES = (("tallies", "usage_counters"), ("concept_words", "search_terms"))
QUEUED = sa.text("state = 'queued'")
# Indexes of waiting jobs: old name, new name, columns by their new names.
QUEUE_INDEXES = (
    ("ix_jobs_turns", "ix_jobs_start_tags", ["kind", "team_start_tag", "id"]),
    ("ix_jobs_team_turns", "ix_jobs_team_start_tags", ["team_id", "kind", "team_start_tag", "id"]),
    ("ix_jobs_team_seats", "ix_jobs_user_start_tags", ["team_id", "kind", "user_start_tag", "id"]),
    ("ix_jobs_user_seats", "ix_jobs_user_last_start_tag", ["team_id", "kind", "user_id", "user_start_tag"]),
)


def upgrade() -> None:
    """Rename. Both databases carry an index over a renamed column along; only its name needs a new index."""
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new in TABLES:
        op.rename_table(old, new)
    for old, new, columns in QUEUE_INDEXES:
        op.drop_index(old, "jobs")
        op.create_index(new, "jobs", columns, sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.drop_index("ix_concept_words_team_word", "search_terms")
    op.create_index("ix_search_terms_team_term", "search_terms", ["team_id", "term", "concept_id"])


def downgrade() -> None:
    """Undo."""
    for _, new, _ in QUEUE_INDEXES:
        op.drop_index(new, "jobs")
    op.drop_index("ix_search_terms_team_term", "search_terms")
    for old, new in TABLES:
        op.rename_table(new, old)
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    before = {"team_start_tag": "turn", "user_start_tag": "seat"}
    for old, _, columns in QUEUE_INDEXES:
        named = [before.get(column, column) for column in columns]
        op.create_index(old, "jobs", named, sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.create_index("ix_concept_words_team_word", "concept_words", ["team_id", "word", "concept_id"])
