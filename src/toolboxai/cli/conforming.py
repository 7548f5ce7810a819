"""``conform``: does a server speak the protocol?"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Key

if TYPE_CHECKING:
    from toolboxai.conform.run import Outcome

__all__ = ["add_to"]


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(conform)


def conform(
    url: Annotated[
        str, typer.Option("--url", help="The server: http://HOST:PORT, wss://HOST/PATH; ours or any other.")
    ],
    app_id: Annotated[str | None, typer.Option(help="The app's id; else that of the settings.")] = None,
    key: Key = None,
    secret: Annotated[
        str | None,
        typer.Option(help="The app's secret; better in PUSHER_SECRET, where no process list shows it."),
    ] = None,
    only: Annotated[str | None, typer.Option(help="Rows to check, such as 16,22-30.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=50, help="How many rows at the same time.")] = 4,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one row may take.")] = 30.0,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Check a Channels server, row by row, against protocol 7.

    The app must allow client events and sign-in and have a watchlist, else the rows that need them fail; rows of
    subscription counts are left out where it tells none. Channels and users get names of their own, so that others
    on the server are not disturbed.
    """
    import asyncio

    from toolboxai.cli.output import Output
    from toolboxai.conform.run import Outcome, Verdict, run
    from toolboxai.conform.target import Target, Unreachable

    rows = None if only is None else _numbers(only)
    app = _app(app_id, key, secret, config)
    output = Output(as_json=as_json)

    async def work() -> list[Outcome]:
        found = []
        async with Target(_address(url), *app) as target:
            await target.reach()
            async for outcome in run(target, rows, jobs=jobs, timeout_s=timeout):
                found.append(outcome)
                fields = {"row": outcome.number, "title": outcome.title, "verdict": outcome.verdict.value}
                output.say(_line(outcome), **fields, reason=outcome.reason or None)
        return found

    try:
        outcomes = asyncio.run(work())
    except Unreachable as nobody:
        raise CommandFailed(ExitCode.UNREACHABLE, str(nobody)) from nobody
    counts = {verdict: sum(each.verdict is verdict for each in outcomes) for verdict in Verdict}
    output.say(", ".join(f"{count} {verdict.value}" for verdict, count in counts.items()))
    if counts[Verdict.FAILED]:
        raise CommandFailed(ExitCode.FAILED, f"{counts[Verdict.FAILED]} rows failed")


def _line(outcome: "Outcome") -> str:
    line = f"{outcome.number:>3}  {outcome.verdict.value:<8} {outcome.title}"
    return f"{line}\n{'':14}{outcome.reason}" if outcome.reason else line


def _app(
    app_id: str | None, key: str | None, secret: str | None, config: Path | None
) -> tuple[str, str, str]:
    """Id, key and secret: arguments over settings."""
    if app_id is None or key is None or secret is None:
        from toolboxai.cli.remote import find_remote

        known = find_remote(key=key, config=config)
        app_id, key, secret = app_id or known.app_id, key or known.key, secret or known.secret
    if app_id is None or key is None or secret is None:
        raise CommandFailed(
            ExitCode.CONFIGURATION,
            "no app: give --app-id, --key and --secret, or set PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET",
        )
    return app_id, key, secret


def _address(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - is looked at when it is read
        good = parts.scheme in ("http", "https", "ws", "wss") and parts.hostname is not None
    except ValueError:
        good = False
    if not good:
        raise CommandFailed(ExitCode.USAGE, f"address {url!r}: write it as http://HOST:PORT or wss://HOST")
    return url


def _numbers(only: str) -> list[int]:
    """Rows from their numbers and spans."""
    from toolboxai.conform.run import KNOWN

    numbers: set[int] = set()
    for part in only.split(","):
        found = re.fullmatch(r"\s*([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?", part)
        if found is None:
            raise CommandFailed(ExitCode.USAGE, f"--only {only!r}: write numbers and spans, such as 16,22-30")
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        numbers.update(range(first, last + 1))
    unknown = sorted(numbers - KNOWN)
    if unknown or not numbers:
        raise CommandFailed(
            ExitCode.USAGE,
            f"--only {only!r}: rows are {min(KNOWN)} to {max(KNOWN)}, there is no {unknown[:3]}",
        )
    return sorted(numbers)
