"""Worlds: builds, scripts with revisions, files, events; and of lessons, the world that is to follow."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("content_sessions", sa.Column("environment_theme", sa.String(32), nullable=True))
    op.add_column("content_sessions", sa.Column("environment_id", sa.String(128), nullable=True))
    op.add_column(
        "content_sessions",
        sa.Column("environment_begun", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "environments",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("organization_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("content_id", sa.String(64), nullable=True),
        sa.Column("content_revision", sa.Integer(), nullable=True),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("components", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("ready_build", sa.Integer(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("announced_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["resources.id"], name="fk_environments_id_resources", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_environments"),
        sa.UniqueConstraint("owner_id", "idempotency_key", name="uq_environments_owner_id"),
    )
    op.create_index("ix_environments_owner_id", "environments", ["owner_id", "created_at"])
    op.create_index("ix_environments_status", "environments", ["status"])
    op.create_index("ix_environments_content_id", "environments", ["content_id"])
    _of_environment(
        "builds",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("land", sa.Text(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("author_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        key=("number",),
    )
    _of_environment(
        "scripts",
        sa.Column("script_id", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("build", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("parent", sa.String(100), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("author_id", sa.String(64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        key=("script_id", "revision"),
    )
    _of_environment(
        "files",
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("asset_id", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("roblox_operation", sa.String(200), nullable=True),
        sa.Column("roblox_id", sa.String(64), nullable=True),
        key=("format",),
    )
    _of_environment(
        "events",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.String(32), nullable=False),
        key=("seq",),
    )


def _of_environment(what: str, *columns: "sa.Column[object]", key: tuple[str, ...]) -> None:
    table = f"environment_{what}"
    op.create_table(
        table,
        sa.Column("environment_id", sa.String(128), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=f"fk_{table}_environment_id_environments",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("environment_id", *key, name=f"pk_{table}"),
    )


def downgrade() -> None:
    for what in ("events", "files", "scripts", "builds"):
        op.drop_table(f"environment_{what}")
    op.drop_table("environments")
    for column in ("environment_begun", "environment_id", "environment_theme"):
        op.drop_column("content_sessions", column)
