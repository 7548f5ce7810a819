"""Publish one event with the official library for servers: pip install pusher."""

import os

import pusher

channels = pusher.Pusher(
    app_id=os.environ["PUSHER_APP_ID"],
    key=os.environ["PUSHER_KEY"],
    secret=os.environ["PUSHER_SECRET"],
    host="127.0.0.1",
    port=8009,
    ssl=False,
)
channels.trigger("news", "headline", {"title": "It rains"})
