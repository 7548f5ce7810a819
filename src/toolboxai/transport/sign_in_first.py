"""Subscribes that wait a moment for a sign-in.

Stock pages subscribe to public channels before they have signed in, since a sign-in needs an answer of the
application. Where what they missed is found by the user, it has to be known first.
"""

import asyncio
from collections.abc import Callable

from toolboxai import limits
from toolboxai.protocol.effects import Subscribe

__all__ = ["SignInFirst"]


class SignInFirst:
    """Of one connection.

    Args:
        admit: is handed each subscribe when its wait is over; it does not raise.
    """

    __slots__ = ("_admit", "_timer", "_waiting")

    def __init__(self, admit: Callable[[Subscribe], None]) -> None:
        self._admit = admit
        self._waiting: list[Subscribe] = []
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, effect: Subscribe) -> None:
        """Let it wait, with those that wait already, for a sign-in or a second."""
        self._waiting.append(effect)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(limits.SIGN_IN_FIRST_S, self.over)

    def over(self) -> None:
        """The user is known now, or will not be: the wait is over."""
        waiting = self._waiting
        self.end()
        for effect in waiting:
            self._admit(effect)

    def end(self) -> None:
        """The connection has gone: nobody waits any more."""
        self._waiting = []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
