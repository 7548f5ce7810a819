"""Tries counted over a sliding minute."""

from toolboxai.adapters.try_window import MemoryTryWindow


async def test_so_many_are_taken_and_the_next_has_to_wait() -> None:
    window = MemoryTryWindow()
    for _ in range(3):
        assert await window.take("anna", per_minute=3, tries=1) == 0
    assert 0 < await window.take("anna", per_minute=3, tries=1) <= 60
    assert await window.take("ben", per_minute=3, tries=1) == 0


async def test_a_refused_try_counts_for_nothing() -> None:
    window = MemoryTryWindow()
    assert await window.take("anna", per_minute=10, tries=8) == 0
    assert await window.take("anna", per_minute=10, tries=3) > 0
    assert await window.take("anna", per_minute=10, tries=2) == 0


async def test_more_than_the_bound_at_once_is_never_taken() -> None:
    assert await MemoryTryWindow().take("anna", per_minute=10, tries=11) > 0
