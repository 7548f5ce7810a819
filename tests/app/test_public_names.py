"""Whose environments and agents stand on public names, as the settings say."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from toolboxai.app.public_names import with_public_names
from toolboxai.config.model import ChannelsTable, Settings
from toolboxai.metrics import Metrics
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.ports import Event, Publisher

PRIVATE = "private-agent-agent_1"
STATUS = json.dumps(
    {
        "type": "agent_status",
        "data": {"agent_id": "agent_1", "status": "idle"},
        "timestamp": "2026-01-21T10:01:00Z",
        "seq": 1,
    }
)


class WayOut:
    """Notes where something goes out."""

    def __init__(self) -> None:
        self.channels: list[str] = []

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        del event, exclude
        self.channels += channels
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        raise AssertionError((channel, events))


class Rows:
    """One agent, of this organisation."""

    def __init__(self, organization_id: str) -> None:
        self.organization_id = organization_id

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        return (
            Ownership(self.organization_id, "user_1") if (kind, resource_id) == ("agent", "agent_1") else None
        )


@pytest.fixture
def database_backend() -> str:
    """What is read of the database is one row."""
    return "sqlite"


async def told(
    identity: IdentityService,
    database: AsyncEngine,
    whose: str | None,
    *,
    demo: bool = False,
    **channels: Any,
) -> list[str]:
    """The channels on which the status of an agent of this organisation goes out."""
    names = {"ann": "north", "ben": "south", "cleo": None}
    owners = {
        organization: await identity.create_user(name, Role.TEACHER, PASSWORD, organization=organization)
        for name, organization in names.items()
    }
    way_out = WayOut()
    publisher: Publisher = with_public_names(
        way_out,
        Settings(channels=ChannelsTable(**channels)),
        database,
        Rows(owners[whose].organization_id),
        Metrics(),
        demo=demo,
    )
    await publisher.publish([PRIVATE], Event("agent_status", STATUS))
    return way_out.channels


@pytest.mark.parametrize(
    ("whose", "settings", "public"),
    [
        ("north", {"public_organization": "north"}, True),
        ("north", {"public_organization": "north", "public_compat": "full"}, True),
        ("south", {"public_organization": "north"}, False),
        ("north", {"public_organization": "North"}, False),
        ("north", {"public_organization": "not there yet"}, False),
        ("north", {}, False),
        (None, {}, False),
        ("north", {"public_organization": "north", "public_compat": "off"}, False),
        (None, {"demo": True}, True),
        ("north", {"demo": True}, False),
        ("north", {"demo": True, "public_organization": "north"}, True),
        (None, {"demo": True, "public_organization": "north"}, False),
        (None, {"demo": True, "public_compat": "off"}, False),
    ],
)
async def test_only_the_organisation_that_the_operator_names_is_public(
    identity: IdentityService,
    database: AsyncEngine,
    whose: str | None,
    settings: dict[str, Any],
    public: bool,
) -> None:
    channels = await told(identity, database, whose, **settings)
    assert channels == ([PRIVATE, "agent-status"] if public else [PRIVATE])
