"""Apps and their keys in the database."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    Boolean,
    Double,
    ForeignKey,
    Integer,
    Row,
    String,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.apps.app import AppKey
from toolboxai.apps.stored import Revocation, StoredApp, StoredKey
from toolboxai.errors import Conflict

__all__ = ["AppKeyRow", "AppRow", "DatabaseAppStore"]


class AppRow(Base):
    """An app; its settings are the JSON of an ``[[apps]]`` entry without id and keys."""

    __tablename__ = "apps"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    settings: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[float] = mapped_column(Double)


class AppKeyRow(Base):
    """A key pair; `number` grows, since clocks can go back and the oldest key signs."""

    __tablename__ = "app_keys"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    app_id: Mapped[str] = mapped_column(ForeignKey(AppRow.id, ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(Double)
    revoked_at: Mapped[float | None] = mapped_column(Double)


class DatabaseAppStore:
    """Satisfies ``apps.stored.AppStore`` on SQLite and Postgres. Each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def apps(self) -> Sequence[StoredApp]:
        """See the port."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(AppRow.__table__).order_by(AppRow.created_at, AppRow.id))
            keys: dict[str, list[StoredKey]] = {}
            active = select(AppKeyRow.__table__).where(AppKeyRow.revoked_at.is_(None))
            for row in await connection.execute(active.order_by(AppKeyRow.number)):
                keys.setdefault(row.app_id, []).append(_key(row))
            return [_app(row, keys.get(row.id, ())) for row in rows]

    async def app(self, app_id: str) -> StoredApp | None:
        """See the port."""
        active = (
            select(AppKeyRow.__table__)
            .where(AppKeyRow.app_id == app_id, AppKeyRow.revoked_at.is_(None))
            .order_by(AppKeyRow.number)
        )
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(select(AppRow.__table__).where(AppRow.id == app_id))
            ).one_or_none()
            if row is None:
                return None
            return _app(row, map(_key, await connection.execute(active)))

    async def add(self, app: StoredApp) -> None:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(
                    insert(AppRow).values(
                        id=app.id,
                        name=app.name,
                        settings=json.dumps(dict(app.settings)),
                        enabled=app.enabled,
                        created_at=app.created_at,
                        updated_at=app.updated_at,
                    )
                )
                for key in app.keys:
                    await self._insert_key(connection, app.id, key)
        except IntegrityError as fault:
            raise Conflict(
                f"the id {app.id}, or a key of the app, is taken in the database; choose another"
            ) from fault

    async def put(self, app: StoredApp) -> bool:
        """See the port."""
        values = {
            "name": app.name,
            "settings": json.dumps(dict(app.settings)),
            "enabled": app.enabled,
            "updated_at": app.updated_at,
        }
        async with self._engine.begin() as connection:
            done = await connection.execute(update(AppRow).where(AppRow.id == app.id).values(values))
        return bool(done.rowcount)

    async def remove(self, app_id: str) -> bool:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(AppRow).where(AppRow.id == app_id))
        return bool(done.rowcount)

    async def add_key(self, app_id: str, key: StoredKey) -> bool:
        """See the port."""
        try:
            async with self._engine.begin() as connection:
                if not await self._touch(connection, app_id, key.created_at):
                    return False
                await self._insert_key(connection, app_id, key)
        except IntegrityError as fault:
            raise Conflict(f"the key {key.pair.key} is taken in the database; make another") from fault
        return True

    async def revoke_key(self, app_id: str, key: str, *, now: float) -> Revocation:
        """See the port."""
        mine = (AppKeyRow.app_id == app_id, AppKeyRow.revoked_at.is_(None))
        async with self._engine.begin() as connection:
            # First the app's own row: whoever revokes another of its keys waits here until this is done.
            await self._touch(connection, app_id, now)
            left = await connection.scalar(select(func.count()).select_from(AppKeyRow).where(*mine))
            there = await connection.scalar(select(AppKeyRow.key).where(*mine, AppKeyRow.key == key))
            if there is None:
                return Revocation.UNKNOWN
            if left == 1:
                return Revocation.LAST
            await connection.execute(
                update(AppKeyRow).where(*mine, AppKeyRow.key == key).values(revoked_at=now)
            )
        return Revocation.REVOKED

    async def _touch(self, connection: AsyncConnection, app_id: str, now: float) -> bool:
        done = await connection.execute(update(AppRow).where(AppRow.id == app_id).values(updated_at=now))
        return bool(done.rowcount)

    async def _insert_key(self, connection: AsyncConnection, app_id: str, key: StoredKey) -> None:
        await connection.execute(
            insert(AppKeyRow).values(
                app_id=app_id,
                key=key.pair.key,
                secret=key.pair.secret,
                created_at=key.created_at,
            )
        )


def _key(row: Row[tuple[object, ...]]) -> StoredKey:
    return StoredKey(AppKey(row.key, row.secret), row.created_at)


def _app(row: Row[tuple[object, ...]], keys: Iterable[StoredKey]) -> StoredApp:
    return StoredApp(
        row.id,
        row.name,
        json.loads(row.settings),
        row.enabled,
        tuple(keys),
        row.created_at,
        row.updated_at,
    )
