"""The process in which passwords are hashed: one on standard input, what came of it on standard output, and so on.

The messages are those of ``pipe_messages``. The process ends when its input does. See ``password_process`` for the
other side.
"""

import os
import sys

import msgspec

from toolboxai.adapters.argon2_hashes import Argon2Hashes
from toolboxai.adapters.pipe_messages import read_message, write_message

__all__ = ["Hashed", "Hashing", "main"]


class Hashing(msgspec.Struct, omit_defaults=True):
    """A password; checked against what is kept of it, or hashed where nothing is to be checked."""

    password: str
    memory_kib: int
    time_cost: int
    check: bool = False
    kept_hash: str | None = None


class Hashed(msgspec.Struct, omit_defaults=True):
    """Whether it is right, and the hash to keep. A fault of ours is told by its kind: its words may have a password."""

    right: bool = False
    hash: str | None = None
    fault: str | None = None


def main() -> None:
    """Serve until the input ends."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not speak in between
    while (body := read_message(asked)) is not None:
        answer = _hashed(msgspec.json.decode(body, type=Hashing))
        try:
            write_message(answers, answer)
        except BrokenPipeError:
            return


def _hashed(asked: Hashing) -> Hashed:
    hashes = Argon2Hashes(memory_kib=asked.memory_kib, time_cost=asked.time_cost)
    try:
        if not asked.check:
            return Hashed(hash=hashes.hash(asked.password))
        verdict = hashes.verify(asked.password, asked.kept_hash)
    except Exception as fault:
        return Hashed(fault=type(fault).__name__)
    return Hashed(verdict.right, verdict.better_hash)


if __name__ == "__main__":
    main()
