"""``why``: what became of a publication, and why a client did not get it."""

from typing import Annotated, Any, Final

import typer

from toolboxai.cli.options import AsJson, ConfigFile, Url

__all__ = ["account_lines", "add_to"]

_ORIGINS: Final = {
    "api": "over the signed API",
    "application": "by the application",
    "client": "by a client",
}
_SHARES: Final = {
    "written": "sent it",
    "waiting": "for which it waits until they have read on",
    "conflated": "left out: a newer event of its kind took its place",
    "dropped": "left out: their queue was full",
    "known": "left out: they had it already",
    "slow": "closed for reading too slowly, or ending",
    "unsent": "ended before they had read so far",
    "failed": "whose write failed",
}


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(why)


def why(
    publication: Annotated[
        str, typer.Argument(help="The id of the publication, as publishing has answered it.")
    ],
    socket: Annotated[
        str | None, typer.Argument(help="The socket id of the client that did not get it.")
    ] = None,
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of a publication, and why a client did not get it.

    It asks the signed Channels API, with the app id, key and secret of the settings. The last 20,000 publications of a
    server are remembered until it ends; with one that is not the status is 1.
    """
    import asyncio
    from urllib.parse import quote

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    remote = find_remote(url=url, config=config)
    remote.needed_app()
    about = {} if socket is None else {"socket_id": socket}

    async def work() -> dict[str, Any]:
        async with Rest(remote.url) as rest:
            return await rest.get_signed(remote, f"publications/{quote(publication, safe=':')}", **about)

    account = asyncio.run(work())
    Output(as_json=as_json).say("\n".join(account_lines(account)), **account)


def account_lines(account: dict[str, Any]) -> list[str]:
    """The account for people; names of channels and events are a stranger's choice, and must not move the cursor."""
    origin = _ORIGINS.get(account["origin"], account["origin"])
    lines = [
        f"{account['id']}: {_shown(account['event'])} on {_shown(account['channel'])}, {account['bytes']} bytes, "
        f"published {origin} at {account['at']}"
    ]
    lines.append(f"  subscribers then: {account['subscribers']}")
    if account["excluded"] is not None:
        lines.append(f"  not for {account['excluded']}")
    lines += [f"  {account[name]} {text}" for name, text in _SHARES.items() if account[name]]
    if account["acknowledged"] is not None:
        lines.append(f"  {account['acknowledged']} have acknowledged it")
    if account["handed_later"]:
        lines.append(f"  {account['handed_later']} were handed it later, when they subscribed")
    if account["webhooks"]:
        lines.append(f"  webhooks to {account['webhooks']} addresses")
    if not account["complete"]:
        lines.append("  since then more has happened than is remembered: the numbers may be off")
    told = account["socket"]
    if told is not None:
        lines.append(f"{told['socket_id']}: {told['verdict']}: {_shown(told['text'])}")
    return lines


def _shown(text: str) -> str:
    import json

    return text if text.isprintable() else json.dumps(text)
