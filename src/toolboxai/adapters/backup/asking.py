"""A backup asks the server that runs to write down what it has in memory; both speak through the database alone.

So it needs no address, no token and no right but that on the database, which whoever makes a backup has.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Final

from sqlalchemy import Engine, create_engine, delete, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from toolboxai.adapters.database.engine import sync_url
from toolboxai.adapters.database.storage_tables import BackupRequestRow
from toolboxai.clock import Clock

__all__ = ["Asked", "answer", "asked"]

_LOOK_S: Final = 0.1
_WRITE_S: Final = 60.0  # so long a server that has begun may take to write down some hundred megabytes
_STALE_S: Final = 3600.0  # what nobody removed belongs to a backup that was killed

_row: Final = BackupRequestRow


class Asked(Enum):
    """What came of it."""

    WRITTEN = "the running server has written down what it had in memory"
    NOBODY = "no running server answered, so what one may have in memory is not in it"
    LATE = "the running server did not finish writing down what it has in memory, so that is not in it"
    NOT_POSSIBLE = "the database takes nothing, so a running server was not asked for what it has in memory"


@contextmanager
def asked(url: str, wait_s: float) -> Iterator[Asked]:
    """Ask, and wait for the answer; the request is gone at the end of the block.

    Args:
        url: of the database.
        wait_s: for a server to begin, in seconds.
    """
    engine = create_engine(sync_url(url), poolclass=NullPool)
    request_id = secrets.token_hex(16)
    try:
        yield _ask(engine, request_id, wait_s)
    finally:
        with suppress(DBAPIError), engine.begin() as connection:
            old = _row.asked_at < time.time() - _STALE_S
            connection.execute(delete(_row).where(or_(_row.id == request_id, old)))
        engine.dispose()


def _ask(engine: Engine, request_id: str, wait_s: float) -> Asked:
    try:
        with engine.begin() as connection:
            connection.execute(insert(_row).values(id=request_id, asked_at=time.time()))
    except DBAPIError:
        return Asked.NOT_POSSIBLE
    began = time.monotonic()
    query = select(_row.seen_at, _row.answered_at).where(_row.id == request_id)
    while True:
        with engine.connect() as connection:
            found = connection.execute(query).one_or_none()
        if found is not None and found.answered_at is not None:
            return Asked.WRITTEN
        seen = found is not None and found.seen_at is not None
        if time.monotonic() - began > (wait_s + _WRITE_S if seen else wait_s):
            return Asked.LATE if seen else Asked.NOBODY
        time.sleep(_LOOK_S)


async def answer(engine: AsyncEngine, checkpoint: Callable[[], Awaitable[object]], clock: Clock) -> None:
    """In the server, again and again: see whether a backup waits, and write down everything for it.

    Args:
        engine: of the database.
        checkpoint: writes down what is in memory.
        clock: for when.
    """
    async with engine.connect() as connection:
        waiting = (await connection.scalars(select(_row.id).where(_row.answered_at.is_(None)))).all()
    if not waiting:
        return
    these = update(_row).where(_row.id.in_(waiting))
    async with engine.begin() as connection:
        await connection.execute(these.values(seen_at=clock.now()))
    await checkpoint()
    async with engine.begin() as connection:
        await connection.execute(these.values(answered_at=clock.now()))
