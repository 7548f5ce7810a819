"""A Channels server alone: no database without webhooks, and webhooks from a reload on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sinks import Sink, sink_open
from toolboxai.app import running
from toolboxai.client import connect
from toolboxai.config import Purpose, Settings, load_settings
from toolboxai.errors import ConfigError

APP = '[[apps]]\nid = "3"\nkey = "key"\nsecret = "secret"\n'


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with sink_open() as sink:
        yield sink


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "toolboxai.toml"
    path.write_text(APP)
    return path


@pytest.fixture
def read(config: Path) -> Callable[[], Settings]:
    """Read the settings as they stand in the file by now."""
    environ = {"TOOLBOXAI_DRAIN_S": "0", "TOOLBOXAI_DATABASE_URL": f"sqlite:///{config.parent}/db.sqlite"}
    overrides = {"server.port": 0}
    return lambda: load_settings(environ, file=config, overrides=overrides, purpose=Purpose.CHANNELS_ONLY)


def edit(config: Path, text: str) -> None:
    config.write_text(text)


def with_webhook(sink: Sink) -> str:
    return f'{APP}[[apps.webhooks]]\nurl = "{sink.url}"\n'


async def test_webhooks_that_a_reload_brings_are_posted(
    sink: Sink, config: Path, read: Callable[[], Settings]
) -> None:
    async with (
        running(read(), channels_only=True, reread=read) as server,
        connect(server.url, "key") as client,
    ):
        await client.subscribe("before")
        assert not (config.parent / "db.sqlite").exists()
        edit(config, with_webhook(sink))
        await server.apps.reload()
        await client.subscribe("after")
        assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "after"}]
    assert len(sink.posts) == 1, "who goes with the server is not told as gone"


async def test_who_was_told_as_there_before_is_told_again_and_never_as_gone_while_it_is_there(
    sink: Sink, config: Path, read: Callable[[], Settings]
) -> None:
    edit(config, with_webhook(sink))
    async with (
        running(read(), channels_only=True, reread=read) as server,
        connect(server.url, "key") as client,
    ):
        await client.subscribe("lesson")
        await sink.next()
    edit(config, APP)
    async with (
        running(read(), channels_only=True, reread=read) as server,
        connect(server.url, "key") as client,
    ):
        channel = await client.subscribe("lesson")
        edit(config, with_webhook(sink))
        await server.apps.reload()
        channel.unsubscribe()
        await client.subscribe("lesson")
        assert (await sink.next()).events == [{"name": "channel_occupied", "channel": "lesson"}]


async def test_a_database_that_cannot_be_served_from_leaves_all_as_it_was(
    sink: Sink, config: Path, read: Callable[[], Settings]
) -> None:
    async with running(read(), channels_only=True, reread=read) as server:
        database = config.parent / "db.sqlite"
        await asyncio.to_thread(_of_another, database)
        edit(config, with_webhook(sink))
        with pytest.raises(ConfigError):
            await server.apps.reload()
        assert [app.webhooks for app in server.node.apps] == [()]
        database.unlink()
        await server.apps.reload()
        async with connect(server.url, "key") as client:
            await client.subscribe("a")
            assert (await sink.next()).names == ["channel_occupied"]


def _of_another(database: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE apps (id TEXT)")
    connection.commit()
    connection.close()
