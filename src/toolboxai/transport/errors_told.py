"""The errors among what is about to be said to a client, in either dialect; for operators who look on."""

import json
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["errors_in"]

_CHANNELS: Final = (b'{"event":"pusher:error"', b'{"event":"pusher:subscription_error"')
_OLD: Final = (b'{"type":"error"', b'{"type":"auth_error"')


def errors_in(texts: Iterable[bytes]) -> list[dict[str, Any]]:
    """Code and reason of each, and the channel where one is named.

    A refused subscribe is told to clients twice, in the general form and in that of its channel; it is one error.

    Args:
        texts: messages of ours, in their order.
    """
    found: list[dict[str, Any]] = []
    for text in texts:
        if text.startswith(_CHANNELS):
            fault = _of_channels(json.loads(text))
            if found and "channel" in fault and found[-1] == {"code": None, "reason": fault["reason"]}:
                found.pop()
            found.append(fault)
        elif text.startswith(_OLD):
            data = json.loads(text).get("data", {})
            found.append({"code": data.get("error_code"), "reason": data.get("message")})
    return found


def _of_channels(message: dict[str, Any]) -> dict[str, Any]:
    data = message["data"]
    if "channel" in message:
        return {"code": data["status"], "reason": data["error"], "channel": message["channel"]}
    return {"code": data["code"], "reason": data["message"]}
