"""Who may do what with an agent; what somebody may not know of is as unknown as what there is not."""

import re
from typing import Final, Protocol

from toolboxai.errors import InsufficientPermissions, InvalidToken, ResourceNotFound
from toolboxai.platform.agents.built_in import refuse_outside
from toolboxai.platform.agents.model import Agent, Task
from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.identity.model import PEOPLE, Principal, Role, User
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.resources.model import ResourceKind

__all__ = ["AgentAccess", "People"]

_KIND: Final = ResourceKind.AGENT
_TASK_ID: Final = re.compile("task_[A-Za-z0-9_]{1,123}")


class People(Protocol):
    """Where accounts are looked up."""

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        ...


class AgentAccess:
    """Finds agents and tasks for whoever asks.

    Args:
        store: keeps them.
        resources: say with whom an agent is shared.
        people: know whether an agent's owner is still in use.
    """

    def __init__(self, store: AgentStore, resources: Resources, people: People) -> None:
        self._store = store
        self._resources = resources
        self._people = people

    async def known(self, principal: Principal, agent_id: str) -> Agent:
        """An agent that the asker may look at, and give tasks to: their own, one that is shared with them, or itself.

        Raises:
            ResourceNotFound: no such agent.
            InvalidToken: it is an agent's own token, and that does not hold any more.
            InsufficientPermissions: the asker's role may look at no agent.
        """
        if principal.role is Role.AGENT:
            agent = await self._found(agent_id)
            await self._itself(principal, agent)
            return agent
        _need(principal, "agent:read")
        agent = await self._found(agent_id)
        if not _owns(principal, agent):
            ownership = await self._resources.ownership(_KIND.value, agent_id)
            shared = (
                ownership is not None
                and principal.role in PEOPLE
                and principal.organization_id == ownership.organization_id
                and principal.user_id in ownership.shared_with
            )
            if not shared:
                raise _no_agent(agent_id)
        return agent

    async def named(self, principal: Principal, agent_id: str) -> None:
        """What `known` tells of who may not know the agent, for who asks for more right after: a look that costs little.

        Raises: as `known`.
        """
        if principal.role is not Role.AGENT:
            await self.known(principal, agent_id)
        elif principal.user_id != agent_id:
            raise _no_agent(agent_id)

    def may_submit(self, principal: Principal) -> None:
        """Whether the asker may give tasks to agents at all.

        Raises:
            InsufficientPermissions: they may not.
        """
        _need(principal, "agent:execute")

    async def owned(self, principal: Principal, agent_id: str) -> Agent:
        """An agent of the asker's own.

        Raises:
            ResourceNotFound: no such agent.
            InsufficientPermissions: the asker's role has no agents.
        """
        _need(principal, "agent:execute")
        agent = await self._found(agent_id)
        if not _owns(principal, agent):
            raise _no_agent(agent_id)
        return agent

    async def worked(self, principal: Principal, agent_id: str) -> Agent:
        """An agent that the asker works for: by its token, or as its owner.

        Raises:
            ResourceNotFound: no such agent.
            InvalidToken: its token does not hold any more.
            Conflict: it is built in; nobody else does its tasks.
        """
        if principal.role is Role.AGENT:
            agent = await self._found(agent_id)
            await self._itself(principal, agent)
        else:
            agent = await self.owned(principal, agent_id)
        refuse_outside(agent, "does its tasks itself")
        return agent

    async def task(self, principal: Principal, task_id: str) -> Task:
        """A task that the asker submitted, or that is their agent's; or one of the agent that asks.

        Raises:
            ResourceNotFound: no such task.
        """
        task = await self._task(task_id)
        if principal.role in PEOPLE and principal.user_id == task.submitted_by:
            return task
        agent = await self._store.who(task.agent_id)
        if agent is not None and _owns(principal, agent):
            return task
        if agent is not None and _is_of(principal, task):
            await self._itself(principal, agent)
            return task
        raise _no_task(task_id)

    async def named_task(self, principal: Principal, task_id: str) -> Task:
        """As `named`, for `task`."""
        if principal.role is not Role.AGENT:
            return await self.task(principal, task_id)
        task = await self._task(task_id)
        if not _is_of(principal, task):
            raise _no_task(task_id)
        return task

    async def held(self, principal: Principal, task_id: str) -> Task:
        """A task of an agent that the asker works for.

        Raises:
            ResourceNotFound: no such task.
            InvalidToken, Conflict: as `worked`.
        """
        task = await self.named_task(principal, task_id)
        await self.worked(principal, task.agent_id)
        return task

    async def moved_by(self, principal: Principal, task_id: str) -> Task:
        """As `task`, for whoever wants it cancelled, or set going anew.

        Raises:
            ResourceNotFound: no such task.
            Conflict: its agent is built in; the lesson or the world says what becomes of it.
        """
        task = await self.task(principal, task_id)
        agent = await self._store.who(task.agent_id)
        if agent is not None:
            refuse_outside(agent, "its tasks follow a lesson or a world")
        return task

    async def _found(self, agent_id: str) -> Agent:
        agent = await self._store.who(agent_id) if _KIND.fits(agent_id) else None
        if agent is None:
            raise _no_agent(agent_id)
        return agent

    async def _task(self, task_id: str) -> Task:
        task = await self._store.task(task_id) if _TASK_ID.fullmatch(task_id) else None
        if task is None:
            raise _no_task(task_id)
        return task

    async def _itself(self, principal: Principal, agent: Agent) -> None:
        if principal.user_id != agent.id or not principal.can("agent:connect"):
            raise _no_agent(agent.id)
        try:
            owner = await self._people.user(agent.owner_id)
        except ResourceNotFound:
            owner = None
        if owner is None or owner.disabled:
            raise InvalidToken("the token is not valid: the owner of this agent is not in use any more")


def _owns(principal: Principal, agent: Agent) -> bool:
    return (
        principal.role in PEOPLE
        and principal.organization_id == agent.organization_id
        and principal.user_id == agent.owner_id
    )


def _is_of(principal: Principal, task: Task) -> bool:
    return principal.role is Role.AGENT and principal.user_id == task.agent_id


def _need(principal: Principal, permission: str) -> None:
    if not principal.can(permission):
        raise InsufficientPermissions(
            f"this needs the permission {permission}, which the role {principal.role} does not have",
            details={"required_permissions": [permission]},
        )


def _no_agent(agent_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no agent {agent_id[:80]!r} of yours, and none that is shared with you")


def _no_task(task_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"there is no task {task_id[:80]!r} of yours, or of an agent of yours")
