"""Channels that a connection was not let into, as far as they are remembered."""

from typing import NamedTuple

from toolboxai import limits

__all__ = ["Refusal", "Refusals"]


class Refusal(NamedTuple):
    """Why a client may not enter a channel.

    Args:
        status: as the client was told.
        message: as well.
    """

    status: int
    message: str


class Refusals(dict[str, Refusal]):
    """The last refusal of each channel, so many at most: what a client asks for is a stranger's choice."""

    def note(self, channel: str, refusal: Refusal) -> None:
        """The client was refused this channel just now."""
        self.pop(channel, None)
        self[channel] = refusal
        if len(self) > limits.REFUSALS:
            del self[next(iter(self))]
