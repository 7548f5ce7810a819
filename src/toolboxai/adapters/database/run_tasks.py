"""Tasks of built-in agents in the database."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from toolboxai.adapters.database.agent_rows import task_of, task_values
from toolboxai.adapters.database.agent_steps import counted, hold, line_moved
from toolboxai.adapters.database.agent_tables import AgentRow, AgentTaskRow
from toolboxai.adapters.database.agents import DatabaseAgentStore
from toolboxai.platform.agents.model import NewTask, Task
from toolboxai.platform.agents.queue import submitted
from toolboxai.platform.agents.store import Moved, Step, Tell
from toolboxai.platform.messages.agent import TaskStatus

__all__ = ["DatabaseRunTaskStore"]

_OPEN = (TaskStatus.QUEUED.value, TaskStatus.RUNNING.value)
_AT_ONCE = 10_000  # runs in one statement; SQLite and Postgres take no more than 32,766 values


class DatabaseRunTaskStore(DatabaseAgentStore):
    """Satisfies ``platform.agents.run_tasks_store.RunTaskStore``, too."""

    async def begin(self, new: NewTask, step: Step, tell: Tell, *, at: float, announced: int) -> Moved | None:
        """See the port."""
        row = AgentTaskRow
        async with self._engine.begin() as connection:
            held = await hold(connection, new.agent_id, announced=announced)
            if held is None:
                return None
            found = (await connection.execute(select(row.__table__).where(row.id == new.id))).one_or_none()
            before = submitted(new) if found is None else task_of(found)
            task = step(before)
            if found is None:
                await connection.execute(insert(row).values(task_values(task, new)))
                await line_moved(connection, task, before=None)
            elif task != before:
                await self._write(connection, before, task)
                await line_moved(connection, task, before=before.status)
            else:
                return Moved(task, await counted(connection, held.agent), (), before)
            return await self._told(connection, held, task, before, tell, at=at)

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[Task]:
        """See the port."""
        row = AgentTaskRow
        query = (
            select(row.__table__)
            .join(AgentRow, AgentRow.id == row.agent_id)
            .where(AgentRow.built_in, row.status.in_(_OPEN), row.task_type.in_(task_types))
            .order_by(row.created_at, row.id)
        )
        if run_id is not None:
            query = query.where(row.run_id == run_id)
        return await self._tasks(query)

    async def forget(self, run_ids: Sequence[str]) -> None:
        """See the port."""
        row = AgentTaskRow
        async with self._engine.begin() as connection:
            for at in range(0, len(run_ids), _AT_ONCE):
                theirs = row.run_id.in_(run_ids[at : at + _AT_ONCE])
                await connection.execute(delete(row).where(theirs, row.status.not_in(_OPEN)))
