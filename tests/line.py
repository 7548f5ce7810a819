"""A wire between a client and a server, at the mercy of the test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Ear = Callable[[bytes], None]


class Line:
    """A TCP proxy before the server: it can be cut and mended, and it can fall silent without a word."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._silent: list[bool] = [False]  # one for all connections of a time
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

    def stall(self) -> None:
        """Swallow whatever connections of now still say, both ways; those that come later are whole."""
        self._silent[0] = True
        self._silent = [False]

    def ears(self) -> tuple[Ear, Ear]:
        """Who is told what goes over a new connection: to the server, and back."""
        return _nobody, _nobody

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            self.refused.set()
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
        except (
            ConnectionError
        ):  # the server is away: who calls learns it as they would from the server itself
            writer.transport.abort()
            return
        ends = {writer, back}
        self._writers |= ends
        to_server, to_client = self.ears()
        for source, target, ear in ((reader, back, to_server), (there, writer, to_client)):
            pipe = asyncio.create_task(self._pipe(source, target, self._silent, ear))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, silent: list[bool], ear: Ear
    ) -> None:
        try:
            while data := await source.read(65536):
                if not silent[0]:
                    ear(data)
                    target.write(data)
                    await target.drain()
        except ConnectionError:
            pass
        finally:
            if not silent[0]:  # of a stalled connection neither end learns that the other has gone
                target.transport.abort()
                self._writers.discard(target)


def _nobody(_data: bytes) -> None:
    """Nobody listens."""
