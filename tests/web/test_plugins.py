"""Studio plugins over HTTP: registered, commanded, read and revoked."""

import asyncio
import logging
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from classroom_parts import code_of
from plugin_parts import EVENT_BYTES, PluginSchool, result
from toolboxai.adapters.database.audit import AuditRow
from toolboxai.errors import RateLimitExceeded
from toolboxai.legacy.endpoints import called
from toolboxai.legacy.questions import Recall
from toolboxai.platform.identity.limiter import Attempts
from toolboxai.platform.messages.registry import validate
from toolboxai.platform.plugins import commands, doors, model
from toolboxai.platform.plugins.story import plugin_story
from toolboxai.platform.resources.model import Resource, ResourceKind
from toolboxai.web.plugin_stream import cursor_in, plugin_stream

HELLO = {
    "type": "plugin_hello",
    "data": {"version": "1.0", "studio_version": "0.650", "place_id": 12, "capabilities": ["world_events"]},
}


async def test_a_token_is_shown_once_and_opens_one_plugin(
    plugin_school: PluginSchool, database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "toolboxai")
    school = plugin_school
    about = {"name": "Studio at home", "studio_version": "0.650", "capabilities": ["apply_bundle"]}
    made = await school.ask("anna", "POST", "", json=about)
    plugin = made.json()
    token = plugin.pop("token")
    plugin_id = plugin["plugin_id"]
    assert made.headers["location"] == f"/api/v1/plugins/{plugin_id}"
    assert made.headers["cache-control"] == "no-store"
    assert plugin["channel"] == f"private-plugin-{plugin_id}"
    assert plugin["transports"] == {
        "websocket": f"/ws/plugin/{plugin_id}",
        "sse": f"/api/v1/plugins/{plugin_id}/events",
        "long_poll": f"/api/v1/plugins/{plugin_id}/messages",
        "channels": f"private-plugin-{plugin_id}",
    }
    assert (plugin["connected"], plugin["last_seen"]) == (False, None)
    other = await school.a_plugin("anna")
    listed = (await school.ask("anna", "GET", "", params={"limit": 1})).json()
    assert listed["items"] == [plugin]
    rest = (await school.ask("anna", "GET", "", params={"cursor": listed["next_cursor"]})).json()
    assert [each["plugin_id"] for each in rest["items"]] == [other]
    assert rest["next_cursor"] is None
    school.tokens["plugin"] = token
    assert (await school.ask("plugin", "GET", f"{plugin_id}/messages")).status_code == 200
    assert code_of(await school.ask("plugin", "GET", f"{other}/messages")) == (404, "RESOURCE_NOT_FOUND")
    assert code_of(await school.ask("plugin", "POST", "", json=about)) == (403, "INSUFFICIENT_PERMISSIONS")
    assert code_of(await school.ask("plugin", "DELETE", plugin_id)) == (404, "RESOURCE_NOT_FOUND")
    assert (await school.ask("anna", "DELETE", plugin_id)).status_code == 204
    refused = await school.ask("plugin", "GET", f"{plugin_id}/messages")
    assert code_of(refused) == (401, "INVALID_TOKEN")
    assert "revoked" in refused.json()["message"]
    async with database.connect() as connection:
        noted = (await connection.execute(select(AuditRow.__table__).order_by(AuditRow.id))).all()
    assert [(each.action, each.kind, each.resource_id) for each in noted] == [
        ("plugin_registered", "plugin", plugin_id),
        ("plugin_registered", "plugin", other),
        ("plugin_revoked", "plugin", plugin_id),
    ]
    assert token not in str(noted)
    assert token not in caplog.text


async def test_a_foreign_plugin_is_as_unknown_as_none(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id, foreign = await school.a_plugin("anna"), await school.a_plugin("ben")
    issued = await school.command(plugin_id)
    reads = ("", "/messages", "/commands", f"/commands/{issued['command_id']}", "/bundles/env_1")
    for who in ("ben", "sam", "olga", foreign):
        for rest in reads:
            answer = await school.ask(who, "GET", plugin_id + rest)
            assert code_of(answer) == (404, "RESOURCE_NOT_FOUND"), (who, rest)
        command = await school.ask(who, "POST", f"{plugin_id}/commands", json={"action": "x"})
        assert code_of(command)[0] == 404
        assert code_of(await school.ask(who, "PUT", f"{plugin_id}/config", json={}))[0] == 404
        said = await school.ask(who, "POST", f"{plugin_id}/messages", json={"messages": [HELLO]})
        assert code_of(said)[0] == 404
    assert code_of(await school.ask("anna", "GET", "plugin_none"))[0] == 404
    assert code_of(await school.ask("sam", "POST", "", json={"name": "x"}))[0] == 403
    assert code_of(await school.ask(None, "GET", plugin_id)) == (401, "AUTHENTICATION_REQUIRED")


async def test_the_schools_operator_commands_and_does_not_listen(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin("anna")
    command = await school.command(plugin_id, "ada")
    read = await school.ask("ada", "GET", f"{plugin_id}/commands/{command['command_id']}")
    assert read.json()["status"] == "queued"
    assert code_of(await school.ask("ada", "GET", f"{plugin_id}/messages"))[0] == 404
    assert code_of(await school.ask("ada", "DELETE", plugin_id))[0] == 404
    itself = await school.ask(plugin_id, "POST", f"{plugin_id}/commands", json={"action": "x"})
    assert code_of(itself)[0] == 404


async def test_a_command_is_queued_handed_over_and_ended_once(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    issued = await school.command(plugin_id)
    assert (issued["status"], issued["seq"], issued["delivered_at"]) == ("queued", 1, None)
    own = await school.reads(plugin_id, who="anna")
    assert (await school.stands(plugin_id, issued["command_id"]))["status"] == "queued"
    page = await school.reads(plugin_id)
    assert page == own
    assert page == {"items": school.told(plugin_id), "next_cursor": 1, "complete": True}
    assert [validate(each) for each in page["items"]] == [[]]
    assert page["items"][0]["data"] == {
        "command_id": issued["command_id"],
        "action": "show_message",
        "payload": {"text": "Hello"},
        "expires_at": issued["expires_at"],
    }
    delivered = await school.stands(plugin_id, issued["command_id"])
    assert delivered["status"] == "delivered"
    assert delivered["delivered_at"] is not None
    first, again = await school.says(
        plugin_id,
        result(issued["command_id"], result={"parts": 3}),
        result(issued["command_id"], "error", error="twice"),
    )
    assert (first, again) == (
        {"message_id": None, "seq": 2, "fresh": True},
        {"message_id": None, "seq": 2, "fresh": False},
    )
    ended = await school.stands(plugin_id, issued["command_id"])
    assert (ended["status"], ended["result"], ended["error"]) == ("ok", {"parts": 3}, None)
    assert ended["ended_at"] is not None
    assert [each["type"] for each in (await school.reads(plugin_id, 1))["items"]] == ["command_result"]


async def test_the_same_id_is_the_same_command(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    made = [await school.command(plugin_id, command_id="mine", payload={"a": 1, "b": 2}) for _ in range(2)]
    assert made[0] == made[1]
    other = {"action": "show_message", "payload": {"a": 2}, "command_id": "mine"}
    assert code_of(await school.ask("anna", "POST", f"{plugin_id}/commands", json=other)) == (409, "CONFLICT")
    assert len((await school.reads(plugin_id))["items"]) == 1
    for unknown in ("none", "a%00b", "x" * 65):
        assert code_of(await school.ask("anna", "GET", f"{plugin_id}/commands/{unknown}"))[0] == 404
    elsewhere = await school.command(await school.a_plugin(), command_id="mine")
    assert elsewhere["seq"] == 1


async def test_the_same_idempotency_key_is_the_same_command(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id, other = await school.a_plugin(), await school.a_plugin()

    async def issued(who: str, key: str, text: str = "Hello", *, whose: str = plugin_id) -> Any:
        body = {"action": "show_message", "payload": {"text": text}}
        headers = {"idempotency-key": key}
        return await school.ask(who, "POST", f"{whose}/commands", json=body, headers=headers)

    first, again = [(await issued("anna", "lesson 3")).json() for _ in range(2)]
    assert again == first
    assert code_of(await issued("anna", "lesson 3", "Bye")) == (409, "CONFLICT")
    others = [(await issued(*each)).json()["command_id"] for each in (("anna", "x"), ("ada", "lesson 3"))]
    others.append((await issued("anna", "lesson 3", "Bye", whose=other)).json()["command_id"])
    assert len({first["command_id"], *others}) == 4
    assert [each["type"] for each in school.told(plugin_id)] == ["plugin_command"] * 3
    assert (await issued("anna", "")).status_code == 422


async def test_what_has_expired_is_ended_and_stays_so(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    short, long = await school.command(plugin_id, expires_in_s=60), await school.command(plugin_id)
    school.clock.advance(60)
    items = (await school.ask("anna", "GET", f"{plugin_id}/commands", params={"limit": 1})).json()
    assert [(each["command_id"], each["status"]) for each in items["items"]] == [
        (long["command_id"], "queued")
    ]
    rest = await school.ask("anna", "GET", f"{plugin_id}/commands", params={"cursor": items["next_cursor"]})
    (expired,) = rest.json()["items"]
    assert (expired["command_id"], expired["status"]) == (short["command_id"], "expired")
    assert expired["ended_at"] == short["expires_at"]
    (late,) = await school.says(plugin_id, result(short["command_id"]))
    assert late == {"message_id": None, "seq": 0, "fresh": False}
    assert (await school.stands(plugin_id, short["command_id"]))["status"] == "expired"


async def test_a_batch_counts_once_and_whole_or_not_at_all(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    event = {"type": "plugin_event", "data": {"kind": "opened"}, "message_id": "m-1"}
    assert await school.says(plugin_id, HELLO, event) == [
        {"message_id": None, "seq": 1, "fresh": True},
        {"message_id": "m-1", "seq": 2, "fresh": True},
    ]
    assert await school.says(plugin_id, event) == [{"message_id": "m-1", "seq": 2, "fresh": False}]
    about = (await school.ask(plugin_id, "GET", plugin_id)).json()
    assert (about["studio_version"], about["capabilities"]) == ("0.650", ["world_events"])
    assert (about["connected"], about["last_seq"]) == (True, 2)
    wrong: list[Any] = [
        {"type": "plugin_command", "data": {}},
        {"type": "plugin_hello", "data": {"version": "1"}},
        result("c", "done"),
        result("c" * 65),
        result("c\x00"),
        {"type": "ack", "data": {"seq": 0}},
        {"type": "plugin_event", "data": []},
    ]
    for each in wrong:
        refused = await school.ask(
            plugin_id, "POST", f"{plugin_id}/messages", json={"messages": [event, each]}
        )
        assert code_of(refused) == (422, "VALIDATION_ERROR"), each
        assert refused.json()["details"]["fields"]
    long = {"type": "plugin_event", "data": {"text": "x" * EVENT_BYTES}}
    refused = await school.ask(plugin_id, "POST", f"{plugin_id}/messages", json={"messages": [long]})
    assert code_of(refused) == (413, "PAYLOAD_TOO_LARGE")
    assert (await school.reads(plugin_id))["next_cursor"] == 2


async def test_an_ack_says_that_commands_have_come(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    first, second = [await school.command(plugin_id) for _ in range(2)]
    ack = {"type": "ack", "data": {"seq": first["seq"]}}
    assert [each["fresh"] for each in await school.says(plugin_id, ack, ack)] == [True, False]
    states = [(await school.stands(plugin_id, each["command_id"]))["status"] for each in (first, second)]
    assert states == ["delivered", "queued"]
    assert (await school.reads(plugin_id))["next_cursor"] == second["seq"]


async def test_on_an_open_socket_a_command_is_delivered_as_it_goes_out(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    school.sockets.here.add(plugin_id)
    issued = await school.command(plugin_id)
    assert (await school.stands(plugin_id, issued["command_id"]))["status"] == "delivered"
    assert (await school.ask("anna", "GET", plugin_id)).json()["connected"]


async def test_a_long_payload_is_fetched_and_a_longer_one_refused(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    issued = await school.command(plugin_id, payload={"text": "x" * EVENT_BYTES})
    (told,) = (await school.reads(plugin_id))["items"]
    assert told["data"]["payload"] == {}
    assert validate(told) == []
    path = told["data"]["payload_url"].removeprefix("/api/v1/plugins/")
    assert (await school.ask(plugin_id, "GET", path)).json()["payload"] == issued["payload"]
    long = {"action": "x", "payload": {"text": "x" * commands.PAYLOAD_BYTES}}
    refused = await school.ask("anna", "POST", f"{plugin_id}/commands", json=long)
    assert code_of(refused) == (413, "PAYLOAD_TOO_LARGE")


async def test_there_are_bounds(plugin_school: PluginSchool, monkeypatch: pytest.MonkeyPatch) -> None:
    school = plugin_school
    monkeypatch.setattr(commands, "OPEN_COMMANDS", 1)
    plugin_id = await school.a_plugin()
    issued = await school.command(plugin_id)
    full = await school.ask("anna", "POST", f"{plugin_id}/commands", json={"action": "x"})
    assert code_of(full) == (409, "CONFLICT")
    await school.says(plugin_id, result(issued["command_id"]))
    await school.command(plugin_id)
    monkeypatch.setattr("toolboxai.platform.plugins.service.PLUGINS_MOST", 1)
    assert code_of(await school.ask("anna", "POST", "", json={"name": "x"})) == (409, "CONFLICT")
    await school.limiter.admit(Attempts.PLUGIN, account=plugin_id, tries=498)
    await school.says(plugin_id, HELLO)
    refused = await school.ask(plugin_id, "POST", f"{plugin_id}/messages", json={"messages": [HELLO]})
    assert code_of(refused) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(refused.headers["retry-after"]) > 0


async def test_a_long_poll_answers_when_something_comes(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    poll = asyncio.create_task(
        school.ask(plugin_id, "GET", f"{plugin_id}/messages", params={"cursor": 0, "wait": 25})
    )
    await _until_read(school, plugin_id)
    issued = await school.command(plugin_id)
    page = (await poll).json()
    assert [each["data"]["command_id"] for each in page["items"]] == [issued["command_id"]]
    assert (await school.stands(plugin_id, issued["command_id"]))["status"] == "delivered"
    empty = await school.ask(plugin_id, "GET", f"{plugin_id}/messages", params={"cursor": 1, "wait": 0.01})
    assert empty.json() == {"items": [], "next_cursor": 1, "complete": True}
    assert school.rooms.doors.read_now() == ()


@pytest.mark.parametrize("how", ["revoked", "disabled"])
async def test_whoever_waits_is_told_why_it_ends(plugin_school: PluginSchool, how: str) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    who = await school.identity.authenticate(school.tokens[plugin_id])
    pieces = plugin_stream(school.rooms.reading, who, plugin_id, 0, school.clock)
    assert (await anext(pieces)).startswith(b"retry: ")
    assert await anext(pieces) == b":\n\n"
    last = asyncio.ensure_future(anext(pieces))
    poll = asyncio.create_task(school.ask(plugin_id, "GET", f"{plugin_id}/messages", params={"wait": 25}))
    await _until_read(school, plugin_id, 2)
    if how == "revoked":
        assert (await school.ask("anna", "DELETE", plugin_id)).status_code == 204
    else:
        await school.identity.disable("anna")
        await school.rooms.plugins.look()
    assert code_of(await poll) == (401, "INVALID_TOKEN")
    told = await last
    assert told.startswith(b"event: error\n")
    assert {"revoked": b"revoked", "disabled": b"out of use"}[how] in told
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)
    assert not school.rooms.doors.admits(plugin_id)
    assert plugin_id in school.sockets.ended
    if how == "disabled":  # and comes back with its people
        await school.identity.enable("anna")
        await school.rooms.plugins.look()
        assert school.rooms.doors.admits(plugin_id)
        assert (await school.reads(plugin_id))["complete"]


async def test_a_stream_has_the_same_entries_with_their_numbers(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    await school.command(plugin_id)
    await school.says(plugin_id, HELLO)
    who = await school.identity.authenticate(school.tokens[plugin_id])
    pieces = plugin_stream(school.rooms.reading, who, plugin_id, 1, school.clock)
    await anext(pieces)
    (entry,) = (await school.reads(plugin_id, 1))["items"]
    number, name, data, *_ = (await anext(pieces)).decode().split("\n")
    assert (number, name) == ("id: 2", "event: plugin_hello")
    assert data == "data: " + _compact(entry)
    await pieces.aclose()
    assert [cursor_in(each, 7) for each in (None, "12", " 12 ", "x", "-1")] == [7, 12, 12, 7, 7]


async def test_more_readers_than_may_be_are_told_to_wait(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    rooms = school.rooms
    with (
        rooms.doors.reading(plugin_id, itself=True),
        rooms.doors.reading(plugin_id, itself=True),
        rooms.doors.reading(plugin_id, itself=True),
        rooms.doors.reading(plugin_id, itself=True),
    ):
        assert doors.READERS_MOST == 4
        for path in ("events", "messages?wait=1"):
            refused = await school.ask(plugin_id, "GET", f"{plugin_id}/{path}")
            assert code_of(refused) == (429, "RATE_LIMIT_EXCEEDED")
            assert refused.headers["retry-after"]
        with pytest.raises(RateLimitExceeded), rooms.doors.reading(plugin_id, itself=True):
            pass
    assert rooms.doors.read_now() == ()


async def test_an_owner_who_reads_is_not_the_plugin_and_takes_no_place_of_it(
    plugin_school: PluginSchool,
) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    asked = {"params": {"wait": 25}}
    polls = [
        asyncio.create_task(school.ask("anna", "GET", f"{plugin_id}/messages", **asked))
        for _ in range(doors.READERS_MOST)
    ]
    await _until_read(school, plugin_id, doors.READERS_MOST)
    assert (await school.ask("anna", "GET", plugin_id)).json()["connected"] is False
    assert code_of(await school.ask("anna", "GET", f"{plugin_id}/messages", **asked))[0] == 429
    polls.append(asyncio.create_task(school.ask(plugin_id, "GET", f"{plugin_id}/messages", **asked)))
    await _until_read(school, plugin_id, doors.READERS_MOST + 1)
    school.clock.advance(doors.SEEN_S + 1)
    assert (await school.ask("anna", "GET", plugin_id)).json()["connected"] is True
    issued = await school.command(plugin_id)
    for poll in polls:
        assert [each["seq"] for each in (await poll).json()["items"]] == [issued["seq"]]


async def test_a_server_that_goes_lets_nobody_wait(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    poll = asyncio.create_task(school.ask(plugin_id, "GET", f"{plugin_id}/messages", params={"wait": 25}))
    await _until_read(school, plugin_id)
    school.rooms.log.bell.close()
    assert (await poll).json()["items"] == []


async def test_settings_are_told_when_they_change(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    for config in ({"folder": "Lessons"}, {"folder": "Lessons"}, {"folder": "Worlds"}):
        assert (await school.ask("anna", "PUT", f"{plugin_id}/config", json=config)).status_code == 204
    told = (await school.reads(plugin_id))["items"]
    assert [each["data"] for each in told] == [{"folder": "Lessons"}, {"folder": "Worlds"}]
    assert [validate(each) for each in told] == [[], []]
    assert (await school.ask("anna", "GET", plugin_id)).json()["config"] == {"folder": "Worlds"}
    long = await school.ask("anna", "PUT", f"{plugin_id}/config", json={"x": "y" * 9000})
    assert code_of(long) == (413, "PAYLOAD_TOO_LARGE")


async def test_older_entries_go_and_it_is_said(
    plugin_school: PluginSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = plugin_school
    monkeypatch.setattr("toolboxai.adapters.database.plugin_log.KEPT_ENTRIES", 3)
    plugin_id = await school.a_plugin()
    waits = await school.command(plugin_id)
    for _ in range(5):
        await school.says(plugin_id, {"type": "plugin_event", "data": {}})
    page = await school.reads(plugin_id)
    assert [each["seq"] for each in page["items"]] == [waits["seq"], 4, 5, 6]
    assert not page["complete"]
    assert (await school.reads(plugin_id, 3))["complete"]
    beyond = await school.reads(plugin_id, 99)
    assert (beyond["items"], beyond["complete"]) == (page["items"], False)
    school.clock.advance(model.KEPT_S + 1)
    assert await school.rooms.store.trim(now=school.clock.now()) == 4
    gone = await school.reads(plugin_id)
    assert gone == {"items": [], "next_cursor": 6, "complete": False}


async def test_a_socket_that_comes_back_gets_all_that_it_missed_in_order(plugin_school: PluginSchool) -> None:
    school = plugin_school
    plugin_id = await school.a_plugin()
    issued = await school.command(plugin_id)
    for _ in range(3):
        await school.says(plugin_id, *[{"type": "plugin_event", "data": {}}] * 100)
    principal = await school.identity.authenticate(school.tokens[plugin_id])
    call = called(f"/ws/plugin/{plugin_id}")
    assert call is not None
    recalled = await plugin_story(
        school.rooms.store, school.rooms.log, Recall(call, plugin_id, principal, after=0)
    )
    assert recalled is not None
    assert [seq for seq, _ in recalled.events] == list(range(1, 302))
    assert (await school.stands(plugin_id, issued["command_id"]))["status"] == "delivered"
    stranger = await plugin_story(school.rooms.store, school.rooms.log, Recall(call, plugin_id, principal))
    assert stranger is not None
    assert [seq for seq, _ in stranger.events] == list(range(102, 302))


async def test_a_plugin_of_the_operators_has_a_log_of_its_own(plugin_school: PluginSchool) -> None:
    school = plugin_school
    user = await school.identity.user(school.ids["anna"])
    kind = ResourceKind.PLUGIN
    await school.resources.add(
        Resource(kind, "plugin_old", user.organization_id, user.id, "", school.clock.now())
    )
    issued = school.identity.issue_plugin_token("plugin_old", user.organization_id, ttl_s=3600)
    school.tokens["plugin_old"] = issued.text
    assert (await school.reads("plugin_old"))["items"] == []
    # Of a log that there was once: whoever asks again from there waits for what comes, and is not answered at once.
    assert await school.reads("plugin_old", 99) == {"items": [], "next_cursor": 0, "complete": False}
    assert [each["seq"] for each in await school.says("plugin_old", result("of_another_program"))] == [1]
    assert not (await school.says("plugin_old", result("of_another_program")))[0]["fresh"]
    assert (await school.ask("anna", "DELETE", "plugin_old")).status_code == 204
    assert code_of(await school.ask("plugin_old", "GET", "plugin_old/messages")) == (401, "INVALID_TOKEN")


async def _until_read(school: PluginSchool, plugin_id: str, readers: int = 1) -> None:
    """Until so many wait for what comes."""
    listeners = school.rooms.log.bell._listeners
    async with asyncio.timeout(15):
        while len(listeners.get(plugin_id, ())) < readers:  # noqa: ASYNC110 - as below
            await asyncio.sleep(0)  # nobody else tells that they wait


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()
