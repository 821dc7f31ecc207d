"""Where a version comes from: a file of another tool, or a checkpoint that was kept of an earlier version."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. Until now the report held where an imported version comes from, and nothing else."""
    op.add_column(
        "versions",
        sa.Column("origin", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    )
    op.execute("UPDATE versions SET origin = report, report = NULL WHERE report IS NOT NULL")


def downgrade() -> None:
    """Undo."""
    op.execute("UPDATE versions SET report = origin")
    op.drop_column("versions", "origin")
