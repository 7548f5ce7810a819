"""Channels inside a FastAPI application: pip install toolboxai fastapi uvicorn, then uvicorn embedded:app."""

import os
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from toolboxai.channels import Authorization, Channels, ChannelsApiError, ChannelsServer

channels = ChannelsServer(
    app_id="1", key=os.environ.get("PUSHER_KEY", "school"), secret=os.environ["PUSHER_SECRET"]
)
app = FastAPI(lifespan=channels.lifespan)
Hub = Annotated[Channels, Depends(channels.dependency)]


@app.post("/headlines")
async def publish(title: str, hub: Hub) -> dict[str, bool]:
    """Tell everyone who listens to "news"."""
    await hub.trigger("news", "headline", {"title": title})
    return {"published": True}


@app.post("/pusher/auth")
async def authorize(request: Request, hub: Hub) -> Authorization:
    """Let a page into a private or presence channel; who may is this application's decision."""
    form = dict(parse_qsl((await request.body()).decode()))
    who = {"name": "Ada"}
    return hub.authorize(form.get("socket_id", ""), form.get("channel_name", ""), user_id="1", user_info=who)


@app.exception_handler(ChannelsApiError)
async def refused(_request: Request, fault: ChannelsApiError) -> JSONResponse:
    """What the protocol does not allow is told to the page that asked for it."""
    return JSONResponse({"detail": fault.message}, fault.status)


app.mount("/", channels)  # after the routes: it answers what is left
