"""``webhooks``: what was posted, what was given up, and trying it again; on the database, beside a running server."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from toolboxai.node.webhooks.store import Delivery, WebhookStore

__all__ = ["add_to"]

_STATES = ("pending", "delivered", "dead")
_REPLAY_AT_ONCE = 500

Ids = Annotated[list[str] | None, typer.Argument(help="Ids, as `webhooks list` shows them.")]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    webhooks = typer.Typer(
        help="What was posted to the apps' webhooks.", no_args_is_help=True, rich_markup_mode=None
    )
    webhooks.command("list")(show_list)
    webhooks.command()(show)
    webhooks.command()(replay)
    cli.add_typer(webhooks, name="webhooks")


def show_list(
    app: Annotated[str | None, typer.Option("--app", help="Of this app only, by its id.")] = None,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(_STATES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at most.")] = 50,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    from toolboxai.cli.output import Output
    from toolboxai.node.webhooks.store import State

    if state is not None and state not in _STATES:
        raise CommandFailed(ExitCode.USAGE, f"--state {state!r} is none; use one of {', '.join(_STATES)}")
    wanted = None if state is None else State(state)
    output = Output(as_json=as_json)

    async def work(store: "WebhookStore", _now: float) -> None:
        found = await store.page(app_id=app, state=wanted, before=None, limit=limit)
        for delivery in found:
            output.say(_line(delivery), **_facts(delivery))
        if not found:
            output.say("none")

    _with_store(config, work)


def show(
    webhook_id: Annotated[str, typer.Argument(metavar="ID", help="As `webhooks list` shows it.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one delivery with its body."""
    from toolboxai.cli.output import Output

    async def work(store: "WebhookStore", _now: float) -> None:
        delivery = await store.find(webhook_id)
        if delivery is None:
            raise CommandFailed(ExitCode.FAILED, _unknown(webhook_id))
        facts = {**_facts(delivery), "body": delivery.body}
        text = "\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
        Output(as_json=as_json).say(text, **facts)

    _with_store(config, work)


def replay(
    ids: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
    app: Annotated[str | None, typer.Option("--app", help="With --dead: of this app only.")] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Post again what was given up or delivered, with a new time and signature and the same id.

    The running server sees it within two seconds; without one it waits for the next start.
    """
    from toolboxai.cli.output import Output

    if bool(ids) == dead or (app is not None and not dead):
        raise CommandFailed(ExitCode.USAGE, "name ids, or use --dead, with --app if only one app is meant")
    output = Output(as_json=as_json)

    async def work(store: "WebhookStore", now: float) -> None:
        wanted = list(dict.fromkeys(ids)) if ids else await _all_dead(store, app)
        refused = []
        for webhook_id in wanted:
            if await store.replay(webhook_id, now):
                output.say(f"{webhook_id} waits to be posted again", id=webhook_id, state="pending")
            elif await store.find(webhook_id) is None:
                refused.append(_unknown(webhook_id))
            else:
                refused.append(f"{webhook_id} is still being tried; there is nothing to replay")
        if not wanted:
            output.say("none were given up")
        if refused:
            raise CommandFailed(ExitCode.FAILED, "\n".join(refused))

    _with_store(config, work)


async def _all_dead(store: "WebhookStore", app: str | None) -> list[str]:
    """Oldest first, so that they keep their order."""
    from toolboxai.node.webhooks.store import State

    found: list[str] = []
    before: int | None = None
    while page := await store.page(app_id=app, state=State.DEAD, before=before, limit=_REPLAY_AT_ONCE):
        found += [delivery.id for delivery in page]
        before = page[-1].seq
    return found[::-1]


def _with_store(config: Path | None, work: "Callable[[WebhookStore, float], Awaitable[None]]") -> None:
    import asyncio

    from toolboxai.app.webhooks import webhook_log
    from toolboxai.config import Purpose, load_settings

    settings = load_settings(file=config, purpose=Purpose.ANY)

    async def run() -> None:
        async with webhook_log(settings) as (store, clock):
            await work(store, clock.now())

    asyncio.run(run())


def _unknown(webhook_id: str) -> str:
    return f"there is no webhook {webhook_id!r}; `toolboxai webhooks list` shows those that are kept"


def _facts(delivery: "Delivery") -> dict[str, Any]:
    from toolboxai.node.webhooks.log import facts

    return facts(delivery)


def _line(delivery: "Delivery") -> str:
    facts = _facts(delivery)
    last = facts["last_error"] or facts["last_status"] or "not tried yet"
    return (
        f"{facts['id']}  {facts['state']:<9}  app {facts['app_id']}  {facts['created_at']}  "
        f"{', '.join(facts['events'])} on {', '.join(facts['channels'])}  "
        f"-> {facts['url']}  tries: {facts['attempts']}, {last}"
    )
