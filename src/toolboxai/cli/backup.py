"""``backup`` and ``restore``: everything that a server keeps, in one file."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolboxai.cli.exits import CommandFailed, ExitCode
from toolboxai.cli.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from toolboxai.adapters.backup.archive import Manifest
    from toolboxai.cli.output import Output

__all__ = ["add_to"]

ARCHIVE = Annotated[Path, typer.Argument(help="The file, such as school.backup.")]


def add_to(cli: typer.Typer) -> None:
    """Register the commands."""
    cli.command()(backup)
    cli.command()(restore)


def backup(
    file: ARCHIVE,
    config: ConfigFile = None,
    wait: Annotated[
        float, typer.Option(min=0.0, max=600.0, help="So many seconds for a running server to answer.")
    ] = 5.0,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy database, jobs, files and kept history of one moment into one file; the server goes on.

    The file holds the secrets of the apps in the database: keep it as you keep those. Settings are not in it.
    """
    from toolboxai import __version__
    from toolboxai.adapters.backup.take import take
    from toolboxai.cli.output import Output

    output, url = Output(as_json=as_json), _url(config)
    with _told(f"no backup was made, and nothing is left of it: {file}"), _shown(output) as progress:
        taken = take(url, file, product=__version__, wait_s=wait, replace=replace, progress=progress)
    output.say(
        f"{file}: {taken.size:,} bytes, {_summary(taken.manifest)}; {taken.asked.value}",
        file=str(file),
        bytes=taken.size,
        memory=taken.asked.name.lower(),
        writers_held_ms=round(taken.held_s * 1000, 1),
        **_facts(taken.manifest),
    )


def restore(
    file: ARCHIVE,
    config: ConfigFile = None,
    check: Annotated[bool, typer.Option("--check", help="Read the whole file, and restore nothing.")] = False,
    without_jobs: Annotated[
        bool,
        typer.Option(
            "--without-jobs",
            help="Leave the job engine's state out: unfinished lessons begin again at the stage that was cut.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty database, all of it or nothing; no server may run on it.

    The database is that of the settings, and may be of the other kind than the one that was copied.
    """
    from toolboxai.adapters.backup import restore as restoring
    from toolboxai.cli.output import Output

    output = Output(as_json=as_json)
    if check:
        with _told(f"{file} was not read"), _shown(output) as progress:
            manifest = restoring.check(file, progress)
        output.say(f"{file} is whole: {_summary(manifest)}", file=str(file), **_facts(manifest))
        return
    url = _url(config)
    with _told(f"{file} was not restored, and nothing is left of it"), _shown(output) as progress:
        manifest, state = restoring.restore(file, url, jobs=not without_jobs, progress=progress)
    output.say(
        f"restored: {_summary(manifest)}; {state.text}",
        file=str(file),
        schema=state.schema,
        jobs=not without_jobs and manifest.jobs_revision is not None,
        **_facts(manifest),
    )


def _url(config: ConfigFile) -> str:
    from toolboxai.config import Purpose, load_settings

    return load_settings(file=config, purpose=Purpose.ANY).database.url


def _summary(manifest: "Manifest") -> str:
    return (
        f"{manifest.rows:,} rows of {len(manifest.parts)} tables, of {manifest.made_at} by {manifest.product}"
    )


def _facts(manifest: "Manifest") -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "product": manifest.product,
        "engine": manifest.engine,
        "revision": manifest.revision,
        "rows": {part.name: part.rows for part in manifest.parts},
    }


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What disks and databases say, in words that help; a signal to end is no reason to leave half a file behind."""
    from sqlalchemy.exc import DBAPIError

    from toolboxai.adapters.database.faults import reason_of, remedy, said_by

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except FileExistsError as fault:
        raise CommandFailed(
            ExitCode.FAILED, f"{fault.filename} is there already; name another file, or say --replace"
        ) from fault
    except OSError as fault:
        raise CommandFailed(ExitCode.FAILED, f"{what} ({fault.strerror or fault})") from fault
    except (DBAPIError, sqlite3.Error) as fault:
        reason = reason_of(fault)
        if reason is None:
            raise
        raise CommandFailed(
            ExitCode.FAILED, f"{what} (the database: {said_by(fault)}). What to do: {remedy(reason)}"
        ) from fault
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _shown(output: "Output") -> Iterator[Callable[[str, int, int], None]]:
    """A bar at a terminal, nothing anywhere else."""
    if not output.terminal:
        yield lambda _part, _done, _total: None
        return
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}/{task.total:,}"),
        transient=True,
    ) as bars:
        bar = bars.add_task("asking the running server", total=None, completed=0, start=False)

        def show(part: str, done: int, total: int) -> None:
            bars.start_task(bar)
            bars.update(bar, description=part, completed=done, total=total)

        yield show
