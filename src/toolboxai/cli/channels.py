"""``tail`` and ``trigger``: one channel, read and written."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolboxai.cli.options import AsJson, ConfigFile, Key, Url

if TYPE_CHECKING:
    from toolboxai.client import Event

__all__ = ["add_to", "event_fields", "event_line"]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    cli.command()(tail)
    cli.command()(trigger)


def tail(
    channel: Annotated[
        str, typer.Argument(help="The channel; private ones need TOOLBOXAI_TOKEN or the app's secret.")
    ],
    since: Annotated[
        int | None, typer.Option(help="Also the kept events after this number; 0 is all that are kept.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    url: Url = None,
    key: Key = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the events of a channel as they come."""
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import connected, find_remote

    remote = find_remote(url=url, key=key, config=config)
    output = Output(as_json=as_json)

    async def work() -> None:
        left = count
        async with connected(remote) as client:
            async for event in await client.subscribe(channel, since=since):
                output.say(event_line(event), **event_fields(event))
                left = None if left is None else left - 1
                if left == 0:
                    return

    asyncio.run(work())


def trigger(
    channel: Annotated[str, typer.Argument(help="Where to.")],
    event: Annotated[str, typer.Argument(help="The event's name.")],
    data: Annotated[str, typer.Argument(help="The event's data, as it is; - reads standard input.")] = "{}",
    socket_id: Annotated[str | None, typer.Option(help="The connection that is not to get it.")] = None,
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Publish one event on a channel.

    It goes through the signed Channels API, with the app id, key and secret of the settings.
    """
    import asyncio
    import json
    import sys

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    remote = find_remote(url=url, config=config)
    remote.needed_app()
    message = {"name": event, "channels": [channel], "data": sys.stdin.read() if data == "-" else data}
    if socket_id is not None:
        message["socket_id"] = socket_id
    body = json.dumps(message).encode()

    async def work() -> str:
        async with Rest(remote.url) as rest:
            return await rest.post_signed(remote, "events", body)

    published = asyncio.run(work())
    named = f" as {published}" if published else ""
    Output(as_json=as_json).say(
        f"sent {event} to {channel}{named}", channel=channel, event=event, publication_id=published or None
    )


def event_line(event: "Event") -> str:
    """An event as one line for people. Whoever publishes must not move their cursor or break the line."""
    import json

    data = event.data if isinstance(event.data, str) else json.dumps(event.data, ensure_ascii=False)
    return " ".join(
        text if text.isprintable() else json.dumps(text) for text in (event.channel, event.name, data)
    )


def event_fields(event: "Event") -> dict[str, Any]:
    """An event as a JSON object for programs."""
    fields = {"channel": event.channel, "event": event.name, "data": event.data}
    return fields | {
        name: getattr(event, name) for name in ("seq", "user_id") if getattr(event, name) is not None
    }
