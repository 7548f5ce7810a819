"""The pytest plugin, as an application's test-suite meets it."""

import subprocess
import sys
import textwrap
from pathlib import Path

SUITE = """
import asyncio
import json

import pusher
from websockets.asyncio.client import connect

def test_a_stock_library_publishes_and_a_page_hears(channels_server):
    async def page():
        async with connect(channels_server.websocket_url) as wire:
            await wire.recv()
            await wire.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": "news"}}))
            await wire.recv()
            await asyncio.to_thread(library.trigger, "news", "e", {"n": 1})
            first = json.loads(await wire.recv())
            await asyncio.to_thread(channels_server.trigger, "news", "e", 2)
            return first["data"], json.loads(await wire.recv())["data"], channels_server.subscribers("news")

    # The server's clock stands still, and so does the time in what the library signs.
    import time_machine
    library = pusher.Pusher(
        channels_server.app_id, channels_server.key, channels_server.secret,
        host=channels_server.host, port=channels_server.port, ssl=False,
    )
    with time_machine.travel(channels_server.clock.now()):
        assert asyncio.run(page()) == ('{"n": 1}', "2", 1)
    assert channels_server.url.startswith("http://127.0.0.1:")

async def silent(server):
    async with connect(server.websocket_url, ping_interval=None) as wire:
        established = json.loads(await wire.recv())
        await asyncio.to_thread(server.wait_for_subscription, "nobody", subscribers=0)
        assert server.connections == 1
        await asyncio.to_thread(server.advance, 121)  # the library answers the probe, so it stays
        await wire.send('{"event":"pusher:ping"}')
        return established, json.loads(await wire.recv())

def test_time_goes_when_the_test_says(channels_server):
    established, pong = asyncio.run(silent(channels_server))
    assert json.loads(established["data"])["activity_timeout"] == 120
    assert pong["event"] == "pusher:pong"

def test_the_fake(fake_channels):
    asyncio.run(fake_channels.trigger("a", "e", 1))
    fake_channels.assert_triggered("a", "e", 1)
"""


def test_a_suite_of_another_application_uses_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(textwrap.dedent(SUITE), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:anyio", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=18,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_suite_that_uses_nothing_of_it_imports_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "import sys\n"
        "def test_light():\n"
        "    heavy = {'msgspec', 'uvicorn', 'httptools', 'toolboxai.transport'}\n"
        "    assert 'toolboxai.testing.plugin' in sys.modules\n"
        "    assert not heavy & sys.modules.keys()\n",
        encoding="utf-8",
    )
    arguments = ["-q", "-p", "no:schemathesis", "-p", "no:anyio", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=18,
        check=False,
    )
    assert done.returncode == 0, done.stdout
