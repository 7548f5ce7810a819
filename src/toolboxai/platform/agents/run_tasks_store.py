"""What is asked of the store for tasks of runs alone, as a port. The other end is ``adapters.database.run_tasks``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.agents.model import NewTask, Task
from toolboxai.platform.agents.store import AgentStore, Moved, Step, Tell

__all__ = ["RunTaskStore"]


class RunTaskStore(AgentStore, Protocol):
    """Tasks of agents that are built in."""

    async def begin(self, new: NewTask, step: Step, tell: Tell, *, at: float, announced: int) -> Moved | None:
        """Have a step happen to the task with this id, which is made if there is none yet, in one transaction.

        Returns:
            None where the agent is gone. Nothing is told where nothing has changed.
        """
        ...

    async def open(self, task_types: Sequence[str], *, run_id: str | None = None) -> Sequence[Task]:
        """Those of these types that are queued or running, the oldest first; of one run alone, where that is given."""
        ...

    async def forget(self, run_ids: Sequence[str]) -> None:
        """Remove those of these runs that have ended."""
        ...
