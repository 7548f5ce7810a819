"""Counting who uses the old sockets, with a store that can be away."""

from collections.abc import Sequence
from typing import Any

import pytest

from toolboxai.platform.migration.store import UsageRow, UsageUnavailable, Use
from toolboxai.platform.migration.usage import KEPT_DAYS, OTHERS, UsageLedger, use_of
from toolboxai.testing.clock import ManualClock

DAY_S = 86400.0


class Kept:
    """A store that remembers what it was given, or does not answer."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Use, str], UsageRow] = {}
        self.writes = 0
        self.pruned: list[str] = []
        self.away: BaseException | None = None

    async def add(self, rows: Sequence[UsageRow]) -> None:
        if self.away is not None:
            raise self.away
        self.writes += 1
        assert [(row.use, row.day) for row in rows] == sorted((row.use, row.day) for row in rows)
        self.rows |= {(row.use, row.day): row for row in rows}

    async def prune(self, before_day: str) -> None:
        if self.away is not None:
            raise self.away
        self.pruned.append(before_day)

    async def clients(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    endpoints = days = clients

    def row(self, **who: str) -> UsageRow:
        (row,) = [row for (use, _), row in self.rows.items() if use == a_use(**who)]
        return row


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def ledger(kept: Kept, clock: ManualClock) -> UsageLedger:
    return UsageLedger(kept, clock)


def who(**changes: str) -> dict[str, str]:
    return {
        "endpoint": "content",
        "user_agent": "websockets/15",
        "client": "",
        "user_id": "user_1",
        "organization_id": "org_1",
        **changes,
    }


def a_use(**changes: str) -> Use:
    return use_of(**who(**changes))


async def test_connections_and_messages_are_counted_by_use_and_day(
    ledger: UsageLedger, kept: Kept, clock: ManualClock
) -> None:
    began = clock.now()
    ledger.opened(**who())
    ledger.opened(**who(client="lesson bot"))
    clock.advance(60)
    ledger.opened(**who())
    ledger.closed(7, **who())
    ledger.closed(2, **who())
    await ledger.flush()
    assert len(kept.rows) == 2
    assert kept.row() == UsageRow(a_use(), "2026-05-28", 2, 9, began, began + 60)
    assert kept.row(client="lesson bot").connections == 1


async def test_what_ends_after_midnight_is_of_the_day_on_which_it_ends(
    ledger: UsageLedger, kept: Kept, clock: ManualClock
) -> None:
    ledger.opened(**who())
    clock.advance(DAY_S)
    ledger.closed(3, **who())
    await ledger.flush()
    rows = {day: (row.connections, row.messages) for (_, day), row in kept.rows.items()}
    assert rows == {"2026-05-28": (1, 0), "2026-05-29": (0, 3)}


async def test_a_client_that_stays_is_seen_again_and_again_and_one_that_left_is_not(
    ledger: UsageLedger, kept: Kept, clock: ManualClock
) -> None:
    ledger.opened(**who())
    ledger.opened(**who())
    ledger.opened(**who(client="left"))
    ledger.closed(1, **who(client="left"))
    await ledger.flush()
    clock.advance(599)
    await ledger.flush()
    assert kept.writes == 1, "not every two seconds"
    clock.advance(1)
    await ledger.flush()
    assert kept.row().last_seen == clock.now()
    assert (kept.row().connections, kept.row().messages) == (0, 0)
    clock.advance(8 * DAY_S)
    ledger.closed(2, **who())
    await ledger.flush()
    assert kept.rows[a_use(), "2026-06-05"].last_seen == clock.now()
    ledger.closed(2, **who())
    await ledger.flush()
    clock.advance(DAY_S)
    await ledger.flush()
    assert {day for _, day in kept.rows} == {"2026-05-28", "2026-06-05"}


async def test_nothing_new_is_no_write(ledger: UsageLedger, kept: Kept) -> None:
    await ledger.flush()
    ledger.opened(**who())
    await ledger.flush()
    await ledger.flush()
    assert kept.writes == 1


@pytest.mark.parametrize("away", [UsageUnavailable("away"), ValueError("a bug"), KeyboardInterrupt()])
async def test_what_could_not_be_written_is_merged_with_what_comes_next(
    ledger: UsageLedger, kept: Kept, clock: ManualClock, away: BaseException
) -> None:
    began = clock.now()
    ledger.opened(**who())
    kept.away = away
    if isinstance(away, UsageUnavailable):
        await ledger.flush()
    else:
        with pytest.raises(type(away)):
            await ledger.flush()
    clock.advance(5)
    ledger.opened(**who())
    kept.away = None
    await ledger.flush()
    assert kept.row() == UsageRow(a_use(), "2026-05-28", 2, 0, began, began + 5)


async def test_what_comes_while_it_is_written_is_written_the_next_time(
    ledger: UsageLedger, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(rows: Sequence[UsageRow]) -> None:
        ledger.opened(**who())
        raise UsageUnavailable("away")

    ledger.opened(**who())
    with monkeypatch.context() as patched:
        patched.setattr(kept, "add", slow)
        await ledger.flush()
    await ledger.flush()
    assert kept.row().connections == 2


async def test_memory_is_bounded_however_long_the_database_is_away(ledger: UsageLedger, kept: Kept) -> None:
    kept.away = UsageUnavailable("away")
    for number in range(5_100):
        ledger.opened(**who(user_id=f"user_{number}"))
        if number % 1000 == 0:
            await ledger.flush()
    kept.away = None
    await ledger.flush()
    assert len(kept.rows) == 5_001
    others = Use("content", OTHERS, "", "", "")
    assert kept.rows[others, "2026-05-28"].connections == 100


async def test_who_invents_names_does_not_fill_the_database(
    ledger: UsageLedger, kept: Kept, clock: ManualClock
) -> None:
    for number in range(30):
        ledger.opened(**who(client=f"name {number}"))
        ledger.closed(1, **who(client=f"name {number}"))
    for number in range(1_200):
        ledger.opened(**who(endpoint="native", user_agent=str(number), user_id="", organization_id=""))
    ledger.opened(**who(user_id="user_2"))
    await ledger.flush()
    ours = [row for (use, _), row in kept.rows.items() if use.user_id == "user_1"]
    assert len(ours) == 21
    others = kept.row(user_agent=OTHERS)
    assert (others.connections, others.messages) == (10, 10)
    nobody = [row for (use, _), row in kept.rows.items() if not use.user_id]
    assert len(nobody) == 1_001
    assert sum(row.connections for row in nobody) == 1_200
    assert kept.row(user_id="user_2").connections == 1
    clock.advance(DAY_S)
    ledger.opened(**who(client="a new day"))
    await ledger.flush()
    assert kept.row(client="a new day").connections == 1


def test_texts_are_cut_and_cannot_harm_who_reads_them() -> None:
    use = use_of(
        endpoint="content",
        user_agent="a\x00b\x1b[31m\ud800\u202ec " + "x" * 900,
        client="\r\nSet-Cookie: ü",
        user_id="u" * 900,
        organization_id="o" * 900,
    )
    assert use.user_agent == ("ab[31mc " + "x" * 900)[:200]
    assert use.client == "Set-Cookie: ü"
    assert (len(use.user_id), len(use.organization_id)) == (128, 64)


async def test_once_a_day_what_is_too_old_is_forgotten(
    ledger: UsageLedger, kept: Kept, clock: ManualClock
) -> None:
    await ledger.flush()
    await ledger.flush()
    assert kept.pruned == ["2025-04-24"], f"{KEPT_DAYS} days, today included"
    clock.advance(DAY_S)
    kept.away = UsageUnavailable("away")
    await ledger.flush()
    kept.away = None
    await ledger.flush()
    assert kept.pruned == ["2025-04-24", "2025-04-25"]
