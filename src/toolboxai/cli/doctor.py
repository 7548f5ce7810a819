"""``doctor``: what stands between you and a working server."""

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile, Key, Url

__all__ = ["add_to"]

_SIGNS = {"good": "ok", "bad": "!!", "note": "--"}


def add_to(cli: typer.Typer) -> None:
    """Register the command."""
    cli.command()(doctor)


def doctor(url: Url = None, key: Key = None, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Look for what is wrong, and say what to do.

    Looks at settings, port, limits, database and, where one answers, the server.
    """
    import asyncio

    from toolboxai.cli.checks import Verdict, examine
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    findings = asyncio.run(examine(url=url, key=key, config=config))
    for finding in findings:
        text = f"{_SIGNS[finding.verdict]}  {finding.check}: {finding.text}"
        output.say(text, check=finding.check, verdict=finding.verdict, text=finding.text)
    if any(finding.verdict is Verdict.BAD for finding in findings):
        raise CommandFailed(ExitCode.FAILED, "something needs your attention; see the lines with !!")
