"""A command has one effect, however often it comes, and what came of it is told until the server has it."""

from typing import Any

import pytest

from plugin_studio import PluginStudio, ScriptedNetwork, sources
from studio_parts import ADDRESS, Server, command, connected, refusal

OK = {"StatusCode": 200, "Body": '{"items": []}'}


def message(seq: int, **changes: Any) -> dict[str, Any]:
    return command(seq, "show_message", {"text": f"line {seq}"}, **changes)


def told(server: Server) -> list[tuple[str, str]]:
    return [(each["command_id"], each["status"]) for each in server.results()]


def test_a_message_is_shown_and_reported() -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(message(1))
    studio.settle()
    assert studio.lines == ["line 1"]
    assert studio.do("return fake.widget.Enabled") is True
    assert told(server) == [("command_1", "ok")]


def test_a_payload_that_is_too_long_for_a_message_is_fetched() -> None:
    server = Server()
    studio, network = connected(server)
    server.page = {"StatusCode": 200, "Body": '{"payload": {"text": "a long line"}}'}
    network.stream.says(
        command(1, "show_message", {}, payload_url="/api/v1/plugins/plugin_7/commands/command_1")
    )
    studio.settle()
    assert studio.lines == ["a long line"]
    assert network.asked[-2]["Url"] == f"{ADDRESS}/api/v1/plugins/plugin_7/commands/command_1"


def test_the_same_command_under_another_number_is_done_once_and_told_again() -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(message(1))
    network.stream.says({**message(1), "seq": 2})
    studio.settle()
    assert studio.lines == ["line 1"]
    ids = [each["message_id"] for each in server.posts if each["type"] == "command_result"]
    assert set(ids) == {"command_1"}


def test_it_is_done_once_also_by_a_studio_that_was_started_anew() -> None:
    server, settings = Server(), dict[str, str]()
    studio, network = connected(server, settings)
    network.stream.says(message(1))
    studio.settle()
    studio.close()
    again, network = connected(server, settings)
    assert network.stream.sent == [{"type": "resume", "last_seq": 1}]
    network.stream.says({**message(1), "seq": 2})
    network.stream.says(message(3))
    again.settle()
    assert again.lines == ["line 3"]


def test_a_result_that_the_server_did_not_get_is_told_after_a_restart() -> None:
    server, settings = Server(), dict[str, str]()
    studio, network = connected(server, settings)
    network.answer = lambda asked: {"fault": "ConnectFail"}
    network.stream.says(message(1))
    studio.passes(2)
    studio.close()
    assert told(server) == []
    connected(server, settings)
    assert told(server) == [("command_1", "ok")]


def test_what_is_not_taken_is_sent_again_under_the_same_id_after_the_pause_that_was_asked_for() -> None:
    server = Server()
    studio, network = connected(server)
    server.faults = [
        refusal(429, "RATE_LIMIT_EXCEEDED", "too many", retry_after="30"),
        refusal(503, "OVER", "away"),
    ]
    network.stream.says(message(1))
    studio.passes(28)
    assert len(server.faults) == 1
    studio.passes(10)
    assert told(server) == [("command_1", "ok")]
    bodies = network.bodies("/messages")[1:]
    assert len(bodies) == 3
    assert bodies[0] == bodies[1] == bodies[2]


def test_what_the_server_refuses_holds_up_nothing_else() -> None:
    server = Server()
    studio, network = connected(server)
    invalid = refusal(422, "VALIDATION_ERROR", "no such command")
    server.faults = [{"fault": "ConnectFail"}, invalid, invalid]
    for seq in (1, 2, 3):
        network.stream.says(message(seq))
    studio.passes(10)
    assert told(server) == [("command_2", "ok"), ("command_3", "ok")]
    assert "command_result was refused: no such command" in studio.lines


def test_many_results_go_in_few_requests() -> None:
    server = Server()
    studio, network = connected(server)
    server.faults = [{"fault": "ConnectFail"}]
    for seq in range(1, 151):
        network.stream.says(message(seq))
    studio.passes(5)
    assert len(told(server)) == 150
    assert [len(each["messages"]) for each in network.bodies("/messages")] == [1, 1, 100, 50]


def test_of_the_requests_that_studio_has_some_are_left_for_others() -> None:
    server = Server()
    studio, network = connected(server)
    for seq in range(1, 601):
        network.stream.says(message(seq))
        studio.passes(0.1)
    assert len(told(server)) > 590
    assert len(network.asked) <= 270


def test_a_command_that_is_over_is_not_done() -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(message(1, expires_at="2026-05-28T20:26:40Z"))  # when this Studio was started
    network.stream.says(message(2, expires_at="2026-05-28T20:27:40.000Z"))
    studio.settle()
    assert studio.lines == ["show_message came too late and was not done", "line 2"]
    assert told(server) == [("command_2", "ok")]


@pytest.mark.parametrize(
    ("action", "payload", "why"),
    [
        ("dance", {}, "UNKNOWN_ACTION: this plugin knows apply_bundle, show_message, not dance"),
        ("show_message", {}, "VALIDATION_ERROR: text is missing"),
        ("apply_bundle", {}, "VALIDATION_ERROR: environment_id is missing, or is no id of a world"),
        (
            "apply_bundle",
            {"environment_id": "../x"},
            "VALIDATION_ERROR: environment_id is missing, or is no id of a world",
        ),
        ("apply_bundle", {"environment_id": "env_9"}, "ENVIRONMENT_NOT_FOUND: there is no such world"),
    ],
)
def test_what_cannot_be_done_is_told_with_why(action: str, payload: Any, why: str) -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(command(1, action, payload))
    studio.settle()
    (result,) = server.results()
    assert (result["status"], result["error"]) == ("error", why)
    assert studio.lines[-1] == why


def test_an_error_is_cut_where_it_would_be_too_long_to_tell() -> None:
    server = Server()
    studio, network = connected(server)
    network.stream.says(command(1, "dance" + "ü" * 4000, {}))
    studio.settle()
    (result,) = server.results()
    assert 990 < len(result["error"].encode()) <= 1000


def test_worlds_in_the_making_are_shown() -> None:
    studio, network = connected(Server())
    for seq, (world, status, progress) in enumerate(
        [("env_1", "generating", 20), ("env_2", "queued", 0), ("env_1", "ready", 100)], 1
    ):
        data = {"environment_id": world, "status": status, "progress": progress, "components": {}}
        network.stream.says({"type": "environment_status", "data": data, "timestamp": "t", "seq": seq})
    studio.settle()
    assert studio.label("Worlds") == "env_1: ready, 100 %\nenv_2: queued, 0 %"
    for seq in range(4, 24):
        data = {"environment_id": f"env_{seq}", "status": "queued", "progress": 0, "components": {}}
        network.stream.says({"type": "environment_status", "data": data, "timestamp": "t", "seq": seq})
    studio.settle()
    assert len(studio.label("Worlds").splitlines()) == 12
    assert studio.label("Worlds").endswith("env_23: queued, 0 %")


def test_its_own_messages_are_passed_over() -> None:
    server = Server()
    studio, network = connected(server)
    before = len(server.posts)
    for seq, kind in enumerate(("plugin_hello", "command_result", "plugin_event"), 1):
        network.stream.says({"type": kind, "data": {"command_id": "command_9"}, "timestamp": "t", "seq": seq})
    network.stream.says(message(4))
    studio.settle()
    assert studio.lines == ["line 4"]
    assert len(server.posts) == before + 1


def test_a_token_is_kept_and_never_shown() -> None:
    studio, _network = connected(Server())
    assert studio.label("Token") == ""
    assert studio.do("return fake.typing.transparency") == 1  # while it was pasted
    assert (
        studio.do("return fake.widget.ScrollingFrame.Token.TextTransparency") == 0
    )  # what is to be done is seen
    shown = studio.do(
        """local shown = {}
        for _, each in fake.widget:GetDescendants() do
            if each:IsA("GuiText") then table.insert(shown, each.Text) end
        end
        return table.concat(shown, "\\n")"""
    )
    assert "signature" not in shown
    studio.close()
    assert "signature" in studio.settings["toolboxai-token"]


@pytest.mark.parametrize(
    ("address", "token", "why"),
    [
        ("what?", "", "that is no address; write it as http://127.0.0.1:8009"),
        (ADDRESS, "", "that is no token of a plugin; register one, and paste what you were shown"),
        (ADDRESS, "abc.def", "that is no token of a plugin; register one, and paste what you were shown"),
        (
            ADDRESS,
            "a.eyJzdWIiOiAieCJ9.c",
            "that is no token of a plugin; register one, and paste what you were shown",
        ),
    ],
)
def test_what_cannot_be_connected_is_told_before_anything_is_asked(
    address: str, token: str, why: str
) -> None:
    network = ScriptedNetwork()
    studio = PluginStudio(network, sources()).connect(address, token)
    assert studio.state == f"Refused: {why}"
    assert (network.asked, network.streams) == ([], [])


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("school.example", "https://school.example"),
        (" https://school.example/ ", "https://school.example"),
        ("localhost:8009", "http://localhost:8009"),
        ("127.0.0.1:8009/", "http://127.0.0.1:8009"),
        ("ftp://school.example", None),
        ("http://school.example/path", None),
        ("", None),
    ],
)
def test_an_address_is_understood_as_people_type_it(typed: str, address: str | None) -> None:
    studio = PluginStudio(ScriptedNetwork(), sources())
    assert studio.do('return fake.module("Http").address(...)', studio.value(typed)) == address


def test_a_copy_of_the_plugin_in_a_test_of_the_place_does_nothing() -> None:
    network = ScriptedNetwork()
    settings = {"toolboxai-token": '"head.e30.s"', "toolboxai-address": f'"{ADDRESS}"'}
    studio = PluginStudio(network, sources(), settings, before="fake.testing = true")
    assert studio.do("return fake.widget == nil")
    assert (network.asked, network.streams) == ([], [])
