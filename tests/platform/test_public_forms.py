"""What may stand on a public name, type by type; whatever is not named there does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.messages.registry import validate
from toolboxai.platform.ports import Event
from toolboxai.platform.public_forms import AGENT_STATUS, PUBLIC_NAMES, ROBLOX_SYNC, public_name
from toolboxai.platform.runs.events import PublicCompat

SAFE, FULL, OFF = PublicCompat.SAFE, PublicCompat.FULL, PublicCompat.OFF
WHEN = "2026-01-21T10:01:00.000Z"
ENVIRONMENT, AGENT = "private-roblox-sync-env_456", "private-agent-agent_content_123"

STATUS = {
    "environment_id": "env_456",
    "status": "generating",
    "progress": 60,
    "components": {"terrain": "complete", "buildings": "in_progress", "scripts": "pending"},
}
SCRIPT = {
    "environment_id": "env_456",
    "script_type": "server",
    "script_content": "-- Server script for space station environment\nlocal Players = game:GetService('Players')",
    "checksum": "abc123def456",
}
ASSET = {
    "environment_id": "env_456",
    "asset_type": "model",
    "asset_id": "rbxassetid://123456789",
    "asset_name": "Space Station Module",
    "download_url": "https://assets.roblox.com/v1/123",
}
WORKING = {
    "agent_id": "agent_content_123",
    "status": "active",
    "current_task": "lesson_generation",
    "queue_length": 2,
    "last_activity": "2025-01-21T10:01:00Z",
}
RESULT = {
    "agent_id": "agent_content_123",
    "task_id": "task_789",
    "status": "completed",
    "result": {"lesson_title": "Exploring the Solar System"},
    "execution_time_ms": 2500,
}


def said(kind: str, data: Any, **more: Any) -> Event:
    return Event(kind, json.dumps({"type": kind, "data": data, "timestamp": WHEN, "seq": 7, **more}))


def public(channel: str, event: Event, compat: PublicCompat = SAFE) -> Event | None:
    named = public_name(channel)
    assert named is not None
    name, resource_id = named
    return name.form(resource_id, event, compat)


def told(channel: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of the safe form; around it all is as it was."""
    form = public(channel, said(kind, data))
    assert form is not None
    envelope = json.loads(form.data)
    safe: dict[str, Any] = envelope.pop("data")
    assert (form.name, envelope) == (kind, {"type": kind, "timestamp": WHEN, "seq": 7})
    return safe


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


@pytest.mark.parametrize(
    ("channel", "kind", "data", "left_out"),
    [
        (ENVIRONMENT, "environment_status", STATUS, ()),
        (ENVIRONMENT, "script_update", SCRIPT, ("script_content",)),
        (ENVIRONMENT, "asset_ready", ASSET, ("asset_name", "download_url")),
        (AGENT, "agent_status", WORKING, ()),
        (AGENT, "agent_status", {**WORKING, "current_task": "script_review"}, ()),
    ],
)
def test_the_guides_messages_keep_all_but_what_somebody_wrote(
    channel: str, kind: str, data: dict[str, Any], left_out: tuple[str, ...]
) -> None:
    assert told(channel, kind, data) == without(data, *left_out)
    assert validate({"type": kind, "data": told(channel, kind, data), "timestamp": WHEN, "seq": 7}) == []
    assert public(channel, said(kind, data), FULL) == said(kind, data)
    assert public(channel, said(kind, data), OFF) is None


@pytest.mark.parametrize(
    ("channel", "kind", "data", "value"),
    [
        (ENVIRONMENT, "environment_status", STATUS, {"status": "Anna's world"}),
        (ENVIRONMENT, "environment_status", STATUS, {"status": ["ready"]}),
        (ENVIRONMENT, "environment_status", STATUS, {"progress": "60 of Anna"}),
        (ENVIRONMENT, "environment_status", STATUS, {"progress": True}),
        (ENVIRONMENT, "environment_status", STATUS, {"progress": 101}),
        (ENVIRONMENT, "environment_status", STATUS, {"progress": -1}),
        (ENVIRONMENT, "environment_status", STATUS, {"components": "all of Anna's"}),
        (ENVIRONMENT, "environment_status", STATUS, {"title": "Anna's world"}),
        (ENVIRONMENT, "environment_status", STATUS, {"owner_id": "user_1"}),
        (ENVIRONMENT, "script_update", SCRIPT, {"script_type": "print('x')"}),
        (ENVIRONMENT, "script_update", SCRIPT, {"checksum": "print('x')"}),
        (ENVIRONMENT, "script_update", SCRIPT, {"checksum": "a" * 65}),
        (ENVIRONMENT, "script_update", SCRIPT, {"checksum_algorithm": "sha256 of print('x')"}),
        (ENVIRONMENT, "script_update", SCRIPT, {"size": 5}),
        (ENVIRONMENT, "script_update", SCRIPT, {"content_url": "/api/v1/scripts/1"}),
        (ENVIRONMENT, "asset_ready", ASSET, {"asset_type": "Anna's model"}),
        (ENVIRONMENT, "asset_ready", ASSET, {"asset_id": "rbxassetid://1?owner=Anna"}),
        (ENVIRONMENT, "asset_ready", ASSET, {"status": "waits for Anna"}),
        (AGENT, "agent_status", WORKING, {"status": "waits for Anna"}),
        (AGENT, "agent_status", WORKING, {"current_task": "Anna's homework"}),
        (AGENT, "agent_status", WORKING, {"queue_length": "2 of Anna"}),
        (AGENT, "agent_status", WORKING, {"queue_length": 2**53 + 1}),
        (AGENT, "agent_status", WORKING, {"last_activity": "when Anna came"}),
        (AGENT, "agent_status", WORKING, {"last_activity": WHEN + " Anna"}),
        (AGENT, "agent_status", WORKING, {"result": {"lesson_title": "Anna's"}}),
    ],
)
def test_a_value_of_another_form_and_a_field_of_no_name_are_left_out(
    channel: str, kind: str, data: dict[str, Any], value: dict[str, Any]
) -> None:
    hidden = ("script_content", "asset_name", "download_url")
    assert told(channel, kind, {**data, **value}) == without(data, *value, *hidden)


def test_of_components_the_known_ones_in_a_known_state_are_told() -> None:
    components = {"terrain": "complete", "buildings": "Anna builds", "scripts": None, "Anna's": "complete"}
    assert told(ENVIRONMENT, "environment_status", {**STATUS, "components": components})["components"] == {
        "terrain": "complete"
    }


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/api/v1/content/download/content_456", True),
        ("/api/v1/environments/env_456/files/world.rbxlx", True),
        ("/api/v1/content/download/content_456?expires=1&signature=abc", False),
        ("/api/v1/content/download/content_456#code", False),
        ("/api/v1/../../docs/secret", False),
        ("/api//evil.example/x", False),
        ("//evil.example/api/v1/x", False),
        ("https://school.example/api/v1/x", False),
        ("/docs/x", False),
        ("/apiary/x", False),
        ("/api", False),
        ("/api/", False),
        ("/api/v1/x y", False),
        ("/api/v1/x\n", False),
        ("/api/v1/x/", False),
        ("/api/" + "x" * 201, False),
        (None, False),
        (5, False),
    ],
)
def test_of_links_only_paths_of_ours_that_ask_for_a_token(url: object, shown: bool) -> None:
    data = told(ENVIRONMENT, "asset_ready", {**ASSET, "download_url": url})
    assert data.get("download_url") == (url if shown else None)
    assert ("download_url" in data) is shown


def test_a_task_of_a_kind_that_somebody_named_is_not_told_as_none() -> None:
    data = told(AGENT, "agent_status", {**WORKING, "current_task": "Anna's homework"})
    assert validate({"type": "agent_status", "data": data}) == []


def test_nothing_is_told_as_nothing_where_that_says_something() -> None:
    idle = {**WORKING, "status": "idle", "current_task": None, "last_activity": None}
    assert told(AGENT, "agent_status", idle) == idle
    local = {"environment_id": "env_456", "asset_id": None, "status": "local"}
    assert told(ENVIRONMENT, "asset_ready", local) == local


@pytest.mark.parametrize("compat", [SAFE, FULL])
@pytest.mark.parametrize(
    ("channel", "event"),
    [
        (AGENT, said("task_result", RESULT)),
        (AGENT, said("task_progress", RESULT)),
        (AGENT, said("environment_status", {**STATUS, "agent_id": "agent_content_123"})),
        (ENVIRONMENT, said("agent_status", {**WORKING, "environment_id": "env_456"})),
        (ENVIRONMENT, said("plugin_command", STATUS)),
        (ENVIRONMENT, said("system_notification", STATUS)),
        (ENVIRONMENT, said("environment_status", {**STATUS, "environment_id": "env_457"})),
        (ENVIRONMENT, said("environment_status", without(STATUS, "environment_id"))),
        (AGENT, said("agent_status", {**WORKING, "agent_id": ["agent_content_123"]})),
        (ENVIRONMENT, said("environment_status", STATUS, type="script_update")),
        (ENVIRONMENT, Event("script_update", said("environment_status", STATUS).data)),
        (ENVIRONMENT, said("environment_status", STATUS, timestamp="Anna")),
        (ENVIRONMENT, said("environment_status", STATUS, timestamp=None)),
        (ENVIRONMENT, said("environment_status", STATUS, seq="7")),
        (ENVIRONMENT, said("environment_status", STATUS, seq=True)),
        (ENVIRONMENT, said("environment_status", STATUS, seq=0)),
        (ENVIRONMENT, said("environment_status", STATUS, seq=10**30)),
        (ENVIRONMENT, said("environment_status", [STATUS])),
        (
            ENVIRONMENT,
            Event("environment_status", json.dumps({"type": "environment_status", "data": STATUS})),
        ),
        (ENVIRONMENT, Event("environment_status", json.dumps(STATUS))),
        (ENVIRONMENT, Event("environment_status", "Anna's world is ready")),
        (ENVIRONMENT, Event("environment_status", "")),
        (ENVIRONMENT, Event("environment_status", "\ud800")),
        (ENVIRONMENT, Event("environment_status", '{"type":' + "[" * 100_000)),
    ],
)
def test_what_is_no_envelope_of_a_known_type_for_this_resource_is_not_told(
    channel: str, event: Event, compat: PublicCompat
) -> None:
    assert public(channel, event, compat) is None


def test_an_envelope_without_a_number_has_none_in_public_and_what_stands_beside_is_left_out() -> None:
    bare = {"type": "agent_status", "data": WORKING, "timestamp": WHEN}
    event = Event("agent_status", json.dumps({**bare, "message_id": "of Anna"}))
    form = public(AGENT, event)
    assert form is not None
    assert json.loads(form.data) == bare


@pytest.mark.parametrize(
    "channel",
    [
        "roblox-sync",
        "agent-status",
        "private-roblox-sync-",
        "private-roblox-sync-env_1-2",
        "private-roblox-sync-" + "e" * 129,
        "private-encrypted-roblox-sync-env_1",
        "private-cache-roblox-sync-env_1",
        "presence-agent-agent_1",
        "private-agent-agent_1\n",
        "private-plugin-plugin_1",
        "private-content-generation-gen_1",
        "private-user-user_1",
        "system-notifications",
    ],
)
def test_other_channels_have_no_public_name_here(channel: str) -> None:
    assert public_name(channel) is None


# ---- whatever is said ---------------------------------------------------------------------------------------

SECRET = "Anna Müller <anna@school.example>"
FIELDS = sorted({name for public in PUBLIC_NAMES for each in public.messages.values() for name in each})
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.just(SECRET)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.just(SECRET), st.sampled_from(["terrain", "scripts"])), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


@given(
    st.sampled_from([(ENVIRONMENT, "environment_id", "env_456"), (AGENT, "agent_id", "agent_content_123")]),
    st.sampled_from(sorted({kind for name in PUBLIC_NAMES for kind in name.messages})),
    st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=12)), JSON),
    st.dictionaries(st.text(max_size=12), JSON, max_size=2),
)
def test_nothing_survives_that_is_not_allowed_by_name(
    at: tuple[str, str, str], kind: str, data: dict[str, Any], beside: dict[str, Any]
) -> None:
    channel, id_name, resource_id = at
    form = public(channel, said(kind, {**data, id_name: resource_id}, **without(beside, "type", "seq")))
    if form is None:
        return
    envelope = json.loads(form.data)
    assert SECRET not in repr(envelope)
    assert set(envelope) == {"type", "data", "timestamp", "seq"}
    (name,) = (name for name in PUBLIC_NAMES if kind in name.messages)
    assert set(envelope["data"]) <= {id_name, *name.messages[kind]}


@given(st.text(), st.text())
def test_no_text_makes_it_fail(name: str, text: str) -> None:
    assert public(ENVIRONMENT, Event(name, text)) is None


def test_the_names_are_the_guides() -> None:
    assert (
        [name.channel for name in PUBLIC_NAMES]
        == [ROBLOX_SYNC, AGENT_STATUS]
        == ["roblox-sync", "agent-status"]
    )
