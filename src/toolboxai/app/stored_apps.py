"""The apps that the database keeps: what makes one of them good, and how the command line gets at them."""

import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import ValidationError as DoesNotFit

from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.channels import with_origins
from toolboxai.app.identity import open_database
from toolboxai.apps.addresses import is_loopback_name
from toolboxai.apps.app import App
from toolboxai.apps.registrar import AppRegistrar
from toolboxai.apps.stored import AppStore, StoredApp
from toolboxai.config import Settings
from toolboxai.config.app_table import AppTable
from toolboxai.config.faults import sentences
from toolboxai.errors import ValidationError
from toolboxai.logs import keep_secret

__all__ = ["AppsOnDisk", "app_parser", "apps_on_disk"]


@dataclass(frozen=True, slots=True)
class AppsOnDisk:
    """The apps of a database, without a server.

    Args:
        store: reads them.
        registrar: changes them.
    """

    store: AppStore
    registrar: AppRegistrar


def app_parser(settings: Settings) -> Callable[[StoredApp], App]:
    """What reads a stored app as the file's ``[[apps]]`` is read.

    Args:
        settings: of the server.
    """

    def parse(stored: StoredApp) -> App:
        table = _table(stored)
        inside = dict(_leading_inside(table))
        if inside:
            raise _invalid(inside)
        app = with_origins(table.app(), settings)
        keep_secret(*app.secrets.values())
        return app

    return parse


def _leading_inside(table: AppTable) -> Iterator[tuple[str, str]]:
    """What would have this machine, or its network, posted to: whoever may make apps need not be its operator."""
    for number, entry in enumerate(table.webhooks):
        if entry.allow_private_address:
            yield (
                f"webhooks.{number}.allow_private_address",
                "only an app of the settings file may post to private addresses; leave it out, or write the app there",
            )
        if is_loopback_name(urlsplit(entry.url).hostname or ""):
            yield (
                f"webhooks.{number}.url",
                "it leads to the server's own machine, where only an app of the settings file may post; name a public "
                "address, or write the app there",
            )


def _table(stored: StoredApp) -> AppTable:
    keys = [{"key": key.pair.key, "secret": key.pair.secret} for key in stored.keys]
    entry = {**stored.settings, "id": stored.id, "enabled": stored.enabled, "keys": keys}
    try:
        return AppTable.model_validate(entry)
    except DoesNotFit as fault:
        places = [".".join(map(str, error["loc"])) or "settings" for error in fault.errors(include_url=False)]
        told = [text.partition(": ")[2] for text in sentences(fault, AppTable, {})]
        raise _invalid(dict(zip(places, told, strict=True))) from fault


def _invalid(fields: dict[str, str]) -> ValidationError:
    told = "; ".join(f"{field}: {text}" for field, text in fields.items())
    return ValidationError(f"the app cannot be served so: {told}", details={"fields": fields})


@asynccontextmanager
async def apps_on_disk(settings: Settings) -> AsyncIterator[AppsOnDisk]:
    """The apps of the database, for the command line.

    Raises:
        ConfigError: as `open_database`.
    """
    from toolboxai.adapters.database.apps import DatabaseAppStore

    configured = settings.registry()
    async with open_database(settings) as engine:
        store = DatabaseAppStore(engine)
        registrar = AppRegistrar(
            store,
            parse=app_parser(settings),
            configured=lambda: configured,
            clock=SystemClock(),
            dice=random.SystemRandom(),
        )
        yield AppsOnDisk(store, registrar)
