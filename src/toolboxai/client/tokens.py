"""The token of each request: asked for anew each time, and once more when it was refused."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from toolboxai.client.errors import RequestRefused, RequestUnavailable

__all__ = ["TokenProvider", "Tokens"]

TokenProvider = Callable[[], str | Awaitable[str]] | Callable[[str | None], str | Awaitable[str]]
"""Makes a token. One that takes an argument is given the token that was refused, or None."""


class Tokens:
    """Where tokens come from.

    Args:
        provider: the user's; None for requests without a token.
    """

    def __init__(self, provider: TokenProvider | None) -> None:
        self._ask: Callable[[str | None], str | Awaitable[str]] | None = None
        if provider is not None:
            self._ask = _taking_the_refused(provider)
        self._exchange: tuple[str, asyncio.Task[str | None]] | None = None

    async def token(self, refused: str | None = None) -> str | None:
        """A token for one request; None when requests go without.

        Raises:
            RequestUnavailable: the user's function failed.
            RequestRefused: what it answered cannot be in a header.
        """
        if self._ask is None:
            return None
        try:
            asked = self._ask(refused)
            token = await asked if inspect.isawaitable(asked) else asked
        except Exception as fault:  # the user's code, which may ask a server that is away: the rest goes on
            raise RequestUnavailable(f"no token could be had: {type(fault).__name__}: {fault}") from fault
        return _in_a_header(token) if token else None

    async def instead(self, refused: str) -> str | None:
        """Another token for one that was refused; asked for once, however many requests were refused with it.

        Raises:
            RequestRefused, RequestUnavailable: as `token` does.
        """
        if self._exchange is None or self._exchange[0] != refused:
            asking = asyncio.create_task(self.token(refused))
            asking.add_done_callback(self._forget_failure)
            self._exchange = (refused, asking)
        return await asyncio.shield(self._exchange[1])

    def close(self) -> None:
        """Nothing is asked any more."""
        if self._exchange is not None:
            self._exchange[1].cancel()

    def _forget_failure(self, asking: asyncio.Task[str | None]) -> None:
        """Only a token that is another one serves those who come later."""
        if self._exchange is None or self._exchange[1] is not asking:
            return
        if asking.cancelled() or asking.exception() or asking.result() in (None, self._exchange[0]):
            self._exchange = None


def _in_a_header(token: object) -> str | None:
    """The token without the line's end of the file that it was read from; never in the words of an error."""
    bare = token.strip() if isinstance(token, str) else "\0"
    if not (bare.isascii() and bare.isprintable()):
        raise RequestRefused("the token is no text of printable ASCII characters", 401)
    return bare or None


def _taking_the_refused(provider: TokenProvider) -> Callable[[str | None], str | Awaitable[str]]:
    try:
        inspect.signature(provider).bind(None)
    except (TypeError, ValueError):  # it takes none; or it is written in C, and says nothing of its arguments
        return lambda _refused: provider()  # type: ignore[call-arg]  # what it takes was looked at, which mypy cannot see
    return provider  # type: ignore[return-value]  # likewise
