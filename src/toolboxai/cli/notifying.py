"""``notify``: a word to everybody who is connected."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Url

__all__ = ["add_to"]

_AHEAD: Final = re.compile(r"\+([1-9][0-9]{0,4})([mhd])")
_UNIT: Final = {"m": "minutes", "h": "hours", "d": "days"}
_LEVELS: Final = ("info", "warning", "critical")


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(notify)


def notify(
    message: Annotated[str, typer.Argument(help="What to say; nothing personal, for strangers hear it too.")],
    starts: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 2027-03-01T18:00:00Z, or +30m, +2h, +1d.")
    ] = None,
    ends: Annotated[
        str | None, typer.Option(metavar="TIME", help="As above; from the start on, if that is given.")
    ] = None,
    level: Annotated[str, typer.Option(help=f"{', '.join(_LEVELS)}.")] = "info",
    url: Url = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell everybody who is connected something, such as a maintenance.

    It goes out on the public channel system-notifications and on the old sockets. The access token of an admin comes
    from TOOLBOXAI_TOKEN.
    """
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.cli.remote import Rest, find_remote

    if level not in _LEVELS:
        raise CommandFailed(ExitCode.USAGE, f"--level is one of {', '.join(_LEVELS)}, not {level!r}")
    now = datetime.now(UTC)
    begin = None if starts is None else _time("--starts", starts, now)
    end = None if ends is None else _time("--ends", ends, begin or now)
    times = {"starts_at": begin, "ends_at": end}
    body: dict[str, Any] = {"message": message, "level": level}
    body |= {name: at.isoformat() for name, at in times.items() if at is not None}
    remote = find_remote(url=url, config=config)

    async def work() -> dict[str, Any]:
        async with Rest(remote.url, remote.needed_token()) as rest:
            return await rest.post("/api/v1/admin/notifications", body)

    told = asyncio.run(work())
    Output(as_json=as_json).say(f"told everybody on {told['channel']}", **told)


def _time(option: str, text: str, since: datetime) -> datetime:
    """A moment, or so long after another."""
    found = _AHEAD.fullmatch(text)
    if found is not None:
        return since + timedelta(**{_UNIT[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CommandFailed(
            ExitCode.USAGE,
            f"{option} {text!r} is no time; use one with its offset from UTC, such as 2027-03-01T18:00:00Z, or +30m, "
            "+2h, +1d",
        )
    return at
