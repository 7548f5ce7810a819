"""A program in Node that follows a channel with the package."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from clients.typescript.conftest import Built
from programs import Program, running
from pusher_js import node

__all__ = ["following", "numbers", "until"]

FOLLOW = Path(__file__).with_name("follow.mjs")


@asynccontextmanager
async def following(built: Built, **how: Any) -> AsyncIterator[Program]:
    """For the length of the block.

    Args:
        built: the package.
        how: ``url``, ``token``, ``channel`` and, if all is wanted that is kept, ``since``.
    """
    script = built.place("follow.mjs", FOLLOW.read_text(encoding="utf-8"))
    async with running(node(), str(script), json.dumps(how)) as program:
        yield program


async def until(program: Program, test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next line that the test is true of."""
    while not test(said := await program.next()):
        pass
    return said


def numbers(program: Program) -> list[int]:
    """Of the events that it was told, in order."""
    return [said["seq"] for said in program.said if said.get("seq") is not None]
