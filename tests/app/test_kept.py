"""Over a restart of the whole server: what is kept goes along, in the database, and no trouble with that stops anyone."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from callers import Http, Socket, until
from servers import APP_ID, KEY, SECRET, signed
from toolboxai.adapters.backup.asking import Asked, asked
from toolboxai.adapters.database import migrate
from toolboxai.app import Running, running
from toolboxai.config import Purpose, Settings, load_settings

PLAIN = f'[[apps]]\nid = "{APP_ID}"\nkey = "{KEY}"\nsecret = "{SECRET}"\n'
HISTORY = f'{PLAIN}[[apps.history]]\npattern = "kept-*"\nevents = 5\nseconds = 60\n'
RESUME = f"{PLAIN}resume = true\n"


class Place:
    """Where one server after the other runs, of Channels alone."""

    def __init__(self, home: Path) -> None:
        self.database = home / "kept.db"
        self._config = home / "toolboxai.toml"

    @asynccontextmanager
    async def serving(self, apps: str) -> AsyncIterator[Running]:
        self._config.write_text(apps)
        async with running(self._settings(), channels_only=True) as server:
            yield server

    def _settings(self) -> Settings:
        environ: Mapping[str, str] = {
            "TOOLBOXAI_DRAIN_S": "0",
            "TOOLBOXAI_DATABASE_URL": f"sqlite:///{self.database}",
        }
        return load_settings(
            environ, file=self._config, overrides={"server.port": 0}, purpose=Purpose.CHANNELS_ONLY
        )

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """The database, in other hands than the server's."""
        connection = sqlite3.connect(self.database)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def rows(self) -> list[tuple[Any, ...]]:
        with self.opened() as database:
            return database.execute("SELECT whence, app_id FROM kept_state").fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def publish(server: Running, channel: str, data: str) -> None:
    body = Http.json({"name": "e", "channel": channel, "data": data})
    async with Http.opened(int(server.url.rpartition(":")[2])) as http:
        answer = await http.ask("POST", signed("POST", f"/apps/{APP_ID}/events", body), body)
    assert answer.status == 200, answer.text


@asynccontextmanager
async def subscribed(server: Running, channel: str, path: str = "") -> AsyncIterator[Socket]:
    url = f"ws{server.url.removeprefix('http')}{path}/app/{KEY}?protocol=7"
    async with Socket.opened(url) as alice:
        await alice.hear()
        await alice.enter(channel)
        yield alice


async def handed(server: Running, channel: str, path: str = "") -> list[str]:
    """What a newcomer, or whoever comes back, is handed."""
    async with subscribed(server, channel, path) as alice:
        await alice.say("pusher:ping", {})
        heard = []
        while (said := await alice.hear())["event"] != "pusher:pong":
            heard.append(said.get("data", said["event"]))
        return heard


@pytest.mark.parametrize(("apps", "channel"), [(HISTORY, "kept-1"), (PLAIN, "cache-1")])
async def test_late_joiners_are_handed_what_an_earlier_process_has_kept(
    place: Place, apps: str, channel: str
) -> None:
    async with place.serving(apps) as server:
        await publish(server, channel, "1")
    assert place.rows() == [("left", APP_ID)]
    async with place.serving(apps) as server:
        assert place.rows() == []  # nobody begins with it twice
        assert await handed(server, channel) == ["1"]


async def test_a_page_goes_on_where_it_was(place: Place) -> None:
    async with place.serving(RESUME) as server:
        async with subscribed(server, "a", "/s/page-0001"):
            pass
        await publish(server, "a", "1")
    async with place.serving(RESUME) as server:
        await publish(server, "a", "2")
        assert await handed(server, "a", "/s/page-0001") == ["1", "2"]


async def test_an_event_stream_goes_on_behind_its_last_event(place: Place) -> None:
    path = f"/apps/{APP_ID}/channels/kept-1/poll?auth_key={KEY}"

    async def asked(server: Running, after: str = "") -> dict[str, Any]:
        async with Http.opened(int(server.url.rpartition(":")[2])) as http:
            answer = await http.ask("GET", f"{path}&wait=0&after={after}")
        assert answer.status == 200, answer.text
        page: dict[str, Any] = json.loads(answer.body)
        return page

    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
        cursor = (await asked(server))["cursor"]
        await publish(server, "kept-1", "2")
    async with place.serving(HISTORY) as server:
        page = await asked(server, cursor)
    assert ([item["data"] for item in page["items"]], page["gap"]) == (["2"], False)


async def test_who_keeps_nothing_needs_no_database(place: Place) -> None:
    async with place.serving(PLAIN) as server:
        await publish(server, "kept-1", "1")
    assert not place.database.exists()


async def test_a_server_that_cannot_begin_leaves_what_it_has_taken(place: Place) -> None:
    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
    with pytest.raises(RuntimeError, match="on the way"):
        async with place.serving(HISTORY):
            raise RuntimeError("on the way")
    async with place.serving(HISTORY) as server:
        assert await handed(server, "kept-1") == ["1"]


async def test_after_a_crash_nobody_begins_with_what_was_written_down_before(place: Place) -> None:
    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
        assert await server.kept.checkpoint() > 0
        assert place.rows() == [("running", APP_ID)]
        with place.opened() as database:
            crashed = database.execute("SELECT whence, app_id, form, body FROM kept_state").fetchall()
    with place.opened() as database:  # as if it had never come to its end
        database.execute("DELETE FROM kept_state")
        database.executemany(
            "INSERT INTO kept_state (whence, app_id, form, body) VALUES (?, ?, ?, ?)", crashed
        )
    async with place.serving(HISTORY) as server:
        assert await handed(server, "kept-1") == []


async def test_a_part_that_is_broken_does_not_stop_the_start(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
    with place.opened() as database:
        database.execute("UPDATE kept_state SET body = x'00ff'")
    async with place.serving(HISTORY) as server:
        assert await handed(server, "kept-1") == []
    assert "cannot be read" in caplog.text


async def test_a_database_that_is_of_no_use_is_told_on_the_way_in_and_out_and_nobody_is_kept(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.database.write_bytes(b"this is no database" * 100)
    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
        assert await handed(server, "kept-1") == ["1"]
    told = [record for record in caplog.records if record.name == "toolboxai.app.kept"]
    assert [record.message.partition(":")[0] for record in told] == [
        "what was kept cannot be loaded, and will hardly be saved on the way out",
        "kept events and the places of readers are not saved",
    ]
    assert all("not a database" in record.__dict__["reason"] for record in told)


async def test_a_backup_is_answered_once_there_is_a_database_of_use(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asks() -> Asked:
        migrate.prepare(url)
        with asked(url, wait_s=10.0) as came:
            return came

    monkeypatch.setattr("toolboxai.app.storage._LOOK_S", 0.01)
    url = f"sqlite:///{place.database}"
    place.database.write_bytes(b"this is no database" * 100)
    async with place.serving(HISTORY):
        await until(lambda: "backups are not answered" in caplog.text)
        place.database.unlink()
        assert await asyncio.to_thread(asks) is Asked.WRITTEN
    assert sum("backups are not answered" in record.message for record in caplog.records) == 1


async def test_what_could_not_be_taken_is_not_taken_later(place: Place) -> None:
    """Its positions would be taken for those of the life between."""
    async with place.serving(HISTORY) as server:
        await publish(server, "kept-1", "1")
    with place.opened() as database:
        database.execute(
            "CREATE TRIGGER guard BEFORE DELETE ON kept_state BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
    async with place.serving(HISTORY) as server:
        assert await handed(server, "kept-1") == []
        with place.opened() as database:
            database.execute("DROP TRIGGER guard")
    async with place.serving(HISTORY) as server:
        assert await handed(server, "kept-1") == []


async def test_nor_is_what_another_process_has_left_meanwhile(place: Place) -> None:
    async with place.serving(RESUME):
        with place.opened() as database:
            database.execute(
                "INSERT INTO kept_state (whence, app_id, form, body) VALUES ('left', '3', 1, x'92')"
            )
    assert place.rows() == []


async def test_a_database_that_does_not_answer_is_not_waited_for_without_end(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_asked: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("toolboxai.app.kept.SAVE_S", 0.05)
    async with place.serving(RESUME) as server:
        await publish(server, "cache-1", "1")
        monkeypatch.setattr("toolboxai.adapters.database.kept_state.DatabaseKeptStore.save", silent)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "not saved" in record.message
    assert "no answer" in record.__dict__["reason"]
