"""The examples of embedding and of testing do what their pages say."""

import json
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from callers import Socket
from mounted import under_uvicorn
from server_process import ROOT


async def test_the_embedded_server_publishes_and_lets_pages_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSHER_SECRET", "s")
    app = runpy.run_path(str(ROOT / "examples" / "embedded.py"))["app"]
    async with (
        under_uvicorn(app) as port,
        Socket.opened(f"ws://127.0.0.1:{port}/app/school?protocol=7") as page,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        page.greet(await page.hear())
        await page.enter("news")
        assert (await http.post("/headlines?title=It rains")).json() == {"published": True}
        assert json.loads((await page.hear())["data"]) == {"title": "It rains"}
        for wrong in ({}, {"socket_id": page.id}, {"socket_id": page.id, "channel_name": "news"}):
            refused = await http.post("/pusher/auth", data=wrong)
            assert refused.status_code == 400
            assert refused.json()["detail"]
        fields = {"socket_id": page.id, "channel_name": "presence-room"}
        auth = (await http.post("/pusher/auth", data=fields)).json()
        told = await page.subscribe("presence-room", auth["auth"], channel_data=auth["channel_data"])
        assert json.loads(told["data"])["presence"]["hash"] == {"1": {"name": "Ada"}}


def test_the_tests_of_the_example_pass(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "test_application.py", tmp_path)  # away from our own settings of pytest
    arguments = ["-q", "-p", "no:cacheprovider", "-o", "anyio_mode=auto", f"--rootdir={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
