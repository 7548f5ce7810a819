"""The process that reads files: they come on standard input, what stood in them goes to standard output.

One process reads the files of one request and ends. What it may use is bounded before it looks at the first: it can
make no file and no process, and the system ends it when it takes too long. See ``processes`` for the other side.
"""

import os
import resource
import struct
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import IO, Final

import msgspec

from toolboxai.adapters.source_files.extraction import LIBRARIES, extract
from toolboxai.platform.content.sources.files import Fault, SourceFile, SourceText, SourceUnreadable
from toolboxai.platform.content.sources.kinds import kind_of

__all__ = ["Bounds", "Order", "Reply", "main", "read_file", "replies_in"]

NICENESS: Final = 5  # whoever serves live connections comes first
_OPEN_FILES: Final = 64
_LENGTH: Final = struct.Struct("!I")


class Bounds(msgspec.Struct, frozen=True):
    """What a process may use: seconds of work, bytes of memory."""

    cpu_s: int
    memory_bytes: int


class Order(msgspec.Struct, frozen=True):
    """What to read, within which bounds."""

    files: Sequence[SourceFile]
    bounds: Bounds


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first says that work begins; then one for each file in turn.

    Args:
        missing: name of the library without which none of them is read; the only reply.
        text: what stood in a file.
        fault, message: why it is not taken.
        cause: which error in which line, when it was none that the reader knows.
    """

    missing: str = ""
    text: SourceText | None = None
    fault: Fault | None = None
    message: str = ""
    cause: str = ""


def replies_in(output: bytes) -> Iterator[Reply]:
    """The whole replies in what a process has written."""
    place = 0
    while place + _LENGTH.size <= len(output):
        (size,) = _LENGTH.unpack_from(output, place)
        place += _LENGTH.size
        if place + size > len(output):
            return
        yield msgspec.msgpack.decode(output[place : place + size], type=Reply)
        place += size


def main() -> None:
    """Read what standard input holds."""
    os.nice(NICENESS)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    try:
        _load(order.files)
    except ModuleNotFoundError as missing:
        _write(output, Reply(missing=missing.name or "a library"))
        return
    _bound(order.bounds)
    _write(output, Reply())
    for file in order.files:
        _write(output, read_file(file))


def _load(files: Sequence[SourceFile]) -> None:
    """Libraries are loaded before files are forbidden to be made: Python keeps their compiled form."""
    for file in files:
        try:
            kind = kind_of(file)
        except SourceUnreadable:
            continue  # told when it is its turn
        for module in LIBRARIES[kind]:
            import_module(module)


def _bound(bounds: Bounds) -> None:
    for limit, most in (
        (resource.RLIMIT_CPU, bounds.cpu_s),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        _soft, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # At the hard limit of its time a process is killed as by anybody; at the soft one the signal tells why.
        past = 1 if limit == resource.RLIMIT_CPU and (hard == resource.RLIM_INFINITY or hard > most) else 0
        resource.setrlimit(limit, (most, most + past))


def read_file(file: SourceFile) -> Reply:
    """What comes of one file; whatever it is made of, there is an answer."""
    try:
        return Reply(text=extract(file))
    except SourceUnreadable as refused:
        return Reply(fault=refused.fault, message=refused.message)
    except MemoryError:
        return Reply(
            fault=Fault.TOO_MUCH_WORK,
            message="takes more memory to read than a document may; save it anew without pictures, or send a part of it",
        )
    except Exception as fault:  # a library's word for a file that is not what it should be
        where = traceback.extract_tb(fault.__traceback__)[-1]
        return Reply(
            fault=Fault.DAMAGED,
            message="is damaged, or not made as its kind is; save it anew and send it again",
            cause=f"{type(fault).__name__} in {os.path.basename(where.filename)}:{where.lineno}",
        )


def _write(output: IO[bytes], reply: Reply) -> None:
    body = msgspec.msgpack.encode(reply)
    output.write(_LENGTH.pack(len(body)) + body)
    output.flush()


if __name__ == "__main__":
    main()
