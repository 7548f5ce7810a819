"""Somebody of whom something stands in every table that may have something of a person."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Float, Integer, LargeBinary, MetaData, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.agent_tables import AgentEventRow, AgentLineRow, AgentRow, AgentTaskRow
from toolboxai.adapters.database.attempt_tables import AnswerRow, AttemptRow
from toolboxai.adapters.database.audit import AuditRow
from toolboxai.adapters.database.class_tables import ClassMemberRow, ClassRow
from toolboxai.adapters.database.content_tables import (
    ArtefactRow,
    ContentFileRow,
    EventRow,
    RevisionRow,
    SessionRow,
)
from toolboxai.adapters.database.environment_tables import (
    EnvironmentBuildRow,
    EnvironmentEventRow,
    EnvironmentFileRow,
    EnvironmentRow,
    EnvironmentScriptRow,
)
from toolboxai.adapters.database.game_servers import GameServerRow
from toolboxai.adapters.database.game_talk import GameEventRow, GameMessageRow
from toolboxai.adapters.database.identity import LoginSessionRow, OneTimeCodeRow, OrganizationRow, UserRow
from toolboxai.adapters.database.links import LinkRow
from toolboxai.adapters.database.old_socket_uses import OldSocketUseRow
from toolboxai.adapters.database.plugin_tables import (
    PluginCommandRow,
    PluginLogRow,
    PluginRow,
    PluginWorldRow,
)
from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow
from toolboxai.adapters.database.webhook_tables import AnnouncedRow, DeliveryRow

__all__ = ["NOW", "a_world", "add_school", "everything", "live", "put"]

NOW = 1_780_000_000.0


async def put(connection: AsyncConnection, row: Any, word: str, /, **given: Any) -> None:
    """One row; what is not given and has to be there is the word, one, false, or now."""
    table = row.__table__
    values = dict(given)
    for column in table.columns:
        needed = not column.nullable and column.server_default is None
        if needed and column.name not in values and column is not table.autoincrement_column:
            values[column.name] = _some(column.type, word)
    await connection.execute(insert(table).values(values))


def _some(kind: Any, word: str) -> Any:
    match kind:
        case Boolean():
            return False
        case Integer():
            return 1
        case Float():
            return NOW
        case LargeBinary():
            return word.encode()
    return word[: kind.length]


async def add_school(connection: AsyncConnection, organization_id: str) -> None:
    await put(connection, OrganizationRow, organization_id, id=organization_id, name=organization_id)


async def a_world(
    connection: AsyncConnection,
    environment_id: str,
    owner_id: str,
    organization_id: str = "org_1",
    *,
    word: str = "",
    content_id: str | None = None,
    at: float = NOW,
) -> None:
    """A world that is ready, without what hangs on it."""
    common = {
        "id": environment_id,
        "organization_id": organization_id,
        "owner_id": owner_id,
        "created_at": at,
    }
    wish: dict[str, Any] = {
        "content_id": content_id,
        "name": word,
        "theme": "classroom",
        "size": "small",
        "features": {},
        "seed": 1,
        "max_players": 1,
    }
    await put(connection, ResourceRow, word, **common, kind="environment")
    await put(
        connection,
        EnvironmentRow,
        word,
        **common,
        content_id=content_id,
        wish=json.dumps(wish),
        status="ready",
        components="{}",
        updated_at=at,
    )


async def live(
    connection: AsyncConnection,
    name: str,
    *,
    organization_id: str = "org_1",
    role: str = "teacher",
    beside: str | None = None,
    at: float = NOW,
) -> str:
    """Put something of this person into every place; the id of the account.

    Args:
        connection: writes.
        name: stands in all that is theirs, as a word that nobody else has.
        organization_id: the school, which is there.
        role: of the account.
        beside: the name of somebody whose contents and classes this person has a part in.
        at: when all of it was.
    """
    word = f"word-of-{name}"
    words = json.dumps({"name": word})
    user, session, content = f"user_{name}", f"gen_{name}", f"content_{name}"
    other = beside or name
    ours: dict[str, Any] = {"user_id": user}

    async def row(table: Any, /, **given: Any) -> None:
        await put(connection, table, word, **given)

    await row(
        UserRow,
        id=user,
        organization_id=organization_id,
        username=name,
        username_key=name,
        email=f"{name}@school.example",
        email_key=f"{name}@school.example",
        role=role,
        password_hash="none",
    )
    await row(LoginSessionRow, id=f"login_{name}", **ours, expires_at=at)
    await row(OneTimeCodeRow, code_hash=f"code_{name}", **ours)
    await row(LinkRow, subject=name, **ours)
    await row(
        SessionRow,
        id=session,
        content_id=content,
        organization_id=organization_id,
        owner_id=user,
        request=json.dumps({"source_text": word}),
        status="complete",
        created_at=at,
        updated_at=at,
    )
    await row(EventRow, session_id=session, seq=1, type="progress_update", data=json.dumps({"message": word}))
    await row(ArtefactRow, session_id=session, stage="packaging", data=json.dumps({"title": word}))
    await row(ContentFileRow, content_id=content, revision=1, notes="[]")
    for number, whose in ((2, name), (3, other)):
        if number == 2 or beside:
            await row(
                RevisionRow,
                content_id=f"content_{whose}",
                number=number,
                author_id=user,
                at=at,
                document=json.dumps({"title": f"word-of-{whose}"}),
                title=f"word-of-{whose}",
                note="",
                kind="edited",
                request_sha256="",
                idempotency_key=None,
            )
    await a_world(connection, f"env_{name}", user, organization_id, word=word, content_id=content, at=at)
    if beside:
        theirs: dict[str, Any] = {"environment_id": f"env_{beside}", "author_id": user}
        what = f"word-of-{beside}"
        await put(connection, EnvironmentBuildRow, what, **theirs, number=2, wish="{}", spec="{}")
        await put(connection, EnvironmentScriptRow, what, **theirs, revision=2)
    for table, said in (
        (EnvironmentBuildRow, {"author_id": user, "wish": words, "spec": words}),
        (EnvironmentScriptRow, {"author_id": user, "source": word, "script_id": f"word-of-{name}"}),
        (EnvironmentFileRow, {"notes": "[]"}),
        (EnvironmentEventRow, {"data": words}),
    ):
        await row(table, environment_id=f"env_{name}", **said)
    await row(GameServerRow, id=f"game_{name}", environment_id=f"env_{name}", token_sha256=f"hash_{name}")
    told = {"game_server_id": f"game_{name}"}
    await row(GameMessageRow, seq=1, data=words, created_at=at, **told)
    await row(GameEventRow, seq=1, event_id=f"event_{name}", value=None, received_at=at, **told)
    agent: dict[str, Any] = {"agent_id": f"agent_{name}"}
    await row(ResourceRow, id=f"agent_{name}", kind="agent", owner_id=user, organization_id=organization_id)
    await row(AgentRow, id=f"agent_{name}", owner_id=user, task_types="[]")
    await row(AgentLineRow, **agent, submitted_by=user)
    await row(
        AgentTaskRow,
        id=f"task_{name}",
        **agent,
        submitted_by=user,
        input=words,
        status="completed",
        run_id=f"gen_{name}",
        ended_at=at,
    )
    await row(AgentEventRow, **agent, data=words, also="[]")
    plugin = f"plugin_{name}"
    await row(
        ResourceRow, id=plugin, kind="plugin", organization_id=organization_id, owner_id=user, name=name
    )
    await row(PluginRow, id=plugin, capabilities="[]", config=words)
    await row(PluginLogRow, plugin_id=plugin, data=words)
    for number, where in enumerate((plugin, f"plugin_{other}")):
        if number == 0 or other != name:
            await row(
                PluginCommandRow,
                plugin_id=where,
                id=f"command_{number}",
                action="show_message",
                payload="{}",
                sha256="0" * 64,
                state="ok",
                issued_by=user,
                expires_at=at,
            )
    await row(PluginWorldRow, plugin_id=plugin, environment_id=f"env_{name}")
    await row(
        ClassRow, id=f"class_{name}", organization_id=organization_id, owner_id=user, code_hash=f"hash_{name}"
    )
    await row(ClassMemberRow, class_id=f"class_{other}", pseudonym_key=name, joined_at=at, **ours)
    common = {"organization_id": organization_id, "role": "viewer", "created_at": at}
    for number, (kind, thing, to) in enumerate(
        (
            ("content_session", f"gen_{other}", ours),
            ("environment", f"env_{name}", {"user_id": "user_somebody"}),
            ("content_session", session, {"class_id": f"class_{other}"}),
            ("content_session", session, {"code_hash": f"share_{name}", "expires_at": at}),
        )
    ):
        await row(ShareRow, id=f"share_{name}_{number}", kind=kind, resource_id=thing, **to, **common)
    await row(
        AttemptRow,
        id=f"attempt_{name}",
        content_id=f"content_{other}",
        organization_id=organization_id,
        class_id=f"class_{other}",
        created_at=at,
        **ours,
    )
    await row(
        AnswerRow,
        attempt_id=f"attempt_{name}",
        question_id="q1",
        content_id=f"content_{other}",
        answer=json.dumps(word),
        answered_at=at,
        **ours,
    )
    await row(
        AttemptRow,
        id=f"attempt_{name}_of_a_player",
        content_id=f"content_{other}",
        environment_id=f"env_{name}",
        organization_id=organization_id,
        user_id="player_1",
        created_at=at,
    )
    await row(OldSocketUseRow, organization_id=organization_id, day="2026-05-28", **ours)
    await row(AnnouncedRow, app_id="3", channel="presence-room", **ours)
    await row(DeliveryRow, id=f"wh_{name}", app_id="3", body=json.dumps(ours), state="delivered")
    for about in (user, session):
        await row(
            AuditRow,
            action="shared",
            organization_id=organization_id,
            user_id=user,
            kind="content_session",
            resource_id=about,
            details='{"with": "user_somebody"}',
            at=at,
        )
    return user


async def everything(engine: AsyncEngine) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """All rows of all tables that there are, whoever made them."""
    async with engine.connect() as connection:

        def reflected(sync: Any) -> MetaData:
            tables = MetaData()
            for schema in {None, *_schemas(sync)}:
                tables.reflect(sync, schema=schema)
            return tables

        found = await connection.run_sync(reflected)
        return {
            str(table): [dict(row._mapping) for row in await connection.execute(select(table))]
            for table in found.tables.values()
        }


def _schemas(connection: Any) -> Sequence[str]:
    """Of Postgres also the one of the jobs."""
    if connection.dialect.name == "sqlite":
        return ()
    return [name for name in inspect(connection).get_schema_names() if name == "toolboxai_jobs"]
