"""After: the private channel of the same lesson, with the client of this package."""

import asyncio
import os

from progress import handle

from toolboxai.client import connect


async def follow(session_id: str, token: str) -> None:
    """Show a lesson to its end; the client comes back after a cut and shows each event once."""
    async with connect("http://127.0.0.1:8009", os.environ["PUSHER_KEY"], token=token) as client:
        channel = await client.subscribe(f"private-content-generation-{session_id}")
        async for event in channel:
            if handle(event.data):
                break


asyncio.run(follow(os.environ["SESSION"], os.environ["TOOLBOXAI_TOKEN"]))
