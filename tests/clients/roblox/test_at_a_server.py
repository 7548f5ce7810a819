"""The plugin and the client of Channels at a running server: every door, worlds, a revoked token."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forms import FULL
from plugin_studio import SOURCES, PluginStudio, RealNetwork, sources
from school import SERVE, School, a_lesson, open_school
from server_process import Serving, launched, serving

pytestmark = [pytest.mark.timeout(60), pytest.mark.xdist_group("studio")]

PLUGINS = "/api/v1/plugins"
WORLDS = "/api/v1/roblox/environments"
DOORS = {
    "WebSocket": set[str](),
    "event stream": {"WebSocket"},
    "long poll": {"WebSocket", "SSE"},
}
each_door = pytest.mark.parametrize("door", DOORS)


class Owner:
    """Jane, who has plugins at a server.

    Args:
        http: as her.
        server: that runs.
        key: of its app.
        token: hers.
    """

    def __init__(self, http: httpx2.Client, server: Serving, key: str, token: str) -> None:
        self.http = http
        self.server = server
        self.key = key
        self.token = token

    def plugin(self) -> "Plugin":
        answer = self.http.post(PLUGINS, json={"name": "Studio"})
        assert answer.status_code == 201, answer.text
        return Plugin(self, answer.json())

    def world(self, **wish: Any) -> str:
        """A world that is built."""
        answer = self.http.post(WORLDS, json={"theme": "classroom", "size": "small", "features": {}, **wish})
        assert answer.status_code == 202, answer.text
        begun = answer.json()
        until = time.monotonic() + 40
        while (now := self.http.get(begun["status_url"]).json())["status"] != "ready":
            assert now["status"] in ("queued", "generating"), now
            assert time.monotonic() < until, now
            time.sleep(0.1)
        return str(begun["environment_id"])


class Plugin:
    """One that was registered, and Studios in which it is."""

    def __init__(self, owner: Owner, made: Mapping[str, Any]) -> None:
        self.owner = owner
        self.made = made
        self.path = f"{PLUGINS}/{made['plugin_id']}"
        self.network = RealNetwork()
        self.settings = dict[str, str]()

    def studio(self, door: str = "WebSocket") -> PluginStudio:
        """A Studio that is connected by this door, hurrying over what it would wait."""
        self.network.shut = DOORS[door]
        studio = PluginStudio(self.network, sources(), self.settings)
        if not self.settings:
            studio.connect(self.owner.server.url, self.made["token"])
        hurry(studio, lambda: studio.state == f"Connected: {door}")
        return studio.until(lambda: self.owner.http.get(self.path).json()["capabilities"] != [])

    def command(self, action: str, payload: Mapping[str, Any], **more: Any) -> str:
        answer = self.owner.http.post(
            f"{self.path}/commands", json={"action": action, "payload": payload, **more}
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["command_id"])

    def says(self, text: str) -> str:
        return self.command("show_message", {"text": text})

    def became(self, command_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.owner.http.get(f"{self.path}/commands/{command_id}").json()
        return found

    def done(self, studio: PluginStudio, command_id: str) -> dict[str, Any]:
        """The command, when the server knows how it ended."""
        studio.until(lambda: self.became(command_id)["ended_at"] is not None, seconds=25)
        return self.became(command_id)


def hurry(studio: PluginStudio, holds: Callable[[], bool]) -> None:
    """Until something holds, with the plugin's pauses cut short."""

    def look() -> bool:
        if not holds() and studio.state.startswith("Trying again"):
            studio.advance(3)
        return holds()

    studio.until(look)


def cut(plugin: Plugin) -> None:
    plugin.network.lines[-1][1].leave()


@contextmanager
def as_jane(school: School, server: Serving) -> Iterator[Owner]:
    jane = school["jane"]
    with httpx2.Client(base_url=server.url, headers=jane.bearer, trust_env=False, timeout=15) as http:
        yield Owner(http, server, school.key, jane.token)


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    school = open_school(tmp_path_factory.mktemp("studio"), names=("jane",))
    with (
        serving([*SERVE, "0"], cwd=school.home, env=school.env) as server,
        as_jane(school, server) as owner,
    ):
        yield owner


@pytest.fixture(scope="module")
def world(owner: Owner) -> str:
    """One that is built already."""
    return owner.world(name="Water world")


@each_door
def test_a_command_is_done_and_reported_through_every_door(door: str, owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio(door)
    became = plugin.done(studio, plugin.says(f"through the {door}"))
    assert (became["status"], became["error"]) == ("ok", None)
    assert studio.lines == [f"through the {door}"]
    assert owner.http.get(plugin.path).json()["connected"] is True


def test_doors_are_changed_and_nothing_is_lost_or_shown_twice(owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    plugin.done(studio, plugin.says("one"))
    for number, door in enumerate(("event stream", "long poll"), 1):
        plugin.network.shut = DOORS[door]
        cut(plugin)
        lost = plugin.says(f"while nothing was open {number}")
        hurry(studio, lambda door=door: studio.state == f"Connected: {door}")  # type: ignore[misc]
        plugin.done(studio, lost)
        plugin.done(studio, plugin.says(f"through the {door}"))
    assert studio.lines == [
        "one",
        "while nothing was open 1",
        "through the event stream",
        "while nothing was open 2",
        "through the long poll",
    ]


@each_door
def test_a_revoked_plugin_is_told_and_asks_no_more(door: str, owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio(door)
    assert owner.http.delete(plugin.path).status_code == 204
    hurry(studio, lambda: studio.state.startswith("Refused"))
    asked = len(studio.requests)
    opened = len(plugin.network.lines)
    studio.passes(600)
    assert (len(studio.requests), len(plugin.network.lines)) == (asked, opened)
    assert re.search("revoked|out of use", studio.state)


def test_a_world_is_built_replaced_and_undone(owner: Owner, world: str) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    first = plugin.done(studio, plugin.command("apply_bundle", {"environment_id": world}))
    assert first["status"] == "ok", first
    assert first["result"]["environment_id"] == world
    assert first["result"]["parts"] > 50
    folder = studio.tree("toolboxai")["children"][0]
    assert (folder["name"], folder["attributes"]) == ("Water world", {"EnvironmentId": world})
    again = plugin.done(studio, plugin.command("apply_bundle", {"environment_id": world}))
    assert again["result"] == first["result"]
    assert len(studio.tree()["children"]) == 1
    assert studio.steps == 2
    assert studio.undo().tree()["children"] == [folder]
    assert studio.undo().tree() is None


def test_one_command_id_is_one_effect(owner: Owner, world: str) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    wanted = {"action": "apply_bundle", "payload": {"environment_id": world}, "command_id": "command_once"}
    for _ in range(2):
        assert owner.http.post(f"{plugin.path}/commands", json=wanted).status_code == 202
    plugin.done(studio, "command_once")
    plugin.done(studio, plugin.says("behind it"))
    assert studio.steps == 1


def test_a_studio_that_was_closed_goes_on_where_it_was(owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    plugin.done(studio, plugin.says("before"))
    studio.close()
    waiting = plugin.says("while it was closed")
    again = plugin.studio()
    assert plugin.done(again, waiting)["status"] == "ok"
    assert again.lines == ["while it was closed"]


def test_somebody_elses_world_is_as_unknown_as_none(owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    became = plugin.done(studio, plugin.command("apply_bundle", {"environment_id": "env_of_nobody"}))
    assert became["status"] == "error"
    assert became["error"].startswith(("ENVIRONMENT_NOT_FOUND", "RESOURCE_NOT_FOUND")), became
    assert studio.steps == 0


def test_a_world_in_the_making_is_shown(owner: Owner) -> None:
    plugin = owner.plugin()
    studio = plugin.studio()
    world = owner.world(name="Shown")
    studio.until(lambda: f"{world}: ready, 100 %" in studio.label("Worlds"))


def test_a_permission_that_is_missing_is_told(owner: Owner) -> None:
    plugin = owner.plugin()
    plugin.network.shut = DOORS["long poll"]
    plugin.network.prompts = "Plugin does not have permission to make HTTP requests to this domain"
    studio = PluginStudio(plugin.network, sources()).connect(owner.server.url, plugin.made["token"])
    hurry(studio, lambda: studio.state.startswith("Refused: Studio does not let this plugin speak to"))


@pytest.mark.skipif(not FULL, reason="in the full form: make test-all")
@each_door
def test_a_server_that_is_killed_loses_no_command_and_none_is_done_twice(door: str, tmp_path: Path) -> None:
    school = open_school(tmp_path, names=("jane",))
    with launched([*SERVE, "0"], cwd=school.home, env=school.env) as server, as_jane(school, server) as owner:
        plugin = owner.plugin()
        studio = plugin.studio(door)
        plugin.done(studio, plugin.says("before"))
        waiting = [plugin.says(f"waiting {number}") for number in range(5)]
        server.process.kill()
        server.process.wait()
        studio.passes(5)
    with (
        launched([*SERVE, str(server.port)], cwd=school.home, env=school.env) as again,
        as_jane(school, again) as owner,
    ):
        plugin.owner = owner
        hurry(studio, lambda: studio.state.startswith("Connected"))
        for each in waiting:
            assert plugin.done(studio, each)["status"] == "ok"
    assert studio.lines == ["before", *(f"waiting {number}" for number in range(5))]


# ---- Channels ----

PAGE = """
local host, key, token = ...
local Channels = fake.module("Channels")
fake.heard = {}
fake.hear = function(name)
    return function(data)
        table.insert(fake.heard, { name, data })
    end
end
fake.client = Channels.new({
    host = (string.gsub(host, "^http", "ws")),
    key = key,
    authorise = Channels.authorisedBy(host .. "/api/v1/pusher/auth", { Authorization = "Bearer " .. token }),
})
fake.client:bind("error", fake.hear("error"))
fake.follow = function(channel, ...)
    fake.channel = fake.client:subscribe(channel)
    for _, event in { "pusher:subscription_succeeded", "pusher:subscription_error", ... } do
        fake.channel:bind(event, fake.hear(event))
    end
end
fake.client:connect()
"""


class Page:
    """A Studio in which the client of Channels runs alone."""

    def __init__(self, owner: Owner, key: str | None = None) -> None:
        source = (SOURCES / "Channels.luau").read_text(encoding="utf-8")
        self.studio = PluginStudio(RealNetwork(), {"Channels": source})
        self.studio.do(PAGE, *map(self.studio.value, (owner.server.url, key or owner.key, owner.token)))

    def follow(self, channel: str, *events: str) -> "Page":
        self.studio.do("fake.follow(...)", *map(self.studio.value, (channel, *events)))
        return self.until("pusher:subscription_succeeded")

    def until(self, name: str) -> "Page":
        self.studio.until(lambda: any(each[0] == name for each in self.heard))
        return self

    @property
    def heard(self) -> list[Any]:
        return list(self.studio.do("return fake.heard"))

    @property
    def state(self) -> str:
        return str(self.studio.do("return fake.client.state"))


def test_studio_follows_a_private_channel(owner: Owner) -> None:
    plugin = owner.plugin()
    page = Page(owner).follow(f"private-plugin-{plugin.made['plugin_id']}", "plugin_command")
    command_id = plugin.says("for a dashboard")
    page.until("plugin_command")
    (event,) = [data for name, data in page.heard if name == "plugin_command"]
    assert event["data"]["command_id"] == command_id


def test_two_studios_speak_with_each_other_on_a_private_channel(owner: Owner) -> None:
    channel = f"private-plugin-{owner.plugin().made['plugin_id']}"
    one = Page(owner).follow(channel)
    other = Page(owner).follow(channel, "client-hi")
    assert one.studio.do('return fake.channel:trigger("client-hi", { text = "hello" })') is True
    other.until("client-hi")
    assert ["client-hi", {"text": "hello"}] in other.heard


def test_a_channel_of_nobody_is_refused_and_a_public_one_is_not(owner: Owner) -> None:
    page = Page(owner).follow("news")
    page.studio.do('fake.follow("private-plugin-of-nobody")')
    page.until("pusher:subscription_error")


def test_a_key_of_nobody_ends_it(owner: Owner) -> None:
    page = Page(owner, key="no-such-key")
    page.studio.until(lambda: page.state == "failed")
    assert page.heard[0][0] == "error"
    assert page.heard[0][1]["code"] == 4001


def test_a_socket_that_was_cut_is_followed_by_another(owner: Owner) -> None:
    page = Page(owner).follow("news")
    network = page.studio.network
    assert isinstance(network, RealNetwork)
    network.lines[-1][1].leave()
    page.studio.until(lambda: page.state == "unavailable")
    page.studio.advance(3)
    page.studio.until(lambda: len([each for each in page.heard if each[0].endswith("succeeded")]) == 2)


def test_the_example_shows_a_lesson_in_the_making(owner: Owner) -> None:
    answer = owner.http.post("/api/v1/content/generate", json=a_lesson())
    assert answer.status_code == 202, answer.text
    folder = SOURCES.parents[1] / "examples" / "studio"
    example = (folder / "lesson.luau").read_text(encoding="utf-8").replace("8009", str(owner.server.port))
    scripts = {"Channels": (SOURCES / "Channels.luau").read_text(encoding="utf-8"), "lesson": example}
    studio = PluginStudio(RealNetwork(), scripts)
    studio.do(
        """local session, token = ...
        fake.shown = {}
        fake.client = fake.module("lesson")(session, token, function(line)
            table.insert(fake.shown, line)
        end)""",
        studio.value(answer.json()["session_id"]),
        studio.value(owner.token),
    )
    studio.until(lambda: studio.do("return fake.client.state") == "disconnected", seconds=40)
    assert studio.do("return fake.shown[#fake.shown]") == f"ready: {answer.json()['content_id']}"
