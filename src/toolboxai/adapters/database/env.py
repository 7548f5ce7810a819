"""Alembic runs this file for each command; `migrate` hands in the connection, with its transaction begun."""

from alembic import context

from toolboxai.adapters.database import tables as tables  # declares every table on Base
from toolboxai.adapters.database.engine import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
