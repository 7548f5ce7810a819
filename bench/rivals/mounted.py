"""Our own server once more, mounted in a FastAPI application under plain uvicorn: what embedding costs."""

import os
import socket

import uvicorn
from fastapi import FastAPI

from toolboxai.channels import ChannelsServer


def make_app() -> FastAPI:
    names = ("PUSHER_APP_ID", "PUSHER_KEY", "PUSHER_SECRET")
    app_id, key, secret = [os.environ[name] for name in names]
    channels = ChannelsServer(app_id=app_id, key=key, secret=secret)
    app = FastAPI(lifespan=channels.lifespan)
    app.mount("/", channels)
    return app


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(make_app(), log_level="warning", access_log=False)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
