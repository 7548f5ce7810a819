"""Password hashes: right ones, wrong ones, and a bounded line."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from toolboxai.adapters.argon2_hashes import Argon2Hashes
from toolboxai.adapters.passwords import THREADS, WAITING, Argon2Passwords
from toolboxai.errors import RateLimitExceeded


@pytest.fixture
async def slow() -> AsyncIterator[Argon2Passwords]:
    """Dear enough that a line forms."""
    passwords = Argon2Passwords(Argon2Hashes(memory_kib=32768, time_cost=1))
    yield passwords
    passwords.close()


class Held(str):
    """A password whose hash is not begun before the gate is open."""

    gate = threading.Event()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        assert self.gate.wait(10)
        return super().encode(encoding, errors)


async def test_a_password_fits_its_own_hash_and_no_other(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert (await passwords.verify("correct horse", kept)).right
    assert not (await passwords.verify("correct horse ", kept)).right
    assert not (await passwords.verify("", kept)).right


async def test_two_hashes_of_one_password_differ(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_without_an_account_every_password_is_wrong(passwords: Argon2Passwords) -> None:
    for password in ("", "correct horse", "\x00"):
        assert not (await passwords.verify(password, None)).right


async def test_what_is_no_hash_lets_nobody_in(passwords: Argon2Passwords) -> None:
    for kept in ("", "plain text", "$argon2id$v=19$m=32,t=1,p=4$AAAA", "$2b$12$abc"):
        assert not (await passwords.verify(kept, kept)).right


async def test_a_hash_with_older_costs_comes_with_a_better_one(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert (await passwords.verify("correct horse", kept)).better_hash is None
    dearer = Argon2Passwords(Argon2Hashes(memory_kib=64, time_cost=1))
    verdict = await dearer.verify("correct horse", kept)
    assert verdict.better_hash is not None
    assert (await dearer.verify("correct horse", verdict.better_hash)).right
    assert (await dearer.verify("wrong", kept)).better_hash is None
    dearer.close()


async def test_the_loop_goes_on_while_hashes_are_made(slow: Argon2Passwords) -> None:
    hashing = asyncio.gather(*(slow.hash("correct horse") for _ in range(4)))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 4
    await hashing


async def test_a_line_that_is_full_sends_away_and_serves_all_who_are_in_it(
    passwords: Argon2Passwords,
) -> None:
    crowd = [
        asyncio.ensure_future(passwords.hash(Held("correct horse"))) for _ in range(THREADS + WAITING + 3)
    ]
    await asyncio.sleep(0)
    Held.gate.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    refused = [result for result in results if isinstance(result, RateLimitExceeded)]
    assert len(refused) == 3
    assert refused[0].retry_after_s == 2
    assert sum(isinstance(result, str) for result in results) == THREADS + WAITING
    assert (await passwords.hash("correct horse")).startswith("$argon2id$")


async def test_somebody_who_leaves_the_line_makes_room(slow: Argon2Passwords) -> None:
    crowd = [asyncio.ensure_future(slow.hash("correct horse")) for _ in range(THREADS + WAITING)]
    await asyncio.sleep(0)
    crowd[-1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await crowd[-1]
    assert (await slow.hash("correct horse")).startswith("$argon2id$")
    await asyncio.gather(*crowd[:-1])
