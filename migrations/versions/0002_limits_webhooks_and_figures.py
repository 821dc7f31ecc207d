"""Limits, webhooks and figures: what is measured, who is told, what is found by which words."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tallies",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Double(), nullable=False),
        sa.Column("gpu_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "state", "reason"),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kinds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "days_of_use",
        sa.Column("team_id", sa.String(length=26), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("gpu_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "day"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("team_id", sa.String(length=26), nullable=False),
        sa.Column("user_id", sa.String(length=26), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhooks_team_id"), ["team_id"], unique=False)

    op.create_table(
        "concept_words",
        sa.Column("concept_id", sa.String(length=26), nullable=False),
        sa.Column(
            "word", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("team_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["concept_id"], ["concepts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("concept_id", "word"),
    )
    with op.batch_alter_table("concept_words", schema=None) as batch_op:
        batch_op.create_index("ix_concept_words_team_word", ["team_id", "word", "concept_id"], unique=False)

    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("team_id", sa.String(length=26), nullable=False),
        sa.Column("webhook_id", sa.String(length=26), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_deliveries_created_at", ["created_at"], unique=False)
        batch_op.create_index(
            "ix_webhook_deliveries_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index("ix_webhook_deliveries_webhook_id", ["webhook_id", "id"], unique=False)

    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bytes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_images_created_at", ["created_at"], unique=False)

    with op.batch_alter_table("job_events", schema=None) as batch_op:
        batch_op.create_index("ix_job_events_created_at", ["created_at"], unique=False)

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("base_model", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("seat", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("units", sa.Double(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("share", sa.Double(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("gpu_seconds", sa.Double(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("request_id", sa.String(length=64), nullable=True))
        batch_op.drop_index(batch_op.f("ix_jobs_waiting"), sqlite_where=sa.text("state IN ('queued', 'running')"))
        batch_op.create_index(
            "ix_jobs_alike",
            ["kind", "batch_key", "turn", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index("ix_jobs_ended", ["kind", "state", "finished_at"], unique=False)
        batch_op.create_index(
            "ix_jobs_running",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.create_index(
            "ix_jobs_team_seats",
            ["team_id", "kind", "seat", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_jobs_team_turns",
            ["team_id", "kind", "turn", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_jobs_turns",
            ["kind", "turn", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )
        batch_op.create_index(
            "ix_jobs_user_seats",
            ["team_id", "kind", "user_id", "seat"],
            unique=False,
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        )

    with op.batch_alter_table("pictures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bytes", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.alter_column("job_id", new_column_name="made_id")
        batch_op.create_index(batch_op.f("ix_submissions_created_at"), ["created_at"], unique=False)

    _find_words()


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("submissions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submissions_created_at"))
        batch_op.alter_column("made_id", new_column_name="job_id")

    with op.batch_alter_table("pictures", schema=None) as batch_op:
        batch_op.drop_column("bytes")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_jobs_user_seats", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )
        batch_op.drop_index(
            "ix_jobs_turns", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )
        batch_op.drop_index(
            "ix_jobs_team_turns", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )
        batch_op.drop_index(
            "ix_jobs_team_seats", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )
        batch_op.drop_index(
            "ix_jobs_running", sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'")
        )
        batch_op.drop_index("ix_jobs_ended")
        batch_op.drop_index(
            "ix_jobs_alike", sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'")
        )
        batch_op.create_index(
            batch_op.f("ix_jobs_waiting"),
            ["kind", "state", "turn", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'running')"),
            postgresql_where=sa.text("state IN ('queued', 'running')"),
        )
        batch_op.drop_column("request_id")
        batch_op.drop_column("gpu_seconds")
        batch_op.drop_column("share")
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("units")
        batch_op.drop_column("seat")
        batch_op.drop_column("base_model")

    with op.batch_alter_table("job_events", schema=None) as batch_op:
        batch_op.drop_index("ix_job_events_created_at")

    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.drop_index("ix_images_created_at")
        batch_op.drop_column("kept_at")
        batch_op.drop_column("bytes")

    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_deliveries_webhook_id")
        batch_op.drop_index(
            "ix_webhook_deliveries_due",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index("ix_webhook_deliveries_created_at")

    op.drop_table("webhook_deliveries")
    with op.batch_alter_table("concept_words", schema=None) as batch_op:
        batch_op.drop_index("ix_concept_words_team_word")

    op.drop_table("concept_words")
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhooks_team_id"))

    op.drop_table("webhooks")
    op.drop_table("days_of_use")
    op.drop_table("workers")
    op.drop_table("tallies")


def _find_words() -> None:
    """Concepts that are there already are found like those that come."""
    names = ("id", "team_id", "placeholder", "name", "initializer", "description")
    concepts = sa.table("concepts", *map(sa.column, names), sa.column("tags", sa.JSON), sa.column("deleted_at"))
    words = sa.table("concept_words", sa.column("concept_id"), sa.column("team_id"), sa.column("word"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(concepts).where(concepts.c.deleted_at.is_(None))).mappings().all():
        tags = [str(tag) for tag in row["tags"] or ()]
        text = " ".join((row["placeholder"], row["name"], row["initializer"], *tags, row["description"] or ""))
        found = [*(f"#{tag}"[:64] for tag in tags), *(word[:64] for word in re.findall(r"[^\W_]+", text.casefold()))]
        rows = [
            {"concept_id": row["id"], "team_id": row["team_id"], "word": word} for word in dict.fromkeys(found[:200])
        ]
        if rows:
            connection.execute(sa.insert(words), rows)
