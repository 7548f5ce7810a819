"""Rivals for what clients send: every text comes back, or goes to the others.

FastAPI on uvicorn: ``/echo`` sends each text back as it is, ``/relay`` reads its JSON and sends it to everybody else, each
as it is usually written. ``--ws websockets`` is the old way (uvicorn's former default), ``--ws websockets-sansio`` what
uvicorn chooses today. ``--ws bare`` is no framework at all: the library websockets, without its own event loop part, on
uvloop, and there is only the echo.
"""

import argparse
import asyncio
import json
import socket
import warnings
from typing import cast

import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol


def make_app() -> FastAPI:
    app = FastAPI()
    clients: set[WebSocket] = set()

    @app.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    @app.websocket("/relay")
    async def relay(websocket: WebSocket) -> None:
        await websocket.accept()
        clients.add(websocket)
        try:
            while True:
                message = json.loads(await websocket.receive_text())
                for other in list(clients):
                    if other is not websocket:
                        await other.send_text(json.dumps(message))
        except WebSocketDisconnect:
            pass
        finally:
            clients.discard(websocket)

    return app


class Bare(asyncio.Protocol):
    """The echo over websockets' ``ServerProtocol``."""

    def __init__(self) -> None:
        self._protocol = ServerProtocol()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._protocol.send_text(event.data)
        for out in self._protocol.data_to_send():
            if out:
                self._transport.write(out)
            else:
                self._transport.close()


async def serve_bare(listener: socket.socket) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, sock=listener)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ws", choices=["websockets", "websockets-sansio", "bare"], required=True)
    options = parser.parse_args()
    warnings.simplefilter(
        "ignore", DeprecationWarning
    )  # uvicorn says that the old way is old; that is the point
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    if options.ws == "bare":
        uvloop.run(serve_bare(listener))
    else:
        # No pings: the generator answers none.
        config = uvicorn.Config(
            make_app(), ws=options.ws, ws_ping_interval=None, log_level="warning", access_log=False
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
