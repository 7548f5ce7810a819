"""``connections``, ``channels`` and ``disconnect``: who is on a running server, over REST, for admins."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import typer

from toolboxai.cli.options import AsJson, ConfigFile, Url

__all__ = ["add_to"]

_PAGE: Final = 100

_App = Annotated[str | None, typer.Option("--app", help="Of this app only, by its id.")]
_Limit = Annotated[int | None, typer.Option(min=1, help="So many at most; else all.")]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    for command in (connections, channels, disconnect):
        cli.command()(command)


def connections(
    app: _App = None,
    channel: Annotated[str | None, typer.Option(help="Subscribed to this channel.")] = None,
    user: Annotated[str | None, typer.Option(help="Signed in as this user, by the id.")] = None,
    limit: _Limit = None,
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List the open connections of a running server, the oldest first; needs an admin's TOOLBOXAI_TOKEN."""
    asked = {"app": app, "channel": channel, "user": user}
    _list("/api/v1/admin/connections", asked, limit, url, config, as_json, _connection_line)


def channels(
    app: _App = None,
    prefix: Annotated[str, typer.Option(help="Names that begin so.")] = "",
    limit: _Limit = None,
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List the channels that somebody is subscribed to on a running server; needs an admin's TOOLBOXAI_TOKEN."""
    asked = {"app": app, "prefix": prefix or None}
    _list("/api/v1/admin/channels", asked, limit, url, config, as_json, _channel_line)


def disconnect(
    socket_id: Annotated[str, typer.Argument(metavar="SOCKET", help="As `connections` shows it.")],
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """End one connection; its client stays away until somebody connects it anew."""
    import asyncio
    from urllib.parse import quote

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    remote = find_remote(url=url, config=config)
    token = remote.needed_token()

    async def work() -> None:
        async with Rest(remote.url, token) as rest:
            await rest.delete(f"/api/v1/admin/connections/{quote(socket_id, safe='')}")

    asyncio.run(work())
    Output(as_json=as_json).say(f"ended {socket_id}", socket_id=socket_id, ended=True)


def _list(
    path: str,
    asked: Mapping[str, str | None],
    limit: int | None,
    url: str | None,
    config: ConfigFile,
    as_json: bool,
    line: Callable[[Mapping[str, Any]], str],
) -> None:
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    remote = find_remote(url=url, config=config)
    token, output = remote.needed_token(), Output(as_json=as_json)
    params = {name: value for name, value in asked.items() if value is not None}

    async def work() -> None:
        told = 0
        async with Rest(remote.url, token) as rest:
            while limit is None or told < limit:
                size = _PAGE if limit is None else min(limit - told, _PAGE)
                page = await rest.get(path, **params, limit=str(size))
                for item in page["items"]:
                    output.say(line(item), **item)
                told += len(page["items"])
                if page["next_cursor"] is None:
                    break
                params["cursor"] = page["next_cursor"]
        if not told:
            output.say("none")

    asyncio.run(work())


def _connection_line(item: Mapping[str, Any]) -> str:
    client = " ".join(filter(None, (item["client"], item["version"]))) or item["user_agent"] or "?"
    heard = "" if item["heard_s_ago"] is None else f", heard {item['heard_s_ago']:.0f} s ago"
    queued = f", {item['queued_bytes']} bytes wait" if item["queued_bytes"] else ""
    return (
        f"{item['socket_id']}  app {item['app_id']}  {item['transport']}  {item['address'] or '?'}  "
        f"user {_safe(item['user_id'] or '-')}  {_safe(client)}  {item['channels']} channels  "
        f"since {item['connected_since'][:19]}Z{heard}{queued}"
    )


def _channel_line(item: Mapping[str, Any]) -> str:
    users = "" if item["users"] is None else f", {item['users']} users"
    kept = f", {item['kept_events']} kept" if item["kept_events"] else ""
    last = f", last event {item['last_event_at'][:19]}Z" if item["last_event_at"] else ""
    return f"app {item['app_id']}  {item['channel']}  {item['subscribers']} subscribers{users}{kept}{last}"


def _safe(text: str) -> str:
    """Clients choose these words: they must not move the reader's cursor or break the line."""
    return text if text.isprintable() else json.dumps(text)
