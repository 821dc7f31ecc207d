"""The axes of grids, presets of the drawing form, and lists that prompts take lines from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("generations", sa.Column("grid", JSON, nullable=True))
    for table, column in (("presets", "fields"), ("prompt_lists", "lines")):
        op.create_table(
            table,
            sa.Column("team_id", sa.String(26), nullable=False),
            sa.Column("name", sa.String(60), nullable=False),
            sa.Column("user_id", sa.String(26), nullable=False),
            sa.Column(column, JSON, nullable=False),
            sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
            sa.ForeignKeyConstraint(["team_id"], ["teams.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
            sa.PrimaryKeyConstraint("team_id", "name"),
        )


def downgrade() -> None:
    """Undo."""
    op.drop_table("prompt_lists")
    op.drop_table("presets")
    op.drop_column("generations", "grid")
