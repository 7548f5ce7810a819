"""What one step of an agent's task writes, within the transaction that holds the agent's row."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from toolboxai.adapters.database.agent_rows import agent_of
from toolboxai.adapters.database.agent_statements import (
    COUNTED,
    EVENTS,
    HOLD,
    LINE_MOVED,
    LINE_SERVED,
    STAND,
)
from toolboxai.adapters.database.agent_tables import AgentEventRow
from toolboxai.platform.agents.model import Agent, AgentFacts, Task
from toolboxai.platform.agents.store import Tell
from toolboxai.platform.agents.telling import state_of
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.events import StoredEvent, stamp

__all__ = ["EVENTS_KEPT", "Held", "all_counted", "counted", "hold", "line_moved", "tell_of"]

EVENTS_KEPT: Final = 1000  # of each agent; whoever was away for longer takes the snapshot
_TIDY_EVERY: Final = 100  # events


class Held(NamedTuple):
    """An agent whose row nobody else changes until the transaction ends, and when it was last told of."""

    agent: Agent
    told_at: float


async def hold(connection: AsyncConnection, agent_id: str, *, announced: int) -> Held | None:
    """Take the agent's row, as the first statement of a transaction; None where there is no such agent.

    It writes, so that on SQLite the transaction has the writer's turn before it reads anything: what it reads then is
    the newest there is.
    """
    done = await connection.execute(HOLD, {"of_agent": agent_id, "told": announced})
    found = done.one_or_none()
    return None if found is None else Held(agent_of(found), found.told_at)


async def line_moved(
    connection: AsyncConnection, task: Task, *, before: TaskStatus | None, at: float | None = None
) -> None:
    """Count a task where it stands now, and no more where it stood before; `at` is when it was claimed, if it was."""
    waiting = (task.status is TaskStatus.QUEUED) - (before is TaskStatus.QUEUED)
    running = (task.status is TaskStatus.RUNNING) - (before is TaskStatus.RUNNING)
    if not (waiting or running):
        return
    moved = LINE_MOVED if at is None else LINE_SERVED
    line = {
        "agent_id": task.agent_id,
        "submitted_by": task.submitted_by,
        "waiting": max(waiting, 0),
        "running": max(running, 0),
        "served_at": at or 0.0,
        "more_waiting": waiting,
        "more_running": running,
    }
    await connection.execute(moved[connection.dialect.name], line)


async def counted(connection: AsyncConnection, agent: Agent) -> AgentFacts:
    """An agent with what it has to do."""
    [facts] = await all_counted(connection, [agent])
    return facts


async def all_counted(connection: AsyncConnection, agents: Sequence[Agent]) -> Sequence[AgentFacts]:
    """Agents, each with what it has to do, by one question however many they are."""
    done = await connection.execute(COUNTED, {"of_agents": [agent.id for agent in agents]})
    known = {row.agent_id: (int(row.waiting), int(row.running), row.current_task) for row in done}
    return [AgentFacts(agent, *known.get(agent.id, (0, 0, None))) for agent in agents]


async def tell_of(
    connection: AsyncConnection, held: Held, task: Task | None, facts: AgentFacts, tell: Tell, *, at: float
) -> Sequence[StoredEvent]:
    """Write what is told, with the next numbers, and how the agent stands with it."""
    drafts = tell(task, facts)
    agent = facts.agent
    told_at = max(at, held.told_at)
    events = [
        StoredEvent(seq, draft.type, draft.data, stamp(told_at), draft.also)
        for seq, draft in enumerate(drafts, agent.last_seq + 1)
    ]
    values: dict[str, Any] = {
        "of_agent": agent.id,
        "heard_at": agent.heard_at,
        "last_activity": agent.last_activity,
        "failed": agent.failed,
        "last_seq": agent.last_seq + len(events),
        "told_at": told_at,
    }
    if any(draft.type == "agent_status" for draft in drafts):
        values["state"] = state_of(facts, now=at).value
    await connection.execute(STAND, values)
    if events:
        await connection.execute(EVENTS, [_event_values(agent.id, event) for event in events])
        await _tidy(connection, agent, len(events))
    return events


def _event_values(agent_id: str, event: StoredEvent) -> dict[str, Any]:
    return {
        "agent_id": agent_id,
        "seq": event.seq,
        "type": event.type,
        "data": msgspec.json.encode(event.data).decode(),
        "timestamp": event.timestamp,
        "also": msgspec.json.encode(event.also).decode(),
    }


async def _tidy(connection: AsyncConnection, agent: Agent, more: int) -> None:
    """Now and then: old events that were told go."""
    last = agent.last_seq + more
    if last // _TIDY_EVERY == agent.last_seq // _TIDY_EVERY:
        return
    row = AgentEventRow
    await connection.execute(
        delete(row).where(row.agent_id == agent.id, row.seq <= min(last - EVENTS_KEPT, agent.announced_seq))
    )
