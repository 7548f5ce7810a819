"""What is kept of a person is found in every table: handed out, deleted, forgotten in time. On SQLite and Postgres."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.attempt_tables import AttemptRow
from toolboxai.adapters.database.class_tables import ClassMemberRow
from toolboxai.adapters.database.content_tables import EventRow, SessionRow
from toolboxai.adapters.database.environment_tables import EnvironmentRow
from toolboxai.adapters.database.game_talk import GameEventRow, GameMessageRow
from toolboxai.adapters.database.identity import UserRow
from toolboxai.adapters.database.links import LinkRow
from toolboxai.adapters.database.old_socket_uses import OldSocketUseRow
from toolboxai.adapters.database.personal import NOBODY, DatabasePersonalStore
from toolboxai.adapters.database.personal_places import NOT_EXPORTED, PLACES
from toolboxai.adapters.database.resource_tables import ShareRow
from toolboxai.adapters.database.school import DatabaseSchoolStore
from toolboxai.platform.identity.model import User
from toolboxai.platform.school.store import LastAdmin
from whole_lives import NOW, add_school, everything, live, put

DAY = 86_400.0


@pytest.fixture
def store(database: AsyncEngine) -> DatabasePersonalStore:
    return DatabasePersonalStore(database)


async def filled(engine: AsyncEngine, **people: Mapping[str, Any]) -> None:
    async with engine.begin() as connection:
        for school in ("org_1", "org_2"):
            await add_school(connection, school)
        for name, facts in people.items():
            await live(connection, name, **facts)


async def account(engine: AsyncEngine, name: str, school: str = "org_1") -> User:
    found = await DatabaseSchoolStore(engine).user(school, f"user_{name}")
    assert found is not None
    return found


def naming(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], *words: str
) -> dict[str, list[Mapping[str, Any]]]:
    """Rows in which one of these words stands anywhere, by table."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table, lines in rows.items():
        for line in lines:
            if any(word in str(value) for value in line.values() for word in words):
                found.setdefault(table.rpartition(".")[2], []).append(line)
    return found


async def exported(store: DatabasePersonalStore, user_id: str) -> dict[str, list[Mapping[str, Any]]]:
    return {one.name: [row async for row in one.rows] for one in store.sections(user_id)}


async def test_every_table_is_looked_through_or_it_is_said_why_not(database: AsyncEngine) -> None:
    tables = {name for name in await everything(database) if "." not in name}
    looked_through = {place.table.__tablename__ for place in PLACES}
    assert looked_through & set(NOT_EXPORTED) == set()
    assert looked_through | set(NOT_EXPORTED) == tables


async def test_a_deletion_leaves_nothing_of_the_person_in_any_table(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, anna={}, ben={"beside": "anna"}, olga={"organization_id": "org_2"})
    before = await everything(database)
    assert set(naming(before, "ben")) == {
        *(place.table.__tablename__ for place in PLACES),
        "webhook_announced",
        "webhook_deliveries",
    }
    ben = await account(database, "ben")
    gone = await store.delete(ben)
    assert gone is not None
    assert (gone.logins, gone.sessions) == (["login_ben"], ["gen_ben"])
    after = await everything(database)
    left = naming(after, "ben")
    assert set(left) == {"audit_entries"}, left  # which keeps ids, and nothing else
    assert all("word-of" not in str(row) and "@" not in str(row) for row in left["audit_entries"])
    # What is others' is as it was; of what he wrote for others nobody is the author any more.
    for table, rows in before.items():
        others = [row for row in rows if not naming({table: [row]}, "ben")]
        assert [row for row in after[table] if row in others] == others
    (revision,) = [row for row in after["content_revisions"] if row["number"] == 3]
    assert (revision["content_id"], revision["author_id"]) == ("content_anna", NOBODY)
    (build,) = [row for row in after["environment_builds"] if row["number"] == 2]
    (script,) = [row for row in after["environment_scripts"] if row["revision"] == 2]
    assert {build["author_id"], script["author_id"]} == {NOBODY}
    assert await store.delete(ben) is None


async def test_an_export_has_all_of_the_person_nothing_of_others_and_nothing_that_opens_a_door(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, anna={}, ben={"beside": "anna"})
    found = await exported(store, "user_ben")
    assert [name for name, rows in found.items() if not rows] == []
    assert found["account"][0]["email"] == "ben@school.example"
    assert found["contents"][0]["request"] == {"source_text": "word-of-ben"}
    assert found["contents"][0]["created_at"] == "2026-05-28T20:26:40.000Z"
    assert found["answers"][0]["answer"] == "word-of-ben"
    assert {row["number"] for row in found["content_revisions"]} == {2, 3}
    whole = str(found)
    assert "code_ben" not in whole
    assert "hash_ben" not in whole
    assert "share_ben'" not in whole.replace("share_ben_", "")
    for column in ("password_hash", "refresh_id", "code_salt"):
        assert column not in whole
    assert "user_anna" not in whole
    assert (await exported(store, "user_nobody"))["account"] == []


async def test_more_than_a_page_is_exported_in_its_order(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, anna={})
    async with database.begin() as connection:
        for seq in range(2, 450):
            await put(connection, EventRow, "x", session_id="gen_anna", seq=seq, data="{}")
    events = (await exported(store, "user_anna"))["content_events"]
    assert [row["seq"] for row in events] == list(range(1, 450))


async def test_the_last_admin_of_others_is_not_deleted(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(
        database,
        ada={"role": "admin"},
        ben={},
        eve={"role": "admin", "organization_id": "org_2"},
    )
    before = await everything(database)
    ada, ben = await account(database, "ada"), await account(database, "ben")
    with pytest.raises(LastAdmin):
        await store.delete(ada)
    assert (await store.is_last_admin(ada), await store.is_last_admin(ben)) == (True, False)
    assert await everything(database) == before
    assert await store.delete(ben) is not None
    assert not await store.is_last_admin(ada)
    for name, school in (("ada", "org_1"), ("eve", "org_2")):  # nobody is left behind
        assert await store.delete(await account(database, name, school)) is not None


async def test_what_nobody_changed_or_answered_for_long_goes_and_what_is_in_use_stays(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    old = NOW - 100 * DAY
    await filled(
        database,
        old={"at": old},
        answered={"at": old},
        pupil={"beside": "answered"},  # answers, and edits, today
        running={"at": old},
        fresh={},
    )
    async with database.begin() as connection:
        await connection.execute(
            update(SessionRow).where(SessionRow.id == "gen_running").values(status="running")
        )
        await connection.execute(
            update(EnvironmentRow).where(EnvironmentRow.id == "env_running").values(status="generating")
        )
    assert await store.drop_attempts(NOW - 99 * DAY) == 6  # players of worlds among them
    assert await store.drop_tasks(NOW - 99 * DAY) == 3
    assert await store.drop_contents(NOW - 99 * DAY, limit=9) == ["gen_old"]
    assert await store.drop_contents(NOW - 99 * DAY, limit=9) == []
    worlds = await store.drop_worlds(NOW - 99 * DAY, limit=9)
    assert [world.id for world in worlds] == ["env_old"]
    assert await store.drop_worlds(NOW - 99 * DAY, limit=9) == []
    rows = await everything(database)
    assert sorted(row["id"] for row in rows["content_sessions"]) == [
        "gen_answered",
        "gen_fresh",
        "gen_pupil",
        "gen_running",
    ]
    assert {"gen_old", "env_old"}.isdisjoint(row["resource_id"] for row in rows["shares"])
    assert naming(rows, "env_old").keys() == set()
    assert {"env_answered", "env_running"} <= {row["id"] for row in rows["environments"]}
    assert sorted(row["id"] for row in rows["attempts"]) == [
        "attempt_fresh",
        "attempt_fresh_of_a_player",
        "attempt_pupil",
        "attempt_pupil_of_a_player",
    ]


async def test_guests_who_stay_away_are_found_the_longest_away_first(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, kim={}, lee={}, max={}, sam={})
    seen = {"kim": NOW - 9 * DAY, "lee": NOW - 8 * DAY, "max": NOW, "sam": None}
    async with database.begin() as connection:
        for name, at in seen.items():
            await connection.execute(
                update(UserRow).where(UserRow.id == f"user_{name}").values(guest=True, seen_at=at)
            )
    found = await store.guests_before(NOW - 7 * DAY, limit=9)
    assert [user.username for user in found] == ["kim", "lee"]
    assert await store.guests_before(NOW - 7 * DAY, limit=1) == found[:1]


async def test_guests_who_have_nothing_left_are_found_and_those_who_have_something_are_not(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    places = {"ann": ClassMemberRow, "bob": ShareRow, "kim": AttemptRow}  # where something of each is left
    seen = {**dict.fromkeys(places, NOW - 9 * DAY), "lee": NOW - 8 * DAY, "max": NOW, "sam": None}
    await filled(database, **{name: {} for name in seen})
    async with database.begin() as connection:
        for name, at in seen.items():
            user_id = f"user_{name}"
            guest = update(UserRow).where(UserRow.id == user_id).values(guest=True, seen_at=at)
            await connection.execute(guest)
            for table in (ClassMemberRow, ShareRow, AttemptRow):
                if table is not places.get(name):
                    await connection.execute(delete(table).where(table.user_id == user_id))
    found = await store.lost_guests(NOW - 7 * DAY, limit=9)
    assert {user.username for user in found} == {"lee", "sam"}
    assert len(await store.lost_guests(NOW - 7 * DAY, limit=1)) == 1


async def test_what_came_in_after_a_person_or_a_world_was_deleted_goes_with_the_next_sweep(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, anna={})
    async with database.begin() as connection:
        for user_id in ("user_gone", "env_anna", ""):
            await put(connection, OldSocketUseRow, "x", user_id=user_id)
        late = {"content_id": "content_anna", "environment_id": "env_gone"}
        await put(connection, AttemptRow, "x", id="attempt_late", user_id="player_2", **late)
        told: dict[str, Any] = {"game_server_id": "game_anna"}
        for seq, at in ((8, NOW - DAY), (9, NOW)):
            await put(connection, GameMessageRow, "x", seq=seq, created_at=at, **told)
            await put(connection, GameEventRow, "x", seq=seq, event_id=f"e{seq}", received_at=at, **told)
    before = await everything(database)
    assert await store.drop_leftovers(told_before=NOW - DAY) == 4
    rows = await everything(database)
    assert {row["user_id"] for row in rows["old_socket_uses"]} == {"user_anna", "env_anna", ""}
    assert {row["id"] for row in rows["attempts"]} == {"attempt_anna", "attempt_anna_of_a_player"}
    for table in ("game_messages", "game_events"):
        assert {row["seq"] for row in before[table]} - {row["seq"] for row in rows[table]} == {8}


async def test_an_account_of_the_identity_provider_or_without_a_password_has_none_of_its_own(
    store: DatabasePersonalStore, database: AsyncEngine
) -> None:
    await filled(database, anna={}, ben={})
    assert not await store.has_own_password("user_anna")
    async with database.begin() as connection:
        await connection.execute(update(UserRow).values(password_hash="a hash"))
    assert not await store.has_own_password("user_anna")  # it is linked
    async with database.begin() as connection:
        await connection.execute(delete(LinkRow).where(LinkRow.user_id == "user_ben"))
    assert await store.has_own_password("user_ben")
