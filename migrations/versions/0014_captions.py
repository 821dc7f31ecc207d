"""Training pictures have captions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. Pictures of before have none."""
    op.add_column("pictures", sa.Column("caption", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Undo. The captions are lost."""
    op.drop_column("pictures", "caption")
