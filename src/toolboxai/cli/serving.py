"""``serve``: the server, until it is told to end."""

from functools import partial
from typing import Annotated, Any

import typer

from toolboxai.cli.options import ConfigFile

__all__ = ["add_to"]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    cli.command()(serve)
    cli.command("demo-server", hidden=True)(demo_server)


def serve(
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one; else 8009.")
    ] = None,
    channels_only: Annotated[
        bool,
        typer.Option(
            "--channels-only",
            help="The Channels server alone: no secret, no lessons, a database only for webhooks and for what is kept.",
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log more; secrets stay masked.")] = False,
) -> int:
    """Start the server.

    It ends on SIGTERM or Ctrl-C, after closing its connections one after another; a second one hurries it. SIGHUP has it
    read its apps, its keys and its certificate anew.

    When it answers, it prints one line on standard output: listening on http://HOST:PORT, or https. Logs go to standard error.
    """
    from toolboxai.config import Purpose, load_settings

    named: dict[str, Any] = {"server.host": host, "server.port": port}
    read = partial(
        load_settings,
        file=config,
        overrides={path: value for path, value in named.items() if value is not None},
        purpose=Purpose.CHANNELS_ONLY if channels_only else Purpose.SERVE,
    )
    settings = read()
    from toolboxai import app
    from toolboxai.logs import configure_logs

    configure_logs(level="DEBUG" if debug else "INFO")
    _take_all_open_files()
    return app.serve(settings, channels_only=channels_only, reread=read, on_ready=_ready)


def demo_server() -> int:
    """The server of `demo`, started by it: the account's code comes on standard input, whose end ends the server."""
    import json
    import os
    import signal
    import sys
    import threading

    from toolboxai import app
    from toolboxai.config import load_settings
    from toolboxai.logs import configure_logs

    account = json.loads(sys.stdin.readline())

    def end_with_the_demo() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_the_demo, daemon=True).start()
    configure_logs(form="json")
    demo = app.DemoAccount(name=account["name"], code=account["code"])
    return app.serve(load_settings(), demo=demo, reread=load_settings, on_ready=_ready)


def _take_all_open_files() -> None:
    """Each connection takes a descriptor, and the soft limit of a login is 1024; the hard one is what we may have."""
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _ready(url: str) -> None:
    print(f"listening on {url}", flush=True)
