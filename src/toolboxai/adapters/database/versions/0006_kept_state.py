"""What goes with a process, and comes back with the next."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("whence", sa.String(16), nullable=False),
        sa.Column("app_id", sa.String(20), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_state"),
    )


def downgrade() -> None:
    op.drop_table("kept_state")
