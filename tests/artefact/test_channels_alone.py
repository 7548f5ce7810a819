"""The Channels server alone: no database, no secret of the application's, and none of the application in memory."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pusher
import pytest

from server_process import credentials, serving
from toolboxai.client import connect

# Runs the command line, and writes down what was ever imported when it has ended.
RUNNER = """
import os
import sys
from toolboxai.cli.main import run
status = run(["serve", "--channels-only", "--port", "0"])
with open("modules.txt", "w") as file:
    file.write("\\n".join(sys.modules))
sys.exit(status)
"""

APPLICATION = (
    "sqlalchemy",
    "alembic",
    "aiosqlite",
    "psycopg",
    "dbos",
    "fastapi",
    "jwt",
    "pwdlib",
    "pusher",
    "httpx2",
    "jinja2",
    "toolboxai.web",
    "toolboxai.platform",
    "toolboxai.adapters.database",
    "toolboxai.app.application",
)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


async def test_it_serves_without_the_application_and_imports_none_of_it(tmp_path: Path) -> None:
    app = credentials()
    with serving([sys.executable, "-c", RUNNER], cwd=tmp_path, env=app) as server:
        async with connect(server.url, app["PUSHER_KEY"]) as client:
            channel = await client.subscribe("news")
            publisher = pusher.Pusher(
                app_id=app["PUSHER_APP_ID"],
                key=app["PUSHER_KEY"],
                secret=app["PUSHER_SECRET"],
                host="127.0.0.1",
                port=server.port,
                ssl=False,
            )
            publisher.trigger("news", "headline", {"title": "It rains"})
            async for event in channel:
                assert (event.name, event.data) == ("headline", {"title": "It rains"})
                break
        assert get(f"{server.url}/healthz") == (200, "ok\n")
        assert get(f"{server.url}/metrics")[0] == 200
        assert get(f"{server.url}/api/v1/auth/me")[0] == 404
    imported = set((tmp_path / "modules.txt").read_text().split("\n"))
    assert "toolboxai.transport.server" in imported
    there = {name for name in imported if name.startswith(tuple(f"{part}." for part in APPLICATION))}
    assert (there | imported & set(APPLICATION)) == set()
    made = set(os.listdir(tmp_path))
    assert made == {"modules.txt", "server.log"}, "it leaves no file behind"


def test_without_an_app_it_says_what_to_set(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="set PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET"),
        serving([sys.executable, "-c", RUNNER], cwd=tmp_path, env={}),
    ):
        pass
