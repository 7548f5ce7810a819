"""Plugins: what they say of themselves, their logs, their commands."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _of_plugin(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["plugin_id"], ["plugins.id"], name=f"fk_{table}_plugin_id_plugins", ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "plugins",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("studio_version", sa.String(100), nullable=False),
        sa.Column("capabilities", sa.Text(), nullable=False),
        sa.Column("world_events", sa.Boolean(), nullable=False),
        sa.Column("config", sa.Text(), nullable=True),
        sa.Column("token_id", sa.String(64), nullable=True),
        sa.Column("token_expires_at", sa.Double(), nullable=True),
        sa.Column("last_seen_at", sa.Double(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("kept_from", sa.Integer(), nullable=False),
        sa.Column("announced_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["resources.id"], name="fk_plugins_id_resources", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_plugins"),
    )
    op.create_table(
        "plugin_log",
        sa.Column("plugin_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("message_id", sa.String(64), nullable=True),
        sa.Column("result_of", sa.String(64), nullable=True),
        _of_plugin("plugin_log"),
        sa.PrimaryKeyConstraint("plugin_id", "seq", name="pk_plugin_log"),
    )
    op.create_index("ix_plugin_log_message_id", "plugin_log", ["plugin_id", "message_id"])
    op.create_index("ix_plugin_log_result_of", "plugin_log", ["plugin_id", "result_of"])
    op.create_index("ix_plugin_log_at", "plugin_log", ["at"])
    op.create_table(
        "plugin_commands",
        sa.Column("plugin_id", sa.String(128), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("delivered_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        _of_plugin("plugin_commands"),
        sa.PrimaryKeyConstraint("plugin_id", "id", name="pk_plugin_commands"),
    )
    op.create_index("ix_plugin_commands_seq", "plugin_commands", ["plugin_id", "seq"])
    op.create_table(
        "plugin_worlds",
        sa.Column("plugin_id", sa.String(128), nullable=False),
        sa.Column("environment_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _of_plugin("plugin_worlds"),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["resources.id"],
            name="fk_plugin_worlds_environment_id_resources",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plugin_id", "environment_id", name="pk_plugin_worlds"),
    )


def downgrade() -> None:
    for table in ("plugin_worlds", "plugin_commands", "plugin_log", "plugins"):
        op.drop_table(table)
