"""The tables of agents: who they are, the lines of those who wait, tasks, events."""

from sqlalchemy import Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.resource_tables import ResourceRow

__all__ = ["AgentEventRow", "AgentLineRow", "AgentRow", "AgentTaskRow"]


class AgentRow(Base):
    """An agent; its name, tenant and owner stand in its row of ``resources``, too."""

    __tablename__ = "agents"
    __table_args__ = (Index("ix_agents_owner_id", "owner_id", "created_at"),)
    id: Mapped[str] = mapped_column(ForeignKey(ResourceRow.id, ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(64))
    owner_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    task_types: Mapped[str] = mapped_column(Text)
    concurrency: Mapped[int]
    built_in: Mapped[bool]
    created_at: Mapped[float] = mapped_column(Double)
    heard_at: Mapped[float | None] = mapped_column(Double)
    last_activity: Mapped[float | None] = mapped_column(Double)
    failed: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    last_seq: Mapped[int]
    announced_seq: Mapped[int]
    told_at: Mapped[float] = mapped_column(Double)


class AgentLineRow(Base):
    """One submitter's line before one agent: how many tasks wait and run, and when one was claimed last."""

    __tablename__ = "agent_lines"
    __table_args__ = (Index("ix_agent_lines_submitted_by", "submitted_by"),)
    agent_id: Mapped[str] = mapped_column(ForeignKey(AgentRow.id, ondelete="CASCADE"), primary_key=True)
    submitted_by: Mapped[str] = mapped_column(String(64), primary_key=True)
    waiting: Mapped[int]
    running: Mapped[int]
    served_at: Mapped[float] = mapped_column(Double)


class AgentTaskRow(Base):
    """A task. It outlives its agent, so that whoever submitted it can fetch what came of it."""

    __tablename__ = "agent_tasks"
    __table_args__ = (
        UniqueConstraint("submitted_by", "idempotency_key", name="uq_agent_tasks_submitted_by"),
        Index("ix_agent_tasks_line", "agent_id", "submitted_by", "status", "rank"),
        Index("ix_agent_tasks_agent_id", "agent_id", "created_at"),
        Index("ix_agent_tasks_running", "agent_id", "status", "started_at"),
        Index("ix_agent_tasks_wakes_at", "wakes_at"),
        Index("ix_agent_tasks_ended_at", "ended_at"),
        Index("ix_agent_tasks_run_id", "run_id"),
    )
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(128))
    organization_id: Mapped[str] = mapped_column(String(64))
    submitted_by: Mapped[str] = mapped_column(String(64))
    task_type: Mapped[str] = mapped_column(String(64))
    input: Mapped[str] = mapped_column(Text)
    priority: Mapped[int]
    timeout_s: Mapped[float] = mapped_column(Double)
    max_attempts: Mapped[int]
    created_at: Mapped[float] = mapped_column(Double)
    rank: Mapped[float] = mapped_column(Double)
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    request_sha256: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str | None] = mapped_column(String(128))
    status: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    given_back: Mapped[int]
    percent: Mapped[int]
    message: Mapped[str] = mapped_column(Text)
    worker: Mapped[str] = mapped_column(String(100))
    lease_id: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[float | None] = mapped_column(Double)
    deadline: Mapped[float | None] = mapped_column(Double)
    wakes_at: Mapped[float | None] = mapped_column(Double)
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    execution_ms: Mapped[int | None]
    started_at: Mapped[float | None] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)


class AgentEventRow(Base):
    """One event as it was told, or will be; ``also`` names the channels beside the agent's own, as JSON text."""

    __tablename__ = "agent_events"
    agent_id: Mapped[str] = mapped_column(ForeignKey(AgentRow.id, ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[str] = mapped_column(String(32))
    also: Mapped[str] = mapped_column(Text)
