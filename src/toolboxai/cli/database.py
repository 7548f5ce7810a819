"""``db``: the schema of the database."""

from typing import TYPE_CHECKING

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from toolboxai.adapters.database.migrate import SchemaState

__all__ = ["add_to"]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    database = typer.Typer(help="The database's schema.", no_args_is_help=True, rich_markup_mode=None)
    database.command()(upgrade)
    database.command()(check)
    cli.add_typer(database, name="db")


def upgrade(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Bring the schema up to date, all of it or nothing. Make a backup first."""
    from toolboxai.adapters.database import migrate

    _tell(migrate.upgrade(_url(config)), as_json=as_json)


def check(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Compare the schema with what this version needs; nothing is changed."""
    from toolboxai.adapters.database import migrate

    state = migrate.check(_url(config))
    _tell(state, as_json=as_json)
    if state.schema is not migrate.Schema.CURRENT:
        raise CommandFailed(ExitCode.CONFIGURATION, "the database is not ready; see above")


def _url(config: ConfigFile) -> str:
    from toolboxai.config import Purpose, load_settings

    return load_settings(file=config, purpose=Purpose.ANY).database.url


def _tell(state: "SchemaState", *, as_json: bool) -> None:
    from toolboxai.cli.output import Output

    Output(as_json=as_json).say(state.text, schema=state.schema, revision=state.revision, head=state.head)
