"""Tasks as workers have them: claimed, worked on, ended or given back."""

import asyncio
import math
from collections.abc import Collection, Mapping
from contextlib import nullcontext, suppress
from typing import Any, Final

from toolboxai.clock import Clock
from toolboxai.errors import (
    ResourceNotFound,
    ValidationError,
)
from toolboxai.ids import Dice, new_token
from toolboxai.platform.agents import queue
from toolboxai.platform.agents.access import AgentAccess
from toolboxai.platform.agents.ledger import HEARD_EVERY_S, AgentLedger
from toolboxai.platform.agents.model import (
    LEASE_S,
    RESULT_BYTES,
    Task,
    TaskFailure,
)
from toolboxai.platform.agents.service import json_text
from toolboxai.platform.agents.store import Lease, Step
from toolboxai.platform.agents.waiting import WaitingClaims
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.messages.agent import TaskStatus
from toolboxai.platform.runs.unbroken import unbroken

__all__ = ["PROGRESS_EVERY_S", "AgentWork"]

PROGRESS_EVERY_S: Final = 0.25
"""Between two tellings of one task's progress; what comes sooner is only a beat."""
_TOLD_MOST: Final = 10_000


class AgentWork:
    """What workers do with the tasks of their agent. All of it is told as steps of submitters are.

    Args:
        ledger: writes steps and tells of them.
        access: says who may.
        limiter: bounds how often one may.
        clock, dice: time and chance.
        lease_s: seconds that a worker may be silent.
    """

    def __init__(
        self,
        ledger: AgentLedger,
        access: AgentAccess,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        self.lease_s = lease_s
        self._ledger = ledger
        self._access = access
        self._limiter = limiter
        self._clock = clock
        self._dice = dice
        self._waiting = WaitingClaims()
        self._told_at: dict[str, float] = {}  # by task that runs: when its progress was last told, monotonic

    @property
    def leaving(self) -> bool:
        """Whether the server goes: claims in vain are answered at once."""
        return self._ledger.bell.closed

    async def claim(
        self,
        principal: Principal,
        agent_id: str,
        *,
        worker: str,
        task_types: Collection[str] | None = None,
        wait_s: float = 0.0,
    ) -> Task | None:
        """The next task for a worker of an agent, which holds it from now on.

        Args:
            principal: the agent, or its owner.
            agent_id: whose task.
            worker: its name, for people.
            task_types: the kinds that it does; None: all of the agent's.
            wait_s: seconds to wait for one.

        Returns:
            None when there is none for it within that time.

        Raises:
            ResourceNotFound: no such agent.
            InvalidToken: its token does not hold any more, or its owner is out of use, also while it waits.
            ValidationError: the agent does not do some of these kinds.
            RateLimitExceeded: too often, or as many wait for the agent's tasks as may.
        """
        agent = await unbroken(self._access.worked(principal, agent_id))
        # Whoever does not work for it cannot use up what its workers may do.
        await self._limiter.admit(Attempts.AGENT, account=agent.id)
        foreign = sorted(set(task_types or ()) - set(agent.task_types))
        if foreign:
            fault = f"agent {agent.id} does no {foreign[0][:80]!r}; it does: {', '.join(agent.task_types)}"
            raise ValidationError(f"task_types: {fault}", details={"fields": {"task_types": fault}})
        kinds, left_s = frozenset(task_types or agent.task_types), wait_s
        place = self._waiting.place(agent.id) if wait_s > 0 else nullcontext()
        with place, self._ledger.bell.listening(agent.id) as listener:
            while True:
                await unbroken(self._ledger.heard(agent.id))
                task = await self._claimed(agent.id, kinds, worker)
                if task is not None or left_s <= 0 or self.leaving:
                    return task
                began, slice_s = self._clock.monotonic(), min(left_s, HEARD_EVERY_S)
                if await listener.heard(slice_s):
                    left_s -= self._clock.monotonic() - began
                    continue
                left_s -= slice_s
                # The owner may be out of use meanwhile.
                await unbroken(self._access.worked(principal, agent_id))

    async def _claimed(self, agent_id: str, kinds: frozenset[str], worker: str) -> Task | None:
        """Claim now. Whoever is cancelled meanwhile gives back what nobody would learn of."""
        lease = Lease(new_token(self._dice, "lease_", bits=128), worker, self.lease_s)
        claiming = asyncio.ensure_future(self._ledger.claim(agent_id, kinds, lease))
        try:
            moved = await asyncio.shield(claiming)
        except LookupError:
            raise ResourceNotFound(f"there is no agent {agent_id!r} any more") from None
        except asyncio.CancelledError:
            with suppress(Exception):  # then the lease ends by itself
                moved = await claiming
                if moved is not None:
                    await self._ledger.change(
                        moved.task, lambda task: queue.released(task, lease_id=lease.id)
                    )
            raise
        return None if moved is None else moved.task

    async def progress(
        self,
        principal: Principal,
        task_id: str,
        *,
        lease_id: str,
        percent: int | None = None,
        message: str | None = None,
    ) -> Task:
        """The worker is there, and may say how far it is; its lease begins anew.

        Raises:
            ResourceNotFound: no such task.
            LeaseLost: the worker does not hold it.
            RateLimitExceeded: too often.
        """
        task = await self._held(principal, task_id)
        now = self._clock.monotonic()
        says = percent is not None or message is not None
        quiet = not says or now - self._told_at.get(task_id, -math.inf) < PROGRESS_EVERY_S
        done = await self._changed(
            task,
            lambda one: queue.beaten(
                one,
                now=self._clock.now(),
                lease_id=lease_id,
                lease_s=self.lease_s,
                percent=percent,
                message=message,
            ),
            heard=True,
            quiet=quiet,
        )
        if not quiet:
            self._note_told(task_id, now)
        return done

    def _note_told(self, task_id: str, now: float) -> None:
        if len(self._told_at) >= _TOLD_MOST:  # tasks whose workers died leave theirs behind
            recent = now - PROGRESS_EVERY_S
            self._told_at = {each: at for each, at in self._told_at.items() if at > recent}
        self._told_at[task_id] = now

    async def complete(
        self, principal: Principal, task_id: str, *, lease_id: str, result: Mapping[str, Any]
    ) -> Task:
        """The worker has done it.

        Raises:
            ResourceNotFound: no such task.
            LeaseLost: the worker does not hold it.
            PayloadTooLarge: the result is too long.
            RateLimitExceeded: too often.
        """
        task = await self._held(principal, task_id)
        text = json_text("result", result, RESULT_BYTES)
        return await self._changed(
            task,
            lambda one: queue.completed(
                one,
                now=self._clock.now(),
                lease_id=lease_id,
                result=text,
                execution_ms=self._ledger.took_ms(one) or 0,
            ),
            heard=True,
        )

    async def fail(
        self, principal: Principal, task_id: str, *, lease_id: str, failure: TaskFailure, retry: bool
    ) -> Task:
        """The worker could not do it; with `retry` another attempt is made where one is left.

        Raises:
            ResourceNotFound: no such task.
            LeaseLost: the worker does not hold it.
            RateLimitExceeded: too often.
        """
        task = await self._held(principal, task_id)
        return await self._changed(
            task,
            lambda one: queue.failed(
                one,
                now=self._clock.now(),
                lease_id=lease_id,
                failure=failure,
                retry=retry,
                execution_ms=self._ledger.took_ms(one) or 0,
            ),
            heard=True,
        )

    async def release(self, principal: Principal, task_id: str, *, lease_id: str) -> Task:
        """The worker leaves before it is done: the task waits for another, and no attempt is used up.

        Raises:
            ResourceNotFound: no such task.
            LeaseLost: the worker does not hold it.
            RateLimitExceeded: too often.
        """
        task = await self._held(principal, task_id)
        return await self._changed(
            task,
            lambda one: queue.given_back(
                one,
                now=self._clock.now(),
                lease_id=lease_id,
                execution_ms=self._ledger.took_ms(one) or 0,
            ),
            heard=True,
        )

    async def _held(self, principal: Principal, task_id: str) -> Task:
        """A task of an agent that the asker works for."""
        task = await self._access.held(principal, task_id)
        await self._limiter.admit(Attempts.AGENT, account=task.agent_id)
        return task

    async def _changed(self, task: Task, step: Step, *, heard: bool = False, quiet: bool = False) -> Task:
        moved = await self._ledger.change(task, step, heard=heard, quiet=quiet)
        if moved is None:
            raise queue.LeaseLost(task.id, "deleted")
        if moved.task.status is not TaskStatus.RUNNING:
            self._told_at.pop(task.id, None)
        return moved.task
