"""``python -m bench.ingest``: what it costs a server to take what clients send.

Four kinds of message of ours, each with one under way and with sixteen: a ``pusher:ping``, which is answered; a client
event from one sender to one receiver; client events of four senders to one receiver; a ``subscribe`` of an old socket,
which is answered. Beside them the same of a FastAPI application, an echo and a relay to the others, and an echo on the
websockets library without a framework. All servers run side by side on one core, and are taken in turn, round by round.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, NamedTuple

from bench import machine
from bench.build import generator_program
from bench.figures import Spread, ratios
from bench.generator import MAX_WAITED, ROOT
from bench.installed import installed_in
from bench.line import Line
from bench.servers import APP_ID, APPLICATION, KEY, OURS, RIVALS, SECRET, Kind, Running, running
from bench.stand import until_undisturbed
from bench.wire import channel_auth, masked_frame

DEPTHS: Final = (1, 16)
SENDERS: Final = 4
SETTINGS: Final = f"""
[server]
drain_s = 0
[legacy.limits]
messages_per_minute = 1000000000
[[apps]]
id = "{APP_ID}"
key = "{KEY}"
secret = "{SECRET}"
client_events_per_s = 1000000
"""
_ENVIRONMENTS: Final = "/api/v1/roblox/environments"
DATA: Final = {"x": 17, "y": 21, "pen": "blue"}


class Talk(NamedTuple):
    """Who says what, all in as many bytes, and who hears what comes of it."""

    listener: Line
    said: Sequence[tuple[Line, Mapping[str, object]]]


class Side(NamedTuple):
    """A server, and what is said to it, by name."""

    name: str
    server: Running
    talks: Mapping[str, Talk]


class Taken(NamedTuple):
    """One measurement.

    Attributes:
        cpu_us: of the server, per message.
        per_s: messages a second.
        vain: the share of the time in which the generator looked in vain.
        waited: the share in which the server was kept off its core, and what was stolen of both.
    """

    cpu_us: float
    per_s: float
    vain: float
    waited: float

    @property
    def disturbed(self) -> bool:
        """Whether others had too much of the machine meanwhile."""
        return self.waited > MAX_WAITED


# ---- what is said -----------------------------------------------------------------------------------------------


def _channel_line(port: int, channels: Sequence[str]) -> Line:
    line = Line(port, OURS.path)
    socket_id = json.loads(line.hear("connection_established")["data"])["socket_id"]
    for channel in channels:
        data = {"channel": channel, **channel_auth(socket_id, channel)}
        line.say({"event": "pusher:subscribe", "data": data})
        line.hear("subscription_succeeded")
    return line


def _client_event(channel: str) -> dict[str, object]:
    return {"event": "client-moved", "channel": channel, "data": DATA}


def _channels_talks(port: int) -> dict[str, Talk]:
    alone = _channel_line(port, [])
    pair = [_channel_line(port, ["private-pair"]) for _ in range(2)]
    # Nobody but the receiver hears the senders: each has its own channel, with the same length of name.
    own = [f"private-own-{number}" for number in range(SENDERS)]
    receiver, senders = _channel_line(port, own), [_channel_line(port, [name]) for name in own]
    return {
        "ping": Talk(alone, [(alone, {"event": "pusher:ping", "data": {}})]),
        "event": Talk(pair[1], [(pair[0], _client_event("private-pair"))]),
        "events of 4": Talk(receiver, list(zip(senders, map(_client_event, own), strict=True))),
    }


def _old_talk(port: int, token: str, environment_id: str) -> Talk:
    line = Line(port, "/ws/roblox", token)
    line.hear("auth_response")
    wanted = {"type": "subscribe", "environment_id": environment_id}
    line.say({**wanted, "last_seq": 2**31})
    line.hear('"subscribed"')
    line.until_quiet()
    return Talk(line, [(line, wanted)])


def _echo_talk(port: int, path: str) -> Talk:
    line = Line(port, path)
    return Talk(line, [(line, {"event": "pusher:ping", "data": {}})])


def _relay_talk(port: int) -> Talk:
    pair = [Line(port, "/relay") for _ in range(2)]
    return Talk(pair[1], [(pair[0], _client_event("private-pair"))])


def environment(port: int, token: str) -> str:
    """A world of this user's, there to be followed; it is no longer worked on."""
    http = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    http.request("POST", _ENVIRONMENTS, json.dumps({"name": "bench", "size": "small"}), headers)
    answer = http.getresponse()
    made = json.loads(answer.read())
    if answer.status != 202:
        raise RuntimeError(f"no environment: {answer.status} {made}")
    deadline = time.monotonic() + 60
    while made["status"] in ("queued", "generating"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the environment is still {made['status']}")
        time.sleep(0.2)
        http.request("GET", f"{_ENVIRONMENTS}/{made['environment_id']}", headers=headers)
        made = json.loads(http.getresponse().read())
    http.close()
    environment_id: str = made["environment_id"]
    return environment_id


# ---- servers ----------------------------------------------------------------------------------------------------


def _rival(ws: str) -> Callable[[int], list[str]]:
    return lambda _port: [sys.executable, str(RIVALS / "echo.py"), "--ws", ws]


def our_sides(stack: ExitStack, scratch: Path, core: int, sources: Mapping[str, str]) -> list[Side]:
    """Our server, once for each tree of sources, by name; an empty path is the one that is installed."""
    installed = installed_in(scratch / "installed")
    settings = scratch / "toolboxai.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    sides = []
    for name, source in sources.items():
        home = scratch / name.replace(" ", "-")
        shutil.copytree(installed.home, home)
        env = {**installed.env(home), "TOOLBOXAI_CONFIG": str(settings)}
        if source:
            env["PYTHONPATH"] = source
        server = stack.enter_context(running(replace(APPLICATION, name=name, env=env), core))
        world = environment(server.port, installed.token)
        talks = _channels_talks(server.port) | {
            "old subscribe": _old_talk(server.port, installed.token, world)
        }
        sides.append(Side(name, server, talks))
    return sides


def rival_sides(stack: ExitStack, core: int) -> list[Side]:
    """FastAPI on both implementations of WebSockets, and the library without a framework."""
    sides = []
    for name, ws in (("FastAPI, the old way", "websockets"), ("FastAPI, today", "websockets-sansio")):
        server = stack.enter_context(running(Kind(ws, name, _rival(ws), "/echo"), core))
        talks = {"echo": _echo_talk(server.port, "/echo"), "relay": _relay_talk(server.port)}
        sides.append(Side(name, server, talks))
    bare = stack.enter_context(running(Kind("bare", "websockets", _rival("bare"), "/"), core))
    return [*sides, Side("websockets", bare, {"echo": _echo_talk(bare.port, "/")})]


# ---- measuring --------------------------------------------------------------------------------------------------


def take(program: Sequence[str], side: Side, talk: Talk, depth: int, seconds: float) -> Taken:
    """One measurement; again when others disturbed it, and the least disturbed one counts."""
    tries = until_undisturbed(lambda: _take(program, side, talk, depth, seconds))
    return min(tries, key=lambda each: each.waited)


def _take(program: Sequence[str], side: Side, talk: Talk, depth: int, seconds: float) -> Taken:
    sockets = [talk.listener.socket, *(speaker.socket for speaker, _ in talk.said)]
    numbers = [each.fileno() for each in sockets]
    words = [*program, str(side.server.pid), str(seconds), str(depth), *map(str, numbers)]
    frames = [masked_frame(1, json.dumps(each, separators=(",", ":")).encode()) for _, each in talk.said]
    lookout, began = machine.Lookout(side.server.pid), time.monotonic()
    done = subprocess.run(
        words,
        input=b"".join(frames),
        pass_fds=numbers,
        capture_output=True,
        check=False,
        timeout=30 + seconds,
        cwd=ROOT,
    )
    waited = lookout.share(time.monotonic() - began)
    if done.returncode:
        raise RuntimeError(
            f"{side.name}, {talk.said[0][1]}: {done.stderr.decode(errors='replace').strip()[-300:]}"
        )
    answer = json.loads(done.stdout)
    messages = max(answer["messages"], 1)
    return Taken(
        answer["server_cpu_s"] / messages * 1e6,
        messages / answer["seconds"],
        answer["looked_in_vain_s"] / answer["seconds"],
        waited,
    )


Key = tuple[str, str, int]
"""A server, what is said to it, and how much of it is under way."""


def measured(
    sides: Sequence[Side], program: Sequence[str], *, rounds: int, seconds: float
) -> dict[Key, list[Taken]]:
    """Every talk of every side at each depth, in turn, and that so many times."""
    taken: dict[Key, list[Taken]] = {}
    for number in range(rounds):
        for depth in DEPTHS:
            for side in sides if number % 2 else reversed(sides):
                for name, talk in side.talks.items():
                    found = take(program, side, talk, depth, seconds)
                    taken.setdefault((side.name, name, depth), []).append(found)
    return taken


def ratio(taken: Mapping[Key, Sequence[Taken]], one: Key, other: Key) -> Spread:
    """CPU of one against another's, round by round."""
    return ratios([each.cpu_us for each in taken[one]], [each.cpu_us for each in taken[other]])


def told(taken: Mapping[Key, Sequence[Taken]]) -> list[str]:
    """The figures, a line for each."""
    lines = [f"{'server':22} {'message':14} {'depth':>5} {'µs CPU':>8} {'thousand/s':>11} {'waited for':>11}"]
    for (side, name, depth), found in sorted(taken.items(), key=lambda item: (item[0][2], item[0][:2])):
        cpu, per_s, vain = (
            statistics.median(column)
            for column in zip(*[(each.cpu_us, each.per_s, each.vain) for each in found], strict=True)
        )
        lines.append(f"{side:22} {name:14} {depth:5} {cpu:8.2f} {per_s / 1000:11.1f} {vain:11.0%}")
    return lines


AGAINST: Final = {"ping": "echo", "event": "relay", "events of 4": "relay", "old subscribe": "echo"}
"""What of a rival stands beside each message of ours."""


def compared(taken: Mapping[Key, Sequence[Taken]], ours: str, other_tree: str | None) -> list[str]:
    """How many times more CPU the others take."""
    lines = []
    others = list(dict.fromkeys(side for side, _, _ in taken if side != ours))
    for depth in DEPTHS:
        for name, of_rival in AGAINST.items():
            for other in others:
                key = (other, name if other == other_tree else of_rival, depth)
                if key in taken and (ours, name, depth) in taken:
                    found = ratio(taken, key, (ours, name, depth))
                    title = f"{name}, {depth} under way: {other} ({key[1]})"
                    lines.append(f"{title:62} {found.median:5.2f}x ({found.low:.2f} to {found.high:.2f})")
    return lines


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="of one measurement (default: %(default)s)"
    )
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="the package's directory of another commit"
    )
    parser.add_argument("--ours", action="store_true", help="without rivals")
    options = parser.parse_args()
    program = generator_program("ingest")
    cores = machine.pinned_cores()
    sources = {"toolboxai": os.environ.get("PYTHONPATH", "")}
    other_tree = "the other" if options.against else None
    if other_tree is not None:
        sources[other_tree] = str(options.against.resolve())
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as scratch,
        ExitStack() as stack,
        machine.on_core(cores[1]),
    ):
        sides = our_sides(stack, Path(scratch), cores[0], sources)
        if not options.ours:
            sides += rival_sides(stack, cores[0])
        taken = measured(sides, program, rounds=options.rounds, seconds=options.seconds)
    print("\n".join([*told(taken), "", *compared(taken, "toolboxai", other_tree)]))
    disturbed = sum(each.disturbed for found in taken.values() for each in found)
    print(f"{time.monotonic() - began:.0f} s; disturbed, and kept for want of a better one: {disturbed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
