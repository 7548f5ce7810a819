"""Tasks as whoever wants something done has them: handed in, looked at, cancelled, set going anew."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import (
    Conflict,
    PayloadTooLarge,
    RateLimitExceeded,
    ResourceNotFound,
    ValidationError,
)
from toolboxai.ids import Dice, new_token
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.access import AgentAccess
from toolboxai.platform.agents.built_in import refuse_outside
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import (
    INPUT_BYTES,
    OPEN_TASKS_MOST,
    NewTask,
    Task,
)
from toolboxai.platform.agents.store import AgentStore, Place, TooManyOpen
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal, Role
from toolboxai.platform.messages.agent import TaskStatus

__all__ = ["AgentTasks", "json_text"]

_RETRY_S: Final = 10  # open tasks end one by one; nobody knows when


class AgentTasks:
    """What submitters do with tasks. All of it is told on the agent's channel; ends go to the submitter's, too.

    Args:
        store: keeps tasks.
        ledger: writes steps and tells of them.
        access: says who may.
        limiter: bounds how often one may.
        clock, dice: time and chance.
        open_most: tasks that one submitter may have queued or running.

    Attributes:
        access: as above.
    """

    def __init__(
        self,
        store: AgentStore,
        ledger: AgentLedger,
        access: AgentAccess,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
        *,
        open_most: int = OPEN_TASKS_MOST,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self.access = access
        self._limiter = limiter
        self._clock = clock
        self._dice = dice
        self._open_most = open_most

    async def submit(
        self,
        principal: Principal,
        agent_id: str,
        *,
        task_type: str,
        input: Mapping[str, Any],
        priority: int = 5,
        timeout_s: float = 300.0,
        max_attempts: int = 3,
        idempotency_key: str | None = None,
    ) -> Task:
        """Hand a task in; with a key that was used before, the task of that time.

        Raises:
            InsufficientPermissions: the asker may give nobody tasks.
            ResourceNotFound: no such agent.
            ValidationError: it does not do such tasks.
            PayloadTooLarge: the input is too long.
            Conflict: the key stands for another task.
            RateLimitExceeded: too often, or the asker has too many open tasks.
        """
        self.access.may_submit(principal)
        await self._limiter.admit(Attempts.TASK, account=principal.user_id)
        agent = await self.access.known(principal, agent_id)
        refuse_outside(agent, "takes no tasks from outside")
        if task_type not in agent.task_types:
            fault = f"agent {agent.id} does no {task_type[:80]!r}; it does: {', '.join(agent.task_types)}"
            raise ValidationError(f"task_type: {fault}", details={"fields": {"task_type": fault}})
        new = NewTask(
            id=new_token(self._dice, "task_", bits=128),
            agent_id=agent.id,
            organization_id=agent.organization_id,
            submitted_by=principal.user_id,
            task_type=task_type,
            input=json_text("input", input, INPUT_BYTES),
            priority=priority,
            timeout_s=timeout_s,
            max_attempts=max_attempts,
            at=self._clock.now(),
            idempotency_key=idempotency_key,
        )
        return await self._submitted(new)

    async def _submitted(self, new: NewTask) -> Task:
        try:
            done = await self._ledger.submit(new, open_most=self._open_most)
        except TooManyOpen:
            raise self._too_many("you have") from None
        if done is None:
            raise ResourceNotFound(f"there is no agent {new.agent_id!r} any more")
        if not done.same_request:
            raise Conflict("this Idempotency-Key stands for another task; take a new one for each task")
        return done.moved.task

    def _too_many(self, whose: str) -> RateLimitExceeded:
        return RateLimitExceeded(
            f"{whose} {self._open_most} tasks that wait or run, which is all one may have; wait for some to end, or "
            "cancel some",
            retry_after_s=_RETRY_S,
            details={"limit": self._open_most},
        )

    async def task(self, principal: Principal, task_id: str) -> Task:
        """A task of the asker's, or of an agent of theirs.

        Raises:
            ResourceNotFound: no such task.
        """
        return await self.access.task(principal, task_id)

    async def tasks(
        self,
        principal: Principal,
        agent_id: str,
        *,
        status: TaskStatus | None = None,
        limit: int,
        before: Place | None = None,
    ) -> Sequence[Task]:
        """Tasks of an agent, newest first: all of them for its owner and its workers, else those of the asker's.

        Raises:
            ResourceNotFound: no such agent.
        """
        agent = await self.access.known(principal, agent_id)
        all_of_it = principal.user_id in (agent.owner_id, agent.id)
        return await self._store.tasks(
            agent_id,
            submitted_by=None if all_of_it else principal.user_id,
            status=status,
            limit=limit,
            before=before,
        )

    async def cancel(self, principal: Principal, task_id: str) -> Task:
        """Have a task not done, whether it waits or runs; its worker learns of it with the next beat.

        Raises:
            ResourceNotFound: no such task.
            Conflict: it has ended, or its agent is built in.
        """
        moved = await self._ledger.cancel(await self.access.moved_by(principal, task_id))
        if moved is None:
            raise ResourceNotFound(f"there is no task {task_id!r} any more")
        return moved.task

    async def requeue(self, principal: Principal, task_id: str) -> Task:
        """Set a task that failed going anew; whoever submitted it has to be one who could still do so.

        Raises:
            InsufficientPermissions: the asker may give nobody tasks any more.
            ResourceNotFound: no such task, or no agent of it that the asker may give tasks to.
            Conflict: it has not failed, or its agent is built in.
            RateLimitExceeded: too often, or whoever submitted it has too many open tasks.
        """
        task = await self.access.moved_by(principal, task_id)
        if principal.role is not Role.AGENT:
            self.access.may_submit(principal)
        await self._limiter.admit(Attempts.TASK, account=principal.user_id)
        await self.access.known(principal, task.agent_id)
        try:
            moved = await self._ledger.change(task, queue.requeued, open_most=self._open_most)
        except TooManyOpen:
            own = task.submitted_by == principal.user_id
            raise self._too_many("you have" if own else "whoever submitted this task has") from None
        if moved is None:
            raise ResourceNotFound(f"there is no task {task_id!r} any more")
        return moved.task


def json_text(field: str, value: Mapping[str, Any], most: int) -> str:
    """What is kept of an object that a program has sent.

    Raises:
        PayloadTooLarge: it has more than `most` bytes.
    """
    text = msgspec.json.encode(value)
    if len(text) > most:
        raise PayloadTooLarge(
            f"{field} has {len(text)} bytes as JSON; at most {most} are taken: put what is large elsewhere, and a "
            "reference here",
            details={"limit": most},
        )
    return text.decode()
