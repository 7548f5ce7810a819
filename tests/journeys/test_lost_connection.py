"""A line that is cut for a while: our client shows what came meanwhile, once and in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from generation import assert_whole, long_text
from school import Open, calls, generate
from toolboxai.client import ConnectionState, connect


class Line:
    """A TCP proxy before the server: it can be cut, and mended."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.refused = asyncio.Event()
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Line"]:
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._pipes, return_exceptions=True)

    def cut(self) -> None:
        """Drop everything, as a cable does: nobody says goodbye."""
        self._open = False
        self.refused.clear()
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._open = True

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            self.refused.set()
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
        ends = {writer, back}
        self._writers |= ends
        for source, target in ((reader, back), (there, writer)):
            pipe = asyncio.create_task(self._pipe(source, target))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except ConnectionError:
            pass
        finally:
            target.transport.abort()
            self._writers.discard(target)


@pytest.mark.timeout(40)
async def test_what_came_while_the_line_was_cut_is_shown_once_and_in_order(opened: Open) -> None:
    states: list[ConnectionState] = []
    complaints: list[str] = []
    jane = opened.school["jane"]
    async with Line(opened.server.port).running() as line, calls(opened.server, jane) as http:
        accepted = await generate(http, source_text=long_text(300_000))
        async with connect(
            f"http://127.0.0.1:{line.port}",
            opened.school.key,
            token=jane.token,
            on_state=lambda state, _text: states.append(state),
            on_error=complaints.append,
        ) as client:
            channel = await client.subscribe(accepted["private_channel"], since=0)
            events = []
            async for event in channel:
                events.append(event.data)
                if len(events) == 3:
                    line.cut()
                    await line.refused.wait()  # it has tried in vain
                    async with asyncio.timeout(15):  # and things go on without it
                        while (await http.get(accepted["status_url"])).json()["last_seq"] < len(events) + 4:
                            pass
                    line.mend()
                if event.name == "generation_complete":
                    break
        assert_whole(events, accepted["session_id"])
        assert states.count(ConnectionState.CONNECTED) == 2
        assert complaints == []
