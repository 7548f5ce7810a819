"""Who has to wait, by account and by address."""

from ipaddress import ip_network

import pytest

from toolboxai.adapters.try_window import MemoryTryWindow
from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.identity.limiter import ALLOWANCES, AttemptLimiter, Attempts
from toolboxai.protocol.allow_list import AllowedNetwork, AllowList
from toolboxai.testing.clock import ManualClock


@pytest.fixture
def limiter(clock: ManualClock) -> AttemptLimiter:
    return AttemptLimiter(MemoryTryWindow(), clock)


async def _refused(limiter: AttemptLimiter, what: Attempts, **who: str) -> int:
    with pytest.raises(RateLimitExceeded) as refusal:
        await limiter.admit(what, **who)  # type: ignore[arg-type]
    return refusal.value.retry_after_s


async def test_an_account_has_so_many_tries_a_minute_from_wherever_they_come(limiter: AttemptLimiter) -> None:
    for number in range(ALLOWANCES[Attempts.LOGIN].account.per_minute):
        await limiter.admit(Attempts.LOGIN, account="anna", address=f"10.0.0.{number}")
    assert 1 <= await _refused(limiter, Attempts.LOGIN, account="anna", address="10.0.1.1") <= 60
    await limiter.admit(Attempts.LOGIN, account="ben", address="10.0.0.1")


async def test_an_address_has_so_many_tries_a_minute_for_whatever_account(limiter: AttemptLimiter) -> None:
    for number in range(ALLOWANCES[Attempts.LOGIN].address.per_minute):
        await limiter.admit(Attempts.LOGIN, account=f"pupil{number}", address="10.0.0.1")
    assert 1 <= await _refused(limiter, Attempts.LOGIN, account="one-more", address="10.0.0.1") <= 60
    await limiter.admit(Attempts.LOGIN, account="one-more", address="10.0.0.2")


async def test_failures_make_the_account_wait_longer_each_time(
    limiter: AttemptLimiter, clock: ManualClock
) -> None:
    waits = []
    for _ in range(8):
        limiter.failed(Attempts.LOGIN, account="anna")
        try:
            await limiter.admit(Attempts.LOGIN, account="anna")
        except RateLimitExceeded as refusal:
            waits.append(refusal.retry_after_s)
    assert waits == [1, 2, 4, 8]
    clock.advance(8)
    await limiter.admit(Attempts.LOGIN, account="anna")


async def test_a_refusal_during_the_wait_does_not_make_it_longer(
    limiter: AttemptLimiter, clock: ManualClock
) -> None:
    for _ in range(6):
        limiter.failed(Attempts.LOGIN, account="anna")
    for _ in range(50):
        await _refused(limiter, Attempts.LOGIN, account="anna")
    clock.advance(2)
    await limiter.admit(Attempts.LOGIN, account="anna")


async def test_a_success_frees_the_account_and_not_the_address(limiter: AttemptLimiter) -> None:
    for _ in range(60):
        limiter.failed(Attempts.LOGIN, account="anna", address="10.0.0.1")
    limiter.succeeded(Attempts.LOGIN, account="anna")
    await limiter.admit(Attempts.LOGIN, account="anna", address="10.0.0.2")
    await _refused(limiter, Attempts.LOGIN, account="anna", address="10.0.0.1")


async def test_kinds_of_tries_do_not_touch_one_another(limiter: AttemptLimiter) -> None:
    for _ in range(8):
        limiter.failed(Attempts.LOGIN, account="anna", address="10.0.0.1")
    await limiter.admit(Attempts.REFRESH, account="anna", address="10.0.0.1")


async def test_a_page_that_comes_back_has_all_its_channels_signed(limiter: AttemptLimiter) -> None:
    for _ in range(10):  # ten tabs of forty channels
        for _ in range(40):
            await limiter.admit(Attempts.CHANNEL_AUTH, account="anna", address="10.0.0.1")


async def test_a_batch_counts_each_of_its_names(limiter: AttemptLimiter) -> None:
    per_minute = ALLOWANCES[Attempts.CHANNEL_AUTH].account.per_minute
    for _ in range(per_minute // 100):
        await limiter.admit(Attempts.CHANNEL_AUTH, account="anna", tries=100)
    await _refused(limiter, Attempts.CHANNEL_AUTH, account="anna")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("unknown", "unknown", True),
    ],
)
async def test_a_household_of_ipv6_is_one_address(
    limiter: AttemptLimiter, one: str, other: str, same: bool
) -> None:
    for _ in range(100):
        limiter.failed(Attempts.LOGIN, address=one)
    if same:
        await _refused(limiter, Attempts.LOGIN, address=other)
    else:
        await limiter.admit(Attempts.LOGIN, address=other)


async def test_a_listed_network_has_a_number_of_its_own_or_none_and_accounts_stay_bounded(
    clock: ManualClock,
) -> None:
    listed = [
        AllowedNetwork(ip_network("10.1.0.0/16")),
        AllowedNetwork(ip_network("10.2.0.0/16"), tries_per_minute_per_ip=3),
    ]
    limiter = AttemptLimiter(MemoryTryWindow(), clock, allow_list=AllowList(listed))
    for number in range(2000):
        await limiter.admit(Attempts.LOGIN, account=f"pupil{number}", address="10.1.0.1")
        limiter.failed(Attempts.LOGIN, address="10.1.0.1")
    for number in range(3):
        await limiter.admit(Attempts.LOGIN, account=f"pupil{number}", address="10.2.0.1")
        for _ in range(200):
            limiter.failed(Attempts.LOGIN, address="10.2.0.1")
    assert await _refused(limiter, Attempts.LOGIN, account="pupil9", address="10.2.0.1") >= 1
    for _ in range(6):
        limiter.failed(Attempts.LOGIN, account="anna", address="10.1.0.1")
    await _refused(limiter, Attempts.LOGIN, account="anna", address="10.1.0.1")
