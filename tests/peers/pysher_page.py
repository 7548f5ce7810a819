"""Stock Pysher in a process of its own, so that its threads end with it; what it hears is told in lines of JSON."""

import json
import sys
from typing import Any

import pysher


def tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - lines are how this program speaks


def main(key: str, secret: str, port: str, *channels: str) -> None:
    pusher = pysher.Pusher(key, secret=secret, secure=False, custom_host="127.0.0.1", port=int(port))

    def connected(data: str) -> None:
        tell(event="connected", data=data)
        for name in channels:
            channel = pusher.subscribe(name)
            for event in ("pusher_internal:subscription_succeeded", "e"):
                channel.bind(
                    event, lambda data, name=name, event=event: tell(channel=name, event=event, data=data)
                )

    pusher.connection.bind("pusher:connection_established", connected)
    pusher.connection.bind("pusher:pong", lambda _data: tell(event="pong"))
    pusher.connection.bind("pusher:error", lambda data: tell(event="error", data=data))
    pusher.connect()
    for line in sys.stdin:
        if line.strip() == "state":
            tell(event="state", data=pusher.connection.state, alive=pusher.connection.is_alive())


main(*sys.argv[1:])
