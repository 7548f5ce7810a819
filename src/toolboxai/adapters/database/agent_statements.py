"""What each step of an agent's task asks the database, put together once: that takes longer than asking it."""

from typing import Any, Final

from sqlalchemy import BindParameter, Executable, Select, bindparam, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import aliased

from toolboxai.adapters.database.agent_tables import AgentEventRow, AgentLineRow, AgentRow, AgentTaskRow
from toolboxai.platform.messages.agent import TaskStatus

__all__ = [
    "AGENT",
    "COUNTED",
    "EVENTS",
    "HOLD",
    "LINE_MOVED",
    "LINE_SERVED",
    "NEXT",
    "OPEN_OF",
    "RUNNING",
    "STAND",
    "TASK",
    "TASK_OF_AGENT",
    "WRITE",
]

# Names that no column has: else they would be taken for values to set.
_AGENT: Final[BindParameter[Any]] = bindparam("of_agent")
_TASK: Final[BindParameter[Any]] = bindparam("of_task")

AGENT: Final = select(AgentRow.__table__).where(AgentRow.id == _AGENT)
"""``of_agent``."""

TASK: Final = select(AgentTaskRow.__table__).where(AgentTaskRow.id == _TASK)
"""``of_task``."""

TASK_OF_AGENT: Final = TASK.where(AgentTaskRow.agent_id == _AGENT)
"""``of_task``, ``of_agent``."""

HOLD: Final = (
    update(AgentRow)
    .where(AgentRow.id == _AGENT)
    .values(
        announced_seq=case(
            (AgentRow.announced_seq < bindparam("told"), bindparam("told")), else_=AgentRow.announced_seq
        )
    )
    .returning(*AgentRow.__table__.columns)
)
"""``of_agent``, ``told``: see ``agent_steps.hold``."""

STAND: Final = update(AgentRow).where(AgentRow.id == _AGENT)
"""``of_agent``, and columns with their values."""

WRITE: Final = update(AgentTaskRow).where(
    AgentTaskRow.id == _TASK,
    AgentTaskRow.status == bindparam("was"),
    AgentTaskRow.attempt == bindparam("tried"),
)
"""``of_task``, ``was``, ``tried``, and columns with their values."""

EVENTS: Final = insert(AgentEventRow)
"""Columns with their values."""

RUNNING: Final = select(func.coalesce(func.sum(AgentLineRow.running), 0)).where(
    AgentLineRow.agent_id == _AGENT
)
"""``of_agent``: how many tasks run."""

OPEN_OF: Final = select(func.coalesce(func.sum(AgentLineRow.waiting + AgentLineRow.running), 0)).where(
    AgentLineRow.submitted_by == bindparam("of_submitter")
)
"""``of_submitter``: how many tasks of theirs wait or run, over all agents."""


def _counted() -> Executable:
    line, task = AgentLineRow, AgentTaskRow
    kind_of_first = (
        select(task.task_type)
        .where(task.agent_id == line.agent_id, task.status == TaskStatus.RUNNING.value)
        .order_by(task.started_at, task.id)
        .limit(1)
        .correlate(line)
        .scalar_subquery()
    )
    sums = (func.sum(line.waiting).label("waiting"), func.sum(line.running).label("running"))
    return (
        select(line.agent_id, *sums, kind_of_first.label("current_task"))
        .where(line.agent_id.in_(bindparam("of_agents", expanding=True)))
        .group_by(line.agent_id)
    )


COUNTED: Final = _counted()
"""``of_agents``: of each how many tasks wait, how many run, and the kind of the one of these that began first. Nothing
of those that never had a task."""


def _line_moved(*, served: bool) -> dict[str, Any]:
    row = AgentLineRow
    made = {}
    for dialect, into in (("sqlite", sqlite_insert), ("postgresql", postgres_insert)):
        new: Any = into(row)
        made[dialect] = new.on_conflict_do_update(
            index_elements=[row.agent_id, row.submitted_by],
            set_={
                "waiting": row.waiting + bindparam("more_waiting"),
                "running": row.running + bindparam("more_running"),
                **({"served_at": new.excluded.served_at} if served else {}),
            },
        )
    return made


LINE_MOVED: Final = _line_moved(served=False)
"""By dialect. All columns of a new line, and ``more_waiting``, ``more_running`` where there is one."""

LINE_SERVED: Final = _line_moved(served=True)
"""As `LINE_MOVED`, where a task was claimed."""


def _next() -> Select[Any]:
    line, task, first = AgentLineRow, AgentTaskRow, aliased(AgentTaskRow)
    head = (
        select(first.id)
        .where(
            first.agent_id == line.agent_id,
            first.submitted_by == line.submitted_by,
            first.status == TaskStatus.QUEUED.value,
            first.wakes_at.is_(None),
            first.task_type.in_(bindparam("kinds", expanding=True)),
        )
        .order_by(first.rank, first.id)
        .limit(1)
        .correlate(line)
        .scalar_subquery()
    )
    return (
        select(task.__table__)
        .join(line, task.id == head)
        .where(line.agent_id == _AGENT, line.waiting > 0)
        .order_by(line.running, line.served_at, task.rank, task.id)
        .limit(1)
    )


NEXT: Final = _next()
"""``of_agent``, ``kinds``: the task that comes next. Of each line its first, of these the one whose line comes first."""
