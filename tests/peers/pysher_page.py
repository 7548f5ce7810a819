"""Stock Pysher in a process of its own, so that its threads end with it; what it hears is told in lines of JSON."""

import json
import sys
from typing import Any

import pysher


def tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - lines are how this program speaks


EVENTS = (
    "pusher_internal:subscription_succeeded",
    "pusher_internal:member_added",
    "pusher_internal:member_removed",
    "client-x",
    "e",
)


def main(key: str, secret: str, port: str, user: str, *channels: str) -> None:
    me = {"user_id": user, "user_info": {"name": user.title()}}
    where = {"secure": False, "custom_host": "127.0.0.1", "port": int(port)}
    pusher = pysher.Pusher(key, secret=secret, user_data=me, **where)

    def connected(data: str) -> None:
        tell(event="connected", data=data)
        for name in channels:
            channel = pusher.subscribe(name)
            for event in EVENTS:
                channel.bind(
                    event, lambda data, name=name, event=event: tell(channel=name, event=event, data=data)
                )

    pusher.connection.bind("pusher:connection_established", connected)
    pusher.connection.bind("pusher:pong", lambda _data: tell(event="pong"))
    pusher.connection.bind("pusher:error", lambda data: tell(event="error", data=data))
    pusher.connect()
    for line in sys.stdin:
        order, _, rest = line.strip().partition(" ")
        if order == "trigger":
            pusher.channels[rest].trigger("client-x", {"from": user})
        if line.strip() == "state":
            tell(event="state", data=pusher.connection.state, alive=pusher.connection.is_alive())


main(*sys.argv[1:])
