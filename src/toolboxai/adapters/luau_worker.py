"""The process that reads scripts of strangers: they come on standard input, one line of JSON for each goes out.

Before the first is looked at, its work and memory are bounded, and it can make neither files nor processes. See
``luau_check`` for the other side.
"""

import os
import resource
import sys
from typing import Final

import msgspec

from toolboxai.adapters.luau_readers import NothingReadsLuau, faults_in
from toolboxai.platform.roblox.luau.report import LuauReport, UncheckedScript
from toolboxai.platform.roblox.luau.risks import risks

__all__ = ["CPU_S", "main"]

CPU_S: Final = 10
_MEMORY_BYTES: Final = 1024 * 1024 * 1024  # of addresses; a machine takes its own out of them


def main() -> None:
    """Read what standard input holds."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    scripts = msgspec.json.decode(sys.stdin.buffer.read(), type=list[UncheckedScript])
    try:
        faults_in("return 1")  # loads the readers before files are forbidden
    except NothingReadsLuau:
        return
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _bound(limit, most)
    output.write(b"\n")  # work begins
    output.flush()
    for script in scripts:
        report = LuauReport(faults_in(script.source), risks(script.source, may_call_out=script.may_call_out))
        output.write(msgspec.json.encode(report) + b"\n")
        output.flush()


def _bound(limit: int, most: int) -> None:
    _soft, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main()
