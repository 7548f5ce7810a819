"""Before: a raw WebSocket; the program signs in and answers pings."""

import asyncio
import json
import os

import websockets
from progress import handle


async def follow(session_id: str, token: str) -> None:
    """Show a lesson to its end."""
    async with websockets.connect(f"ws://127.0.0.1:8009/ws/content/{session_id}") as socket:
        await socket.send(json.dumps({"type": "auth", "token": f"Bearer {token}"}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong", "timestamp": message["timestamp"]}))
            elif handle(message):
                break


asyncio.run(follow(os.environ["SESSION"], os.environ["TOOLBOXAI_TOKEN"]))
