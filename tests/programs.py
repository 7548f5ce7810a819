"""Another program, spoken to in lines of JSON."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

PATIENCE_S = 15.0  # a program takes about half a second to start, several times that on a busy machine


class Program:
    """What it says, in order; what it said and nobody asked for yet is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in = process.stdin
        self._out = process.stdout
        self.said: list[dict[str, Any]] = []

    def tell(self, line: str) -> None:
        self._in.write(line.encode() + b"\n")

    async def next(self) -> dict[str, Any]:
        """The next line."""
        async with asyncio.timeout(PATIENCE_S):
            line = await self._out.readline()
        assert line, f"the program ended; it had said {self.said}"
        self.said.append(json.loads(line))
        return self.said[-1]

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """The next line that holds all this; lines before it are passed over."""
        while True:
            said = await self.next()
            if wanted.items() <= said.items():
                return said


@asynccontextmanager
async def running(*command: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """A program for the length of the block; killed at its end."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": os.defpath, "HOME": "/nonexistent", **(environ or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
