"""The receivers that the documents show, run as they are."""

import os
import socket
import sys
from asyncio import create_subprocess_exec, sleep, subprocess, timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from pusher_js import node
from server_process import ROOT
from servers import APP_ID, KEY, SECRET
from sinks import posting
from toolboxai.apps.webhooks import WebhookRule

pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("node_packages")]


@pytest.fixture
def database_backend() -> str:
    """The receiver is the subject."""
    return "sqlite"


@asynccontextmanager
async def receiving(example: str, folder: Path) -> AsyncIterator[tuple[str, subprocess.Process]]:
    """Run a receiver on a free port; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / Path(example).name
    file.write_text((ROOT / example).read_text(encoding="utf-8"), encoding="utf-8")
    if file.suffix == ".mjs":
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
    program = sys.executable if file.suffix == ".py" else node()
    keys = {"PUSHER_APP_ID": APP_ID, "PUSHER_KEY": KEY, "PUSHER_SECRET": SECRET}
    process = await create_subprocess_exec(
        program,
        file,
        str(port),
        env={"PATH": os.defpath, "HOME": str(folder), **keys},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.kill()
        await process.communicate()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("example", ["examples/webhook.py", "examples/webhook.mjs"])
async def test_it_takes_each_webhook_once_and_refuses_what_we_have_not_signed(
    database: AsyncEngine, tmp_path: Path, example: str
) -> None:
    async with receiving(example, tmp_path) as (url, process), posting(database, WebhookRule(url)) as there:
        assert process.stdout is not None
        async with there.server.socket() as alice:
            await alice.enter("a")
            async with timeout(30):  # it is tried again until the receiver has started
                assert await process.stdout.readline() == b"channel_occupied a\n"
            (posted,) = await there.store.page(app_id=None, state=None, before=None, limit=9)
            async with httpx2.AsyncClient(trust_env=False) as http:
                forged = await http.post(url, content=posted.body.replace('"a"', '"b"'))
                assert forged.status_code == 401
            async with timeout(30):
                while not await there.store.replay(posted.id, there.server.clock.now()):  # noqa: ASYNC110
                    await sleep(0.01)  # until it is written down that it was taken
                # It shares the channel with the replay, and so comes after that.
                other = replace(posted, id="wh_other", body=posted.body.replace("occupied", "vacated"))
                await there.store.write([other], [])
                assert await process.stdout.readline() == b"channel_vacated a\n"
