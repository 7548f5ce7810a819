"""``users create``, ``link``, ``disable``, ``enable`` and ``token``: the operator's way to accounts, without a running server."""

from pathlib import Path
from typing import Annotated

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

__all__ = ["add_to"]

_ROLES = ("teacher", "student", "parent", "admin")


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    users = typer.Typer(help="Accounts.", no_args_is_help=True, rich_markup_mode=None)
    users.command("create")(create)
    users.command("link")(link)
    users.command("disable")(disable)
    users.command("enable")(enable)
    cli.add_typer(users, name="users")
    cli.command()(token)


def create(
    name: Annotated[str, typer.Argument(help="To sign in with: letters, digits, dot, dash, underscore.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(_ROLES)}.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
    ] = False,
    email: Annotated[str | None, typer.Option(help="Also to sign in with.")] = None,
    organization: Annotated[
        str | None, typer.Option(help="The school; made when there is none of this name.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an account."""
    import asyncio

    from toolboxai.app import identity_for
    from toolboxai.cli.output import Output
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import Conflict, ValidationError
    from toolboxai.platform.identity.model import Role

    if role not in _ROLES:
        raise CommandFailed(ExitCode.USAGE, f"--role {role!r} is none; use one of {', '.join(_ROLES)}")
    password = _password(from_stdin=password_stdin)
    settings = load_settings(file=config, purpose=Purpose.ANY)

    async def work() -> None:
        async with identity_for(settings) as identity:
            user = await identity.create_user(name, Role(role), password, email, organization)
        text = f"created {user.username} ({role}), id {user.id}"
        Output(as_json=as_json).say(text, id=user.id, username=user.username, role=role, email=user.email)

    try:
        asyncio.run(work())
    except (ValidationError, Conflict) as refused:
        faults = refused.details.get("fields", {})
        raise CommandFailed(
            ExitCode.FAILED,
            "\n".join([refused.message, *(f"  {field}: {text}" for field, text in faults.items())]),
        ) from refused


def link(
    name: Annotated[str, typer.Argument(help="Of the account.")],
    subject: Annotated[
        str, typer.Argument(help="What the identity provider calls that person: the claim sub.")
    ],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody sign in to an account at the identity provider, too."""
    import asyncio

    from toolboxai.app.oidc import link_account
    from toolboxai.cli.output import Output
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import RequestError

    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise CommandFailed(
            ExitCode.USAGE, "SUBJECT is 1 to 255 characters, as the provider shows it for that person"
        )
    settings = load_settings(file=config, purpose=Purpose.ANY)
    try:
        user = asyncio.run(link_account(settings, name, subject))
    except RequestError as refused:
        raise CommandFailed(ExitCode.FAILED, refused.message) from refused
    issuer = settings.auth.oidc.issuer
    text = f"{user.username} signs in at {issuer} as {subject}"
    Output(as_json=as_json).say(text, id=user.id, username=user.username, issuer=issuer, subject=subject)


def disable(
    name: Annotated[str, typer.Argument(help="Of the account.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an account out of use: nobody signs in to it, however, and its logins end; what it has made stays."""
    _change(name, config, as_json=as_json, disabled=True)


def enable(
    name: Annotated[str, typer.Argument(help="Of the account.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an account into use again."""
    _change(name, config, as_json=as_json, disabled=False)


def _change(name: str, config: Path | None, *, as_json: bool, disabled: bool) -> None:
    import asyncio

    from toolboxai.app import identity_for
    from toolboxai.cli.output import Output
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import ResourceNotFound
    from toolboxai.logs import configure_logs

    settings = load_settings(file=config, purpose=Purpose.ANY)

    async def work() -> None:
        async with identity_for(settings) as identity:
            user = await (identity.disable(name) if disabled else identity.enable(name))
        text = f"{user.username} is out of use, and signed out" if disabled else f"{user.username} is in use"
        Output(as_json=as_json).say(text, id=user.id, username=user.username, disabled=disabled)

    configure_logs()  # the audit log has a line of it
    try:
        asyncio.run(work())
    except ResourceNotFound as refused:
        raise CommandFailed(ExitCode.FAILED, refused.message) from refused


def token(
    name: Annotated[str, typer.Argument(help="Of the account.")],
    config: ConfigFile = None,
) -> None:
    """Print an access token for an account.

    It is a secret, good for minutes.
    """
    import asyncio

    from toolboxai.app import identity_for
    from toolboxai.config import Purpose, load_settings
    from toolboxai.errors import InsufficientPermissions, ResourceNotFound

    settings = load_settings(file=config, purpose=Purpose.TOKENS)

    async def work() -> str:
        async with identity_for(settings) as identity:
            return await identity.issue_access_token(name)

    try:
        print(asyncio.run(work()))
    except (ResourceNotFound, InsufficientPermissions) as refused:
        raise CommandFailed(ExitCode.FAILED, refused.message) from refused


def _password(*, from_stdin: bool) -> str:
    """One line of standard input, or asked for twice at a terminal; never an argument, which others could see."""
    import getpass
    import sys

    if from_stdin:
        line = sys.stdin.readline()
        if not line:
            raise CommandFailed(
                ExitCode.USAGE, "--password-stdin: standard input is empty; pipe the password in"
            )
        return line.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandFailed(ExitCode.USAGE, "no terminal to ask for the password; use --password-stdin")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise CommandFailed(ExitCode.USAGE, "the two passwords differ")
    return password
