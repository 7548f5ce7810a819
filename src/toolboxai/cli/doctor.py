"""``doctor``: what stands between you and a working server."""

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Key, Url

__all__ = ["add_to"]

_SIGNS = {"ok": "ok", "warning": "! ", "fault": "!!", "note": "--"}


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(doctor)


def doctor(url: Url = None, key: Key = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Look for what is wrong, and say what to do.

    Looks at settings, secrets, port, limits, clocks, disk, database, publisher and, where one answers, the server. With
    --url it looks at a server as its clients see it: name, port, certificate, WebSocket, an event, streams, addresses.
    Ends with status 1 if a line has !!, and with 0 if there are warnings (!) alone.
    """
    import asyncio

    from toolboxai.cli.checks import Verdict, examine
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    findings = asyncio.run(examine(url=url, key=key, config=config))
    for finding in findings:
        text = f"{_SIGNS[finding.verdict]}  {finding.check}: {finding.text}"
        output.say(text, check=finding.check, verdict=finding.verdict, text=finding.text)
    if any(finding.verdict is Verdict.FAULT for finding in findings):
        raise CommandFailed(ExitCode.FAILED, "something needs your attention; see the lines with !!")
