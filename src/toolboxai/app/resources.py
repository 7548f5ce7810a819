"""Whose things are, and who may look at them: the rooms joined."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from toolboxai.app.identity import make_identity, make_key_ring, open_database
from toolboxai.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from toolboxai.platform.audit.audit import Audit
    from toolboxai.platform.content.records.store import ContentStore
    from toolboxai.platform.identity.service import IdentityService
    from toolboxai.platform.resources.owners import Owners
    from toolboxai.platform.resources.service import ResourceService
    from toolboxai.platform.resources.sharing import Sharing

__all__ = ["Rooms", "join_rooms", "rooms_on_disk"]


class Rooms(NamedTuple):
    """What is joined.

    Args:
        identity: accounts and tokens.
        resources: environments, agents and plugins.
        owners: whose anything is.
        sharing: who else may look at it.
        audit: notes what the operator does to them.
    """

    identity: "IdentityService"
    resources: "ResourceService"
    owners: "Owners"
    sharing: "Sharing"
    audit: "Audit"


def join_rooms(engine: "AsyncEngine", content: "ContentStore", identity: "IdentityService") -> Rooms:
    """The rooms over an open database.

    Args:
        engine: its schema is up to date.
        content: knows whose content sessions are.
        identity: knows the people.
    """
    from toolboxai.adapters.database.audit import DatabaseAuditStore
    from toolboxai.adapters.database.classes import DatabaseClassStore
    from toolboxai.adapters.database.resources import DatabaseResourceStore
    from toolboxai.adapters.database.shares import DatabaseShareStore
    from toolboxai.adapters.system_clock import SystemClock
    from toolboxai.platform.audit.audit import Audit
    from toolboxai.platform.resources.model import ResourceKind
    from toolboxai.platform.resources.owners import Owners, OwnersOfPrograms
    from toolboxai.platform.resources.service import ResourceService
    from toolboxai.platform.resources.sharing import Sharing

    clock, dice = SystemClock(), random.SystemRandom()
    store, classes = DatabaseResourceStore(engine), DatabaseClassStore(engine)
    kinds = {kind.value: store for kind in ResourceKind}
    programs = OwnersOfPrograms(store, identity)
    owners = Owners(
        {"content_session": content, "class": classes, **kinds, "plugin": programs, "agent": programs}
    )
    return Rooms(
        identity,
        ResourceService(store, clock, dice),
        owners,
        Sharing(DatabaseShareStore(engine), owners, identity, classes, clock, dice),
        Audit(DatabaseAuditStore(engine), clock),
    )


@asynccontextmanager
async def rooms_on_disk(settings: Settings) -> AsyncIterator[Rooms]:
    """The rooms alone, for the command line.

    Raises:
        ConfigError: as `open_database`.
    """
    from toolboxai.adapters.database.content import DatabaseContentStore

    async with (
        open_database(settings) as engine,
        make_identity(settings, make_key_ring(settings), engine) as identity,
    ):
        yield join_rooms(engine, DatabaseContentStore(engine), identity)
