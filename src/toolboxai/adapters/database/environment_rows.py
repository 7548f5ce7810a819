"""Rows of worlds: read as records, written from changes."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from toolboxai.adapters.database.environment_tables import (
    EnvironmentBuildRow,
    EnvironmentEventRow,
    EnvironmentFileRow,
    EnvironmentRow,
    EnvironmentScriptRow,
)
from toolboxai.platform.messages.environment import ComponentState, EnvironmentStatus
from toolboxai.platform.roblox.model.files import WorldFile, WorldFormat
from toolboxai.platform.roblox.model.instances import ScriptKind
from toolboxai.platform.roblox.model.spec import Component, WorldSpec
from toolboxai.platform.roblox.records.environments import (
    ACTIVE,
    Asset,
    BuildFacts,
    Components,
    Environment,
    EnvironmentChange,
    EnvironmentError,
    KeptScript,
    ScriptChangeKind,
    Wish,
)
from toolboxai.platform.runs.events import StoredEvent
from toolboxai.platform.runs.records import Superseded

__all__ = [
    "ACTIVE_VALUES",
    "ASSET_COLUMNS",
    "ENVIRONMENT_COLUMNS",
    "asset_of_row",
    "build_values",
    "changed_values",
    "components_text",
    "environment_of",
    "file_of_row",
    "script_of_row",
    "write_made",
]

ENVIRONMENT_COLUMNS = tuple(
    column
    for column in EnvironmentRow.__table__.columns
    if column.name not in ("idempotency_key", "request_sha256", "content_id")
)
ASSET_COLUMNS = tuple(
    column
    for column in EnvironmentFileRow.__table__.columns
    if column.name not in ("content", "environment_id", "place")
)
ACTIVE_VALUES = [status.value for status in ACTIVE]


def environment_of(row: Row[*tuple[Any, ...]]) -> Environment:
    """A world from a row of ``ENVIRONMENT_COLUMNS``."""
    values = dict(row._mapping)
    values["status"] = EnvironmentStatus(row.status)
    values["wish"] = msgspec.json.decode(row.wish, type=Wish)
    values["components"] = msgspec.json.decode(row.components, type=dict[Component, ComponentState])
    values["error"] = None if row.error is None else msgspec.json.decode(row.error, type=EnvironmentError)
    return Environment(**values)


def script_of_row(row: Row[*tuple[Any, ...]]) -> KeptScript:
    """A revision of a script."""
    values = {name: value for name, value in row._mapping.items() if name not in ("environment_id", "place")}
    values["id"] = values.pop("script_id")
    values["kind"] = ScriptKind(row.kind)
    values["how"] = ScriptChangeKind(row.how)
    return KeptScript(**values)


def asset_of_row(row: Row[*tuple[Any, ...]]) -> Asset:
    """A file without its bytes."""
    values = dict(row._mapping)
    values["id"] = values.pop("asset_id")
    values["notes"] = tuple(msgspec.json.decode(row.notes, type=list[str]))
    return Asset(**values)


def file_of_row(row: Row[*tuple[Any, ...]]) -> WorldFile:
    """A file with its bytes."""
    return WorldFile(
        name=row.name,
        format=WorldFormat(row.format),
        media_type=row.media_type,
        content=row.content,
        notes=tuple(msgspec.json.decode(row.notes, type=list[str])),
    )


def components_text(components: Components) -> str:
    """As it is kept."""
    return msgspec.json.encode({part.value: state.value for part, state in components.items()}).decode()


def build_values(environment_id: str, facts: BuildFacts, spec: WorldSpec) -> dict[str, Any]:
    """A new build as a row."""
    return {
        "environment_id": environment_id,
        "number": facts.number,
        "wish": msgspec.json.encode(facts.wish).decode(),
        "spec": msgspec.json.encode(spec).decode(),
        "author_id": facts.author_id,
        "at": facts.at,
    }


def changed_values(change: EnvironmentChange) -> dict[str, Any]:
    """New values of the world's row; in one statement with its condition, so that they are right under its lock."""
    at = case((EnvironmentRow.updated_at > change.at, EnvironmentRow.updated_at), else_=change.at)
    announced = EnvironmentRow.announced_seq
    values: dict[str, Any] = {
        "last_seq": EnvironmentRow.last_seq + len(change.events),
        "updated_at": at,  # never goes back, and the events' time is this one
        "announced_seq": case((announced > change.announced, announced), else_=change.announced),
    }
    if change.status is not None:
        values["status"] = change.status.value
        values["finished_at"] = at if change.over else None
    if change.progress is not None:
        values["progress"] = change.progress
    if change.components is not None:
        values["components"] = components_text(change.components)
    if change.error is not None:
        values["error"] = msgspec.json.encode(change.error).decode()
    elif change.clear_error:
        values["error"] = None
    if change.retry:
        values["attempt"] = EnvironmentRow.attempt + 1
    if change.build is not None:
        facts, spec = change.build
        values["build"] = facts.number
        values["wish"] = msgspec.json.encode(facts.wish).decode()
        values["content_revision"] = None if spec.lesson is None else spec.lesson.revision
    if change.status is EnvironmentStatus.READY:
        values["ready_build"] = EnvironmentRow.build
    return values


async def write_made(
    connection: AsyncConnection,
    environment_id: str,
    build: int,
    change: EnvironmentChange,
    events: Sequence[StoredEvent],
) -> None:
    """Write what a change brings beside the world's own row.

    Raises:
        Superseded: what Roblox says is of a file that there is no more.
    """
    if events:
        rows = [
            {
                "environment_id": environment_id,
                "seq": event.seq,
                "type": event.type,
                "data": msgspec.json.encode(event.data).decode(),
                "timestamp": event.timestamp,
            }
            for event in events
        ]
        await connection.execute(insert(EnvironmentEventRow), rows)
    await _write_builds(connection, environment_id, build, change)
    if change.scripts:
        await _write_scripts(connection, environment_id, change.scripts)
    await _write_files(connection, environment_id, change)


async def _write_builds(
    connection: AsyncConnection, environment_id: str, build: int, change: EnvironmentChange
) -> None:
    if change.build is not None:
        await connection.execute(
            insert(EnvironmentBuildRow).values(build_values(environment_id, *change.build))
        )
    made = {"land": change.land, "plan": change.plan}
    kept = {name: msgspec.json.encode(value).decode() for name, value in made.items() if value is not None}
    if kept:
        await connection.execute(
            update(EnvironmentBuildRow)
            .where(EnvironmentBuildRow.environment_id == environment_id, EnvironmentBuildRow.number == build)
            .values(kept)
        )
    if change.status is EnvironmentStatus.READY:  # nobody asks where things stood in a former one
        await connection.execute(
            update(EnvironmentBuildRow)
            .where(EnvironmentBuildRow.environment_id == environment_id, EnvironmentBuildRow.number != build)
            .values(land=None, plan=None)
        )


async def _write_files(connection: AsyncConnection, environment_id: str, change: EnvironmentChange) -> None:
    """The files in the place of the former ones, or what Roblox says of one that is there."""
    if change.files:
        await connection.execute(
            delete(EnvironmentFileRow).where(EnvironmentFileRow.environment_id == environment_id)
        )
        await connection.execute(
            insert(EnvironmentFileRow),
            [_file_values(environment_id, place, file) for place, file in enumerate(change.files)],
        )
    for column, values in (("roblox_operation", change.roblox_operations), ("roblox_id", change.roblox_ids)):
        for asset_id, value in values.items():
            done = await connection.execute(
                update(EnvironmentFileRow)
                .where(
                    EnvironmentFileRow.environment_id == environment_id,
                    EnvironmentFileRow.asset_id == asset_id,
                )
                .values({column: value})
            )
            if not done.rowcount:
                raise Superseded(f"environment {environment_id} has other files by now")


async def _write_scripts(
    connection: AsyncConnection, environment_id: str, scripts: Sequence[KeptScript]
) -> None:
    """A script keeps its place; new ones stand behind those that there are."""
    known = await connection.execute(
        select(EnvironmentScriptRow.script_id, func.max(EnvironmentScriptRow.place))
        .where(EnvironmentScriptRow.environment_id == environment_id)
        .group_by(EnvironmentScriptRow.script_id)
    )
    places: dict[str, int] = {row[0]: row[1] for row in known}
    for script in scripts:
        places.setdefault(script.id, 1 + max(places.values(), default=-1))
    rows = [
        {
            "environment_id": environment_id,
            "script_id": script.id,
            "revision": script.revision,
            "build": script.build,
            "place": places[script.id],
            "kind": script.kind.value,
            "name": script.name,
            "parent": script.parent,
            "source": script.source,
            "sha256": script.sha256,
            "how": script.how.value,
            "author_id": script.author_id,
            "at": script.at,
        }
        for script in scripts
    ]
    await connection.execute(insert(EnvironmentScriptRow), rows)


def _file_values(environment_id: str, place: int, file: WorldFile) -> dict[str, Any]:
    return {
        "environment_id": environment_id,
        "format": file.format.value,
        "asset_id": f"{file.format.value}_{file.sha256[:16]}",
        "place": place,
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.content),
        "sha256": file.sha256,
        "content": file.content,
        "notes": msgspec.json.encode(file.notes).decode(),
        "roblox_operation": None,
        "roblox_id": None,
    }
