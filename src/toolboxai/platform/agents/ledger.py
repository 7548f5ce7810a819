"""What happens to agents is written down first and told second, in one order for each agent."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final
from weakref import WeakValueDictionary

from toolboxai.clock import Clock
from toolboxai.platform.agents.model import AgentFacts, NewTask, Task
from toolboxai.platform.agents.queue import cancelled
from toolboxai.platform.agents.store import AgentStore, Lease, Moved, Step, Submission, Tell
from toolboxai.platform.agents.telling import (
    agent_status,
    private_channel,
    state_of,
    task_progress,
    task_result,
)
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell
from toolboxai.platform.runs.events import Draft, StoredEvent
from toolboxai.platform.runs.teller import PAUSES_S, PrivateNames, Teller

__all__ = ["HEARD_EVERY_S", "AgentLedger"]

HEARD_EVERY_S: Final = 20.0  # between two notes that a worker of an agent is there
_DRY_S: Final = (
    5.0  # so long a claim in vain stands for the next ones: another server may write into the same database
)
_DRY_MOST: Final = 100  # combinations of kinds for one agent
_RESTORED: Final = 200  # events of each agent that go back into its channel's history after a start


class AgentLedger:
    """Writes steps, tells of them, and wakes who waits for them.

    Args:
        store: where steps go first.
        publisher: where their events go next.
        clock: the time.
        bell: rung as below.
        event_bytes: that an event may have.
        pauses_s: between tries to tell what could not be told, in seconds.

    Attributes:
        bell: rung with an agent's id when a task of it may be claimed, or the agent is gone; with a task's id when
            that has ended.
    """

    def __init__(
        self,
        store: AgentStore,
        publisher: Publisher,
        clock: Clock,
        bell: Bell,
        *,
        event_bytes: Callable[[], int],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self.bell = bell
        self._store = store
        self._clock = clock
        self._event_bytes = event_bytes
        self._teller = Teller(store, publisher, PrivateNames(private_channel), pauses_s=pauses_s)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._given: dict[str, int] = {}  # by agent: the newest event that the teller was given
        self._began: dict[str, float] = {}  # by lease: monotonic seconds
        # By agent and kinds: when a claim found nothing, in monotonic seconds.
        self._dry: dict[str, dict[frozenset[str], float]] = {}
        self._heard_at: dict[str, float] = {}  # by agent: monotonic seconds
        self._due: list[Callable[[float], None]] = []

    def when_due(self, call: Callable[[float], None]) -> None:
        """Have this called with each time, in Unix seconds, at which a task has to be looked at again."""
        self._due.append(call)

    async def submit(self, new: NewTask, *, open_most: int) -> Submission | None:
        """See the store."""
        async with self._lock(new.agent_id):
            done = await self._store.submit(
                new, self._status, open_most=open_most, announced=self._told(new.agent_id)
            )
            if done is not None and done.fresh:
                await self._moved(done.moved)
            return done

    async def claim(self, agent_id: str, task_types: Collection[str], lease: Lease) -> Moved | None:
        """See the store. Where nothing has changed here since a claim in vain a moment ago, the store is not asked."""
        kinds = frozenset(task_types)
        async with self._lock(agent_id):
            dry, now = self._dry.get(agent_id, {}), self._clock.monotonic()
            if now - dry.get(kinds, -math.inf) < _DRY_S:
                return None
            moved = await self._store.claim(
                agent_id,
                kinds,
                lease,
                self._status,
                at=self._clock.now(),
                announced=self._told(agent_id),
            )
            if moved is None:
                self._dry[agent_id] = {**(dry if len(dry) < _DRY_MOST else {}), kinds: now}
                return None
            self._began[lease.id] = self._clock.monotonic()
            await self._moved(moved)
            return moved

    async def change(
        self,
        task: Task,
        step: Step,
        *,
        heard: bool = False,
        quiet: bool = False,
        open_most: int | None = None,
    ) -> Moved | None:
        """Have a step happen to a task; None where the task is gone.

        Args:
            task: as the caller knows it; only its id and its agent's count.
            step: see the store.
            heard: whether its worker says so.
            quiet: whether progress is not told.
            open_most: see the store.

        Raises: what the step raises, and what the store does.
        """
        async with self._lock(task.agent_id):
            return await self._change(
                task.agent_id, task.id, step, heard=heard, quiet=quiet, open_most=open_most
            )

    async def write(
        self, agent_id: str, write: Callable[[Tell, int], Awaitable[Moved | None]], *, lease_id: str = ""
    ) -> Moved | None:
        """Have a step written by somebody else, and tell of it as of any other.

        Args:
            agent_id: whose task it is.
            write: gets what is to be told, and up to which number events have gone out.
            lease_id: by which the task is held then, if the step begins an attempt.
        """
        async with self._lock(agent_id):
            moved = await write(self._status, self._told(agent_id))
            if moved is not None and moved.events:
                if lease_id and moved.task.lease_id == lease_id:
                    self._began.pop(moved.before.lease_id or "", None)
                    self._began[lease_id] = self._clock.monotonic()
                await self._moved(moved)
            return moved

    async def cancel(self, task: Task) -> Moved | None:
        """Have a task not done; None where it is gone.

        Raises:
            Conflict: it has ended in another way.
        """
        return await self.change(task, self._cancelled)

    def _cancelled(self, task: Task) -> Task:
        return cancelled(task, now=self._clock.now(), execution_ms=self.took_ms(task))

    async def heard(self, agent_id: str) -> None:
        """A worker of the agent has spoken; it is written down now and then."""
        now = self._clock.monotonic()
        if now - self._heard_at.get(agent_id, -math.inf) < HEARD_EVERY_S:
            return
        self._heard_at[agent_id] = now
        async with self._lock(agent_id):
            events = await self._store.heard(
                agent_id, self._stand, at=self._clock.now(), announced=self._told(agent_id)
            )
            await self._tell(agent_id, events)

    async def look_at(self, agent_id: str) -> None:
        """Have it told where the agent does not stand as it was last told."""
        async with self._lock(agent_id):
            events = await self._store.look_at(
                agent_id, self._stand, at=self._clock.now(), announced=self._told(agent_id)
            )
            await self._tell(agent_id, events)

    async def remove(self, agent_id: str) -> bool:
        """Cancel all that an agent has to do, and remove it; False: there was none."""
        async with self._lock(agent_id):
            for task_id in await self._store.open_tasks(agent_id):
                await self._change(agent_id, task_id, self._cancelled)
            done = await self._store.remove(agent_id)
            await self._teller.tell(agent_id, [], over=True)
            self._given.pop(agent_id, None)
            self._heard_at.pop(agent_id, None)
            self._dry.pop(agent_id, None)
        self.bell.ring(agent_id)
        return done

    def took_ms(self, task: Task) -> int | None:
        """Milliseconds that the attempt of a task takes so far; None where none is under way.

        A monotonic clock measures what began in this process; of what began in an earlier one the wall clock is known.
        """
        if task.status is not TaskStatus.RUNNING or task.started_at is None:
            return task.execution_ms
        began = self._began.get(task.lease_id or "")
        seconds = self._clock.now() - task.started_at if began is None else self._clock.monotonic() - began
        return max(0, round(seconds * 1000))

    async def take_up(self, agent_id: str) -> None:
        """After a start: put back what is known to have gone out, and tell the rest."""
        async with self._lock(agent_id):
            facts = await self._store.agent(agent_id)
            if facts is None:
                return
            told = facts.agent.announced_seq
            events = await self._store.events(agent_id, after=max(0, told - _RESTORED))
            await self._teller.restore(agent_id, [event for event in events if event.seq <= told])
            self._given[agent_id] = told
            await self._tell(agent_id, [event for event in events if event.seq > told])

    async def close(self) -> None:
        """Tell no more."""
        await self._teller.close()

    # ---- telling ------------------------------------------------------------------------------------------------
    def _status(self, task: Task | None, facts: AgentFacts) -> Sequence[Draft]:
        return [agent_status(facts, now=self._clock.now())]

    def _stand(self, task: Task | None, facts: AgentFacts) -> Sequence[Draft]:
        now = self._clock.now()
        return [] if state_of(facts, now=now) is facts.agent.state else [agent_status(facts, now=now)]

    def _step(self, task: Task | None, facts: AgentFacts) -> Sequence[Draft]:
        assert task is not None  # a step is one of a task
        status = agent_status(facts, now=self._clock.now())
        if task.over:
            return [task_result(task, event_bytes=self._event_bytes()), status]
        return [task_progress(task)] if task.status is TaskStatus.RUNNING else [status]

    def _beat(self, task: Task | None, facts: AgentFacts) -> Sequence[Draft]:
        quiet = task is not None and task.status is TaskStatus.RUNNING
        return [] if quiet else self._step(task, facts)

    async def _change(
        self,
        agent_id: str,
        task_id: str,
        step: Step,
        *,
        heard: bool = False,
        quiet: bool = False,
        open_most: int | None = None,
    ) -> Moved | None:
        tell = self._beat if quiet else self._step
        moved = await self._store.change(
            agent_id,
            task_id,
            step,
            tell,
            at=self._clock.now(),
            announced=self._told(agent_id),
            heard=heard,
            open_most=open_most,
        )
        if moved is not None and moved.task != moved.before:
            if moved.before.status is TaskStatus.RUNNING and moved.task.status is not TaskStatus.RUNNING:
                self._began.pop(moved.before.lease_id or "", None)
            await self._moved(moved)
        return moved

    async def _moved(self, moved: Moved) -> None:
        task = moved.task
        await self._tell(task.agent_id, moved.events)
        if task.wakes_at is not None:
            for call in self._due:
                call(task.wakes_at)
        if task.status is not TaskStatus.RUNNING:  # it waits, or its place is free
            self._dry.pop(task.agent_id, None)
            self.bell.ring(task.agent_id)
        if task.over:
            self.bell.ring(task.id)

    def _told(self, agent_id: str) -> int:
        return self._teller.told(agent_id)

    async def _tell(self, agent_id: str, events: Sequence[StoredEvent]) -> None:
        if not events:
            return
        given = self._given.get(agent_id, events[0].seq - 1)
        if events[0].seq > given + 1:  # whoever wrote those before was cancelled before they were told
            events = await self._store.events(agent_id, after=given)
        await self._teller.tell(agent_id, events, over=False)
        self._given[agent_id] = events[-1].seq

    def _lock(self, agent_id: str) -> asyncio.Lock:
        lock = self._locks.get(agent_id)
        if lock is None:
            lock = self._locks[agent_id] = asyncio.Lock()
        return lock
