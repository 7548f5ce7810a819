"""Answers that are given once: a repeat with the same ``Idempotency-Key`` is told what the first was told."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import ChannelsApiError
from toolboxai.transport.answers import Answer

__all__ = ["KEPT", "WINDOW_S", "Idempotency"]

WINDOW_S: Final = 600.0  # as long as the signature of the first request is good
KEPT: Final = 10_000  # of one app; past it the oldest are forgotten, about 5 MB
_KEY: Final = re.compile(r"[!-~]{1,255}")


@dataclass(slots=True)
class _First:
    digest: bytes
    until: float
    answer: Answer | None = None


class Idempotency:
    """What was answered to keyed requests.

    Only what has succeeded is remembered: a request that was refused did nothing, and may be mended and sent again.

    Args:
        clock: for the window.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apps: dict[str, dict[tuple[str, str], _First]] = {}

    def begin(self, app_id: str, path: str, key: str, body: bytes) -> Answer | None:
        """The answer of an earlier request with this key; None when this is the first, to be ended with `end`.

        Raises:
            ChannelsApiError: 400 the key is none; 409 the first is still in work; 422 it had another body.
        """
        if not _KEY.fullmatch(key):
            raise ChannelsApiError(400, "Idempotency-Key must be 1 to 255 printable ASCII characters")
        now = self._clock.monotonic()
        answers = self._apps.setdefault(app_id, {})
        first = answers.get((path, key))
        digest = hashlib.blake2b(body, digest_size=16).digest()
        if first is None or first.until <= now:
            answers.pop((path, key), None)  # so that the dictionary stays in the order of age
            answers[path, key] = _First(digest, now + WINDOW_S)
            self._shrink(answers, now)
            return None
        if first.digest != digest:
            raise ChannelsApiError(422, "This Idempotency-Key was used with another body; use a new one")
        if first.answer is None:
            raise ChannelsApiError(
                409, "The first request with this Idempotency-Key is still in work; try again"
            )
        return first.answer

    def end(self, app_id: str, path: str, key: str, answer: Answer | None) -> None:
        """The first request is answered; with None it failed, and the next one with this key is a first again."""
        answers = self._apps[app_id]
        first = answers.get((path, key))
        if first is None:
            return
        if answer is None:
            del answers[path, key]
        else:
            first.answer = answer

    @staticmethod
    def _shrink(answers: dict[tuple[str, str], _First], now: float) -> None:
        while True:
            oldest = next(iter(answers))
            if len(answers) <= KEPT and answers[oldest].until > now:
                return
            del answers[oldest]
