"""The agents that work in this server: seven of each teacher's own, for what lessons and worlds are made of."""

import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import Conflict
from toolboxai.platform.agents.model import Agent
from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.identity.model import Principal

__all__ = ["BUILT_IN", "BuiltIn", "BuiltInAgents", "agent_id", "agent_of", "refuse_outside"]

log = logging.getLogger(__name__)

_DIGITS: Final = 32  # of hex: 128 bits
# Turns decide how many lessons and worlds of one teacher are worked on at once; their agents add no bound of their own.
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One of the seven.

    Args:
        kind: part of its id.
        name: for people.
        task_types: what it does; no two of the seven do the same.
    """

    kind: str
    name: str
    task_types: tuple[str, ...]


BUILT_IN: Final = (
    BuiltIn("content", "Content agent", ("content_analysis",)),
    BuiltIn("lesson", "Lesson agent", ("lesson_generation",)),
    BuiltIn("quiz", "Quiz agent", ("quiz_generation",)),
    BuiltIn("packaging", "Packaging agent", ("packaging",)),
    BuiltIn(
        "environment", "Environment agent", ("terrain_generation", "building_generation", "world_packaging")
    ),
    BuiltIn("script", "Script agent", ("script_generation",)),
    BuiltIn("review", "Review agent", ("script_review",)),
)
_BY_TYPE: Final = {task_type: one for one in BUILT_IN for task_type in one.task_types}
_USERS: Final = frozenset({"agent:execute", "content:generate"})


def agent_of(task_type: str) -> BuiltIn:
    """Who does such tasks.

    Raises:
        KeyError: none of the seven.
    """
    return _BY_TYPE[task_type]


def agent_id(kind: str, owner_id: str) -> str:
    """Of an owner's agent of this kind: always the same, so that it is made once by whoever comes first."""
    digits = sha256(f"built-in agent\n{kind}\n{owner_id}".encode()).hexdigest()[:_DIGITS]
    return f"agent_{kind}_{digits}"


def refuse_outside(agent: Agent, what: str) -> None:
    """Let nobody but the server move what a built-in agent does.

    Raises:
        Conflict: the agent is built in; the text says what to do instead.
    """
    if agent.built_in:
        raise Conflict(
            f"agent {agent.id} works in this server, and {what}: begin, cancel and retry lessons with "
            "/api/v1/content and worlds with /api/v1/roblox/environments; for other work register an agent of your own "
            "with POST /api/v1/agents",
            details={"reason": "built_in"},
        )


class BuiltInAgents:
    """Makes the seven for whoever has use for them.

    Args:
        store: keeps them.
        clock: the time.
    """

    def __init__(self, store: AgentStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._there: set[str] = set()  # owners whose agents are known to be kept

    async def for_reader(self, principal: Principal) -> None:
        """Whoever may begin lessons, or give agents tasks, finds their seven in the list."""
        if any(principal.can(permission) for permission in _USERS):
            await self.ensure(principal.user_id, principal.organization_id)

    async def ensure(self, owner_id: str, organization_id: str) -> None:
        """Make those of an owner's that are not there yet."""
        if owner_id in self._there:
            return
        known = set(await self._store.ids_of(owner_id))  # after a start all seven, of nearly everybody
        for one in BUILT_IN:
            its_id = agent_id(one.kind, owner_id)
            if its_id in known:
                continue
            agent = Agent(
                id=its_id,
                organization_id=organization_id,
                owner_id=owner_id,
                name=one.name,
                task_types=one.task_types,
                concurrency=_AT_ONCE,
                built_in=True,
                created_at=self._clock.now(),
            )
            try:
                await self._store.add(agent)
            except Conflict:  # another server made it meanwhile
                continue
        self._there.add(owner_id)

    def forget(self, owner_id: str) -> None:
        """Those of an owner are gone, as when the account was deleted."""
        self._there.discard(owner_id)
