"""J10: an operator looks on while a class works, and every event that is seen is the one that the documents promise."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from websockets.asyncio.client import connect

from asyncapi_judge import Judge, faults_of
from callers import Socket
from old_school import OldClient
from school import Open, Person, calls, generate

GENERATION = "private-content-generation-{session_id}"


@asynccontextmanager
async def page(opened: Open) -> AsyncIterator[Socket]:
    url = f"ws://127.0.0.1:{opened.server.port}/app/{opened.school.key}?protocol=7&client=js&version=8.6.0"
    async with Socket.opened(url) as socket:
        socket.greet(await socket.hear())
        yield socket


async def signed(http: httpx2.AsyncClient, socket: Socket, channel: str) -> httpx2.Response:
    return await http.post("/api/v1/pusher/auth", json={"socket_id": socket.id, "channel_name": channel})


async def heard_to_the_end(socket: Socket, channel: str) -> list[tuple[str, Any]]:
    """Names and data of all events of the channel."""
    events: list[tuple[str, Any]] = []
    while not events or events[-1][0] != "generation_complete":
        message = await socket.hear()
        if message.get("channel") == channel and not message["event"].startswith("pusher"):
            events.append((message["event"], json.loads(message["data"])))
    return events


@asynccontextmanager
async def old_socket(opened: Open, path: str, who: Person) -> AsyncIterator[OldClient]:
    url = f"ws://127.0.0.1:{opened.server.port}{path}"
    async with connect(url, compression=None, proxy=None, ping_interval=None) as wire:
        yield OldClient(wire)


async def test_every_event_that_is_seen_live_is_as_the_asyncapi_document_says(opened: Open) -> None:
    jane = opened.school["jane"]
    async with calls(opened.server, jane) as http, page(opened) as private, page(opened) as public:
        document = (await http.get("/asyncapi.json")).json()
        assert faults_of(document) == []
        judge = Judge(document)
        await public.enter("test-channel")
        await http.post("/api/v1/realtime/echo", json={"data": {"hello": 1}})
        echo = await public.hear()
        judge.judge("test-channel", echo["event"], json.loads(echo["data"]))

        accepted = await generate(http)
        auth = (await signed(http, private, accepted["private_channel"])).json()["auth"]
        await private.enter(accepted["private_channel"], auth)
        await public.enter(accepted["channel"])
        async with old_socket(opened, f"/ws/content/{accepted['session_id']}", jane) as old:
            said = [await old.sign_in(jane.token, last_seq=0)]
            while said[-1]["type"] != "generation_complete":
                said.append(await old.hear())
            said.append(await old.ask("no such thing"))
        for event in said:
            judge.judge("/ws/content/{session_id}", event["type"], event)
        assert {"auth_response", "snapshot", "progress_update", "stage_complete", "error"} <= {
            event["type"] for event in said
        }
        for socket, channel, address in (
            (private, accepted["private_channel"], GENERATION),
            (public, accepted["channel"], GENERATION.removeprefix("private-")),
        ):
            events = await heard_to_the_end(socket, channel)
            for name, data in events:
                judge.judge(address, name, data)
            assert {"progress_update", "stage_complete", "generation_complete"} <= {
                name for name, _ in events
            }


async def test_an_operator_sees_what_happens_and_why_somebody_was_refused(opened: Open) -> None:
    async with (
        calls(opened.server, opened.school["ada"]) as ada,
        calls(opened.server, opened.school["olga"]) as olga,
        calls(opened.server, opened.school["jane"]) as jane,
        page(opened) as socket,
    ):
        before = (await ada.get("/api/v1/admin/feed")).json()["next"]
        waiting = asyncio.create_task(
            ada.get("/api/v1/admin/feed", params={"after": before, "wait": 10, "kinds": "authorisation"})
        )
        accepted = await generate(jane)
        channel = accepted["private_channel"]
        assert (await signed(olga, socket, channel)).status_code == 403
        (entry,) = [each for each in (await waiting).json()["items"] if each["socket_id"] == socket.id]
        assert (entry["channel"], entry["user_id"]) == (channel, opened.school["olga"].id)
        assert entry["detail"] == {"what": "refused", "way": "subscription", "reason": "foreign"}
        async with calls(opened.server) as stranger:
            assert (await signed(stranger, socket, channel)).status_code == 401
        found = (await ada.get("/api/v1/admin/refusals", params={"channel": channel})).json()["items"]
        assert [(each["user_id"], each["reason"]) for each in found] == [
            (None, "not_signed_in"),
            (opened.school["olga"].id, "foreign"),
        ]
        assert "another organisation" in found[1]["text"]
        assert (await ada.get(f"/api/v1/admin/connections/{socket.id}")).json()["channels"] == []

        async with asyncio.timeout(
            10
        ):  # a point a second since the server began: the next one has this socket
            while True:
                points = (await ada.get("/api/v1/admin/series")).json()["items"]
                if points and points[-1]["connections"] >= 1:
                    break
                await asyncio.sleep(0.1)
        assert (await jane.delete(accepted["status_url"])).status_code in (200, 409)


async def test_the_reference_tells_of_every_route_of_the_service(opened: Open) -> None:
    async with calls(opened.server) as http:
        described = (await http.get("/api/openapi.json")).json()
        text = (await http.get("/docs")).text
        assert (await http.get("/asyncapi")).status_code == 200
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in text
