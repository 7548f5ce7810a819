"""The registry and the old sockets know the same messages: what they take, what they say, what replaces them."""

import json
from typing import Any

import pytest

from toolboxai.legacy.actions import ACTIONS
from toolboxai.legacy.deprecation import Deprecation, Mode, Moment, Policy, Window, replacement
from toolboxai.legacy.endpoints import ENDPOINTS, Call, EndpointName
from toolboxai.legacy.messages import Voice
from toolboxai.platform.messages.message import Sender
from toolboxai.platform.messages.registry import MESSAGES, validate
from toolboxai.platform.runs.events import stamp

CALL = Call(ENDPOINTS[EndpointName.CONTENT], "gen_1", "/ws/content/gen_1")
VOICE = Voice(CALL, stamp, lambda: 1_737_453_660.0)
DAY = Moment(1_796_083_200, "Tue, 01 Dec 2026 00:00:00 GMT", "2026-12-01T00:00:00Z")


def from_client(endpoint: EndpointName) -> set[str]:
    return {
        row.name for row in MESSAGES.values() if endpoint in row.endpoints and row.sender is not Sender.SERVER
    }


@pytest.mark.parametrize("endpoint", ACTIONS)
def test_an_endpoint_takes_the_messages_of_the_registry(endpoint: EndpointName) -> None:
    assert from_client(endpoint) == {"auth", "ping", "pong", *ACTIONS[endpoint]}


def test_the_echo_has_no_messages() -> None:
    assert EndpointName.NATIVE not in ACTIONS
    assert from_client(EndpointName.NATIVE) == set()


@pytest.mark.parametrize(
    ("endpoint", "id_name"),
    [
        (EndpointName.CONTENT, "session_id"),
        (EndpointName.ROBLOX, "environment_id"),
        (EndpointName.PLUGIN, "plugin_id"),
        (EndpointName.AGENT, "agent_id"),
    ],
)
def test_the_channel_that_replaces_an_endpoint_carries_its_events(
    endpoint: EndpointName, id_name: str
) -> None:
    row = ENDPOINTS[endpoint]
    channel = row.private + "{" + id_name + "}"
    carried = [each for each in MESSAGES.values() if each.sender is not Sender.CLIENT and each.endpoints]
    assert set(replacement(row, "x").events) == {each.name for each in carried if channel in each.channels}


@pytest.mark.parametrize(
    "text",
    [
        VOICE.auth_required(),
        VOICE.auth_error("INVALID_TOKEN", "JWT token is invalid or expired"),
        VOICE.auth_response("user_1", "teacher", ["content:read"]),
        VOICE.goodbye(1001, "The server is shutting down"),
        VOICE.goodbye(4008, "A newer connection has the session"),
        VOICE.goodbye(4100, "Too many connections", 30),
        VOICE.error("INVALID_JSON", "the frame is not JSON", answers="7"),
        VOICE.error("RATE_LIMIT_EXCEEDED", "go on in 3 s", {"limit": 100, "retry_after": 3}),
        VOICE.error(
            "WEBSOCKET_CONNECTION_LIMIT",
            "close one first",
            {"current_connections": 10, "max_connections": 10, "retry_after": None},
        ),
        VOICE.error("VALIDATION_ERROR", "seq: is missing", {"fields": {"seq": "is missing"}}),
        VOICE.error("ENVIRONMENT_NOT_FOUND", "there is none", {"environment_id": "env_1"}),
        VOICE.message("ping"),
        VOICE.message("subscribed", {"environment_id": "env_1"}),
        VOICE.message("snapshot", {"agent_id": "agent_1", "status": None, "last_seq": 0}),
        VOICE.message("resumed", {"session_id": "gen_1", "last_seq": 3, "replayed": 4, "complete": True}),
    ],
    ids=lambda text: json.loads(text)["type"],
)
def test_what_a_socket_says_stands_in_the_registry(text: bytes) -> None:
    assert validate(json.loads(text)) == []


def test_the_notice_of_deprecation_stands_in_the_registry() -> None:
    policy = Policy(Mode.WARN, DAY, DAY, (Window(DAY, DAY),))
    policies = dict.fromkeys(EndpointName, policy)
    notice: Any = Deprecation(policies, lambda: "/app/KEY", notice=True).notice(CALL, DAY.rfc3339)
    assert validate(notice) == []
