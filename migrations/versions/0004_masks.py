"""A picture may say where it is learned from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("pictures", sa.Column("mask_key", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("pictures", "mask_key")
