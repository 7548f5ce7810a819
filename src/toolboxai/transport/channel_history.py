"""``GET /apps/ID/channels/NAME/history``: what is kept of a channel, page by page."""

from collections.abc import Mapping
from typing import Any, Final

from toolboxai.apps.app import App
from toolboxai.errors import ChannelsApiError
from toolboxai.node.node import Node
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position
from toolboxai.transport.event_items import event_item
from toolboxai.transport.signed_request import AUTH_PARAMETERS

__all__ = ["PAGE", "channel_history"]

PAGE: Final = 100
_PAGE_MOST: Final = 1000
_PARAMETERS: Final = AUTH_PARAMETERS | {"after", "before", "limit", "direction"}
_DIRECTIONS: Final = ("oldest_first", "newest_first")


async def channel_history(
    node: Node, app: App, channel: ChannelName, params: Mapping[str, str]
) -> dict[str, Any]:
    """One page.

    Args:
        node: asked for the history.
        app: whose channel.
        channel: which.
        params: ``after`` and ``before``, positions: only what came after the one and before the other; ``limit``, 1
            to 1000; ``direction``, ``oldest_first`` or ``newest_first``.

    Returns:
        ``items``; ``position`` of the newest event ever, kept or not; ``complete``, whether nothing is missing between
        ``after``, or the beginning, and the newest; ``next_after`` and ``next_before``, for the next page of the one
        direction and of the other, or null.

    Raises:
        ChannelsApiError: 400.
    """
    extraneous = sorted(params.keys() - _PARAMETERS)
    if extraneous:
        raise ChannelsApiError(
            400, f"The following query string parameters are extraneous: {', '.join(extraneous)[:200]}"
        )
    limit = _limit(params.get("limit"))
    direction = params.get("direction", _DIRECTIONS[0])
    if direction not in _DIRECTIONS:
        raise ChannelsApiError(400, f"direction is {direction[:50]!r}; use {' or '.join(_DIRECTIONS)}")
    after = params.get("after")
    history = await node.history(app, channel.text, since=None if after is None else _position(after))
    kept = list(history.publications)
    if "before" in params:
        before = _position(params["before"])
        kept = [
            each
            for each in kept
            if each.position.epoch == before.epoch and each.position.offset < before.offset
        ]
    page = kept[:limit] if direction == _DIRECTIONS[0] else kept[: -limit - 1 : -1]
    more = page[-1].position.text if len(kept) > limit else None
    return {
        "items": [event_item(publication) for publication in page],
        "position": history.top.text,
        "complete": history.complete,
        "next_after": more if direction == _DIRECTIONS[0] else None,
        "next_before": more if direction == _DIRECTIONS[1] else None,
    }


def _position(text: str) -> Position:
    """A position that a caller names.

    Raises:
        ChannelsApiError: 400.
    """
    try:
        return Position.parse(text)
    except ValueError as fault:
        raise ChannelsApiError(400, f"{text[:100]!r} is no position: {fault}") from fault


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _PAGE_MOST):
        raise ChannelsApiError(400, f"limit is {text[:50]!r}; use 1 to {_PAGE_MOST}")
    return int(text)
