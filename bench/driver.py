"""A program of its own that works a server while somebody else measures it.

It says one line of JSON when it is under way, and one with what it has done when its standard input has ended.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bench.generator import ROOT

__all__ = ["Driver", "driven"]

PATIENCE_S: Final = 180.0  # with one that prepares what it will do
LEAVES_S: Final = 60.0


class Driver:
    """The program, under way."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def says(self) -> dict[str, Any]:
        """Its next line.

        Raises:
            RuntimeError: it ended, or had nothing to say in time.
        """
        assert self._process.stdout is not None
        watchdog = threading.Timer(PATIENCE_S, self._process.kill)  # and readline ends with it
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise RuntimeError("the load ended before it was told to, or said nothing in time")
        told: dict[str, Any] = json.loads(line)
        return told

    def stop(self) -> int:
        """Tell it to; how much it has done."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return int(self.says()["done"])


@contextmanager
def driven(words: Sequence[str], token: str) -> Iterator[Driver]:
    """Start it; it is gone when this ends.

    Args:
        words: arguments of Python.
        token: that it finds in ``BENCH_TOKEN``.
    """
    process = subprocess.Popen(
        [sys.executable, *words],
        env=os.environ | {"BENCH_TOKEN": token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        driver = Driver(process)
        driver.says()
        yield driver
        process.wait(LEAVES_S)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
