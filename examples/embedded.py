"""Channels inside a FastAPI application: pip install toolboxai fastapi uvicorn, then uvicorn embedded:app."""

import os
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI, Request

from toolboxai.channels import Authorization, Channels, ChannelsServer

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
    return hub.authorize(form["socket_id"], form["channel_name"], user_id="1", user_info={"name": "Ada"})


app.mount("/", channels)  # after the routes: it answers what is left
