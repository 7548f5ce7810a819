"""Written first, told second, in one order, also when the way out fails for a while."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import Listener, a_session
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.platform.content.records.sessions import Change, EventType, Stage, Status
from toolboxai.platform.content.run.events import SessionNames, private_channel, public_channel
from toolboxai.platform.runs.events import Draft, PublicCompat
from toolboxai.platform.runs.ledger import Ledger
from toolboxai.platform.runs.records import Superseded

NOW = 1_780_000_100.0
PRIVATE, PUBLIC = private_channel("gen_1"), public_channel("gen_1")


def told(percent: int) -> Draft:
    data = {
        "session_id": "gen_1",
        "stage": Stage.QUIZ.value,
        "progress_percent": percent,
        "message": "secret",
    }
    return Draft(EventType.PROGRESS_UPDATE, data)


def change(*percents: int, status: Status | None = None) -> Change:
    return Change(attempt=1, at=NOW, status=status, events=tuple(told(percent) for percent in percents))


@pytest.fixture
async def store(database: AsyncEngine) -> DatabaseContentStore:
    store = DatabaseContentStore(database)
    await store.create(a_session(), active_limit=5)
    return store


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def ledger(store: DatabaseContentStore, listener: Listener) -> Ledger[Change]:
    return Ledger(store, listener, SessionNames(PublicCompat.SAFE))


@pytest.fixture
async def patient(store: DatabaseContentStore, listener: Listener) -> AsyncIterator[Ledger[Change]]:
    """One that tries again without delay."""
    ledger = Ledger(store, listener, SessionNames(PublicCompat.SAFE), pauses_s=[0.01] * 100)
    yield ledger
    await ledger.close()


def numbers(listener: Listener, channel: str = PRIVATE) -> list[int]:
    return [said["seq"] for said in listener.on(channel)]


async def announced(store: DatabaseContentStore) -> int:
    session = await store.session("gen_1")
    assert session is not None
    return session.announced_seq


async def test_many_writers_are_told_in_the_order_of_their_numbers(
    ledger: Ledger[Change], listener: Listener
) -> None:
    await asyncio.gather(*(ledger.record("gen_1", change(n, n)) for n in range(8)))
    assert numbers(listener) == list(range(1, 17))
    assert numbers(listener, PUBLIC) == list(range(1, 17))


async def test_a_refused_change_tells_nothing(ledger: Ledger[Change], listener: Listener) -> None:
    await ledger.record("gen_1", change(status=Status.CANCELLED))
    with pytest.raises(Superseded):
        await ledger.record("gen_1", change(50))
    assert listener.heard == []


async def test_what_could_not_be_told_is_told_as_soon_as_it_can_be(
    patient: Ledger[Change], listener: Listener, store: DatabaseContentStore
) -> None:
    await patient.record("gen_1", change(1))
    listener.failing = True
    await patient.record("gen_1", change(2, 3))
    await patient.record("gen_1", change(4))
    assert numbers(listener) == [1]
    listener.failing = False
    await listener.until(lambda: len(numbers(listener, PUBLIC)) == 4)
    await patient.record("gen_1", change(5, status=Status.COMPLETE))
    assert numbers(listener) == [1, 2, 3, 4, 5]
    assert await announced(store) == 5


async def test_the_last_event_too_is_told_as_soon_as_it_can_be(
    patient: Ledger[Change], listener: Listener, store: DatabaseContentStore
) -> None:
    listener.failing = True
    await patient.record("gen_1", change(1, 2, status=Status.COMPLETE))
    listener.failing = False
    await listener.until(lambda: len(numbers(listener, PUBLIC)) == 2)
    assert numbers(listener) == [1, 2]
    async with asyncio.timeout(5):
        while await announced(store) < 2:
            pass


async def test_nobody_waits_for_a_way_out_that_is_shut(
    store: DatabaseContentStore, listener: Listener
) -> None:
    ledger = Ledger(store, listener, SessionNames(PublicCompat.SAFE), pauses_s=(3600.0,))
    await store.create(a_session(2), active_limit=5)
    listener.failing = True
    await ledger.record("gen_1", change(1))
    tries = listener.tries
    for number in (1, 2):
        await ledger.record(f"gen_{number}", change(2))
    assert listener.tries == tries
    await ledger.close()


async def test_what_is_refused_for_good_is_tried_with_the_next_event_and_let_go_after_the_last(
    ledger: Ledger[Change], listener: Listener, store: DatabaseContentStore
) -> None:
    listener.failing, listener.refusing = True, True
    await ledger.record("gen_1", change(1))
    listener.failing = False
    await ledger.record("gen_1", change(2))
    assert numbers(listener) == [1, 2]
    listener.failing = True
    await ledger.record("gen_1", change(3, status=Status.FAILED))
    assert await announced(store) == 2


async def test_after_some_tries_the_rest_is_left_to_the_next_start(
    store: DatabaseContentStore, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(store, listener, SessionNames(PublicCompat.SAFE), pauses_s=(0.0, 0.0))
    listener.failing = True
    await ledger.record("gen_1", change(1, status=Status.COMPLETE))
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "tell gen_1"))
    assert listener.tries == 3
    assert "next start" in caplog.records[-1].message
    assert caplog.records[-1].levelname == "ERROR"


async def test_how_far_the_telling_came_is_written_down_with_the_next_change(
    ledger: Ledger[Change], store: DatabaseContentStore
) -> None:
    await ledger.record("gen_1", change(1))
    assert await announced(store) == 0
    await ledger.record("gen_1", change(2))
    assert await announced(store) == 1


async def test_and_when_nothing_more_is_told(ledger: Ledger[Change], store: DatabaseContentStore) -> None:
    await ledger.record("gen_1", change(1, 2))
    await ledger.close()
    assert await announced(store) == 2


async def test_after_a_start_the_told_is_put_back_and_the_rest_is_told(
    ledger: Ledger[Change], listener: Listener, store: DatabaseContentStore
) -> None:
    await ledger.record("gen_1", change(1, 2))
    listener.failing = True
    await ledger.record("gen_1", change(3, status=Status.FAILED))
    await ledger.close()

    later = Listener()
    session = await store.session("gen_1")
    assert session is not None
    await Ledger(store, later, SessionNames(PublicCompat.SAFE)).take_up(
        "gen_1", await store.events("gen_1"), announced=session.announced_seq, over=True
    )
    assert [said["seq"] for said in later.restored[PRIVATE]] == [1, 2]
    assert [said["seq"] for said in later.restored[PUBLIC]] == [1, 2]
    assert "secret" in str(later.restored[PRIVATE])
    assert "secret" not in str(later.restored[PUBLIC])
    assert numbers(later) == [3]
    assert await announced(store) == 3


@pytest.mark.parametrize("compat", [PublicCompat.OFF, PublicCompat.FULL])
async def test_history_is_put_back_in_the_form_in_which_it_was_told(
    store: DatabaseContentStore, listener: Listener, compat: PublicCompat
) -> None:
    ledger = Ledger(store, listener, SessionNames(compat))
    events = await ledger.record("gen_1", change(1))
    await ledger.take_up("gen_1", events, announced=1, over=False)
    public = {"secret" in str(listener.restored[PUBLIC])} if PUBLIC in listener.restored else set()
    assert public == ({True} if compat is PublicCompat.FULL else set())
