"""``apps``: the apps that the database keeps, beside those of the settings file."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from toolboxai.app.stored_apps import AppsOnDisk
    from toolboxai.apps.registry import AppRegistry
    from toolboxai.apps.stored import StoredApp

__all__ = ["add_to"]

T = TypeVar("T")

_AppId = Annotated[str, typer.Argument(metavar="ID", help="Of the app, digits.")]
_RELOAD = "A server that runs takes it up on: kill -HUP PID, or POST /api/v1/admin/apps/reload"


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    apps = typer.Typer(
        help="Apps of the Channels server, in the database.", no_args_is_help=True, rich_markup_mode=None
    )
    apps.command("list")(list_apps)
    for command in (create, disable, enable, rotate, revoke, delete):
        apps.command()(command)
    cli.add_typer(apps, name="apps")


def list_apps(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """List all apps with their keys, the oldest first; secrets are not shown."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)

    async def work(disk: "AppsOnDisk", configured: "AppRegistry") -> None:
        for app in configured:
            _show(output, app.id, "", "file", app.enabled, [pair.key for pair in app.keys])
        for stored in await disk.store.apps():
            keys = [key.pair.key for key in stored.keys]
            _show(output, stored.id, stored.name, "database", stored.enabled, keys)

    _on_disk(config, work)


def create(
    name: Annotated[str, typer.Option(help="For people.")] = "",
    app_id: Annotated[str | None, typer.Option("--id", help="Digits; else one is made.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of [[apps]], such as event_bytes=20480."),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an app with a key and a secret, which is printed once."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    settings = dict(_named(each) for each in setting or ())

    async def work(disk: "AppsOnDisk", _configured: "AppRegistry") -> "StoredApp":
        return await disk.registrar.create(settings, name=name, app_id=app_id)

    made = _on_disk(config, work)
    pair = made.keys[0].pair
    output.say(
        f"created app {made.id}\nkey     {pair.key}\nsecret  {pair.secret}  (shown once: keep it)",
        id=made.id,
        name=made.name,
        key=pair.key,
        secret=pair.secret,
    )
    output.say(_RELOAD)


def disable(app_id: _AppId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let nobody connect to an app, and keep it."""
    _switch(app_id, config, enabled=False, as_json=as_json)


def enable(app_id: _AppId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let clients connect to an app again."""
    _switch(app_id, config, enabled=True, as_json=as_json)


def rotate(app_id: _AppId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Make one more key and secret, which is printed once; the old ones stay good until `revoke`."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    pair = _on_disk(config, lambda disk, _configured: disk.registrar.add_key(app_id))
    output.say(
        f"app {app_id} has one more key\nkey     {pair.key}\nsecret  {pair.secret}  (shown once: keep it)",
        id=app_id,
        key=pair.key,
        secret=pair.secret,
    )
    output.say(_RELOAD)


def revoke(
    app_id: _AppId,
    key: Annotated[str, typer.Argument(help="The key that is to be good no more.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: nothing that its secret signs holds any more."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    _on_disk(config, lambda disk, _configured: disk.registrar.revoke_key(app_id, key))
    output.say(f"revoked the key {key} of app {app_id}", id=app_id, revoked=key)
    output.say(_RELOAD)


def delete(app_id: _AppId, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Remove an app with its keys."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    _on_disk(config, lambda disk, _configured: disk.registrar.remove(app_id))
    output.say(f"deleted app {app_id}", id=app_id, deleted=True)
    output.say(_RELOAD)


def _switch(app_id: str, config: ConfigFile, *, enabled: bool, as_json: bool) -> None:
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    _on_disk(config, lambda disk, _configured: disk.registrar.change(app_id, {}, enabled=enabled))
    output.say(f"app {app_id} is {'enabled' if enabled else 'disabled'}", id=app_id, enabled=enabled)
    output.say(_RELOAD)


def _on_disk(config: ConfigFile, work: "Callable[[AppsOnDisk, AppRegistry], Awaitable[T]]") -> T:
    import asyncio

    from toolboxai.app import apps_on_disk
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import Conflict, ResourceNotFound, ValidationError

    settings = load_settings(file=config, purpose=Purpose.ANY)

    async def run() -> T:
        async with apps_on_disk(settings) as disk:
            return await work(disk, settings.registry())

    try:
        return asyncio.run(run())
    except (ValidationError, Conflict, ResourceNotFound) as refused:
        raise CommandFailed(ExitCode.FAILED, refused.message) from refused


def _named(text: str) -> tuple[str, Any]:
    """``NAME=VALUE``, the value as JSON, or else as the text that it is."""
    import json

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise CommandFailed(
            ExitCode.USAGE, f"--set {text!r} is not NAME=VALUE; write, for example, --set event_bytes=20480"
        )
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _show(output: Any, app_id: str, name: str, source: str, enabled: bool, keys: list[str]) -> None:
    state = "enabled" if enabled else "disabled"
    text = f"{app_id:<12} {source:<9} {state:<9} {' '.join(keys)}" + (f"  {name}" if name else "")
    output.say(text, id=app_id, name=name, source=source, enabled=enabled, keys=keys)
