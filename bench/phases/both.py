"""Both worlds at once: half of the subscribers on old sockets, against all of them on Channels."""

import json
import shutil
import urllib.request
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.generator import Generator, loading
from bench.installed import Installed, installed_in
from bench.servers import APPLICATION, OURS, running
from bench.stand import IN_FLIGHT, Stand

__all__ = ["measure"]

ROUNDS: Final = 7
PREFIX: Final = "private-agent-"
LIMITS: Final = """\
[legacy.limits]
connections_per_user = 100000
connections_per_ip = 100000
"""
OLD_SAYS: Final = '{"type":"resume","last_seq":0}'
OLD_HEARS: Final = '"resumed"'


def measure(stand: Stand) -> None:
    """Two whole servers, with application and database; an agent's channel is followed in both worlds."""
    if not stand.exact:
        stand.note("both: not measured: the generator in Python follows one world only")
        return
    count = stand.plan.both
    with stand.phase("both", f"{count} subscribers, half of them on old sockets"), ExitStack() as stack:
        home = stand.scratch / "both"
        home.mkdir()
        installed = installed_in(home / "installed")
        (home / "limits.toml").write_text(LIMITS, encoding="utf-8")
        places = []
        for figure, old in (("both-one", 0), ("both-halves", count // 2)):
            places.append((figure, _peopled(stand, stack, installed, home / figure, count - old, old)))
        command = f"fanout 1 {max(stand.plan.round_s * 0.7, 0.1):g} 200"
        stand.interleaved(places, lambda pair: pair.ask(command), count=min(ROUNDS, stand.plan.rounds))


def _peopled(
    stand: Stand, stack: ExitStack, installed: Installed, home: Path, channels: int, old: int
) -> Generator:
    shutil.copytree(installed.home, home)
    env = installed.env(home) | {"TOOLBOXAI_CONFIG": str(home.parent / "limits.toml")}
    asks = '{"event":"pusher:subscribe","data":{"channel":"%s","auth":"{auth}"}}'
    server = stack.enter_context(running(replace(APPLICATION, env=env), stand.cores[0]))
    agent_id = _agent(server.port, installed.token)
    pair = stack.enter_context(
        loading(server, stand.load, stand.cores[1], stand.scratch, channel=PREFIX + agent_id)
    )
    pair.tell("\t".join(["way", OURS.path, "", asks % (PREFIX + agent_id), OURS.expect or ""]))
    pair.ask(f"connect {channels} {IN_FLIGHT}")
    if old:
        signed_in = f"Authorization: Bearer {installed.token}\\r\\n"
        pair.tell("\t".join(["way", f"/ws/agent/{agent_id}", signed_in, OLD_SAYS, OLD_HEARS]))
        pair.ask(f"connect {old} {IN_FLIGHT}")
    return pair


def _agent(port: int, token: str) -> str:
    """One without workers: nothing is told on its channel but what the bench publishes."""
    wish = json.dumps({"name": "bench", "task_types": ["count"], "concurrency": 1}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/agents",
        wish,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return str(json.load(answer)["agent_id"])
