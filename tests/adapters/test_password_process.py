"""Passwords hashed in processes of their own: the same verdicts, and nothing left of it."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from callers import until
from own_processes import own_processes
from toolboxai.adapters.argon2_hashes import Argon2Hashes
from toolboxai.adapters.low_priority import NICENESS
from toolboxai.adapters.password_process import PasswordProcesses
from toolboxai.adapters.passwords import Argon2Passwords
from toolboxai.errors import ProviderUnavailable

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="LEFT OUT: it looks for processes as Linux has them"
)


@pytest.fixture
def hashes() -> Iterator[PasswordProcesses]:
    hashes = PasswordProcesses(memory_kib=32, time_cost=1)
    yield hashes
    hashes.close()
    assert workers() == []


def workers() -> list[int]:
    return own_processes("password_worker")


def test_its_verdicts_are_those_of_the_hashes_themselves(hashes: PasswordProcesses) -> None:
    here = Argon2Hashes(memory_kib=64, time_cost=1)
    kept = hashes.hash("Gr\u00fcne \U0001f422\x00")
    for password in ("Gr\u00fcne \U0001f422\x00", "Gr\u00fcne", ""):
        assert hashes.verify(password, kept).right is here.verify(password, kept).right
    for nothing in (None, "none", "", "plain text"):
        assert not hashes.verify("", nothing).right
    better = hashes.verify("x", here.hash("x")).better_hash
    assert better is not None
    assert "m=32,t=1" in better


async def test_one_after_the_other_takes_one_process_that_gives_way(hashes: PasswordProcesses) -> None:
    passwords = Argon2Passwords(hashes)
    kept = await passwords.hash("correct horse")
    assert (await passwords.verify("correct horse", kept)).right
    (worker,) = workers()
    assert os.getpriority(os.PRIO_PROCESS, worker) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)
    assert os.getsid(worker) == worker  # Ctrl-C is for the server
    passwords.close()


def test_it_gets_none_of_our_secrets(hashes: PasswordProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLBOXAI_JWT_SECRET", "of no business of theirs")
    hashes.hash("correct horse")
    (worker,) = workers()
    assert b"business" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_a_process_that_was_killed_is_replaced(hashes: PasswordProcesses) -> None:
    kept = hashes.hash("correct horse")
    (first,) = workers()
    os.kill(first, signal.SIGKILL)
    assert hashes.verify("correct horse", kept).right
    (second,) = workers()
    assert second != first


async def test_one_that_is_killed_while_it_hashes_is_replaced_once(caplog: pytest.LogCaptureFixture) -> None:
    hashes = PasswordProcesses(memory_kib=16384, time_cost=10_000)  # minutes of work
    hashing = asyncio.ensure_future(asyncio.to_thread(hashes.hash, "correct horse"))
    killed: set[int] = set()

    def another() -> bool:
        for worker in set(workers()) - killed:
            killed.add(worker)
            os.kill(worker, signal.SIGKILL)
        return hashing.done()

    with caplog.at_level(logging.WARNING):
        await until(another)
    with pytest.raises(ProviderUnavailable) as refused:
        await hashing
    assert refused.value.retry_after_s == 5
    assert len(killed) == 2
    assert len(caplog.records) == 2
    assert "correct horse" not in caplog.text
    hashes.close()


def test_who_comes_after_the_end_is_told_so(hashes: PasswordProcesses) -> None:
    hashes.close()
    with pytest.raises(ProviderUnavailable, match="the server is ending"):
        hashes.hash("correct horse")


async def test_a_hash_that_is_under_way_does_not_outlive_the_end() -> None:
    passwords = Argon2Passwords(PasswordProcesses(memory_kib=16384, time_cost=10_000))  # minutes of work
    hashing = asyncio.ensure_future(passwords.hash("correct horse"))
    await until(workers)
    passwords.close()
    with pytest.raises(ProviderUnavailable):
        await hashing
    assert workers() == []
