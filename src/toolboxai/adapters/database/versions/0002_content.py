"""Content sessions, their events, stage results and files."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "content_sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(32), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("announced_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_content_sessions"),
        sa.UniqueConstraint("content_id", name="uq_content_sessions_content_id"),
        sa.UniqueConstraint("owner_id", "idempotency_key", name="uq_content_sessions_owner_id"),
    )
    op.create_index("ix_content_sessions_owner_id", "content_sessions", ["owner_id", "created_at"])
    op.create_index("ix_content_sessions_status", "content_sessions", ["status"])
    op.create_table(
        "content_events",
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["content_sessions.id"],
            name="fk_content_events_session_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "seq", name="pk_content_events"),
    )
    op.create_table(
        "content_artefacts",
        sa.Column("session_id", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["content_sessions.id"],
            name="fk_content_artefacts_session_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "stage", name="pk_content_artefacts"),
    )
    op.create_table(
        "content_files",
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_sessions.content_id"],
            name="fk_content_files_content_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", "format", "audience", name="pk_content_files"),
    )


def downgrade() -> None:
    for table in ("content_files", "content_artefacts", "content_events", "content_sessions"):
        op.drop_table(table)
