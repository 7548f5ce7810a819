"""Agents come, are looked at, and go."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.agents.access import AgentAccess
from toolboxai.platform.agents.built_in import BuiltInAgents
from toolboxai.platform.agents.ledger import AgentLedger
from toolboxai.platform.agents.model import AGENTS_MOST, Agent, AgentFacts
from toolboxai.platform.agents.store import AgentStore, Place
from toolboxai.platform.agents.telling import state_of
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.identity.tokens import Issued
from toolboxai.platform.messages.agent import AgentState

__all__ = ["AgentRegistry", "Tokens"]


class Tokens(Protocol):
    """Where tokens of agents are made and ended; the identity service is one."""

    def issue_agent_token(self, agent_id: str, organization_id: str) -> Issued:
        """A token with which the workers of an agent speak."""
        ...

    async def refuse_agent(self, agent_id: str) -> None:
        """No token of this agent is good any more."""
        ...


class AgentRegistry:
    """Registers agents, and tells how they stand.

    Args:
        store: keeps them.
        ledger: ends what they have to do.
        access: says whose they are.
        tokens: makes and ends their tokens.
        clock, dice: time and chance.

    Attributes:
        built_in: those that work in this server.
    """

    def __init__(
        self,
        store: AgentStore,
        ledger: AgentLedger,
        access: AgentAccess,
        tokens: Tokens,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._access = access
        self._tokens = tokens
        self._clock = clock
        self._dice = dice
        self.built_in = BuiltInAgents(store, clock)

    async def register(
        self, principal: Principal, *, name: str, task_types: Sequence[str], concurrency: int
    ) -> tuple[AgentFacts, str]:
        """A new agent of the asker's, and the token of its workers, which nobody tells again.

        Raises:
            Conflict: the asker has as many as one can have; or chance gave an id that is taken, and the asker tries again.
        """
        agent = Agent(
            id=new_token(self._dice, "agent_", bits=128),
            organization_id=principal.organization_id,
            owner_id=principal.user_id,
            name=name,
            task_types=tuple(dict.fromkeys(task_types)),
            concurrency=concurrency,
            created_at=self._clock.now(),
            state=AgentState.OFFLINE,
        )
        if not await self._store.add(agent, most=AGENTS_MOST):
            raise Conflict(
                f"you have {AGENTS_MOST} agents; delete one that is not used any more",
                details={"limit": AGENTS_MOST},
            )
        token = self._tokens.issue_agent_token(agent.id, agent.organization_id)
        return AgentFacts(agent), token.text

    async def one(self, principal: Principal, agent_id: str) -> AgentFacts:
        """An agent that the asker may look at.

        Raises:
            ResourceNotFound: no such agent.
        """
        await self._access.known(principal, agent_id)
        facts = await self._store.agent(agent_id)
        if facts is None:
            raise ResourceNotFound(f"there is no agent {agent_id!r} any more")
        return facts

    async def agents(
        self, principal: Principal, *, limit: int, before: Place | None = None
    ) -> Sequence[AgentFacts]:
        """Agents of the asker's own, and those that others share with them, newest first."""
        if before is None:
            await self.built_in.for_reader(principal)
        return await self._store.agents(
            organization_id=principal.organization_id,
            user_id=principal.user_id,
            limit=limit,
            before=before,
        )

    async def remove(self, principal: Principal, agent_id: str) -> Agent:
        """Remove an agent of the asker's: its open tasks end as cancelled, its token opens nothing any more.

        Raises:
            ResourceNotFound: no such agent.
            Conflict: it is built in.
        """
        agent = await self._access.owned(principal, agent_id)
        if agent.built_in:
            raise Conflict(
                f"agent {agent_id} works in this server and stays; cancel the lesson or the world that it works on instead"
            )
        if not await self._ledger.remove(agent_id):
            raise ResourceNotFound(f"there is no agent {agent_id!r} any more")
        await self._tokens.refuse_agent(agent_id)
        return agent

    async def stop_all(self, owner: User) -> None:
        """Cancel what an owner has given to agents, and remove their own agents, built in or not."""
        for agent_id in await self._store.ids_of(owner.id):
            await self._ledger.remove(agent_id)
            await self._tokens.refuse_agent(agent_id)
        self.built_in.forget(owner.id)
        for task in await self._store.open_of(owner.id):
            with suppress(Conflict):  # it has ended meanwhile
                await self._ledger.cancel(task)

    def state(self, facts: AgentFacts) -> AgentState:
        """What an agent does now."""
        return state_of(facts, now=self._clock.now())
