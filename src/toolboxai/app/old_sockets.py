"""The old sockets' parts: the application answers, the settings decide."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec

from toolboxai.app.agent_sockets import AgentDesk
from toolboxai.app.agents import Agents
from toolboxai.app.plugins import PARTED
from toolboxai.clock import Clock
from toolboxai.close_codes import OldCloseCode
from toolboxai.config import Settings
from toolboxai.errors import RequestError
from toolboxai.legacy.admissions import Admissions, Limits
from toolboxai.legacy.deprecation import Deprecation
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.legacy.questions import (
    AgentSays,
    Authenticate,
    CancelGeneration,
    Done,
    Follow,
    Recall,
    Recalled,
    Refused,
    Relay,
)
from toolboxai.platform.agents.story import agent_story
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.run.story import session_story
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.socket_rights import SocketRights
from toolboxai.platform.migration.store import UsageStore
from toolboxai.platform.migration.usage import UsageLedger
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL
from toolboxai.platform.plugins.model import PluginMessage
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.plugins.story import plugin_story
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.story import world_story
from toolboxai.platform.runs.events import stamp
from toolboxai.transport.old_sockets_parts import OldSocketsParts
from toolboxai.transport.pump import Pump

__all__ = ["SocketDesk", "kept_ledger", "old_sockets_parts"]

log = logging.getLogger(__name__)

_FLUSH_S: Final = 2.0  # so much of the ledger is lost when the process is killed


class SocketDesk:
    """Satisfies ``transport.old_sockets_parts.Desk``: each question goes to the room that knows.

    Args:
        rights: who may what.
        content: sessions, and what they may be asked to do.
        store: what has happened in them.
        worlds: what has happened in worlds.
        agents: who they are, and what they do.
        plugins: their logs, where what a plugin says goes.
        clock: the time.
    """

    def __init__(
        self,
        rights: SocketRights,
        content: ContentService,
        store: ContentStore,
        worlds: EnvironmentStore,
        agents: Agents,
        plugins: PluginRooms,
        clock: Clock,
    ) -> None:
        self._rights = rights
        self._content = content
        self._store = store
        self._worlds = worlds
        self._agents = agents.store
        self._agent_desk = AgentDesk(agents.tasks, agents.work)
        self._plugins = plugins
        self._clock = clock

    async def answer(self, question: Any) -> Any:
        """See the port."""
        match question:
            case Authenticate():
                return await self._rights.authenticate(question)
            case Follow():
                return await self._rights.follow(question)
            case CancelGeneration():
                return await self._cancel(question)
            case AgentSays():
                return await self._agent_desk.answer(question)
            case Relay():
                return await self._relay(question)
        raise TypeError(f"nobody knows the answer to {question!r}")

    async def recall(self, question: Recall, *, acknowledged: int) -> Recalled | None:
        """See the port."""
        match question.call.endpoint.name:
            case EndpointName.CONTENT:
                return await session_story(self._store, question, acknowledged=acknowledged)
            case EndpointName.ROBLOX:
                return await world_story(self._worlds, question)
            case EndpointName.AGENT:
                return await agent_story(self._agents, question, self._clock)
            case EndpointName.PLUGIN:
                return await plugin_story(self._plugins.store, self._plugins.log, question)
        return None

    def holds(self, principal: Any) -> bool:
        """See the port."""
        return self._stays(principal) and self._rights.holds(principal)

    def parting(self, principal: Any) -> tuple[int, str]:
        """See the port."""
        if self._stays(principal):
            return OldCloseCode.AUTH_REQUIRED, "The token does not hold any more"
        return OldCloseCode.FORBIDDEN, PARTED

    def _stays(self, principal: Any) -> bool:
        return principal.role is not Role.PLUGIN or self._plugins.doors.admits(principal.user_id)

    async def _cancel(self, question: CancelGeneration) -> Done | Refused:
        try:
            await self._content.cancel(question.principal, question.session_id)
        except RequestError as fault:
            return Refused(fault.error_code, fault.message, fault.details)
        return Done()

    async def _relay(self, question: Relay) -> Done | Refused:
        plugin_id = question.channel.removeprefix(PLUGIN_CHANNEL)
        data = msgspec.json.decode(question.text)["data"]
        message = PluginMessage(type=question.type, data=data, message_id=question.message_id)
        try:
            await self._plugins.said(plugin_id, [message], said_by=question.exclude)
        except RequestError as fault:
            return Refused(fault.error_code, fault.message, fault.details)
        return Done()


@asynccontextmanager
async def kept_ledger(store: UsageStore, clock: Clock) -> AsyncIterator[UsageLedger]:
    """A ledger that is written down every few seconds, and at the end."""
    ledger = UsageLedger(store, clock)
    keeping = asyncio.create_task(_keep(ledger), name="ledger")
    try:
        yield ledger
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await ledger.flush()


async def _keep(ledger: UsageLedger) -> None:
    while True:
        await asyncio.sleep(_FLUSH_S)
        try:
            await ledger.flush()
        except Exception:  # ours; what was counted is still there for the next time
            log.exception("the ledger of the old sockets was not written")


def old_sockets_parts(
    settings: Settings,
    desk: SocketDesk,
    deprecation: Deprecation,
    ledger: UsageLedger,
) -> OldSocketsParts:
    """What the door of the old sockets is made of."""
    numbers = settings.legacy.limits
    limits = Limits(
        connections_per_user=numbers.connections_per_user,
        connections_per_ip=numbers.connections_per_ip,
        session_conflict=settings.legacy.session_conflict,
    )
    return OldSocketsParts(
        desk=desk,
        deprecation=deprecation,
        admissions=Admissions[Pump](limits, allow_list=settings.server.allowed()),
        ledger=ledger,
        stamp=stamp,
        messages_per_minute=numbers.messages_per_minute,
        auth_attempts_per_minute=numbers.auth_attempts_per_minute,
        dice=random.SystemRandom(),
    )
