"""A line on which all comes late, beside the cuts and the silence of every line."""

import asyncio

from line import Ear, Line

__all__ = ["Weather"]


class Weather(Line):
    """What is said while it is slow arrives after ``late_s``, in order."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.late_s = 0.0

    async def _pipe(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, silent: list[bool], ear: Ear
    ) -> None:
        slowed = asyncio.StreamReader()

        async def slow() -> None:
            try:
                while data := await source.read(65536):
                    if self.late_s:
                        await asyncio.sleep(self.late_s)
                    slowed.feed_data(data)
                slowed.feed_eof()
            except ConnectionError as fault:
                slowed.set_exception(fault)

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(slow())
            await super()._pipe(slowed, target, silent, ear)
            reading.cancel()
