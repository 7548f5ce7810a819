"""The apps of the file and those of the database, joined, and what a reload does with either."""

import asyncio
import logging
import random
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.app.stored_apps import app_parser
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.apps.stored import StoredApp, StoredKey
from toolboxai.broker.memory import MemoryBroker
from toolboxai.config import Settings
from toolboxai.errors import ConfigError, ValidationError
from toolboxai.node.node import Node
from toolboxai.node.served_apps import Configured, ServedApps
from toolboxai.testing.clock import ManualClock

OURS = App(id="1", keys=(AppKey("ours", "s"),))
TWO = App(id="2", keys=(AppKey("two", "s"),))


class File:
    """The settings file, as the next reading finds it."""

    def __init__(self) -> None:
        self.apps: list[App] = [OURS]
        self.faults: list[str] = []
        self.needs_restart: list[str] = []

    def read(self) -> Configured:
        if self.faults:
            raise ConfigError(self.faults)
        return Configured(AppRegistry(self.apps, own=self.apps[0]), self.needs_restart)


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseAppStore:
    return DatabaseAppStore(database)


@pytest.fixture
def node(file: File, clock: ManualClock) -> Node:
    dice = random.Random(1)
    return Node(file.read().apps, MemoryBroker(clock, dice), clock=clock, dice=dice)


@pytest.fixture
async def served(file: File, node: Node, store: DatabaseAppStore) -> ServedApps:
    served = ServedApps(node, file.read)
    await served.add_stored(store, app_parser(Settings()), random.Random(2))
    return served


def stored(app_id: str, key: str, **settings: object) -> StoredApp:
    return StoredApp(app_id, "", settings, True, (StoredKey(AppKey(key, "s"), 1.0),), 1.0, 1.0)


def ids(node: Node) -> list[str]:
    return [app.id for app in node.apps]


async def test_a_change_is_in_force_at_the_end_of_the_block(served: ServedApps, node: Node) -> None:
    async with served.changing() as registrar:
        made = await registrar.create({"event_bytes": 5}, app_id="7")
    app = node.apps.by_key(made.keys[0].pair.key)
    assert app is not None
    assert (app.id, app.event_bytes, ids(node)) == ("7", 5, ["1", "7"])
    async with served.changing() as registrar:
        await registrar.change("7", {}, enabled=False)
    found = node.apps.by_id("7")
    assert found is not None
    assert not found.enabled
    async with served.changing() as registrar:
        await registrar.remove("7")
    assert ids(node) == ["1"]


async def test_a_change_that_is_refused_changes_nothing(served: ServedApps, node: Node) -> None:
    before = node.apps
    with pytest.raises(ValidationError):
        async with served.changing() as registrar:
            await registrar.create({"event_bytes": 0})
    assert node.apps is before


async def test_a_reload_takes_the_file_and_the_database(
    served: ServedApps, node: Node, store: DatabaseAppStore, file: File
) -> None:
    await store.add(stored("7", "seven"))
    file.apps = [replace(OURS, event_bytes=5), TWO]
    file.needs_restart = ["server.port"]
    done = await served.reload()
    assert done.changes.ids() == {
        "added": ["2", "7"],
        "changed": ["1"],
        "enabled": [],
        "disabled": [],
        "removed": [],
    }
    assert (done.needs_restart, dict(done.not_served)) == (["server.port"], {})
    assert node.apps.own == replace(OURS, event_bytes=5)
    file.apps = [OURS]
    assert (await served.reload()).changes.ids()["removed"] == ["2"]


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (stored("2", "seven"), "an app with this id, which goes before it"),
        (stored("7", "two"), "an app with its key two, which goes before it"),
        (stored("7", "seven", event_byte=1), "did you mean 'event_bytes'?"),
    ],
)
async def test_an_app_of_the_database_that_cannot_be_served_is_told_and_takes_no_other_along(
    served: ServedApps,
    node: Node,
    store: DatabaseAppStore,
    file: File,
    app: StoredApp,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await store.add(app)
    await store.add(stored("8", "eight"))
    file.apps = [OURS, TWO]
    done = await served.reload()
    assert list(done.not_served) == [app.id]
    assert reason in done.not_served[app.id]
    assert ids(node) == ["1", "2", "8"]
    assert node.apps.by_key("two") == TWO
    listed = {(each.app or each.stored).id: each.not_served for each in (await served.all())[2:]}  # type: ignore[union-attr]  # one is there
    assert listed == {app.id: done.not_served[app.id], "8": None}
    assert [record.__dict__["app_id"] for record in caplog.records if record.levelno == logging.WARNING] == [
        app.id
    ]


async def test_what_is_wrong_changes_nothing_and_every_fault_is_logged(
    served: ServedApps, node: Node, store: DatabaseAppStore, file: File, caplog: pytest.LogCaptureFixture
) -> None:
    await store.add(stored("7", "seven"))
    before = node.apps
    file.faults = ["one fault", "another fault"]
    await served.reload_or_log()
    assert [record.__dict__["fault"] for record in caplog.records] == file.faults
    with pytest.raises(ConfigError):
        await served.reload()
    assert node.apps is before


async def test_another_app_of_ours_is_refused_as_a_whole(served: ServedApps, node: Node, file: File) -> None:
    before = node.apps
    file.apps = [TWO, OURS]
    with pytest.raises(ConfigError, match="restart the server"):
        await served.reload()
    assert node.apps is before
    async with served.changing() as registrar:
        await registrar.create({}, app_id="2")  # the file that was refused counts for nothing
    assert ids(node) == ["1", "2"]


async def test_changes_come_one_after_another(served: ServedApps, node: Node) -> None:
    async def make(app_id: str) -> None:
        async with served.changing() as registrar:
            await registrar.create({}, app_id=app_id)

    await asyncio.gather(*(make(str(number)) for number in range(10, 20)), served.reload())
    assert sorted(ids(node)) == sorted(["1", *map(str, range(10, 20))])


async def test_without_a_database_there_is_only_the_file(node: Node, file: File) -> None:
    served = ServedApps(node, file.read)
    file.apps = [OURS, TWO]
    assert (await served.reload()).changes.ids()["added"] == ["2"]
    assert [each.own for each in await served.all()] == [True, False]
    with pytest.raises(RuntimeError, match="only where a database"):
        async with served.changing():
            pass
