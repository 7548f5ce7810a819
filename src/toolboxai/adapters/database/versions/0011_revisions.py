"""Revisions of a content, and files that belong to one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "content_sessions", sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("1"))
    )
    op.create_table(
        "content_revisions",
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_sessions.content_id"],
            name="fk_content_revisions_content_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_id", "number", name="pk_content_revisions"),
        sa.UniqueConstraint("content_id", "idempotency_key", name="uq_content_revisions_content_id"),
    )
    _files_anew(
        "INSERT INTO content_files_anew (content_id, revision, format, audience, name, media_type, size, sha256, "
        "content, notes) SELECT content_id, 1, format, audience, name, media_type, size, sha256, content, '[]' "
        "FROM content_files",
        sa.Column("revision", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("notes", sa.Text(), nullable=False),
        key=("content_id", "revision", "format", "audience"),
    )


def downgrade() -> None:
    _files_anew(
        "INSERT INTO content_files_anew (content_id, format, audience, name, media_type, size, sha256, content) "
        "SELECT content_id, format, audience, name, media_type, size, sha256, content FROM content_files "
        "WHERE revision = 1",
        key=("content_id", "format", "audience"),
    )
    op.drop_table("content_revisions")
    op.drop_column("content_sessions", "revision")


def _files_anew(copy: str, *more: sa.Column[object], key: tuple[str, ...]) -> None:
    """The table under another primary key: SQLite cannot change the one of a table that is there."""
    op.create_table(
        "content_files_anew",
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_sessions.content_id"],
            name="fk_content_files_content_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_content_files_{len(key)}"),
    )
    op.execute(copy)
    op.drop_table("content_files")
    op.rename_table("content_files_anew", "content_files")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX pk_content_files_{len(key)} RENAME TO pk_content_files")
