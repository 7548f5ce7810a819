"""A client's own steps: connect, subscribe, hear an event, read a stream."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from toolboxai.cli.checks.finding import Finding, fault, note, ok, warning
from toolboxai.cli.checks.signed import Credentials
from toolboxai.cli.remote import Remote

__all__ = ["event_stream", "round_trip"]

_WAIT_S: Final = 5.0  # a tenth would do on the worst link
_STREAM_S: Final = 5.0  # the first bytes are written at once
_EVENT: Final = "doctor"


async def round_trip(
    http: Any, remote: Remote, channel: str, app: Credentials | None
) -> AsyncIterator[Finding]:
    """The WebSocket, a subscription, and an event that comes back, each as far as the one before allows.

    Args:
        http: for the publication.
        remote: the server.
        channel: public, and nobody else's.
        app: who publishes; None: nothing is published.
    """
    from toolboxai.client import ClientError, ConnectionRefused, Unreachable, connect

    try:
        async with asyncio.timeout(3 * _WAIT_S), connect(remote.url, remote.needed_key()) as client:
            yield ok("websocket", f"connected with key {remote.key}, socket id {client.socket_id}")
            events = await client.subscribe(channel)
            yield ok("subscription", f"to the public channel {channel}")
            if app is None:
                yield note("event", "none was sent: the app's secret is not known here, or does not hold")
                return
            sent = time.monotonic()
            answer = await _publish(http, app, channel)
            if answer.status_code != 200:
                yield fault("event", f"it was not taken: the server answers {answer.status_code}")
                return
            async with asyncio.timeout(_WAIT_S):
                await anext(aiter(events))
            yield ok("event", f"published and heard in {1000 * (time.monotonic() - sent):.0f} ms")
    except ConnectionRefused as refused:
        hint = "; PUSHER_KEY here and the server's apps differ" if refused.code == 4001 else ""
        yield fault("websocket", f"{refused}{hint}")
    except Unreachable as gone:
        text = f"{gone}; HTTP works there, so a proxy in between does not pass the Upgrade and Connection headers on"
        yield fault("websocket", text)
    except TimeoutError:
        text = f"nothing came within {_WAIT_S:.0f} s: something on the way holds messages back"
        yield fault("event", text)
    except ClientError as failed:
        yield fault("subscription", str(failed))


async def _publish(http: Any, app: Credentials, channel: str) -> Any:
    from toolboxai.protocol.signing import sign_request

    body = json.dumps({"name": _EVENT, "channels": [channel], "data": "{}"}).encode()
    path = f"/apps/{app.app_id}/events"
    params = {
        "auth_key": app.key,
        "auth_timestamp": str(int(time.time())),
        "auth_version": "1.0",
        "body_md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
    }
    params["auth_signature"] = sign_request(app.secret, "POST", path, params.items())
    return await http.post(path, params=params, content=body, headers={"Content-Type": "application/json"})


async def event_stream(http: Any, app: Credentials, channel: str) -> Finding:
    """Whether an answer that goes on comes as it is written: the HTTP transports need that.

    Args:
        http: for the request.
        app: whose channel it is.
        channel: public.
    """
    path = f"/apps/{app.app_id}/channels/{channel}/sse"
    try:
        async with (
            asyncio.timeout(_STREAM_S),
            http.stream("GET", path, headers={"X-Pusher-Key": app.key}) as answer,
        ):
            if answer.status_code != 200:
                return warning("streams", f"an event stream is answered with {answer.status_code}")
            await anext(aiter(answer.aiter_raw()))
    except TimeoutError:
        text = (
            "a proxy on the way gathers an answer before it hands it on, so that the HTTP transports and event streams "
            "are silent: switch its buffering off (nginx: proxy_buffering off)"
        )
        return warning("streams", text)
    except StopAsyncIteration:
        return warning("streams", "an event stream ends at once; a proxy on the way may cut it")
    return ok("streams", "answers that go on come as they are written")
