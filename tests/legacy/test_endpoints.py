"""Which path leads to which of the five old endpoints, with which id."""

import pytest

from toolboxai.legacy.endpoints import ENDPOINTS, EndpointName, called, is_id

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@,.;"


def test_the_five_are_those_of_the_guide() -> None:
    assert [endpoint.path for endpoint in ENDPOINTS.values()] == [
        "/ws/content/{session_id}",
        "/ws/roblox",
        "/ws/plugin/{plugin_id}",
        "/ws/agent/{agent_id}",
        "/ws/native",
    ]
    assert list(ENDPOINTS) == list(EndpointName)


@pytest.mark.parametrize(
    ("path", "name", "resource_id", "private", "public"),
    [
        (
            "/ws/content/gen_abc123",
            "content",
            "gen_abc123",
            "private-content-generation-gen_abc123",
            "content-generation-gen_abc123",
        ),
        ("/ws/plugin/plugin_1", "plugin", "plugin_1", "private-plugin-plugin_1", "private-plugin-plugin_1"),
        (
            "/ws/agent/agent_content_123",
            "agent",
            "agent_content_123",
            "private-agent-agent_content_123",
            "agent-status",
        ),
        ("/ws/native", "native", "", "private-test-channel", "test-channel"),
    ],
)
def test_a_path_leads_to_its_endpoint_and_follows_its_channel(
    path: str, name: str, resource_id: str, private: str, public: str
) -> None:
    call = called(path)
    assert call is not None
    assert (call.endpoint.name, call.resource_id, call.path) == (name, resource_id, path)
    assert call.channel == private
    assert call.endpoint.public_channel(resource_id) == public


def test_a_roblox_socket_follows_nothing_before_it_subscribes() -> None:
    call = called("/ws/roblox")
    assert call is not None
    assert call.channel == ""
    assert call.endpoint.private_channel("env_456") == "private-roblox-sync-env_456"
    assert call.endpoint.public_channel("env_456") == "roblox-sync"


@pytest.mark.parametrize("kind", ["content", "plugin", "agent"])
def test_an_id_may_have_every_character_of_a_channels_name_and_128_of_them(kind: str) -> None:
    for resource_id in (ALPHABET, *ALPHABET, "x" * 128, "..", "native"):
        call = called(f"/ws/{kind}/{resource_id}")
        assert call is not None, resource_id
        assert (call.endpoint.name, call.resource_id) == (kind, resource_id)


def test_one_slash_at_the_end_is_allowed() -> None:
    for path in ("/ws/native/", "/ws/roblox/", "/ws/content/gen_1/"):
        call = called(path)
        assert call is not None
        assert (call.path, "/" in call.resource_id) == (path, False)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/ws",
        "/ws/",
        "/ws/content",
        "/ws/content/",
        "/ws/content//",
        "/ws/content/gen_1//",
        "/ws/content/gen_1/more",
        "/ws/content/" + "x" * 129,
        "/ws/content/gen 1",
        "/ws/content/gen_1\n",
        "/ws/content/gen_1\x00",
        "/ws/content/gen_1?x",
        "/ws/content/gen_1#x",
        "/ws/content/gen%31",
        "/ws/content/g\u00e9n",
        "/ws/content/\u0661",
        "/ws/content/{session_id}",
        "/ws/roblox/env_456",
        "/ws/native/x",
        "/ws/native\n",
        "/WS/native",
        "/ws/Native",
        "ws/native",
        "//ws/native",
        "/ws//native",
        "/prefix/ws/native",
        "/ws/other/1",
        "/app/key",
    ],
)
def test_every_other_path_leads_elsewhere(path: str) -> None:
    assert called(path) is None


def test_only_the_echo_takes_anyone() -> None:
    assert [name for name, endpoint in ENDPOINTS.items() if not endpoint.authenticates] == ["native"]
    assert ENDPOINTS[EndpointName.CONTENT].permissions == ("content:generate",)
    assert ENDPOINTS[EndpointName.CONTENT].enough == {"content:generate", "content:read"}


@pytest.mark.parametrize("text", ["env_456", "a-b=c@d,e.f;g", "x" * 128])
def test_an_id_has_the_letters_of_a_channels_name(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "a b", "\u00e9", "#", "a/b", "a\n", "\x00", "x" * 129])
def test_other_texts_are_no_ids(text: str) -> None:
    assert not is_id(text)
