"""The commands, and how each way of failing becomes a status.

The modules of the commands import nothing heavy: what a command needs it imports when it runs.
"""

from collections.abc import Sequence

import typer

from toolboxai import __version__
from toolboxai.cli import (
    accounts,
    apps,
    backup,
    channels,
    configuring,
    conforming,
    database,
    demo,
    doctor,
    keys,
    lessons,
    live,
    migration,
    notifying,
    resources,
    serving,
    webhooks,
    why,
    worlds,
)
from toolboxai.cli.exits import EXIT_HELP, CommandFailed, ExitCode
from toolboxai.cli.output import complain
from toolboxai.errors import ConfigError, ToolboxaiError

__all__ = ["cli", "run"]

_STATUSES = "\n".join(f"  {code.value:<4} {text}" for code, text in EXIT_HELP.items())

cli = typer.Typer(
    name="toolboxai",
    help="A Pusher Channels server, and the ToolBoxAI platform on top of it. Begin with: toolboxai demo",
    epilog=f"\b\nExit statuses:\n{_STATUSES}",  # \b: lines stay as they are
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help: no terminal library is loaded for it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toolboxai {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print it and end."
    ),
) -> None:
    """Options of all commands."""


for _module in (
    demo,
    serving,
    lessons,
    worlds,
    channels,
    live,
    why,
    conforming,
    accounts,
    keys,
    apps,
    webhooks,
    resources,
    migration,
    notifying,
    database,
    backup,
    configuring,
    doctor,
):
    _module.add_to(cli)


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: without the program's name.

    Returns:
        The status to leave with, one of ``ExitCode``. Our own bugs pass through with their trace.
    """
    try:
        status = cli(list(arguments), prog_name="toolboxai", standalone_mode=False)
    except typer.TyperException as wrong:
        _show(wrong)
        return ExitCode.USAGE
    except (typer.Abort, KeyboardInterrupt):
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except CommandFailed as failed:
        complain(failed.message)
        return failed.code
    except ConfigError as refused:
        complain("\n".join(("The settings cannot work:", *(f"  {fault}" for fault in refused.faults))))
        return ExitCode.CONFIGURATION
    except ToolboxaiError as failed:
        complain(str(failed))
        return ExitCode.FAILED
    return status if isinstance(status, int) else ExitCode.OK


def _show(wrong: typer.TyperException) -> None:
    """What is wrong with the command line, with the usage of the command where the error knows it."""
    show = getattr(wrong, "show", None)
    if show is not None:
        show()
    else:
        complain(wrong.format_message())
