"""Room that is tried while the database is full, and backups that wait for the running server."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "storage_probe",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("room", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_storage_probe"),
    )
    op.create_table(
        "backup_requests",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=True),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_backup_requests"),
    )


def downgrade() -> None:
    for table in ("backup_requests", "storage_probe"):
        op.drop_table(table)
