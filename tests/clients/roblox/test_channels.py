"""The client of Channels for Studio: what it says, what it makes of what it hears, and when it comes back."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from plugin_studio import SOURCES, PluginStudio, ScriptedNetwork

HOST = "ws://127.0.0.1:8009"
BEGIN = """
fake.heard = {}
local Channels = fake.module("Channels")
fake.client = Channels.new({
    host = "ws://127.0.0.1:8009",
    key = "school",
    authorise = Channels.authorisedBy("http://127.0.0.1:8009/api/v1/pusher/auth", { Authorization = "Bearer jane" }),
})
fake.hear = function(name)
    return function(data)
        table.insert(fake.heard, { name, data })
    end
end
fake.client:bind("state", fake.hear("state"))
fake.client:bind("error", fake.hear("error"))
"""


class Page:
    """A client that is connecting, and what it has heard."""

    def __init__(self, answer: Mapping[str, Any] | None = None) -> None:
        signed = answer or {"StatusCode": 200, "Body": '{"auth": "school:signed"}'}
        self.network = ScriptedNetwork(lambda _asked: signed)
        source = (SOURCES / "Channels.luau").read_text(encoding="utf-8")
        self.studio = PluginStudio(self.network, {"Channels": source})
        self.do(BEGIN)
        self.do("fake.client:connect()")

    def do(self, source: str) -> Any:
        found = self.studio.do(source)
        self.studio.settle()
        return found

    def says(self, event: str, data: Any = None, channel: str | None = None) -> "Page":
        """As the server writes it: data is JSON within JSON."""
        frame = {"event": event, "data": json.dumps({} if data is None else data)}
        self.network.stream.says(frame if channel is None else {**frame, "channel": channel})
        self.studio.settle()
        return self

    def established(self, number: int = 1) -> "Page":
        self.network.stream.opens()
        return self.says(
            "pusher:connection_established", {"socket_id": f"{number}.1", "activity_timeout": 30}
        )

    def follows(self, name: str, *events: str) -> "Page":
        self.do(f'fake.channel = fake.client:subscribe("{name}")')
        for event in events:
            self.do(f'fake.channel:bind("{event}", fake.hear("{event}"))')
        return self

    @property
    def sent(self) -> list[Any]:
        return self.network.stream.sent

    @property
    def heard(self) -> list[Any]:
        return [tuple(each) for each in self.studio.do("return fake.heard")]


def test_it_connects_with_protocol_seven() -> None:
    page = Page().established()
    assert page.network.stream.url == f"{HOST}/app/school?protocol=7&client=toolboxai-luau&version=1"
    assert page.heard == [("state", "connecting"), ("state", "connected")]
    assert page.do("return fake.client.socketId") == "1.1"


def test_a_public_channel_is_followed_and_its_events_come() -> None:
    page = Page().established().follows("news", "headline", "pusher:subscription_succeeded")
    assert page.sent == [{"event": "pusher:subscribe", "data": {"channel": "news"}}]
    page.says("pusher_internal:subscription_succeeded", {}, "news").says(
        "headline", {"title": "It rains"}, "news"
    )
    page.says("headline", {"title": "of another"}, "other")
    assert page.heard[2:] == [("pusher:subscription_succeeded", []), ("headline", {"title": "It rains"})]
    assert page.network.asked == []


def test_a_private_channel_is_signed_for() -> None:
    page = Page().follows("private-plugin-7").established()
    (asked,) = page.network.asked
    assert asked["Url"] == "http://127.0.0.1:8009/api/v1/pusher/auth"
    assert asked["Headers"]["Authorization"] == "Bearer jane"
    assert json.loads(asked["Body"]) == {"socket_id": "1.1", "channel_name": "private-plugin-7"}
    assert page.sent == [
        {"event": "pusher:subscribe", "data": {"channel": "private-plugin-7", "auth": "school:signed"}}
    ]


def test_a_channel_that_is_refused_says_why() -> None:
    refused = {
        "StatusCode": 403,
        "Body": '{"error_code": "INSUFFICIENT_PERMISSIONS", "message": "not yours"}',
    }
    page = Page(refused).follows("private-x", "pusher:subscription_error").established()
    assert page.heard[-1] == ("pusher:subscription_error", {"error": "not yours"})
    assert page.sent == []


def test_events_of_clients_go_out_on_private_channels_that_are_followed() -> None:
    page = Page().established().follows("private-x")
    assert page.do('return fake.channel:trigger("client-hi", { text = "hello" })') is False
    page.says("pusher_internal:subscription_succeeded", {}, "private-x")
    assert page.do('return fake.channel:trigger("client-hi", { text = "hello" })') is True
    assert page.sent[-1] == {"event": "client-hi", "channel": "private-x", "data": {"text": "hello"}}
    with pytest.raises(RuntimeError, match="begin with client-"):
        page.do('fake.channel:trigger("hi", {})')
    page.follows("news").says("pusher_internal:subscription_succeeded", {}, "news")
    assert page.do('return fake.channel:trigger("client-hi", {})') is False


def test_who_unbinds_or_unsubscribes_hears_no_more() -> None:
    page = Page().established().follows("news")
    page.do('fake.stop = fake.channel:bind("headline", fake.hear("headline"))')
    page.says("headline", 1, "news").do("fake.stop()")
    page.says("headline", 2, "news")
    page.do('fake.channel:bind("headline", fake.hear("headline"))')
    page.do('fake.client:unsubscribe("news")')
    page.says("headline", 3, "news")
    assert [data for name, data in page.heard if name == "headline"] == [1]
    assert page.sent[-1] == {"event": "pusher:unsubscribe", "data": {"channel": "news"}}


def test_a_ping_is_answered_and_after_a_silence_one_is_sent() -> None:
    page = Page().established().says("pusher:ping")
    assert page.sent.pop()["event"] == "pusher:pong"
    page.studio.passes(31)
    assert page.sent.pop()["event"] == "pusher:ping"
    page.says("pusher:pong").studio.passes(31)
    assert len(page.network.streams) == 1
    page.studio.passes(70)  # nothing comes any more
    assert len(page.network.streams) == 2
    assert page.network.streams[0].closed


@pytest.mark.parametrize(
    ("code", "within", "state"),
    [(4001, 3600, "failed"), (4100, 3, "connecting"), (4201, 0, "connecting"), (None, 3, "connecting")],
)
def test_it_comes_back_as_the_servers_code_says(code: int | None, within: float, state: str) -> None:
    page = Page().established().follows("news")
    if code is not None:
        page.says("pusher:error", {"code": code, "message": "so it is"})
    page.network.stream.ends()
    page.studio.settle()
    assert len(page.network.streams) == (1 if within else 2)
    page.studio.passes(within)
    assert page.do("return fake.client.state") == state
    assert len(page.network.streams) == (1 if state == "failed" else 2)
    if state != "failed":
        page.established(2)
        assert page.sent == [{"event": "pusher:subscribe", "data": {"channel": "news"}}]


def test_an_error_that_ended_nothing_does_not_count_when_the_socket_is_cut_later() -> None:
    page = Page().established().says("pusher:error", {"code": 4009, "message": "not for you"})
    page.says("pusher:pong")
    page.network.stream.ends()
    page.studio.passes(3)
    assert page.do("return fake.client.state") == "connecting"
    assert len(page.network.streams) == 2


def test_a_server_that_sends_everybody_back_at_once_is_not_asked_all_the_time() -> None:
    page = Page()
    for _ in range(30):
        if not page.network.stream.over:
            page.network.stream.opens()
            page.says("pusher:error", {"code": 4200, "message": "come back at once"})
            page.network.stream.ends()
        page.studio.passes(1)
    assert 3 <= len(page.network.streams) <= 8


def test_pauses_grow_while_nothing_opens() -> None:
    page = Page()
    for _ in range(40):
        page.network.stream.breaks(0, "ConnectFail")
        page.studio.passes(15)
    assert 10 <= len(page.network.streams) <= 25
    assert ("error", {"message": "ConnectFail"}) in page.heard


def test_who_disconnects_stays_away() -> None:
    page = Page().established()
    page.do("fake.client:disconnect()")
    page.studio.passes(3600)
    assert [each.closed for each in page.network.streams] == [True]
    assert page.heard[-1] == ("state", "disconnected")
