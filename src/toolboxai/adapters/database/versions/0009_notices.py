"""How far each brown-out of the old sockets has been announced."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brownout_notices",
        sa.Column("brownout", sa.String(200), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("brownout", name="pk_brownout_notices"),
    )


def downgrade() -> None:
    op.drop_table("brownout_notices")
