"""What is kept of agents and tasks, as a port. The other end is ``adapters.database.agents``."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from toolboxai.platform.agents.model import Agent, AgentFacts, NewTask, Task
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.events import Draft, StoredEvent
from toolboxai.platform.runs.records import Announced

__all__ = ["AgentStore", "Lease", "Moved", "Place", "Step", "Submission", "Tell", "TooManyOpen"]

Step: TypeAlias = Callable[[Task], Task]
"""What happens to a task, one of ``platform.agents.queue``; it may be called twice. The same task again: nothing did."""

Tell: TypeAlias = Callable[[Task | None, AgentFacts], Sequence[Draft]]
"""What is told once a task, where it is about one, and its agent are as given; it may be called twice."""


class Place(NamedTuple):
    """Where something stands in the order of a list: the newest first."""

    created_at: float
    id: str


class TooManyOpen(Exception):
    """The submitter has as many tasks that are queued or running as one may have. Nothing was written."""


class Lease(NamedTuple):
    """What a worker that claims will speak by.

    Args:
        id: nobody can guess it.
        worker: its name.
        lease_s: seconds until the first beat has to come.
    """

    id: str
    worker: str
    lease_s: float


class Moved(NamedTuple):
    """A step that is written.

    Args:
        task: as it is now.
        facts: of its agent, as they are now.
        events: that the step made, in order.
        before: the task as it was; the same as `task` where nothing has changed.
    """

    task: Task
    facts: AgentFacts
    events: Sequence[StoredEvent]
    before: Task


class Submission(NamedTuple):
    """What became of a task that was handed in.

    Args:
        moved: the task that is kept.
        fresh: whether it is the new one; else one that the same submitter handed in with the same key.
        same_request: whether that one asked for the same.
    """

    moved: Moved
    fresh: bool
    same_request: bool


class AgentStore(Announced, Protocol):
    """Agents, tasks and the events of agents. Each method is one transaction.

    Whatever changes something of an agent gets `announced`: its events up to this number have gone out. A step's
    events get their numbers with it; a number is never given twice, and none is left out.
    """

    # ---- agents -------------------------------------------------------------------------------------------------
    async def add(self, agent: Agent, *, most: int | None = None) -> bool:
        """Keep a new agent, with the row that says whose it is; False when its owner has `most` that are not built in.

        Raises:
            Conflict: there is one with this id; nothing was written. Ids are drawn, or made of what an agent is: nobody
                chooses them, and whoever registers an agent has another one drawn by trying again.
        """
        ...

    async def agent(self, agent_id: str) -> AgentFacts | None:
        """The agent with this id, and what it has to do."""
        ...

    async def who(self, agent_id: str) -> Agent | None:
        """The agent with this id, without what it has to do."""
        ...

    async def agents(
        self, *, organization_id: str, user_id: str, limit: int, before: Place | None = None
    ) -> Sequence[AgentFacts]:
        """Agents of a user's own, and those that others share with them, newest first."""
        ...

    async def to_take_up(self, *, since: float) -> Sequence[str]:
        """The ids of agents that told something at that time or later, or have something that may not have gone out."""
        ...

    async def ids_of(self, owner_id: str) -> Sequence[str]:
        """The ids of an owner's agents."""
        ...

    async def remove(self, agent_id: str) -> bool:
        """Remove an agent with its events, shares and the row that says whose it is; its tasks stay. False: there was none."""
        ...

    async def heard(self, agent_id: str, tell: Tell, *, at: float, announced: int) -> Sequence[StoredEvent]:
        """Note that a worker spoke at this time; what is told of it. Nothing for an agent that is gone."""
        ...

    async def look_at(self, agent_id: str, tell: Tell, *, at: float, announced: int) -> Sequence[StoredEvent]:
        """Note how an agent stands at this time, and have it told, where it does not stand as it was last told."""
        ...

    async def silent(self, *, since: float) -> Sequence[str]:
        """Ids of agents elsewhere that have no lease, were not heard since that time, and are not told to be offline."""
        ...

    async def events(
        self, agent_id: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Events with a number above `after`, in order, as far back as they are kept."""
        ...

    # ---- tasks --------------------------------------------------------------------------------------------------
    async def submit(self, new: NewTask, tell: Tell, *, open_most: int, announced: int) -> Submission | None:
        """Keep a new task, or find the one that the same submitter handed in with the same key.

        Returns:
            None where the agent is gone.

        Raises:
            TooManyOpen: the submitter has `open_most` tasks that are queued or running.
        """
        ...

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
        """Give a worker the next task of these kinds, if the agent may do one more at once.

        The submitter with the fewest running tasks comes first, of these the one not served for longest; of one
        submitter's tasks the one with the lowest rank.
        """
        ...

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
        """Have a step happen to an agent's task, `heard` where its worker says so; None where there is no such task.

        Raises:
            TooManyOpen: the step opens a task that had ended, and its submitter has `open_most` that are open.

        What the step raises is raised, too; then nothing was written.
        """
        ...

    async def task(self, task_id: str) -> Task | None:
        """The task with this id."""
        ...

    async def tasks(
        self,
        agent_id: str,
        *,
        submitted_by: str | None = None,
        status: TaskStatus | None = None,
        limit: int,
        before: Place | None = None,
    ) -> Sequence[Task]:
        """Tasks of an agent, newest first; those of one submitter, or of one status, where that is given."""
        ...

    async def open_tasks(self, agent_id: str) -> Sequence[str]:
        """Ids of an agent's tasks that are queued or running."""
        ...

    async def open_of(self, user_id: str) -> Sequence[Task]:
        """Tasks that a user submitted, to whichever agent, and that are queued or running."""
        ...

    async def due(self, at: float, *, limit: int) -> Sequence[Task]:
        """Tasks that have to be looked at by this time, the longest due first."""
        ...

    async def next_due(self, *, after: float) -> float | None:
        """When, after a time, the next task has to be looked at, in Unix seconds; None: nothing runs or pauses for longer."""
        ...

    async def renew_leases(self, *, at: float, lease_s: float) -> None:
        """Let each lease hold so long from now on, at least: nobody could beat while the server was away."""
        ...
