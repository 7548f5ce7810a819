"""Answers that are given once: a repeat with the same ``Idempotency-Key`` is told what the first was told."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from toolboxai.clock import Clock
from toolboxai.errors import ChannelsApiError
from toolboxai.transport.answers import Answer

__all__ = ["KEPT_BYTES", "WINDOW_S", "First", "Idempotency"]

WINDOW_S: Final = 600.0  # as long as the signature of the first request is good
KEPT_BYTES: Final = 4 << 20  # of one app: some 10,000 short answers; past it the oldest are forgotten
_ENTRY_BYTES: Final = 400  # what an entry takes beside its answer
_KEY: Final = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")


class _Name(NamedTuple):
    app_id: str
    path: str
    key: str


@dataclass(slots=True, eq=False)
class First:
    """The first request with a key.

    Args:
        name: what a repeat is known by.
        digest: of its body.
        until: monotonic seconds until which it is remembered.
        answer: what it was told; None while it is in work.
    """

    name: _Name
    digest: bytes
    until: float
    answer: Answer | None = None

    @property
    def bytes(self) -> int:
        """What it takes, roughly."""
        return _ENTRY_BYTES + len(self.name.key) + (0 if self.answer is None else self.answer.size)


@dataclass(slots=True)
class _Kept:
    """Of one app, in the order of age."""

    entries: dict[_Name, First] = field(default_factory=dict)
    bytes: int = 0

    def shrink(self, now: float) -> None:
        """Forget what is past its time and, while all take too much, what is oldest and not in work."""
        while self.entries and (oldest := next(iter(self.entries.values()))).until <= now:
            self.drop(oldest)
        while self.bytes > KEPT_BYTES:
            answered = (first for first in self.entries.values() if first.answer is not None)
            oldest_answered = next(answered, None)
            if oldest_answered is None:
                return
            self.drop(oldest_answered)

    def drop(self, first: First) -> None:
        del self.entries[first.name]
        self.bytes -= first.bytes


class Idempotency:
    """What was answered to keyed requests.

    Only what has succeeded is remembered: a request that was refused did nothing, and may be mended and sent again.

    Args:
        clock: for the window.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apps: dict[str, _Kept] = {}

    def begin(self, app_id: str, path: str, key: str, body: bytes) -> First:
        """The first request with this key: an earlier one with its answer, or this one, to be ended with `end`.

        Raises:
            ChannelsApiError: 400 the key is none; 409 the first is still in work; 422 it had another body.
        """
        if not _KEY.fullmatch(key):
            raise ChannelsApiError(400, "Idempotency-Key must be 1 to 255 printable ASCII characters")
        now = self._clock.monotonic()
        kept = self._apps.setdefault(app_id, _Kept())
        kept.shrink(now)
        name = _Name(app_id, path, key)
        digest = hashlib.blake2b(body, digest_size=16).digest()
        first = kept.entries.get(name)
        if first is None:
            first = kept.entries[name] = First(name, digest, now + WINDOW_S)
            kept.bytes += first.bytes
            return first
        if first.digest != digest:
            raise ChannelsApiError(422, "This Idempotency-Key was used with another body; use a new one")
        if first.answer is None:
            raise ChannelsApiError(
                409, "The first request with this Idempotency-Key is still in work; try again"
            )
        return first

    def end(self, first: First, answer: Answer | None) -> None:
        """The first request is answered; with None it failed, and the next one with its key is a first again."""
        kept = self._apps[first.name.app_id]
        if kept.entries.get(first.name) is not first:  # it took so long that it is forgotten
            return
        if answer is None:
            kept.drop(first)
            return
        first.answer = answer
        kept.bytes += answer.size
        kept.shrink(self._clock.monotonic())
