"""Listen to the public channel "news" with the client of this package."""

import asyncio
import os

from toolboxai.client import connect


async def main() -> None:
    """Print the next headline."""
    async with connect("http://127.0.0.1:8009", os.environ["PUSHER_KEY"]) as client:
        channel = await client.subscribe("news")
        print("listening", flush=True)
        async for event in channel:
            print(event.data["title"])
            break


asyncio.run(main())
