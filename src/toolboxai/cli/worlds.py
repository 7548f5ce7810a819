"""``world``: a Roblox world around a lesson, or without one, by a running server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Url

if TYPE_CHECKING:
    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest

__all__ = ["add_to"]

_ENDINGS: Final = {
    "rbxlx": "rbxlx",
    "rbxmx": "rbxmx",
    "rojo": "rojo.zip",
    "bundle": "bundle.json",
    "zip": "zip",
}
_LOOK_S: Final = 0.5


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(world)


def world(
    content_id: Annotated[
        str | None,
        typer.Argument(metavar="CONTENT_ID", help="Of a finished lesson; left out: a world without."),
    ] = None,
    theme: Annotated[str, typer.Option(help="Such as classroom, space_station or underwater.")] = "classroom",
    size: Annotated[str, typer.Option(help="small, medium, large or xlarge.")] = "medium",
    name: Annotated[str, typer.Option(help="For people; else the lesson's title.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="The same wish and seed give the same files.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Wait until it is ready, and download the files into this folder.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="What to download: rbxlx, rbxmx, rojo, bundle or zip. Else rbxlx."),
    ] = None,
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Build a Roblox world.

    A running server does it; the access token comes from TOOLBOXAI_TOKEN.
    """
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    wanted = formats or ["rbxlx"]
    for format in wanted:
        if format not in _ENDINGS:
            raise CommandFailed(ExitCode.USAGE, f"{format!r} is no format; use one of {', '.join(_ENDINGS)}")
    remote = find_remote(url=url, config=config)
    remote.needed_token()
    body = {"content_id": content_id, "theme": theme, "size": size, "name": name, "seed": seed}
    output = Output(as_json=as_json)

    async def work() -> None:
        async with Rest(remote.url, remote.token) as rest:
            begun = await rest.post("/api/v1/roblox/environments", body)
            environment_id, channel = begun["environment_id"], begun["private_channel"]
            output.say(f"world {environment_id} is queued", environment_id=environment_id, channel=channel)
            if out is None:
                output.say(f"follow it with: toolboxai tail {channel} --since 0")
                return
            await _until_ready(rest, begun["status_url"], output)
            out.mkdir(parents=True, exist_ok=True)
            for format in wanted:
                path = out / f"{environment_id}.{_ENDINGS[format]}"
                path.write_bytes(await rest.download(f"{begun['status_url']}/download", format=format))
                output.say(f"wrote {path}", file=str(path))

    asyncio.run(work())


async def _until_ready(rest: "Rest", status_url: str, output: "Output") -> None:
    """Tell where it stands, until it has ended."""
    import asyncio

    told: Any = None
    while True:
        now = await rest.get(status_url)
        components = now["components"]
        if components != told:
            told = components
            states = ", ".join(f"{part} {state}" for part, state in components.items())
            output.say(f"{now['progress']} %: {states}", progress=now["progress"], components=components)
        if now["status"] == "ready":
            return
        if now["status"] in ("failed", "cancelled"):
            why = now["error"]["message"] if now["error"] else now["status"]
            raise CommandFailed(ExitCode.FAILED, f"the world was not built: {why}")
        await asyncio.sleep(_LOOK_S)
