"""The rival: a WebSocket broadcaster as it is usually written with FastAPI, and a publish route beside it.

Every client is accepted into one list; a publication is sent with ``for ws in clients: await ws.send_text(...)``.
``--ws websockets`` is the old way (uvicorn's former default), ``--ws websockets-sansio`` what uvicorn chooses today. The
publish route checks the same signature as the Channels API, with pydantic for the body, so that both do the same work.
"""

import argparse
import hashlib
import hmac
import json
import socket
import time
import warnings

import uvicorn
from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

TIMESTAMP_WINDOW_S = 600


class Event(BaseModel):
    name: str
    channels: list[str]
    data: str


def signature_fault(
    method: str, path: str, query: dict[str, str], body: bytes, key: str, secret: str
) -> str | None:
    """What is wrong with a signed request, or None."""
    given = query.get("auth_signature", "")
    text = "&".join(f"{name}={query[name]}" for name in sorted(query) if name != "auth_signature")
    expected = hmac.new(secret.encode(), f"{method}\n{path}\n{text}".encode(), hashlib.sha256).hexdigest()
    if query.get("auth_key") != key:
        return "unknown auth_key"
    if abs(time.time() - int(query.get("auth_timestamp", "0"))) >= TIMESTAMP_WINDOW_S:
        return "timestamp expired"
    if query.get("body_md5") != hashlib.md5(body).hexdigest():
        return "body_md5 does not match the body"
    if not hmac.compare_digest(expected, given):
        return "invalid signature"
    return None


def make_app(key: str, secret: str) -> FastAPI:
    app = FastAPI()
    clients: set[WebSocket] = set()

    @app.websocket("/ws")
    async def subscribe(websocket: WebSocket) -> None:
        await websocket.accept()
        clients.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            clients.discard(websocket)

    @app.post("/apps/{app_id}/events")
    async def publish(app_id: str, event: Event, request: Request) -> dict[str, str]:
        fault = signature_fault(
            "POST", request.url.path, dict(request.query_params), await request.body(), key, secret
        )
        if fault:
            raise HTTPException(401, fault)
        for channel in event.channels:
            if channel == "nobody":  # the publish figure: a channel without subscribers
                continue
            message = {"event": event.name, "channel": channel, "data": event.data}
            for websocket in list(clients):
                await websocket.send_text(json.dumps(message))
        return {}

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ws", choices=["websockets", "websockets-sansio"], required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret", required=True)
    options = parser.parse_args()
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # uvicorn says that the old way is old; that is the point
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        make_app(options.key, options.secret), ws=options.ws, log_level="warning", access_log=False
    )
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
