"""One list of what our clients do, whatever the line does; each of them is held to it."""

import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clients.conftest import Built
from clients.shared.following import CLIENTS, follower
from clients.shared.scene import Step, played
from forms import FULL
from programs import Program
from school import Open

pytestmark = [
    pytest.mark.peers,
    pytest.mark.timeout(1800 if FULL else 60),
    pytest.mark.xdist_group("typescript"),
]

LIST = json.loads(Path(__file__).with_name("behaviours.json").read_text(encoding="utf-8"))
FAULTS = 500 if FULL else 20

# What may happen to a line; some of it is published meanwhile.
WAYS: Sequence[Sequence[Step]] = (
    [["cut"], ["publish", 2], ["mend"]],
    [["publish"], ["cut"], ["mend"]],
    [["cut"], ["refused"], ["mend"], ["publish"], ["cut"], ["mend"]],
    [["stall"], ["publish", 2]],
    [["late", 10], ["publish", 2], ["cut"], ["mend"], ["publish"], ["late", 0]],
    [["sever", "socket"], ["publish"]],
    [["hold", "history"], ["cut"], ["publish"], ["mend"], ["held"], ["publish"], ["arrived"], ["release"]],
    [["hold", "signature"], ["sever", "socket"], ["held"], ["publish"], ["release"]],
    [["hold", "history"], ["sever", "socket"], ["held"], ["sever", "socket"], ["publish"], ["release"]],
    [
        ["hold", "history"],
        ["sever", "socket"],
        ["held"],
        ["publish"],
        ["arrived"],
        ["sever", "history"],
        ["release"],
    ],
)


@asynccontextmanager
async def followers(built: Built) -> AsyncIterator[dict[str, Program]]:
    """A program with each client."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(follower(name, built)) for name in CLIENTS}


async def test_each_client_does_what_the_list_says(opened: Open, built: Built) -> None:
    wrong: dict[str, Any] = {}
    async with followers(built) as programs:
        for each in LIST:
            async with played(opened, programs, each["steps"]) as scene:
                for side in scene.sides:
                    found = {"seen": side.seen(), "heard": scene.heard.get(side.name, [])}
                    if found != {"seen": each["seen"], "heard": each.get("heard", [])}:
                        wrong[f"{side.name}: {each['name']}"] = found
    assert wrong == {}, json.dumps(wrong, indent=1)


async def test_nothing_is_lost_and_nothing_comes_twice_whatever_the_line_does(
    opened: Open, built: Built
) -> None:
    dice = random.Random(11)
    steps: list[Step] = [["begin", {"since": 0}], ["ready"]]
    for _ in range(FAULTS):
        steps += dice.choice(WAYS)
        if dice.random() < 0.5:
            steps += [["publish"], ["seen"]]
    steps += [["publish"], ["seen"]]
    async with followers(built) as programs, played(opened, programs, steps) as scene:
        for side in scene.sides:
            seen = side.seen()
            assert seen.keys() == {"events", "states"}, side.name
            assert seen["events"] == list(range(1, scene.told + 1)), side.name
            assert seen["states"].count("connected") > FAULTS // 3, side.name
