"""What is asked of the store for tasks of runs alone, as a port. The other end is ``adapters.database.run_tasks``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.agents.model import Task

__all__ = ["RunTaskStore"]


class RunTaskStore(Protocol):
    """Tasks of agents that are built in."""

    async def open(self, task_types: Sequence[str]) -> Sequence[Task]:
        """Those of these types that are queued or running, the oldest first."""
        ...

    async def remove(self, key: str) -> None:
        """Remove those that have ended and whose idempotency keys begin like this."""
        ...
