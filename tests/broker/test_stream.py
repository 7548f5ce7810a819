"""What is kept of one channel: history for newcomers, a tail for those who come back, within a common budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai import limits
from toolboxai.apps.app import HistoryRule
from toolboxai.broker.stream import Budget, Log, Stream
from toolboxai.protocol.publication import Publication

RULE = HistoryRule("*", events=3, seconds=60.0)


def event(text: str = "", *, at: float = 0.0, kept: bool = True, of_members: bool = False) -> Publication:
    return Publication("a", "e", text, at=at, kept=kept, of_members=of_members)


def stream(rule: HistoryRule | None = None, *, tail: int = 10) -> Stream:
    return Stream("1", rule, Log(tail, 30.0))


def fill(into: Stream, said: str, at: float = 0.0) -> None:
    """``e``: an event; ``c``: of a client; ``m``: a member comes or goes."""
    for place, letter in enumerate(said, 1):
        publication = event(str(place), at=at, kept=letter == "e", of_members=letter == "m")
        into.append(publication, cache_ttl_s=1.0)


def missed(of: Stream, offset: int) -> tuple[str, bool]:
    publications, complete = of.missed_since(offset)
    return "".join(publication.data for publication in publications), complete


def test_who_comes_back_is_handed_what_clients_sent_too_and_not_who_came_and_went() -> None:
    some = stream()
    fill(some, "ecmec")
    assert missed(some, 1) == ("245", True)
    assert missed(some, 5) == ("", True)
    assert missed(some, 6) == ("", False)  # nobody has been there yet


def test_what_the_tail_has_lost_history_may_still_have() -> None:
    some = stream(RULE, tail=1)
    fill(some, "eee")
    assert missed(some, 0) == ("123", True)
    fill(some, "e")
    assert missed(some, 0) == ("231", False)


def test_history_does_not_make_up_for_what_clients_sent() -> None:
    some = stream(RULE, tail=1)
    fill(some, "cee")
    assert missed(some, 0) == ("23", False)
    assert missed(some, 1) == ("23", True)


@given(st.text("ecm", max_size=12), st.integers(1, 12), st.integers(0, 12))
def test_never_called_complete_when_something_is_missing(said: str, tail: int, offset: int) -> None:
    some = stream(RULE, tail=tail)
    fill(some, said)
    found, complete = some.missed_since(offset)
    places = [publication.position.offset for publication in found]
    wanted = [place for place, letter in enumerate(said, 1) if letter != "m" and place > offset]
    assert places == sorted(set(places))
    assert set(places) <= set(wanted)
    if complete:
        assert places == wanted


def test_what_is_too_old_for_the_tail_is_gone() -> None:
    some = stream()
    fill(some, "e", at=0.0)
    fill(some, "e", at=20.0)
    some.expire(31.0)
    assert missed(some, 0) == ("1", False)
    assert missed(some, 1) == ("1", True)


def test_a_stream_is_remembered_while_anything_of_it_is_wanted() -> None:
    some = stream()
    assert some.idle(0.0)
    some.followed = True
    assert not some.idle(0.0)
    some.followed, some.remembered_until = False, 5.0
    assert (some.idle(4.9), some.idle(5.0)) == (False, True)
    fill(some, "e")
    assert not some.idle(5.0)
    some.expire(40.0)
    assert some.idle(40.0)


def test_one_channel_keeps_no_more_than_a_newcomer_can_be_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolboxai.broker.stream.HISTORY_BYTES", 300)
    log = Log(100, 60.0, Budget(10_000))
    for _ in range(10):
        log.append(event("x" * 30))
    assert sum(len(publication.text) for publication in log.kept) <= 300


def test_all_channels_together_keep_no_more_than_their_budget() -> None:
    budget = Budget(10_000)
    logs = [Log(100, 60.0, budget) for _ in range(10)]
    for log in logs * 20:
        log.append(event("x" * 30))
    assert 0 < budget.used <= 10_000
    kept = [len(publication.text) + limits.EVENT_BYTES_BESIDE for log in logs for publication in log.kept]
    assert sum(kept) == budget.used
    for log in logs:
        log.clear()
    assert budget.used == 0


def test_of_all_channels_the_oldest_event_goes_first_so_that_loud_ones_do_not_silence_quiet_ones() -> None:
    each = len(event("x" * 30).text) + limits.EVENT_BYTES_BESIDE
    budget = Budget(10 * each)
    loud, quiet = Log(100, 60.0, budget), Log(100, 60.0, budget)
    for _ in range(50):
        loud.append(event("x" * 30))
    quiet.append(event("x" * 30))
    for _ in range(9):
        loud.append(event("x" * 30))
    assert (len(quiet.kept), len(loud.kept)) == (1, 9)
    loud.append(event("x" * 30))
    assert (len(quiet.kept), len(loud.kept)) == (0, 10)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["keep", "clear", "expire"])), max_size=80),
    st.integers(1, 8),
)
def test_the_budget_counts_what_is_kept_whatever_comes_and_goes(
    moves: list[tuple[int, str]], most: int
) -> None:
    each = len(event("1").text) + limits.EVENT_BYTES_BESIDE
    budget = Budget(most * each)
    logs = [Log(3, 10.0, budget) for _ in range(3)]
    model: list[tuple[int, float]] = []  # which log, and when: oldest first
    for now, (number, move) in enumerate(moves):
        if move == "keep":
            logs[number].append(event("1", at=float(now)))
            model.append((number, float(now)))
            own = [entry for entry in model if entry[0] == number]
            model = model[-most:] if len(model) > most else model
            own = [entry for entry in model if entry[0] == number]
            for entry in own[:-3]:
                model.remove(entry)
        elif move == "clear":
            logs[number].clear()
            model = [entry for entry in model if entry[0] != number]
        else:
            logs[number].expire(float(now))
            model = [entry for entry in model if entry[0] != number or entry[1] > now - 10.0]
        for place, log in enumerate(logs):
            kept = [publication.at for publication in log.kept]
            assert kept == [at for which, at in model if which == place]
        assert budget.used == len(model) * each
    budget._compact()
    assert (len(budget._order), [log.stale for log in logs]) == (len(model), [0, 0, 0])


def test_an_event_larger_than_the_budget_is_lost_and_said_to_be() -> None:
    log = Log(100, 60.0, Budget(10))
    some = Stream("1", None, log)
    some.append(event("x" * 30), cache_ttl_s=1.0)
    assert (list(log.kept), some.missed_since(0)) == ([], ([], False))
    assert limits.RESUME_BYTES > limits.HISTORY_BYTES


def history(of: Stream, offset: int) -> tuple[str, bool]:
    publications, complete = of.kept_since(offset)
    return "".join(publication.data for publication in publications), complete


def test_a_rule_that_comes_or_goes_or_changes_is_kept_to_from_then_on() -> None:
    some = Stream("1", None, None)
    fill(some, "ee")
    some.change(RULE, None)
    assert (some.keeps, history(some, 0), history(some, 2)) == (True, ("", False), ("", True))
    fill(some, "eee")
    assert history(some, 2) == ("123", True)
    some.change(HistoryRule("*", events=1, seconds=5.0), None)
    assert (history(some, 3), history(some, 4)) == (("3", False), ("3", True))
    some.expire(5.0)
    assert history(some, 4) == ("", False)
    fill(some, "e", at=6.0)
    some.change(None, None)
    assert (some.keeps, history(some, 5), history(some, 6)) == (False, ("", False), ("", True))


def test_a_tail_begins_when_it_is_switched_on_and_ends_with_it() -> None:
    budget = Budget(10_000)

    def tail() -> Log:
        return Log(10, 30.0, budget)

    some = Stream("1", None, None)
    fill(some, "ec")
    some.change(None, tail())
    assert (missed(some, 0), missed(some, 2)) == (("", False), ("", True))
    fill(some, "ec")
    some.change(None, tail())  # something else has changed
    assert missed(some, 2) == ("12", True)
    some.change(None, None)
    assert (missed(some, 2), budget.used) == (("", False), 0)


@given(
    st.text("ecm", max_size=12),
    st.integers(0, 40),
    st.booleans(),
)
def test_after_a_restart_a_stream_answers_as_it_would_have_without(
    said: str, later: int, ruled: bool
) -> None:
    def empty() -> Stream:
        return stream(RULE if ruled else None, tail=4)

    before = empty()
    before.followed = True
    for place, letter in enumerate(said, 1):
        publication = event(str(place), at=place, kept=letter == "e", of_members=letter == "m")
        before.append(publication, cache_ttl_s=1.0)
    now = len(said) + later
    saved = before.saved("a", now)
    assert saved is not None
    saved.check()
    after = empty()
    after.load(saved, goes_on=True)
    after.expire(now)
    assert (after.top, after.idle(now)) == (before.top, False)
    for offset in range(len(said) + 2):
        assert missed(after, offset) == missed(before, offset)
        kept, complete = after.kept_since(offset)
        known, was_complete = before.kept_since(offset)
        assert ([each.data for each in kept], complete) == ([each.data for each in known], was_complete)


def test_what_was_loaded_channel_by_channel_goes_oldest_first_again() -> None:
    budget = Budget(4 * (len(event("1").text) + limits.EVENT_BYTES_BESIDE))
    one, other = Log(9, 99.0, budget), Log(9, 99.0, budget)
    for log, times in ((one, (1.0, 3.0)), (other, (2.0, 4.0))):
        for at in times:
            log.append(event(str(int(at)), at=at))
    budget.put_in_order()
    one.append(event("5", at=5.0))
    other.append(event("6", at=6.0))
    assert [each.data for log in (one, other) for each in log.kept] == ["3", "5", "4", "6"]
