"""Programs that follow a channel, each with one of our clients: what they are told, they say."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from clients.conftest import Built
from forms import FULL
from programs import Program, running
from pusher_js import node, node_with_sockets
from server_process import ROOT

__all__ = ["CLIENTS", "follower", "following", "numbers", "until"]

HERE = Path(__file__).parent
CLIENTS = ("TypeScript", "Python", *(["TypeScript on another Node"] if FULL else []))


@asynccontextmanager
async def follower(client: str, built: Built) -> AsyncIterator[Program]:
    """A program with this client, for the length of the block; it does nothing yet.

    Args:
        client: one of ``CLIENTS``.
        built: the npm package.
    """
    environ = {}
    if client == "Python":
        command = [sys.executable, str(HERE / "follow.py")]
        environ["PYTHONPATH"] = str(ROOT / "src")
    else:
        script = built.place("follow.mjs", (HERE / "follow.mjs").read_text(encoding="utf-8"))
        command = [node() if client == "TypeScript" else node_with_sockets(), str(script)]
    async with running(*command, environ=environ) as program:
        yield program


@asynccontextmanager
async def following(built: Built, **how: Any) -> AsyncIterator[Program]:
    """A program in Node that follows a channel, for the length of the block.

    Args:
        built: the package.
        how: ``url``, ``token``, ``channel`` and, if all is wanted that is kept, ``since``.
    """
    async with follower("TypeScript", built) as program:
        program.tell(json.dumps({"begin": how}))
        yield program


async def until(program: Program, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next line that the test is true of."""
    while not test(said := await program.next()):
        pass
    return said


def numbers(program: Program) -> list[int]:
    """Of the events that it was told, in order."""
    return [said["seq"] for said in program.said if said.get("seq") is not None]
