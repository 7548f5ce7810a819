"""Starting a process of the server's own that works beside it, and gives way to it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["started"]

# All that a process gets of our environment: no secret is its business.
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def started(
    module: str, *, more: Mapping[str, str] = _NOTHING, silent: bool = False
) -> "subprocess.Popen[bytes]":
    """The process, with pipes to its standard input and from its output.

    Args:
        module: runs in it, by ``adapters.low_priority``.
        more: variables of its environment beside those that each gets.
        silent: whether what it says on standard error is thrown away, as what libraries complain of.
    """
    return subprocess.Popen(  # noqa: S603 - a module of ours, which callers name
        # -P: nothing is imported from the folder in which the server happens to run.
        [sys.executable, "-P", "-m", "toolboxai.adapters.low_priority", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if silent else None,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | dict(more),
        start_new_session=True,  # Ctrl-C is for the server, which then ends its processes in order
    )
