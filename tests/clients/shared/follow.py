"""Follows a channel and says, in lines of JSON, all that it is told; the twin of follow.mjs, with the Python client."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from unittest import mock

from toolboxai.client import Channel, ChannelsClient, ClientError, SubscriptionDenied, connect
from toolboxai.client.session import ClientSession

HASTE = 50


def say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def pause(seconds: float) -> None:
    await asyncio.sleep(seconds / HASTE)


class Follower:
    """One client after another, each with one channel."""

    def __init__(self) -> None:
        self._life = AsyncExitStack()
        self._client: ChannelsClient | None = None
        self._channel: Channel | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(
        self,
        *,
        url: str,
        token: str,
        channel: str,
        since: int | None = None,
        queue: int = 100,
        attempts: int = 1000,
        expired: bool = False,
        impatient: bool = False,
    ) -> None:
        session = partial(ClientSession, activity_s=0.3) if impatient else ClientSession
        with mock.patch("toolboxai.client.connect.ClientSession", session):
            self._client = await self._life.enter_async_context(
                connect(
                    url,
                    token_provider=lambda refused: "over" if expired and refused is None else token,
                    queue=queue,
                    max_attempts=attempts,
                    sleep=pause,
                    on_state=lambda state, _words: say(state=state.value),
                    on_error=lambda error: say(error=error),
                    on_give_up=lambda fault: say(gaveUp=type(fault).__name__),
                )
            )
        await self.subscribe(channel=channel, since=since)

    async def subscribe(self, *, channel: str, since: int | None = None) -> None:
        self._do(self._follow(channel, since))

    async def trigger(self, data: Any) -> None:
        assert self._channel is not None
        self._channel.trigger("client-said", data)

    async def unsubscribe(self, _how: object) -> None:
        assert self._channel is not None
        self._channel.unsubscribe()

    async def echo(self, echo: object) -> None:
        say(echo=echo)

    async def close(self, _how: object) -> None:
        await self._life.aclose()

    def _do(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, name: str, since: int | None) -> None:
        assert self._client is not None
        try:
            self._channel = channel = await self._client.subscribe(name, since=since)
        except SubscriptionDenied as denied:
            say(denied=denied.message, status=denied.status)
            return
        say(ready=True)
        try:
            async for event in channel:
                if not event.name.startswith("pusher:"):
                    say(name=event.name, seq=event.seq, data=event.data, userId=event.user_id)
        except ClientError:
            return  # it is told by what gives up


async def main() -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    follower = Follower()
    while line := await lines.readline():
        for order, how in json.loads(line).items():
            do = getattr(follower, order)
            try:
                await (do(**how) if order in ("begin", "subscribe") else do(how))
            except ClientError as fault:
                say(threw=type(fault).__name__)


# Times that nobody may choose are a fraction of the real ones, too.
with (
    mock.patch("toolboxai.client.session.PONG_S", 0.2),
    mock.patch("toolboxai.client.connection._OPEN_S", 1.0),
    mock.patch("toolboxai.client.requests._TIMEOUT_S", 0.7),
):
    asyncio.run(main())
