"""A worker for an agent: functions that do tasks of a server's queue.

::

    agent = Agent()  # TOOLBOXAI_URL, TOOLBOXAI_AGENT_ID, TOOLBOXAI_AGENT_TOKEN

    @agent.task("lesson_generation")
    async def lesson(task: Task) -> Result:
        await task.progress(40, "reading")
        return {"lesson_title": task.input["topic"], "content_sections": []}

    agent.run()
"""

from toolboxai.agent.agent import Agent
from toolboxai.agent.errors import (
    AgentError,
    AgentMisconfigured,
    AgentRefused,
    LeaseLost,
    QueueUnavailable,
    ResultRefused,
    TaskCancelled,
    TaskFailed,
)
from toolboxai.agent.handlers import Result
from toolboxai.agent.http_queue import HttpQueue
from toolboxai.agent.outcome import Outcome, OutcomeKind
from toolboxai.agent.queue import Assignment, TaskQueue
from toolboxai.agent.registration import Registration, register
from toolboxai.agent.task import Task

__all__ = [
    "Agent",
    "AgentError",
    "AgentMisconfigured",
    "AgentRefused",
    "Assignment",
    "HttpQueue",
    "LeaseLost",
    "Outcome",
    "OutcomeKind",
    "QueueUnavailable",
    "Registration",
    "Result",
    "ResultRefused",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "TaskQueue",
    "register",
]
