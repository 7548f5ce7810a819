"""Apps of the Channels server and their keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "apps",
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_apps"),
    )
    op.create_table(
        "app_keys",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name="fk_app_keys_app_id_apps", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_app_keys"),
        sa.UniqueConstraint("key", name="uq_app_keys_key"),
    )
    op.create_index("ix_app_keys_app_id", "app_keys", ["app_id"])


def downgrade() -> None:
    for table in ("app_keys", "apps"):
        op.drop_table(table)
