"""What is told of the old endpoints, to the letter of RFC 9745, 8594 and 8288, and when one is refused."""

from typing import Any

import pytest

from toolboxai.legacy.deprecation import (
    MIGRATION_GUIDE,
    Deprecation,
    Mode,
    Moment,
    Policy,
    Standing,
    State,
    Window,
    replacement,
)
from toolboxai.legacy.endpoints import ENDPOINTS, Call, EndpointName, called

DEPRECATED = Moment(1_795_305_600, "Sun, 22 Nov 2026 00:00:00 GMT", "2026-11-22T00:00:00Z")
SUNSET = Moment(1_810_857_600, "Fri, 21 May 2027 00:00:00 GMT", "2027-05-21T00:00:00Z")
NOW = 1_800_000_000.0
PATHS = {
    EndpointName.CONTENT: "/ws/content/gen_abc123",
    EndpointName.ROBLOX: "/ws/roblox",
    EndpointName.PLUGIN: "/ws/plugin/plugin_1",
    EndpointName.AGENT: "/ws/agent/agent_content_123",
    EndpointName.NATIVE: "/ws/native",
}


def at(seconds: int) -> Moment:
    """So long after the moment of these tests; only its number matters to who is served."""
    return Moment(int(NOW) + seconds, f"http {seconds}", f"rfc3339 {seconds}")


def window(start: int, end: int) -> Window:
    return Window(at(start), at(end))


def deprecation(mode: Mode = Mode.WARN, *brownouts: Window, notice: bool = False) -> Deprecation:
    policy = Policy(mode, DEPRECATED, SUNSET, brownouts)
    return Deprecation(dict.fromkeys(EndpointName, policy), lambda: "/app/school", notice=notice)


def call_of(name: EndpointName = EndpointName.CONTENT) -> Call:
    call = called(PATHS[name])
    assert call is not None
    return call


# ---- headers ------------------------------------------------------------------------------------------------


def test_the_deprecation_is_a_date_of_structured_fields_and_the_sunset_one_of_http() -> None:
    headers = deprecation().headers(call_of())
    assert list(headers) == ["Deprecation", "Sunset", "Link"]
    assert headers["Deprecation"] == "@1795305600"
    assert headers["Sunset"] == "Fri, 21 May 2027 00:00:00 GMT"


def test_links_lead_to_the_guide_and_to_the_channel_that_follows() -> None:
    assert deprecation().headers(call_of())["Link"] == (
        '</docs/WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md>; rel="deprecation"; type="text/markdown", '
        '</docs/WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md>; rel="sunset"; type="text/markdown", '
        '</app/school?protocol=7#private-content-generation-gen_abc123>; rel="successor-version"; '
        'title="private-content-generation-gen_abc123"'
    )


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        (EndpointName.CONTENT, "private-content-generation-gen_abc123"),
        (EndpointName.ROBLOX, "roblox-sync"),  # which environment is for the client to say
        (EndpointName.PLUGIN, "private-plugin-plugin_1"),
        (EndpointName.AGENT, "private-agent-agent_content_123"),
        (EndpointName.NATIVE, "private-test-channel"),
    ],
)
def test_each_endpoint_links_to_its_own_channel(name: EndpointName, channel: str) -> None:
    link = deprecation().headers(call_of(name))["Link"].split(", ")[-1]
    assert link == f'</app/school?protocol=7#{channel}>; rel="successor-version"; title="{channel}"'


def test_no_id_leads_out_of_its_quotes() -> None:
    strange = called("/ws/content/A_-=@,.;z")
    assert strange is not None
    for value in deprecation().headers(strange).values():
        assert value.isascii()
        assert value.isprintable()
    link = deprecation().headers(strange)["Link"]
    assert link.endswith(
        '#private-content-generation-A_-=@,.;z>; rel="successor-version"; title="private-content-generation-A_-=@,.;z"'
    )


def test_a_key_that_was_rotated_is_in_the_next_link() -> None:
    keys = iter(("old", "new"))
    policies = dict.fromkeys(EndpointName, Policy(Mode.WARN, DEPRECATED, SUNSET))
    told = Deprecation(policies, lambda: f"wss://live.example/app/{next(keys)}")
    assert "<wss://live.example/app/old?protocol=7#" in told.headers(call_of())["Link"]
    assert "<wss://live.example/app/new?protocol=7#" in told.headers(call_of())["Link"]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_headers_are_the_same_in_every_mode(mode: Mode) -> None:
    assert deprecation(mode).headers(call_of()) == deprecation().headers(call_of())


# ---- facts --------------------------------------------------------------------------------------------------


def test_the_facts_say_all_of_it_as_json() -> None:
    assert deprecation(Mode.WARN, window(500, 600), window(100, 200)).facts(call_of()) == {
        "endpoint": "/ws/content/gen_abc123",
        "deprecated": True,
        "deprecation": {"date": "2026-11-22T00:00:00Z", "header": "@1795305600"},
        "sunset": {"date": "2027-05-21T00:00:00Z", "header": "Fri, 21 May 2027 00:00:00 GMT"},
        "mode": "warn",
        "brownouts": [
            {"from": "rfc3339 100", "to": "rfc3339 200"},
            {"from": "rfc3339 500", "to": "rfc3339 600"},
        ],
        "replacement": {
            "channel": "private-content-generation-gen_abc123",
            "public_channel": "content-generation-gen_abc123",
            "events": ["progress_update", "stage_complete", "generation_complete", "error"],
        },
        "migration_guide": MIGRATION_GUIDE,
    }


@pytest.mark.parametrize("mode", [Mode.ON, Mode.OFF])
def test_windows_that_pass_an_endpoint_by_are_not_announced_for_it(mode: Mode) -> None:
    assert deprecation(mode, window(100, 200)).facts(call_of())["brownouts"] == []


def test_the_channel_of_an_environment_has_a_place_for_its_id() -> None:
    there: dict[str, Any] = deprecation().facts(call_of(EndpointName.ROBLOX))["replacement"]
    assert there["channel"] == "private-roblox-sync-{environment_id}"
    assert there["public_channel"] == "roblox-sync"


def test_the_mapping_is_the_one_of_the_guide() -> None:
    assert {
        endpoint.path: replacement(endpoint, endpoint.path.partition("/{")[2] and "{id}").public_channel
        for endpoint in ENDPOINTS.values()
    } == {
        "/ws/content/{session_id}": "content-generation-{id}",
        "/ws/roblox": "roblox-sync",
        "/ws/plugin/{plugin_id}": "private-plugin-{id}",
        "/ws/agent/{agent_id}": "agent-status",
        "/ws/native": "test-channel",
    }


# ---- the notice ---------------------------------------------------------------------------------------------


def test_the_notice_is_a_message_with_the_facts_for_those_who_asked_for_it() -> None:
    told = deprecation(notice=True)
    assert told.notice(call_of(), "2027-01-15T08:00:00Z") == {
        "type": "deprecation_notice",
        "data": told.facts(call_of()),
        "timestamp": "2027-01-15T08:00:00Z",
    }
    assert deprecation().notice(call_of(), "2027-01-15T08:00:00Z") is None


def test_the_echo_never_has_a_notice_and_an_endpoint_that_stays_on_has_none() -> None:
    assert deprecation(notice=True).notice(call_of(EndpointName.NATIVE), "") is None
    assert deprecation(Mode.ON, notice=True).notice(call_of(), "") is None


# ---- who is served ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.ON, Mode.WARN])
def test_an_endpoint_is_served_after_its_sunset_too_until_it_is_switched_off(mode: Mode) -> None:
    for now in (NOW, SUNSET.unix - 1.0, SUNSET.unix + 1e8):
        assert deprecation(mode).state(call_of(), now) == State(Standing.SERVED)
        assert deprecation(mode).refusal(call_of(), now) is None


def test_an_endpoint_that_is_off_is_gone_and_says_where_to_go() -> None:
    told = deprecation(Mode.OFF, window(-1, 1))
    assert told.state(call_of(), NOW) == State(Standing.OFF)
    refused = told.refusal(call_of(), NOW)
    assert refused is not None
    assert (refused.status, refused.error_code) == (410, "ENDPOINT_GONE")
    assert refused.message == (
        "/ws/content/gen_abc123 is no longer served; subscribe to private-content-generation-gen_abc123 over Channels "
        "instead: /docs/WEBSOCKET_TO_PUSHER_MIGRATION_COMPLETE.md tells how"
    )
    assert refused.details == told.facts(call_of())
    assert refused.headers == told.headers(call_of())


@pytest.mark.parametrize(
    ("now", "refused_for_s"),
    [
        (NOW - 0.001, None),
        (NOW, 60),
        (NOW + 0.5, 60),
        (NOW + 59.0, 1),
        (NOW + 59.999, 1),
        (NOW + 60, None),
    ],
)
def test_a_brownout_refuses_from_its_first_second_to_its_last(now: float, refused_for_s: int | None) -> None:
    told = deprecation(Mode.WARN, window(0, 60))
    refused = told.refusal(call_of(), now)
    if refused_for_s is None:
        assert told.state(call_of(), now) == State(Standing.SERVED)
        assert refused is None
        return
    assert told.state(call_of(), now) == State(Standing.BROWNOUT, at(60))
    assert refused is not None
    assert (refused.status, refused.error_code) == (503, "ENDPOINT_BROWNOUT")
    assert refused.headers == {**told.headers(call_of()), "Retry-After": str(refused_for_s)}
    assert refused.details == {
        **told.facts(call_of()),
        "until": "rfc3339 60",
        "retry_after": refused_for_s,
    }
    assert "/ws/content/gen_abc123 is not served until rfc3339 60, as announced" in refused.message


def test_brownouts_that_touch_or_overlap_are_one() -> None:
    told = deprecation(
        Mode.WARN, window(100, 160), window(0, 60), window(60, 90), window(30, 40), window(80, 100)
    )
    assert told.state(call_of(), NOW) == State(Standing.BROWNOUT, at(160))
    apart = deprecation(Mode.WARN, window(0, 60), window(61, 90))
    assert apart.state(call_of(), NOW) == State(Standing.BROWNOUT, at(60))
    assert apart.state(call_of(), NOW + 60) == State(Standing.SERVED)
    assert apart.state(call_of(), NOW + 61) == State(Standing.BROWNOUT, at(90))


def test_brownouts_pass_by_an_endpoint_that_stays_on() -> None:
    assert deprecation(Mode.ON, window(-10, 10)).state(call_of(), NOW) == State(Standing.SERVED)


def test_each_endpoint_goes_its_own_way() -> None:
    policies = {
        EndpointName.CONTENT: Policy(Mode.OFF, DEPRECATED, SUNSET),
        EndpointName.ROBLOX: Policy(Mode.ON, DEPRECATED, SUNSET, (window(-1, 1),)),
        EndpointName.PLUGIN: Policy(Mode.WARN, DEPRECATED, SUNSET, (window(-1, 1),)),
        EndpointName.AGENT: Policy(Mode.WARN, DEPRECATED, SUNSET),
        EndpointName.NATIVE: Policy(Mode.WARN, DEPRECATED, SUNSET, (window(1, 2),)),
    }
    told = Deprecation(policies, lambda: "/app/school")
    assert {name: told.state(call_of(name), NOW).standing for name in EndpointName} == {
        EndpointName.CONTENT: Standing.OFF,
        EndpointName.ROBLOX: Standing.SERVED,
        EndpointName.PLUGIN: Standing.BROWNOUT,
        EndpointName.AGENT: Standing.SERVED,
        EndpointName.NATIVE: Standing.SERVED,
    }


def test_a_plain_request_is_told_that_this_is_a_websocket() -> None:
    told = deprecation()
    answer = told.upgrade_required(call_of())
    assert (answer.status, answer.error_code) == (426, "UPGRADE_REQUIRED")
    assert answer.headers == {"Upgrade": "websocket", "Connection": "Upgrade", **told.headers(call_of())}
    assert answer.details == told.facts(call_of())
    assert "subscribe to private-content-generation-gen_abc123 over Channels instead" in answer.message
