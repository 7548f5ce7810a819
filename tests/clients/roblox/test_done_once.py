"""Whatever a door leaves out, and however often somebody connects: nothing is missed, and nothing is done twice."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from plugin_studio import PluginStudio, ScriptedNetwork, sources
from studio_parts import ADDRESS, TOKEN, Server, a_bundle, command, connected, refusal


def say(seq: int, number: int | None = None) -> dict[str, Any]:
    number = number or seq
    return command(seq, "show_message", {"text": f"line {number}"}, command_id=f"command_{number}")


def hello(seq: int) -> dict[str, Any]:
    return {"type": "plugin_hello", "data": {}, "timestamp": "t", "seq": seq}


def numbered(server: Server, *seqs: int) -> Callable[[Mapping[str, Any]], Mapping[str, Any] | None]:
    """The server, which tells the numbers of what is posted."""
    left = list(seqs)

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
        told = server(asked)
        if asked["Method"] != "POST" or told is None or told["StatusCode"] != 200:
            return told
        said = json.loads(asked["Body"])["messages"]
        items = [{"message_id": each["message_id"], "seq": left.pop(0), "fresh": True} for each in said]
        return {**told, "Body": json.dumps({"items": items})}

    return answer


def lines(*numbers: int) -> list[str]:
    return [f"line {number}" for number in numbers]


def test_what_a_socket_leaves_out_is_asked_for_before_what_came_behind_it() -> None:
    server = Server()
    server.log = [say(seq) for seq in range(1, 7)]
    studio, network = connected(server)
    for seq in (1, 4, 5):
        network.stream.says(say(seq))
    studio.settle()
    assert studio.lines == lines(1, 2, 3, 4, 5, 6)
    polls = [each["Url"].partition("?")[2] for each in network.asked if each["Method"] == "GET"]
    assert polls == ["cursor=1&wait=0"]
    network.stream.says(say(6))
    network.stream.says(say(7))
    studio.settle()
    assert studio.lines[-1] == "line 7"
    assert len(studio.lines) == 7


def test_what_was_left_out_is_asked_for_until_it_comes() -> None:
    server = Server()
    server.log = [say(seq) for seq in range(1, 4)]
    studio, network = connected(server)
    faults = [{"fault": "ConnectFail"}, refusal(429, "RATE_LIMIT_EXCEEDED", "too many", retry_after="20")]
    network.answer = lambda asked: faults.pop(0) if faults and asked["Method"] == "GET" else server(asked)
    network.stream.says(say(3))
    studio.passes(20)
    assert studio.lines == []
    studio.passes(8)
    assert studio.lines == lines(1, 2, 3)
    assert len(network.streams) == 1


def test_what_the_server_keeps_no_more_is_told_once() -> None:
    server = Server()
    server.log = [say(5), say(6)]
    studio, network = connected(server)
    network.stream.says(say(5))
    network.stream.says({"type": "resumed", "data": {"last_seq": 0, "replayed": 1, "complete": False}})
    studio.settle()
    assert studio.lines[1:] == lines(5, 6)
    assert studio.lines[0].startswith("the server has no longer everything")


def test_a_server_that_was_set_back_is_followed_and_what_was_done_stays_done() -> None:
    server, settings = Server(), dict[str, str]()
    studio, network = connected(server, settings)
    for seq in range(1, 6):
        network.stream.says(say(seq))
    studio.settle()
    studio.close()
    server.log = [say(1), say(2), say(3, number=9)]
    again, network = connected(server, settings)
    network.stream.says({"type": "snapshot", "data": {"plugin_id": "plugin_7", "last_seq": 3}})
    again.settle()
    network.stream.says(say(4, number=10))
    again.settle()
    assert again.lines[1:] == lines(9, 10)


def test_a_long_poll_follows_a_server_that_was_set_back() -> None:
    server, settings = Server(), dict[str, str]()
    studio, network = connected(server, settings)
    network.stream.says(say(1))
    studio.settle()
    network.stream.says(say(2))
    studio.settle()
    studio.close()
    server.log = [say(1, number=9)]
    network = ScriptedNetwork(server)
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "none left")
    again = PluginStudio(network, sources(), settings).passes(30)
    assert again.lines[-1] == "line 9"


def test_a_command_that_has_ended_at_the_server_is_not_done_again() -> None:
    server = Server(env_1=a_bundle())
    server.ended = {"command_1": "ok", "command_2": "expired", "command_3": "delivered"}
    studio, network = connected(server)
    for seq in (1, 2):
        network.stream.says(command(seq, "apply_bundle", {"environment_id": "env_1"}))
    studio.settle()
    assert studio.steps == 0
    assert studio.lines == ["apply_bundle has ended already and was not done again"] * 2
    assert server.results() == []


class Held(ScriptedNetwork):
    """Bundles are answered when the test says so."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.held: list[Callable[[], None]] = []

    def request(self, asked: Mapping[str, Any], tell: Callable[..., None]) -> None:
        if "/bundles/" in asked["Url"]:
            self.held.append(lambda: super(Held, self).request(asked, tell))
        else:
            super().request(asked, tell)


def test_who_connects_again_while_a_world_is_built_has_it_once() -> None:
    server = Server(env_1=a_bundle())
    network = Held(server)
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN)
    order = command(1, "apply_bundle", {"environment_id": "env_1"})
    for connecting in range(2):
        if connecting:
            studio.connect(ADDRESS, TOKEN)
        network.stream.opens()
        network.stream.says(order)
        network.stream.says(say(2))
        studio.passes(2)
    (held,) = network.held
    held()
    studio.passes(5)
    assert studio.steps == 1
    assert len(network.held) == 1
    assert studio.lines[-1] == "line 2"
    assert [line for line in studio.lines if line == "line 2"] == ["line 2"]
    assert [each["status"] for each in server.results()] == ["ok", "ok"]


@pytest.mark.parametrize("told_first", [False, True])
def test_of_two_windows_the_one_that_came_last_has_the_word(told_first: bool) -> None:
    server = Server()
    network = ScriptedNetwork(numbered(server, 1, 5))
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN)
    network.stream.opens()
    if told_first:
        network.stream.says(hello(1))  # its own, before the answer to the post
    studio.settle()
    if not told_first:
        network.stream.says(hello(1))
    network.stream.says(say(2))
    studio.settle()
    assert studio.state == "Connected: WebSocket"
    network.stream.says(hello(3))  # another window's
    network.stream.says(say(4))
    studio.passes(60)
    assert studio.state.startswith("Refused: this plugin is connected in another window of Studio now")
    assert network.stream.closed
    assert studio.lines == lines(2)
    studio.connect(ADDRESS)
    network.stream.opens()
    network.stream.says({"type": "snapshot", "data": {"plugin_id": "plugin_7", "last_seq": 4}})
    network.stream.says(say(4))
    network.stream.says(hello(5))
    studio.settle()
    assert studio.state == "Connected: WebSocket"
    assert studio.lines == lines(2, 4)


def test_a_long_poll_that_is_told_to_wait_waits() -> None:
    server = Server()
    network = ScriptedNetwork(server)
    network.refuses = dict.fromkeys(("WebSocket", "SSE"), "none left")
    pages = [{"items": [say(1)], "next_cursor": 1, "complete": True}]

    def answer(asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if asked["Method"] == "POST":
            return server(asked)
        if pages:
            return {"StatusCode": 200, "Body": json.dumps(pages.pop())}
        return refusal(429, "RATE_LIMIT_EXCEEDED", "too many", retry_after="40")

    network.answer = answer
    studio = PluginStudio(network, sources()).connect(ADDRESS, TOKEN).passes(10)
    assert studio.lines == lines(1)
    studio.passes(28)
    assert len([each for each in network.asked if each["Method"] == "GET"]) == 2
