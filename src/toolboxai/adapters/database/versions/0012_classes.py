"""Classes and their members, shares with classes and by link, answers to quizzes, accounts without a password."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "classes",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("names_shown", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("code_salt", sa.String(64), nullable=True),
        sa.Column("code_expires_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_classes"),
        sa.UniqueConstraint("code_hash", name="uq_classes_code_hash"),
    )
    op.create_index("ix_classes_owner_id", "classes", ["owner_id", "created_at"])
    op.create_table(
        "class_members",
        sa.Column("class_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("pseudonym", sa.String(40), nullable=False),
        sa.Column("pseudonym_key", sa.String(256), nullable=False),
        sa.Column("made_here", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["classes.id"], name="fk_class_members_class_id_classes", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("class_id", "user_id", name="pk_class_members"),
        sa.UniqueConstraint("class_id", "pseudonym_key", name="uq_class_members_class_id_pseudonym_key"),
    )
    op.create_index("ix_class_members_user_id", "class_members", ["user_id"])
    _shares_anew(
        "INSERT INTO shares (id, kind, resource_id, organization_id, role, user_id, created_at) "
        "SELECT id, kind, resource_id, organization_id, 'viewer', user_id, created_at FROM shares_before",
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("class_id", sa.String(64), nullable=True),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.UniqueConstraint("kind", "resource_id", "class_id", name="uq_shares_kind_resource_id_class_id"),
        sa.UniqueConstraint("code_hash", name="uq_shares_code_hash"),
        everybody_has_an_account=False,
    )
    op.create_index("ix_shares_class_id", "shares", ["class_id"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("class_id", sa.String(64), nullable=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["content_sessions.content_id"],
            name="fk_attempts_content_id_content_sessions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("user_id", "idempotency_key", name="uq_attempts_user_id_idempotency_key"),
    )
    op.create_index("ix_attempts_content_id", "attempts", ["content_id", "created_at"])
    op.create_index("ix_attempts_class_id", "attempts", ["class_id"])
    op.create_table(
        "attempt_answers",
        sa.Column("attempt_id", sa.String(64), nullable=False),
        sa.Column("question_id", sa.String(16), nullable=False),
        sa.Column("content_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name="fk_attempt_answers_attempt_id_attempts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", name="pk_attempt_answers"),
        sa.UniqueConstraint("content_id", "user_id", "question_id", "nth", name="uq_attempt_answers_nth"),
    )


def downgrade() -> None:
    for table in ("attempt_answers", "attempts", "class_members", "classes"):
        op.drop_table(table)
    _shares_anew(
        "INSERT INTO shares (id, kind, resource_id, organization_id, user_id, created_at) "
        "SELECT id, kind, resource_id, organization_id, user_id, created_at FROM shares_before WHERE user_id IS NOT NULL",
        everybody_has_an_account=True,
    )
    op.drop_column("users", "guest")


def _shares_anew(
    copy: str, *more: sa.Column[object] | sa.UniqueConstraint, everybody_has_an_account: bool
) -> None:
    """The table anew: SQLite cannot let a column of a table that is there be empty, nor add a constraint to it."""
    op.rename_table("shares", "shares_before")
    op.drop_index("ix_shares_user_id", "shares_before")
    if (
        op.get_bind().dialect.name == "postgresql"
    ):  # names of indexes are the database's there, not the table's
        for name in ("pk_shares", "uq_shares_kind_resource_id_user_id"):
            op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
    op.create_table(
        "shares",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("resource_id", sa.String(128), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=not everybody_has_an_account),
        sa.Column("created_at", sa.Double(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
        sa.UniqueConstraint("kind", "resource_id", "user_id", name="uq_shares_kind_resource_id_user_id"),
    )
    op.create_index("ix_shares_user_id", "shares", ["user_id"])
    op.execute(copy.replace("shares_anew", "shares").replace("FROM shares_before", "FROM shares_before"))
    op.drop_table("shares_before")
