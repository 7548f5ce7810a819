"""The guide's React hook and component, unchanged, in Chromium with React, before a real server and a real generation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import made
from bundles import bundled
from generation import long_text
from guide import block, filled_in
from guide_programs import IMPATIENT
from school import Open, Person, a_lesson
from server_process import serving
from toolboxai.platform.messages.registry import validate
from visit import PATIENCE_MS, Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

HOOK = block("React Hook for WebSocket", "javascript")
HARNESS = Path(__file__).with_name("guide_page.jsx")
PAGE = '<!doctype html><meta charset="utf-8"><title>guide</title><div id="root"></div><script>{}</script>'


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A school whose server soon misses who does not answer its pings."""
    school = made(tmp_path_factory.mktemp("school"))
    with serving([*IMPATIENT, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


@pytest.fixture(scope="module")
def script(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The guide's block and the harness, with React, as one script."""
    text = filled_in(HOOK, {"localhost:8009": f"127.0.0.1:{opened.server.port}"})
    return bundled(tmp_path_factory.mktemp("guide"), text + HARNESS.read_text(encoding="utf-8"))


class Shown:
    """The page, and the sockets that it has opened."""

    def __init__(self, visit: Visit, opened: Open) -> None:
        self.page: Page = visit.page
        self.visit = visit
        self.opened = opened
        self.sockets: list[str] = []
        self.page.on("websocket", lambda socket: self.sockets.append(re.sub("^ws://[^/]*", "", socket.url)))

    def show(self, session_id: str, *, strict: bool = False) -> None:
        self.page.evaluate("([id, how]) => show(id, how)", [session_id, {"strict": strict}])

    def to_the_end(self, session_id: str) -> None:
        """Show it, and wait until the last event of the session has come on a socket that was opened for it."""
        with self.page.expect_websocket() as fresh:
            self.show(session_id)
        fresh.value.wait_for_event("framereceived", lambda text: '"generation_complete"' in str(text))

    def sign_in(self, token: str) -> None:
        """Where the guide takes its token from."""
        self.page.evaluate("token => localStorage.setItem('jwt_token', token)", token)

    def texts(self) -> list[str]:
        """What is shown, line by line."""
        return self.page.locator("#root p").all_inner_texts()

    def history(self) -> list[list[str]]:
        """All that was shown up to now, each time line by line."""
        shown: list[str] = self.page.evaluate("window.shown")
        return [[line for line in text.split("\n") if line] for text in shown]

    def connected(self, name: str = "Connection") -> None:
        expect(self.page.get_by_text(f"{name}: Connected")).to_be_visible()

    def on_server(self, number: int) -> None:
        """Wait until the server has so many old sockets."""
        self.page.wait_for_function(
            r"""async (number) => {
              const told = await (await fetch('/metrics')).text();
              return Number(/^toolboxai_legacy_connections\{endpoint="content"\} (\S+)$/m.exec(told)?.[1] ?? 0) === number;
            }""",
            arg=number,
        )


@pytest.fixture
def shown(script: str, opened: Open, visit: Visit) -> Iterator[Shown]:
    """An empty page of the server's own origin, with the guide's code in it, and nobody's token."""
    # Any answer of the server's will do to stand on: a page that only claims to be from there may open no socket.
    visit.page.goto(f"{opened.server.url}/healthz")
    visit.page.set_content(PAGE.replace("{}", script))
    page = Shown(visit, opened)
    page.on_server(0)
    yield page
    visit.page.evaluate("leave()")
    page.on_server(0)


def asked(method: str, opened: Open, path: str, person: Person, body: Any = None) -> Any:
    answer = httpx2.request(
        method, opened.server.url + path, headers=person.bearer, json=body, trust_env=False, timeout=15
    )
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


def begun(opened: Open, person: Person, **changes: Any) -> dict[str, Any]:
    accepted: dict[str, Any] = asked("POST", opened, "/api/v1/content/generate", person, a_lesson(**changes))
    return accepted


@contextmanager
def all_turns_taken(opened: Open, person: Person) -> Iterator[None]:
    """Two long generations run, so that the next one waits until the block ends."""
    long = [begun(opened, person, source_text=long_text(200_000)) for _ in range(2)]
    yield
    for each in long:
        asked("DELETE", opened, each["status_url"], person)


def updates(opened: Open, person: Person, accepted: dict[str, Any]) -> list[list[str]]:
    """How the guide's component shows each progress update of a generation."""
    events = asked("GET", opened, accepted["events_url"], person)["items"]
    return [
        [
            "Connection: Connected",
            f"Stage: {event['data']['stage']}",
            f"Progress: {event['data']['progress_percent']}%",
            f"Message: {event['data']['message']}",
        ]
        for event in events
        if event["type"] == "progress_update"
    ]


def whole(shown: Shown) -> None:
    """The generation has come to its end on the page."""
    expect(shown.page.get_by_text("Progress: 100%")).to_be_visible(timeout=2 * PATIENCE_MS)


def test_the_component_shows_nothing_before_the_first_message_and_then_the_newest_one(shown: Shown) -> None:
    opened, jane = shown.opened, shown.opened.school["jane"]
    shown.sign_in(jane.token)
    with all_turns_taken(opened, jane):
        accepted = begun(opened, jane, source_text=long_text(30_000))
        shown.show(accepted["session_id"])
        shown.connected()
        assert shown.texts() == ["Connection: Connected"]
    whole(shown)
    expected = updates(opened, jane, accepted)
    assert shown.texts() == expected[-1]
    progress = [texts for texts in shown.history() if len(texts) > 1]
    places = [expected.index(texts) for texts in progress]
    assert places == sorted(places)
    assert {len(texts) for texts in shown.history()} == {1, 4}
    assert shown.sockets == [f"/ws/content/{accepted['session_id']}"]
    assert shown.visit.own_faults == []


def test_without_a_token_nothing_is_opened(shown: Shown) -> None:
    shown.show("gen_abc123")
    expect(shown.page.get_by_text("Connection: Disconnected")).to_be_visible()
    assert (shown.sockets, shown.history()) == ([], [["Connection: Disconnected"]])
    shown.on_server(0)


def test_another_session_or_another_token_leaves_exactly_one_socket(shown: Shown) -> None:
    opened, jane = shown.opened, shown.opened.school["jane"]
    first, second = (begun(opened, jane) for _ in range(2))
    shown.sign_in(jane.token)
    shown.to_the_end(first["session_id"])
    shown.on_server(1)

    shown.to_the_end(second["session_id"])
    shown.on_server(1)
    assert shown.sockets == [f"/ws/content/{each['session_id']}" for each in (first, second)]

    who = {"username": jane.name, "password": jane.password}
    shown.sign_in(asked("POST", opened, "/api/v1/auth/login", jane, who)["access_token"])
    shown.to_the_end(second["session_id"])
    shown.on_server(1)
    assert len(shown.sockets) == 3
    assert shown.texts()[1:] == updates(opened, jane, second)[-1][1:]

    shown.page.evaluate("leave()")
    shown.on_server(0)


def test_a_strict_mode_mounts_twice_and_shows_the_same(shown: Shown) -> None:
    opened, jane = shown.opened, shown.opened.school["jane"]
    accepted = begun(opened, jane)
    shown.sign_in(jane.token)
    shown.show(accepted["session_id"], strict=True)
    whole(shown)
    shown.on_server(1)
    assert shown.sockets == [f"/ws/content/{accepted['session_id']}"] * 2
    assert shown.texts()[1:] == updates(opened, jane, accepted)[-1][1:]


def test_the_hook_keeps_all_messages_in_order_and_lives_on_though_it_answers_no_ping(shown: Shown) -> None:
    opened, jane = shown.opened, shown.opened.school["jane"]
    accepted = begun(opened, jane)
    url = f"ws://127.0.0.1:{opened.server.port}/ws/content/{accepted['session_id']}"
    shown.page.evaluate("hook(null, null)")
    expect(shown.page.get_by_text("Hook: Disconnected")).to_be_visible()
    shown.page.evaluate("hooked.sendMessage({ type: 'ping' })")
    assert shown.sockets == []
    shown.page.evaluate("([url, token]) => hook(url, token)", [url, jane.token])
    shown.connected("Hook")
    # Who is silent for two intervals is closed; at the third ping the hook is still there: the browser answers for it.
    shown.page.wait_for_function("hooked.messages.filter(({ type }) => type === 'ping').length === 3")
    shown.page.evaluate("hooked.sendMessage({ type: 'ping' })")
    shown.page.wait_for_function("hooked.messages.at(-1).type === 'pong'")
    messages = shown.page.evaluate("hooked.messages")
    kept = asked("GET", opened, accepted["events_url"], jane)["items"]
    assert [message["type"] for message in messages[:2]] == ["auth_response", "snapshot"]
    assert [message for message in messages[2:-1] if message["type"] != "ping"] == kept
    assert [faults for message in messages if (faults := validate(message))] == []
    states = [texts[0] for texts in shown.history()]
    assert states == [f"Hook: {state}" for state in ("Disconnected", "Connecting", "Connected")]
