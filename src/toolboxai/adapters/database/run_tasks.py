"""Tasks of built-in agents in the database."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.agent_rows import task_of
from toolboxai.adapters.database.agent_tables import AgentRow, AgentTaskRow
from toolboxai.platform.agents.model import Task
from toolboxai.platform.messages.agent import TaskStatus

__all__ = ["DatabaseRunTaskStore"]

_OPEN = (TaskStatus.QUEUED.value, TaskStatus.RUNNING.value)


class DatabaseRunTaskStore:
    """Satisfies ``platform.agents.run_tasks_store.RunTaskStore`` on SQLite and Postgres.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, task_types: Sequence[str]) -> Sequence[Task]:
        """See the port."""
        row = AgentTaskRow
        query = (
            select(row.__table__)
            .join(AgentRow, AgentRow.id == row.agent_id)
            .where(AgentRow.built_in, row.status.in_(_OPEN), row.task_type.in_(task_types))
            .order_by(row.created_at, row.id)
        )
        async with self._engine.connect() as connection:
            return [task_of(each) for each in await connection.execute(query)]

    async def remove(self, key: str) -> None:
        """See the port."""
        row = AgentTaskRow
        built_in = select(AgentRow.id).where(AgentRow.built_in)
        async with self._engine.begin() as connection:
            await connection.execute(
                delete(row).where(
                    row.idempotency_key.startswith(key, autoescape=True),
                    row.agent_id.in_(built_in),
                    row.status.not_in(_OPEN),
                )
            )
