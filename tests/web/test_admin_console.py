"""What the operators' console asks: on a real server with real sockets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from callers import Socket, until
from identity_parts import PASSWORD
from servers import KEY, Running, channel_auth, join, make_app, serving, sign_in
from toolboxai.apps.app import AppKey
from toolboxai.errors import TokenExpired
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Kind
from toolboxai.node.inspection import Inspection
from toolboxai.node.series import Load, Series
from toolboxai.platform.identity.authorisations import Authorisations, Way
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.policy import Decision, Reason
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing import ManualClock
from toolboxai.web.admin_feed import admin_feed_routes
from toolboxai.web.admin_inspection import admin_inspection_routes
from toolboxai.web.admin_refusals import admin_refusals_routes
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator

OTHER = make_app(id="4", keys=(AppKey("others", "secret"),))
CALLS = ["/feed", "/series", "/refusals", "/connections/1.1", "/channels/3/presence-room/members"]


@dataclass
class Console:
    """A server, its series, what was refused, and an admin's client."""

    server: Running
    series: Series
    http: httpx2.AsyncClient

    async def ask(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def kinds(self, **params: Any) -> list[tuple[str, str]]:
        """Kind and word of each entry."""
        items = (await self.ask("/feed", **params))["items"]
        return [(each["kind"], each["detail"]["what"]) for each in items]


@pytest.fixture
async def console(
    identity: IdentityService, clock: ManualClock, authorisations: Authorisations
) -> AsyncIterator[Console]:
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    late: list[Any] = []

    async def web(scope: Any, receive: Any, send: Any) -> None:
        await late[0](scope, receive, send)

    async with serving(make_app(), OTHER, clock=clock, web=web) as server:
        node, who = server.node, Authenticator(identity)
        series = Series(node.metrics, clock, lambda: Load(1, 2, 3))
        routes = [
            admin_feed_routes(node.feed, series, who),
            admin_inspection_routes(Inspection(node), who),
            admin_refusals_routes(authorisations, who),
        ]
        late.append(create_api(routes))
        url = f"http://127.0.0.1:{server.port}/api/v1/admin"
        token = {"authorization": f"Bearer {await identity.issue_access_token('ada')}"}
        async with httpx2.AsyncClient(base_url=url, headers=token, trust_env=False) as http:
            yield Console(server, series, http)


def page(console: Console, key: str = KEY) -> Any:
    return console.server.socket(console.server.ws_url(f"/app/{key}", "protocol=7&client=js&version=8.4.0"))


@pytest.mark.parametrize("path", CALLS)
async def test_every_route_is_for_those_with_the_permission(
    console: Console, identity: IdentityService, path: str
) -> None:
    async with httpx2.AsyncClient(base_url=console.http.base_url, trust_env=False) as stranger:
        assert (await stranger.get(path)).status_code == 401
    teacher = {"authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    refused = await console.http.get(path, headers=teacher)
    needed = {"required_permissions": ["admin:connections"]}
    assert (refused.status_code, refused.json()["details"]) == (403, needed)
    assert not console.server.node.feed.open


# ---- the feed -----------------------------------------------------------------------------------------------


async def test_one_life_of_a_connection_is_told_in_order(console: Console) -> None:
    assert (await console.ask("/feed"))["items"] == []
    async with page(console) as alice:
        await alice.enter("private-a", channel_auth(alice.id, "private-a"))
        await sign_in(alice, {"id": "u1"})
        await alice.say("client-typing", {"text": "secret"}, channel="private-a")
        await alice.subscribe("private-b", "wrong")
        await console.server.trigger("private-a", "headline", '"secret"')
        await alice.hear()
        await alice.say("pusher:unsubscribe", {"channel": "private-a"})
        await until(lambda: not console.server.node.hub(make_app()).subscribers("private-a"))
        socket_id = alice.id
    await until(lambda: not console.server.metrics.connections)
    told = await console.ask("/feed")
    assert [(each["kind"], each["detail"]["what"]) for each in told["items"]] == [
        ("connection", "opened"),
        ("subscription", "subscribed"),
        ("client_event", "published"),
        ("error", "told_client"),
        ("publication", "published"),
        ("subscription", "unsubscribed"),
        ("connection", "closed"),
    ]
    opened, subscribed, typed, refused, published, _, closed = told["items"]
    assert opened == {
        "n": 1,
        "at": "2026-05-28T20:26:40.000Z",
        "kind": "connection",
        "app_id": "3",
        "socket_id": socket_id,
        "user_id": None,
        "channel": None,
        "event": None,
        "bytes": None,
        "detail": {
            "what": "opened",
            "transport": "websocket",
            "client": "js",
            "version": "8.4.0",
            "protocol": "7",
        },
    }
    assert (subscribed["channel"], subscribed["detail"]["handed"]) == ("private-a", 0)
    assert (typed["event"], typed["socket_id"], typed["bytes"]) == ("client-typing", socket_id, 17)
    assert (refused["channel"], refused["detail"]["code"], refused["user_id"]) == ("private-b", 401, "u1")
    assert (published["event"], published["bytes"], published["detail"]["origin"]) == ("headline", 8, "api")
    assert (closed["detail"]["by"], closed["detail"]["code"]) == ("client", 1000)
    assert "secret" not in str(told)
    assert (told["next"], told["sampled_away"], told["missed"]) == (7, {}, 0)


async def test_while_nobody_reads_each_tap_looks_whether_it_is_open_and_goes_on(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def called(*_: object) -> bool:
        raise AssertionError("a tap did more than look")

    monkeypatch.setattr(Feed, "_takes", called)
    async with page(console) as alice:
        await alice.enter("private-a", channel_auth(alice.id, "private-a"))
        await alice.say("client-typing", 1, channel="private-a")
        await alice.subscribe("private-b", "wrong")
        await console.server.trigger("private-a", "headline", "1")
        await alice.hear()
    await until(lambda: not console.server.metrics.connections)
    assert console.server.metrics.faults_total == 0
    with pytest.raises(AssertionError, match="more than look"):
        console.server.node.feed.tell(Kind.ERROR, None, "anything")


async def test_kinds_and_app_narrow_it(console: Console) -> None:
    await console.ask("/feed", kinds="connection,subscription", app_id="4")
    async with page(console), page(console, "others") as other:
        await other.enter("news")
        await until(lambda: console.server.metrics.connections == 2)
        assert await console.kinds(kinds="connection, subscription", app_id="4") == [
            ("connection", "opened"),
            ("subscription", "subscribed"),
        ]
        assert await console.kinds(kinds="subscription") == [("subscription", "subscribed")]
    for wrong in ({"kinds": "connection,everything"}, {"kinds": ""}, {"wait": 26}, {"after": -1}):
        assert (await console.http.get("/feed", params=wrong)).status_code == 422


async def test_who_waits_is_told_when_it_happens(console: Console) -> None:
    waiting = asyncio.create_task(console.kinds(wait=25))
    await until(lambda: console.server.node.feed.open)
    async with page(console):
        assert await waiting == [("connection", "opened")]


async def test_strangers_who_are_refused_and_readers_of_streams_are_told_without_address_or_path(
    console: Console,
) -> None:
    await console.ask("/feed")
    server = console.server
    async with Socket.opened(server.ws_url("/app/nobody")) as refused:
        await refused.ending()
    base = f"http://127.0.0.1:{server.port}"
    await console.http.get(f"{base}/apps/3/channels/private-x/sse", params={"key": KEY})
    async with console.http.stream("GET", f"{base}/apps/3/channels/a/sse?key={KEY}") as stream:
        assert stream.status_code == 200
    items = (await console.ask("/feed"))["items"]
    told = [(each["kind"], each["detail"]["what"]) for each in items]
    assert told[:2] == [("error", "connection refused"), ("error", "stream refused")]
    assert ("connection", "opened") in told
    assert "127.0.0.1" not in str(items)


# ---- numbers ------------------------------------------------------------------------------------------------


async def test_the_series_has_a_point_a_second_and_goes_on_from_a_number(
    console: Console, clock: ManualClock
) -> None:
    assert await console.ask("/series") == {"items": [], "next": 0, "every_s": 1.0}
    async with page(console) as alice:
        await alice.enter("news")
        await console.server.trigger("news", "e", "1")
        await alice.hear()
        clock.advance(1)
        await console.series.look()
        (point,) = (await console.ask("/series"))["items"]
        assert point == {
            "n": 1,
            "at": "2026-05-28T20:26:41.000Z",
            "connections": 1,
            "messages_in": 1.0,
            "messages_out": 3.0,
            "publications": 1.0,
            "p99_ms": point["p99_ms"],
            "jobs_running": 1,
            "jobs_waiting": 2,
            "jobs_finished": 0,
        }
        assert point["p99_ms"] < 1
        assert (await console.ask("/series", after=1))["items"] == []


# ---- one connection -----------------------------------------------------------------------------------------


async def test_one_connection_is_looked_at_closely(console: Console, clock: ManualClock) -> None:
    async with page(console) as alice:
        await join(alice, "presence-room", {"user_id": "u1"})
        await alice.subscribe("private-b", "wrong")
        await alice.hear()  # the same refusal, in the form of its channel
        for number in range(20):
            await console.server.trigger("presence-room", "e", f"{number:010}")
            await alice.hear()
        await alice.say("pusher:pong", {})
        await alice.ask("pusher:ping", {})
        clock.advance(2)
        found = await console.ask(f"/connections/{alice.id}")
        assert found.pop("connection")["socket_id"] == alice.id
        (refused,) = found.pop("refused")
        assert (refused["channel"], refused["status"]) == ("private-b", 401)
        assert found == {
            "channels": [{"channel": "presence-room", "since": "2026-05-28T20:26:40.000Z", "member": True}],
            "buffered_bytes": 0,
            "lagging": False,
            "ponged_s_ago": 2.0,
            "messages_received": 4,
            "events_per_s": 2.0,
            "bytes_per_s": 20.0,
            "window_s": 10.0,
        }
        clock.advance(10)
        assert (await console.ask(f"/connections/{alice.id}"))["events_per_s"] == 0
    for gone in ("1.1", "nonsense", "9" * 500):
        assert (await console.http.get(f"/connections/{gone}")).status_code == 404


async def test_what_was_published_before_it_came_is_no_part_of_its_rate(console: Console) -> None:
    async with page(console) as bob:
        await bob.enter("news")
        await console.server.trigger("news", "e", "1")
        await bob.hear()
        async with page(console) as alice:
            await alice.enter("news")
            assert (await console.ask(f"/connections/{alice.id}"))["events_per_s"] == 0
            assert (await console.ask(f"/connections/{bob.id}"))["events_per_s"] == 0.1


# ---- members ------------------------------------------------------------------------------------------------


async def test_members_of_a_presence_channel_page_by_page(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/channels/3/presence-room/members"
    assert await console.ask(path) == {"items": [], "next_cursor": None}
    async with page(console) as alice, page(console) as bob:
        await join(alice, "presence-room", {"user_id": "u2", "user_info": {"name": "Otter 7"}})
        await join(bob, "presence-room", {"user_id": "u1"})
        first = await console.ask(path, limit=1)
        assert first["items"] == [{"user_id": "u1", "user_info": None}]
        rest = await console.ask(path, cursor=first["next_cursor"])
        assert rest == {"items": [{"user_id": "u2", "user_info": {"name": "Otter 7"}}], "next_cursor": None}
        monkeypatch.setattr("toolboxai.web.admin_inspection.MEMBERS_INFO", "nobody:has:this")
        assert [each["user_info"] for each in (await console.ask(path))["items"]] == [None, None]
    for none in ("/channels/9/presence-room/members", "/channels/3/news/members", "/channels/3/a b/members"):
        assert (await console.http.get(none)).status_code == 404


# ---- refusals -----------------------------------------------------------------------------------------------


async def test_refusals_are_told_in_plain_words(
    console: Console, identity: IdentityService, authorisations: Authorisations, clock: ManualClock
) -> None:
    for name, school in (("olga", "South"), ("sam", "North")):
        await identity.create_user(name, Role.STUDENT, PASSWORD, organization=school)
    people: Mapping[str, Any] = {
        name: await identity.authenticate(await identity.issue_access_token(name)) for name in ("olga", "sam")
    }
    denied = Decision(False, Reason.NO_PERMISSION, needs=frozenset({"agent:read"}))
    for who in people.values():
        authorisations.decided(Way.SUBSCRIPTION, who, "private-agent-1", denied)
    clock.advance(5)
    authorisations.decided(Way.OLD_SOCKET, people["sam"], "private-agent-2", denied)
    clock.advance(5)
    authorisations.not_known(Way.SUBSCRIPTION, ["private-agent-1"], TokenExpired("late"))
    unknown, *items = (await console.ask("/refusals"))["items"]
    assert (unknown["user_id"], unknown["role"], unknown["reason"]) == (None, None, "token_expired")
    assert "/api/v1/auth/refresh" in unknown["allowed_by"]
    assert [each["channel"] for each in items] == ["private-agent-2", "private-agent-1", "private-agent-1"]
    assert items[0] == {
        "at": "2026-05-28T20:26:45.000Z",
        "first_at": "2026-05-28T20:26:45.000Z",
        "count": 1,
        "way": "old_socket",
        "channel": "private-agent-2",
        "user_id": people["sam"].user_id,
        "role": "student",
        "reason": "no_permission",
        "text": "it needs the permission agent:read, which the role student does not have",
        "allowed_by": "an account whose role is teacher or admin",
    }
    mine = await console.ask("/refusals", user_id=people["olga"].user_id, channel="private-agent-1")
    assert [each["user_id"] for each in mine["items"]] == [people["olga"].user_id]


async def test_who_looks_after_one_school_sees_the_refusals_of_that_school(
    console: Console,
    identity: IdentityService,
    authorisations: Authorisations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolboxai.web.admin_refusals.EVERYWHERE", "nobody:has:this")
    await identity.create_user("olga", Role.STUDENT, PASSWORD, organization="South")
    for name in ("olga", "anna"):
        who = await identity.authenticate(await identity.issue_access_token(name))
        authorisations.decided(Way.SUBSCRIPTION, who, f"private-{name}", Decision(False, Reason.NO_ROW))
    authorisations.not_known(Way.SUBSCRIPTION, ["private-anna"], TokenExpired("of whomever"))
    assert [each["channel"] for each in (await console.ask("/refusals"))["items"]] == ["private-anna"]


def test_every_kind_of_the_feed_can_be_asked_for() -> None:
    assert [kind.value for kind in Kind] == [
        "connection",
        "subscription",
        "publication",
        "client_event",
        "error",
        "authorisation",
        "webhook",
    ]
