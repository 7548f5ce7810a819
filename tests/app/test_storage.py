"""The database of one server, opened by its parts one after another."""

from pathlib import Path

import pytest
from sqlalchemy import text

from toolboxai.app.storage import Storage
from toolboxai.config.model import DatabaseTable, Settings
from toolboxai.errors import StorageUnavailable
from toolboxai.testing.clock import ManualClock


async def test_a_part_that_opens_it_while_the_file_is_away_makes_no_other(
    tmp_path: Path, clock: ManualClock
) -> None:
    file, away = tmp_path / "toolboxai.db", tmp_path / "away"
    settings = Settings(database=DatabaseTable(url=f"sqlite:///{file}"))
    storage = Storage(settings, clock)
    async with storage.open():
        file.rename(away)
        async with storage.open() as late:
            with pytest.raises(StorageUnavailable):
                async with late.begin() as connection:
                    await connection.execute(text("SELECT 1"))
            assert not file.exists()
            away.rename(file)
            async with late.begin() as connection:
                assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar_one() == 0
