"""What running worlds and their owners tell each other."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBERS = ("last_message", "last_event", "told_event")


def upgrade() -> None:
    for name in _NUMBERS:
        op.add_column("game_servers", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "game_servers", sa.Column("quiz_open", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.create_table(
        "game_messages",
        sa.Column("game_server_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["game_server_id"],
            ["game_servers.id"],
            name="fk_game_messages_game_server_id_game_servers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("game_server_id", "seq", name="pk_game_messages"),
    )
    op.create_index("ix_game_messages_created_at", "game_messages", ["created_at"])
    op.create_table(
        "game_events",
        sa.Column("game_server_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("player", sa.String(64), nullable=True),
        sa.Column("name", sa.String(64), nullable=True),
        sa.Column("value", sa.String(64), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["game_server_id"],
            ["game_servers.id"],
            name="fk_game_events_game_server_id_game_servers",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("game_server_id", "seq", name="pk_game_events"),
        sa.UniqueConstraint("game_server_id", "event_id", name="uq_game_events_game_server_id_event_id"),
    )
    op.create_index("ix_game_events_received_at", "game_events", ["received_at"])


def downgrade() -> None:
    op.drop_table("game_events")
    op.drop_table("game_messages")
    op.drop_column("game_servers", "quiz_open")
    for name in _NUMBERS:
        op.drop_column("game_servers", name)
