"""``config``: write, check and show the settings."""

from pathlib import Path
from typing import Annotated

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

__all__ = ["add_to"]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    config = typer.Typer(help="The settings.", no_args_is_help=True, rich_markup_mode=None)
    config.command()(init)
    config.command()(check)
    config.command()(show)
    cli.add_typer(config, name="config")


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("toolboxai.toml"),
) -> None:
    """Write a settings file with fresh secrets; an existing one is left alone."""
    import os
    import secrets

    from toolboxai.config.example import example

    text = example(
        app_id=str(secrets.randbelow(900_000) + 100_000),
        key=secrets.token_hex(10),
        secret=secrets.token_hex(20),
        jwt_secret=secrets.token_urlsafe(48),
    )
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandFailed(
            ExitCode.FAILED, f"{path} is there already; move it away, or name another file"
        ) from None
    except OSError as fault:
        raise CommandFailed(ExitCode.FAILED, f"{path} cannot be written: {fault.strerror}") from fault
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
    print(f"wrote {path}, readable by you alone; it holds secrets. Next: toolboxai serve --config {path}")


def check(
    config: ConfigFile = None,
    channels_only: Annotated[
        bool, typer.Option("--channels-only", help="For a server of Channels alone.")
    ] = False,
) -> None:
    """Check all settings as `serve` would; every fault is listed."""
    from toolboxai.config import Purpose, load_configuration

    found = load_configuration(file=config, purpose=Purpose.CHANNELS_ONLY if channels_only else Purpose.SERVE)
    files = found.settings.server
    if files.tls_certificate is not None and files.tls_key is not None:
        from toolboxai.transport.tls import read_pair

        read_pair(Path(files.tls_certificate), Path(files.tls_key))
    print(f"the settings are good ({found.file or 'no file'}; {len(found.settings.apps)} app(s))")


def show(
    config: ConfigFile = None,
    sources: Annotated[bool, typer.Option("--sources", help="Also where each value comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every setting; secrets are masked."""
    import json

    from toolboxai.cli.output import Output
    from toolboxai.config import Purpose, load_configuration
    from toolboxai.config.leaves import leaves, shown

    found = load_configuration(file=config, purpose=Purpose.ANY)
    output = Output(as_json=as_json)
    for leaf in leaves(found.settings):
        value, source = shown(leaf.value), found.source_of(leaf.path)
        text = f"{leaf.path} = {json.dumps(value, ensure_ascii=False)}"
        fields = {"path": leaf.path, "value": value} | ({"source": source} if sources else {})
        output.say(f"{text:<60} # {source}" if sources else text, **fields)
