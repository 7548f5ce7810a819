"""How long it will take, from how long it took."""

import pytest

from toolboxai.platform.content.records.forecast import Forecast, Timing
from toolboxai.platform.content.records.sessions import STAGES, Stage


def took(words: int, *seconds: float) -> Timing:
    return Timing(words, dict(zip(STAGES, seconds, strict=False)))


@pytest.fixture
def forecast() -> Forecast:
    return Forecast()


def test_nothing_is_said_before_anything_is_known(forecast: Forecast) -> None:
    assert forecast.seconds(900) is None


def test_the_median_of_those_of_the_same_size(forecast: Forecast) -> None:
    forecast.learn([took(600, 1, 1, 1, 1), took(1000, 3, 1, 2, 1), took(900, 2, 9, 900, 1)])
    assert forecast.seconds(800) == dict(zip(STAGES, (2, 1, 2, 1), strict=True))


def test_other_sizes_do_not_count_while_there_is_one_of_the_same(forecast: Forecast) -> None:
    forecast.learn([took(900, 1, 1, 1, 1), took(9000, 50, 50, 50, 50)])
    assert sum((forecast.seconds(600) or {}).values()) == 4
    assert sum((forecast.seconds(10_000) or {}).values()) == 200


def test_of_a_new_size_the_nearest_speaks_in_proportion(forecast: Forecast) -> None:
    forecast.learn([took(1000, 2, 2, 2, 2)])
    assert sum((forecast.seconds(4000) or {}).values()) == pytest.approx(32)


def test_the_newest_count_and_what_is_not_whole_does_not(forecast: Forecast) -> None:
    forecast.learn([took(900, 9, 9, 9, 9)] * 30)
    forecast.learn([took(900, 1, 1, 1, 1)] * 20)
    forecast.learn([took(900, 77), took(0, 7, 7, 7, 7)] * 30)
    assert (forecast.seconds(900) or {})[Stage.QUIZ] == 1


def test_each_model_and_the_offline_engine_are_learnt_apart() -> None:
    timings = [
        Timing(900, dict.fromkeys(STAGES, seconds), generator)
        for generator, seconds in (("offline", 1), ("openai:large", 60), ("openai:small", 8))
    ]
    for timing in timings:
        forecast = Forecast(timing.generator)
        forecast.learn(timings)
        assert forecast.seconds(900) == timing.seconds


def test_of_a_text_that_is_not_there_yet_nothing_is_said(forecast: Forecast) -> None:
    forecast.learn([took(900, 1, 1, 1, 1)])
    assert forecast.seconds(0) is None, "whoever writes it takes a while: no end is near"
