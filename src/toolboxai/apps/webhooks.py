"""Where an app has posted what happens on its channels."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["WEBHOOK_EVENTS", "WebhookRule"]

WEBHOOK_EVENTS: Final = (
    "channel_occupied",
    "channel_vacated",
    "member_added",
    "member_removed",
    "client_event",
    "cache_miss",
    "subscription_count",
)
"""Every kind of event that is posted (protocol 6)."""


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """One address, and what is posted there.

    Args:
        url: ``http`` or ``https``; one app names it once.
        event_types: of WEBHOOK_EVENTS; empty: all of them.
        channel_prefix: channels whose names begin so; empty: all of them.
        headers: names and values that are sent along; the values may be secret.
        batch_ms: gather events for so long into one body; 0: each is posted alone, at once.
        allow_private_address: whether the address may be one of a private network.
    """

    url: str
    event_types: tuple[str, ...] = ()
    channel_prefix: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    batch_ms: int = 0
    allow_private_address: bool = False

    def wants(self, event_type: str, channel: str) -> bool:
        """Whether events of this type on this channel are posted."""
        return (not self.event_types or event_type in self.event_types) and channel.startswith(
            self.channel_prefix
        )
