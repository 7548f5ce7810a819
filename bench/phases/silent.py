"""One subscriber that never reads, among many that do."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench import machine
from bench.generator import Generator
from bench.servers import OURS
from bench.stand import IN_FLIGHT, SETTLE_S, Stand

__all__ = ["kernel_queue", "measure"]

ROUNDS: Final = 3
STEP_KB: Final = 256
MOST_STEPS: Final = 40  # of STEP_KB, until the kernel takes no more for one connection
PAST_THE_CAP_KB: Final = 16_000
MUTE: Final = "127.0.0.2"  # its address in c/connections.h


def measure(stand: Stand) -> None:
    """Two servers side by side, one of them with such a subscriber; then what it is given until the server ends it."""
    if not stand.exact:
        stand.note("silent: not measured: the generator in Python reads every subscriber")
        return
    count = stand.room(stand.plan.silent)
    with stand.phase("silent", f"one subscriber that never reads among {count}"), ExitStack() as stack:
        without, beside = (stand.start(stack, OURS) for _ in range(2))
        for pair in (without, beside):
            pair.ask(f"connect {count} {IN_FLIGHT}")
        before = machine.resident_bytes(beside.server.pid)
        beside.ask("mute")
        _fill(stand, beside)
        time.sleep(SETTLE_S)
        command = f"rate 10 {max(stand.plan.crowd_s * 0.4, 0.3):g} 200"
        places = [("silent-without", without), ("silent-with", beside)]
        stand.interleaved(places, lambda pair: pair.ask(command), count=min(ROUNDS, stand.plan.rounds))
        most = grown = machine.resident_bytes(beside.server.pid) - before
        for _ in range(PAST_THE_CAP_KB // STEP_KB):
            beside.ask(f"stuff {STEP_KB}")
            grown = machine.resident_bytes(beside.server.pid) - before
            most = max(most, grown)
        stand.results.silent_mb = [round(most / 1e6, 3), round(grown / 1e6, 3)]


def _fill(stand: Stand, pair: Generator) -> None:
    """Publish to the mute until the kernel holds all it takes, and a step more: from here the server keeps it."""
    for _ in range(MOST_STEPS):
        held = kernel_queue(pair.server.port, MUTE)
        pair.ask(f"stuff {STEP_KB}")
        if kernel_queue(pair.server.port, MUTE) - held < STEP_KB * 500:
            return
    stand.note("silent: the kernel took everything; the server had nothing to keep")


def kernel_queue(port: int, peer: str, table: Path = Path("/proc/net/tcp")) -> int:
    """Bytes that the kernel holds for this peer of a server on this machine."""
    local = f":{port:04X}"
    remote = f"{int.from_bytes(socket.inet_aton(peer), 'little'):08X}:"
    with table.open(encoding="ascii") as lines:
        return sum(
            int(fields[4].partition(":")[0], 16)
            for fields in map(str.split, lines)
            if fields[1].endswith(local) and fields[2].startswith(remote)
        )
