"""A delivery as it is shown to an operator: no secret, no header's value."""

from datetime import UTC, datetime
from typing import Any

from toolboxai.node.webhooks.events import events_in
from toolboxai.node.webhooks.store import Delivery, State

__all__ = ["facts"]


def facts(delivery: Delivery) -> dict[str, Any]:
    """The facts by name, as plain JSON; times as RFC 3339. What is still gathered waits like the rest."""
    state = State.PENDING if delivery.state is State.GATHERING else delivery.state
    return {
        "id": delivery.id,
        "app_id": delivery.app_id,
        "url": delivery.url.partition("?")[0],  # a query may hold a token of the receiver's
        "state": state.value,
        "events": list(dict.fromkeys(event["name"] for event in events_in(delivery.body))),
        "channels": list(delivery.channels),
        "created_at": _stamp(delivery.created_at),
        "attempts": delivery.attempts,
        "next_attempt_at": _stamp(delivery.next_at) if state is State.PENDING else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "delivered_at": None if delivery.delivered_at is None else _stamp(delivery.delivered_at),
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
