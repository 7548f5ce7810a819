"""What happens to worlds, in the logs of plugins."""

import json
from typing import Any

import pytest

from plugin_parts import PluginSchool
from toolboxai.errors import PublishFailed, StorageUnavailable
from toolboxai.platform.plugins.world_events import WorldEvents
from toolboxai.platform.ports import Event
from toolboxai.platform.resources.model import Resource, ResourceKind

CHANNEL = "private-roblox-sync-env_1"


def event(seq: int, kind: str = "asset_ready") -> Event:
    envelope = {"type": kind, "data": {"environment_id": "env_1"}, "timestamp": "", "seq": seq}
    return Event(kind, json.dumps(envelope))


async def a_way_out(school: PluginSchool) -> WorldEvents:
    """With one world of Anna's."""
    user = await school.identity.user(school.ids["anna"])
    kind = ResourceKind.ENVIRONMENT
    await school.resources.add(Resource(kind, "env_1", user.organization_id, user.id, "", 0.0))
    return WorldEvents(school.listener, school.resources, school.rooms.store, school.rooms.log)


async def told(school: PluginSchool, plugin_id: str) -> list[str]:
    return [each["type"] for each in (await school.reads(plugin_id))["items"]]


async def test_an_event_stands_in_the_log_once_however_often_it_is_told(plugin_school: PluginSchool) -> None:
    school = plugin_school
    wants, others = await school.a_plugin(capabilities=["world_events"]), await school.a_plugin()
    foreign = await school.a_plugin("ben", capabilities=["world_events"])
    publisher = await a_way_out(school)
    kinds = ("environment_status", "script_update", "asset_ready", "asset_ready", "subscribed")
    for seq, kind in zip((1, 2, 3, 3, 4), kinds, strict=True):
        await publisher.publish([CHANNEL, "news"], event(seq, kind))
    await publisher.publish([CHANNEL], Event("asset_ready", '{"type": "asset_ready"}'))
    await publisher.publish([CHANNEL], Event("asset_ready", event(5).data, kept=False))
    assert await told(school, wants) == list(kinds[:3])
    assert [await told(school, each) for each in (others, foreign)] == [[], []]
    assert len(school.listener.on(CHANNEL)) == 7
    await publisher.restore(CHANNEL, [event(9)])
    assert await told(school, wants) == list(kinds[:3])


async def test_nothing_goes_out_that_the_logs_did_not_take(
    plugin_school: PluginSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin(capabilities=["world_events"])
    publisher = await a_way_out(school)

    async def busy(*_args: Any, **_options: Any) -> None:
        raise StorageUnavailable("the database is busy", reason="busy")

    with monkeypatch.context() as patch:
        patch.setattr(school.rooms.store, "world_event", busy)
        with pytest.raises(PublishFailed) as failed:
            await publisher.publish([CHANNEL], event(1))
        assert failed.value.retryable
    assert school.listener.on(CHANNEL) == []
    await publisher.publish([CHANNEL], event(1))
    assert await told(school, plugin_id) == ["asset_ready"]
    assert len(school.listener.on(CHANNEL)) == 1
