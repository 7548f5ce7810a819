"""``resources``: environments, agents and plugins of teams that publish for them themselves; on the database."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from toolboxai.app.resources import Rooms
    from toolboxai.platform.audit.entry import Action
    from toolboxai.platform.resources.model import Resource, ResourceKind, Share

__all__ = ["add_to"]

T = TypeVar("T")

_KINDS: Final = ("environment", "agent", "plugin")
_SHARED: Final = ("content_session", "environment", "agent")
_ROLES: Final = ("viewer", "editor")
_TOKEN_DAYS: Final = 30
_TOKEN_DAYS_MOST: Final = 366

_Kind = Annotated[str, typer.Argument(help=f"One of {', '.join(_KINDS)}.")]
_SharedKind = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(_SHARED)}.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="As the channel's name has it.")]
_With = Annotated[str, typer.Option("--with", metavar="USER", help="User name or e-mail address.")]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    resources = typer.Typer(
        help="Environments, agents and plugins whose events come over the signed HTTP API, and shares.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    resources.command("list")(show_list)
    for command in (add, remove, share, unshare, token):
        resources.command()(command)
    cli.add_typer(resources, name="resources")


def add(
    kind: _Kind,
    owner: Annotated[str, typer.Option(help="User name or e-mail address; it is of their organisation.")],
    resource_id: Annotated[
        str | None,
        typer.Option("--id", help="As clients know it: env_…, agent_… or plugin_…; else one is made."),
    ] = None,
    name: Annotated[str, typer.Option(help="For people.")] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make one: its owner may follow its private channel."""
    from toolboxai.cli.output import Output

    wanted = _kind(kind)

    async def work(rooms: "Rooms") -> "Resource":
        user = await rooms.identity.user_named(owner)
        return await rooms.resources.add(wanted, user, resource_id=resource_id, name=name)

    made = _in_rooms(config, work)
    Output(as_json=as_json).say(f"created {kind} {made.id}, channel {_channel(made)}", **_facts(made))


def show_list(
    kind: Annotated[str | None, typer.Option(help=f"Only {', '.join(_KINDS)}.")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List them, the oldest first."""
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    wanted = None if kind is None else _kind(kind)
    found = _in_rooms(config, lambda rooms: rooms.resources.all(wanted))
    for each in found:
        facts = _facts(each)
        output.say(f"{each.id}  owner {each.owner_id}  {facts['created_at']}  {each.name}".rstrip(), **facts)
    if not found:
        output.say("none")


def remove(kind: _Kind, resource_id: _Id, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Remove one with its shares: nobody may follow its channel any more."""
    from toolboxai.cli.output import Output

    wanted = _kind(kind)
    _in_rooms(config, lambda rooms: rooms.resources.remove(wanted, resource_id))
    Output(as_json=as_json).say(f"removed {kind} {resource_id}", kind=kind, id=resource_id)


def share(
    kind: _SharedKind,
    resource_id: _Id,
    user: _With,
    role: Annotated[
        str, typer.Option(help="viewer, or editor: a teacher who may change a content session.")
    ] = _ROLES[0],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a user of the owner's organisation look at one, or at a content session, or edit that."""
    from toolboxai.cli.output import Output
    from toolboxai.platform.audit.entry import Action
    from toolboxai.platform.resources.model import ShareRole

    if role not in _ROLES:
        raise CommandFailed(ExitCode.USAGE, f"{role!r} is no role; use one of {', '.join(_ROLES)}")
    may = ShareRole(role)

    async def work(rooms: "Rooms") -> "Share":
        made = await rooms.sharing.share(None, kind, resource_id, username=user, role=may)
        await _noted(rooms, Action.SHARED, made.share)
        return made.share

    made = _in_rooms(config, work)
    Output(as_json=as_json).say(
        f"{kind} {resource_id} is shared with {user} as {role}",
        share_id=made.id,
        kind=kind,
        id=resource_id,
        user_id=made.user_id,
        role=role,
    )


def unshare(
    kind: _SharedKind, resource_id: _Id, user: _With, config: ConfigFile = None, as_json: AsJson = False
) -> None:
    """Share it with a user no more."""
    from toolboxai.cli.output import Output
    from toolboxai.platform.audit.entry import Action

    async def work(rooms: "Rooms") -> "Share":
        ended = await rooms.sharing.unshare_with(kind, resource_id, user)
        await _noted(rooms, Action.UNSHARED, ended)
        return ended

    ended = _in_rooms(config, work)
    Output(as_json=as_json).say(
        f"{kind} {resource_id} is no longer shared with {user}",
        share_id=ended.id,
        kind=kind,
        id=resource_id,
        user_id=ended.user_id,
    )


def token(
    plugin_id: Annotated[str, typer.Argument(metavar="PLUGIN_ID", help="As `resources list` shows it.")],
    days: Annotated[
        int, typer.Option(min=1, max=_TOKEN_DAYS_MOST, help="How long it is good.")
    ] = _TOKEN_DAYS,
    config: ConfigFile = None,
) -> None:
    """Print an access token with which a plugin follows its own channel.

    It is a secret. It opens nothing any more once the plugin is removed.
    """
    import logging

    from toolboxai.config import Purpose
    from toolboxai.logs import configure_logs
    from toolboxai.platform.resources.model import ResourceKind

    async def work(rooms: "Rooms") -> str:
        plugin = await rooms.resources.one(ResourceKind.PLUGIN, plugin_id)
        issued = rooms.identity.issue_plugin_token(plugin.id, plugin.organization_id, ttl_s=days * 86400)
        facts = {
            "plugin_id": plugin.id,
            "organization_id": plugin.organization_id,
            "jti": issued.token_id,
            "days": days,
        }
        logging.getLogger("toolboxai.audit").info("plugin token issued by the operator", extra=facts)
        return issued.text

    configure_logs()
    print(_in_rooms(config, work, purpose=Purpose.TOKENS))


async def _noted(rooms: "Rooms", action: "Action", share: "Share") -> None:
    """In the audit of the school whose it is; the operator has no id there."""
    from toolboxai.platform.audit.entry import By

    by = By(share.organization_id)
    await rooms.audit.note(action, by, share.kind, share.resource_id, details=share.facts)


def _in_rooms(config: Path | None, work: "Callable[[Rooms], Awaitable[T]]", *, purpose: Any = None) -> T:
    import asyncio

    from toolboxai.app.resources import rooms_on_disk
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import RequestError

    settings = load_settings(file=config, purpose=purpose or Purpose.ANY)

    async def run() -> T:
        async with rooms_on_disk(settings) as rooms:
            return await work(rooms)

    try:
        return asyncio.run(run())
    except RequestError as refused:
        raise CommandFailed(ExitCode.FAILED, refused.message) from refused


def _kind(kind: str) -> "ResourceKind":
    from toolboxai.platform.resources.model import ResourceKind

    if kind not in _KINDS:
        raise CommandFailed(ExitCode.USAGE, f"{kind!r} is no kind; use one of {', '.join(_KINDS)}")
    return ResourceKind(kind)


def _channel(resource: "Resource") -> str:
    from toolboxai.legacy.endpoints import ENDPOINTS, EndpointName

    endpoint = {
        "environment": EndpointName.ROBLOX,
        "agent": EndpointName.AGENT,
        "plugin": EndpointName.PLUGIN,
    }
    return ENDPOINTS[endpoint[resource.kind.value]].private_channel(resource.id)


def _facts(resource: "Resource") -> dict[str, Any]:
    from toolboxai.platform.runs.events import stamp

    return {
        "kind": resource.kind.value,
        "id": resource.id,
        "organization_id": resource.organization_id,
        "owner_id": resource.owner_id,
        "name": resource.name,
        "created_at": stamp(resource.created_at),
        "channel": _channel(resource),
    }
