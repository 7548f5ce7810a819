"""J10, what a curious stranger tries at the door: each is refused, written down, and the others do not notice."""

import asyncio
import logging
from typing import Any

import pytest

from callers import UPGRADE, Http, Socket, client_frame
from servers import KEY, Running, make_app, serving
from strangers import Stranger

PATH = f"/app/{KEY}?protocol=7"


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if record.message == event]


async def serves(server: Running) -> None:
    """A normal client is served within a moment."""
    async with server.socket() as alice:
        await alice.enter("a")
        await server.trigger("a", "e", "1")
        assert (await alice.hear())["data"] == "1"


@pytest.mark.parametrize(
    ("path", "origin", "code"),
    [
        (PATH, "https://elsewhere.example", 4009),
        (PATH, "https://school.example.elsewhere.example", 4009),
        (PATH, "null", 4009),
        (f"/app/{KEY}/../..?protocol=7", None, 4005),
        (f"/app/%2e%2e/{KEY}?protocol=7", None, 4005),
        (f"//app/{KEY}?protocol=7", None, 4005),
        ("/app/guessed?protocol=7", None, 4001),
    ],
)
async def test_another_sites_page_and_tricks_with_paths_are_refused_and_written_down(
    caplog: pytest.LogCaptureFixture, path: str, origin: str | None, code: int
) -> None:
    caplog.set_level(logging.INFO)
    headers = {} if origin is None else {"Origin": origin}
    async with serving(make_app(allowed_origins=("https://school.example",))) as server:
        asked = Http.request("GET", path, headers={**UPGRADE, **headers})
        async with Stranger.at(server.port, "127.0.0.1", asked) as stranger:
            assert await stranger.hears(b"\x88", b"connection_established") == b"\x88"
            assert await stranger.hears(code.to_bytes(2, "big"))
        (line,) = told(caplog, "connection refused")
        assert (line["code"], line["address"]) == (code, "127.0.0.1")
        assert server.metrics.connections_refused_total.total() == 1
        await serves(server)


async def test_a_frame_of_a_megabyte_is_refused_by_its_head_and_written_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with serving() as server:
        async with server.socket() as mallory:
            mallory.wire.transport.write(client_frame(1, b"x" * (1 << 20))[:20])
            assert (await mallory.ending())[1] == 1009
        (line,) = told(caplog, "framing broken")
        assert line["code"] == 1009
        assert server.metrics.framing_faults_total == 1
        await serves(server)


async def test_ten_thousand_frames_at_once_keep_nobody_waiting() -> None:
    """Each is answered in its turn, some at a time; whoever is there besides is answered in between."""
    ping = client_frame(1, b'{"event":"pusher:ping","data":{}}')
    async with serving() as server, server.socket() as alice:
        await alice.enter("a")
        async with Stranger.at(
            server.port, "127.0.0.2", Http.request("GET", PATH, headers=UPGRADE), ping * 10_000
        ) as mallory:
            answered = asyncio.ensure_future(alice_is_answered(server, alice))
            async with asyncio.timeout(10):
                while mallory.heard.count(b"pusher:pong") < 10_000:
                    assert await mallory._more()
                    if answered.done():
                        break
            await answered
            assert mallory.heard.count(b"pusher:pong") < 10_000, "alice did not wait for all of it"


async def alice_is_answered(server: Running, alice: Socket) -> None:
    await server.trigger("a", "e", "1")
    assert (await alice.hear())["data"] == "1"
