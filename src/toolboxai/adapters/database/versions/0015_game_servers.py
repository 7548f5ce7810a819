"""Running worlds: their tokens, and the answers that they post."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "game_servers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("environment_id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name="fk_game_servers_environment_id_environments",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_game_servers"),
    )
    op.create_index("ix_game_servers_environment_id", "game_servers", ["environment_id"])
    op.add_column("attempts", sa.Column("environment_id", sa.String(128), nullable=True))
    op.create_index("ix_attempts_environment_id", "attempts", ["environment_id"])


def downgrade() -> None:
    # Nobody of them has an account. SQLite is not asked to cascade here.
    op.execute(
        "DELETE FROM attempt_answers"
        " WHERE attempt_id IN (SELECT id FROM attempts WHERE environment_id IS NOT NULL)"
    )
    op.execute("DELETE FROM attempts WHERE environment_id IS NOT NULL")
    op.drop_index("ix_attempts_environment_id", "attempts")
    op.drop_column("attempts", "environment_id")
    op.drop_table("game_servers")
