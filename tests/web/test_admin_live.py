"""Who is connected, over REST and by the operator's commands: on a real server with real sockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from callers import Socket, until
from identity_parts import PASSWORD
from servers import KEY, Running, channel_auth, join, make_app, serving, sign_in
from toolboxai.apps.app import AppKey, HistoryRule
from toolboxai.cli.exits import ExitCode
from toolboxai.cli.main import run
from toolboxai.node.listing import Listing
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing import ManualClock
from toolboxai.web.admin_live import admin_live_routes, network_of
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator

AGENT = "Mozilla/5.0 (a page)"
OTHER = make_app(id="4", keys=(AppKey("others", "secret"),))
KEPT = make_app(history=(HistoryRule("kept-*", 5, 600.0),))
CALLS = [("GET", "/connections"), ("DELETE", "/connections/1.1"), ("GET", "/channels")]


@pytest.fixture
async def school(
    identity: IdentityService, clock: ManualClock, audit: Audit
) -> AsyncIterator[tuple[Running, httpx2.AsyncClient]]:
    """A server with two apps, and Ada's client; she is an admin."""
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    late: list[Any] = []

    async def web(scope: Any, receive: Any, send: Any) -> None:
        await late[0](scope, receive, send)

    async with serving(KEPT, OTHER, clock=clock, web=web) as server:
        late.append(create_api([admin_live_routes(Listing(server.node), Authenticator(identity), audit)]))
        token = await identity.issue_access_token("ada")
        url = f"http://127.0.0.1:{server.port}/api/v1/admin"
        async with httpx2.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {token}"}, trust_env=False
        ) as http:
            yield server, http


def page(server: Running, key: str = KEY, client: str = "js&version=8.4.0") -> Any:
    url = server.ws_url(f"/app/{key}", f"protocol=7&client={client}")
    return server.socket(url, additional_headers={"User-Agent": AGENT})


async def items(http: httpx2.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await http.get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_every_route_is_for_those_with_the_permission(
    school: tuple[Running, httpx2.AsyncClient], identity: IdentityService, method: str, path: str
) -> None:
    server, http = school
    url = f"http://127.0.0.1:{server.port}/api/v1/admin{path}"
    async with httpx2.AsyncClient(trust_env=False) as stranger:
        assert (await stranger.request(method, url)).status_code == 401
    teacher = {"authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    refused = await http.request(method, path, headers=teacher)
    assert (refused.status_code, refused.json()["details"]) == (
        403,
        {"required_permissions": ["admin:connections"]},
    )


async def test_a_connection_is_told_with_all_that_it_says_of_itself(
    school: tuple[Running, httpx2.AsyncClient], clock: ManualClock
) -> None:
    server, http = school
    async with page(server) as alice:
        await alice.enter("a")
        await sign_in(alice, {"id": "u1"})
        clock.advance(2.5)
        assert await items(http, "/connections") == [
            {
                "socket_id": alice.id,
                "app_id": "3",
                "user_id": "u1",
                "address": "127.0.0.1",
                "transport": "websocket",
                "protocol": "7",
                "client": "js",
                "version": "8.4.0",
                "user_agent": AGENT,
                "channels": 1,
                "queued_bytes": 0,
                "connected_since": "2026-05-28T20:26:40.000Z",
                "heard_s_ago": 2.5,
            }
        ]


async def test_they_are_listed_page_by_page_and_filtered(
    school: tuple[Running, httpx2.AsyncClient], clock: ManualClock
) -> None:
    server, http = school
    async with page(server) as first, page(server, "others") as second, page(server) as third:
        clock.advance(1)
        async with page(server) as last:
            await third.enter("a")
            await sign_in(first, {"id": "u1"})
            everyone = [each["socket_id"] for each in await items(http, "/connections")]
            assert sorted(everyone[:3]) == sorted([first.id, second.id, third.id])
            assert everyone[3] == last.id
            paged: list[str] = []
            cursor: str | None = None
            while True:
                more = {} if cursor is None else {"cursor": cursor}
                answer = (await http.get("/connections", params={"limit": 3, **more})).json()
                paged += [each["socket_id"] for each in answer["items"]]
                cursor = answer["next_cursor"]
                if cursor is None:
                    break
            assert paged == everyone
            for params, who in (
                ({"app": "4"}, second),
                ({"channel": "a"}, third),
                ({"user": "u1"}, first),
                ({"app": "3", "channel": "a"}, third),
            ):
                found = await items(http, "/connections", **params)
                assert [each["socket_id"] for each in found] == [who.id]
            assert await items(http, "/connections", app="4", channel="a") == []
            assert (await http.get("/connections", params={"cursor": "nonsense"})).status_code == 422


async def test_other_transports_are_there_too(school: tuple[Running, httpx2.AsyncClient]) -> None:
    server, http = school
    opened = await http.post(
        f"http://127.0.0.1:{server.port}/pusher/app/{KEY}/0/s1/xhr?protocol=7&client=js&version=8.4.0"
    )
    assert opened.status_code == 200
    async with http.stream(
        "GET", f"http://127.0.0.1:{server.port}/apps/3/channels/a/sse?key={KEY}"
    ) as stream:
        assert stream.status_code == 200
        found = {each["transport"]: each for each in await items(http, "/connections")}
    assert set(found) == {"xhr", "event_stream"}
    assert (found["xhr"]["client"], found["xhr"]["address"]) == ("js", "127.0.0.1")
    assert (found["event_stream"]["channels"], found["event_stream"]["heard_s_ago"]) == (1, None)


async def test_channels_are_told_with_who_is_there_and_what_is_kept(
    school: tuple[Running, httpx2.AsyncClient],
) -> None:
    server, http = school
    async with page(server) as alice, page(server) as bob:
        for socket, user in ((alice, "u1"), (bob, "u1")):
            await join(socket, "presence-room", {"user_id": user})
        await alice.enter("kept-news")
        await server.trigger("kept-news", "e", "1")
        await alice.hear()
        quiet = {"app_id": "3", "users": None, "kept_events": 0, "last_event_at": None}
        assert await items(http, "/channels") == [
            {
                **quiet,
                "channel": "kept-news",
                "subscribers": 1,
                "kept_events": 1,
                "last_event_at": "2026-05-28T20:26:40.000Z",
            },
            {**quiet, "channel": "presence-room", "subscribers": 2, "users": 1},
        ]
        first = (await http.get("/channels", params={"limit": 1})).json()
        rest = await items(http, "/channels", cursor=first["next_cursor"])
        assert [each["channel"] for each in (*first["items"], *rest)] == ["kept-news", "presence-room"]
        assert [each["channel"] for each in await items(http, "/channels", prefix="pre")] == ["presence-room"]
        assert await items(http, "/channels", app="4") == []


async def test_a_connection_is_ended_for_good_and_it_stands_in_the_audit_log(
    school: tuple[Running, httpx2.AsyncClient], caplog: pytest.LogCaptureFixture
) -> None:
    server, http = school
    async with page(server) as alice, page(server) as bob:
        with caplog.at_level(logging.INFO, logger="toolboxai.audit"):
            assert (await http.delete(f"/connections/{alice.id}")).status_code == 204
        assert (await alice.ending())[1:] == (4009, "You got disconnected by the app.")
        (line,) = [record for record in caplog.records if record.name == "toolboxai.audit"]
        facts = vars(line)
        assert (facts["action"], facts["resource_id"], facts["app_id"]) == ("disconnected", alice.id, "3")
        assert facts["user_id"].startswith("user_")
        for gone in (alice.id, "1.1", "nonsense", "9" * 500):
            assert (await http.delete(f"/connections/{gone}")).status_code == 404
        assert [each["socket_id"] for each in await items(http, "/connections")] == [bob.id]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("unknown", ""),
    ],
)
def test_an_address_is_masked_to_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_who_may_list_and_no_more_sees_networks(
    school: tuple[Running, httpx2.AsyncClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, http = school
    monkeypatch.setattr("toolboxai.web.admin_live.WHOLE_ADDRESSES", "nobody:has:this")
    async with page(server):
        assert [each["address"] for each in await items(http, "/connections")] == ["127.0.0.0/24"]


# ---- the commands -------------------------------------------------------------------------------------------


async def command(
    school: tuple[Running, httpx2.AsyncClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *words: str,
) -> tuple[int, str, str]:
    server, http = school
    monkeypatch.setenv("TOOLBOXAI_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("TOOLBOXAI_TOKEN", http.headers["authorization"].removeprefix("Bearer "))
    status = await asyncio.to_thread(run, list(words))
    said = capsys.readouterr()
    return status, said.out, said.err


async def test_the_command_line_lists_connections_and_channels_and_ends_one(
    school: tuple[Running, httpx2.AsyncClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server, _http = school

    async def said(*words: str) -> tuple[int, str, str]:
        return await command(school, monkeypatch, capsys, *words)

    assert await said("connections") == (ExitCode.OK, "none\n", "")
    odd: Socket
    async with page(server) as alice, page(server, client="odd%0A%1B[2J") as odd:
        await alice.enter("private-a", channel_auth(alice.id, "private-a"))
        status, out, _ = await said("connections")
        assert status == ExitCode.OK
        lines = {line.split()[0]: line for line in out.splitlines()}
        assert set(lines) == {alice.id, odd.id}
        assert "js 8.4.0  1 channels" in lines[alice.id]
        assert "\x1b" not in out
        _, out, _ = await said("connections", "--json", "--channel", "private-a")
        assert [json.loads(line)["socket_id"] for line in out.splitlines()] == [alice.id]
        _, out, _ = await said("connections", "--json", "--limit", "1")
        assert len(out.splitlines()) == 1
        assert await said("channels", "--prefix", "private-") == (
            ExitCode.OK,
            "app 3  private-a  1 subscribers\n",
            "",
        )
        _, out, _ = await said("channels", "--json")
        assert json.loads(out)["channel"] == "private-a"
        assert await said("disconnect", alice.id) == (ExitCode.OK, f"ended {alice.id}\n", "")
        await alice.ending()
        await until(lambda: server.metrics.connections == 1)
        status, out, err = await said("disconnect", alice.id)
        assert (status, out) == (ExitCode.FAILED, "")
        assert "RESOURCE_NOT_FOUND" in err
        monkeypatch.setenv("TOOLBOXAI_TOKEN", "")
    monkeypatch.delenv("TOOLBOXAI_TOKEN")
    assert await asyncio.to_thread(run, ["connections"]) == ExitCode.CONFIGURATION
    assert "TOOLBOXAI_TOKEN" in capsys.readouterr().err
