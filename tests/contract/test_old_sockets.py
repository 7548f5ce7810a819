"""What the guide says of its sockets, over real ones: signing in, beats, errors, limits, close codes, replay."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from callers import Http, until
from old_school import OldClient, OldSchool, old_school
from servers import channel_auth, make_app
from toolboxai.apps.app import FlowRule, HistoryRule
from toolboxai.config.legacy_table import LegacyEndpointTable, LegacyLimitsTable, LegacyTable
from toolboxai.legacy.admissions import Limits
from toolboxai.legacy.deprecation import Mode
from toolboxai.legacy.endpoints import EndpointName
from toolboxai.protocol.channel import ChannelName

CONTENT = "/ws/content/gen_123"
PRIVATE = "private-content-generation-gen_123"
FOUR = [CONTENT, "/ws/roblox", "/ws/plugin/plugin_1", "/ws/agent/agent_content_123"]
NEEDS = dict(zip(FOUR, ["content:generate", "roblox:read", "plugin:connect", "agent:read"], strict=True))
REQUIRED = "Authentication required for this WebSocket endpoint"


@pytest.fixture
async def school() -> AsyncIterator[OldSchool]:
    async with old_school() as school:
        yield school


async def refusal(school: OldSchool, path: str, **headers: str) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as refused:
        async with school.at(path, additional_headers=headers):
            pass
    return refused.value


def body(refused: InvalidStatus) -> dict[str, object]:
    answer: dict[str, object] = json.loads(bytes(refused.response.body or b""))
    assert set(answer) == {"error_code", "message", "details", "request_id"}
    return answer


# ---- signing in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FOUR)
async def test_r117_any_frame_but_auth_is_answered_in_the_guides_words(school: OldSchool, path: str) -> None:
    async with school.at(path) as client:
        for kind in ("subscribe", "ping", "pong", "anything"):
            error = await client.ask(kind, environment_id="env_1")
            assert error.pop("timestamp").endswith("Z")
            assert error == {
                "type": "error",
                "data": {
                    "error_code": "WEBSOCKET_AUTH_REQUIRED",
                    "message": REQUIRED,
                    "details": {"endpoint": path, "required_permissions": [NEEDS[path]]},
                },
            }


async def test_r117_json_that_is_no_message_is_no_auth_either(school: OldSchool) -> None:
    async with school.at(CONTENT) as client:
        for text in ("{}", '{"action": "subscribe"}', '{"type": 5}', "[]", "5"):
            await client.wire.send(text)
            assert (await client.hear())["data"]["error_code"] == "WEBSOCKET_AUTH_REQUIRED"
        await client.wire.send("not JSON")
        assert (await client.hear())["data"]["error_code"] == "INVALID_JSON"
        assert (await client.sign_in("good:123"))["type"] == "auth_response"
        assert (await client.hear())["type"] == "snapshot"
        await client.wire.send("{}")
        assert (await client.hear())["data"]["error_code"] == "INVALID_JSON"


async def test_r91_a_good_token_is_answered_with_who_one_is(school: OldSchool) -> None:
    async with school.at(CONTENT) as client:
        answer = await client.sign_in("good:123")
        assert answer.pop("timestamp")
        assert answer == {
            "type": "auth_response",
            "data": {
                "authenticated": True,
                "user_id": "123",
                "role": "teacher",
                "permissions": ["content:generate", "roblox:read"],
            },
        }


async def test_r90_a_token_may_come_without_its_scheme_in_the_header_or_as_a_subprotocol(
    school: OldSchool,
) -> None:
    async with school.at(CONTENT) as client:
        assert (await client.ask("auth", token="good:123"))["type"] == "auth_response"
    async with school.at(CONTENT, additional_headers={"Authorization": "Bearer good:123"}) as client:
        assert (await client.hear())["type"] == "auth_response"
    async with school.at(CONTENT, subprotocols=["bearer", "bearer.a.b.c"]) as client:
        assert (await client.hear())["type"] == "auth_error"  # it was read: a.b.c is nobody's
        assert client.wire.subprotocol == "bearer"
    async with school.at(CONTENT, subprotocols=["v1", "Bearer", "bad"]) as client:
        assert (await client.hear())[
            "type"
        ] == "auth_error"  # what stands behind the word is a token, of any form
        assert client.wire.subprotocol == "v1"
    async with school.at(CONTENT, subprotocols=["bearer"]) as client:
        assert (await client.sign_in("good:123"))["type"] == "auth_response"
    assert [question.token for question in school.desk.asked if hasattr(question, "token")] == [
        "good:123",
        "good:123",
        "a.b.c",
        "bad",
        "Bearer good:123",
    ]


@pytest.mark.parametrize("fields", [{"token": "Bearer bad"}, {"token": None}, {"token": 5}, {}])
async def test_r96_a_bad_token_is_told_and_another_may_be_tried(
    school: OldSchool, fields: dict[str, object]
) -> None:
    async with school.at(CONTENT) as client:
        error = await client.ask("auth", **fields)
        assert error["type"] == "auth_error"
        assert error["data"]["error"] == error["data"]["error_code"] == "INVALID_TOKEN"
        assert error["data"]["message"] == "JWT token is invalid or expired"
        assert (await client.sign_in("good:123"))["type"] == "auth_response"


async def test_no_token_in_a_url(school: OldSchool) -> None:
    refused = await refusal(school, f"{CONTENT}?token=good:123")
    assert (refused.response.status_code, body(refused)["error_code"]) == (401, "AUTHENTICATION_REQUIRED")


async def test_g12_who_does_not_sign_in_within_ten_seconds_is_closed(school: OldSchool) -> None:
    async with school.at(CONTENT) as client:
        await school.running.advance(9.9)
        await client.say("subscribe")
        assert (await client.hear())["data"]["error_code"] == "WEBSOCKET_AUTH_REQUIRED"
        await school.running.advance(0.1)
        said, code, _ = await client.ended()
        assert [message["type"] for message in said] == ["error", "goodbye"]
        assert said[0]["data"]["error_code"] == "WEBSOCKET_AUTH_REQUIRED"
        assert said[1]["data"] == {
            "code": 4001,
            "reason": "Nobody signed in within 10 s",
            "retry": False,
            "retry_after": None,
        }
        assert code == 4001


async def test_g12_a_token_is_renewed_in_mid_connection_and_ends_it_otherwise(school: OldSchool) -> None:
    async with school.at(CONTENT, "short:123") as client:
        await school.running.advance(25)
        assert (await client.sign_in("short:123"))["type"] == "auth_response"
        await school.running.advance(35)  # the first would have ended here
        assert (await client.until("ping"))["type"] == "ping"
        assert (await client.sign_in("good:456"))["data"]["error_code"] == "CONFLICT"
        await school.running.advance(25)
        said, code, _ = await client.ended()
        assert [message["type"] for message in said] == ["auth_error", "goodbye"]
        assert (said[0]["data"]["error"], code) == ("TOKEN_EXPIRED", 4001)


async def test_a_token_that_is_taken_back_ends_its_connections_and_no_others(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:123") as client, school.at(CONTENT, "good:456") as other:
        school.desk.revoked.add("123")
        await school.running.advance(1)
        said, code, _ = await client.ended()
        assert [message["type"] for message in said[-2:]] == ["auth_error", "goodbye"]
        assert (said[-2]["data"]["error"], code) == ("INVALID_TOKEN", 4001)
        assert (await other.ask("ping"))["type"] == "pong"


async def test_r54_frames_sent_back_to_back_are_taken_in_their_order(school: OldSchool) -> None:
    school.desk.gate.clear()
    async with school.at("/ws/roblox") as client:
        await client.say("auth", token="Bearer good:123")
        await client.say("subscribe", environment_id="env_456")
        await client.say("ping")
        await until(lambda: school.desk.asked)
        school.desk.gate.set()
        types = [(await client.hear())["type"] for _ in range(4)]
        assert types == ["auth_response", "subscribed", "snapshot", "pong"]


async def test_foreign_and_unknown_resources_are_the_same_to_a_stranger(school: OldSchool) -> None:
    school.desk.foreign = {"gen_123", "env_1"}
    async with school.at(CONTENT) as client:
        assert (await client.sign_in("good:123"))["type"] == "auth_response"  # the token is not at fault
        error = await client.hear()
        assert (error["type"], error["data"]["error_code"]) == ("error", "RESOURCE_NOT_FOUND")
        assert (await client.ended())[1] == 4004
    async with school.at("/ws/agent/agent_1") as client:
        assert (await client.sign_in("student:1"))["data"]["role"] == "student"
        error = await client.hear()
        assert error["data"]["error_code"] == "INSUFFICIENT_PERMISSIONS"
        assert error["data"]["details"]["required_permissions"] == ["agent:read"]
        assert (await client.ended())[1] == 4003
    async with school.at("/ws/roblox", "good:123") as client:
        error = await client.ask("subscribe", environment_id="env_1")
        assert (error["data"]["error_code"], error["data"]["details"]["environment_id"]) == (
            "ENVIRONMENT_NOT_FOUND",
            "env_1",
        )
        assert (await client.ask("subscribe", environment_id="env_2"))["type"] == "subscribed"


async def test_g23_an_error_names_the_message_that_led_to_it(school: OldSchool) -> None:
    school.desk.foreign = {"gen_123", "env_1"}
    async with school.at("/ws/roblox", "good:123") as client:
        for kind, fields, code in (
            ("subscribe", {"environment_id": "env_1"}, "ENVIRONMENT_NOT_FOUND"),
            ("subscribe", {}, "VALIDATION_ERROR"),
            ("nothing", {}, "UNKNOWN_MESSAGE_TYPE"),
            ("auth", {"token": "good:456"}, "CONFLICT"),
        ):
            error = await client.ask(kind, **fields, message_id="m1")
            assert (error["data"]["error_code"], error["data"]["details"]["message_id"]) == (code, "m1")
    async with school.at("/ws/content/gen_124", "good:123") as client:
        await client.say("generation_cancel", message_id="m2")
        error = await client.until("error")
        assert (error["data"]["error_code"], error["data"]["details"]["message_id"]) == ("CONFLICT", "m2")
    async with school.at(CONTENT) as client:
        await client.sign_in("good:123", message_id="m3")
        error = await client.hear()
        assert (error["data"]["error_code"], error["data"]["details"]["message_id"]) == (
            "RESOURCE_NOT_FOUND",
            "m3",
        )


# ---- events -------------------------------------------------------------------------------------------------


async def test_r53_only_the_environments_that_are_subscribed_to(school: OldSchool) -> None:
    async with school.at("/ws/roblox", "good:123") as client:
        await school.publish("private-roblox-sync-env_1", "environment_status", status="generating")
        for name in ("env_1", "env_2"):
            assert (await client.ask("subscribe", environment_id=name))["data"] == {"environment_id": name}
            assert (await client.hear())["type"] == "snapshot"
        assert (await client.ask("subscribe", environment_id="env_1"))["type"] == "subscribed"  # still once
        sent = [
            await school.publish(f"private-roblox-sync-env_{n}", "asset_ready", environment_id=f"env_{n}")
            for n in (1, 3, 2)
        ]
        assert [await client.wire.recv() for _ in range(2)] == [sent[0], sent[2]]
        assert (await client.ask("unsubscribe", environment_id="env_1"))["type"] == "unsubscribed"
        await school.publish("private-roblox-sync-env_1", "asset_ready")
        last = await school.publish("private-roblox-sync-env_2", "asset_ready")
        assert await client.wire.recv() == last


async def test_one_publication_is_the_same_message_in_both_worlds(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:123") as old, school.running.socket() as page:
        await page.subscribe(PRIVATE, channel_auth(page.id, PRIVATE))
        for seq in range(1, 4):
            sent = await school.publish(PRIVATE, "progress_update", seq, progress_percent=seq)
            there = await page.hear()
            assert (await old.wire.recv(), there["data"], there["event"]) == (sent, sent, "progress_update")
        await school.running.trigger(PRIVATE, "plain", "no envelope")
        await page.hear()
        assert (await old.hear())["data"] == "no envelope"


async def test_g4_what_a_plugin_says_goes_to_everybody_else_and_never_back_to_it() -> None:
    kept = make_app(history=(HistoryRule("private-plugin-*", 50, 600.0),))
    channel = "private-plugin-plugin_1"
    async with old_school(kept) as school, school.running.socket() as page:
        school.desk.relays_to = school.running
        await page.subscribe(channel, channel_auth(page.id, channel))
        async with school.at("/ws/plugin/plugin_1", "good:1") as plugin:
            await plugin.say("plugin_hello", data={"version": "1"})
            assert json.loads((await page.hear())["data"])["data"] == {"version": "1"}
            command = await school.publish(channel, "plugin_command", 1, command_id="c1")
            assert await plugin.wire.recv() == command
        async with school.at("/ws/plugin/plugin_1", "good:1") as plugin:
            assert await plugin.wire.recv() == command
            assert (await plugin.ask("ping"))["type"] == "pong"


async def test_every_old_socket_hears_system_notifications(school: OldSchool) -> None:
    async with school.at("/ws/roblox", "good:1") as client:
        sent = await school.publish("system-notifications", "system_notification", text="back at nine")
        assert await client.wire.recv() == sent


async def test_what_belongs_to_channels_alone_is_not_heard(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client, school.running.socket() as page:
        await page.subscribe(PRIVATE, channel_auth(page.id, PRIVATE))
        forged = '{"type":"generation_complete","data":{}}'
        await page.say("client-generation_complete", forged, channel=PRIVATE)
        heard = await client.hear()
        assert (heard["type"], heard["data"]) == ("client-generation_complete", json.loads(forged))


# ---- late, again, acknowledged ------------------------------------------------------------------------------


def story(length: int) -> list[bytes]:
    return [
        json.dumps({"type": "progress_update", "data": {}, "seq": n}).encode() for n in range(1, length + 1)
    ]


async def seqs(client: OldClient, count: int) -> list[int]:
    return [(await client.hear())["seq"] for _ in range(count)]


async def test_g23_who_comes_late_is_told_where_it_stands_and_what_has_happened(school: OldSchool) -> None:
    school.desk.stories["gen_123"] = story(3)
    async with school.at(CONTENT) as client:
        await client.sign_in("good:1")
        snapshot = await client.hear()
        assert snapshot["data"] == {"session_id": "gen_123", "status": "running", "last_seq": 3}
        assert await seqs(client, 3) == [1, 2, 3]
        for seq in (2, 3):  # stored before they are published: not told twice
            await school.publish(PRIVATE, "progress_update", seq)
        await school.publish(PRIVATE, "progress_update", 4)
        await school.publish(PRIVATE, "progress_update", 4)  # from here on the channel is followed as it is
        assert await seqs(client, 2) == [4, 4]


@pytest.mark.parametrize("way", ["with auth", "behind it", "after the answer"])
async def test_g23_who_says_how_far_it_is_gets_the_rest(school: OldSchool, way: str) -> None:
    school.desk.stories["gen_123"] = story(5)
    async with school.at(CONTENT) as client:
        await client.say("auth", token="good:1", **({"last_seq": 3} if way == "with auth" else {}))
        if way == "after the answer":
            assert (await client.hear())["type"] == "auth_response"
        if way != "with auth":
            await client.say("resume", last_seq=3)
        assert (await client.until("snapshot"))["data"]["last_seq"] == 5
        assert await seqs(client, 2) == [4, 5]
        if way != "with auth":
            resumed = await client.hear()
            assert resumed["type"] == "resumed"
            assert (resumed["data"]["replayed"], resumed["data"]["complete"]) == (0, True)
        await client.say("resume", last_seq=1)
        assert await seqs(client, 2) == [2, 3]
        assert (await client.hear())["data"]["replayed"] == 2


async def test_g23_what_was_acknowledged_is_not_repeated_to_the_same_user(school: OldSchool) -> None:
    school.desk.stories["gen_123"] = story(4)
    async with school.at(CONTENT) as client:
        await client.sign_in("good:1")
        await client.until("snapshot")
        await client.say("ack", seq=3)
        await client.say("ping")
        await client.until("pong")
    for user, expected in (("1", [4]), ("2", [1, 2, 3, 4])):
        async with school.at(CONTENT) as client:
            await client.sign_in(f"good:{user}")
            await client.until("snapshot")
            assert await seqs(client, len(expected)) == expected


async def test_an_ack_is_remembered_where_there_is_a_story_alone(school: OldSchool) -> None:
    async with school.at("/ws/agent/agent_1", "good:1") as agent, school.at(CONTENT, "good:1") as session:
        for client in (agent, session):
            await client.say("ack", seq=3)
            assert (await client.ask("ping"))["type"] == "pong"
    old = school.running.server._old_sockets
    assert old is not None
    assert list(old._answers._acknowledged) == [(PRIVATE, "1")]


async def test_nothing_is_missed_between_story_and_channel(school: OldSchool) -> None:
    school.desk.stories["gen_123"] = story(2)
    async with school.at(CONTENT) as client:
        await client.sign_in("good:1", last_seq=0)
        school.desk.gate.clear()
        await until(lambda: len(school.desk.asked) == 2)
        await school.publish(PRIVATE, "progress_update", 2)
        await school.publish(PRIVATE, "progress_update", 3)
        school.desk.gate.set()
        await client.until("snapshot")
        assert await seqs(client, 3) == [1, 2, 3]


# ---- beats --------------------------------------------------------------------------------------------------


async def test_r98_a_ping_every_thirty_seconds_in_the_guides_form(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client:
        for _ in range(4):
            await school.running.advance(30)
            ping = await client.hear()
            assert set(ping) == {"type", "timestamp"}
            assert ping["type"] == "ping"
            await client.say("pong", timestamp=ping["timestamp"])
            await client.say("ping")
            assert (await client.hear())["type"] == "pong"


async def test_g19_a_client_that_answers_only_protocol_pings_lives_on(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client:
        for _ in range(5):
            await school.running.advance(30)
            assert (await client.hear())["type"] == "ping"
            # The library has answered the ping that came with it; one more round trip says that it has arrived.
            await (await client.wire.ping())
            school.clock.advance(29)
            await school.running.server.look_at_the_clock()
        assert client.wire.close_code is None


async def test_g19_who_answers_nothing_is_closed_after_two_intervals(school: OldSchool) -> None:
    async with Http.opened(school.running.port) as http:
        raw = f"GET {CONTENT} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        raw += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        http.writer.write(f"{raw}Authorization: Bearer good:1\r\n\r\n".encode())
        await http.reader.readuntil(b'"snapshot"')
        await school.running.advance(30)
        await http.reader.readuntil(b'"ping"')
        await school.running.advance(29.9)
        assert school.admissions.of_user("1") == 1
        await school.running.advance(0.1)
        assert b'"code":4201' in await http.reader.readuntil(b"\x88")
        assert (await http.reader.readexactly(3))[1:] == (4201).to_bytes(2, "big")
        assert len(school.admissions) == 0


# ---- limits -------------------------------------------------------------------------------------------------


async def test_r123_the_101st_message_of_a_minute_is_refused_and_the_window_slides(school: OldSchool) -> None:
    async with school.at("/ws/roblox", "good:1") as client:
        for _ in range(500):
            await client.say("pong")  # r125: these count for nothing
        for _ in range(100):
            await client.say("unsubscribe", environment_id="env_x")
        for _ in range(100):
            assert (await client.hear())["data"]["error_code"] == "VALIDATION_ERROR"
        error = (await client.ask("unsubscribe"))["data"]
        assert error["error_code"] == "RATE_LIMIT_EXCEEDED"
        assert error["details"] == {"limit": 100, "retry_after": 60, "terminal": False}
        await school.running.advance(30)
        assert (await client.hear())["type"] == "ping"
        await school.running.advance(29.5)
        await client.say("unsubscribe")
        assert (await client.until("error"))["data"]["details"]["retry_after"] == 1
        await school.running.advance(0.5)
        await client.say("unsubscribe")
        assert (await client.until("error"))["data"]["error_code"] == "VALIDATION_ERROR"


async def test_g21_the_third_refusal_closes(school: OldSchool) -> None:
    async with school.at("/ws/roblox", "good:1") as client:
        for _ in range(103):
            await client.say("unsubscribe")
        said, code, _ = await client.ended()
        codes = [message["data"].get("error_code") for message in said]
        assert codes == ["VALIDATION_ERROR"] * 100 + ["RATE_LIMIT_EXCEEDED"] * 3 + [None]
        assert (said[-1]["type"], said[-1]["data"]["retry_after"], code) == ("goodbye", 60, 4129)


async def test_r124_the_sixth_try_to_sign_in_is_refused_even_with_a_good_token(school: OldSchool) -> None:
    async with school.at(CONTENT) as client:
        for _ in range(5):
            assert (await client.sign_in("bad"))["type"] == "auth_error"
        error = (await client.sign_in("good:1"))["data"]
        assert (error["error_code"], error["details"]["limit"]) == ("RATE_LIMIT_EXCEEDED", 5)
        assert (await client.ended())[1] == 4129


async def test_r120_the_eleventh_connection_of_a_user_is_refused_and_the_others_live(
    school: OldSchool,
) -> None:
    clients = [school.at("/ws/roblox", "good:1") for _ in range(10)]
    opened = [await client.__aenter__() for client in clients]
    async with school.at("/ws/roblox") as eleventh, school.at("/ws/roblox", "good:2"):
        error = (await eleventh.sign_in("good:1"))["data"]
        assert error["error_code"] == "WEBSOCKET_CONNECTION_LIMIT"
        assert (error["details"]["current_connections"], error["details"]["max_connections"]) == (10, 10)
        assert (await eleventh.ended())[1] == 4100
    await clients[0].__aexit__(None, None, None)
    await until(lambda: school.admissions.of_user("1") == 9)
    async with school.at("/ws/roblox", "good:1"):
        for client in opened[1:]:
            assert (await client.ask("ping"))["type"] == "pong"
    for each in clients[1:]:
        await each.__aexit__(None, None, None)


async def test_r121_the_51st_connection_of_an_address_is_refused_before_the_handshake(
    school: OldSchool,
) -> None:
    async with AsyncExitStack() as stack:
        for path in ["/ws/native", CONTENT] * 25:
            await stack.enter_async_context(school.at(path))
        refused = await refusal(school, CONTENT)
        assert refused.response.status_code == 429
        assert int(refused.response.headers["Retry-After"]) >= 1
        answer = body(refused)
        assert answer["error_code"] == "WEBSOCKET_CONNECTION_LIMIT"
        details: Any = answer["details"]
        assert (details["current_connections"], details["max_connections"]) == (50, 50)
        forged = await refusal(school, CONTENT, **{"X-Forwarded-For": "10.0.0.1"})
        assert forged.response.status_code == 429
    await until(lambda: len(school.admissions) == 0)
    async with school.at(CONTENT, "good:1"):
        pass
    assert school.running.metrics.legacy_connections_refused_total.total() == 2


async def test_the_apps_own_limit_holds_for_old_sockets_too() -> None:
    async with (
        old_school(make_app(max_connections=2)) as school,
        school.at("/ws/native"),
        school.running.socket(),
    ):
        refused = await refusal(school, CONTENT)
        assert (refused.response.status_code, refused.response.headers["Retry-After"]) == (429, "10")
        answer = body(refused)
        assert answer["error_code"] == "WEBSOCKET_CONNECTION_LIMIT"
        assert answer["details"] == {
            "current_connections": 2,
            "max_connections": 2,
            "endpoint": CONTENT,
            "retry_after": 10,
        }
        assert school.admissions.of_address("127.0.0.1") == 1


async def test_r121_an_address_is_taken_from_trusted_proxies_only() -> None:
    async with old_school(limits=Limits(connections_per_ip=1), proxies=["127.0.0.0/8"]) as school:
        forged = {"X-Forwarded-For": "10.9.9.9, 10.0.0.1"}  # the proxy wrote the last one
        async with school.at(CONTENT, additional_headers={"X-Forwarded-For": "10.0.0.1"}):
            assert (await refusal(school, CONTENT, **forged)).response.status_code == 429
            async with school.at(CONTENT, additional_headers={"X-Forwarded-For": "10.0.0.2"}):
                pass


async def test_r122_the_newest_connection_of_a_user_has_the_session(school: OldSchool) -> None:
    async with (
        school.at(CONTENT, "good:1") as first,
        school.at(CONTENT, "good:2") as another,
        school.at(CONTENT, "good:1") as second,
    ):
        said, code, _ = await first.ended()
        assert [message["type"] for message in said] == ["error", "goodbye"]
        assert (said[0]["data"]["error_code"], code) == ("SESSION_REPLACED", 4008)
        sent = await school.publish(PRIVATE, "progress_update", 1)
        assert await second.wire.recv() == await another.wire.recv() == sent


async def test_a_user_with_no_connection_to_spare_comes_back_to_a_session_of_theirs() -> None:
    async with (
        old_school(limits=Limits(connections_per_user=1)) as school,
        school.at(CONTENT, "good:1") as first,
        school.at(CONTENT, "good:1"),
    ):
        assert (await first.ended())[1] == 4008
        assert school.admissions.of_user("1") == 1


async def test_g18_two_clients_of_one_user_that_fight_are_held_apart(school: OldSchool) -> None:
    first, second, third = (school.at(CONTENT, "good:1") for _ in range(3))
    async with first, second, third, school.at(CONTENT, "good:1") as newest:
        async with school.at(CONTENT) as late:
            error = (await late.sign_in("good:1"))["data"]
            assert error["error_code"] == "WEBSOCKET_CONNECTION_LIMIT"
            assert 0 < error["details"]["retry_after"] <= 30
            assert (await late.ended())[1] == 4100
        assert (await newest.ask("ping"))["type"] == "pong"
        school.clock.advance(30)
        async with school.at(CONTENT, "good:1"):
            assert (await newest.ended())[1] == 4008


# ---- close codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "error_code", "code"),
    [
        ("{", "INVALID_JSON", 1002),
        ("[]", "INVALID_JSON", 1002),
        ('{"type":"what"}', "UNKNOWN_MESSAGE_TYPE", 1003),
    ],
)
async def test_g20_the_third_bad_message_within_a_minute_closes(
    school: OldSchool, frame: str, error_code: str, code: int
) -> None:
    async with school.at(CONTENT, "good:1") as client:
        for _ in range(2):
            await client.wire.send(frame)
            error = (await client.hear())["data"]
            assert (error["error_code"], error["session_id"]) == (error_code, "gen_123")
            assert error["details"] == {"terminal": False}
        await client.wire.send(frame)
        said, closed, _ = await client.ended()
        assert [message["type"] for message in said] == ["error", "goodbye"]
        assert closed == code


async def test_the_application_ends_a_users_old_sockets_with_all_others(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client, school.at(CONTENT, "good:2") as other:
        assert await school.running.post("/apps/3/users/1/terminate_connections", {}) == (200, "{}")
        said, code, _ = await client.ended()
        assert [message["type"] for message in said] == ["goodbye"]
        assert (said[0]["data"]["retry"], code) == (False, 4009)
        assert (await other.ask("ping"))["type"] == "pong"


async def test_g20_binary_and_too_much_are_told_before_the_close(school: OldSchool) -> None:
    for frame, code in ((b"\x00", 1003), ("x" * (64 * 1024 + 1), 1009)):
        async with school.at(CONTENT, "good:1") as client:
            await client.wire.send(frame)
            said, closed, _ = await client.ended()
            assert [message["type"] for message in said] == ["goodbye"]
            assert said[0]["data"]["code"] == closed == code


async def test_r111_a_client_that_closes_is_answered_in_kind(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client:
        await client.wire.close(1000)
        assert client.wire.close_code == 1000
    await until(lambda: len(school.admissions) == 0)


async def test_r112_a_shutdown_tells_everyone_to_come_back() -> None:
    async with old_school(drain_s=0.1) as school:
        async with asyncio.TaskGroup() as group:
            contexts = [school.at(CONTENT, "good:1"), school.at("/ws/native")]
            signed_in, echo = [await context.__aenter__() for context in contexts]
            ends = [group.create_task(signed_in.ended()), group.create_task(echo.ended())]
            await school.running.server._drain()
            said, code, _ = await ends[0]
            assert (said[-1]["data"]["code"], said[-1]["data"]["retry"], said[-1]["data"]["retry_after"]) == (
                1001,
                True,
                0,
            )
            assert code == 1001
            said, code, _ = await ends[1]
            assert (said, code) == ([], 1001)
        for context in contexts:
            await context.__aexit__(None, None, None)


async def test_r116_a_fault_of_ours_is_told_counted_and_nobody_elses(
    school: OldSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with school.at("/ws/roblox", "good:1") as hit, school.at("/ws/roblox", "good:2") as other:

        async def broken(_question: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(school.desk, "answer", broken)
            await hit.say("subscribe", environment_id="env_1")
            said, code, _ = await hit.ended()
        assert [message["type"] for message in said] == ["error", "goodbye"]
        assert (said[0]["data"]["error_code"], code) == ("INTERNAL_ERROR", 1011)
        assert (await other.ask("ping"))["type"] == "pong"
        assert school.running.metrics.faults_total == 1


# ---- the echo endpoint --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Hello WebSocket!", "", "ünïcödé 🚀", "x" * 4096, '{"type":"auth"}'])
async def test_r88_the_echo_is_the_first_frame_and_the_very_bytes(school: OldSchool, text: str) -> None:
    async with school.at("/ws/native") as client:
        await client.wire.send(text)
        assert await client.wire.recv() == text


async def test_g11_the_echo_endpoint_has_its_own_bounds(school: OldSchool) -> None:
    async with school.at("/ws/native") as client:
        await client.wire.send("x" * 4097)
        assert await client.ended() == ([], 1009, "a message may have 4096 bytes")
    async with school.at("/ws/native") as client:
        await school.running.advance(59)
        await client.wire.send("there")
        assert await client.wire.recv() == "there"
        await school.running.advance(60)
        assert (await client.ended())[:2] == ([], 4202)


# ---- being led away -----------------------------------------------------------------------------------------


async def test_r4_the_handshake_says_that_its_time_is_over(school: OldSchool) -> None:
    async with school.at(CONTENT) as client:
        assert client.wire.response is not None
        headers = client.wire.response.headers
        assert headers["Deprecation"].startswith("@")
        assert headers["Sunset"].endswith("GMT")
        for part in ('rel="deprecation"', 'rel="sunset"', f'#{PRIVATE}>; rel="successor-version"'):
            assert part in headers["Link"]


async def test_r3_an_endpoint_that_is_off_is_gone_and_the_others_are_not() -> None:
    off = LegacyTable(endpoints={EndpointName.CONTENT: LegacyEndpointTable(mode=Mode.OFF)})
    async with old_school(legacy=off) as school:
        refused = await refusal(school, CONTENT)
        assert refused.response.status_code == 410
        answer = body(refused)
        assert answer["error_code"] == "ENDPOINT_GONE"
        assert PRIVATE in json.dumps(answer["details"])
        assert "Sunset" in refused.response.headers
        async with school.at("/ws/roblox", "good:1"):
            pass


async def test_g2_who_asks_for_it_has_the_facts_as_the_first_message() -> None:
    async with old_school(legacy=LegacyTable(notice=True)) as school:
        async with school.at(CONTENT) as client:
            notice = await client.hear()
            assert (notice["type"], notice["data"]["deprecated"]) == ("deprecation_notice", True)
        async with school.at("/ws/native") as client:
            await client.wire.send("mine")
            assert await client.wire.recv() == "mine"


@pytest.mark.parametrize(("path", "status"), [("/ws/nothing", 404), ("/ws/content/", 404)])
async def test_there_are_five(school: OldSchool, path: str, status: int) -> None:
    assert (await refusal(school, path)).response.status_code == status


async def test_g32_pages_of_other_origins_are_refused(school: OldSchool) -> None:
    refused = await refusal(school, CONTENT, Origin="https://evil.example")
    assert (refused.response.status_code, body(refused)["error_code"]) == (403, "ORIGIN_NOT_ALLOWED")


async def test_g1_every_refusal_of_an_endpoint_says_that_it_is_deprecated() -> None:
    async with old_school(limits=Limits(connections_per_ip=1)) as school, school.at("/ws/native"):
        refusals = [
            await refusal(school, f"{CONTENT}?token=x"),
            await refusal(school, CONTENT, Origin="https://evil.example"),
            await refusal(school, CONTENT),
        ]
        assert [refused.response.status_code for refused in refusals] == [401, 403, 429]
        for refused in refusals:
            assert refused.response.headers["Deprecation"].startswith("@")
            assert refused.response.headers["Sunset"].endswith("GMT")
            assert 'rel="deprecation"' in refused.response.headers["Link"]
        assert "Deprecation" not in (await refusal(school, "/ws/nowhere")).response.headers


async def test_the_ledger_has_each_client_once_and_what_it_said(school: OldSchool) -> None:
    nobody = {
        "endpoint": "native",
        "user_agent": "probe/2",
        "client": "",
        "user_id": "",
        "organization_id": "",
    }
    async with school.at("/ws/roblox", user_agent_header="old/1") as client:
        await client.sign_in("good:1", client="dashboard")
        await client.ask("unsubscribe")
    async with school.at("/ws/native", user_agent_header="probe/2") as client:
        await until(lambda: ("opened", nobody) in school.book.lines)  # nobody will ever sign in there
        await client.wire.send("x")
        await client.wire.recv()
    await until(lambda: len(school.admissions) == 0)
    signed_in = {
        "endpoint": "roblox",
        "user_agent": "old/1",
        "client": "dashboard",
        "user_id": "1",
        "organization_id": "org_1",
    }
    assert school.book.lines == [
        ("opened", signed_in),
        ("closed", {"messages": 1, **signed_in}),
        ("opened", nobody),
        ("closed", {"messages": 1, **nobody}),
    ]


async def test_r148_the_log_says_why_and_never_the_token(
    school: OldSchool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await refusal(school, f"{CONTENT}?token=good:secret")
    async with school.at(CONTENT) as client:
        await client.sign_in("bad:secret")
        await client.wire.send(b"x")
        await client.ended()
    lines = [
        (record.message, record.__dict__.get("error_code") or record.__dict__.get("reason"))
        for record in caplog.records
        if record.name.startswith("toolboxai.transport.old_socket")
    ]
    assert lines == [
        ("old socket refused", "AUTHENTICATION_REQUIRED"),
        ("old socket not signed in", "the token does not hold"),
        ("old socket closed", "Binary messages are not supported; send JSON text"),
    ]
    assert not any(
        "secret" in str(record.__dict__) for record in caplog.records if "old socket" in record.message
    )


async def test_numbers_are_the_settings_to_change() -> None:
    legacy = LegacyTable(limits=LegacyLimitsTable(messages_per_minute=2, auth_attempts_per_minute=1))
    async with old_school(legacy=legacy) as school, school.at("/ws/roblox") as client:
        await client.sign_in("good:1")
        assert (await client.sign_in("good:1"))["data"]["details"]["limit"] == 1
        for expected in ("VALIDATION_ERROR", "VALIDATION_ERROR", "RATE_LIMIT_EXCEEDED"):
            assert (await client.ask("unsubscribe"))["data"]["error_code"] == expected


async def test_a_flow_rule_of_the_app_holds_and_nothing_comes_twice_or_out_of_order() -> None:
    rule = FlowRule("private-content-*", conflate_by="event")
    async with (
        old_school(make_app(flow=(rule,))) as school,
        school.at(CONTENT, max_queue=1) as client,
    ):
        school.desk.stories["gen_123"] = story(3)
        await client.sign_in("good:1", last_seq=0)
        await client.until("snapshot")
        client.wire.transport.pause_reading()
        app, channel = school.running.node.apps.own, ChannelName.parse(PRIVATE)
        assert app is not None
        for seq in range(2, 1001):
            text = json.dumps({"type": "progress_update", "data": "x" * 8000, "seq": seq})
            await school.running.node.publish(app, [channel], "progress_update", text)
            await asyncio.sleep(0)
        client.wire.transport.resume_reading()
        heard = [1]
        while heard[-1] < 1000:
            heard += await seqs(client, 1)
        assert heard[1:4] == [1, 2, 3]
        assert heard[1:] == sorted(set(heard))
        assert school.running.metrics.events_conflated_total == 1000 - len(heard[1:])
        assert school.running.metrics.slow_consumers_total == 0


async def test_a_slow_reader_is_told_last_and_let_go(school: OldSchool) -> None:
    async with school.at(CONTENT, "good:1") as client:
        (pump,) = school.running.server._acceptor.pumps
        pump._overflow()
        said, code, _ = await client.ended()
        assert [message["type"] for message in said] == ["error", "goodbye"]
        assert code == 4100
        with pytest.raises(ConnectionClosed):
            await client.wire.recv()
