"""The scripted server, running."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from scripted_server import ScriptedServer


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[ScriptedServer]:
    script = ScriptedServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            script.app(), ws="websockets-sansio", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve(sockets=[listener]))
        yield script
        running.should_exit = True
        await task
