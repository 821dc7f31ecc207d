"""Who deleted a concept or a generation, indexes of the bin, and the audit, to which entries are only added."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

IN_BIN = sa.text("deleted_at IS NOT NULL")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# An entry never changes. One that is 30 days old may be deleted, which is what ONEWORD_AUDIT_DAYS does.
SQLITE = (
    """
    CREATE TRIGGER audit_entries_never_change BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'entries of the audit never change'); END
    """,
    """
    CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
    WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%S', 'now', '-30 days')
    BEGIN SELECT RAISE(ABORT, 'entries of the audit are kept for at least 30 days'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION audit_entries_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' THEN
        IF OLD.at <= now() - interval '30 days' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'entries of the audit are kept for at least 30 days';
      END IF;
      RAISE EXCEPTION 'entries of the audit never change';
    END $$
    """,
    """
    CREATE TRIGGER audit_entries_never_change BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION audit_entries_guard()
    """,
    """
    CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_guard()
    """,
)


def upgrade() -> None:
    """Apply. What was deleted before has no blobs any more, so nobody deleted it as far as the bin knows."""
    for table in ("concepts", "generations"):
        op.add_column(table, sa.Column("deleted_by", sa.String(26), nullable=True))
        op.create_index(f"ix_{table}_deleted_at", table, ["deleted_at"], sqlite_where=IN_BIN, postgresql_where=IN_BIN)
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("team_id", sa.String(26), sa.ForeignKey("teams.id"), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=True),
        sa.Column("user_name", sa.String(100), nullable=False),
        sa.Column("credential", sa.String(12), nullable=False),
        sa.Column("token_name", sa.String(100), nullable=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=True),
        sa.Column("subject_label", sa.String(200), nullable=False),
        sa.Column("details", JSON, nullable=False),
    )
    op.create_index("ix_audit_entries_team_id", "audit_entries", ["team_id", "id"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    op.drop_table("audit_entries")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_entries_guard()")
    for table in ("concepts", "generations"):
        op.drop_index(f"ix_{table}_deleted_at", table)
        op.drop_column(table, "deleted_by")
