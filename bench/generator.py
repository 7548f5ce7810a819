"""The load generator's driver: starts it beside a server, hands it commands, watches for disturbance."""

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import machine
from bench.servers import APP_ID, CHANNEL, KEY, SECRET, Running, stop

ROOT = Path(__file__).parent.parent
ANSWER_S = 90.0
MAX_WAITED = 0.05  # of a round: longer waits for a core mean that others worked on this machine
SERVER_BUSY = 0.9  # share of its core from which a server was the limit
GENERATOR_BUSY = 0.8  # it naps between looks, so that it never reaches 1


class GeneratorFailed(Exception):
    """The generator ended; the text has its last words."""


@dataclass(frozen=True)
class Sample:
    """One round: counts, seconds, and latencies in milliseconds; see ``c/load.c``, also for ``late``, in microseconds."""

    seconds: float
    server_cpu_s: float
    own_cpu_s: float
    connections: int
    published: int
    completed: int
    deliveries: int
    answers: int
    refused: int
    lost: int
    disorder: int
    dropped: int
    failed: int
    samples: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    waited: float = 0.0
    stolen: float = 0.0
    late: Sequence[tuple[int, int]] = ()

    @property
    def disturbance(self) -> float:
        """Share of the round in which the server or the generator was kept off its core."""
        return self.waited + self.stolen

    @property
    def generator_bound(self) -> bool:
        """Whether the server waited for the generator: its CPU figure holds, its rate and latencies are the generator's."""
        server, own = self.server_cpu_s / self.seconds, self.own_cpu_s / self.seconds
        return server < SERVER_BUSY and own > max(GENERATOR_BUSY, server)

    @property
    def disturbed(self) -> bool:
        """Whether something other than the server and the generator shaped this round."""
        return self.disturbance > MAX_WAITED

    def as_dict(self) -> dict[str, float]:
        """For the results file, which would be long with all latencies."""
        return {name: value for name, value in asdict(self).items() if name != "late"}


class Generator:
    """One generator process and the server that it loads."""

    def __init__(self, process: subprocess.Popen[str], server: Running, stderr: Path) -> None:
        self._process = process
        self._stderr = stderr
        self.server = server

    def ask(self, command: str) -> Sample:
        """Run one command of ``c/load.c`` to its end.

        Raises:
            GeneratorFailed: see there.
        """
        lookout = machine.Lookout(self.server.pid, self._process.pid)
        answer = self._exchange(command)
        waited, stolen = lookout.waited(), lookout.stolen()
        seconds = max(answer["seconds"], 1e-9)
        return Sample(**answer, waited=round(waited / seconds, 4), stolen=round(stolen / seconds, 4))

    def close(self) -> None:
        """All subscribers leave."""
        self.tell("close")

    def tell(self, command: str) -> None:
        """Run a command whose answer has no figures: ``close``, ``leave``, ``way``.

        Raises:
            GeneratorFailed: see there.
        """
        self._exchange(command)

    def _exchange(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(ANSWER_S, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            said = self._stderr.read_text(errors="replace").strip()[-300:]
            raise GeneratorFailed(
                f"{self.server.kind.name}: {command!r} got no answer in {ANSWER_S:.0f} s; {said}"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def loading(
    server: Running, program: list[str], core: int, scratch: Path, *, channel: str = CHANNEL
) -> Iterator[Generator]:
    """A generator for a channel of this server, on its own core; it is gone when this ends."""
    kind = server.kind
    arguments = [str(server.port), str(server.pid), APP_ID, KEY, SECRET, channel, kind.path]
    if kind.subscribe is not None and kind.expect is not None:
        arguments += [kind.subscribe, kind.expect]
    stderr = scratch / f"load-{kind.name}-{server.pid}"
    with stderr.open("wb") as said:
        process = subprocess.Popen(
            program + arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=ROOT,
            preexec_fn=machine.at_birth(core),
        )
    try:
        yield Generator(process, server, stderr)
    finally:
        stop(process)
