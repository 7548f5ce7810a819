"""Refusals of one connection: the last of each channel, and not more than may be."""

from toolboxai import limits
from toolboxai.protocol.refusals import Refusal, Refusals


def test_the_last_refusal_of_each_channel_is_remembered() -> None:
    refusals = Refusals()
    refusals.note("a", Refusal(401, "first"))
    refusals.note("a", Refusal(4100, "then"))
    assert refusals == {"a": Refusal(4100, "then")}


def test_a_stranger_who_is_refused_everything_takes_no_room() -> None:
    refusals = Refusals()
    for number in range(100):
        refusals.note(str(number), Refusal(401, ""))
    assert list(refusals) == [str(number) for number in range(100 - limits.REFUSALS, 100)]
