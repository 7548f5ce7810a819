"""``migration report``: who still uses the old sockets; on the database, beside a running server."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

__all__ = ["add_to"]

_ENDPOINTS: Final = ("content", "roblox", "plugin", "agent", "native")
_COLUMNS: Final = (
    "endpoint",
    "user_agent",
    "client",
    "organization_id",
    "user_id",
    "first_seen",
    "last_seen",
    "days",
    "connections",
    "messages",
    "users",
    "replacement",
)


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    migration = typer.Typer(
        help="The way out of the old WebSocket endpoints.", no_args_is_help=True, rich_markup_mode=None
    )
    migration.callback()(_options)
    migration.command()(report)
    cli.add_typer(migration, name="migration")


def _options() -> None:
    """Keeps the one command a command of the group."""


def report(
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only who was seen in this time, such as 12h, 7d or 4w.")
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(help=f"Of this endpoint only: {', '.join(_ENDPOINTS)}. May be repeated."),
    ] = None,
    users: Annotated[bool, typer.Option("--users", help="Split clients by their users.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a head.")] = False,
    fail_if_seen_since: Annotated[
        str | None,
        typer.Option(
            metavar="AGE", help=f"End with status {ExitCode.STILL_USED:d} if a client was seen in this time."
        ),
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell who uses the old WebSocket endpoints, how much, since when, and which channel replaces each."""
    import asyncio

    from toolboxai.app.migration import usage_on_disk
    from toolboxai.config import Purpose, load_settings
    from toolboxai.legacy.endpoints import EndpointName
    from toolboxai.platform.migration.report import client_facts, endpoint_facts
    from toolboxai.platform.migration.store import Selection

    if as_csv and as_json:
        raise CommandFailed(ExitCode.USAGE, "--csv and --json are two forms; use one of them")
    for each in endpoint or ():
        if each not in _ENDPOINTS:
            raise CommandFailed(
                ExitCode.USAGE, f"--endpoint {each!r} is none; use one of {', '.join(_ENDPOINTS)}"
            )
    wanted = [EndpointName(name) for name in endpoint or _ENDPOINTS]
    shown_s, checked_s = _age("--since", since), _age("--fail-if-seen-since", fail_if_seen_since)
    settings = load_settings(file=config, purpose=Purpose.ANY)

    async def work() -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
        async with usage_on_disk(settings) as (store, clock):
            now = clock.now()

            def within(age: float | None, *, by_user: bool = False) -> Selection:
                return Selection(None if age is None else now - age, wanted, by_user=by_user)

            clients = [client_facts(each) for each in await store.clients(within(shown_s, by_user=users))]
            used = {each.endpoint: each for each in await store.endpoints(within(shown_s))}
            endpoints = [
                endpoint_facts(name, policy, used.get(name.value))
                for name, policy in settings.legacy.policies().items()
                if name in wanted
            ]
            seen = 0 if checked_s is None else len(await store.clients(within(checked_s)))
            return clients, endpoints, seen

    clients, endpoints, seen = asyncio.run(work())
    if as_csv:
        _print_csv(clients)
    elif as_json:
        _print_json(clients)
    else:
        _print_text(clients, endpoints)
    if seen:
        raise CommandFailed(
            ExitCode.STILL_USED,
            f"seen within {fail_if_seen_since}: {_number(seen, 'client')} of the old WebSocket endpoints; they would "
            "break if these were off",
        )


def _age(option: str, text: str | None) -> float | None:
    from toolboxai.platform.migration.report import age_s

    try:
        return None if text is None else age_s(text)
    except ValueError as fault:
        raise CommandFailed(ExitCode.USAGE, f"{option}: {fault}") from fault


def _print_text(clients: Sequence[Mapping[str, Any]], endpoints: Sequence[Mapping[str, Any]]) -> None:
    for number, endpoint in enumerate(endpoints):
        mine = [client for client in clients if client["endpoint"] == endpoint["endpoint"]]
        print("" if number == 0 else "\n", end="")
        print(f"{endpoint['path']}  mode {endpoint['mode']}, sunset {endpoint['sunset'][:10]}")
        print(f"  use instead: {endpoint['replacement']['channel']}")
        if not mine:
            print("  nobody was seen")
            continue
        print(f"  {_number(endpoint['clients'], 'client')}, {_amounts(endpoint)}")
        for client in sorted(mine, key=lambda client: str(client["last_seen"]), reverse=True):
            name = client["user_agent"] or "(no user agent)"
            declared = f" as {client['client']!r}" if client["client"] else ""
            user = f", user {client['user_id']} of {client['organization_id']}" if client["user_id"] else ""
            print(f"  - {name}{declared}{user}")
            print(
                f"    last seen {_minute(client['last_seen'])}, first {_minute(client['first_seen'])}; "
                f"{_number(client['days'], 'day')}, {_amounts(client)}"
            )


def _amounts(facts: Mapping[str, Any]) -> str:
    return ", ".join(_number(facts[f"{name}s"], name) for name in ("connection", "message", "user"))


def _number(amount: int, name: str) -> str:
    return f"{amount} {name}" if amount == 1 else f"{amount} {name}s"


def _minute(timestamp: str) -> str:
    return f"{timestamp[:16]}Z"


def _print_json(clients: Sequence[Mapping[str, Any]]) -> None:
    from toolboxai.cli.output import Output

    output = Output(as_json=True)
    for client in clients:
        output.say("", **client)


def _print_csv(clients: Sequence[Mapping[str, Any]]) -> None:
    """As RFC 4180 has it. Names are the clients' own: none may be taken for a formula by a spreadsheet."""
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for client in clients:
        row = {**client, "replacement": client["replacement"]["channel"]}
        writer.writerow([_cell(row[name]) for name in _COLUMNS])


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
