"""What has been announced, on SQLite and on Postgres."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.engine import open_engine
from toolboxai.adapters.database.notices import DatabaseNoticeStore
from toolboxai.platform.notifications.store import NoticesUnavailable


async def test_the_last_step_is_kept_and_what_is_long_over_is_forgotten(database: AsyncEngine) -> None:
    store = DatabaseNoticeStore(database)
    assert await store.told() == {}
    await store.note("1-2 content", 1, ends_at=2.0, forget_before=0.0)
    await store.note("1-2 content", 3, ends_at=2.0, forget_before=0.0)
    await store.note("5-6 agent", 1, ends_at=6.0, forget_before=0.0)
    assert await store.told() == {"1-2 content": 3, "5-6 agent": 1}
    await store.note("5-6 agent", 2, ends_at=6.0, forget_before=3.0)
    assert await store.told() == {"5-6 agent": 2}


async def test_a_database_that_is_away_is_told_as_such() -> None:
    async with open_engine("postgresql://nobody@127.0.0.1:1/none") as engine:
        store = DatabaseNoticeStore(engine)
        with pytest.raises(NoticesUnavailable):
            await store.told()
        with pytest.raises(NoticesUnavailable):
            await store.note("1-2 content", 1, ends_at=2.0, forget_before=0.0)
