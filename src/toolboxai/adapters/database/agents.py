"""Agents and their tasks in the database."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.agent_rows import (
    agent_of,
    agent_values,
    event_of,
    request_digest,
    step_values,
    task_of,
    task_values,
)
from toolboxai.adapters.database.agent_statements import (
    AGENT,
    NEXT,
    OPEN_OF,
    RUNNING,
    TASK,
    TASK_OF_AGENT,
    WRITE,
)
from toolboxai.adapters.database.agent_steps import Held, all_counted, counted, hold, line_moved, tell_of
from toolboxai.adapters.database.agent_tables import AgentEventRow, AgentLineRow, AgentRow, AgentTaskRow
from toolboxai.adapters.database.class_tables import ClassMemberRow
from toolboxai.adapters.database.engine import SEQ_MOST
from toolboxai.adapters.database.owner_turns import one_at_a_time
from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.errors import Conflict
from toolboxai.platform.agents.model import Agent, AgentFacts, NewTask, Task
from toolboxai.platform.agents.queue import claimed, submitted
from toolboxai.platform.agents.store import Lease, Moved, Place, Step, Submission, Tell, TooManyOpen
from toolboxai.platform.messages.agent import AgentState, TaskStatus
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.runs.events import StoredEvent

__all__ = ["DatabaseAgentStore"]

_KIND = ResourceKind.AGENT
_QUEUED, _RUNNING = TaskStatus.QUEUED.value, TaskStatus.RUNNING.value


class DatabaseAgentStore:
    """Satisfies ``platform.agents.store.AgentStore`` on SQLite and Postgres; each method is one transaction.

    Whatever changes an agent's tasks or events takes the agent's row first, so of one agent one step is written after
    the other, and what is counted holds.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._resources = DatabaseResourceStore(engine)

    # ---- agents -------------------------------------------------------------------------------------------------
    async def add(self, agent: Agent, *, most: int | None = None) -> bool:
        """See the port."""
        of_owner = select(func.count()).where(AgentRow.owner_id == agent.owner_id, ~AgentRow.built_in)
        about = {
            "id": agent.id,
            "kind": _KIND.value,
            "organization_id": agent.organization_id,
            "owner_id": agent.owner_id,
            "name": agent.name,
            "created_at": agent.created_at,
        }
        try:
            async with self._engine.begin() as connection:
                await one_at_a_time(connection, agent.owner_id)
                await connection.execute(insert(ResourceRow).values(about))
                await connection.execute(insert(AgentRow).values(agent_values(agent)))
                if most is not None and (await connection.scalar(of_owner) or 0) > most:
                    await connection.rollback()
                    return False
        except IntegrityError as fault:
            raise Conflict(
                f"the id {agent.id}, which was drawn for this agent, is taken; try again: another one is drawn then"
            ) from fault
        return True

    async def agent(self, agent_id: str) -> AgentFacts | None:
        """See the port."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(AGENT, {"of_agent": agent_id})).one_or_none()
            return None if row is None else await counted(connection, agent_of(row))

    async def who(self, agent_id: str) -> Agent | None:
        """See the port."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(AGENT, {"of_agent": agent_id})).one_or_none()
        return None if row is None else agent_of(row)

    async def agents(
        self, *, organization_id: str, user_id: str, limit: int, before: Place | None = None
    ) -> Sequence[AgentFacts]:
        """See the port."""
        member = exists().where(
            ClassMemberRow.class_id == ShareRow.class_id, ClassMemberRow.user_id == user_id
        )
        shared = select(ShareRow.resource_id).where(
            ShareRow.kind == _KIND.value,
            ShareRow.organization_id == organization_id,
            or_(ShareRow.user_id == user_id, and_(ShareRow.class_id.is_not(None), member)),
        )
        query = (
            select(AgentRow.__table__)
            .where(
                AgentRow.organization_id == organization_id,
                or_(AgentRow.owner_id == user_id, AgentRow.id.in_(shared)),
            )
            .order_by(AgentRow.created_at.desc(), AgentRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(tuple_(AgentRow.created_at, AgentRow.id) < tuple_(*before))
        return await self._agents(query)

    async def _agents(self, query: Select[Any]) -> Sequence[AgentFacts]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            return await all_counted(connection, [agent_of(row) for row in rows])

    async def to_take_up(self, *, since: float) -> Sequence[str]:
        """See the port."""
        row = AgentRow
        lately = and_(row.last_seq > 0, row.told_at >= since)
        query = select(row.id).where(or_(lately, row.last_seq > row.announced_seq)).order_by(row.created_at)
        async with self._engine.connect() as connection:
            return list(await connection.scalars(query))

    async def ids_of(self, owner_id: str) -> Sequence[str]:
        """See the port."""
        async with self._engine.connect() as connection:
            return list(await connection.scalars(select(AgentRow.id).where(AgentRow.owner_id == owner_id)))

    async def remove(self, agent_id: str) -> bool:
        """See the port."""
        return await self._resources.remove(_KIND, agent_id)

    async def heard(self, agent_id: str, tell: Tell, *, at: float, announced: int) -> Sequence[StoredEvent]:
        """See the port."""
        return await self._stand(agent_id, tell, {"heard_at": at}, at=at, announced=announced)

    async def look_at(self, agent_id: str, tell: Tell, *, at: float, announced: int) -> Sequence[StoredEvent]:
        """See the port."""
        return await self._stand(agent_id, tell, {}, at=at, announced=announced)

    async def _stand(
        self, agent_id: str, tell: Tell, news: dict[str, Any], *, at: float, announced: int
    ) -> Sequence[StoredEvent]:
        async with self._engine.begin() as connection:
            held = await hold(connection, agent_id, announced=announced)
            if held is None:
                return ()
            facts = await counted(connection, replace(held.agent, **news))
            return await tell_of(connection, held, None, facts, tell, at=at)

    async def silent(self, *, since: float) -> Sequence[str]:
        """See the port."""
        runs = exists().where(AgentLineRow.agent_id == AgentRow.id, AgentLineRow.running > 0)
        query = select(AgentRow.id).where(
            ~AgentRow.built_in,
            AgentRow.state != AgentState.OFFLINE.value,
            or_(AgentRow.heard_at.is_(None), AgentRow.heard_at <= since),
            ~runs,
        )
        async with self._engine.connect() as connection:
            return list(await connection.scalars(query))

    async def events(
        self, agent_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """See the port."""
        row = AgentEventRow
        query = (
            select(row.__table__)
            .where(row.agent_id == agent_id, row.seq > min(after, SEQ_MOST))
            .order_by(row.seq)
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [event_of(each) for each in await connection.execute(query)]

    async def announced(self, run_id: str, seq: int, /) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await connection.execute(
                update(AgentRow)
                .where(AgentRow.id == run_id, AgentRow.announced_seq < seq)
                .values(announced_seq=seq)
            )

    # ---- tasks --------------------------------------------------------------------------------------------------
    async def submit(self, new: NewTask, tell: Tell, *, open_most: int, announced: int) -> Submission | None:
        """See the port."""
        async with self._engine.begin() as connection:
            held = await hold(connection, new.agent_id, announced=announced)
            if held is None:
                return None
            await one_at_a_time(connection, new.submitted_by)
            known = await self._known(connection, held, new)
            if known is not None:
                return known
            await self._one_more(connection, new.submitted_by, open_most)
            task = submitted(new)
            await connection.execute(insert(AgentTaskRow).values(task_values(task, new)))
            await line_moved(connection, task, before=None)
            moved = await self._told(connection, held, task, task, tell, at=new.at)
        return Submission(moved, fresh=True, same_request=True)

    @staticmethod
    async def _one_more(connection: AsyncConnection, submitted_by: str, open_most: int) -> None:
        """Refuse a submitter one more open task than they may have; the caller has their turn."""
        there = await connection.scalar(OPEN_OF, {"of_submitter": submitted_by})
        if (there or 0) >= open_most:
            raise TooManyOpen

    @staticmethod
    async def _known(connection: AsyncConnection, held: Held, new: NewTask) -> Submission | None:
        if new.idempotency_key is None:
            return None
        row = AgentTaskRow
        query = select(row.__table__).where(
            row.submitted_by == new.submitted_by, row.idempotency_key == new.idempotency_key
        )
        found = (await connection.execute(query)).one_or_none()
        if found is None:
            return None
        task = task_of(found)
        same = found.request_sha256 == request_digest(new)
        return Submission(Moved(task, await counted(connection, held.agent), (), task), False, same)

    async def claim(
        self,
        agent_id: str,
        task_types: Collection[str],
        lease: Lease,
        tell: Tell,
        *,
        at: float,
        announced: int,
    ) -> Moved | None:
        """See the port."""
        async with self._engine.begin() as connection:
            held = await hold(connection, agent_id, announced=announced)
            if held is None:
                raise LookupError(f"there is no agent {agent_id!r}")
            if (await connection.scalar(RUNNING, {"of_agent": agent_id}) or 0) >= held.agent.concurrency:
                return None
            wanted = {"of_agent": agent_id, "kinds": sorted(task_types)}
            found = (await connection.execute(NEXT, wanted)).one_or_none()
            if found is None:
                return None
            before = task_of(found)
            task = claimed(before, now=at, lease_id=lease.id, lease_s=lease.lease_s, worker=lease.worker)
            await self._write(connection, before, task)
            await line_moved(connection, task, before=before.status, at=at)
            spoke = held._replace(agent=replace(held.agent, heard_at=at))
            return await self._told(connection, spoke, task, before, tell, at=at)

    async def change(
        self,
        agent_id: str,
        task_id: str,
        step: Step,
        tell: Tell,
        *,
        at: float,
        announced: int,
        heard: bool = False,
        open_most: int | None = None,
    ) -> Moved | None:
        """See the port."""
        wanted = {"of_task": task_id, "of_agent": agent_id}
        async with self._engine.begin() as connection:
            held = await hold(connection, agent_id, announced=announced)
            found = (await connection.execute(TASK_OF_AGENT, wanted)).one_or_none()
            if held is None or found is None:
                return None
            before = task_of(found)
            task = step(before)
            if task == before:
                return Moved(task, await counted(connection, held.agent), (), before)
            if open_most is not None and before.over and not task.over:
                await one_at_a_time(connection, task.submitted_by)
                await self._one_more(connection, task.submitted_by, open_most)
            await self._write(connection, before, task)
            await line_moved(connection, task, before=before.status)
            if heard:
                held = held._replace(agent=replace(held.agent, heard_at=at))
            return await self._told(connection, held, task, before, tell, at=at)

    @staticmethod
    async def _write(connection: AsyncConnection, before: Task, task: Task) -> None:
        this = {"of_task": task.id, "was": before.status.value, "tried": before.attempt}
        done = await connection.execute(WRITE, {**step_values(task), **this})
        if done.rowcount != 1:  # whoever changes a task holds its agent's row
            raise RuntimeError(f"task {task.id} was changed by somebody who does not hold its agent")

    @staticmethod
    async def _told(
        connection: AsyncConnection, held: Held, task: Task, before: Task, tell: Tell, *, at: float
    ) -> Moved:
        agent = replace(held.agent, last_activity=at)
        if task.over:
            agent = replace(agent, failed=task.status is TaskStatus.FAILED)
        facts = await counted(connection, agent)
        events = await tell_of(connection, held, task, facts, tell, at=at)
        now = replace(facts, agent=replace(agent, last_seq=agent.last_seq + len(events)))
        return Moved(task, now, events, before)

    async def task(self, task_id: str) -> Task | None:
        """See the port."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(TASK, {"of_task": task_id})).one_or_none()
        return None if row is None else task_of(row)

    async def tasks(
        self,
        agent_id: str,
        *,
        submitted_by: str | None = None,
        status: TaskStatus | None = None,
        limit: int,
        before: Place | None = None,
    ) -> Sequence[Task]:
        """See the port."""
        row = AgentTaskRow
        query = (
            select(row.__table__)
            .where(row.agent_id == agent_id)
            .order_by(row.created_at.desc(), row.id.desc())
            .limit(limit)
        )
        if submitted_by is not None:
            query = query.where(row.submitted_by == submitted_by)
        if status is not None:
            query = query.where(row.status == status.value)
        if before is not None:
            query = query.where(tuple_(row.created_at, row.id) < tuple_(*before))
        return await self._tasks(query)

    async def open_tasks(self, agent_id: str) -> Sequence[str]:
        """See the port."""
        row = AgentTaskRow
        query = select(row.id).where(row.agent_id == agent_id, row.status.in_((_QUEUED, _RUNNING)))
        async with self._engine.connect() as connection:
            return list(await connection.scalars(query))

    async def open_of(self, user_id: str) -> Sequence[Task]:
        """See the port."""
        row = AgentTaskRow
        return await self._tasks(
            select(row.__table__).where(row.submitted_by == user_id, row.status.in_((_QUEUED, _RUNNING)))
        )

    async def due(self, at: float, *, limit: int) -> Sequence[Task]:
        """See the port."""
        row = AgentTaskRow
        return await self._tasks(
            select(row.__table__)
            .join(AgentRow, AgentRow.id == row.agent_id)
            .where(row.wakes_at <= at)
            .order_by(row.wakes_at)
            .limit(limit)
        )

    async def next_due(self, *, after: float) -> float | None:
        """See the port."""
        row = AgentTaskRow
        query = (
            select(row.wakes_at)
            .join(AgentRow, AgentRow.id == row.agent_id)
            .where(row.wakes_at > after)
            .order_by(row.wakes_at)
            .limit(1)
        )
        async with self._engine.connect() as connection:
            found: float | None = await connection.scalar(query)
        return found

    async def renew_leases(self, *, at: float, lease_s: float) -> None:
        """See the port."""
        row, until = AgentTaskRow, at + lease_s
        expires = case((row.lease_expires_at < until, until), else_=row.lease_expires_at)
        wakes = case((row.deadline < expires, row.deadline), else_=expires)
        async with self._engine.begin() as connection:
            await connection.execute(
                update(row).where(row.status == _RUNNING).values(lease_expires_at=expires, wakes_at=wakes)
            )

    async def _tasks(self, query: Select[Any]) -> Sequence[Task]:
        async with self._engine.connect() as connection:
            return [task_of(row) for row in await connection.execute(query)]
