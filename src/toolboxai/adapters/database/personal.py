"""All that is kept of a person, read or deleted, in the database."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, and_, case, delete, exists, func, inspect, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from toolboxai.adapters.database.agent_tables import AgentEventRow, AgentLineRow, AgentRow, AgentTaskRow
from toolboxai.adapters.database.attempt_tables import AttemptRow
from toolboxai.adapters.database.class_tables import ClassMemberRow, ClassRow
from toolboxai.adapters.database.content_rows import ACTIVE_VALUES
from toolboxai.adapters.database.content_tables import RevisionRow, SessionRow
from toolboxai.adapters.database.environment_rows import ACTIVE_VALUES as ACTIVE_WORLDS
from toolboxai.adapters.database.environment_rows import ENVIRONMENT_COLUMNS, environment_of
from toolboxai.adapters.database.environment_tables import (
    EnvironmentBuildRow,
    EnvironmentRow,
    EnvironmentScriptRow,
)
from toolboxai.adapters.database.game_talk import GameEventRow, GameMessageRow
from toolboxai.adapters.database.identity import OneTimeCodeRow, UserRow, end_logins, user_of
from toolboxai.adapters.database.links import LinkRow
from toolboxai.adapters.database.old_socket_uses import OldSocketUseRow
from toolboxai.adapters.database.personal_places import PLACES, Place, shares_of_own
from toolboxai.adapters.database.plugin_tables import PluginCommandRow
from toolboxai.adapters.database.resource_tables import ResourceRow, ShareRow
from toolboxai.adapters.database.school import one_at_a_time
from toolboxai.adapters.database.webhook_tables import AnnouncedRow, DeliveryRow
from toolboxai.node.webhooks.store import State
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.passwords import NO_PASSWORD
from toolboxai.platform.privacy.store import Gone, Section
from toolboxai.platform.resources.model import ResourceKind
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.school.store import LastAdmin

__all__ = ["NOBODY", "DatabasePersonalStore"]

NOBODY: Final = "user_deleted"  # the author of what somebody wrote for another's content or world
_PAGE: Final = 200


class DatabasePersonalStore:
    """Satisfies ``platform.privacy.store.PersonalStore`` on SQLite and Postgres.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ---- reading ------------------------------------------------------------------------------------------------
    def sections(self, user_id: str) -> Sequence[Section]:
        """See the port."""
        return [Section(place.section, place.single, self._rows(place, user_id)) for place in PLACES]

    async def _rows(self, place: Place, user_id: str) -> AsyncIterator[Mapping[str, Any]]:
        """Page by page, so that a slow reader holds up nobody who writes."""
        table = place.table.__table__
        shown = [column for column in table.columns if column.name not in place.hidden]
        order = list(inspect(place.table).primary_key)
        query = select(*shown).where(place.theirs(user_id)).order_by(*order).limit(_PAGE)
        for page in range(1 << 30):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query.offset(page * _PAGE))).all()
            for row in rows:
                yield {column.name: _told(place, column, row._mapping[column.name]) for column in shown}
            if len(rows) < _PAGE:
                return

    async def has_own_password(self, user_id: str) -> bool:
        """See the port."""
        elsewhere = exists().where(LinkRow.user_id == UserRow.id)
        query = select(UserRow.id).where(
            UserRow.id == user_id, UserRow.password_hash != NO_PASSWORD, ~elsewhere
        )
        async with self._engine.connect() as connection:
            return await connection.scalar(query) is not None

    async def is_last_admin(self, user: User) -> bool:
        """See the port."""
        if user.role is not Role.ADMIN or user.disabled:
            return False
        async with self._engine.connect() as connection:
            return await _nobody_looks_after(connection, user.organization_id, without=user.id)

    # ---- deleting -----------------------------------------------------------------------------------------------
    async def delete(self, user: User) -> Gone | None:
        """See the port."""
        async with self._engine.begin() as connection:
            await one_at_a_time(connection, user.organization_id)
            logins = await end_logins(connection, user.id)
            sessions = await _delete_owned(connection, user.id)
            await _delete_traces(connection, user.id)
            done = await connection.execute(
                delete(UserRow).where(UserRow.id == user.id).returning(UserRow.role, UserRow.disabled_at)
            )
            row = done.one_or_none()
            if row is None:
                await connection.rollback()
                return None
            was_admin = row.role == Role.ADMIN.value and row.disabled_at is None
            if was_admin and await _nobody_looks_after(connection, user.organization_id):
                raise LastAdmin
        return Gone(logins, sessions)

    async def guests_before(self, before: float, *, limit: int) -> Sequence[User]:
        """See the port."""
        return await self._guests(UserRow.seen_at < before, limit=limit)

    async def lost_guests(self, before: float, *, limit: int) -> Sequence[User]:
        """See the port."""
        left = (
            exists().where(ClassMemberRow.user_id == UserRow.id),
            exists().where(ShareRow.user_id == UserRow.id),
            exists().where(AttemptRow.user_id == UserRow.id),
        )
        away = or_(UserRow.seen_at.is_(None), UserRow.seen_at < before)
        return await self._guests(away, ~or_(*left), limit=limit)

    async def _guests(self, *wanted: ColumnElement[bool], limit: int) -> Sequence[User]:
        query = select(UserRow.__table__).where(UserRow.guest, *wanted).order_by(UserRow.seen_at).limit(limit)
        async with self._engine.connect() as connection:
            return [user_of(row) for row in await connection.execute(query)]

    async def drop_attempts(self, before: float) -> int:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(AttemptRow).where(AttemptRow.created_at < before))
        return done.rowcount

    async def drop_contents(self, before: float, *, limit: int) -> Sequence[str]:
        """See the port."""
        in_use = (
            exists().where(RevisionRow.content_id == SessionRow.content_id, RevisionRow.at >= before),
            exists().where(AttemptRow.content_id == SessionRow.content_id, AttemptRow.created_at >= before),
        )
        old = (
            select(SessionRow.id)
            .where(SessionRow.updated_at < before, SessionRow.status.not_in(ACTIVE_VALUES), ~or_(*in_use))
            .order_by(SessionRow.updated_at)
            .limit(limit)
        )
        async with self._engine.begin() as connection:
            done = await connection.scalars(
                delete(SessionRow).where(SessionRow.id.in_(old)).returning(SessionRow.id)
            )
            gone = done.all()
            await connection.execute(
                delete(ShareRow).where(ShareRow.kind == "content_session", ShareRow.resource_id.in_(gone))
            )
        return gone

    async def drop_worlds(self, before: float, *, limit: int) -> Sequence[Environment]:
        """See the port."""
        answered = exists().where(
            AttemptRow.content_id == EnvironmentRow.content_id, AttemptRow.created_at >= before
        )
        old = (
            select(*ENVIRONMENT_COLUMNS)
            .where(
                EnvironmentRow.updated_at < before,
                EnvironmentRow.status.not_in(ACTIVE_WORLDS),
                ~answered,
            )
            .order_by(EnvironmentRow.updated_at, EnvironmentRow.id)
            .limit(limit)
            .with_for_update()  # what is set going again in the same moment waits, and finds nothing
        )
        async with self._engine.begin() as connection:
            gone = [environment_of(row) for row in await connection.execute(old)]
            ids = [world.id for world in gone]
            await connection.execute(delete(ResourceRow).where(ResourceRow.id.in_(ids)))
            await connection.execute(
                delete(ShareRow).where(
                    ShareRow.kind == ResourceKind.ENVIRONMENT.value, ShareRow.resource_id.in_(ids)
                )
            )
        return gone

    async def drop_tasks(self, before: float) -> int:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(AgentTaskRow).where(AgentTaskRow.ended_at < before))
        return done.rowcount

    async def drop_leftovers(self, *, told_before: float) -> int:
        """See the port. An old socket that closes later is counted for its user once more."""
        known = (
            exists().where(UserRow.id == OldSocketUseRow.user_id),
            exists().where(ResourceRow.id == OldSocketUseRow.user_id),
        )
        left = (
            delete(OldSocketUseRow).where(OldSocketUseRow.user_id != "", ~or_(*known)),
            # What a world posted in the moment in which it went.
            delete(AttemptRow).where(
                AttemptRow.environment_id.is_not(None),
                ~exists().where(EnvironmentRow.id == AttemptRow.environment_id),
            ),
            # Of worlds in which nothing more is told; of others it went with what came later.
            delete(GameMessageRow).where(GameMessageRow.created_at <= told_before),
            delete(GameEventRow).where(GameEventRow.received_at <= told_before),
            # What waited for an agent that the operator removed.
            delete(AgentTaskRow).where(
                AgentTaskRow.ended_at.is_(None), ~exists().where(AgentRow.id == AgentTaskRow.agent_id)
            ),
        )
        async with self._engine.begin() as connection:
            return sum([(await connection.execute(each)).rowcount for each in left])


async def _delete_owned(connection: AsyncConnection, user_id: str) -> Sequence[str]:
    """Contents, resources and classes, with all that hangs on them; ids of the content sessions."""
    await connection.execute(delete(ShareRow).where(shares_of_own(user_id)))
    sessions = await connection.scalars(
        delete(SessionRow).where(SessionRow.owner_id == user_id).returning(SessionRow.id)
    )
    gone = sessions.all()
    worlds = select(ResourceRow.id).where(ResourceRow.owner_id == user_id)
    await connection.execute(delete(AttemptRow).where(AttemptRow.environment_id.in_(worlds)))
    agents = select(AgentRow.id).where(AgentRow.owner_id == user_id)
    await connection.execute(delete(AgentTaskRow).where(AgentTaskRow.agent_id.in_(agents)))
    await connection.execute(delete(ResourceRow).where(ResourceRow.owner_id == user_id))
    classes = select(ClassRow.id).where(ClassRow.owner_id == user_id)
    await connection.execute(delete(ShareRow).where(ShareRow.class_id.in_(classes)))
    await connection.execute(delete(ClassRow).where(ClassRow.owner_id == user_id))
    return gone


async def _delete_traces(connection: AsyncConnection, user_id: str) -> None:
    """What stands elsewhere of somebody. The audit keeps the id."""
    theirs: tuple[tuple[Any, ColumnElement[bool]], ...] = (
        (ShareRow, ShareRow.user_id == user_id),
        (ClassMemberRow, ClassMemberRow.user_id == user_id),
        (AttemptRow, AttemptRow.user_id == user_id),
        (OldSocketUseRow, OldSocketUseRow.user_id == user_id),
        (AnnouncedRow, AnnouncedRow.user_id == user_id),
        (DeliveryRow, _told_of(user_id)),
        (OneTimeCodeRow, OneTimeCodeRow.user_id == user_id),
        (AgentTaskRow, AgentTaskRow.submitted_by == user_id),
        (AgentLineRow, AgentLineRow.submitted_by == user_id),
        # How their tasks ended, as another's agent told it.
        (AgentEventRow, AgentEventRow.also.contains(f"private-user-{user_id}", autoescape=True)),
    )
    for table, wanted in theirs:
        await connection.execute(delete(table).where(wanted))
    for written in (RevisionRow, EnvironmentBuildRow, EnvironmentScriptRow):
        await connection.execute(update(written).where(written.author_id == user_id).values(author_id=NOBODY))
    issued = update(PluginCommandRow).where(PluginCommandRow.issued_by == user_id)
    await connection.execute(issued.values(issued_by=NOBODY))


def _told_of(user_id: str) -> ColumnElement[bool]:
    """Events that were posted and name somebody; what still waits is told, and its log goes in time."""
    named = (column.contains(user_id, autoescape=True) for column in (DeliveryRow.body, DeliveryRow.channels))
    return and_(DeliveryRow.state.in_((State.DELIVERED.value, State.DEAD.value)), or_(*named))


async def _nobody_looks_after(
    connection: AsyncConnection, organization_id: str, *, without: str = ""
) -> bool:
    """Whether a school has accounts, this one aside, and no admin in use among them."""
    others = (UserRow.organization_id == organization_id, UserRow.id != without)
    admin = and_(UserRow.role == Role.ADMIN.value, UserRow.disabled_at.is_(None))
    query = select(func.count(), func.count(case((admin, 1)))).select_from(UserRow).where(*others)
    everybody, admins = (await connection.execute(query)).one()
    return everybody > 0 and admins == 0


def _told(place: Place, column: Any, value: Any) -> Any:
    """A value as JSON: times in words, JSON as itself."""
    if value is None:
        return None
    if column.name in place.json:
        return json.loads(value)
    if isinstance(column.type, Float) and (column.name.endswith(("_at", "_seen")) or column.name == "at"):
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
