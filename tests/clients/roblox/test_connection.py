"""One way is open at a time, another is found where it is shut, and nothing is read twice or left out."""

import json
from typing import Any

import pytest

from plugin_studio import PluginStudio, ScriptedNetwork, sources
from studio_parts import ADDRESS, PLUGIN, TOKEN, Server, command, connected, refusal

HALF_AN_HOUR_S = 1800


def say(seq: int) -> dict[str, Any]:
    return command(seq, "show_message", {"text": f"line {seq}"})


def page(*messages: Any, cursor: int, complete: bool = True) -> dict[str, Any]:
    return {
        "StatusCode": 200,
        "Body": json.dumps({"items": messages, "next_cursor": cursor, "complete": complete}),
    }


def begun(server: Server) -> tuple[PluginStudio, ScriptedNetwork]:
    network = ScriptedNetwork(server)
    return PluginStudio(network, sources()).connect(ADDRESS, TOKEN), network


def test_the_first_door_is_a_socket_with_the_token_in_a_header_alone() -> None:
    studio, network = connected(Server())
    assert studio.state == "Connected: WebSocket"
    (stream,) = network.streams
    assert (stream.kind, stream.url) == ("WebSocket", f"ws://127.0.0.1:8009/ws/plugin/{PLUGIN}")
    assert stream.headers == {"Authorization": f"Bearer {TOKEN}"}
    assert stream.sent == [{"type": "resume", "last_seq": 0}]


def test_it_says_who_it_is_and_what_it_can_do() -> None:
    server = Server()
    connected(server)
    (hello,) = server.posts
    assert hello["type"] == "plugin_hello"
    assert hello["data"]["capabilities"] == ["apply_bundle", "show_message", "world_events"]
    assert hello["data"]["studio_version"]


def test_a_ping_is_answered() -> None:
    studio, network = connected(Server())
    network.stream.says({"type": "ping", "timestamp": "2026-05-28T20:26:40Z"})
    studio.settle()
    assert network.stream.sent[-1] == {"type": "pong", "timestamp": "2026-05-28T20:26:40Z"}


def test_where_no_socket_opens_there_is_a_stream_of_events_and_then_a_long_poll() -> None:
    server = Server()
    studio, network = begun(server)
    for kind in ("WebSocket", "WebSocket", "SSE", "SSE"):
        assert network.stream.kind == kind
        network.stream.breaks(0, "ConnectFail")
        studio.passes(5)
    assert len(network.streams) == 4
    polls = [each for each in network.asked if each["Method"] == "GET"]
    assert [each["Url"] for each in polls] == [f"{ADDRESS}/api/v1/plugins/{PLUGIN}/messages?cursor=0&wait=0"]
    assert polls[0]["Headers"] == {"Authorization": f"Bearer {TOKEN}"}


def test_a_door_that_is_shut_for_good_is_tried_once() -> None:
    studio, network = begun(Server())
    network.stream.breaks(410)
    studio.passes(2)
    assert [each.kind for each in network.streams] == ["WebSocket", "SSE"]


def test_a_studio_without_a_free_stream_asks_by_polls() -> None:
    server = Server()
    server.page = page(cursor=0)
    network = ScriptedNetwork(server)
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "too many WebStreamClients")
    held: list[Any] = []
    network.answer = lambda asked: (
        server(asked) if not asked["Url"].endswith("wait=25") else held.append(asked)
    )
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN).passes(30)
    assert studio.state == "Connected: long poll"
    assert len(held) == 1


def test_a_stream_that_is_cut_goes_on_where_it_was_and_nothing_is_shown_twice() -> None:
    studio, network = connected(Server())
    for seq in (1, 2, 2, 1):
        network.stream.says(say(seq))
    studio.passes(HALF_AN_HOUR_S / 60)
    network.stream.ends()
    studio.passes(3)
    assert [each.kind for each in network.streams] == ["WebSocket"] * 2
    network.stream.opens()
    studio.settle()
    assert network.stream.sent == [{"type": "resume", "last_seq": 2}]
    for seq in (2, 3):
        network.stream.says(say(seq))
    studio.settle()
    assert studio.lines == ["line 1", "line 2", "line 3"]


def test_doors_are_changed_without_loss() -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(say(1))
    studio.settle()
    network.refuses["WebSocket"] = "WebStreamClient limit"
    network.stream.ends()
    studio.passes(10)
    assert network.stream.kind == "SSE"
    assert network.stream.url.endswith("/events?cursor=1")
    network.stream.opens()
    text = f": hello\n\nid: 2\nevent: plugin_command\ndata: {json.dumps(say(2))}\n\n"
    for at in range(0, len(text), 7):
        network.stream.says(text[at : at + 7])
    studio.settle()
    assert studio.state == "Connected: event stream"
    pages = [page(say(2), say(3), cursor=3), page(say(4), cursor=9)]
    network.answer = lambda asked: (
        (pages.pop(0) if pages else None) if asked["Method"] == "GET" else server(asked)
    )
    network.refuses["SSE"] = "WebStreamClient limit"
    network.stream.ends()
    studio.passes(10)
    assert studio.lines == ["line 1", "line 2", "line 3", "line 4"]
    polls = [each["Url"].partition("?")[2] for each in network.asked if each["Method"] == "GET"]
    assert polls == ["cursor=2&wait=0", "cursor=3&wait=25", "cursor=9&wait=25"]


def test_one_stream_is_open_at_a_time_and_a_better_door_is_tried_again() -> None:
    studio, network = begun(Server())
    network.stream.breaks(410)
    studio.passes(2)
    network.stream.opens()
    studio.settle()
    for _ in range(12):
        network.stream.says(": still here\n\n")
        studio.passes(50)
    assert [each.kind for each in network.streams] == ["WebSocket", "SSE", "WebSocket"]
    assert [each.closed for each in network.streams] == [True, True, False]


def test_a_stream_that_says_nothing_is_left() -> None:
    studio, network = connected(Server())
    studio.passes(70)
    assert len(network.streams) == 1
    studio.passes(10)
    assert network.streams[0].closed
    assert len(network.streams) == 2


def test_a_stream_that_never_opens_is_left_for_the_next_door() -> None:
    studio, network = begun(Server())
    studio.passes(19)
    assert len(network.streams) == 1
    studio.passes(31)
    assert [each.kind for each in network.streams] == ["WebSocket", "WebSocket", "SSE"]
    assert [each.closed for each in network.streams] == [True, True, False]


def test_a_message_that_is_not_understood_holds_up_no_other() -> None:
    studio, network = connected(Server())
    network.stream.says({"type": "environment_status", "data": "?", "timestamp": "t", "seq": 1})
    network.stream.says("no JSON")
    network.stream.says("17")
    network.stream.says(say(2))
    studio.settle()
    assert studio.lines[-1] == "line 2"


def test_pauses_grow_while_the_server_is_away_and_a_socket_is_tried_when_it_is_back() -> None:
    server = Server()
    studio, network = begun(server)
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "ConnectFail")
    network.stream.breaks(0, "ConnectFail")
    network.answer = lambda asked: {"fault": "HttpError: ConnectFail"}
    studio.passes(600)
    assert 5 <= len(network.asked) <= 40
    assert studio.state.startswith("Trying again")
    network.refuses = {}
    network.answer = lambda asked: page(cursor=0)
    before = len(network.streams)
    for _ in range(100):
        studio.passes(1)
        if len(network.streams) > before:
            break
    assert network.stream.kind == "WebSocket"


def test_a_server_that_holds_no_poll_is_not_asked_all_the_time() -> None:
    network = ScriptedNetwork(lambda asked: page(cursor=0))
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "none left")
    PluginStudio(network, sources()).connect(ADDRESS, TOKEN).passes(60)
    assert len([each for each in network.asked if each["Method"] == "GET"]) <= 32


def test_the_server_says_how_long_to_stay_away() -> None:
    server = Server()
    network = ScriptedNetwork(server)
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "none left")
    network.answer = lambda asked: refusal(429, "RATE_LIMIT_EXCEEDED", "too many", retry_after="40")
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN).passes(10)
    before = len(network.asked)
    studio.passes(35)
    assert len(network.asked) == before
    studio.passes(30)
    assert len(network.asked) == before + 1


@pytest.mark.parametrize(
    "last",
    [
        {"type": "goodbye", "data": {"code": 4004, "reason": "the token was revoked", "retry": False}},
        {"type": "auth_error", "data": {"error": "TOKEN_REVOKED", "message": "the token was revoked"}},
    ],
)
def test_whoever_is_told_to_stay_away_says_why_and_asks_no_more(last: Any) -> None:
    studio, network = connected(Server())
    network.stream.says(last)
    network.stream.ends()
    studio.passes(3600)
    assert studio.state == "Refused: the token was revoked"
    assert (len(network.streams), len(network.asked)) == (1, 1)


def test_whoever_is_refused_repeats_nothing_either() -> None:
    server = Server()
    server.faults = [refusal(503, "OVER_CAPACITY", "later")] * 100
    studio, network = connected(server)
    network.stream.says({"type": "goodbye", "data": {"code": 4004, "reason": "revoked", "retry": False}})
    network.stream.ends()
    studio.passes(600)
    assert len(network.asked) == 1


def test_a_server_that_goes_for_a_moment_is_gone_back_to() -> None:
    studio, network = connected(Server())
    network.stream.says(
        {"type": "goodbye", "data": {"code": 1001, "reason": "restart", "retry": True, "retry_after": 5}}
    )
    network.stream.ends()
    studio.passes(4)
    assert len(network.streams) == 1
    studio.passes(6)
    assert len(network.streams) == 2


def test_a_revoked_token_ends_polling_with_the_servers_words() -> None:
    network = ScriptedNetwork(lambda asked: refusal(401, "TOKEN_REVOKED", "the plugin was deleted"))
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "none left")
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN).passes(3600)
    assert studio.state == "Refused: the plugin was deleted"
    assert len(network.asked) == 1


@pytest.mark.parametrize("through", ["WebSocket", "error"])
def test_a_permission_that_is_missing_is_told_with_what_to_click(through: str) -> None:
    network = ScriptedNetwork()
    words = "Plugin does not have permission to access 127.0.0.1"
    if through == "WebSocket":
        network.refuses["WebSocket"] = words
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN)
    if through == "error":
        network.stream.breaks(0, words)
    studio.passes(3600)
    assert studio.state.startswith(
        f"Refused: Studio does not let this plugin speak to {ADDRESS}. Plugins, Manage"
    )
    assert network.asked == []


def test_what_is_kept_no_more_is_told() -> None:
    studio, network = connected(Server())
    network.stream.says({"type": "resumed", "data": {"last_seq": 0, "replayed": 0, "complete": False}})
    studio.settle()
    assert studio.lines == ["the server has no longer everything that came while this Studio was away"]


def test_who_disconnects_is_left_alone() -> None:
    studio, network = connected(Server())
    studio.do("fake.press(fake.widget.ScrollingFrame.Disconnect)")
    studio.passes(3600)
    assert studio.state == "Not connected"
    assert [each.closed for each in network.streams] == [True]
