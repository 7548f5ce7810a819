"""The process that reads files: a request's body comes on standard input, what stood in it goes to standard output.

One process reads one body and ends. What it may use is bounded before it looks into it: it can make no file and no
process, and the system ends it when it takes too long. See ``processes`` for the other side.
"""

import os
import resource
import struct
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import IO, Any, Final, Literal

import msgspec

from toolboxai.adapters.source_files.bodies import parted
from toolboxai.adapters.source_files.extraction import LIBRARIES, extract
from toolboxai.errors import PayloadTooLarge, ValidationError
from toolboxai.platform.content.sources.files import Fault, SourceFile, SourceText, SourceUnreadable
from toolboxai.platform.content.sources.kinds import kind_of

__all__ = ["Bounds", "Order", "Reply", "main", "order_bytes", "read_file", "replies_in"]

_OPEN_FILES: Final = 64
_LENGTH: Final = struct.Struct("!I")


class Bounds(msgspec.Struct, frozen=True):
    """What a process may use: seconds of work, bytes of memory."""

    cpu_s: int
    memory_bytes: int


class Order(msgspec.Struct, frozen=True):
    """What comes on standard input after this, and within which bounds it is read."""

    content_type: str
    bounds: Bounds


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first says that work begins; the next has the fields; then comes one for each file in turn.

    Args:
        refused, message, details: why the body as a whole is not taken; the last reply.
        missing: name of the library without which nothing of it is read; the last reply.
        fields: of the body, as JSON.
        text: what stood in a file.
        fault, message: why it is not taken.
        cause: which error in which line, when it was none that the reader knows.
    """

    refused: Literal["", "invalid", "too large"] = ""
    details: dict[str, Any] = {}
    missing: str = ""
    fields: bytes = b""
    text: SourceText | None = None
    fault: Fault | None = None
    message: str = ""
    cause: str = ""


def order_bytes(order: Order) -> bytes:
    """An order as it is put before the body."""
    return _framed(msgspec.msgpack.encode(order))


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
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    source = sys.stdin.buffer
    (size,) = _LENGTH.unpack(source.read(_LENGTH.size))
    order = msgspec.msgpack.decode(source.read(size), type=Order)
    body = source.read()
    _bound_work(order.bounds)
    _write(output, Reply())
    try:
        fields, files = parted(order.content_type, body)
        del body
        _load(files)
    except ModuleNotFoundError as missing:
        _write(output, Reply(missing=missing.name or "a library"))
    except PayloadTooLarge as fault:
        _write(output, Reply(refused="too large", message=fault.message, details=dict(fault.details)))
    except ValidationError as fault:
        _write(output, Reply(refused="invalid", message=fault.message, details=dict(fault.details)))
    else:
        _bound_reach()
        _write(output, Reply(fields=fields))
        for file in files:
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


def _bound_work(bounds: Bounds) -> None:
    """Before the first byte of a stranger's is looked at."""
    _bound(resource.RLIMIT_CPU, bounds.cpu_s)
    _bound(resource.RLIMIT_AS, bounds.memory_bytes)
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_NPROC, 0)
    _bound(resource.RLIMIT_NOFILE, _OPEN_FILES)


def _bound_reach() -> None:
    """Before the first file is read: none is made."""
    _bound(resource.RLIMIT_FSIZE, 0)


def _bound(limit: int, most: int) -> None:
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
    output.write(_framed(msgspec.msgpack.encode(reply)))
    output.flush()


def _framed(content: bytes) -> bytes:
    return _LENGTH.pack(len(content)) + content


if __name__ == "__main__":
    main()
