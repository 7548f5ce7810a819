"""Game servers of worlds in the database."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Boolean, Double, ForeignKey, Integer, String, delete, func, insert, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.adapters.database.engine import Base
from toolboxai.adapters.database.environment_tables import EnvironmentRow
from toolboxai.adapters.database.owner_turns import one_at_a_time
from toolboxai.platform.games.model import GameServer

__all__ = ["DatabaseGameServerStore", "GameServerRow"]


class GameServerRow(Base):
    """A running world's right to speak; of its token the hash alone is here. The numbers are of what was told."""

    __tablename__ = "game_servers"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    environment_id: Mapped[str] = mapped_column(ForeignKey(EnvironmentRow.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    token_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Double)
    last_message: Mapped[int] = mapped_column(Integer, server_default="0")
    last_event: Mapped[int] = mapped_column(Integer, server_default="0")
    told_event: Mapped[int] = mapped_column(Integer, server_default="0")
    quiz_open: Mapped[bool] = mapped_column(Boolean, server_default=true())


_FACTS: Final = (
    GameServerRow.id,
    GameServerRow.environment_id,
    GameServerRow.name,
    GameServerRow.token_sha256,
    GameServerRow.created_at,
)


class DatabaseGameServerStore:
    """Satisfies ``platform.games.store.GameServerStore`` on SQLite and Postgres; each method is one transaction.

    Args:
        engine: from ``engine.open_engine``; its schema is up to date.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, server: GameServer, *, most: int) -> bool:
        """See the port."""
        of_world = GameServerRow.environment_id == server.environment_id
        try:
            async with self._engine.begin() as connection:
                await one_at_a_time(connection, server.environment_id)
                await connection.execute(
                    insert(GameServerRow).values(
                        id=server.id,
                        environment_id=server.environment_id,
                        name=server.name,
                        token_sha256=server.token_sha256,
                        created_at=server.created_at,
                    )
                )
                there = await connection.scalar(
                    select(func.count()).select_from(GameServerRow).where(of_world)
                )
                if there is not None and there > most:
                    await connection.rollback()
                    return False
        except IntegrityError:  # the world went meanwhile
            return False
        return True

    async def server(self, game_server_id: str) -> GameServer | None:
        """See the port."""
        query = select(*_FACTS).where(GameServerRow.id == game_server_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else GameServer(**row._mapping)

    async def servers(self, environment_id: str) -> Sequence[GameServer]:
        """See the port."""
        query = (
            select(*_FACTS)
            .where(GameServerRow.environment_id == environment_id)
            .order_by(GameServerRow.created_at, GameServerRow.id)
        )
        async with self._engine.connect() as connection:
            return [GameServer(**row._mapping) for row in await connection.execute(query)]

    async def remove(self, game_server_id: str) -> bool:
        """See the port."""
        async with self._engine.begin() as connection:
            done = await connection.execute(delete(GameServerRow).where(GameServerRow.id == game_server_id))
        return done.rowcount > 0
