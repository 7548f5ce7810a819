"""What running worlds and their owners tell each other, on SQLite and on Postgres."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.test_game_server_store import SERVER, worlds
from toolboxai.adapters.database.environments import DatabaseEnvironmentStore
from toolboxai.adapters.database.game_servers import DatabaseGameServerStore
from toolboxai.adapters.database.game_talk import DatabaseGameTalkStore
from toolboxai.platform.games.model import KEPT_S, GameEvent, GameMessage, GameMessageKind, TalkState
from toolboxai.platform.messages.game import GameEventKind

__all__ = ["worlds"]

HELLO = GameMessage(GameMessageKind.CUSTOM, {"text": "Grüß dich"})
DOOR = GameEvent(id="e1", kind=GameEventKind.CUSTOM, name="door", value=True, at=50.0)


@pytest.fixture
async def store(worlds: DatabaseEnvironmentStore, database: AsyncEngine) -> DatabaseGameTalkStore:
    assert await DatabaseGameServerStore(database).add(SERVER, most=9)
    return DatabaseGameTalkStore(database)


async def test_messages_at_once_have_numbers_without_gaps_and_a_key_makes_one(
    store: DatabaseGameTalkStore,
) -> None:
    keyed = replace(HELLO, idempotency_key="k")
    sent = await asyncio.gather(
        *(store.add_message("game_1", each, at=100.0) for each in (HELLO, keyed, HELLO, keyed, keyed))
    )
    numbers = [each.seq for each in sent if each is not None]
    assert sorted(set(numbers)) == [1, 2, 3]
    assert len({numbers[1], numbers[3], numbers[4]}) == 1
    found = await store.messages("game_1", after=0, since=0.0)
    assert found is not None
    state, items = found
    assert state == TalkState(3, True, 0, 0)
    assert [each.seq for each in items] == [1, 2, 3]
    assert {str(each.data) for each in items} == {str(HELLO.data)}


async def test_the_quiz_is_as_the_newest_message_of_it_says(store: DatabaseGameTalkStore) -> None:
    for kind in (GameMessageKind.QUIZ_CLOSE, GameMessageKind.CUSTOM):
        await store.add_message("game_1", GameMessage(kind, {}), at=1.0)
        assert await store.state("game_1") == TalkState((await numbers(store))[-1], False, 0, 0)
    await store.add_message("game_1", GameMessage(GameMessageKind.QUIZ_OPEN, {}), at=1.0)
    assert await store.state("game_1") == TalkState(3, True, 0, 0)


async def numbers(store: DatabaseGameTalkStore, since: float = 0.0) -> list[int]:
    found = await store.messages("game_1", after=0, since=since)
    assert found is not None
    return [each.seq for each in found[1]]


async def test_what_is_old_or_too_much_goes_with_what_comes(
    store: DatabaseGameTalkStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "toolboxai.adapters.database.game_talk"
    monkeypatch.setattr(f"{module}.MESSAGES_KEPT", 2)
    monkeypatch.setattr(f"{module}.EVENTS_KEPT", 2)
    for number in range(3):
        await store.add_message("game_1", HELLO, at=100.0 + number)
        await store.add_events("game_1", [replace(DOOR, id=f"e{number}")], at=100.0 + number)
    assert await numbers(store) == [2, 3]
    assert [each.seq for each in await store.events("game_1", after=0, since=0.0, limit=9)] == [2, 3]
    await store.add_message("game_1", HELLO, at=102.0 + KEPT_S)
    await store.add_events("game_1", [replace(DOOR, id="e9")], at=102.0 + KEPT_S)
    assert await numbers(store) == [4]
    assert [each.seq for each in await store.events("game_1", after=0, since=0.0, limit=9)] == [4]


async def test_events_at_once_count_once_each(store: DatabaseGameTalkStore) -> None:
    batches = [[replace(DOOR, id=f"e{n}"), replace(DOOR, id=f"e{n + 1}")] for n in range(8)]
    kept = await asyncio.gather(*(store.add_events("game_1", batch, at=100.0) for batch in batches))
    fresh = [one.seq for batch in kept if batch is not None for one in batch if one.fresh]
    assert sorted(fresh) == list(range(1, 10))
    found = await store.events("game_1", after=0, since=0.0, limit=99)
    assert [each.seq for each in found] == list(range(1, 10))
    assert {each.event.id for each in found} == {f"e{n}" for n in range(9)}
    assert {(each.event.value, each.event.at, each.received_at) for each in found} == {(True, 50.0, 100.0)}


async def test_of_a_batch_with_a_known_id_that_says_something_else_none_is_kept(
    store: DatabaseGameTalkStore,
) -> None:
    await store.add_events("game_1", [DOOR], at=100.0)
    batch = [replace(DOOR, id="e2"), replace(DOOR, value=1.0)]
    kept = await store.add_events("game_1", batch, at=100.0)
    assert kept is not None
    assert kept[1].event == DOOR
    state = await store.state("game_1")
    assert state is not None
    assert state.last_event == 1


async def test_how_far_it_was_told_goes_forward_alone(store: DatabaseGameTalkStore) -> None:
    for seq, told in ((3, 3), (2, 3), (4, 4)):
        await store.note_told("game_1", seq)
        state = await store.state("game_1")
        assert state is not None
        assert state.told_event == told


async def test_all_of_it_goes_with_its_game_server(
    store: DatabaseGameTalkStore, database: AsyncEngine
) -> None:
    await store.add_message("game_1", HELLO, at=1.0)
    await store.add_events("game_1", [DOOR], at=1.0)
    servers = DatabaseGameServerStore(database)
    assert await servers.remove("game_1")
    assert await store.state("game_1") is None
    assert await store.messages("game_1", after=0, since=0.0) is None
    assert await store.add_message("game_1", HELLO, at=1.0) is None
    assert await store.add_events("game_1", [DOOR], at=1.0) is None
    assert await servers.add(SERVER, most=9)
    assert await numbers(store) == []
    assert await store.state("game_1") == TalkState(0, True, 0, 0)
