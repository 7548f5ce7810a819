"""The signed API as an ASGI application, on its own and in front of another."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from callers import Http
from pages import pages
from servers import Running, serving, signed
from toolboxai.transport.asgi import ASGIApp, ChannelsASGI
from toolboxai.transport.channels_http import ChannelsApi

Message = MutableMapping[str, Any]


async def ask(
    app: ASGIApp, method: str, target: str, *body: bytes, client: str = "127.0.0.1"
) -> tuple[int, bytes]:
    """One request, its body in the given pieces."""
    path, _, query = target.partition("?")
    scope: Message = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "client": (client, 1),
    }
    coming: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in body]
    coming.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def mounted(server: Running, inner: ASGIApp | None = None) -> ASGIApp:
    return ChannelsASGI(ChannelsApi(server.node), server.server.operations, inner)


async def test_a_signed_call_in_pieces_is_published(server: Running) -> None:
    body = Http.json({"name": "e", "channel": "a", "data": "1"})
    async with server.socket() as alice:
        await alice.enter("a")
        target = signed("POST", "/apps/3/events", body)
        assert await ask(mounted(server), "POST", target, body[:5], body[5:]) == (200, b"{}")
        assert (await alice.hear())["data"] == "1"


async def test_a_body_that_does_not_end_is_413(server: Running) -> None:
    piece = b"x" * (server.server._doors.api.body_bytes // 4)
    status, text = await ask(mounted(server), "POST", "/apps/3/events", *[piece] * 5)
    assert (status, text) == (413, b"The body is too large\n")


@pytest.mark.parametrize(
    ("inner", "answer"), [(None, (404, b"not found")), (pages, (200, b"page GET /other"))]
)
async def test_everything_else_is_the_other_applications_or_404(
    server: Running, inner: ASGIApp | None, answer: tuple[int, bytes]
) -> None:
    status, text = await ask(mounted(server, inner), "GET", "/other")
    assert (status, text[: len(answer[1])]) == answer


async def test_health_and_metrics(server: Running) -> None:
    assert await ask(mounted(server), "GET", "/healthz") == (200, b"ok\n")
    assert (await ask(mounted(server), "GET", "/metrics"))[0] == 200
    assert (await ask(mounted(server), "GET", "/metrics", client="10.0.0.1"))[0] == 403
    assert await ask(mounted(server), "HEAD", "/healthz") == (200, b"")


async def test_an_escaped_path_is_signed_as_it_was_sent() -> None:
    async with serving() as server, server.socket() as alice:
        await alice.enter("a@b")
        target = signed("GET", "/apps/3/channels/a%40b")
        assert await ask(mounted(server), "GET", target) == (200, b'{"occupied":true}')
