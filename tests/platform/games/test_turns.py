"""Of each reader one request waits, and of a game server so many readers."""

from contextlib import ExitStack

from toolboxai.platform.games.turns import READERS_MOST, PollTurns


def test_the_newest_request_of_a_reader_has_its_turn() -> None:
    turns = PollTurns()
    with turns.taken("game_1", "a") as first:
        with turns.taken("game_1", "a") as second, turns.taken("game_2", "a") as elsewhere:
            assert (first.over, second.over, elsewhere.over) == (True, False, False)
            assert len(turns) == 2
        with turns.taken("game_1", "a") as third:
            assert not third.over
    assert len(turns) == 0


def test_an_older_request_that_ends_leaves_the_newer_one_its_turn() -> None:
    turns = PollTurns()
    with ExitStack() as newer:
        with turns.taken("game_1", "a"):
            turn = newer.enter_context(turns.taken("game_1", "a"))
        assert len(turns) == 1
        with turns.taken("game_1", "a"):
            assert turn.over


def test_of_more_readers_than_fit_the_one_that_waits_longest_goes() -> None:
    turns = PollTurns()
    with ExitStack() as stack:
        waiting = [stack.enter_context(turns.taken("game_1", f"r{at}")) for at in range(READERS_MOST + 2)]
        assert [each.over for each in waiting] == [True, True] + [False] * READERS_MOST
        assert len(turns) == READERS_MOST
    assert len(turns) == 0
