"""Blocks of the guide as programs of their own: unchanged, beside the names that the guide leaves to its reader."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from programs import PATIENCE_S, running
from pusher_js import node_packages, node_with_sockets

__all__ = ["IMPATIENT", "InNode", "InPython", "as_shown", "in_node", "in_python", "json_words"]

# The whole server, but it pings, and looks for signs of life, every 2 s instead of every 30 s; the port follows.
IMPATIENT = (
    sys.executable,
    "-c",
    """
import sys
from toolboxai import limits
limits.OLD_PING_S = 2.0
from toolboxai.cli.main import run
sys.exit(run(["serve", "--port", sys.argv[1]]))
""",
)

# What is written to the console, as lines of JSON; an event is known by its name and, when it has one, its code.
CONSOLE = """
const asJson = (_, value) => value instanceof Event ? { event: value.type, code: value.code } : value;
const telling = (level) => (...words) => process.stdout.write(JSON.stringify({ [level]: words }, asJson) + '\\n');
Object.assign(console, { log: telling('logged'), warn: telling('warned'), error: telling('failed') });
"""


class InNode:
    """A program of blocks in Node, and what it wrote to its console."""

    def __init__(self, program: Any) -> None:
        self._program = program

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        self._program.tell(line)

    async def next(self) -> dict[str, list[Any]]:
        """The next line, with its level."""
        line: dict[str, list[Any]] = await self._program.next()
        return line

    async def logged(self) -> list[Any]:
        """The next line, which has to be an ordinary one."""
        line = await self.next()
        assert line.keys() == {"logged"}, line
        return line["logged"]

    async def until(self, *words: Any) -> list[list[Any]]:
        """All ordinary lines up to the one that begins with these words, that one too."""
        lines = []
        while True:
            line = await self.next()
            if "logged" in line:
                lines.append(line["logged"])
                if line["logged"][: len(words)] == list(words):
                    return lines


@asynccontextmanager
async def in_node(
    folder: Path, blocks: Sequence[str], *, names: Mapping[str, str] | None = None, first: str = ""
) -> AsyncIterator[InNode]:
    """Blocks as one module, for the length of the block.

    Args:
        folder: a new one for it.
        blocks: of the guide, filled in.
        names: what the guide leaves undefined: JavaScript expressions by name, in order.
        first: more that has to be there before them.
    """
    defined = [f"const {name} = {expression};" for name, expression in (names or {}).items()]
    script = _placed(folder, "guide.mjs", [CONSOLE, first, *defined, *blocks])
    async with running(node_with_sockets(), str(script)) as program:
        yield InNode(program)


def _placed(folder: Path, name: str, parts: Sequence[str]) -> Path:
    """The program in its folder, beside the packages that it may import."""
    folder.mkdir()
    (folder / "node_modules").symlink_to(node_packages())
    script = folder / name
    script.write_text("\n".join(parts), encoding="utf-8")
    return script


def json_words(value: str) -> str:
    """Text as a JavaScript expression."""
    return json.dumps(value)


class InPython:
    """A program in Python, and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._out = process.stdout
        self.printed: list[str] = []

    async def until(self, start: str) -> None:
        """Read on, up to a line that begins so."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.printed or not self.printed[-1].startswith(start):
                line = await self._out.readline()
                assert line, (
                    f"it ended; it had printed {self.printed}, and complained: {await self._complaint()}"
                )
                self.printed.append(line.decode().removesuffix("\n"))

    async def ends(self) -> None:
        """It ends by itself, content, with nothing more to say."""
        async with asyncio.timeout(PATIENCE_S):
            rest = await self._out.read()
            assert (await self._process.wait(), rest, await self._complaint()) == (0, b"", "")

    async def _complaint(self) -> str:
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode()


@asynccontextmanager
async def in_python(folder: Path, block: str) -> AsyncIterator[InPython]:
    """A block of Python as a program of its own."""
    script = _placed(folder, "guide.py", [block])
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", str(script), env={}, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        yield InPython(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def as_shown(event: Mapping[str, Any]) -> str:
    """How the guide's clients write a progress update."""
    data = event["data"]
    return f"Progress: {data['progress_percent']}% - {data['message']}"
