"""Plugins, their logs and commands, on SQLite and on Postgres."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.plugins import DatabasePluginStore
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.platform.plugins.model import (
    CommandState,
    NewCommand,
    Plugin,
    PluginMessage,
)
from toolboxai.platform.resources.model import Resource, ResourceKind
from toolboxai.platform.runs.events import Draft, stamp

NOW = 1_780_000_000.0
PLUGIN = Plugin(
    id="plugin_1",
    organization_id="org_1",
    owner_id="user_1",
    name="Studio",
    capabilities=("world_events",),
    token_id="token_1",
    token_expires_at=NOW + 60,
    created_at=NOW,
)
EVENT = PluginMessage(type="plugin_event", data={"of": "a test"})


def a_command(name: str, **changes: Any) -> NewCommand:
    values: dict[str, Any] = {
        "id": name,
        "action": "show_message",
        "payload": {"text": name},
        "sha256": "0" * 64,
        "issued_by": "user_1",
        "at": NOW,
        "expires_at": NOW + 60,
    }
    return NewCommand(**{**values, **changes})


def ended(command_id: str, status: str = "ok", **more: Any) -> PluginMessage:
    return PluginMessage(type="command_result", data={"command_id": command_id, "status": status, **more})


@pytest.fixture
async def store(database: AsyncEngine) -> DatabasePluginStore:
    store = DatabasePluginStore(database)
    assert await store.add(PLUGIN, most=9)
    return store


async def said(store: DatabasePluginStore, *messages: PluginMessage, at: float = NOW) -> Any:
    return await store.post("plugin_1", messages, at=at, announced=0, said_by=None)


async def issue(store: DatabasePluginStore, new: NewCommand, most: int = 9) -> Any:
    return await store.issue("plugin_1", new, Draft("plugin_command", {}), most=most, announced=0)


async def test_they_are_kept_listed_and_go_with_all_that_is_theirs(store: DatabasePluginStore) -> None:
    other = Plugin(id="plugin_0", organization_id="org_1", owner_id="user_1", name="", created_at=NOW + 1)
    assert await store.add(other, most=9)
    assert not await store.add(Plugin(**{**_fields(other), "id": "plugin_2"}), most=2)
    assert await store.plugins("user_1", limit=9) == [PLUGIN, other]
    assert await store.plugins("user_1", after=(NOW, "plugin_1"), limit=9) == [other]
    assert await store.listening("user_1") == ["plugin_1"]
    assert (await store.plugin("plugin_1")) == PLUGIN
    await store.seen("plugin_1", at=NOW + 2)
    found = await store.plugin("plugin_1")
    assert found is not None
    assert found.last_seen_at == NOW + 2
    await said(store, EVENT)
    await issue(store, a_command("a"))
    assert [await store.remove("plugin_1") for _ in range(2)] == [True, False]
    assert await store.plugin("plugin_1") is None
    assert await store.command("plugin_1", "a") is None
    with pytest.raises(LookupError):
        await store.page("plugin_1", after=0, limit=9, bytes_most=9999)
    with pytest.raises(LookupError):
        await said(store, EVENT)


async def test_numbers_have_no_gaps_whoever_writes_at_once(store: DatabasePluginStore) -> None:
    await asyncio.gather(
        *(said(store, EVENT, EVENT) for _ in range(4)),
        *(issue(store, a_command(f"c{number}")) for number in range(4)),
    )
    page = await store.page("plugin_1", after=0, limit=99, bytes_most=99_999)
    assert [entry.seq for entry in page.entries] == list(range(1, 13))
    first = await store.page("plugin_1", after=0, limit=99, bytes_most=1)
    assert [entry.seq for entry in first.entries] == [1]
    assert (first.next_cursor, first.complete) == (1, True)


async def test_an_entry_is_never_older_than_the_one_before_and_that_costs_no_look_through_the_log(
    store: DatabasePluginStore, database: AsyncEngine
) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(" ".join(statement.split()))

    await said(store, EVENT, EVENT, at=NOW + 9)
    event.listen(database.sync_engine, "before_cursor_execute", note)
    await said(store, EVENT, at=NOW)
    looks = [each for each in asked if each.startswith("SELECT") and "FROM plugin_log" in each]
    assert looks, asked
    assert all("plugin_log.seq = " in each or "plugin_log.message_id = " in each for each in looks), looks
    await said(store, EVENT, at=NOW + 10)
    page = await store.page("plugin_1", after=0, limit=9, bytes_most=9999)
    assert [entry.timestamp for entry in page.entries] == [stamp(NOW + each) for each in (9, 9, 9, 10)]


async def test_of_commands_at_once_no_more_than_fit_are_open(store: DatabasePluginStore) -> None:
    issued = await asyncio.gather(*(issue(store, a_command(f"c{at}"), most=2) for at in range(5)))
    assert len([each for each in issued if each is not None]) == 2
    same = await asyncio.gather(*(issue(store, a_command("c0", at=NOW + 61)) for _ in range(3)))
    assert len({each.command.seq for each in same}) == 1


async def test_a_command_has_one_end_whoever_tells_it_at_once(store: DatabasePluginStore) -> None:
    await issue(store, a_command("a"))
    posted = await asyncio.gather(*(said(store, ended("a", result=number)) for number in range(4)))
    (fresh,) = [number for number, each in enumerate(posted) if each.taken[0].fresh]
    command = await store.command("plugin_1", "a")
    assert command is not None
    assert (command.state, command.result) == (CommandState.OK, fresh)
    assert (command.delivered_at, command.ended_at) == (NOW, NOW)
    assert {each.taken[0].seq for each in posted} == {2}


async def test_what_was_handed_over_is_delivered_and_what_has_expired_is_not(
    store: DatabasePluginStore,
) -> None:
    for name in "abc":
        await issue(store, a_command(name))
    await store.delivered("plugin_1", after=0, up_to=2, at=NOW + 1)
    await store.delivered("plugin_1", after=0, up_to=3, at=NOW + 60)
    commands = await store.commands("plugin_1", limit=9)
    assert [each.state_at(NOW + 1).value for each in commands] == ["queued", "delivered", "delivered"]
    assert {each.state_at(NOW + 60) for each in commands} == {CommandState.EXPIRED}
    assert [each.id for each in await store.commands("plugin_1", before=3, limit=1)] == ["b"]
    assert await store.trim(now=NOW + 60 + 8 * 86_400) == 6


async def test_how_far_the_telling_came_is_kept(store: DatabasePluginStore) -> None:
    await said(store, EVENT, EVENT)
    assert await store.told() == [("plugin_1", 0)]
    await store.announced("plugin_1", 1)
    await store.announced("plugin_1", 0)
    assert await store.told() == [("plugin_1", 1)]
    await store.post("plugin_1", [], at=NOW, announced=2, said_by=None)
    assert await store.told() == []


async def test_times_never_go_back(store: DatabasePluginStore) -> None:
    await said(store, EVENT, at=NOW + 5)
    await said(store, EVENT, at=NOW)
    page = await store.page("plugin_1", after=0, limit=9, bytes_most=9999)
    assert page.entries[0].timestamp == page.entries[1].timestamp


async def test_an_event_of_a_world_is_written_once(store: DatabasePluginStore, database: AsyncEngine) -> None:
    world = Resource(ResourceKind.ENVIRONMENT, "env_1", "org_1", "user_1", "", NOW)
    await DatabaseResourceStore(database).add(world)
    for seq in (3, 3, 4, 3):
        await store.world_event(
            "plugin_1", "env_1", seq, Draft("asset_ready", {"n": seq}), at=NOW, announced=0
        )
    gone = await store.world_event("plugin_1", "env_gone", 1, Draft("asset_ready", {}), at=NOW, announced=0)
    assert gone == ()
    page = await store.page("plugin_1", after=0, limit=9, bytes_most=9999)
    assert [entry.data["n"] for entry in page.entries] == [3, 4]


async def test_one_that_the_operator_made_begins_when_it_first_says_something(
    store: DatabasePluginStore, database: AsyncEngine
) -> None:
    await DatabaseResourceStore(database).add(
        Resource(ResourceKind.PLUGIN, "plugin_old", "org_1", "user_1", "", NOW)
    )
    page = await store.page("plugin_old", after=0, limit=9, bytes_most=9999)
    assert (page.entries, page.next_cursor, page.complete) == ((), 0, True)
    posted = await asyncio.gather(
        *(store.post("plugin_old", [EVENT], at=NOW, announced=0, said_by="1.1") for _ in range(3))
    )
    assert sorted(each.entries[0].seq for each in posted) == [1, 2, 3]
    assert {each.entries[0].said_by for each in posted} == {"1.1"}
    found = await store.plugin("plugin_old")
    assert found is not None
    assert (found.last_seq, found.capabilities) == (3, ())


def _fields(plugin: Plugin) -> dict[str, Any]:
    return {name: getattr(plugin, name) for name in plugin.__slots__}


async def test_numbers_that_no_log_comes_to_are_taken_too(store: DatabasePluginStore) -> None:
    await issue(store, a_command("a"))
    newest = (await store.commands("plugin_1", limit=9))[0]
    assert await store.commands("plugin_1", before=2**53, limit=9) == [newest]
    assert await store.commands("plugin_1", before=-(2**53), limit=9) == []
    ack = PluginMessage(type="ack", data={"seq": 2**53})
    assert [each.fresh for each in (await said(store, ack)).taken] == [True]
    assert (await store.page("plugin_1", after=2**53, limit=9, bytes_most=9999)).next_cursor == newest.seq
