"""What reports take counts as stored, and imports that failed leave no word in the library."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. Reports of before count as nothing: what they take is written nowhere but in their blobs."""
    with op.batch_alter_table("versions") as table:
        table.add_column(sa.Column("report_bytes", sa.Integer(), server_default="0", nullable=False))
    op.execute("""
        UPDATE concepts SET deleted_at = updated_at
        WHERE deleted_at IS NULL
          AND id IN (SELECT concept_id FROM jobs WHERE kind = 'import' AND state IN ('failed', 'cancelled'))
          AND id NOT IN (SELECT concept_id FROM versions WHERE state IN ('ready', 'training'))
          AND id NOT IN (SELECT versions.concept_id FROM versions JOIN pictures ON pictures.version_id = versions.id)
    """)


def downgrade() -> None:
    """Undo. The words that left the library stay away: there was nothing to draw with."""
    with op.batch_alter_table("versions") as table:
        table.drop_column("report_bytes")
